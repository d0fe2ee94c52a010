#!/usr/bin/env python3
"""Rows per second of every function and aggregate of the registry, on one core, by family.

usage: bench/functions.py [--rows N] [--only TEXT] [--core N] [--exe FILE]
The calls are the registry's own examples: the first argument (of an aggregate its columns) becomes a column of a generated
stream, the others stay constants. A run without the call is taken off. A function of less than a tenth of its family's
median is marked `slow`, unless SLOW_FOR_A_REASON says why; then the exit code is 1.
"""
import argparse
import collections
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
FACTOR = 10
MOST = 200e6  # rows a second; beyond this the difference of two runs says nothing
# What does more work than its family by its nature.
SLOW_FOR_A_REASON = {
    "cbrt": "a series of the math library",
    "listagg": "a text per group is built",
    "md5": "64 rounds a block, one after the other",
    "round": "a double is rounded by its shortest decimal form",
    "sha1": "80 rounds a block, one after the other",
    "str_to_map": "a map of texts is built for each row",
    "string_agg": "a text per group is built",
    "try_divide": "the example divides by zero, so that each row takes the way of an error",
    "try_mod": "the example divides by zero, so that each row takes the way of an error",
}
# Which argument is the column where it is not the first, which is a pattern or a unit.
COLUMN = {"format_string": 1, "printf": 1, "concat_ws": 1, "date_part": 1, "date_trunc": 1, "locate": 1, "position": 1}
QUOTE = "'"
NUMBER, TRUTH, TEXT = "row % 1000", "row % 3 = 0", "concat('row ', cast(row as string))"
TIME = "timestamp_seconds(row)"
# What is no plain call of a column in its example, or not with one: the column `x` and the call.
BY_HAND = {
    "coalesce(v, …)": (NUMBER, "coalesce(x, 7)"), "isnull(v)": (NUMBER, "isnull(x)"), "nvl(v, v)": (NUMBER, "nvl(x, 7)"),
    "nvl2(v, v1, v2)": (NUMBER, "nvl2(x, 1, 2)"), "extract(field from t)": (TIME, "extract(hour from x)"),
    "timestampadd(unit, n, t)": (TIME, "timestampadd(hour, 5, x)"),
    "timestampdiff(unit, start, end)": (TIME, "timestampdiff(hour, x, timestamp '2024-01-01 00:00:00')"),
    "unbase64(s)": ("base64(cast(row as string))", "unbase64(x)"), "unhex(s)": ("hex(row)", "unhex(x)"),
    "map(k, v, …)": (NUMBER, "map('a', x, 'b', 2)"), "named_struct(name, v, …)": (NUMBER, "named_struct('a', x, 'b', 2)"),
    "b and b": (TRUTH, "x and key > 50"), "b or b": (TRUTH, "x or key > 50"), "not b": (TRUTH, "not x"),
    "b is false": (TRUTH, "x is false"), "b is true": (TRUTH, "x is true"), "~a": (NUMBER, "~x"),
    "a between x and y": (NUMBER, "x between 100 and 500"), "a in (v, …)": (NUMBER, "x in (3, 5, 8)"),
    "s ilike pattern [escape 'c']": (TEXT, "x ilike '%9_'"), "s like pattern [escape 'c']": (TEXT, "x like '%9_'"),
    **{f"a {sign} b": (NUMBER, f"x {sign} {'7' if sign in ('%', '/', 'div') else 'key'}")
       for sign in ("%", "&", "*", "+", "-", "/", "<", "<=", "<=>", "<>", "=", ">", ">=", "^", "|", "div")},
}


def split_call(example):
    """The name and the argument texts of the call that an example begins with; None where it is no plain call."""
    match = re.match(r"([a-z_0-9]+)\(", example)
    if not match:
        return None
    args, depth, text, quoted = [], 0, "", False
    for at in range(match.end(), len(example)):
        char = example[at]
        if char == QUOTE:
            quoted = not quoted
        elif not quoted and char in "([":
            depth += 1
        elif not quoted and char == ")" and depth == 0:
            return match[1], [a.strip() for a in args + [text] if a.strip()], example[at + 1:]
        elif not quoted and char in ")]":
            depth -= 1
        elif not quoted and char == "," and depth == 0:
            args.append(text)
            text = ""
            continue
        text += char
    return None


def quoted(text):
    return QUOTE + text.replace(QUOTE, QUOTE * 2) + QUOTE


