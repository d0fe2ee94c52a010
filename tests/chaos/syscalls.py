#!/usr/bin/env python3
"""Every call that makes something durable is the job's last one once, or fails once.

usage: syscalls.py BINARY [--budget SECONDS] [--every N] [--calls a,b] [--jobs N]
For each system call and each N the job runs under strace, which kills it at the N-th such call of a thread, or lets that call fail
with EIO or ENOSPC. Then it runs undisturbed to its end, and the oracle compares all sinks with the input. Needs strace. Cases that the
budget leaves no time for are a failure: --every says on purpose that fewer are enough.
"""
import argparse
import concurrent.futures
import glob
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time

from lab import Lab, Wrong, report

CALLS = ["fsync", "fdatasync", "rename", "renameat2", "write", "pwrite64", "unlink", "ftruncate", "fallocate", "mkdir"]
FAULTS = {"kill": "signal=SIGKILL", "EIO": "error=EIO", "ENOSPC": "error=ENOSPC"}


def count_calls(binary, folder):
    """How often the busiest thread makes each call in an undisturbed run."""
    lab = Lab(binary, f"{folder}/count", rows=1200)
    trace = f"{folder}/trace"
    lab.wait(lab.start(["strace", "-ff", "-qq", "-e", "trace=" + ",".join(CALLS), "-e", "signal=none", "-o", trace]))
    lab.check()
    most = dict.fromkeys(CALLS, 0)
    for path in glob.glob(trace + ".*"):
        with open(path, encoding="utf-8", errors="replace") as lines:
            text = lines.read()
        for call in CALLS:
            most[call] = max(most[call], len(re.findall(rf"^{call}\(", text, re.M)))
    return most


def suffer(binary, folder, call, fault, number):
    lab = Lab(binary, f"{folder}/{call}-{fault}-{number}", rows=1200)
    inject = ["strace", "-f", "-qq", "-e", f"trace={call}", "-e", "signal=none", "-e", f"inject={call}:{FAULTS[fault]}:when={number}",
              "-o", "/dev/null"]
    lab.wait(lab.start(inject))
    lab.finish()
    lab.check()
    shutil.rmtree(lab.folder)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("binary")
    options.add_argument("--budget", type=float, default=1800, help="seconds after which no new case begins")
    options.add_argument("--jobs", type=int, default=os.cpu_count(), help="cases at the same time")
    options.add_argument("--every", type=int, default=1, help="take each N-th case, in a seeded random order")
    options.add_argument("--calls", default=",".join(CALLS))
    o = options.parse_args()
    if shutil.which("strace") is None:
        sys.exit("syscalls.py needs strace")
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    start = time.monotonic()
    passed, failures = 0, []
    with tempfile.TemporaryDirectory(prefix="streamrun-chaos-") as folder:
        most = count_calls(o.binary, folder)
        cases = [(call, fault, n) for call in o.calls.split(",") for fault in FAULTS for n in range(1, most[call] + 1)]
        random.Random(1).shuffle(cases)
        chosen = cases[:: o.every]

        def run(case):
            if time.monotonic() - start > o.budget:
                return False
            suffer(o.binary, folder, *case)
            return True

        left_out = 0
        with concurrent.futures.ThreadPoolExecutor(o.jobs) as pool:
            running = {pool.submit(run, case): case for case in chosen}
            for done in concurrent.futures.as_completed(running):
                try:
                    ran = done.result()
                    passed += ran
                    left_out += not ran
                except Wrong as wrong:
                    call, fault, number = running[done]
                    failures.append(f"{call} {fault} {number}: {wrong}")
        if left_out:
            failures.append(f"the budget of {o.budget:.0f} s is used up: {left_out} of {len(chosen)} cases were not run")
    print("calls of the busiest thread: " + ", ".join(f"{call} {n}" for call, n in most.items()))
    sys.exit(report("syscalls", passed, failures))


if __name__ == "__main__":
    main()
