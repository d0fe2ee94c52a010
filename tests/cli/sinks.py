#!/usr/bin/env python3
"""What sinks hold against what the checkpoint folder knows, and sinks that refuse. usage: sinks.py BINARY [FILTER]"""
import contextlib
import json
import shutil
import signal
import sqlite3
import sys
import time

import durable
from durable import Folder, expect, until

JOB = """version: 1
name: kept
batch: {interval: 1s, trigger: available_now}
checkpoint: {dir: state}
sources:
  lines: {type: file, path: in.txt, format: text}
sinks:
  table: {type: sqlite, input: lines, path: t.db, table: t}
  rows: {type: files, input: lines, path: out, format: json}
"""


def put_back(folder):
    """The older copy of the checkpoint folder takes its place."""
    shutil.rmtree(folder.path / "state")
    (folder.path / "copy").rename(folder.path / "state")


def table_rows(folder, column="value", table="t"):
    with contextlib.closing(sqlite3.connect(folder.path / "t.db")) as database:
        return [value for value, in database.execute(f"SELECT {column} FROM {table} ORDER BY rowid")]


def file_rows(folder, path="out"):
    return [row["value"] for row in folder.rows(path)]


def ran(folder, *args):
    code, out, err = folder.run(*args)
    expect(code == 0, (args, code, out, err))
    return out + err


def refused(folder, *words):
    code, _, err = folder.run()
    expect(code == 4, (code, err))
    for word in words:
        expect(word in err, (word, err))


def an_older_folder_put_back_stops_at_what_is_ahead():
    folder = Folder()
    folder.write("job.yaml", JOB)
    folder.write("in.txt", "a\n")
    ran(folder)
    shutil.copytree(folder.path / "state", folder.path / "copy")
    folder.write("in.txt", "b\n", "a")
    ran(folder)
    put_back(folder)
    folder.write("in.txt", "c\n", "a")
    # The newer folder has taken the number of this start already.
    refused(folder, "sink `table`", "an older copy put back", "streamrun state adopt")
    refused(folder, "sink `table`", "the table holds batch 2", "ends with batch 1", "a second time")
    expect(table_rows(folder) == ["a", "b"] and file_rows(folder) == ["a", "b"], "nothing was written")
    out = ran(folder, "state", "adopt", "job.yaml", "table")
    expect("held batch 2 and this folder ends with batch 1" in out, out)
    refused(folder, "sink `rows`", "behind the last batch of this job's journal, which is batch 1", "streamrun state adopt")
    out = ran(folder, "state", "adopt", "job.yaml", "rows")
    expect(".superseded" in out, out)
    expect("nothing to adopt" in ran(folder, "state", "adopt", "job.yaml", "rows"), "once is enough")
    ran(folder)
    expect(table_rows(folder) == ["a", "b", "b", "c"], table_rows(folder))
    expect(file_rows(folder) == ["a", "b", "c"], file_rows(folder))
    folder.write("in.txt", "d\n", "a")
    ran(folder)
    expect(table_rows(folder)[-1] == "d" and file_rows(folder)[-1] == "d", "it goes on")
    folder.close()


def text_files_of_a_newer_folder_stop_the_job_too():
    for path in ("prefix: out/x, suffix: txt", "prefix: out/x"):
        folder = Folder()
        folder.write("job.yaml", JOB.split("sinks:")[0] + f"sinks:\n  rows: {{type: text_files, input: lines, {path}}}\n")
        folder.write("in.txt", "a\n")
        ran(folder)
        shutil.copytree(folder.path / "state", folder.path / "copy")
        folder.write("in.txt", "b\n", "a")
        ran(folder)
        put_back(folder)
        refused(folder, "sink `rows`", "behind the last batch")
        ran(folder, "state", "adopt", "job.yaml")
        ran(folder)
        texts = [p.read_text() for p in sorted((folder.path / "out").iterdir()) if not p.name.endswith(".superseded")]
        expect(texts == ["a\n", "b\n"], texts)
        folder.close()


def folders_named_after_the_batch_are_compared_too():
    folder = Folder()
    folder.write("job.yaml", JOB.split("sinks:")[0] + "sinks:\n  rows: {type: files, input: lines, path: 'out/at=${!batch.time}', format: json}\n")
    folder.write("in.txt", "a\n")
    ran(folder)
    shutil.copytree(folder.path / "state", folder.path / "copy")
    folder.write("in.txt", "b\n", "a")
    ran(folder)
    put_back(folder)
    refused(folder, "sink `rows`", "behind the last batch")
    folder.close()


