#!/usr/bin/env python3
"""The command as a person uses it: exit codes, what goes where, real TCP, signals, closed pipes. usage: run.py BINARY"""
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
from harness import expect, run_tests

BINARY = str(pathlib.Path(sys.argv[1]).resolve())
TIMEOUT = 60


def run(*args, stdin="", cwd=ROOT, env=None):
    return subprocess.run([BINARY, *args], input=stdin.encode(), cwd=cwd, env={**os.environ, **(env or {})},
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=TIMEOUT)


def a_valid_job_exits_0_and_prints_its_plan_on_stdout():
    p = run("samples/word-count/job.yaml", "--dry-run")
    expect(p.returncode == 0, p.stderr)
    expect(b"counts" in p.stdout and b"console" in p.stdout, p.stdout)
    expect(run("samples/word-count/job.yaml", "--dry-run").stdout == p.stdout, "the same output each time")


def a_wrong_spec_exits_1_and_json_goes_to_stdout():
    text = "version: 1\nname: x\nbatch: {interval: 1s}\nsources: {a: {type: stdim, format: text}}\nsinks: {b: {type: print, input: a}}\n"
    p = run("-", "--dry-run", "--format", "json", stdin=text)
    expect(p.returncode == 1, p.returncode)
    found = [json.loads(line) for line in p.stdout.decode().splitlines()]
    expect(len(found) == 1 and found[0]["line"] == 4 and found[0]["severity"] == "error", found)


def quiet_keeps_warnings_to_itself_but_not_errors():
    text = ("version: 1\nname: x\nbatch: {interval: 1s}\nsources: {a: {type: stdin, format: text}, b: {type: inline, schema: {v: string}, "
            "batches: []}}\nsinks: {c: {type: print, input: a}}\n")
    p = run("-", "--dry-run", stdin=text)
    expect(p.returncode == 0 and b"warning[" in p.stderr, p.stderr)
    p = run("-", "--dry-run", "--quiet", stdin=text)
    expect(p.returncode == 0 and p.stderr == b"", p.stderr)
    p = run("-", "--dry-run", "--quiet", "--strict", stdin=text)
    expect(p.returncode == 1 and b"[SR" in p.stderr, p.stderr)


EXEC_JOB = """version: 1
name: x
batch: {{interval: 100ms, trigger: available_now, max_records: 2}}
sources: {{a: {{type: file, path: "{rows}", format: json, schema: {{n: bigint}}}}}}
transforms:
  b: {{type: exec, input: a, command: [python3, "{program}"], schema: {{n: bigint, twice: bigint}}, backoff: 1ms, {more}}}
sinks: {{c: {{type: print, input: b, format: json, header: false}}}}
"""


def executed(program, more="attempts: 3", rows=(1, 2, 3, 4, 5)):
    """Runs a job with an exec node over `rows`, two a batch, in a folder of its own; gives the run and the text of the program's diary."""
    with tempfile.TemporaryDirectory() as folder:
        at = pathlib.Path(folder)
        (at / "rows.jsonl").write_text("".join(json.dumps({"n": n}) + "\n" for n in rows))
        (at / "program.py").write_text("import json, os, sys, time\n" + program)
        p = run("-", stdin=EXEC_JOB.format(rows=at / "rows.jsonl", program=at / "program.py", more=more), env={"DIARY": str(at / "diary")})
        diary = at / "diary"
        return p, diary.read_text() if diary.exists() else ""


DOUBLER = """
for line in sys.stdin:
    if line.strip() == '':
        print(flush=True)
        continue
    n = json.loads(line)['n']
    open(os.environ['DIARY'], 'a').write(f'{n} ')
    fault(n)
    print(json.dumps({'n': n, 'twice': 2 * n}))
"""
DOUBLED = b"".join(b'{"n":%d,"twice":%d}\n' % (n, 2 * n) for n in (1, 2, 3, 4, 5))


