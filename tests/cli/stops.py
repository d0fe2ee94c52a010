#!/usr/bin/env python3
"""A job ends when it is told to, whatever it is stuck in. usage: stops.py BINARY"""
import fcntl
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time

from harness import expect, run_tests

BINARY = str(pathlib.Path(sys.argv[1]).resolve())
LIMIT = 30  # seconds; no job here has as long a limit of its own

PIPE = 4096  # bytes that it holds

# Prints more than a pipe holds, batch by batch, each of 1,000 rows.
STUCK = """version: 1
name: stuck
batch: {{interval: 50ms, max_records: 1000}}
checkpoint: none
shutdown: {shutdown}
sources: {{rows: {{type: generate, columns: {{id: {column}}}}}}}
sinks: {{out: {{type: print, input: rows, format: json, header: false, limit: 1000}}}}
"""


def until(condition, what):
    end = time.monotonic() + LIMIT
    while not condition():
        expect(time.monotonic() < end, f"waited for {what}")
        time.sleep(0.02)


class Stuck:
    """A job whose output nobody reads."""

    def __init__(self, shutdown, column="row", env=None):
        self.folder = tempfile.TemporaryDirectory()
        path = pathlib.Path(self.folder.name) / "job.yaml"
        path.write_text(STUCK.format(shutdown=shutdown, column=column))
        self.errors = open(pathlib.Path(self.folder.name) / "errors", "w+")
        self.unread, output = os.pipe()
        fcntl.fcntl(output, fcntl.F_SETPIPE_SZ, PIPE)
        self.process = subprocess.Popen([BINARY, str(path)], stdin=subprocess.DEVNULL, stdout=output, stderr=self.errors,
                                        env={**os.environ, **(env or {})})
        os.close(output)
        until(lambda: self.process.poll() is not None or self.stuck(), "a full pipe")

    def has_heard(self, number):
        """The signal is not waiting any more."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        waiting = int(status.split("ShdPnd:")[1].split()[0], 16)
        return not waiting >> number - 1 & 1

    def stuck(self):
        """A thread sits in a call on standard output."""
        for task in pathlib.Path(f"/proc/{self.process.pid}/task").iterdir():
            try:
                call = (task / "syscall").read_text().split()
            except OSError:  # it has ended meanwhile
                continue
            if len(call) > 1 and call[1] == "0x1":
                return True
        return False

    def end(self):
        try:
            code = self.process.wait(timeout=LIMIT)
        finally:
            self.process.kill()
            os.close(self.unread)
        self.errors.seek(0)
        text = self.errors.read()
        self.errors.close()
        self.folder.cleanup()
        return code, text


def a_drain_ends_though_a_sink_is_stuck():
    job = Stuck("{timeout: 300ms}")
    job.process.send_signal(signal.SIGTERM)
    code, text = job.end()
    expect(code == 4 and "`shutdown.timeout`" in text and "sink `out` takes batch" in text, (code, text))


def a_stop_without_a_drain_ends_though_a_sink_is_stuck():
    job = Stuck("{graceful: false}")
    job.process.send_signal(signal.SIGTERM)
    code, text = job.end()
    expect(code == 4 and "sink `out` takes batch" in text, (code, text))


def a_second_signal_ends_a_job_that_is_stuck():
    def signalled_twice(shutdown):
        job = Stuck(shutdown)
        job.process.send_signal(signal.SIGTERM)
        until(lambda: job.has_heard(signal.SIGTERM), "the first signal")  # two that wait are one
        job.process.send_signal(signal.SIGTERM)
        return job.end()

    code, text = signalled_twice("{timeout: 20s}")
    expect(code == 143, (code, text))
    # Without a drain the job leaves by itself two seconds after the first signal, which may be before the second one.
    ends = []
    while len(ends) < 10 and (not ends or ends[-1][0] == 4):
        ends.append(signalled_twice("{graceful: false}"))
    expect(ends[-1][0] == 143, ends)


def a_failure_is_told_though_a_sink_is_stuck():
    job = Stuck("{timeout: 20s}", "\"if(row <> 1500, row, cast(concat('no', row) as bigint))\"")
    code, text = job.end()
    expect(code == 4 and "no1500" in text and "sink `out` takes batch" in text, (code, text))
    expect(text.index("no1500") < text.index("sink `out` takes"), text)


def a_watchdog_is_not_fed_while_a_sink_is_stuck():
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(f"{folder}/notify")
        manager.settimeout(2)  # ten times as long as the job has
        job = Stuck("{graceful: false}", env={"NOTIFY_SOCKET": f"{folder}/notify", "WATCHDOG_USEC": "200000"})
        end = time.monotonic() + LIMIT
        told = set()
        try:
            while time.monotonic() < end:
                told.add(manager.recv(100))
            expect(False, "the watchdog is fed on and on")
        except TimeoutError:
            pass
        finally:
            job.process.kill()
            job.end()
        expect(told == {b"READY=1", b"WATCHDOG=1"}, told)


SLEEPER = """version: 1
name: sleeper
batch: {{interval: 50ms}}
checkpoint: {{dir: ./state}}
shutdown: {shutdown}
sources: {{rows: {{type: file, path: ./rows.jsonl, format: json, schema: {{n: bigint}}}}}}
transforms: {{asked: {{type: exec, input: rows, command: [python3, ./program.py], schema: {{n: bigint}}, timeout: 10m}}}}
sinks: {{out: {{type: print, input: asked}}}}
"""


def a_recovery_that_is_stuck_hears_signals():
    for shutdown in ("{timeout: 300ms}", "{graceful: false}"):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            (folder / "job.yaml").write_text(SLEEPER.format(shutdown=shutdown))
            (folder / "rows.jsonl").write_text('{"n": 1}\n')
            (folder / "program.py").write_text("import pathlib, sys\npathlib.Path('asked').touch()\nsys.stdin.read()\n")
            asked = folder / "asked"
            for stop in (signal.SIGKILL, signal.SIGTERM):
                asked.unlink(missing_ok=True)
                process = subprocess.Popen([BINARY, "job.yaml"], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                           stderr=subprocess.PIPE)
                try:
                    until(asked.exists, "the program")
                    process.send_signal(stop)
                    _, text = process.communicate(timeout=LIMIT)
                finally:
                    process.kill()
            expect(process.returncode == 4 and b"batches of the last run are executed again" in text, (process.returncode, text))


if __name__ == "__main__":
    run_tests(globals())
