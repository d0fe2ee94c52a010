#!/usr/bin/env python3
"""Sources and sinks of a durable job that are renamed or removed: with `was` they go on where they stood, else it is said. usage: renames.py BINARY [FILTER]"""
import json
import signal
import sqlite3
import subprocess
import sys

import durable
from durable import connected, expect, Folder, free_port, logged_job, until


def split(name):
    """`id` or `id, was: former` as the id and the option."""
    id, comma, option = name.partition(",")
    return id, comma + option


def job(source, sink="db"):
    source, was = split(source)
    sink, sink_was = split(sink)
    return f"""version: 1
name: names
batch: {{interval: 50ms}}
delivery: exactly_once
checkpoint: {{dir: state, interval: 1h}}
sources:
  {source}: {{type: file, path: in.csv, format: csv, schema: {{id: bigint}}, follow: true, max_rate: 5000/s{was}}}
sinks:
  {sink}: {{type: sqlite, input: {source}, path: t.db, table: t{sink_was}}}
"""


def ids(folder):
    with sqlite3.connect(folder.path / "t.db", timeout=60) as db:
        if not db.execute("select 1 from sqlite_master where name = 't'").fetchall():
            return []
        return sorted(row[0] for row in db.execute("select id from t"))


def stop(process):
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=durable.PATIENCE)
    expect(process.returncode == 0, err.decode())
    return err.decode()


def half_read(folder, kill):
    """Runs the job over the first half of the file until some rows are there, and ends it; then the other half is there too."""
    p = folder.start()
    until(lambda: (folder.path / "t.db").exists() and len(ids(folder)) > 500, "some rows")
    if not kill:
        stop(p)
    else:
        p.kill()
        p.communicate()
    folder.write("in.csv", "".join(f"{i}\n" for i in range(10000, 20000)), "a")


def read_to_the_end(folder, *more):
    """Runs the job over all that the file holds."""
    return folder.run("job.yaml", "--set", "batch.trigger=available_now", *more)


def ten_thousand_rows(text):
    folder = Folder()
    folder.write("in.csv", "".join(f"{i}\n" for i in range(10000)))
    folder.write("job.yaml", text)
    return folder


def every_row_once(folder):
    rows = ids(folder)
    expect(rows == list(range(20000)), f"{len(rows)} rows, {len(set(rows))} different")


def diff(folder):
    code, out, err = folder.run("state", "diff", "job.yaml")
    expect(code == 0, err)
    return out


def a_renamed_source_goes_on_where_it_stood():
    for kill in (False, True):
        folder = ten_thousand_rows(job("in"))
        half_read(folder, kill)
        folder.write("job.yaml", job("later, was: in"))
        expect("source later: goes on" in diff(folder) and "(saved as `in`)" in diff(folder), diff(folder))
        code, _, err = read_to_the_end(folder, "--set", "sources.later.max_rate=1000000/s")
        expect(code == 0 and "no source" not in err, err)
        every_row_once(folder)
        # The name counts from now on: `was` may go.
        folder.write("job.yaml", job("later"))
        code, _, err = read_to_the_end(folder)
        expect(code == 0, err)
        every_row_once(folder)
        folder.close()


def a_source_is_renamed_twice_before_a_snapshot():
    folder = ten_thousand_rows(job("one"))
    half_read(folder, True)
    folder.write("job.yaml", job("two, was: one"))
    before = len(ids(folder))
    p = folder.start()
    until(lambda: len(ids(folder)) > before + 500, "more rows")
    p.kill()
    p.communicate()
    folder.write("job.yaml", job("three, was: two"))
    code, _, err = read_to_the_end(folder, "--set", "sources.three.max_rate=1000000/s")
    expect(code == 0 and "no source" not in err, err)
    every_row_once(folder)
    folder.close()


def a_source_that_is_gone_is_named():
    for kill in (False, True):
        folder = ten_thousand_rows(job("in"))
        half_read(folder, kill)
        folder.write("job.yaml", job("other"))
        expect("source in: is dropped: no such source; it stood behind " in diff(folder), diff(folder))
        expect("source other: begins at its beginning" in diff(folder), diff(folder))
        before = len(ids(folder))
        p = folder.start()
        until(lambda: len(ids(folder)) > before, "more rows")
        err = stop(p)
        expect("the job has no source `in` any more" in err and "`was: in`" in err and "in.csv" in err, err)
        folder.close()


def a_renamed_sink_goes_on_behind_its_last_batch():
    for kill in (False, True):
        folder = ten_thousand_rows(job("in"))
        half_read(folder, kill)
        folder.write("job.yaml", job("in", "table, was: db"))
        expect("sink table: goes on behind batch" in diff(folder) and "(saved as `db`)" in diff(folder), diff(folder))
        code, _, err = read_to_the_end(folder, "--set", "sources.in.max_rate=1000000/s")
        expect(code == 0, err)
        every_row_once(folder)
        with sqlite3.connect(folder.path / "t.db") as db:
            rows = db.execute("select sink from streamrun_commit").fetchall()
        expect(rows == [("table",)], rows)
        folder.write("job.yaml", job("in", "third"))
        expect("sink table: is not written any more: no such sink; it holds batch" in diff(folder), diff(folder))
        expect("sink third: is new" in diff(folder), diff(folder))
        folder.close()


