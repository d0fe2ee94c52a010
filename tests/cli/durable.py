#!/usr/bin/env python3
"""Durable jobs as a person has them: killed at any instant, started again, every row once. usage: durable.py BINARY [FILTER]"""
import contextlib
import fcntl
import json
import os
import pathlib
import random
import re
import resource
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time

BINARY = str(pathlib.Path(sys.argv[1]).resolve())
PATIENCE = 120  # seconds for what is expected to happen soon


def expect(condition, what):
    if not condition:
        raise AssertionError(what)


def until(condition, what):
    end = time.monotonic() + PATIENCE
    while not condition():
        expect(time.monotonic() < end, "waited in vain: " + what)
        time.sleep(0.02)


class Folder:
    """A job's folder; the job runs in it."""

    def __init__(self):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="streamrun-"))

    def write(self, name, text, mode="w"):
        with open(self.path / name, mode, encoding="utf-8") as file:
            file.write(text)

    def start(self, job="job.yaml", *args, stdin=None):
        return subprocess.Popen([BINARY, job, *args], cwd=self.path, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def run(self, job="job.yaml", *args):
        p = subprocess.run([BINARY, job, *args], cwd=self.path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=PATIENCE)
        return p.returncode, p.stdout.decode(), p.stderr.decode()

    def last_batch(self):
        """The last batch that the journal of job.yaml holds; 0 if it holds none. Batches without input are not in it."""
        code, out, _ = self.run("state", "show", "job.yaml", "--format", "json")
        return json.loads(out.splitlines()[0])["last_batch"] if code == 0 and out else 0

    def rows(self, folder):
        """The rows of all result files, oldest first."""
        rows = []
        for path in sorted((self.path / folder).glob("*.json"), key=lambda p: p.name):
            if not path.name.startswith((".", "_")):
                rows += [json.loads(line) for line in path.read_text().splitlines()]
        return rows

    def close(self):
        shutil.rmtree(self.path, ignore_errors=True)


def killed_at_first_result(folder):
    """Starts the job and kills it once a result is there. Says whether the kill has ended it."""
    p = folder.start()
    while p.poll() is None and not any((folder.path / "rows").glob("*.json")):
        time.sleep(0.0005)
    p.kill()
    _, err = p.communicate()
    expect(p.returncode in (0, -signal.SIGKILL), err.decode())
    return p.returncode != 0


def kill_until_done(folder, seed, least, most):
    """Kills the job again and again until it comes to its end: once when its first result is there, then at any instant. Gives the
    number of kills."""
    dice = random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        fresh = pathlib.Path(name) / "fresh"
        shutil.copytree(folder.path, fresh)
        end = time.monotonic() + PATIENCE
        while not killed_at_first_result(folder):  # it was over before it was looked at
            expect(time.monotonic() < end, "each run came to its end before it was killed")
            shutil.rmtree(folder.path)
            shutil.copytree(fresh, folder.path)
    kills = 1
    while True:
        p = folder.start()
        try:
            _, err = p.communicate(timeout=dice.uniform(least, most))
        except subprocess.TimeoutExpired:
            p.kill()
            p.communicate()
            kills += 1
            least, most = least * 1.05, most * 1.05  # slow machines come to an end too
            continue
        expect(p.returncode == 0, err.decode())
        return kills


JOB = """version: 1
name: durable
batch: {interval: 1s, trigger: available_now, max_bytes: 1KB}
checkpoint: {dir: state, interval: 50ms}
"""


def a_file_that_is_read_under_kills_gives_every_row_once():
    folder = Folder()
    count = 20000
    folder.write("in.txt", "".join(f"{i}\n" for i in range(count)))
    folder.write("job.yaml", JOB + """
sources:
  lines: {type: file, path: in.txt, format: text}
transforms:
  keys: {type: map, input: lines, set: {k: cast(value as bigint) % 7}}
  sums:
    type: update_state_by_key
    input: keys
    key: k
    state: {n: bigint}
    init: {n: 0}
    update: {n: state.n + count(*)}
sinks:
  rows: {type: files, input: lines, path: rows, format: json}
  state: {type: files, input: sums, path: sums, format: json}
""")
    kills = kill_until_done(folder, 1, 0.03, 0.4)
    rows = [int(row["value"]) for row in folder.rows("rows")]
    expect(rows == list(range(count)), f"{len(rows)} rows, {len(set(rows))} of them different, after {kills} kills")
    last = {row["k"]: row["n"] for row in folder.rows("sums")}
    wanted = {k: len([i for i in range(count) if i % 7 == k]) for k in range(7)}
    expect(last == wanted, (last, wanted, kills))
    code, _, err = folder.run()
    expect(code == 0 and len(folder.rows("rows")) == count, "a run with nothing to do: " + err)
    folder.write("in.txt", "more\n", "a")
    code, _, err = folder.run("job.yaml", "--set", "transforms.keys.set.k=length(value)")
    expect(code == 0, err)
    expect(len(folder.rows("rows")) == count + 1, "what was added is read, and nothing else")
    folder.close()


def a_directory_whose_files_are_deleted_gives_every_row_once():
    folder = Folder()
    (folder.path / "in").mkdir()
    for i in range(300):
        folder.write(f"in/{i:03}", "".join(f"{i * 10 + j}\n" for j in range(10)))
    folder.write("job.yaml", JOB.replace("max_bytes: 1KB", "max_bytes: 200B") + """
sources:
  lines: {type: directory, path: in, format: text, after: delete}
sinks:
  rows: {type: files, input: lines, path: rows, format: json}
""")
    kills = kill_until_done(folder, 2, 0.05, 0.5)
    rows = sorted(int(row["value"]) for row in folder.rows("rows"))
    expect(rows == list(range(3000)), f"{len(rows)} rows after {kills} kills")
    expect(not list((folder.path / "in").iterdir()), "every file that was read is deleted")
    folder.close()


def a_followed_file_is_drained_by_available_now():
    folder = Folder()
    folder.write("in.txt", "a\nb\n")
    folder.write("job.yaml", JOB + """
sources:
  lines: {type: file, path: in.txt, follow: true, format: text}
sinks:
  rows: {type: files, input: lines, path: rows, format: json}
""")
    for more, wanted in (("c\nnot yet com", ["a", "b"]), ("plete\n", ["a", "b", "c"]), ("", ["a", "b", "c", "not yet complete"])):
        code, _, err = folder.run()
        rows = [row["value"] for row in folder.rows("rows")]
        expect(code == 0 and rows == wanted, (code, err, rows))
        folder.write("in.txt", more, "a")
    folder.close()


def free_port():
    """A port that nobody listens on, below those that the system hands out by itself."""
    while True:
        port = random.SystemRandom().randrange(20000, 32000)
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


def connected(port, process):
    end = time.monotonic() + PATIENCE
    while True:
        if process.poll() is not None:
            raise AssertionError("the job has ended: " + process.communicate()[1].decode())
        try:
            return socket.create_connection(("127.0.0.1", port))
        except OSError:
            expect(time.monotonic() < end, "nobody listens")
            time.sleep(0.02)


def what_a_socket_has_brought_is_logged_and_comes_once():
    folder = Folder()
    port = free_port()
    folder.write("job.yaml", f"""version: 1
name: logged
batch: {{interval: 50ms}}
checkpoint: {{dir: state, interval: 300ms}}
wal: {{dir: wal, segment_size: 64KiB}}
sources:
  lines: {{type: socket, host: 127.0.0.1, port: {port}, listen: true, format: text}}
transforms:
  total:
    type: update_state_by_key
    input: lines
    key: []
    state: {{n: bigint}}
    init: {{n: 0}}
    update: {{n: state.n + count(*)}}
    emit: changed
sinks:
  rows: {{type: files, input: lines, path: rows, format: json}}
  sum: {{type: files, input: total, path: total, format: json}}
""")
    sent = 0
    for life in range(6):
        p = folder.start()
        with connected(port, p) as s:
            for _ in range(200):
                s.sendall(f"{sent}\n".encode())
                sent += 1
            until(lambda: len(folder.rows("rows")) >= sent, f"{sent} rows in life {life}")
        if life < 5:
            p.kill()
            p.communicate()
        else:
            p.send_signal(signal.SIGTERM)
            _, err = p.communicate(timeout=PATIENCE)
            expect(p.returncode == 0, err.decode())
    rows = [int(row["value"]) for row in folder.rows("rows")]
    expect(rows == list(range(sent)), f"{len(rows)} rows of {sent}, {len(set(rows))} different")
    expect(folder.rows("total")[-1]["n"] == sent, folder.rows("total")[-1])
    folder.close()


def logged_job(port, source="lines", more=""):
    """Rows of a socket whose input is logged, and no snapshot before the end."""
    return f"""version: 1
name: logged
batch: {{interval: 50ms}}
checkpoint: {{dir: state, interval: 1h}}
wal: {{dir: wal}}
sources:
  {source}: {{type: socket, host: 127.0.0.1, port: {port}, listen: true, format: text{more}}}
sinks:
  rows: {{type: files, input: {source}, path: rows, format: json}}
"""


def a_lost_log_of_input_is_gone_on_without_on_purpose():
    folder = Folder()
    port = free_port()
    folder.write("job.yaml", logged_job(port))
    p = folder.start()
    with connected(port, p) as s:
        s.sendall(b"a\nb\n")
        until(folder.last_batch, "the first batch")
        until(lambda: len(folder.rows("rows")) == 2, "the rows")
    p.kill()
    p.communicate()
    shutil.rmtree(folder.path / "wal")
    code, _, err = folder.run()
    expect(code == 4 and "`streamrun state repair JOB`, with the job's file, drops the batches that need them" in err, err)
    code, out, err = folder.run("state", "repair", "job.yaml")
    expect(code == 0 and "needs input that is lost; the batches behind batch 0 are dropped" in out, out + err)
    shutil.rmtree(folder.path / "rows")
    p = folder.start()
    with connected(port, p) as s:
        s.sendall(b"c\n")
        until(lambda: len(folder.rows("rows")) == 1, "the row behind the repair")
    p.send_signal(signal.SIGTERM)
    _, err = p.communicate(timeout=PATIENCE)
    expect(p.returncode == 0, err.decode())
    folder.close()


def a_silent_source_does_not_keep_the_log_of_another_one():
    folder = Folder()
    ports = [free_port(), free_port()]
    folder.write("job.yaml", f"""version: 1
name: logged
batch: {{interval: 20ms}}
checkpoint: {{dir: state, interval: 50ms}}
wal: {{dir: wal, segment_size: 64KiB}}
sources:
  busy: {{type: socket, host: 127.0.0.1, port: {ports[0]}, listen: true, format: text}}
  silent: {{type: socket, host: 127.0.0.1, port: {ports[1]}, listen: true, format: text}}
sinks:
  rows: {{type: files, input: [busy, silent], path: rows, format: json}}
""")
    p = folder.start()
    with connected(ports[1], p) as silent, connected(ports[0], p) as busy:
        silent.sendall(b"here\n")
        sent = 0

        def all_but_the_newest_are_gone():
            nonlocal sent
            busy.sendall(b"x" * 50_000 + b"\n")
            sent += 1
            return sent > 30 and sum(name.isdigit() for name in os.listdir(folder.path / "wal")) < sent / 3

        until(all_but_the_newest_are_gone, "that old segments go")
    p.kill()
    p.communicate()
    folder.close()


STATE_JOB = """version: 1
name: edited
batch: {interval: 1s, trigger: available_now}
checkpoint: {dir: state}
sources:
  lines: {type: file, path: in.txt, format: text}
transforms:
  ID:
    type: update_state_by_key
    input: lines
    key: KEY
    state: STATE
    init: INIT
    update: UPDATE
sinks:
  out: {type: files, input: ID, path: out, format: json}
"""


def state_job(id="counts", key="value", state="{n: bigint}", init="{n: 0}", update="{n: state.n + count(*)}", more=""):
    text = STATE_JOB.replace("ID", id).replace("KEY", key).replace("STATE", state).replace("INIT", init).replace("UPDATE", update)
    return text.replace(f"    key: {key}\n", f"    key: {key}\n{more}")


def an_edited_job_keeps_its_state_or_says_how_it_differs():
    folder = Folder()
    folder.write("in.txt", "a\na\nb\n")
    folder.write("job.yaml", state_job())
    code, _, err = folder.run()
    expect(code == 0, err)

    folder.write("in.txt", "a\n", "a")
    folder.write("job.yaml", state_job(state="{n: bigint, m: bigint}", init="{n: 0, m: 100}",
                                       update="{n: state.n + count(*), m: state.m + count(*)}"))
    code, _, err = folder.run()
    expect(code == 0, err)
    expect(folder.rows("out")[-2:] == [{"value": "a", "n": 3, "m": 101}, {"value": "b", "n": 1, "m": 100}], folder.rows("out"))

    folder.write("in.txt", "b\n", "a")
    folder.write("job.yaml", state_job(id="kept", more="    was: counts\n"))
    code, _, err = folder.run()
    expect(code == 0, err)
    expect(folder.rows("out")[-2:] == [{"value": "a", "n": 3}, {"value": "b", "n": 2}], folder.rows("out"))

    folder.write("job.yaml", state_job(id="other", more="    was: nobody\n").replace("path: out", "path: elsewhere"))
    code, _, err = folder.run("job.yaml", "--set", "checkpoint.dir=copy")
    expect(code == 0 and "names nothing" not in err, err)
    shutil.copytree(folder.path / "state", folder.path / "copied")
    code, _, err = folder.run("job.yaml", "--set", "checkpoint.dir=copied")
    expect("`was: nobody` names nothing in the checkpoint folder" in err, (code, err))

    folder.write("job.yaml", state_job(id="kept", state="{n: double}", init="{n: 0.0e0}", update="{n: state.n + count(*)}"))
    code, _, err = folder.run()
    expect(code == 4 and "column `n` was bigint and is now double" in err, (code, err))
    code, _, err = folder.run("job.yaml", "--set", "checkpoint.on_incompatible=reset_changed")
    expect(code == 0 and "begins anew" in err, (code, err))
    folder.write("job.yaml", state_job(id="kept", state="{n: double}", init="{n: 0.0e0}", update="{n: state.n + count(*)}", more="    ttl: 1h\n"))
    code, _, err = folder.run()
    expect(code == 4 and "it was kept without `ttl`, which it has now" in err, (code, err))
    folder.close()


def a_job_that_was_edited_back_executes_what_each_text_has_planned():
    folder = Folder()
    job = """version: 1
name: edited
batch: {interval: 20ms}
checkpoint: {dir: state, interval: 1h}
sources:
  numbers: {type: file, path: in.txt, follow: true, format: json, schema: {n: bigint}}
transforms:
  kept: {type: map, input: numbers, set: {k: n <> 0}}
  sums: {type: update_state_by_key, input: kept, key: k, state: {n: bigint}, init: {n: 0}, update: {n: 'state.n + coalesce(sum(n), 0)'}, emit: changed}
sinks:
  out: {type: files, input: sums, path: out, format: json}
"""
    folder.write("in.txt", "")
    texts = [job, job.replace("<> 0", "<> -1")]
    for life, text in enumerate((0, 1, 0, 1)):
        folder.write("job.yaml", texts[text])
        if life == 3:  # the snapshot behind the last edit is lost: batches of both texts lie behind the one before
            newest = max((folder.path / "state/snapshot").glob("*/MANIFEST"), key=lambda path: int(path.parent.name.split("-")[0]))
            newest.write_bytes(newest.read_bytes()[:-1])
        folder.write("in.txt", f'{{"n": {10 ** life}}}\n', "a")
        p = folder.start()
        until(lambda: p.poll() is not None or len(folder.rows("out")) > life, f"the sum of life {life}")
        p.kill()
        p.communicate()
    p = folder.start()
    folder.write("in.txt", '{"n": 10000}\n', "a")
    until(lambda: p.poll() is not None or len(folder.rows("out")) > 4, "the last sum")
    p.send_signal(signal.SIGTERM)
    _, err = p.communicate(timeout=PATIENCE)
    sums = [row["n"] for row in folder.rows("out")]
    expect(p.returncode == 0 and sums == [1, 11, 111, 1111, 11111], (sums, err.decode()))
    folder.close()


def windows_of_event_time_go_on_in_the_next_run():
    for source in ("type: directory, path: in", "type: file, follow: true, rotate_wait: 0s, path: in/log"):
        folder = Folder()
        (folder.path / "in").mkdir()
        folder.write("job.yaml", f"""version: 1
name: daily
batch: {{interval: 1s, trigger: available_now}}
checkpoint: {{dir: state}}
sources:
  hits: {{{source}, format: json, schema: {{at: timestamp}}, event_time: {{field: at, delay: 10m}}}}
transforms:
  hours: {{type: reduce_by_key, input: hits, key: [], window: {{size: 1h, type: tumbling, time: event}}, aggregate: {{n: count(*)}}}}
sinks:
  out: {{type: files, input: hours, path: out, format: json}}
  late: {{type: files, input: hours.late, path: late, format: json}}
""")
        for day, times in ((1, ("01:00", "23:30", "23:40")), (2, ("00:05", "00:20", "02:00")), (3, ("05:00",))):
            path = "in/log" if "follow" in source else f"in/{day}"
            folder.write(path, "".join(f'{{"at": "2026-01-0{day}T{time}:00Z"}}\n' for time in times), "a")
            code, _, err = folder.run()
            expect(code == 0 and "late" not in err, err)
        windows = [(row["window_start"][8:13], row["n"]) for row in folder.rows("out")]
        expect(windows == [("01T01", 1), ("01T23", 2), ("02T00", 2), ("02T02", 1)] and not folder.rows("late"), (windows, folder.rows("late")))

        folder.write("job.yaml", (folder.path / "job.yaml").read_text().replace(source, "type: file, path: once"))
        for left in ("state", "out"):
            shutil.rmtree(folder.path / left)
        for more in ("01", "02"):
            folder.write("once", f'{{"at": "2026-01-{more}T00:00:00Z"}}\n', "a")
            code, _, err = folder.run()
            expect(code == 0 and ("what it brings now is late" in err) == (more == "02"), err)
        expect(len(folder.rows("late")) == 1, folder.rows("late"))
        folder.close()


def an_open_session_goes_on_under_another_batch_interval():
    folder = Folder()
    job = """version: 1
name: visits
batch: {interval: 100ms}
checkpoint: {dir: state}
sources:
  clicks: {type: file, path: in.csv, format: csv, schema: {k: string, at: timestamp}, follow: true, event_time: {field: at}}
transforms:
  visits: {type: reduce_by_key, input: clicks, key: k, aggregate: {n: count(*)}, window: {time: event, type: session, gap: 1m}}
sinks:
  out: {type: files, input: visits, path: out, format: json}
"""
    folder.write("in.csv", "a,2026-01-01T00:00:00Z\n")
    for interval, more in (("100ms", ""), ("300ms", "a,2026-01-01T00:00:30Z\nb,2026-01-01T01:00:00Z\n")):
        folder.write("job.yaml", job.replace("100ms", interval))
        folder.write("in.csv", more, "a")
        p = folder.start("job.yaml", "--verbose")
        said = b""
        while b"in 1 " not in said and b"in 2 " not in said:
            line = p.stderr.readline()
            expect(line, "the job has ended: " + said.decode())
            said += line
        p.send_signal(signal.SIGTERM)
        _, err = p.communicate(timeout=PATIENCE)
        expect(p.returncode == 0, err.decode())
    until(lambda: folder.rows("out"), "the session")
    expect([(row["k"], row["n"]) for row in folder.rows("out")] == [("a", 2)], folder.rows("out"))
    folder.close()


def a_second_process_is_refused():
    folder = Folder()
    port = free_port()
    folder.write("job.yaml", f"""version: 1
name: alone
batch: {{interval: 50ms}}
checkpoint: {{dir: state}}
wal: {{dir: wal}}
sources:
  lines: {{type: socket, host: 127.0.0.1, port: {port}, listen: true, format: text}}
sinks:
  rows: {{type: files, input: lines, path: rows, format: json}}
""")
    p = folder.start()
    connected(port, p).close()
    code, _, err = folder.run()
    expect(code == 4 and str(p.pid) in err, (code, err))
    p.send_signal(signal.SIGTERM)
    _, err = p.communicate(timeout=PATIENCE)
    expect(p.returncode == 0, err.decode())
    folder.close()


def an_idle_job_writes_nothing():
    folder = Folder()
    port = free_port()
    folder.write("job.yaml", f"""version: 1
name: idle
batch: {{interval: 20ms}}
checkpoint: {{dir: state, interval: 100ms}}
wal: {{dir: wal}}
sources:
  lines: {{type: socket, host: 127.0.0.1, port: {port}, listen: true, format: text}}
transforms:
  totals: {{type: update_state_by_key, input: lines, key: value, state: {{n: bigint}}, init: {{n: 0}},
    update: {{n: 'state.n + coalesce(sum(1), 0)'}}, emit: changed}}
  timed: {{type: map_with_state, input: lines, key: value, state: {{n: bigint}}, init: {{n: 0}}, update: {{n: state.n + 1}},
    emit: {{value: value, n: state.n}}, timeout: 200ms}}
  recent: {{type: count_by_value, input: lines, window: {{size: 100ms, slide: 20ms}}}}
  once: {{type: deduplicate, input: lines, key: value, within: 100ms}}
sinks:
  rows: {{type: files, input: totals, path: rows, format: json}}
  others: {{type: discard, input: recent}}
  more: {{type: discard, input: timed}}
  firsts: {{type: discard, input: once}}
""")
    p = folder.start()
    with connected(port, p) as s:
        s.sendall(b"one\n")
        until(lambda: len(folder.rows("rows")) == 1, "the row")

        def files():
            return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in folder.path.rglob("*") if path.is_file()}

        before = None

        def still():
            nonlocal before
            now, last = files(), before
            before = now
            time.sleep(0.5)
            return now == last
        until(still, "silence")
    p.send_signal(signal.SIGTERM)
    _, err = p.communicate(timeout=PATIENCE)
    expect(p.returncode == 0, err.decode())
    folder.close()


