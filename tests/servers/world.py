"""PostgreSQL and MariaDB in a temporary folder, the program under test, and the jobs that the tests have in common."""
import os
import pathlib
import subprocess
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SERVERS = str(ROOT / "scripts" / "servers.sh")
KINDS = ("postgres", "mariadb")
WAIT = 90  # seconds; what is expected comes much sooner


class World:
    """The servers, and the program under test."""

    def __init__(self, binary, unit, folder):
        self.binary, self.unit, self.folder = binary, unit, folder
        self.urls = {}

    def server(self, verb, kind, port="0"):
        words = [verb, kind, str(self.folder / kind), port] if verb == "start" else [verb, str(self.folder / kind)]
        done = subprocess.run([SERVERS, *words], stdout=subprocess.PIPE, text=True, timeout=120, env={**os.environ, "MAX_LIFE": "600"})
        assert done.returncode == 0, f"servers.sh {' '.join(words)} failed"
        return done.stdout.strip()

    def start(self, kind):
        port = self.port(kind) if kind in self.urls else "0"
        self.urls[kind] = self.server("start", kind, port)

    def port(self, kind):
        return self.urls[kind].rsplit(":", 1)[1].split("/")[0]

    def ask(self, kind, sql):
        port = self.port(kind)
        command = (["psql", "-h", "127.0.0.1", "-p", port, "-U", "postgres", "-qAt", "-c", sql, "test"] if kind == "postgres" else
                   ["mariadb", "--no-defaults", "-h", "127.0.0.1", "-P", port, "-u", "app", "-papp", "-N", "-B", "-e", sql, "test"])
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=WAIT)
        return done.stdout.strip() if done.returncode == 0 else None

    def job(self, name, text):
        path = self.folder / f"{name}.yaml"
        path.write_text(text)
        return path

    def run(self, path, *more):
        return subprocess.Popen([self.binary, str(path), *more], cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)


def sink_of(kind):
    return "postgres" if kind == "postgres" else "mysql"


def until(condition, what):
    end = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < end, f"waited {WAIT} s for {what}"
        time.sleep(0.05)


JOB = """
version: 1
name: {name}
batch: {{interval: 50ms, max_records: 500}}
checkpoint: none
sources:
  rows: {{type: generate, rate: 2000/s, rows: 6000, columns: {{id: row, text: "concat('row ', row)"}}}}
sinks:
  out: {{type: {sink}, input: rows, url: '{url}', table: {name}, mode: upsert, key: id, connect_timeout: 2s}}
"""
DURABLE = JOB.replace("checkpoint: none", "checkpoint: {{dir: {name}-state, interval: 1h}}").replace(", mode: upsert, key: id", "")


def lines_of(running, lines):
    """Collects what a process says on stderr, as it says it."""
    thread = threading.Thread(target=lambda: lines.extend(iter(running.stderr.readline, "")), daemon=True)
    thread.start()
    return thread
