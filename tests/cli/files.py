#!/usr/bin/env python3
"""Jobs that read files, as a person has them: stopped in the middle, with files that change meanwhile. usage: files.py BINARY [FILTER]"""
import signal
import sys

import durable
from durable import Folder, expect, until


def job(source, more=""):
    return f"""version: 1
name: files
batch: {{interval: 50ms{more}}}
checkpoint: {{dir: state, interval: 100ms}}
sources:
  lines: {{format: text, {source}}}
sinks:
  rows: {{type: files, input: lines, path: rows, format: json}}
"""


def numbers(first, end):
    return "".join(f"{i}\n" for i in range(first, end))


def rows(folder):
    return [int(row["value"]) for row in folder.rows("rows")]


def stop(process):
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=durable.PATIENCE)
    expect(process.returncode == 0, err.decode())
    return err.decode()


def what_a_stop_has_not_read_is_left_to_the_next_start():
    for source in ("type: file, follow: true, path: in/a.log", "type: file, path: in/a.log", "type: directory, path: in"):
        folder = Folder()
        (folder.path / "in").mkdir()
        folder.write("in/a.log", numbers(0, 100000))
        folder.write("job.yaml", job(source + ", max_rate: 100/s"))
        p = folder.start()
        until(lambda: rows(folder), "some rows")
        stop(p)
        expect(len(rows(folder)) < 50000, f"{source}: {len(rows(folder))} rows were read before the stop")
        folder.write("job.yaml", job(source, ", trigger: available_now"))
        code, _, err = folder.run()
        expect(code == 0, err)
        expect(rows(folder) == list(range(100000)), f"{source}: {len(rows(folder))} rows")
        folder.close()


def a_start_from_the_older_snapshot_finds_the_files_that_it_needs():
    folder = Folder()
    (folder.path / "in").mkdir()
    folder.write("job.yaml", job("type: directory, path: in, after: delete"))
    sent = 0

    def feed(count):
        nonlocal sent
        for _ in range(count):
            folder.write("new.part", numbers(sent, sent + 10))
            (folder.path / "new.part").rename(folder.path / f"in/{sent:06}")
            sent += 10
            until(lambda: len(rows(folder)) >= sent, f"{sent} rows")

    def newest_snapshots():
        names = [p.name for p in (folder.path / "state/snapshot").iterdir() if not p.name.endswith(".new")]
        return sorted(names, key=lambda name: [int(part) for part in name.split("-")])

    for life in range(4):
        p = folder.start()
        feed(1)
        until(lambda: feed(1) or len(newest_snapshots()) >= 2, "two snapshots")
        feed(5)
        if life % 2:
            p.kill()
            p.communicate()
        else:
            stop(p)
        manifest = folder.path / "state/snapshot" / newest_snapshots()[-1] / "MANIFEST"
        bytes_then = bytearray(manifest.read_bytes())
        bytes_then[len(bytes_then) // 2] ^= 1
        manifest.write_bytes(bytes_then)
    p = folder.start()
    files = lambda: list((folder.path / "in").iterdir())
    until(lambda: feed(1) or f"in/{0:06}" not in map(str, files()) and len(files()) < sent // 10, "old files go")
    stop(p)
    folder.write("job.yaml", job("type: directory, path: in, after: delete", ", trigger: available_now"))
    code, _, err = folder.run()
    expect(code == 0, err)
    expect(sorted(rows(folder)) == list(range(sent)), f"{len(rows(folder))} rows of {sent}")
    expect(not files(), "a job that has come to its end is done with its files")
    folder.close()


TESTS = [a_start_from_the_older_snapshot_finds_the_files_that_it_needs, what_a_stop_has_not_read_is_left_to_the_next_start]

if __name__ == "__main__":
    sys.exit(durable.main(TESTS))
