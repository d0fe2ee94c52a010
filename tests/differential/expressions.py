#!/usr/bin/env python3
"""Expressions against SQLite: seeded rows and expressions of the part where both agree (whole numbers, doubles, comparison and NULL logic,
texts of ASCII, `case`, `in`, `between`, aggregates by key). usage: expressions.py BINARY [SEED]"""
import json
import random
import sqlite3
import subprocess
import sys
import tempfile

BINARY = sys.argv[1]
SEED = int(sys.argv[2]) if len(sys.argv) > 2 else 20240229
ROWS, EXPRESSIONS = 60, 160
COLUMNS = {"a": "bigint", "b": "bigint", "x": "double", "s": "string", "t": "string"}


class Generator:
    """Expressions as pairs: for the job, and for SQLite."""

    def __init__(self, rng):
        self.rng = rng

    def pick(self, *choices):
        return self.rng.choice(choices)

    def whole(self, depth):
        if depth == 0:
            return self.pick(("a",) * 2, ("b",) * 2, *[(str(n),) * 2 for n in (0, 1, 2, 7, -3)])
        (l, m), (r, q) = self.whole(depth - 1), self.whole(depth - 1)
        (c, d), (s, u) = self.condition(depth - 1), self.text(depth - 1)
        k = str(self.rng.randrange(1, 9))
        return self.pick((f"({l} + {r})", f"({m} + {q})"), (f"({l} - {r})", f"({m} - {q})"), (f"({l} * {k})", f"({m} * {k})"),
                         (f"({l} div {k})", f"({m} / {k})"), (f"({l} % {k})", f"({m} % {k})"), (f"abs({l})", f"abs({m})"),
                         (f"(- {l})", f"(- {m})"), (f"({l} & {r})", f"({m} & {q})"), (f"({l} | {r})", f"({m} | {q})"),
                         (f"coalesce({l}, {r})", f"coalesce({m}, {q})"), (f"nullif({l}, {r})", f"nullif({m}, {q})"),
                         (f"if({c}, {l}, {r})", f"iif({d}, {m}, {q})"), (f"length({s})", f"length({u})"),
                         (f"instr({s}, 'a')", f"instr({u}, 'a')"), (f"cast(({l}) as string)::bigint", f"cast(cast({m} as text) as integer)"),
                         (f"case when {c} then {l} else {r} end", f"case when {d} then {m} else {q} end"))

    def double(self, depth):
        if depth == 0:
            return self.pick(("x", "x"), ("1.5e0", "1.5"), ("cast(a as double)", "cast(a as real)"))
        (l, m), (r, q) = self.double(depth - 1), self.double(depth - 1)
        return self.pick((f"({l} + {r})", f"({m} + {q})"), (f"({l} - {r})", f"({m} - {q})"), (f"({l} * 0.5e0)", f"({m} * 0.5)"),
                         (f"({l} / 4e0)", f"({m} / 4.0)"), (f"abs({l})", f"abs({m})"), (f"coalesce({l}, {r})", f"coalesce({m}, {q})"))

    def text(self, depth):
        if depth == 0:
            return self.pick(("s", "s"), ("t", "t"), ("'ab'", "'ab'"), ("''", "''"))
        (l, m), (r, q) = self.text(depth - 1), self.text(depth - 1)
        n, k = self.rng.randrange(1, 5), self.rng.randrange(0, 4)
        return self.pick((f"({l} || {r})", f"({m} || {q})"), (f"upper({l})", f"upper({m})"), (f"lower({l})", f"lower({m})"),
                         (f"trim({l})", f"trim({m})"), (f"ltrim({l})", f"ltrim({m})"), (f"rtrim({l})", f"rtrim({m})"),
                         (f"replace({l}, 'a', 'xy')", f"replace({m}, 'a', 'xy')"),
                         (f"substring({l}, {n}, {k})", f"substr({m}, {n}, {k})"), (f"coalesce({l}, {r})", f"coalesce({m}, {q})"),
                         (f"nullif({l}, {r})", f"nullif({m}, {q})"))

    def condition(self, depth):
        (l, m), (r, q) = self.whole(max(depth - 1, 0)), self.whole(max(depth - 1, 0))
        (s, u), (v, w) = self.text(max(depth - 1, 0)), self.text(max(depth - 1, 0))
        (x, y), (z, o) = self.double(max(depth - 1, 0)), self.double(max(depth - 1, 0))
        op = self.pick("=", "<", "<=", ">", ">=", "<>")
        base = self.pick((f"({l} {op} {r})", f"({m} {op} {q})"), (f"({s} {op} {v})", f"({u} {op} {w})"), (f"({x} {op} {z})", f"({y} {op} {o})"),
                         (f"({l} <=> {r})", f"({m} is {q})"), (f"({l} is null)", f"({m} is null)"), (f"({s} is not null)", f"({u} is not null)"),
                         (f"({l} between {r} and 5)", f"({m} between {q} and 5)"), (f"({l} in (1, 2, {r}))", f"({m} in (1, 2, {q}))"),
                         (f"({s} like '%a_%')", f"({u} like '%a_%')"), (f"({s} not like 'b%')", f"({u} not like 'b%')"))
        if depth == 0:
            return base
        c, d = self.condition(depth - 1)
        return self.pick(base, (f"({base[0]} and {c})", f"({base[1]} and {d})"), (f"({base[0]} or {c})", f"({base[1]} or {d})"),
                         (f"(not {c})", f"(not {d})"))

    def any(self):
        depth = self.rng.randrange(1, 4)
        return self.pick(self.whole, self.double, self.text, self.condition)(depth)


