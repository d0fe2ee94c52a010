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


TESTS = [what_a_stop_has_not_read_is_left_to_the_next_start]

if __name__ == "__main__":
    sys.exit(durable.main(TESTS))
