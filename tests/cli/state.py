#!/usr/bin/env python3
"""What a person can look at and take out of a checkpoint folder. usage: state.py BINARY [FILTER]"""
import json
import shutil
import signal
import subprocess
import sys

import durable
from durable import BINARY, Folder, expect, until

ROWS = """{"at":"2026-01-01T00:00:01Z","item":"pen","pieces":2}
{"at":"2026-01-01T00:00:02Z","item":"ink","pieces":3}
{"at":"2026-01-01T00:00:12Z","item":"pen","pieces":5}
{"at":"2026-01-01T00:00:13Z","item":null,"pieces":7}
"""

HEAD = """version: 1
name: look
batch: {interval: 1s}
checkpoint: {dir: state, interval: 1h}
sources:
  sales:
    type: file
    path: in.txt
    follow: true
    format: json
    schema: {at: timestamp, item: string, pieces: bigint}
    event_time: {field: at, delay: 1s}
"""

# One of each kind of state.
TRANSFORMS = """transforms:
  costs: {type: map, input: sales, select: {item: item, cost: pieces * 2}}
  named: {type: filter, input: sales, where: item is not null}
  totals:
    type: update_state_by_key
    input: sales
    key: item
    state: {sold: bigint}
    init: {sold: 0}
    update: {sold: 'state.sold + coalesce(sum(pieces), 0)'}
  idle: {type: map_with_state, input: sales, key: item, state: {n: bigint}, init: {n: 0}, update: {n: state.n + 1}, emit: {item: item}, timeout: 7d}
  whole: {type: update_state_by_key, input: sales, key: [], state: {rows: bigint}, init: {rows: 0}, update: {rows: state.rows + count(*)}}
  once: {type: deduplicate, input: sales, key: item, within: 10m}
  days: {type: reduce_by_key, input: sales, key: item, window: {size: 7d, slide: 1s}, aggregate: {sold: sum(pieces), most: max(pieces), all: collect_list(pieces)}}
  odd: {type: reduce_by_key, input: sales, key: item, window: {size: 7d, type: tumbling}, aggregate: {odd: 7 / (sum(pieces) - 7)}}
  rows: {type: count, input: sales, window: {size: 7d, slide: 1s}}
  tens: {type: reduce_by_key, input: sales, key: item, window: {size: 10s, slide: 5s, time: event, lateness: 1m}, aggregate: {sold: sum(pieces)}}
  visits: {type: reduce_by_key, input: sales, key: item, window: {type: session, gap: 5s, time: event, lateness: 1m}, aggregate: {n: count(*)}}
  kept: {type: window, input: costs, size: 7d, slide: 1s}
  kept_tens: {type: window, input: sales, size: 10s, time: event, lateness: 1m}
  near: {type: join, how: inner, input: {left: sales, right: costs}, key: item, within: 1m}
  beside: {type: join, how: inner, input: {left: sales, right: {from: costs, window: {size: 7d, slide: 1s}}}, key: item}
  within: {type: join, how: inner, input: {left: {from: named, window: {size: 10s, time: event, lateness: 1m}}, right: {from: costs, window: {size: 10s, time: event, lateness: 1m}}}, key: item}
  both: {type: cogroup, input: {left: {from: named, window: {size: 7d, slide: 1s}}, right: {from: costs, window: {size: 7d, slide: 1s}}}, key: item}
  both_tens: {type: cogroup, input: {left: {from: named, window: {size: 10s, time: event, lateness: 1m}}, right: {from: costs, window: {size: 10s, time: event, lateness: 1m}}}, key: item}
  line: {type: streaming_linear_regression, input: named, features: [pieces], label: pieces, intercept: true}
  sign: {type: streaming_logistic_regression, input: named, features: [pieces], label: 'if(pieces > 2, 1.0, 0.0)'}
  groups: {type: streaming_kmeans, input: sales, features: [pieces], k: 2, centers: [[2], [7]]}
  better: {type: streaming_test, input: named, group: item = 'pen', value: pieces, window: 3}
"""


def sinks(transforms):
    ids = [line.split(":")[0].strip() for line in transforms.splitlines() if line.startswith("  ") and not line.startswith("   ")]
    return "sinks:\n" + "".join(f"  s_{id}: {{type: discard, input: {id}}}\n" for id in ids)


