"""A job that is made to suffer, and the oracle that judges what is left of it.

The job reads numbered rows from a file and keeps a state per key and a sliding window; its sinks hold every row once (a file per
batch, and rolled files), the running totals and the windows. `Lab.check` compares all of them with the input.
"""
import collections
import json
import os
import pathlib
import random
import signal
import subprocess
import time

JOB = """\
version: 1
name: lab
batch: {{interval: {interval}ms, max_records: {records}}}
checkpoint: {{dir: "{folder}/state", interval: {checkpoint}ms}}
delivery: exactly_once
sources:
  rows: {{type: file, path: "{folder}/input.jsonl", format: json, schema: {{id: bigint, key: string, amount: bigint}}}}
transforms:
  totals:
    type: update_state_by_key
    input: rows
    key: key
    state: {{rows: bigint, amount: bigint}}
    init: {{rows: 0, amount: 0}}
    update: {{rows: state.rows + count(*), amount: "state.amount + coalesce(sum(amount), 0)"}}
    emit: changed
  recent: {{type: reduce_by_key, input: rows, key: key, window: {{size: {window}ms, slide: {interval}ms}}, aggregate: {{rows: count(*)}}}}
sinks:
  all: {{type: files, input: rows, path: "{folder}/all", format: json}}
  rolled: {{type: files, input: rows, path: "{folder}/rolled", format: json, roll: {{size: 8KiB}}}}
  totals_out: {{type: files, input: totals, path: "{folder}/totals", format: json}}
  recent_out: {{type: files, input: recent, path: "{folder}/recent", format: json}}
"""
INTERVAL_MS = 20
WINDOW_MS = 200
RUN_LIMIT_S = 60


class Wrong(Exception):
    """What the oracle found."""


class Lab:
    """One folder with a job, its input and whatever it has written. `rows` of input, `records` of them a batch."""

    def __init__(self, binary, folder, rows=3000, records=40, checkpoint_ms=150, seed=1):
        self.binary, self.folder, self.rows = str(binary), pathlib.Path(folder), rows
        rng = random.Random(seed)
        self.input = [{"id": i, "key": f"k{rng.randrange(60)}", "amount": rng.randrange(1000)} for i in range(rows)]
        self.folder.mkdir(parents=True, exist_ok=True)
        with open(self.folder / "input.jsonl", "w", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in self.input)
            file.flush()
            os.fsync(file.fileno())
        self.job = self.folder / "job.yaml"
        self.job.write_text(JOB.format(folder=self.folder, interval=INTERVAL_MS, window=WINDOW_MS, records=records,
                                       checkpoint=checkpoint_ms), encoding="utf-8")
        os.sync()

    def start(self, prefix=()):
        """Starts the job, behind a command such as strace."""
        self.log = open(self.folder.parent / f"{self.folder.name}.log", "ab")
        return subprocess.Popen([*prefix, self.binary, str(self.job), "--workers", "2"], stdout=self.log, stderr=self.log,
                                stdin=subprocess.DEVNULL, start_new_session=True)

    def wait(self, process, seconds=RUN_LIMIT_S):
        """Gives the exit code (negative: the signal); a job that hangs is killed and is wrong."""
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise Wrong(f"the job did not end within {seconds} s\n{self.last_log()}") from None
        finally:
            self.log.close()

    def finish(self):
        """Runs the job undisturbed to its end."""
        code = self.wait(self.start())
        if code != 0:
            raise Wrong(f"the undisturbed run ended with {code}\n{self.last_log()}")

    def last_log(self):
        text = (self.folder.parent / f"{self.folder.name}.log").read_text(errors="replace")
        return text[-1500:]

    def files(self, sink):
        """The rows of a sink's files, by name; hidden files are no result."""
        found = {}
        folder = self.folder / sink
        for path in sorted(folder.iterdir()) if folder.exists() else []:
            if not path.name.startswith((".", "_")):
                found[path.name] = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        return found

    def check(self):
        """Every row once in both row sinks, the totals and each window as the input says."""
        wanted = [row["id"] for row in self.input]
        for sink in ("all", "rolled"):
            got = sorted(row["id"] for rows in self.files(sink).values() for row in rows)
            if got != wanted:
                counts = collections.Counter(got)
                twice = [i for i, n in counts.items() if n > 1]
                lost = sorted(set(wanted) - set(got))
                raise Wrong(f"{sink}: {len(lost)} rows lost {lost[:5]}, {len(twice)} twice {twice[:5]}")
        self.check_totals()
        self.check_windows()

    def check_totals(self):
        wanted = collections.defaultdict(lambda: [0, 0])
        for row in self.input:
            wanted[row["key"]][0] += 1
            wanted[row["key"]][1] += row["amount"]
        latest = {}
        for name, rows in sorted(self.files("totals").items(), key=lambda item: int(item[0].split(".")[0])):
            for row in rows:
                latest[row["key"]] = [row["rows"], row["amount"]]
        if latest != dict(wanted):
            wrong = [(key, latest.get(key), want) for key, want in wanted.items() if latest.get(key) != want]
            raise Wrong(f"totals: {len(wrong)} keys are wrong {wrong[:3]}")

    def check_windows(self):
        batches = {int(name.split(".")[0]): rows for name, rows in self.files("all").items()}
        for name, rows in self.files("recent").items():
            end = int(name.split(".")[0])
            wanted = collections.Counter(row["key"] for time_ms, batch in batches.items()
                                         if end - WINDOW_MS < time_ms <= end for row in batch)
            got = {row["key"]: row["rows"] for row in rows}
            if got != dict(wanted):
                raise Wrong(f"recent: the window that ends at {end} is wrong")


def report(name, passed, failures):
    """Prints the failures and the summary line; gives the exit code."""
    for failure in failures:
        print(f"FAILED {failure}")
    print(f"{name}: {passed} passed, {len(failures)} failed")
    return 1 if failures else 0


def sleep_until_busy(lab, seconds):
    """Waits for the first result, then for a while longer."""
    end = time.monotonic() + 10
    while not (lab.folder / "all").exists() and time.monotonic() < end:
        time.sleep(0.005)
    time.sleep(seconds)