def rows_of(rng):
    def maybe(value):
        return None if rng.random() < 0.15 else value
    texts = ["", "a", "b", "ab", "Abc", "banana", " a ", "x%y", "B_a", "zz top"]
    return [[maybe(rng.randrange(-20, 21)), maybe(rng.randrange(-3, 4)), maybe(rng.randrange(-64, 65) / 8), maybe(rng.choice(texts)),
             maybe(rng.choice(texts))] for _ in range(ROWS)]


def job(rows, transform):
    text = json.dumps({
        "version": 1, "name": "differential", "batch": {"interval": "1s"},
        "sources": {"rows": {"type": "inline", "schema": COLUMNS, "batches": [rows]}},
        "transforms": {"out": {"input": "rows", **transform}},
        "sinks": {"shown": {"type": "print", "input": "out", "format": "json", "header": False, "limit": 1000000}}})
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(text)
        file.flush()
        run = subprocess.run([BINARY, file.name, "-q"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
    if run.returncode != 0:
        sys.exit(run.stderr.decode())
    return [json.loads(line) for line in run.stdout.decode().splitlines()]


def same(ours, theirs):
    if isinstance(ours, bool):
        return theirs is not None and int(ours) == theirs
    if isinstance(ours, float) and isinstance(theirs, (int, float)):
        return ours == theirs or abs(ours - theirs) <= 1e-12 * max(abs(ours), abs(theirs))
    return ours == theirs


def compare(what, ours, theirs, names, failures):
    if len(ours) != len(theirs):
        failures.append(f"{what}: {len(ours)} rows, SQLite has {len(theirs)}")
        return
    for at, (left, right) in enumerate(zip(ours, theirs)):
        for name, value in zip(names, right):
            if not same(left[name[0]], value):
                failures.append(f"{what} row {at}: {name[1]} gives {left[name[0]]!r}, SQLite {value!r}")


def main():
    rng = random.Random(SEED)
    rows = rows_of(rng)
    base = sqlite3.connect(":memory:")
    base.execute("pragma case_sensitive_like = on")
    base.execute("create table r (i integer, a integer, b integer, x real, s text, t text)")
    base.executemany("insert into r values (?, ?, ?, ?, ?, ?)", [[i, *row] for i, row in enumerate(rows)])
    generator = Generator(rng)
    pairs = [generator.any() for _ in range(EXPRESSIONS)]
    failures = []
    ours = job(rows, {"type": "map", "select": {f"c{i}": pair[0] for i, pair in enumerate(pairs)}})
    theirs = base.execute("select " + ", ".join(pair[1] for pair in pairs) + " from r order by i").fetchall()
    compare("map", ours, theirs, [(f"c{i}", pair[0]) for i, pair in enumerate(pairs)], failures)
    conditions = [generator.condition(2) for _ in range(20)]
    for mine, other in conditions:
        kept = job(rows, {"type": "filter", "where": mine})
        wanted = base.execute(f"select a, b, x, s, t from r where {other} order by i").fetchall()
        compare(f"where {mine}", kept, wanted, [(name, name) for name in COLUMNS], failures)
    aggregates = [("count(*)",) * 2, ("count(a)",) * 2, ("sum(a)",) * 2, ("avg(x)",) * 2, ("min(s)",) * 2, ("max(x)",) * 2,
                  ("count(distinct t)",) * 2, ("sum(x) / count(x)",) * 2, ("count_if(a > 0)", "sum(case when a > 0 then 1 else 0 end)")]
    ours = job(rows, {"type": "reduce_by_key", "key": "b", "aggregate": {f"c{i}": pair[0] for i, pair in enumerate(aggregates)}})
    theirs = base.execute("select " + ", ".join(pair[1] for pair in aggregates) + " from r group by b order by min(i)").fetchall()
    compare("by b", ours, theirs, [(f"c{i}", pair[0]) for i, pair in enumerate(aggregates)], failures)
    print("\n".join(failures[:20]))
    print(f"{len(pairs)} expressions, {len(conditions)} conditions and {len(aggregates)} aggregates over {ROWS} rows: {len(failures)} differ")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
