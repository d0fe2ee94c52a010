"""What durability costs (W10), how soon a killed job is back (W11), and how long a snapshot holds up batches."""
import os
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import sys
import time

from measure import DATA, EXE, ROOT, aside, job, result_lines

STATE = DATA / "state"


def fresh_folders():
    for folder in (STATE, DATA / "state-wal"):
        shutil.rmtree(folder, ignore_errors=True)


def sorted_result():
    return sorted(result_lines())


def disk_seconds(size):
    """What the disk itself takes for as many bytes, made durable in groups of 16 MB."""
    group = os.urandom(1 << 20) * 16
    start = time.monotonic()
    with open(DATA / "disk", "wb", buffering=0) as file:
        for _ in range(size >> 24):
            file.write(group)
            os.fdatasync(file.fileno())
    seconds = time.monotonic() - start
    os.unlink(DATA / "disk")
    return seconds


def cost(rounds, core):
    """Events exactly once against the same job in memory only: from a file, which can be read again, and through the log of input,
    which every byte must reach before a sink writes, so that the disk bounds it."""
    campaigns = DATA / "campaigns.csv"
    campaigns.write_text("slot,campaign\n" + "".join(f"{i},{i // 10}\n" for i in range(1000)))
    events = DATA / "bids5"  # long enough for what a start costs once not to count
    if not events.exists():
        events.write_bytes((DATA / "bids").read_bytes() * 5)
    runs = {"ads": [], "ads-durable": [], "ads-logged": []}
    answers = {}
    disk = []
    size = events.stat().st_size
    for _ in range(rounds):
        for name, timings in runs.items():
            fresh_folders()
            timings.append(job(name, core, stdin=events, INPUT=events, CAMPAIGNS=campaigns, STATE=STATE))
            answers[name] = aside(sorted_result)
        disk.append(disk_seconds(size))
    fresh_folders()
    if not answers["ads"] or any(answer != answers["ads"] for answer in answers.values()):
        sys.exit("void: W10 durability: the jobs give different answers")
    seconds = {name: statistics.median(run.seconds for run in timings) for name, timings in runs.items()}
    slower = {name: taken / seconds["ads"] - 1 for name, taken in seconds.items()}
    floor = seconds["ads"] + statistics.median(disk)
    print(f"{'W10 durability':<28}{size / 1e6 / seconds['ads']:8.0f} MB/s in memory; exactly once from a file {100 * slower['ads-durable']:.0f} % "
          f"slower; through the log of input {100 * slower['ads-logged']:.0f} %, {seconds['ads-logged'] / floor:.2f} x the job and the disk alone",
          flush=True)
    return {"name": "W10 durability", "slower": slower, "seconds": seconds, "disk_s": disk}


def start(core, keys, trigger, rate):
    pinned = [] if core is None else ["taskset", "-c", str(core)]
    command = [*pinned, EXE, "bench/jobs/keys-durable.yaml", "--workers", "1", "--verbose"]
    env = {**os.environ, "KEYS": str(keys), "STATE": str(STATE), "TRIGGER": trigger, "RATE": rate}
    return subprocess.Popen(command, env=env, cwd=ROOT, stderr=subprocess.PIPE, text=True)


def await_batches(process, count):
    for line in process.stderr:
        count -= line.startswith("batch ")
        if count <= 0:
            return
    sys.exit("void: W11 recovery: the job has ended")


def end(process, how):
    process.send_signal(how)
    process.communicate()


def filled(core, keys):
    """Leaves the state of a job that has seen all keys."""
    fresh_folders()
    filling = start(core, keys, "available_now", "1000000000/s")
    await_batches(filling, keys // 200_000 + 1)
    end(filling, signal.SIGTERM)


def killed_and_back(core, keys):
    """Fills a job's state, runs it at a moderate rate, kills it, and gives the seconds from the next start to its first new batch and
    the bytes of its memory then."""
    filled(core, keys)
    paced = start(core, keys, "interval", "200000/s")
    await_batches(paced, 40)
    end(paced, signal.SIGKILL)
    begin = time.monotonic()
    back = start(core, keys, "interval", "200000/s")
    await_batches(back, 1)
    seconds = time.monotonic() - begin
    status = pathlib.Path(f"/proc/{back.pid}/status").read_text()
    end(back, signal.SIGKILL)
    return seconds, int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) << 10


def recovery(core):
    figures = {}
    for name, keys in (("1 M keys", 1_000_000), ("14 M keys", 14_000_000)):
        seconds, memory = killed_and_back(core, keys)
        figures[name] = {"seconds": seconds, "memory_bytes": memory}
        print(f"{'W11 recovery, ' + name:<28}{seconds:.2f} s to the first new batch, {memory / 1e6:.0f} MB of memory", flush=True)
    fresh_folders()
    return {"name": "W11 recovery", **figures}


def milliseconds(line, what):
    value, unit = re.search(what + r" ([\d.]+) (ms|s)", line).groups()
    return float(value) * (1000 if unit == "s" else 1)


def pauses(seconds=30):
    """Snapshots every two seconds at 200,000 rows a second, on all cores: how long a batch waits for its turn, and a sink for its plan."""
    keys = 14_000_000
    filled(None, keys)
    process = start(None, keys, "interval", "200000/s")
    await_batches(process, 20)  # what came since the fill was stopped
    stop = time.monotonic() + seconds
    lines = []
    for line in process.stderr:
        if line.startswith("batch "):
            lines.append(line)
        if time.monotonic() > stop:
            break
    end(process, signal.SIGKILL)
    fresh_folders()
    figures = {}
    for what in ("delay", "commit"):
        times = sorted(milliseconds(line, what) for line in lines)
        figures[what] = {"median_ms": statistics.median(times), "longest_ms": times[-1]}
        print(f"{'snapshots, ' + what:<28}{statistics.median(times):.1f} ms in the middle, {times[-1]:.0f} ms at most", flush=True)
    return {"name": "snapshots", **figures}