def what_a_program_answered_is_not_asked_again():
    folder = Folder()
    # The program's answers are chance; the rows and their running total must agree nevertheless.
    folder.write("chance.py", """import json, random, sys
for line in sys.stdin:
    if line.strip():
        print(json.dumps({"n": random.randrange(1 << 40)}))
    else:
        print(flush=True)
""")
    folder.write("in.txt", "".join(f"{i}\n" for i in range(3000)))
    folder.write("job.yaml", JOB.replace("50ms", "1h") + """delivery: exactly_once
sources:
  lines: {type: file, path: in.txt, format: text}
transforms:
  drawn: {type: exec, input: lines, command: [python3, chance.py], schema: {n: bigint}}
  one: {type: map, input: drawn, set: {k: 1}}
  total:
    type: update_state_by_key
    input: one
    key: k
    state: {n: bigint}
    init: {n: 0}
    update: {n: 'state.n + coalesce(sum(n), 0)'}
sinks:
  rows: {type: files, input: drawn, path: rows, format: json}
  totals: {type: files, input: total, path: totals, format: json}
""")
    kills = kill_until_done(folder, 3, 0.05, 0.3)
    rows = [row["n"] for row in folder.rows("rows")]
    expect(len(rows) == 3000, f"{len(rows)} rows")
    expect(folder.rows("totals")[-1]["n"] == sum(rows), f"the total is another one after {kills} kills")
    folder.close()