def a_test_says_what_a_program_answers():
    text = EXEC_JOB.format(rows="x", program="y", more="attempts: 1") + "tests: [{name: t, given: {a: [[1]]}, expect: {b: [[]]}}]\n"
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "job.yaml"
        path.write_text(text)
        p = run("test", str(path))
        expect(p.returncode == 1 and b"no program runs in a test" in p.stdout, p)
        path.write_text(text.replace("{a: [[1]]}", "{a: [[1]], b: [[[1, 2]]]}").replace("expect: {b: [[]]}", "expect: {b: [[{twice: 2}]]}"))
        expect(run("test", str(path)).returncode == 0, "what is given is what it emits")


def exec_keeps_one_program_for_all_batches():
    p, _ = executed("print(os.getpid(), file=sys.stderr)\ndef fault(n): pass\n" + DOUBLER)
    expect(p.returncode == 0 and p.stdout == DOUBLED, p)
    expect(p.stderr.count(b"node=b") == 1, p.stderr)


def exec_gives_the_batch_again_to_a_program_that_died_and_uses_no_half_answer():
    p, diary = executed("def fault(n):\n    if n == 4 and open(os.environ['DIARY']).read().count('4 ') < 3: sys.stdout.flush(); os._exit(7)\n" + DOUBLER)
    expect(p.returncode == 0 and p.stdout == DOUBLED, p)
    expect(diary == "1 2 3 4 3 4 3 4 5 ", diary)
    expect(b"status 7" in p.stderr, p.stderr)


def exec_fails_the_job_when_its_attempts_are_used_up():
    p, diary = executed("def fault(n):\n    if n == 2: os._exit(7)\n" + DOUBLER)
    expect(p.returncode == 4 and p.stdout == b"" and b"status 7" in p.stderr, p)
    expect(diary == "1 2 " * 3, diary)


def exec_ends_a_program_that_is_silent_for_too_long():
    p, diary = executed("def fault(n):\n    if n == 1: time.sleep(600)\n" + DOUBLER, "attempts: 2, timeout: 3s")  # in which it begins
    expect(p.returncode == 4 and b"no answer within 3000 ms" in p.stderr, p)
    expect(diary == "1 1 ", diary)


def exec_takes_lines_that_are_no_rows_as_row_errors():
    wrong = "def fault(n):\n    if n == 3: print('{\"n\": true}')\n" + DOUBLER
    p, _ = executed(wrong)
    expect(p.returncode == 4 and b"the program's answer" in p.stderr, p)
    p, _ = executed(wrong, "on_error: skip")
    expect(p.returncode == 0 and p.stdout == DOUBLED, p)


def exec_starts_a_program_for_each_batch_where_that_is_asked():
    p, _ = executed("for line in sys.stdin: n = json.loads(line)['n']; print(json.dumps({'n': n, 'twice': 2 * n}))\n", "lifetime: batch")
    expect(p.returncode == 0 and p.stdout == DOUBLED, p)
    p, _ = executed("print('{}'); sys.exit(3)\n", "lifetime: batch, attempts: 1")
    expect(p.returncode == 4 and p.stdout == b"" and b"status 3" in p.stderr, p)


