#!/usr/bin/env python3
"""What a batch costs by the length of a window, for what should not depend on it.

usage: bench/window_lengths.py [--only TEXT] [--lengths 10,600,3600] [--core N] [--exe FILE]… [--limit S]
A job with batches of 1,000 rows a second of job time runs until its window is full and 200 batches on, and once without
these; the difference is their cost. Several `--exe` (a binary before and after a change) run in turn. A run that takes
more than `--limit` seconds is given up.
"""
import argparse
import os
import pathlib
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
ROWS, MORE = 1000, 200
JOB = """version: 1
name: bench-window-length
checkpoint: none
batch: {{interval: 1s, trigger: available_now, max_records: {rows}, workers: 1}}
sources:
  rows: {{type: generate, columns: {{id: row, back: row - 5000, key: row % 100, value: "pmod(row * 2654435761, 5000) / 7"}}, rows: {total}}}
transforms:
  node: {node}
sinks:
  out: {{type: discard, input: node}}
"""
# Rows of a batch find one row of the window each, or one batch finds as many rows of the window before it.
JOINS = {
    f"{name}, {how}": f"{{type: join, how: {how}, input: {sides}, on: left.back = right.id, select: {{id: left.id}}}}"
    for name, hows, sides in (
        ("batch, window", ("inner", "left_outer", "left_anti"), "{left: rows, right: {from: rows, window: WINDOW}}"),
        ("window, batch", ("inner", "right_outer", "left_semi"), "{left: {from: rows, window: WINDOW}, right: rows}"),
    ) for how in hows
}
AGGREGATES = {
    call: f"{{type: reduce_by_key, input: rows, key: key, window: WINDOW, aggregate: {{value: '{call}'}}}}"
    for call in ("sum(id)", "count(distinct value)", "percentile(value, 0.9)", "median(value)", "percentile(id, 0.9)")
}


def seconds(exe, options, node, seconds_long, batches):
    window = f"{{size: {seconds_long}s, slide: 1s}}"
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "job.yaml"
        path.write_text(JOB.format(rows=ROWS, total=batches * ROWS, node=node.replace("WINDOW", window)))
        start = time.monotonic()
        try:
            run = subprocess.run(["taskset", "-c", str(options.core), exe, str(path)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                 timeout=options.limit, env={"PATH": os.environ["PATH"]})
        except subprocess.TimeoutExpired:
            return None
        if run.returncode != 0:
            raise SystemExit(run.stderr.decode())
        return time.monotonic() - start


def batch_ms(exe, options, node, length):
    filled = seconds(exe, options, node, length, length)
    and_on = filled and seconds(exe, options, node, length, length + MORE)
    return and_on and max(and_on - filled, 0) / MORE * 1000


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="only those whose name contains this")
    parser.add_argument("--lengths", default="10,600,3600", help="of the window, in seconds")
    parser.add_argument("--core", type=int, default=0)
    parser.add_argument("--exe", action="append")
    parser.add_argument("--limit", type=float, default=120)
    options = parser.parse_args()
    lengths = [int(length) for length in options.lengths.split(",")]
    for name, node in {**JOINS, **AGGREGATES}.items():
        if options.only not in name:
            continue
        for exe in options.exe or [str(ROOT / "build/streamrun")]:
            costs = [batch_ms(exe, options, node, length) for length in lengths]
            texts = [f"{length} s: {'over the limit' if cost is None else f'{cost:.2f} ms'}" for length, cost in zip(lengths, costs)]
            print(f"{name:<28} {', '.join(texts)}   ({pathlib.Path(exe).name})", flush=True)


if __name__ == "__main__":
    main()
