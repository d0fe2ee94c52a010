#!/usr/bin/env python3
"""Specs of up to a megabyte that are made to take long: each is answered, with the right code, in bounded time and memory.
usage: hostile.py BINARY"""
import pathlib
import re
import resource
import subprocess
import sys
import tempfile
import time

BINARY = str(pathlib.Path(sys.argv[1]).resolve())
TIMEOUT = 60  # seconds; each takes less than one in the release build
HEAD = "version: 1\nname: x\nbatch: {interval: 1s}\n"
SOURCE = HEAD + "sources:\n  a: {type: inline, schema: {v: bigint}, batches: []}\n"
SINK = "sinks:\n  o: {type: discard, input: m}\n"


def mapped(columns):
    return SOURCE + "transforms:\n  m:\n    type: map\n    input: a\n    set:\n" + columns + SINK


def chain(count, last, node):
    lines = "".join(f"  m{i}: {node(i)}\n" for i in range(1, count))
    return SOURCE + "transforms:\n  m0: {type: filter, input: a, where: v > 1}\n" + lines + f"sinks:\n  o: {{type: discard, input: {last}}}\n"


def query(text):
    return SOURCE + f'transforms:\n  m: {{type: sql, input: [a], query: "{text}"}}\n' + SINK


def macros(count, body):
    lines = "".join(f'  f{i}: {{params: {{x: bigint}}, expr: "{body(i)}"}}\n' for i in range(1, count))
    return (HEAD + 'functions:\n  f0: {params: {x: bigint}, expr: "x + 1"}\n' + lines +
            SOURCE.removeprefix(HEAD) + f"transforms:\n  m: {{type: map, input: a, set: {{y: f{count - 1}(v)}}}}\n" + SINK)


# Name: text, and the code of the error that is expected; None where the spec is right.
SPECS = {
    "macros_that_double": (macros(40, lambda i: f"f{i - 1}(x) + f{i - 1}(x)"), "SR3005"),
    "macros_in_a_long_chain": (macros(15000, lambda i: f"f{i - 1}(x)"), "SR3005"),
    "many_columns": (mapped("".join(f"      c{i}: v+{i}\n" for i in range(22000))), None),
    "many_wrong_columns": (mapped("".join(f"      c{i}: w{i}+{i}\n" for i in range(22000))), "SR3010"),
    "many_nodes": (chain(14000, "m13999", lambda i: f"{{type: filter, input: m{i - 1}, where: v > 1}}"), None),
    "many_unknown_inputs": (chain(14000, "m13999", lambda i: f"{{type: filter, input: mm{i - 1}, where: v > 1}}"), "SR4001"),
    "inputs_that_double": (chain(60, "m59", lambda i: f"{{type: union, input: [m{i - 1}, m{i - 1}]}}"), None),
    "a_long_expression": (mapped("      y: '" + "v+" * 400000 + "v'\n"), "SR3005"),
    "a_deep_expression": (mapped("      y: '" + "(" * 400000 + "v'\n"), "SR3005"),
    "a_deep_type": (SOURCE.replace("v: bigint", "v: '" + "array<" * 100000 + "bigint" + ">" * 100000 + "'") +
                    "sinks:\n  o: {type: discard, input: a}\n", "SR2110"),
    "a_wide_schema": (SOURCE.replace("v: bigint", ", ".join(f"c{i}: bigint" for i in range(40000))) +
                      "sinks:\n  o: {type: discard, input: a}\n", None),
    "brackets": (HEAD + "x: " + "[" * 300000 + "]" * 300000 + "\n", "SR1018"),
    "aliases_that_multiply": ("a: &a [1,1,1,1,1,1,1,1,1]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(20)), "SR1019"),
    "a_query_with_many_columns": (query("SELECT " + ",".join(f"v AS c{i}" for i in range(60000)) + " FROM a"), None),
    "a_query_with_many_wrong_columns": (query("SELECT " + ",".join(f"w{i} AS c{i}" for i in range(60000)) + " FROM a"), "SR3010"),
    "a_deep_query": (query("SELECT v FROM (" * 20000 + "SELECT v FROM a" + ")t" * 20000), "SR4600"),
    "a_query_of_many_parts": (query(" UNION ALL ".join(["SELECT v FROM a"] * 20000)), None),
    "joins_that_double": (query("WITH t0 AS (SELECT v FROM a)" + "".join(
        f", t{i} AS (SELECT x.v FROM t{i - 1} x JOIN t{i - 1} y ON x.v=y.v)" for i in range(1, 40)) + " SELECT v FROM t39"), None),
}


def main():
    passed = failed = 0
    slowest = (0.0, "")
    with tempfile.TemporaryDirectory() as folder:
        for name, (text, code) in SPECS.items():
            path = pathlib.Path(folder) / "job.yaml"
            path.write_text(text)
            began = time.monotonic()
            try:
                p = subprocess.run([BINARY, str(path), "--dry-run", "--format", "short"], capture_output=True, timeout=TIMEOUT)
                found = set(re.findall(r"SR\d{4}", p.stderr.decode() + p.stdout.decode().split("\n\n")[0])) if p.returncode else set()
                ok = p.returncode == (1 if code else 0) and (code in found if code else True)
                why = f"exit {p.returncode}, {sorted(found)}, expected {code}"
            except subprocess.TimeoutExpired:
                ok, why = False, f"no answer in {TIMEOUT} s"
            slowest = max(slowest, (time.monotonic() - began, name))
            passed, failed = passed + ok, failed + (not ok)
            print(f"ok     {name}" if ok else f"FAILED {name}: {why}")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"slowest: {slowest[1]}, {slowest[0]:.2f} s; largest: {peak:.0f} MB")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