def a_dataset_that_cannot_be_reloaded_stays_as_it_was():
    with tempfile.TemporaryDirectory() as folder:
        at = pathlib.Path(folder)

        def put(text):
            (at / "new").write_text(text)
            (at / "new").rename(at / "names.csv")

        put("1,one\n")
        (at / "job.yaml").write_text(f"""version: 1
name: x
batch: {{interval: 50ms}}
datasets: {{names: {{type: csv_file, path: "{at}/names.csv", schema: {{id: bigint, name: string}}, reload: on_change}}}}
sources: {{a: {{type: stdin, format: json, schema: {{id: bigint}}}}}}
transforms: {{b: {{type: join, how: left_outer, input: {{left: a, right: names}}, key: id}}}}
sinks: {{c: {{type: print, input: b, format: json, header: false}}}}
""")
        process = subprocess.Popen([BINARY, str(at / "job.yaml")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

        def ask():
            process.stdin.write(b'{"id":1}\n')
            process.stdin.flush()
            return json.loads(process.stdout.readline())["name"]

        expect(ask() == "one", "the first rows")
        put("x,two\n")
        line = process.stderr.readline()
        while b"could not be reloaded" not in line:
            expect(line != b"", "the log tells of the reload")
            line = process.stderr.readline()
        expect(b"names" in line and ask() == "one", line)
        put("1,three\n")
        expect(any(ask() == "three" for _ in range(200)), "the next good file is taken")
        process.stdin.close()
        expect(process.wait(TIMEOUT) == 0, process.stderr.read())
        (at / "names.csv").write_text("x,two\n")
        p = run(str(at / "job.yaml"))
        expect(p.returncode == 4 and b"names" in p.stderr, p)


def a_missing_file_exits_2():
    p = run("no-such-job.yaml", "--dry-run")
    expect(p.returncode == 2 and b"no-such-job.yaml" in p.stderr, p.stderr)


def wrong_use_exits_2():
    expect(run("--no-such-option").returncode == 2, "unknown option")
    expect(run().returncode == 2, "nothing to do")


def a_failing_test_exits_1():
    with tempfile.TemporaryDirectory() as folder:
        job = pathlib.Path(folder) / "job.yaml"
        text = (ROOT / "samples/json-filter/job.yaml").read_text().replace("{path: /b}, ", "")
        job.write_text(text)
        p = run("test", str(job))
        expect(p.returncode == 1 and b"1 failed" in p.stdout, p.stdout)
        p = run("test", str(job), "--update")
        p = run("test", str(job))
        expect(p.returncode == 0, p.stdout)


def every_template_passes_its_tests():
    for name in ("word-count", "pipe", "window", "state"):
        with tempfile.TemporaryDirectory() as folder:
            job = pathlib.Path(folder) / "job.yaml"
            expect(run("init", name, "-o", str(job)).returncode == 0, name)
            p = run("test", str(job))
            expect(p.returncode == 0, (name, p.stdout, p.stderr))


def a_failed_test_is_told_in_every_format():
    text = (ROOT / "samples/word-count/job.yaml").read_text().split("tests:")[0]
    with tempfile.TemporaryDirectory() as folder:
        job = pathlib.Path(folder) / "job.yaml"
        job.write_text(text + "tests:\n  - name: wrong\n    given: {lines: [[a]]}\n    expect: {counts: [[{word: b}]]}\n")
        line = text.count("\n") + 2
        told = {form: run("test", str(job), "--format", form) for form in ("short", "json", "github", "sarif", "junit")}
        for form, p in told.items():
            expect(p.returncode == 1, (form, p.stderr))
            told[form] = p.stdout.decode()
        expect(told["short"].startswith(f"{job}:{line}:11: failed: word-count: wrong: "), told["short"])
        expect(not json.loads(told["json"])["passed"], told["json"])
        expect(told["github"].startswith(f"::error file={job},line={line},"), told["github"])
        result = json.loads(told["sarif"])["runs"][0]["results"][0]
        expect(result["locations"][0]["physicalLocation"]["region"]["startLine"] == line, result)
        expect(told["junit"].startswith("<?xml") and 'failures="1"' in told["junit"], told["junit"])
        expect(run("test", str(job), "--filter", "no such test").returncode == 2, "a filter that selects nothing is a mistake")


def render_reads_back():
    p = run("render", "samples/word-count/job.yaml")
    expect(p.returncode == 0, p.stderr)
    again = run("-", "--dry-run", stdin=p.stdout.decode())
    expect(again.returncode == 0, again.stderr)
    job = """version: 1
name: odd
checkpoint: none
batch: {interval: 1s}
sources: {lines: {type: stdin, format: text}}
transforms: {some: {type: filter, input: lines, where: "value <> '$${x}' and value <> '${!batch.time}'"}}
sinks: {out: {type: postgres, input: some, url: "${ODD_URL}", table: t}}
"""
    p = run("render", "-", stdin=job, env={"ODD_URL": "postgres://me:hidden@nowhere/db"})
    expect(p.returncode == 0, p.stderr)
    shown = p.stdout.decode()
    expect("'$${x}'" in shown and "'${!batch.time}'" in shown, shown)
    expect("hidden" not in shown and 'url: "' in shown, shown)


def verbs_that_only_print():
    for args in (["version"], ["list"], ["list", "functions"], ["list", "aggregates"], ["list", "codes"], ["describe", "window"], ["describe", "function", "split"],
                 ["schema"], ["completion", "bash"], ["completion", "zsh"], ["completion", "fish"], ["graph", "samples/word-count/job.yaml"],
                 ["graph", "samples/word-count/job.yaml", "--format", "dot"], ["explain", "samples/word-count/job.yaml", "--format", "json"], ["explain", "SR2003"]):
        p = run(*args)
        expect(p.returncode == 0 and p.stdout, (args, p.stderr))
    json.loads(run("schema").stdout)
    for what, name in (("nodes", "flat_map"), ("functions", "upper(s)"), ("codes", "SR2003")):
        listed = [json.loads(line) for line in run("list", what, "--format", "json").stdout.splitlines()]
        expect(any(one["name"] == name and one["text"] for one in listed), (what, name))
    expect(run("list", "--format", "markdown").returncode == 2, "list has no markdown")
    expect(b"describe functions --format markdown" in run("describe", "functions", "--format", "markdown").stdout, "it says how it was made")
    json.loads(run("explain", "samples/word-count/job.yaml", "--format", "json").stdout)


def a_pipe_filters():
    rows = (ROOT / "samples/json-filter/requests.jsonl").read_text()
    p = run("samples/json-filter/job.yaml", stdin=rows)
    expect(p.returncode == 0, p.stderr)
    paths = [json.loads(line)["path"] for line in p.stdout.decode().splitlines() if line]
    expect(paths == ["/search", "/cart", "/report"], p.stdout)


def a_closed_pipe_ends_quietly():
    rows = '{"path": "/x", "status": 500, "ms": 1.0}\n' * 200000
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "rows.jsonl"
        file.write_text(rows)
        p = subprocess.run(f"'{BINARY}' samples/json-filter/job.yaml < '{file}' | head -n 3", shell=True, cwd=ROOT, stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, timeout=TIMEOUT)
    expect(p.stdout.count(b"\n") == 3 and p.stderr == b"", p.stderr)


def generated_rows_come_out_whole():
    p = run("samples/generate-rates/job.yaml", env={"ROWS": "500", "INTERVAL": "200ms"})
    expect(p.returncode == 0, p.stderr)
    rows = [line.strip("| ").split("|") for line in p.stdout.decode().splitlines() if "sensor-" in line]
    total = sum(int(row[1]) for row in rows)
    expect(total == 500, (total, p.stdout))


class Server:
    """Serves texts to one client after another; None closes the connection before the next."""

    def __init__(self, parts):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.parts = parts
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        client, _ = self.socket.accept()
        for part in self.parts:
            if part is None:
                client.close()
                client, _ = self.socket.accept()
            elif isinstance(part, float):
                time.sleep(part)
            else:
                client.sendall(part)
        self.done = True
        time.sleep(30)


def words_of_a_live_stream_are_counted_right():
    text = (ROOT / "samples/word-count/licenses.txt").read_bytes()
    half = text.find(b"\n", len(text) // 2) + 1
    wanted = len(text.split())
    server = Server([text[:1000], 0.2, text[1000:half], 0.3, None, text[half:]])   # a line in two reads, a lost connection
    with tempfile.TemporaryDirectory() as folder:
        job = pathlib.Path(folder) / "job.yaml"
        job.write_text(f"""version: 1
name: live
batch: {{interval: 200ms}}
sources: {{lines: {{type: socket, host: 127.0.0.1, port: {server.port}, format: text}}}}
transforms:
  words: {{type: flat_map, input: lines, expr: "split(value, r'\\\\s+')", as: word}}
  real: {{type: filter, input: words, where: word <> ''}}
  total: {{type: count, input: real}}
sinks: {{out: {{type: files, input: total, path: {folder}/out, format: json}}}}
""")
        process = subprocess.Popen([BINARY, str(job)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        total = lambda: sum(json.loads(line)["count"] for file in (pathlib.Path(folder) / "out").glob("*.json")
                            for line in file.read_text().splitlines())
        deadline = time.monotonic() + 60
        while total() < wanted and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=20)
        expect(process.returncode == 0, (process.returncode, err))
        expect(total() == wanted, (total(), wanted, err))


def an_unreachable_port_is_retried_and_a_signal_ends_it():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    process = subprocess.Popen([BINARY, "samples/word-count/job.yaml"], cwd=ROOT, env={**os.environ, "PORT": str(port)}, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
    said = process.stderr.readline()
    expect(b"next_attempt_ms" in said and process.poll() is None, "it goes on trying")
    process.send_signal(signal.SIGINT)
    err = said + process.communicate(timeout=20)[1]
    expect(process.returncode == 0 and str(port).encode() in err, (process.returncode, err))


def output_without_room_exits_4_and_says_where():
    text = ("version: 1\nname: x\nbatch: {interval: 100ms, trigger: available_now}\n"
            "sources: {a: {type: generate, rows: 1000, columns: {n: row}}}\nsinks: {b: {type: print, input: a}}\n")
    with open("/dev/full", "wb") as full, tempfile.NamedTemporaryFile("w", suffix=".yaml") as job:
        job.write(text)
        job.flush()
        p = subprocess.run([BINARY, job.name], stdout=full, stderr=subprocess.PIPE, timeout=TIMEOUT)
    expect(p.returncode == 4 and b"standard output: No space left on device" in p.stderr, (p.returncode, p.stderr))


def an_unwritable_folder_exits_4_with_the_path():
    text = """version: 1
name: x
batch: {interval: 100ms}
sources: {a: {type: inline, schema: {n: bigint}, batches: [[1]]}}
sinks: {b: {type: files, input: a, path: /proc/no-such-folder, format: json}}
"""
    p = run("-", stdin=text)
    expect(p.returncode == 4 and b"/proc/no-such-folder" in p.stderr, (p.returncode, p.stderr))


def a_supervisor_is_told_what_the_job_does():
    text = """version: 1
name: x
batch: {interval: 100ms}
checkpoint: none
sources: {a: {type: generate, rate: 100/s, columns: {n: row}}}
sinks: {b: {type: discard, input: a}}
"""
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(f"{folder}/notify")
        manager.settimeout(20)
        path = pathlib.Path(folder) / "job.yaml"
        path.write_text(text)
        env = {**os.environ, "NOTIFY_SOCKET": f"{folder}/notify", "WATCHDOG_USEC": "200000"}
        process = subprocess.Popen([BINARY, str(path)], cwd=folder, env=env, stderr=subprocess.PIPE)
        try:
            told = [manager.recv(100) for _ in range(4)]
            expect(told == [b"READY=1", b"WATCHDOG=1", b"WATCHDOG=1", b"WATCHDOG=1"], told)
            process.send_signal(signal.SIGTERM)
            while (word := manager.recv(100)) == b"WATCHDOG=1":
                pass
            expect(word == b"STOPPING=1", word)
            _, err = process.communicate(timeout=20)
            expect(process.returncode == 0, err)
        finally:
            process.kill()


if __name__ == "__main__":
    run_tests(globals())
