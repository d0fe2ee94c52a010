#!/usr/bin/env python3
"""Speed of the release binary beside mawk and a hand-written kernel, on one core, in one run.

usage: bench/run.py [--rounds N] [--only NAME] [--core N]
Answers are compared with an independent oracle first: a wrong answer makes the figure void and the run fail. Then the
commands run in turn, A B C A B C, and medians are compared as whole processes, start-up included. Data and kernels are
made once in bench/data; figures go to bench/results/DATE.json. What the workloads are stands in docs/performance.md.
"""
import argparse
import collections
import datetime
import json
import os
import pathlib
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time

import durability
from measure import COUNT_LINES, COUNT_WORDS, DATA, EXE, PATTERN, ROOT, aside, job, lines_of, prepare, result_lines, timed, words_of

# --- oracles: what the job wrote against the kernel's or Python's answer -----------------------------------------------

def check_words(core, path):
    ours = collections.Counter()
    for line in result_lines():
        row = json.loads(line)
        ours[row["word"]] += row["count"]
    theirs = collections.Counter()
    with open(path) as text:
        for line in text:
            theirs.update(line.split())
    return ours == theirs


def check_total(core, path):
    ours = sum(json.loads(line)["count"] for line in result_lines())
    with open(path) as text:
        return ours == sum(PATTERN in line for line in text)


def check_bids(core, path, kernel):
    theirs = subprocess.run([DATA / "kernel", kernel, path], capture_output=True, text=True, check=True).stdout
    return "".join(result_lines()) == theirs


def check_q0(core, path):
    return check_bids(core, path, "q0")


def check_q2(core, path):
    return check_bids(core, path, "q2")


def check_q5(core, path):
    theirs = subprocess.run([DATA / "kernel", "q5", path], capture_output=True, text=True, check=True).stdout
    wanted = sorted(tuple(map(int, line.split())) for line in theirs.splitlines())
    ours = []
    for line in result_lines():
        row = json.loads(line)
        end = datetime.datetime.fromisoformat(row["window_end"].replace("Z", "+00:00"))
        ours.append((int(end.timestamp() * 1000), row["auction"], row["num"]))
    return sorted(ours) == wanted


Workload = collections.namedtuple("Workload", "name job input kernel mawk check records floor")
WORKLOADS = [
    Workload("W2 word count, 10 k words", "wc", "words", "wc", COUNT_WORDS, check_words, "words", 0.25),
    Workload("W2 word count, 1 M words", "wc", "words1m", "wc", COUNT_WORDS, check_words, "words", 0.25),
    Workload("W1 grep, file", "grep", "lines", "grep", COUNT_LINES, check_total, "lines", 0.30),
    Workload("W6 NEXMark q0", "q0", "bids", "q0", None, check_q0, "lines", 0.30),
    Workload("W6 NEXMark q2", "q2", "bids", "q2", None, check_q2, "lines", 0),
    Workload("W6 NEXMark q5", "q5", "bids", "q5", None, check_q5, "lines", 0.30),
]


def compare(load, rounds, core):
    path = DATA / load.input
    job(load.job, core, INPUT=path)
    if not aside(load.check, core, path):
        sys.exit(f"void: {load.name}: the answer is wrong")
    records = aside(words_of if load.records == "words" else lines_of, path)
    runs = collections.defaultdict(list)
    for _ in range(rounds):
        runs["ours"].append(job(load.job, core, INPUT=path))
        runs["kernel"].append(timed([DATA / "kernel", load.kernel, path], core))
        if load.mawk:
            runs["mawk"].append(timed(["mawk", load.mawk, path], core))
    median = {who: statistics.median(run.seconds for run in all_runs) for who, all_runs in runs.items()}
    ratio = median["kernel"] / median["ours"]
    text = f"{load.name:<28}{records / median['ours'] / 1e6:8.2f} M/s {100 * ratio:5.0f} % of the kernel"
    if "mawk" in median:
        text += f", {median['mawk'] / median['ours']:4.1f} x mawk"
    spread = [run.seconds for run in runs["ours"]]
    print(f"{text:<80}  ({min(spread):.2f}–{max(spread):.2f} s, {max(r.rss_mb for r in runs['ours']):.0f} MB)", flush=True)
    return {"name": load.name, "records": records, "of_kernel": ratio, "floor": load.floor,
            **{f"{who}_s": [run.seconds for run in all_runs] for who, all_runs in runs.items()}}


def relative(title, base, others, rounds, core):
    """Jobs against a base job on the same input, in turn."""
    runs = collections.defaultdict(list)
    for _ in range(rounds):
        for name, (file, variables) in {"base": base, **others}.items():
            runs[name].append(job(file, core, INPUT=DATA / "words", **variables).seconds)
    median = {name: statistics.median(seconds) for name, seconds in runs.items()}
    parts = [f"{name} {100 * median['base'] / seconds:.0f} %" for name, seconds in median.items() if name != "base"]
    print(f"{title:<28}{', '.join(parts)} of the word count per batch", flush=True)
    return {"name": title, **{name: median["base"] / seconds for name, seconds in median.items()}}