def a_stopped_job(transforms):
    """A folder whose job has taken ROWS and was stopped in order."""
    folder = Folder()
    folder.write("in.txt", ROWS)
    folder.write("job.yaml", HEAD + transforms + sinks(transforms))
    p = folder.start()
    until(lambda: p.poll() is not None or folder.last_batch(), "the first batch")
    p.send_signal(signal.SIGTERM)
    _, err = p.communicate(timeout=durable.PATIENCE)
    expect(p.returncode == 0, err.decode())
    return folder


def rows_of(folder, *words):
    code, out, err = folder.run("state", "export", *words)
    expect(code == 0, (words, err))
    return [json.loads(line) for line in out.splitlines()]


def every_kind_of_state_gives_its_rows():
    folder = a_stopped_job(TRANSFORMS)
    rows = rows_of(folder, "job.yaml")
    saved = [json.loads(line)["node"] for line in folder.run("state", "ls", "job.yaml", "--format", "json")[1].splitlines()
             if "\"node\"" in line]
    expect(list(dict.fromkeys(row["node"] for row in rows)) == saved, "every node that has a state, in the same order")

    def states(node, *names):
        """(key, state) of a node's rows, of the state only what is named."""
        return [(row["key"], {name: row["state"][name] for name in names} if names else row["state"]) for row in rows if row["node"] == node]

    pen, ink, none = ({"item": item} for item in ("pen", "ink", None))
    at = lambda second: f"2026-01-01T00:00:{second:02}Z"
    tens = lambda key, start: {**key, "window_start": at(start), "window_end": at(start + 10)}
    expect(states("totals") == [(pen, {"sold": 7}), (ink, {"sold": 3}), (none, {"sold": 7})], states("totals"))
    expect(states("idle") == [(pen, {"n": 2}), (ink, {"n": 1}), (none, {"n": 1})], states("idle"))
    expect(all("time" in row for row in rows if row["node"] == "idle"), "when a key had its last row, as it times out by it")
    expect(states("whole") == [({}, {"rows": 4})], states("whole"))
    expect(states("once") == [(pen, {"passed_at": at(1)}), (ink, {"passed_at": at(2)}), (none, {"passed_at": at(13)})], states("once"))
    days = [(pen, {"sold": 7, "most": 5, "all": [2, 5]}), (ink, {"sold": 3, "most": 3, "all": [3]}), (none, {"sold": 7, "most": 7, "all": [7]})]
    expect(states("days") == days, states("days"))
    # Two groups have the sum 7: what divides by 0 cannot be given, but the keys can.
    odd = sorted(states("odd"), key=lambda row: row[0]["item"] or "")
    expect(odd == [(none, {}), (ink, {"odd": -1.75}), (pen, {})], odd)
    expect(states("rows") == [({}, {"count": 4})], states("rows"))
    expect(states("tens") == [({**pen, "window_start": "2025-12-31T23:59:55Z", "window_end": at(5)}, {"sold": 2}),
                              ({**ink, "window_start": "2025-12-31T23:59:55Z", "window_end": at(5)}, {"sold": 3}),
                              (tens(pen, 0), {"sold": 2}), (tens(ink, 0), {"sold": 3}),
                              (tens(pen, 5), {"sold": 5}), (tens(none, 5), {"sold": 7}),
                              (tens(pen, 10), {"sold": 5}), (tens(none, 10), {"sold": 7})], states("tens"))
    session = lambda key, second: ({**key, "window_start": at(second), "window_end": at(second + 5)}, {"n": 1})
    expect(states("visits") == [session(pen, 1), session(ink, 2), session(pen, 12), session(none, 13)], states("visits"))
    costs = [{"item": "pen", "cost": 4}, {"item": "ink", "cost": 6}, {"item": "pen", "cost": 10}, {"item": None, "cost": 14}]
    sales = [json.loads(line) for line in ROWS.splitlines()]
    expect(states("kept") == [({}, cost) for cost in costs], states("kept"))
    expect(states("kept_tens") == [({}, sale) for sale in sales], states("kept_tens"))
    left, right = {"side": "left"}, {"side": "right"}
    sides = lambda lefts: [(left, row) for row in lefts] + [(right, row) for row in costs]
    expect(states("near") == sides(sales), states("near"))
    expect(states("beside") == sides([]), "only the side that has a window is kept")
    for node in ("within", "both", "both_tens"):
        expect(states(node) == sides(sales[:3]), (node, states(node)))
    times = [row["time"] for row in rows if row["node"] == "near"]
    expect(times == [at(1), at(2), at(12), at(13)] * 2, times)
    expect([key for key, _ in states("line")] == [{}] and len(states("line")[0][1]["weights"]) == 1, states("line"))
    expect(states("line")[0][1]["intercept"] != 0 and len(states("sign")) == 1, states("line"))
    expect(states("groups", "weight") == [({"cluster": 0}, {"weight": 2.0}), ({"cluster": 1}, {"weight": 2.0})], states("groups"))
    expect(states("better", "n", "mean")[:2] == [({"batch": 1, "group": "control"}, {"n": 1.0, "mean": 3.0}),
                                             ({"batch": 1, "group": "experiment"}, {"n": 2.0, "mean": 3.5})], states("better"))
    one = rows_of(folder, "job.yaml", "totals")
    expect(one == [row for row in rows if row["node"] == "totals"], "one node alone")
    folder.close()