def table(exe):
    """The registry's reference: (family, name, example)."""
    text = subprocess.run([exe, "describe", "functions", "--format", "markdown"], stdout=subprocess.PIPE, check=True).stdout.decode()
    family = ""
    for line in text.splitlines():
        if line.startswith("## "):
            family = line[3:].strip()
        elif match := re.match(r"\| `(.+?)` \| .* \| (.+?) \|$", line):
            yield family, match[1], match[2].strip("`").replace("\\|", "|")


def function_job(example):
    call = split_call(example)
    if not call or not call[1] or re.match(r"[a-z]+$", call[1][0]) or " from " in call[1][0]:
        return None
    name, args, rest = call
    path = re.match(r"(\[[^\]]*\]|\.[a-z_]+)*", rest)[0]
    at = min(COLUMN.get(name, 0), len(args) - 1)
    return {"x": args[at]}, f"{name}({', '.join([*args[:at], 'x', *args[at + 1:]])}){path}"


def aggregate_job(example):
    match = re.match(r"(.+?) over (.+) gives ", example)
    if not match:
        return None
    columns = {}
    for part in match[2].split("; "):
        name, _, values = part.partition(": ")
        columns[name] = f"element_at(array({values}), row % {len(values.split(', '))} + 1)"
    return columns, match[1]


def write_job(path, rows, columns, call, keyed):
    generated = {c: f"if(row % 1000 = 999, null, {e})" for c, e in columns.items()}
    lines = ["version: 1", "name: bench-function", "batch: {interval: 1s, trigger: available_now, workers: 1}", "sources:",
             "  rows:", "    type: generate", f"    rows: {rows}", "    columns:", "      key: row % 100"]
    lines += [f"      {name}: {quoted(e)}" for name, e in generated.items()]
    lines.append("transforms:")
    if keyed:
        call = call or "count(*)"
        lines.append(f"  call: {{type: reduce_by_key, input: rows, key: key, aggregate: {{value: {quoted(call)}}}}}")
    else:
        lines.append(f"  call: {{type: map, input: rows, select: {{value: {quoted(call or 'x')}}}}}")
    lines += ["sinks:", "  out: {type: discard, input: call}"]
    path.write_text("\n".join(lines) + "\n")


def seconds(exe, path, core):
    best = None
    for _ in range(2):
        start = time.monotonic()
        run = subprocess.run(["taskset", "-c", str(core), exe, str(path)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                             env={"PATH": os.environ["PATH"]})
        took = time.monotonic() - start
        if run.returncode != 0:
            return None, run.stderr.decode(errors="replace").splitlines()[:1]
        best = took if best is None else min(best, took)
    return best, None


def measure(exe, options, job, keyed):
    columns, call = job
    with tempfile.TemporaryDirectory() as folder:
        times = []
        for text in (None, call):
            path = pathlib.Path(folder) / "job.yaml"
            write_job(path, options.rows, columns, text, keyed)
            took, problem = seconds(exe, path, options.core)
            if took is None:
                return None, problem
            times.append(took)
    return min(options.rows / max(times[1] - times[0], 1e-9), MOST), None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--only", default="", help="only functions or families whose name contains this")
    parser.add_argument("--core", type=int, default=0)
    parser.add_argument("--exe", default=str(ROOT / "build/streamrun"))
    options = parser.parse_args()
    families, left_out = collections.defaultdict(dict), []
    for family, signature, example in table(options.exe):
        if options.only not in family and options.only not in signature:
            continue
        keyed = family == "aggregates"
        by_hand = BY_HAND.get(signature.replace("\\|", "|"))
        job = ({"x": by_hand[0]}, by_hand[1]) if by_hand else aggregate_job(example) if keyed else function_job(example)
        if not job:
            left_out.append((signature, "no plain call"))
            continue
        speed, problem = measure(options.exe, options, job, keyed)
        if speed is None:
            left_out.append((signature, " ".join(problem)))
        else:
            families[family][job[1]] = speed
    slow = 0
    for family, speeds in families.items():
        median = statistics.median(speeds.values())
        print(f"{family}: median {median / 1e6:.1f} M rows/s")
        for call, speed in sorted(speeds.items(), key=lambda item: item[1]):
            mark = ""
            if speed * FACTOR < median:
                reason = SLOW_FOR_A_REASON.get(call.split("(")[0])
                mark = f"  ({reason})" if reason else "  slow"
                slow += reason is None
            print(f"  {speed / 1e6:9.2f}  {call}{mark}")
    for signature, why in left_out:
        print(f"not measured: {signature} ({why})")
    print(f"{sum(map(len, families.values()))} measured, {len(left_out)} not, {slow} slow")
    sys.exit(1 if slow else 0)


if __name__ == "__main__":
    main()