def a_row_that_ends_the_process_is_named_and_left_out_on_purpose():
    folder = Folder()
    # Row 700 asks for more memory than the process may have; that is little, as each attempt fills it.
    rows = [{"id": i, "n": 200 if i == 700 else 1} for i in range(1, 1001)]
    folder.write("in.json", "".join(json.dumps(row) + "\n" for row in rows))
    folder.write("job.yaml", """version: 1
name: heavy
batch: {interval: 1s, trigger: available_now, workers: 2}
checkpoint: {dir: state}
sources:
  rows: {type: file, path: in.json, format: json, schema: {id: bigint, n: bigint}}
transforms:
  heavy:
    type: map
    input: rows
    select: {id: id, made: "transform(sequence(1, n), x -> length(repeat('0123456789', if(n > 1, 1600000, 1))))"}
sinks:
  out: {type: files, input: heavy, path: out, format: json}
""")

    def limited(*args):
        return subprocess.run([BINARY, *args], cwd=folder.path, capture_output=True, text=True, timeout=PATIENCE,
                              preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (768 << 20, 768 << 20)))

    if limited("version").returncode != 0:
        return print("     a sanitizer's build needs more address space than there may be: not tried")
    for attempt in range(4):
        p = limited("job.yaml")
        expect(p.returncode < 0, f"start {attempt + 1} ends with {p.returncode}: {p.stderr}")
    p = limited("job.yaml")
    expect(p.returncode == 4, (p.returncode, p.stderr))
    told = "record 700 of source `rows` (in.json, byte "
    expect(told in p.stderr and '{"id": 700, "n": 200}' in p.stderr, p.stderr)
    place = re.search(r"streamrun state skip JOB (rows@\d+:700)", p.stderr)
    expect(place, p.stderr)
    code, out, err = folder.run("state", "skip", "job.yaml", place[1])
    expect(code == 0, (code, out, err))
    p = limited("job.yaml")
    expect(p.returncode == 0, (p.returncode, p.stderr))
    expect([row["id"] for row in folder.rows("out")] == [i for i in range(1, 1001) if i != 700], "other rows")
    code, out, err = folder.run("state", "skip", "job.yaml", place[1])
    expect(code == 3 and "not open" in err, (code, out, err))
    folder.close()


