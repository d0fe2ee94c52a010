#!/usr/bin/env python3
"""What bounds a running job: its memory, the records of a batch, back-pressure. usage: limits.py BINARY"""
import json
import pathlib
import subprocess
import sys
import tempfile

from harness import expect, run_tests

BINARY = str(pathlib.Path(sys.argv[1]).resolve())
LIMIT = 60


def a_state_that_needs_more_than_the_memory_ends_the_job_and_is_named():
    text = """version: 1
name: growing
batch: {interval: 50ms, max_memory: 4MiB, max_records: 20000}
checkpoint: none
sources: {rows: {type: generate, rate: 1000000/s, columns: {id: row}}}
transforms: {kept: {type: update_state_by_key, input: rows, key: id, state: {n: bigint}, init: {n: "0"}, update: {n: "state.n + count(*)"}}}
sinks: {out: {type: discard, input: kept}}
"""
    p = subprocess.run([BINARY, "-"], input=text.encode(), stderr=subprocess.PIPE, timeout=LIMIT)
    expect(p.returncode == 4 and b"`batch.max_memory` (4 MiB)" in p.stderr and b"`kept`: " in p.stderr, (p.returncode, p.stderr))


TWO_SOURCES = """version: 1
name: two
batch: {{interval: 50ms, {limits}}}
checkpoint: none
sources:
  a: {{type: file, path: ./rows.csv, format: csv, schema: {{id: bigint}}}}
  b: {{type: file, path: ./rows.csv, format: csv, schema: {{id: bigint}}}}
transforms:
  named_a: {{type: map, input: a, select: {{s: "'a'"}}}}
  named_b: {{type: map, input: b, select: {{s: "'b'"}}}}
  counts: {{type: reduce_by_key, input: [named_a, named_b], key: s, aggregate: {{n: count(*)}}}}
sinks: {{out: {{type: print, input: counts, format: json, header: false}}}}
"""


def tally(limits, rows):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "job.yaml").write_text(TWO_SOURCES.format(limits=limits))
        (folder / "rows.csv").write_text("".join(f"{i}\n" for i in range(rows)))
        p = subprocess.run([BINARY, "job.yaml"], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=LIMIT)
        expect(p.returncode == 0, p.stderr)
        found = [json.loads(line) for line in p.stdout.splitlines()]
        for source in "ab":
            expect(sum(row["n"] for row in found if row["s"] == source) == rows, found)
        return found


def sources_share_the_records_of_a_batch():
    found = tally("max_records: 100", 200)
    expect(found[:2] == [{"s": "a", "n": 50}, {"s": "b", "n": 50}], found)
    found = tally("max_records: 100, trigger: available_now", 200)
    expect(found[:2] == [{"s": "a", "n": 50}, {"s": "b", "n": 50}], found)


def back_pressure_begins_with_a_bounded_batch_for_each_source():
    found = tally("backpressure: {initial_rate: 1000/s}", 200)
    expect(found[:2] == [{"s": "a", "n": 50}, {"s": "b", "n": 50}], found)


if __name__ == "__main__":
    run_tests(globals())
