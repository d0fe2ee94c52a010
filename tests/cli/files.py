#!/usr/bin/env python3
"""Jobs that read files, as a person has them: stopped in the middle, with files that change meanwhile. usage: files.py BINARY [FILTER]"""
import random
import shutil
import signal
import subprocess
import sys
import time

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


class Log:
    """A log as logrotate keeps it: every file under the next number, none removed."""

    def __init__(self, folder, copies):
        self.path = folder.path / "app.log"
        self.copies = copies
        self.written = self.rotated = 0

    def write(self, count):
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(numbers(self.written, self.written + count))
        self.written += count

    def numbered(self, number):
        return self.path.with_name(f"app.log.{number}")

    def rotate(self):
        for number in range(self.rotated, 0, -1):
            self.numbered(number).rename(self.numbered(number + 1))
        self.rotated += 1
        if self.copies:
            shutil.copy(self.path, self.numbered(1))
            self.path.write_bytes(b"")
        else:
            self.path.rename(self.numbered(1))


def a_log_that_rotates_under_kills_gives_every_line_once():
    dice = random.Random(5)
    folder = Folder()
    folder.write("job.yaml", job("type: file, follow: true, rotate_wait: 0s, path: app.log"))
    log = Log(folder, False)
    log.write(1)
    p = folder.start()
    until(lambda: rows(folder), "the first row")  # from now on there is a place to go on from
    stop(p)
    for _ in range(25):
        p = folder.start()
        for _ in range(dice.randrange(1, 12)):
            log.write(dice.randrange(1, 2000))
            if dice.random() < 0.4:
                log.rotate()
            time.sleep(dice.uniform(0, 0.06))
        expect(p.poll() is None, "the job has ended")
        end = dice.choice((signal.SIGKILL, signal.SIGTERM))
        p.send_signal(end)
        _, err = p.communicate(timeout=durable.PATIENCE)
        expect(p.returncode in (0, -end), err.decode())  # a job that has only just begun does not hear the signal yet
        for _ in range(dice.randrange(3)):  # while it is down
            log.write(dice.randrange(1, 2000))
            log.rotate()
    log.write(1)
    p = folder.start()
    until(lambda: p.poll() is not None or len(rows(folder)) >= log.written, f"{log.written} rows")
    stop(p)
    expect(rows(folder) == list(range(log.written)),
           f"{len(rows(folder))} rows of {log.written}, {len(set(rows(folder)))} different, {log.rotated} rotations")
    folder.close()


def a_log_that_is_copied_and_cut_gives_every_line_once():
    folder = Folder()
    folder.write("job.yaml", job("type: file, follow: true, rotate_wait: 0s, path: app.log"))
    log = Log(folder, True)
    for _ in range(4):
        log.write(1000)
        p = folder.start()
        for _ in range(3):
            until(lambda: p.poll() is not None or len(rows(folder)) >= log.written, f"{log.written} rows")
            log.write(700)
            log.rotate()
            log.write(1)
        until(lambda: p.poll() is not None or len(rows(folder)) >= log.written, f"{log.written} rows")
        p.kill()
        p.communicate()
        for _ in range(2):
            log.write(500)
            log.rotate()
    log.write(1)
    p = folder.start()
    until(lambda: p.poll() is not None or len(rows(folder)) >= log.written, f"{log.written} rows")
    stop(p)
    expect(rows(folder) == list(range(log.written)), f"{len(rows(folder))} rows of {log.written}")

    log.path.unlink()
    log.write(10)
    code, _, err = folder.run()
    expect(code == 4 and "is not there any more" in err and "app.log" in err, (code, err))
    folder.close()


def a_rolled_file_that_cannot_get_its_name_ends_the_job_with_4():
    def taken(folder, hidden):
        number = hidden.name.split(".")[1]
        folder.write(f"rows/{number}.json", "other\n")

    def moved(folder, _):
        (folder.path / "rows").rename(folder.path / "elsewhere")

    def removed(_, hidden):
        hidden.unlink()

    for change, said in ((taken, "is there already"), (moved, "rows/"), (removed, "was removed or replaced")):
        for more in ("", "checkpoint: {dir: state, interval: 1h}\n"):
            if change is removed and not more:
                continue
            folder = Folder()
            folder.write("job.yaml", f"""version: 1
name: rolled
batch: {{interval: 20ms}}
{more or "checkpoint: none"}
sources: {{lines: {{type: stdin, format: text}}}}
sinks: {{rows: {{type: files, input: lines, path: rows, format: json, roll: {{every: 1h}}}}}}
""")
            p = folder.start(stdin=subprocess.PIPE)
            p.stdin.write(numbers(0, 100).encode())
            p.stdin.flush()
            hidden = lambda: [path for path in (folder.path / "rows").glob(".*") if path.stat().st_size > 0 or not more]
            until(lambda: p.poll() is not None or hidden(), "the hidden file")
            if not more and change is taken:  # without a checkpoint folder it gets another name
                p.kill()
                p.communicate()
                continue
            change(folder, hidden()[0])
            _, err = p.communicate(numbers(100, 200).encode() if change is removed else b"", timeout=durable.PATIENCE)
            expect(p.returncode == 4 and "`rows`" in err.decode() and said in err.decode(), (change.__name__, more, p.returncode, err.decode()))
            folder.close()


TESTS = [a_rolled_file_that_cannot_get_its_name_ends_the_job_with_4, a_log_that_rotates_under_kills_gives_every_line_once, a_log_that_is_copied_and_cut_gives_every_line_once,
         a_start_from_the_older_snapshot_finds_the_files_that_it_needs, what_a_stop_has_not_read_is_left_to_the_next_start]

if __name__ == "__main__":
    sys.exit(durable.main(TESTS))