def table_rows(folder):
    with contextlib.closing(sqlite3.connect(folder.path / "t.db")) as database:
        return [value for value, in database.execute("SELECT value FROM t ORDER BY rowid")]


def a_table_of_another_folder_is_adopted_on_purpose():
    folder = Folder()
    job = """version: 1
name: moved
batch: {interval: 1s, trigger: available_now}
checkpoint: {dir: state}
sources:
  lines: {type: file, path: in.txt, format: text}
sinks:
  table: {type: sqlite, input: lines, path: t.db, table: t}
  rows: {type: files, input: lines, path: out, format: json}
"""
    folder.write("job.yaml", job)
    folder.write("in.txt", "a\n")
    code, _, err = folder.run("state", "adopt", "job.yaml")
    expect(code == 3 and not (folder.path / "state").exists(), (code, err))
    code, _, err = folder.run()
    expect(code == 0, err)

    # Another folder is stopped, and so it stays until a person says otherwise.
    other = job.replace("dir: state", "dir: other").replace("path: out", "path: out2")
    folder.write("job.yaml", other)
    folder.write("in.txt", "b\n")
    code, _, err = folder.run()
    expect(code == 4 and "streamrun state adopt" in err, (code, err))
    for sink in ("lines", "nothing"):
        code, out, err = folder.run("state", "adopt", "job.yaml", sink)
        expect(code == 2 and f"`{sink}`" in err and not out, (code, out, err))
    code, _, err = folder.run("state", "ls", "job.yaml", "table")
    expect(code == 2, (code, err))
    with open(folder.path / "other" / "LOCK", "r+", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.truncate()
        lock.write(str(os.getpid()))
        lock.flush()
        code, out, err = folder.run("state", "adopt", "job.yaml")
        expect(code == 3 and str(os.getpid()) in err and not out, (code, out, err))
    code, _, err = folder.run()
    expect(code == 4 and table_rows(folder) == ["a"], (code, err))
    code, out, err = folder.run("state", "adopt", "job.yaml", "table", "--format", "json")
    expect(code == 0 and json.loads(out)["adopted"] == "table", (code, out, err))
    code, _, err = folder.run()
    expect(code == 0 and table_rows(folder) == ["a", "b"], (code, err, table_rows(folder)))

    # The database went back in time; adopted, the job goes on behind what is missing.
    with contextlib.closing(sqlite3.connect(folder.path / "t.db")) as database, database:
        database.execute("DELETE FROM t WHERE value = 'b'")
        database.execute("UPDATE streamrun_commit SET batch = 0")
    folder.write("in.txt", "c\n", "a")
    code, _, err = folder.run()
    expect(code == 4 and "restored from an older copy" in err, (code, err))
    code, out, err = folder.run("state", "adopt", "job.yaml")
    expect(code == 0 and "`table`" in out, (code, out, err))
    code, _, err = folder.run()
    expect(code == 0 and table_rows(folder) == ["a", "c"], (code, err, table_rows(folder)))
    folder.close()


TESTS = [a_file_that_is_read_under_kills_gives_every_row_once, a_directory_whose_files_are_deleted_gives_every_row_once,
         what_a_socket_has_brought_is_logged_and_comes_once, a_lost_log_of_input_is_gone_on_without_on_purpose,
         a_silent_source_does_not_keep_the_log_of_another_one, an_edited_job_keeps_its_state_or_says_how_it_differs,
         a_followed_file_is_drained_by_available_now, an_open_session_goes_on_under_another_batch_interval, a_second_process_is_refused, what_a_program_answered_is_not_asked_again,
         windows_of_event_time_go_on_in_the_next_run, a_job_that_was_edited_back_executes_what_each_text_has_planned, a_row_that_ends_the_process_is_named_and_left_out_on_purpose, an_idle_job_writes_nothing, a_table_of_another_folder_is_adopted_on_purpose]


def main(tests):
    failed = 0
    chosen = [test for test in tests if len(sys.argv) < 3 or sys.argv[2].replace("_", " ") in test.__name__.replace("_", " ")]
    expect(chosen, "no test is named so")
    for test in chosen:
        name = test.__name__.replace("_", " ")
        try:
            test()
            print("ok   " + name)
        except Exception as error:  # a test may fail in any way
            failed += 1
            print(f"FAIL {name}: {error!r}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(TESTS))