TOTALS = """transforms:
  totals: {type: update_state_by_key, input: sales, key: item, state: {sold: bigint}, init: {sold: 0}, update: {sold: 'state.sold + coalesce(sum(pieces), 0)'}}
  plain: {type: map, input: totals, select: {sold: sold}}
"""


def show_prints_a_table_of_the_first_rows():
    folder = a_stopped_job(TOTALS)
    code, out, err = folder.run("state", "show", "job.yaml", "totals", "--limit", "2")
    table = ["+------+------+", "| item | sold |", "+------+------+", "| pen  | 7    |", "| ink  | 3    |", "+------+------+", "and 1 more"]
    expect((code, out.splitlines(), err) == (0, table, ""), (code, out, err))
    code, out, err = folder.run("state", "show", "job.yaml", "totals")
    expect(code == 0 and "| null | 7    |" in out and "more" not in out, (code, out, err))
    code, out, err = folder.run("state", "show", "job.yaml", "totals", "--format", "json", "--limit", "1")
    expect((code, out, err) == (0, '{"node":"totals","key":{"item":"pen"},"state":{"sold":7}}\n', ""), (code, out, err))
    folder.close()


def what_has_no_state_is_said():
    folder = a_stopped_job(TOTALS)
    for node in ("plain", "nowhere"):
        code, out, err = folder.run("state", "show", "job.yaml", node)
        expect(code == 3 and out == "" and f"no state of `{node}`" in err and "`totals`" in err, (code, out, err))
    shutil.rmtree(folder.path / "state" / "snapshot")
    (folder.path / "state" / "snapshot").mkdir()
    code, out, err = folder.run("state", "export", "job.yaml")
    expect(code == 0 and out == "" and "no snapshot yet; " in err and "run by the next start" in err, (code, out, err))
    code, out, err = folder.run("state", "show", "job.yaml", "totals")
    expect(code == 3 and out == "", (code, out, err))
    folder.close()


def an_edited_job_shows_what_its_former_text_has_kept():
    folder = a_stopped_job(TOTALS)
    wanted = rows_of(folder, "job.yaml")
    job = (folder.path / "job.yaml").read_text()
    # Other columns, other names, and a node that is gone.
    folder.write("wider.yaml", job.replace("state: {sold: bigint}, init: {sold: 0}", "state: {sold: bigint, n: bigint}, init: {sold: 0, n: 0}"))
    expect(rows_of(folder, "wider.yaml") == wanted, "the columns as they were saved")
    folder.write("other.yaml", job.replace("key: item", "key: pieces"))
    expect(rows_of(folder, "other.yaml") == wanted, "the key as it was saved")
    renamed = job.replace("  totals: {type", "  sums: {was: totals, type").replace("input: totals", "input: sums")
    folder.write("renamed.yaml", renamed)
    expect([row["node"] for row in rows_of(folder, "renamed.yaml")] == ["sums"] * 3, "the present name")
    expect(len(rows_of(folder, "renamed.yaml", "totals")) == 3, "the former name is understood")
    folder.close()