def a_copied_folder_is_fenced_off_at_its_start():
    folder = Folder()
    job = JOB.split("  rows:")[0]
    folder.write("job.yaml", job)
    folder.write("copy.yaml", job.replace("dir: state", "dir: copy"))
    folder.write("in.txt", "a\n")
    ran(folder)
    shutil.copytree(folder.path / "state", folder.path / "copy")
    # Without a row the first one to start is a run like any other: the copy must be refused all the same.
    ran(folder)
    code, _, err = folder.run("copy.yaml")
    expect(code == 4 and "A copy of the folder has run" in err and "streamrun state adopt" in err, (code, err))
    folder.write("in.txt", "b\n", "a")
    ran(folder)
    code, _, err = folder.run("copy.yaml")
    expect(code == 4 and table_rows(folder) == ["a", "b"], (code, err, table_rows(folder)))
    folder.close()


def what_a_repair_has_dropped_is_not_left_out():
    folder = Folder()
    job = JOB.replace("1s, trigger: available_now", "100ms").replace("dir: state", "dir: state, interval: 1h")
    folder.write("job.yaml", job.replace("format: text}", "format: text, follow: true, max_rate: 2000/s}", 1))  # no end before the kill
    lines = [str(i) for i in range(4000)]
    folder.write("in.txt", "".join(line + "\n" for line in lines))
    p = folder.start()
    until(lambda: (folder.path / "t.db").exists() and (folder.path / "out").exists() and len(file_rows(folder)) > 1000, "some batches")
    p.send_signal(signal.SIGKILL)
    p.communicate()
    journal = folder.path / "state" / "journal-1"
    data = bytearray(journal.read_bytes())
    used = len(bytes(data).rstrip(b"\0"))
    data[used * 6 // 10] ^= 1
    journal.write_bytes(data)
    refused(folder, "damaged")
    out = ran(folder, "state", "repair", "job.yaml")
    expect("sinks may hold batches that were dropped" in out, out)
    refused(folder, "sink `table`", "has dropped the rest")
    ran(folder, "state", "adopt", "job.yaml")
    ran(folder, "job.yaml", "--set", "batch.trigger=available_now")
    expect(file_rows(folder) == lines, "each row once in the files")
    rows = table_rows(folder)
    expect(sorted(set(rows), key=int) == lines and len(rows) > len(lines), (len(rows), len(set(rows))))
    folder.close()


def a_batch_that_a_table_refuses_is_cut_again_by_an_edited_job():
    folder = Folder()
    table = "sinks:\n  table: {type: sqlite, input: INPUT, path: t.db, table: t}\n"
    head = JOB.split("sinks:")[0]
    folder.write("job.yaml", head + table.replace("INPUT", "lines"))
    with contextlib.closing(sqlite3.connect(folder.path / "t.db")) as database, database:
        database.execute("CREATE TABLE t (value text CHECK (length(value) <= 5))")
    folder.write("in.txt", "a\nabcdefgh\n")
    refused(folder, "CHECK constraint")
    refused(folder, "CHECK constraint", "streamrun state skip JOB lines@1:NUMBER")
    folder.write("job.yaml", head + "transforms:\n  cut: {type: map, input: lines, set: {value: 'substr(value, 1, 5)'}}\n" + table.replace("INPUT", "cut"))
    expect("cut again" in ran(folder), "it is said")
    expect(table_rows(folder) == ["a", "abcde"], table_rows(folder))
    ran(folder)
    expect(table_rows(folder) == ["a", "abcde"], "once")
    folder.close()


def a_refused_batch_that_another_sink_holds_is_not_cut_again():
    folder = Folder()
    folder.write("job.yaml", JOB)
    with contextlib.closing(sqlite3.connect(folder.path / "t.db")) as database, database:
        database.execute("CREATE TABLE t (value text CHECK (length(value) <= 5))")
    folder.write("in.txt", "abcdefgh\n")
    refused(folder, "CHECK constraint")
    expect(file_rows(folder) == ["abcdefgh"], "the files have it")
    folder.write("job.yaml", JOB.replace("input: lines,", "input: cut,").replace("sinks:", "transforms:\n  cut: {type: map, input: lines, set: {value: 'substr(value, 1, 5)'}}\nsinks:"))
    refused(folder, "CHECK constraint", "sink `rows` holds batch 1 already", "Let `table` take the rows")
    with contextlib.closing(sqlite3.connect(folder.path / "t.db")) as database, database:
        database.execute("DROP TABLE t")
    folder.write("in.txt", "ijklmnop\n", "a")
    ran(folder)
    expect(table_rows(folder) == file_rows(folder) == ["abcdefgh", "ijklm"], (table_rows(folder), file_rows(folder)))
    folder.close()


def rolled_files_outlive_an_edit_of_their_sink():
    head = JOB.split("sinks:")[0]
    rolled = "{type: files, input: lines, path: out, format: json, roll: {every: 1h}}"

    def stopped():
        """A job that was stopped with a row in a hidden file."""
        folder = Folder()
        folder.write("in.txt", "a\n")
        folder.write("job.yaml", head.replace(", trigger: available_now", "").replace("format: text}", "format: text, follow: true}") + "sinks:\n  o: " + rolled + "\n")
        p = folder.start()
        until(lambda: any("tmp" in f.name and f.stat().st_size for f in (folder.path / "out").glob(".*")), "a hidden file")
        time.sleep(0.5)
        p.send_signal(signal.SIGTERM)
        _, err = p.communicate(timeout=durable.PATIENCE)
        expect(p.returncode == 0 and file_rows(folder) == [], err)
        folder.write("in.txt", "b\n", "a")
        return folder

    def visible_and_hidden(folder):
        names = [f.name for f in (folder.path / "out").iterdir()]
        return len([n for n in names if n[0] != "."]), len([n for n in names if n[0] == "."])

    # Renamed with `was`, it goes on with the same file; the end of the input closes it.
    folder = stopped()
    folder.write("job.yaml", head + "sinks:\n  arch: " + rolled.replace("roll:", "was: o, roll:") + "\n")
    ran(folder)
    expect(file_rows(folder) == ["a", "b"] and visible_and_hidden(folder) == (1, 0), visible_and_hidden(folder))
    ran(folder)
    expect(file_rows(folder) == ["a", "b"], "and once")
    folder.close()
    # Removed, renamed without a word, of another type, or without `roll`: its file is closed as it is.
    for sinks in ("  rest: {type: discard, input: lines}\n", "  arch: " + rolled + "\n", "  o: {type: files, input: lines, path: out, format: json}\n",
                  "  o: {type: sqlite, input: lines, path: t.db, table: t}\n"):
        folder = stopped()
        folder.write("job.yaml", head + "sinks:\n" + sinks)
        said = ran(folder)
        expect(file_rows(folder)[0] == "a" and visible_and_hidden(folder)[1] == 0, (sinks, file_rows(folder), visible_and_hidden(folder)))
        expect("is closed" in said or "  o: {type: files" in sinks, said)
        ran(folder)
        expect(file_rows(folder).count("a") == 1, (sinks, file_rows(folder)))
        folder.close()


def a_table_that_is_taken_away_stops_the_job():
    for more in ("", "checkpoint: none"):
        folder = Folder()
        job = JOB.replace("1s, trigger: available_now", "20ms").replace("in.txt,", "in.txt, follow: true,")
        folder.write("job.yaml", job.replace("checkpoint: {dir: state}", more) if more else job)
        folder.write("in.txt", "a\n")
        p = folder.start()
        until(lambda: p.poll() is not None or (folder.path / "t.db").exists() and file_rows(folder), "the first batch")
        with contextlib.closing(sqlite3.connect(folder.path / "t.db")) as database:
            until(lambda: database.execute("SELECT count(*) FROM t").fetchone()[0] > 0, "its row")
        for path in folder.path.glob("t.db*"):
            path.unlink()
        folder.write("in.txt", "b\n", "a")
        _, err = p.communicate(timeout=durable.PATIENCE)
        expect(p.returncode == 4 and "t.db was moved, removed or replaced" in err.decode(), (p.returncode, err.decode()))
        folder.close()


def open_batches_of_a_former_text_all_reach_a_rolled_file():
    for roll in ("every: 1h", "size: 1KB"):
        folder = Folder()
        job = f"""version: 1
name: rolled
batch: {{interval: 50ms}}
checkpoint: {{dir: state, interval: 1h}}
sources:
  numbers: {{type: generate, rate: 500/s, rows: 1500, columns: {{id: row}}}}
transforms:
  rows: {{type: map, input: numbers, select: {{id: id + 0}}}}
sinks:
  table: {{type: sqlite, input: rows, path: t.db, table: t}}
  out: {{type: files, input: rows, path: out, format: json, roll: {{{roll}}}}}
"""
        folder.write("job.yaml", job)
        p = folder.start()
        until(lambda: p.poll() is not None or (folder.path / "t.db").exists() and len(hidden(folder)) > 0, "the first batch")
        with contextlib.closing(sqlite3.connect(folder.path / "t.db", isolation_level=None)) as database:
            # The table holds batches up, so that some are open; the log shows how many have been planned.
            database.execute("BEGIN EXCLUSIVE")
            until(lambda: p.poll() is not None or open_batches(folder) >= 2, "two open batches")
            p.kill()
            p.communicate()
            database.execute("ROLLBACK")
        folder.write("job.yaml", job.replace("id + 0", "id + 0 + 0"))
        err = ran(folder)
        expect(err.count("finished the batch that the last stop has interrupted") >= 2, err)
        for name, ids in (("table", table_rows(folder, "id")), ("out", [row["id"] for row in folder.rows("out")])):
            expect(sorted(ids) == list(range(1500)), f"{roll}: {name} has {len(ids)} rows, {len(set(ids))} different")
        folder.close()


def hidden(folder):
    return list((folder.path / "out").glob(".*"))


def open_batches(folder):
    code, out, _ = folder.run("state", "show", "job.yaml", "--format", "json")
    return json.loads(out.splitlines()[0])["open"] if code == 0 and out else 0


def what_was_answered_to_a_record_that_is_left_out_is_left_out_too():
    folder = Folder()
    folder.write("program.py", "import sys\nfor line in sys.stdin: print(line, end='', flush=True)\n")
    folder.write("job.yaml", """version: 1
name: answered
batch: {interval: 1s, trigger: available_now}
checkpoint: {dir: state}
sources:
  lines: {type: file, path: in.json, format: json, schema: {value: string}}
transforms:
  same: {type: exec, input: lines, command: [python3, ./program.py], schema: {value: string}}
sinks:
  table: {type: sqlite, input: same, path: t.db, table: t, create: false}
""")
    with contextlib.closing(sqlite3.connect(folder.path / "t.db")) as database, database:
        database.execute("CREATE TABLE t (value text CHECK (length(value) <= 5))")
    folder.write("in.json", "".join(json.dumps({"value": value}) + "\n" for value in ("a", "too long", "b")))
    refused(folder, "CHECK")
    refused(folder, "CHECK", "streamrun state skip JOB lines@1:NUMBER")
    ran(folder, "state", "skip", "job.yaml", "lines@1:2")
    ran(folder)
    expect(table_rows(folder) == ["a", "b"], table_rows(folder))
    folder.close()


def a_renamed_table_sink_goes_on_with_its_row():
    folder = Folder()
    job = JOB.split("  rows:")[0]
    folder.write("in.txt", "a\n")
    folder.write("job.yaml", job)
    ran(folder)
    folder.write("job.yaml", job.replace("  table: {", "  new: {was: table, "))
    ran(folder)
    folder.write("in.txt", "b\n", "a")
    ran(folder)
    folder.write("in.txt", "c\n", "a")
    ran(folder)
    expect(table_rows(folder) == ["a", "b", "c"], table_rows(folder))
    expect(table_rows(folder, "sink", "streamrun_commit") == ["new"], "one row")
    # The same when the former text has a batch to finish first.
    with contextlib.closing(sqlite3.connect(folder.path / "t.db")) as database, database:
        database.execute("CREATE TRIGGER no BEFORE INSERT ON t BEGIN SELECT RAISE(ABORT, 'not now'); END")
    folder.write("in.txt", "d\n", "a")
    refused(folder, "not now")
    with contextlib.closing(sqlite3.connect(folder.path / "t.db")) as database, database:
        database.execute("DROP TRIGGER no")
    folder.write("job.yaml", job.replace("  table: {", "  newer: {was: new, "))
    ran(folder)
    expect(table_rows(folder) == ["a", "b", "c", "d"], table_rows(folder))
    expect(table_rows(folder, "sink", "streamrun_commit") == ["newer"], "one row")
    folder.close()


TESTS = [an_older_folder_put_back_stops_at_what_is_ahead, text_files_of_a_newer_folder_stop_the_job_too,
         folders_named_after_the_batch_are_compared_too, a_copied_folder_is_fenced_off_at_its_start,
         what_a_repair_has_dropped_is_not_left_out, a_batch_that_a_table_refuses_is_cut_again_by_an_edited_job,
         a_refused_batch_that_another_sink_holds_is_not_cut_again, rolled_files_outlive_an_edit_of_their_sink,
         a_table_that_is_taken_away_stops_the_job, open_batches_of_a_former_text_all_reach_a_rolled_file, what_was_answered_to_a_record_that_is_left_out_is_left_out_too,
         a_renamed_table_sink_goes_on_with_its_row]

if __name__ == "__main__":
    sys.exit(durable.main(TESTS))