def tcp(rounds, core):
    """W1 over one connection: the sender's time, from the first byte to the last taken."""
    def feed(reader):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        feeder = subprocess.Popen([DATA / "tcpfeed", DATA / "lines", str(port)], stderr=subprocess.PIPE, text=True)
        feeder.stderr.readline()
        process = reader(port)
        seconds = float(feeder.stderr.readline().split()[1])
        feeder.wait()
        return seconds, process

    def ours(port):
        shutil.rmtree(DATA / "result", ignore_errors=True)
        env = {**os.environ, "PORT": str(port), "OUTPUT": str(DATA / "result")}
        return subprocess.Popen(["taskset", "-c", str(core), EXE, "bench/jobs/greptcp.yaml", "--workers", "1", "--quiet"],
                                env=env, cwd=ROOT, stderr=subprocess.DEVNULL)

    def kernel(port):
        env = {**os.environ, "PATTERN": PATTERN}
        return subprocess.Popen(["taskset", "-c", str(core), DATA / "kernel", "greptcp", str(port)], env=env,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    records = lines_of(DATA / "lines")
    a, b = [], []
    for _ in range(rounds):
        seconds, process = feed(ours)
        time.sleep(1)
        process.send_signal(signal.SIGTERM)
        process.wait()
        if not aside(check_total, core, DATA / "lines"):
            sys.exit("void: W1 grep, TCP: the answer is wrong")
        a.append(seconds)
        seconds, process = feed(kernel)
        process.wait()
        b.append(seconds)
    ratio = statistics.median(b) / statistics.median(a)
    print(f"{'W1 grep, TCP':<28}{records / statistics.median(a) / 1e6:8.2f} M/s {100 * ratio:5.0f} % of the kernel", flush=True)
    return {"name": "W1 grep, TCP", "of_kernel": ratio, "floor": 0.30, "ours_s": a, "kernel_s": b}


def growth(rounds, core):
    """Nanoseconds a row with 1 k and with 10 M keys of 16 bytes."""
    rows = 20_000_000
    few, many = [], []
    for _ in range(max(1, rounds // 2)):
        few.append(job("keys", core, KEYS=1000, ROWS=rows))
        many.append(job("keys", core, KEYS=10_000_000, ROWS=rows))
    ratio = statistics.median(r.seconds for r in many) / statistics.median(r.seconds for r in few)
    memory = max(r.rss_mb for r in many)
    print(f"{'W12 10 M keys of 16 bytes':<28}{ratio:.1f} x the time of 1 k keys, {memory:.0f} MB", flush=True)
    return {"name": "W12 10 M keys", "ratio": ratio, "rss_mb": memory}


def footprint(core):
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        env = {**os.environ, "PORT": str(server.getsockname()[1])}
        start = time.monotonic()
        process = subprocess.Popen([EXE, "samples/word-count/job.yaml", "--quiet"], env=env, cwd=ROOT,
                                   stdout=subprocess.DEVNULL)
        server.accept()[0].close()
        connected_ms = (time.monotonic() - start) * 1000
        time.sleep(3)
        status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
        process.terminate()
        process.wait()
    idle_mb = int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024
    private_mb = int(next(line for line in status.splitlines() if line.startswith("RssAnon")).split()[1]) / 1024
    dry = statistics.median(timed([EXE, "samples/word-count/job.yaml", "--dry-run"], core).seconds for _ in range(9))
    size = EXE.stat().st_size / 1e6
    print(f"{'W13 footprint':<28}idle {idle_mb:.1f} MB ({private_mb:.1f} of its own), start to connected {connected_ms:.0f} ms, "
          f"dry run {dry * 1000:.0f} ms, binary {size:.1f} MB", flush=True)
    return {"name": "W13 footprint", "idle_mb": idle_mb, "connected_ms": connected_ms, "dry_run_ms": dry * 1000, "binary_mb": size}


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--only", default="", help="only workloads whose name contains this")
    options.add_argument("--core", type=int, default=0)
    o = options.parse_args()
    prepare()
    steps = [(load.name, lambda load=load: compare(load, o.rounds, o.core)) for load in WORKLOADS]
    steps += [
        ("W1 grep, TCP", lambda: tcp(o.rounds, o.core)),
        ("W3 sliding top 10", lambda: relative("W3 sliding top 10", ("wc-batches", {}), {
            size: ("wc-sliding", {"WINDOW": size}) for size in ("30s", "5m", "1h")}, o.rounds, o.core)),
        ("W2s running count", lambda: relative("W2s running count", ("wc-batches", {}), {
            "running": ("wc-running", {})}, o.rounds, o.core)),
        ("W12 10 M keys", lambda: growth(o.rounds, o.core)),
        ("W10 durability", lambda: durability.cost(o.rounds, o.core)),
        ("W11 recovery", lambda: durability.recovery(o.core)),
        ("snapshots", durability.pauses),
        ("W13 footprint", lambda: footprint(o.core)),
    ]
    figures = [run() for name, run in steps if o.only in name]
    out = ROOT / "bench/results" / f"{datetime.date.today()}.json"
    if not o.only:
        out.parent.mkdir(exist_ok=True)
        out.write_text(json.dumps(figures, indent=1) + "\n")
    low = [f for f in figures if f.get("of_kernel", 1) < f.get("floor", 0)]
    for figure in low:
        print(f"below its floor: {figure['name']}", file=sys.stderr)
    sys.exit(1 if low else 0)


if __name__ == "__main__":
    main()
