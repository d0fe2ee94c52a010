#!/usr/bin/env python3
"""kill -9 at random instants, again and again, of a job that writes the same rows into files, SQLite and PostgreSQL and keeps windows and
keyed state; then the books must balance: every row id once in every sink, the windows count exactly the rows of their batches, and the
state equals the input. A second job reads a socket through the write-ahead log.

usage: kills.py STREAMRUN [--kills 200] [--socket-kills 100] [--seed N]     PostgreSQL is left out where it is not installed
"""
import argparse
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SERVERS = str(ROOT / "scripts" / "servers.sh")
LIFE_S = (0.02, 0.7)  # of a run before it is killed
WAIT = 60

ROWS_JOB = """
version: 1
name: chaos
batch: {interval: 50ms}
checkpoint: {dir: ./state, interval: 300ms}
sources:
  numbers: {type: generate, rate: 4000/s, columns: {id: row, k: row % 17}}
transforms:
  rows: {type: map, input: numbers, set: {t: unix_millis(batch.time)}}
  windows: {type: reduce_by_key, input: numbers, key: k, window: {size: 200ms, type: tumbling}, aggregate: {n: count(*)}}
  fired: {type: map, input: windows, set: {t: unix_millis(batch.time)}}
  totals:
    type: update_state_by_key
    input: numbers
    key: k
    state: {n: bigint, ids: bigint}
    init: {n: 0, ids: 0}
    update: {n: state.n + count(*), ids: 'state.ids + coalesce(sum(id), 0)'}
    emit: changed
sinks:
  each: {type: files, input: rows, path: each, format: json}
  rolled: {type: files, input: rows, path: rolled, format: json, roll: {every: 700ms}}
  lite: {type: sqlite, input: rows, path: lite.db, table: rows}
  windows_lite: {type: sqlite, input: fired, path: lite.db, table: windows}
  totals_lite: {type: sqlite, input: totals, path: lite.db, table: totals, mode: upsert, key: k}
"""
POSTGRES_SINKS = """
  postgres: {{type: postgres, input: rows, url: '{url}', table: rows}}
  totals_postgres: {{type: postgres, input: totals, url: '{url}', table: totals, mode: upsert, key: k}}
"""
SOCKET_JOB = """
version: 1
name: chaos-socket
batch: {{interval: 50ms}}
checkpoint: {{dir: ./state, interval: 300ms}}
wal: {{dir: ./wal}}
sources:
  lines: {{type: socket, host: 127.0.0.1, port: {port}, format: json, schema: {{c: bigint, id: bigint}}}}
sinks:
  each: {{type: files, input: lines, path: each, format: json}}
  lite: {{type: sqlite, input: lines, path: lite.db, table: rows}}
"""


def log_tail(folder):
    return (folder / "log").read_text()[-2000:]


def wait_for_batch(job, folder, before):
    """Waits until the job says that it has run a batch of input, behind so many bytes of its log."""
    end = time.monotonic() + WAIT
    while not re.search(r"^batch \d+: in [1-9]", (folder / "log").read_text()[before:], re.M):
        assert job.poll() is None and time.monotonic() < end, f"a life runs no batch:\n{log_tail(folder)}"
        time.sleep(0.01)