def a_folder_in_use_is_read_and_what_lies_behind_its_snapshot_is_told():
    folder = Folder()
    folder.write("in.txt", ROWS)
    folder.write("job.yaml", HEAD + TOTALS + sinks(TOTALS))
    p = folder.start()

    def shown():
        code, out, _ = folder.run("state", "show", "job.yaml", "--format", "json")
        return json.loads(out.splitlines()[0]) if code == 0 and out else {"last_batch": 0, "snapshot": 0}

    until(lambda: (folder.path / "state" / "FORMAT").exists() and shown()["last_batch"] >= 1, "the first batch")
    if shown()["snapshot"] == 0:
        code, out, err = folder.run("state", "export", "job.yaml")
        expect(code == 0 and out == "" and "no snapshot yet" in err, (code, out, err))
    p.send_signal(signal.SIGTERM)
    p.communicate(timeout=durable.PATIENCE)
    first = shown()["snapshot"]
    p = folder.start()
    folder.write("in.txt", ROWS, "a")
    until(lambda: shown()["last_batch"] > first, "the second batch")
    p.kill()  # leaves a batch behind the snapshot
    p.communicate()
    code, out, err = folder.run("state", "export", "job.yaml")
    expect(code == 0 and [json.loads(line)["state"]["sold"] for line in out.splitlines()] == [7, 3, 7], (code, out, err))
    expect(f"the snapshot is of batch {first}; 1 batch lies behind it" in err, err)
    folder.close()


def damage_is_told():
    folder = a_stopped_job(TOTALS)

    def flip(path):
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)

    flip(next((folder.path / "state" / "snapshot").glob("*/MANIFEST")))
    code, out, err = folder.run("state", "export", "job.yaml")
    expect(code == 0 and out == "" and "is damaged and not used" in err, (code, out, err))
    flip(folder.path / "state" / "FORMAT")
    code, out, err = folder.run("state", "export", "job.yaml")
    expect(code == 3 and out == "" and "FORMAT" in err, (code, out, err))
    folder.close()


def many_rows_come_whole_and_a_closed_pipe_is_no_error():
    folder = Folder()
    folder.write("in.txt", "".join(f'{{"at":"2026-01-01T00:00:01Z","item":"item {i}","pieces":{i}}}\n' for i in range(20000)))
    folder.write("job.yaml", HEAD.replace("    follow: true\n", "") + TOTALS + sinks(TOTALS))
    code, _, err = folder.run()
    expect(code == 0, err)
    rows = rows_of(folder, "job.yaml")
    expect([row["key"]["item"] for row in rows] == [f"item {i}" for i in range(20000)], len(rows))
    expect([row["state"]["sold"] for row in rows] == list(range(20000)), len(rows))
    _, out, _ = folder.run("state", "show", "job.yaml", "totals")
    expect(len(out.splitlines()) == 20 + 4 + 1 and out.endswith("and 19980 more\n"), out)
    p = subprocess.Popen([BINARY, "state", "export", "job.yaml"], cwd=folder.path, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    p.stdout.readline()
    p.stdout.close()
    err = p.stderr.read()
    expect(p.wait() == 0 and err == b"", err)
    folder.close()


def secrets_are_not_needed_to_look():
    folder = a_stopped_job("transforms:\n  totals: {type: update_state_by_key, input: sales, key: item, state: {n: bigint}, init: {n: 0}, update: {n: state.n + count(*)}}\n")
    job = (folder.path / "job.yaml").read_text()
    folder.write("job.yaml", job + "  db: {type: postgres, input: totals, url: '${DATABASE_URL}', table: totals}\n")
    for words in (("ls",), ("show",), ("show", "totals"), ("export", "totals"), ("diff",), ("repair",)):
        code, out, err = folder.run("state", words[0], "job.yaml", *words[1:])
        expect(code == 0 and out, f"{words}: {out} {err}")
    code, _, err = folder.run("state", "adopt", "job.yaml")
    expect(code == 1 and "DATABASE_URL" in err, err)
    folder.close()


def the_verbs_are_named_everywhere():
    folder = Folder()
    code, out, err = folder.run("state")
    verbs = [line.split()[0] for line in err.splitlines()[1:]]
    expect(code == 2 and "export" in verbs, err)
    for words in (("state", "--help"), ("completion", "bash"), ("completion", "fish")):
        _, out, _ = folder.run(*words)
        expect(" ".join(verbs) in out or all(f"  {verb} JOB" in out for verb in verbs), out)
    folder.close()


TESTS = [every_kind_of_state_gives_its_rows, show_prints_a_table_of_the_first_rows, what_has_no_state_is_said,
         an_edited_job_shows_what_its_former_text_has_kept, a_folder_in_use_is_read_and_what_lies_behind_its_snapshot_is_told,
         damage_is_told, many_rows_come_whole_and_a_closed_pipe_is_no_error, secrets_are_not_needed_to_look,
         the_verbs_are_named_everywhere]

if __name__ == "__main__":
    sys.exit(durable.main(TESTS))