def what_a_renamed_socket_has_brought_is_not_lost():
    folder = Folder()
    port = free_port()

    def write(source):
        source, was = split(source)
        folder.write("job.yaml", logged_job(port, source, was))

    sent = 0
    for source in ("one", "two, was: one", "two, was: one", "three, was: two"):
        write(source)
        p = folder.start()
        with connected(port, p) as s:
            for _ in range(200):
                s.sendall(f"{sent}\n".encode())
                sent += 1
            until(lambda: len(folder.rows("rows")) >= sent, f"{sent} rows")
        p.kill()
        p.communicate()
    rows = [int(row["value"]) for row in folder.rows("rows")]
    expect(rows == list(range(sent)), f"{len(rows)} rows of {sent}, {len(set(rows))} different")
    folder.close()


def a_renamed_source_keeps_its_watermark():
    folder = Folder()

    def write(source):
        id, was = split(source)
        folder.write("job.yaml", f"""version: 1
name: times
batch: {{interval: 1s, trigger: available_now}}
checkpoint: {{dir: state}}
sources:
  {id}: {{type: file, follow: true, path: in.txt, format: json, schema: {{at: timestamp}}, event_time: {{field: at}}{was}}}
transforms:
  tens: {{type: count, input: {id}, window: {{size: 10s, time: event}}}}
sinks:
  late: {{type: files, input: tens.late, path: late, format: json}}
  out: {{type: files, input: tens, path: out, format: json}}
""")

    folder.write("in.txt", '{"at":"2026-01-01T00:00:01Z"}\n{"at":"2026-01-01T00:01:00Z"}\n')
    write("sales")
    p = folder.start()
    until(lambda: p.poll() is not None, "the end")
    folder.write("in.txt", '{"at":"2026-01-01T00:00:02Z"}\n', "a")
    write("orders, was: sales")
    code, _, err = folder.run()
    expect(code == 0, err)
    expect(len(folder.rows("late")) == 1, json.dumps(folder.rows("late")) + err)
    folder.close()


TYPES = {
    "file": "{type: file, path: in/a.txt, format: text}",
    "pattern": "{type: file, path: 'in/*.txt', format: text}",
    "follow": "{type: file, path: in/a.txt, format: text, follow: true}",
    "directory": "{type: directory, path: in, format: text}",
    "generate": "{type: generate, rows: 5, columns: {value: cast(row as string)}}",
    "inline": "{type: inline, schema: {value: string}, batches: [[a, b], [], [c, d, e]]}",
    "stdin": "{type: stdin, format: text}",
    "logged": "{type: stdin, format: text}",
}
FILES = {"file", "pattern", "follow", "directory"}


def run_type(folder, source, text):
    wal = "wal: {dir: input}\n" if source == "logged" else ""
    folder.write("job.yaml", f"""version: 1
name: types
batch: {{interval: 10ms, trigger: available_now}}
checkpoint: {{dir: state}}
{wal}sources:
  lines: {TYPES[source]}
sinks:
  out: {{type: files, input: lines, path: rows, format: json}}
""")
    p = folder.start(stdin=subprocess.PIPE)
    _, err = p.communicate(text.encode(), timeout=60)
    return p.returncode, err.decode()


def after_five_rows_of(source):
    folder = Folder()
    (folder.path / "in").mkdir()
    folder.write("in/a.txt", "".join(f"a{i}\n" for i in range(5)))
    code, err = run_type(folder, source, "1\n2\n3\n4\n5\n")
    expect(code == 0 and len(folder.rows("rows")) == 5, (source, code, err))
    return folder


def a_source_of_another_type_goes_on_with_the_same_input_or_is_refused():
    for former in TYPES:
        for present in TYPES:
            if former == present:
                continue
            folder = after_five_rows_of(former)
            folder.write("in/a.txt" if former == "follow" else "in/b.txt", "b0\nb1\nb2\n", "a")
            code, err = run_type(folder, present, "6\n7\n8\n")
            rows = len(folder.rows("rows"))
            said = (former, present, code, rows, err)
            if {former, present} <= FILES:
                # One that reads the one file only has nothing more where the rows stand in another one.
                expect(code == 0 and rows == (8 if former == "follow" or present in ("pattern", "directory") else 5), said)
            elif {former, present} <= {"stdin", "logged"}:
                expect(code == 0 and rows == 8, said)
            elif former != "stdin":  # which has no position
                expect(code == 4 and "one of another type" in err and rows == 5, said)
            folder.close()


def a_log_that_a_job_goes_without_for_a_while_is_not_read_again():
    folder = after_five_rows_of("logged")
    for source, wanted in (("stdin", 8), ("logged", 11), ("logged", 14)):
        code, err = run_type(folder, source, "6\n7\n8\n")
        expect(code == 0 and len(folder.rows("rows")) == wanted, (source, wanted, len(folder.rows("rows")), err))
    folder.close()


TESTS = [a_source_of_another_type_goes_on_with_the_same_input_or_is_refused, a_log_that_a_job_goes_without_for_a_while_is_not_read_again,
         a_renamed_source_goes_on_where_it_stood, a_source_is_renamed_twice_before_a_snapshot, a_source_that_is_gone_is_named,
         a_renamed_sink_goes_on_behind_its_last_batch, what_a_renamed_socket_has_brought_is_not_lost,
         a_renamed_source_keeps_its_watermark]

if __name__ == "__main__":
    sys.exit(durable.main(TESTS))