def live(binary, folder, kills, chance, after_kill=lambda: None):
    """Starts the job and kills it `kills` times, every second time at some instant of its start and else behind a batch; then lets it run
    and drain."""
    for life in range(kills + 1):
        with open(folder / "log", "a") as log:
            before = log.tell()
            job = subprocess.Popen([binary, "job.yaml", "--workers", "2", "--verbose"], cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        last = life == kills
        if last or life % 2 == 0:  # a signal while the job opens would end the last one with what is logged still to be run
            wait_for_batch(job, folder, before)
        try:
            job.wait(timeout=2 if last else chance.uniform(*LIFE_S))
        except subprocess.TimeoutExpired:
            job.send_signal(signal.SIGTERM if last else signal.SIGKILL)
        code = job.wait(timeout=WAIT)
        expected = 0 if last else -signal.SIGKILL
        assert code == expected, f"life {life} ended with {code}:\n{log_tail(folder)}"
        if not last:
            after_kill()


def json_rows(folder):
    """The rows of a folder of files; while a job is stopped a rolled file may wait hidden for more."""
    return [json.loads(line) for path in sorted(folder.iterdir()) for line in path.read_text().splitlines()]


def once(name, ids):
    assert len(ids) == len(set(ids)), f"{name}: {len(ids) - len(set(ids))} rows are there twice"


def check_rows(folder, ask_postgres):
    sinks = {name: [(row["id"], row["t"]) for row in json_rows(folder / name)] for name in ("each", "rolled")}
    lite = sqlite3.connect(folder / "lite.db")
    sinks["lite"] = lite.execute("select id, t from rows").fetchall()
    totals = {"totals_lite": sorted(lite.execute("select k, n, ids from totals").fetchall())}
    if ask_postgres:
        sinks["postgres"] = ask_postgres("select id, t from rows")
        totals["totals_postgres"] = sorted(ask_postgres("select k, n, ids from totals"))
    rows = sorted(sinks["lite"])
    for name, found in sinks.items():
        once(name, [row[0] for row in found])
        assert sorted(found) == rows, f"{name} differs from lite: {len(found)} rows, not {len(rows)}"
    assert [row[0] for row in rows] == list(range(len(rows))), "rows are missing"
    expected = sorted((k, len(range(k, len(rows), 17)), sum(range(k, len(rows), 17))) for k in range(min(17, len(rows))))
    for name, found in totals.items():
        assert found == expected, f"{name}: the state is not what the input gives"
    by_window = {}
    for number, t in rows:
        end = (t + 199) // 200 * 200
        by_window[end, number % 17] = by_window.get((end, number % 17), 0) + 1
    fired = lite.execute("select t, k, n from windows where n > 0").fetchall()
    once("windows", [row[:2] for row in fired])
    counted = {(t, k): n for t, k, n in fired}
    assert all(by_window.get(key) == n for key, n in counted.items()), "a window miscounts"
    # A window fires at its end; a tick that was missed because the job was dead is not run, so only such windows may be absent.
    ran = {t for _, t in rows}
    absent = {key[0] for key in by_window if key not in counted}
    assert not absent & ran, f"windows did not fire: {sorted(absent & ran)}"
    return len(rows)


class Feeder:
    """Sends numbered lines to whoever connects; each connection counts for itself."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.connections = 0
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.send, args=(client, self.connections), daemon=True).start()
            self.connections += 1

    @staticmethod
    def send(client, connection):
        number = 0
        try:
            while True:
                lines = "".join(json.dumps({"c": connection, "id": number + i}) + "\n" for i in range(40))
                client.sendall(lines.encode())
                number += 40
                time.sleep(0.01)
        except OSError:
            client.close()


def logged_lines(wal):
    """The lines that stand whole in the log of input, but for its newest group, which the kill may have cut short. The bytes are described
    in docs/formats/journal.md."""
    groups = []
    for path in sorted((path for path in wal.glob("*") if path.name.isdigit()), key=lambda path: int(path.name)):
        magic = 0x6C727363 ^ int(path.name) & 0xFFFFFFFF ^ int(path.name) >> 32
        with open(path, "rb") as file:
            while len(header := file.read(32)) == 32:
                found, size, _, _, _, records, _ = struct.unpack("<IIIIQII", header)
                if found != magic:
                    break
                body = file.read(size)
                if records > 0:
                    groups.append(body)
    return {(int(c), int(number)) for group in groups[:-1] for c, number in re.findall(rb'\{"c": (\d+), "id": (\d+)\}\n', group)}


def check_socket(folder, logged):
    each = [(row["c"], row["id"]) for row in json_rows(folder / "each")]
    lite = sqlite3.connect(folder / "lite.db").execute("select c, id from rows").fetchall()
    once("each", each)
    once("lite", lite)
    assert sorted(each) == sorted(lite), "the sinks differ"
    lost = logged - set(lite)
    assert logged and not lost, f"{len(lost)} of {len(logged)} lines that were logged are lost: {sorted(lost)[:3]}"
    seen = {}
    for connection, number in sorted(lite):
        assert number == seen.get(connection, 0), f"connection {connection} lost line {seen.get(connection, 0)} but not those behind it"
        seen[connection] = number + 1
    return len(lite)


def run_rows(binary, folder, kills, chance):
    server = folder / "server"
    ask = None
    job = ROWS_JOB
    if list(pathlib.Path("/usr/lib/postgresql").glob("*/bin/postgres")):
        url = subprocess.run([SERVERS, "start", "postgres", str(server), "0"], stdout=subprocess.PIPE, text=True, check=True, timeout=120,
                             env={**os.environ, "MAX_LIFE": "1200"}).stdout.strip()
        job += POSTGRES_SINKS.format(url=url)

        def ask(sql):
            done = subprocess.run(["psql", "-qAt", "-F", ",", "-c", sql, url], stdout=subprocess.PIPE, text=True, check=True, timeout=WAIT)
            return [tuple(int(cell) for cell in line.split(",")) for line in done.stdout.split()]
    try:
        work = folder / "rows"
        work.mkdir()
        (work / "job.yaml").write_text(job)
        live(binary, work, kills, chance)
        return check_rows(work, ask)
    finally:
        if server.exists():
            subprocess.run([SERVERS, "stop", str(server)], timeout=60)


def run_socket(binary, folder, kills, chance):
    feeder = Feeder()
    work = folder / "socket"
    work.mkdir()
    (work / "job.yaml").write_text(SOCKET_JOB.format(port=feeder.port))
    logged = set()
    live(binary, work, kills, chance, lambda: logged.update(logged_lines(work / "wal")))
    feeder.listener.close()
    return check_socket(work, logged)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--socket-kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--keep", action="store_true", help="leaves the folder behind")
    options = parser.parse_args()
    binary = str(pathlib.Path(options.binary).resolve())
    folder = pathlib.Path(tempfile.mkdtemp(prefix="streamrun-chaos-"))
    folder.chmod(0o755)
    failed = 0
    for name, run, kills in (("rows", run_rows, options.kills), ("socket", run_socket, options.socket_kills)):
        began = time.monotonic()
        try:
            count = run(binary, folder, kills, random.Random(options.seed))
            print(f"{name}: {kills} kills, {count} rows, each once ({time.monotonic() - began:.0f} s)", flush=True)
        except AssertionError as error:
            failed = 1
            print(f"{name}: FAILED with --seed {options.seed}: {error}", flush=True)
    if options.keep or failed:
        print(f"the folder stays: {folder}")
    else:
        shutil.rmtree(folder, ignore_errors=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())
