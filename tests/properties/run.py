#!/usr/bin/env python3
"""Windows and joins on random streams against the same computed the plain way: each window from its rows, each join by two loops. The jobs are written
as test files and run by `streamrun test --all-modes`, which also demands the same bytes from every mode. Seeded: the same each time.
usage: run.py BINARY [--seed N]"""
import datetime
import json
import math
import pathlib
import random
import subprocess
import sys
import tempfile

EPOCH = datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc)


def at(seconds):
    return (EPOCH + datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def case(name, sources, transforms, given, expect, **more):
    read = [node for node in transforms]
    job = {"version": 1, "name": name, "batch": {"interval": "1s"}, "checkpoint": "none", "sources": sources,
           "transforms": transforms, "sinks": {f"out_{node}": {"type": "discard", "input": node} for node in read}}
    for key in ("datasets",):
        if key in more:
            job[key] = more.pop(key)
    return {"name": name, "job": job, "tests": [{"name": "as computed the plain way", "given": given, "expect": expect, "ordered": True, **more}]}


# ---- aggregates of a list of rows (n, m)

def ranked(values, percentage):
    """The percentile, between the two nearest values."""
    if not values:
        return None
    values = sorted(map(float, values))
    position = (len(values) - 1) * percentage
    low, high = math.floor(position), math.ceil(position)
    if values[low] == values[high]:
        return values[low]
    return (high - position) * values[low] + (position - low) * values[high]


AGGREGATES = {
    "rows": ("count(*)", len),
    "total": ("sum(n)", lambda rows: (lambda v: sum(v) if v else None)([n for n, _ in rows if n is not None])),
    "least": ("min(n)", lambda rows: min((n for n, _ in rows if n is not None), default=None)),
    "most": ("max(n)", lambda rows: max((n for n, _ in rows if n is not None), default=None)),
    "mean": ("avg(n)", lambda rows: (lambda v: sum(v) / len(v) if v else None)([n for n, _ in rows if n is not None])),
    "head": ("first(n)", lambda rows: rows[0][0]),
    "tail": ("last(n)", lambda rows: rows[-1][0]),
    "list": ("collect_list(n)", lambda rows: [n for n, _ in rows if n is not None]),
    "kinds": ("count(distinct n)", lambda rows: len({n for n, _ in rows if n is not None})),
    "halves": ("sum(m)", lambda rows: sum(m for _, m in rows)),
    "big": ("max_by(n, m)", lambda rows: max(enumerate(rows), key=lambda r: (r[1][1], r[0]))[1][0]),
    "small": ("min_by(n, m)", lambda rows: min(enumerate(rows), key=lambda r: (r[1][1], -r[0]))[1][0]),
    "middle": ("median(m)", lambda rows: ranked([m for _, m in rows], 0.5)),
    "high": ("percentile(n, 0.9)", lambda rows: ranked([n for n, _ in rows if n is not None], 0.9)),
    "all_high": ("bool_and(n > 2)", lambda rows: (lambda v: all(v) if v else None)([n > 2 for n, _ in rows if n is not None])),
}
SPEC = {name: text for name, (text, _) in AGGREGATES.items()}


def aggregated(rows):
    return {name: compute(rows) for name, (_, compute) in AGGREGATES.items()}


def random_batches(rng, batches, keys):
    """Bursts and silences, so that keys come and drain."""
    result = []
    for number in range(batches):
        busy = (number // 7) % 3 != 2
        result.append([[rng.choice([None, *"abcdefgh"][:keys]), rng.choice([None, *range(6)]), rng.randrange(-8, 9) / 2]
                       for _ in range(rng.randrange(6) if busy else rng.randrange(10) // 9)])
    return result


def processing_windows(rng):
    grids = [(1, 1, 0), (2, 1, 0), (5, 1, 0), (13, 1, 0), (4, 2, 0), (6, 4, 0), (5, 5, 0), (2, 5, 0), (7, 3, 1), (9, 6, 4), (12, 3, 2)]
    for size, slide, offset in grids:
        batches = random_batches(rng, 40, 6)
        table, fired = [], []
        for time in range(1, len(batches) + 1):
            next_firing = time + (offset - time) % slide
            if time > next_firing - size:
                for key, _, _ in batches[time - 1]:
                    if key not in table:
                        table.append(key)
            if (time - offset) % slide:
                continue
            rows = [row for when in range(max(1, time - size + 1), time + 1) for row in batches[when - 1]]
            table = [key for key in table if any(row[0] == key for row in rows)]
            fired.append([{"k": key, **aggregated([(n, m) for k, n, m in rows if k == key])} for key in table])
        window = {"size": f"{size}s", "slide": f"{slide}s", "offset": f"{offset}s"}
        yield case(f"window-{size}-{slide}-{offset}", {"s": {"type": "inline", "schema": {"k": "string", "n": "bigint", "m": "double"}, "batches": []}},
                   {"w": {"type": "reduce_by_key", "input": "s", "key": "k", "aggregate": SPEC, "window": window}}, {"s": batches}, {"w": fired}, batches=len(batches))


def shuffled(rng, rows, spread):
    """The rows in an order of arrival that no row leaves by more than `spread` seconds, cut into batches."""
    order = sorted(rows, key=lambda row: row[0] + rng.uniform(0, spread))
    batches = []
    while order:
        cut = rng.randrange(1, 7)
        batches.append(order[:cut])
        order = order[cut:]
    return batches


def event_windows(rng):
    """Whatever the order of arrival within the delay, every window closes with the same values."""
    for size, slide in [(10, 10), (10, 5), (12, 3), (7, 4), (3, 8), (30, 1)]:
        rows = [(rng.randrange(120), rng.choice("abc"), rng.randrange(6), rng.randrange(-8, 9) / 2) for _ in range(60)]
        batches = shuffled(rng, rows, 15)
        end = max(row[0] for row in rows) + 100
        arrived = [(when, key, n, m) for batch in batches for when, key, n, m in batch]
        values = []
        names = {name: SPEC[name] for name in ("rows", "total", "least", "most", "kinds", "halves", "middle", "high")}
        for number in range(-size // slide - 1, 120 // slide + 1):
            start = number * slide
            for key in "abc":
                inside = [(n, m) for when, k, n, m in arrived if k == key and start <= when < start + size]
                if inside:
                    made = aggregated(inside)
                    values.append({"k": key, **{name: made[name] for name in names}, "window_start": at(start), "window_end": at(start + size)})
        given = [[[key, n, m, at(when)] for when, key, n, m in batch] for batch in batches] + [[["z", 0, 0.0, at(end)]]]
        # What closed in any batch, gathered: a state that keeps every row it saw gives them all in the end.
        yield case(f"event-{size}-{slide}",
                   {"s": {"type": "inline", "schema": {"k": "string", "n": "bigint", "m": "double", "at": "timestamp"}, "batches": [], "event_time": {"field": "at", "delay": "16s"}}},
                   {"w": {"type": "reduce_by_key", "input": "s", "key": "k", "aggregate": names, "window": {"size": f"{size}s", "slide": f"{slide}s", "time": "event"}},
                    "closed": {"type": "window", "input": "w", "size": "1000s"},
                    "late": {"type": "count", "input": "w.late", "window": {"size": "1000s"}}},
                   {"s": given},
                   {"closed": [None] * (len(given) - 1) + [values], "late": [None] * (len(given) - 1) + [[{"count": 0}]]})


def sessions(rng):
    for gap in (3, 8, 20):
        rows = [(rng.randrange(150), rng.choice("abc"), rng.randrange(6)) for _ in range(40)]
        batches = shuffled(rng, rows, 15)
        values = []
        for key in "abc":
            times = sorted((when, n) for when, k, n in rows if k == key)
            while times:
                part = [times.pop(0)]
                while times and times[0][0] < part[-1][0] + gap:
                    part.append(times.pop(0))
                values.append({"k": key, "rows": len(part), "total": sum(n for _, n in part), "window_start": at(part[0][0]), "window_end": at(part[-1][0] + gap)})
        given = [[[key, n, at(when)] for when, key, n in batch] for batch in batches] + [[["z", 0, at(400)]]]
        yield case(f"sessions-{gap}",
                   {"s": {"type": "inline", "schema": {"k": "string", "n": "bigint", "at": "timestamp"}, "batches": [], "event_time": {"field": "at", "delay": "16s"}}},
                   {"w": {"type": "reduce_by_key", "input": "s", "key": "k", "aggregate": {"rows": "count(*)", "total": "sum(n)"}, "window": {"type": "session", "gap": f"{gap}s", "time": "event"}},
                    "closed": {"type": "window", "input": "w", "size": "1000s"}},
                   {"s": given}, {"closed": [None] * (len(given) - 1) + [values]})


# ---- joins


def joined(how, left, right):
    """By two loops: rows are (key, value)."""
    result, used = [], set()
    for key, x in left:
        matches = [i for i, (other, _) in enumerate(right) if key is not None and other == key]
        used.update(matches)
        if how == "left_semi":
            result += [[key, x]] if matches else []
        elif how == "left_anti":
            result += [] if matches else [[key, x]]
        else:
            result += [[key, x, right[i][1]] for i in matches]
            if not matches and how in ("left_outer", "full_outer"):
                result.append([key, x, None])
    if how in ("right_outer", "full_outer"):
        result += [[key, None, y] for i, (key, y) in enumerate(right) if i not in used]
    return result


def pairs(rng, batches):
    return [[[rng.choice([None, *"abcd"]), rng.randrange(100)] for _ in range(rng.randrange(5))] for _ in range(batches)]


def in_window(batches, time, size):
    return [row for when in range(max(1, time - size + 1), time + 1) for row in batches[when - 1]]


def joins(rng):
    sources = {"a": {"type": "inline", "schema": {"k": "string", "x": "bigint"}, "batches": []}, "b": {"type": "inline", "schema": {"k": "string", "y": "bigint"}, "batches": []}}
    for how in ("inner", "left_outer", "right_outer", "full_outer", "left_semi", "left_anti"):
        a, b, rows = pairs(rng, 12), pairs(rng, 12), pairs(rng, 1)[0] + [["a", 1], [None, 2], ["a", 3]]
        transforms, expect = {}, {}

        def add(name, left, right, sides):
            transforms[name] = {"type": "join", "how": how, "input": {"left": left, "right": right}, "key": "k"}
            expect[name] = [joined(how, *sides(time)) for time in range(1, 13)]

        def side(name, size):
            return {"from": name, "window": {"size": f"{size}s"}}

        add("plain", "a", "b", lambda t: (a[t - 1], b[t - 1]))
        add("both", side("a", 3), side("b", 5), lambda t: (in_window(a, t, 3), in_window(b, t, 5)))
        add("left_side", side("a", 4), "b", lambda t: (in_window(a, t, 4), b[t - 1]))
        add("right_side", "a", side("b", 2), lambda t: (a[t - 1], in_window(b, t, 2)))
        add("right_table", "a", "d", lambda t: (a[t - 1], rows))
        add("window_table", side("a", 2), "d", lambda t: (in_window(a, t, 2), rows))
        # A window beside a batch or a far shorter one, by names and by a key that is computed.
        add("far_left", side("a", 9), "b", lambda t: (in_window(a, t, 9), b[t - 1]))
        add("far_right", side("a", 2), side("b", 8), lambda t: (in_window(a, t, 2), in_window(b, t, 8)))
        columns = {"k": "left.k", "x": "x"} if how in ("left_semi", "left_anti") else {"k": "coalesce(left.k, right.k)", "x": "x", "y": "y"}
        transforms["computed"] = {"type": "join", "how": how, "input": {"left": "a", "right": side("b", 8)}, "on": "left.k || 'x' = right.k || 'x'", "select": columns}
        expect["computed"] = [joined(how, a[t - 1], in_window(b, t, 8)) for t in range(1, 13)]
        yield case(f"join-{how.replace('_', '-')}", sources, transforms, {"a": a, "b": b}, expect,
                   datasets={"d": {"type": "inline", "schema": {"k": "string", "z": "bigint"}, "rows": rows}}, batches=12)


def within_joins(rng):
    for span in (0, 3, 12):
        a = [(rng.randrange(80), rng.choice([None, *"abc"]), i) for i in range(30)]
        b = [(rng.randrange(80), rng.choice([None, *"abc"]), 100 + i) for i in range(30)]
        batches_a, batches_b = shuffled(rng, a, 10), shuffled(rng, b, 10)
        count = max(len(batches_a), len(batches_b)) + 1
        found = [[x, y] for s, k, x in a for t, l, y in b if k is not None and k == l and abs(s - t) <= span]
        single = [[x] for s, k, x in a if not any(k is not None and k == l and abs(s - t) <= span for t, l, _ in b)]
        end = [[[None, -1, at(500)]]]
        fill = lambda batches: [[[k, v, at(s)] for s, k, v in batch] for batch in batches] + [[] for _ in range(count - 1 - len(batches))] + end
        sources = {name: {"type": "inline", "schema": {"k": "string", value: "bigint", time: "timestamp"}, "batches": [], "event_time": {"field": time, "delay": "11s"}}
                   for name, value, time in (("a", "x", "s"), ("b", "y", "t"))}
        join = {"type": "join", "input": {"left": "a", "right": "b"}, "key": "k", "within": f"{span}s"}
        yield case(f"within-{span}", sources,
                   {"inner": {**join, "how": "inner", "select": {"x": "x", "y": "y"}}, "pairs": {"type": "window", "input": "inner", "size": "1000s"},
                    "anti": {**join, "how": "left_anti", "select": {"x": "x"}}, "alone": {"type": "window", "input": "anti", "size": "1000s"}},
                   {"a": fill(batches_a), "b": fill(batches_b)},
                   {"pairs": [None] * (count - 1) + [found], "alone": [None] * (count - 1) + [single]})


def run(binary, cases, ordered, folder):
    """Expected batches that are None are not looked at: the test says what is in the last one, which gathers all."""
    for each in cases:
        test = each["tests"][0]
        test["ordered"] = ordered
        if not ordered:
            # Only the last batch counts: the job keeps all that came in a window of 1000 s and shows it when a marker of the test is there.
            last = max(len(batches) for batches in test["expect"].values())
            for node in list(test["expect"]):
                gathered = f"{node}_at_the_end"
                each["job"]["transforms"][gathered] = {"type": "filter", "input": node, "where": f"unix_millis(batch.time) = {last * 1000}"}
                each["job"]["sinks"][f"out_{gathered}"] = {"type": "discard", "input": gathered}
                test["expect"][gathered] = [[] if batch is None else batch for batch in test["expect"].pop(node)]
    path = pathlib.Path(folder) / ("ordered.yaml" if ordered else "gathered.yaml")
    path.write_text("cases:\n" + "".join(f"- {json.dumps(each)}\n" for each in cases))
    return subprocess.run([binary, "test", str(path), "--all-modes"], timeout=600).returncode


def main():
    binary = str(pathlib.Path(sys.argv[1]).resolve())
    seed = int(sys.argv[sys.argv.index("--seed") + 1]) if "--seed" in sys.argv else 7
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        in_order = run(binary, [*processing_windows(rng), *joins(rng)], True, folder)
        gathered = run(binary, [*event_windows(rng), *sessions(rng), *within_joins(rng)], False, folder)
    sys.exit(in_order or gathered)


if __name__ == "__main__":
    main()
