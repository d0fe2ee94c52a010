"""What the benchmarks share: where things lie, data and kernels that are made once in bench/data, and timed runs on one core."""
import collections
import glob
import multiprocessing
import os
import pathlib
import random
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
DATA = ROOT / "bench/data"
EXE = ROOT / "build/streamrun"
PATTERN = "ERROR42"
COUNT_WORDS = "{ for (i = 1; i <= NF; i++) c[$i]++ } END { for (w in c) print w, c[w] }"
COUNT_LINES = f"/{PATTERN}/ {{ n++ }} END {{ print n + 0 }}"


# --- data and kernels, made once -------------------------------------------------------------------------------------

def make_lines(path):
    """Lines of 99 characters, one in 97 with the pattern."""
    rng = random.Random(7)
    pool = ["".join(rng.choices("abcdefghijklmnopqrstuvwxyz 0123456789", k=99)) for _ in range(9700)]
    for i in range(0, len(pool), 97):
        pool[i] = pool[i][:40] + PATTERN + pool[i][47:]
    path.write_text("\n".join(pool * 200) + "\n")


def aside(work, *args):
    """Runs a function in a process of its own, so that this one stays small: a child's peak memory begins with ours."""
    with multiprocessing.get_context("fork").Pool(1) as pool:
        return pool.apply(work, args)


def prepare():
    DATA.mkdir(parents=True, exist_ok=True)
    built = {
        "gen": ["g++", "-O2", "-w", "-o", DATA / "gen", ROOT / "bench/gen.cpp"],
        "kernel": ["g++", "-O3", "-march=native", "-std=c++20", "-w", "-o", DATA / "kernel", ROOT / "bench/kernel.cpp"],
        "tcpfeed": ["gcc", "-O2", "-w", "-o", DATA / "tcpfeed", ROOT / "bench/tcpfeed.c"],
        "words": [DATA / "gen", "text", DATA / "words", "200", "10000", "1.0"],
        "words1m": [DATA / "gen", "text", DATA / "words1m", "200", "1000000", "1.0"],
        "bids": [DATA / "gen", "bids", DATA / "bids", "200", "0", "0"],
    }
    for name, command in built.items():
        if not (DATA / name).exists():
            subprocess.run(command, check=True)
    if not (DATA / "lines").exists():
        make_lines(DATA / "lines")


# --- running ---------------------------------------------------------------------------------------------------------

Run = collections.namedtuple("Run", "seconds cpu_s rss_mb")


def timed(command, core, env=None, stdin=os.devnull):
    """Runs a command on one core; its output goes to bench/data/out."""
    with open(DATA / "out", "wb") as out, open(DATA / "err", "wb") as err, open(stdin, "rb") as fed:
        start = time.monotonic()
        process = subprocess.Popen(["taskset", "-c", str(core), *map(str, command)], stdin=fed, stdout=out, stderr=err,
                                   env={**os.environ, "LC_ALL": "C", "PATTERN": PATTERN, **(env or {})}, cwd=ROOT)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{command[0]} ended with {process.returncode}: {(DATA / 'err').read_text()[-2000:]}")
    return Run(time.monotonic() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def job(name, core, stdin=os.devnull, **variables):
    shutil.rmtree(DATA / "result", ignore_errors=True)
    env = {"OUTPUT": str(DATA / "result"), **{k: str(v) for k, v in variables.items()}}
    return timed([EXE, f"bench/jobs/{name}.yaml", "--workers", "1", "--quiet"], core, env, stdin)


def result_lines():
    for file in sorted(glob.glob(str(DATA / "result/*"))):
        with open(file) as rows:
            yield from rows


def lines_of(path):
    with open(path, "rb") as file:
        return sum(piece.count(b"\n") for piece in iter(lambda: file.read(1 << 24), b""))


def words_of(path):
    with open(path, "rb") as file:
        return sum(len(line.split()) for line in file)
