#!/usr/bin/env python3
"""JSON and CSV against Python's own modules, in seeded rounds: what Python writes is read alike, what the job writes Python reads alike.
usage: formats.py BINARY [SEED]"""
import csv
import io
import json
import pathlib
import random
import subprocess
import sys
import tempfile

BINARY = str(pathlib.Path(sys.argv[1]).resolve())
SEED = int(sys.argv[2]) if len(sys.argv) > 2 else 20240229
ROWS = 400
SCHEMA = {"id": "bigint", "name": "string", "ratio": "double", "on": "boolean", "tags": "array<string>",
          "place": "struct<city: string, at: array<bigint>>", "counts": "map<string, bigint>"}
LETTERS = "abcXYZ 019_,;:'\"\\/\t{}[]<>&äöüß€😀\u0000\u001f\u007f\u2028"


def text(rng, letters=LETTERS):
    return "".join(rng.choice(letters) for _ in range(rng.randrange(0, 12)))


def maybe(rng, value):
    return None if rng.random() < 0.15 else value


def number(rng):
    return rng.choice([0.0, -0.0, 1e300, -2.5e-300, 5e-324, 0.1, 1 / 3, rng.uniform(-1e6, 1e6), float(rng.randrange(-1000, 1000)), 1.7976931348623157e308])


def objects(rng):
    return [{"id": maybe(rng, rng.choice([0, -1, 2**63 - 1, -2**63, rng.randrange(-10**6, 10**6)])), "name": maybe(rng, text(rng)),
             "ratio": maybe(rng, number(rng)), "on": maybe(rng, rng.random() < 0.5),
             "tags": maybe(rng, [maybe(rng, text(rng)) for _ in range(rng.randrange(0, 4))]),
             "place": maybe(rng, {"city": maybe(rng, text(rng)), "at": [rng.randrange(-9, 9) for _ in range(rng.randrange(0, 3))]}),
             "counts": maybe(rng, {text(rng, "abcäö \"\\") + str(k): maybe(rng, rng.randrange(100)) for k in range(rng.randrange(0, 3))})}
            for _ in range(ROWS)]


def run(folder, source, sink, transforms=None):
    job = {"version": 1, "name": "formats", "batch": {"interval": "1s"}, "sources": {"rows": {"type": "file", **source}},
           "transforms": transforms or {}, "sinks": {"out": {"type": "files", "input": "rows", "path": "out", **sink}}}
    (folder / "job.yaml").write_text(json.dumps(job))
    done = subprocess.run([BINARY, "job.yaml", "-q"], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
    if done.returncode != 0:
        sys.exit(done.stderr.decode())
    return b"".join(path.read_bytes() for path in sorted((folder / "out").iterdir()) if path.name[0] not in "._").decode()


def written(rng, value):
    """One of the ways in which the same object can be written."""
    line = json.dumps(value, ensure_ascii=rng.random() < 0.5, separators=rng.choice([(",", ":"), (", ", ": "), (" , ", " :\t")]))
    return rng.choice(["", " ", "\t"]) + line + rng.choice(["", " ", "\r"])


def check_json(rng, folder, failures):
    wanted = objects(rng)
    (folder / "in.json").write_bytes(("\n".join(written(rng, value) for value in wanted)).encode())
    came = [json.loads(line) for line in run(folder, {"path": "in.json", "format": "json", "schema": SCHEMA}, {"format": "json"}).split("\n") if line]
    compare("json", wanted, came, failures)


def check_csv(rng, folder, failures, dialect):
    letters = "abcXYZ 019_,;:'\"|\\äöü€😀"
    rows = [[str(rng.randrange(-99, 99)), text(rng, letters), maybe(rng, text(rng, letters)), repr(rng.uniform(-9, 9))] for _ in range(ROWS)]
    out = io.StringIO()
    for row in rows:  # Python writes NULL like the empty text: an empty text gets quotes here
        line = io.StringIO()
        csv.writer(line, lineterminator="", quoting=rng.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]), **dialect).writerow(["\x00" if c is None else c for c in row])
        quote = dialect["quotechar"]
        whole = line.getvalue().replace(f"{quote}\x00{quote}", "").replace("\x00", "")
        out.write(whole + rng.choice(["\n", "\r\n"]))
    schema = {"n": "bigint", "s": "string", "t": "string", "x": "double"}
    (folder / "in.csv").write_bytes(out.getvalue().encode())
    options = {"delimiter": dialect["delimiter"], "quote": dialect["quotechar"]}
    came = run(folder, {"path": "in.csv", "format": "csv", "schema": schema, **options}, {"format": "csv", **options})
    back = list(csv.reader(io.StringIO(came), **dialect))
    compare("csv header", [list(schema)], back[:1], failures)
    # In the file minimal quoting leaves an empty text bare, which is NULL; Python reads both as ''.
    wanted = [[row[0], row[1], row[2] or "", float(row[3])] for row in rows]
    compare("csv", wanted, [[*row[:3], float(row[3])] for row in back[1:]], failures)


def compare(what, wanted, came, failures):
    if len(wanted) != len(came):
        failures.append(f"{what}: {len(came)} rows instead of {len(wanted)}")
    for at, (left, right) in enumerate(zip(wanted, came)):
        if left != right or json.dumps(left, sort_keys=True) != json.dumps(right, sort_keys=True):
            failures.append(f"{what} row {at}: {right!r} instead of {left!r}")


def main():
    rng = random.Random(SEED)
    failures = []
    with tempfile.TemporaryDirectory() as base:
        rounds = [check_json, *[lambda r, f, e, d=d, q=q: check_csv(r, f, e, {"delimiter": d, "quotechar": q}) for d, q in ((",", '"'), (";", "'"), ("\t", '"'))]]
        for at, check in enumerate(rounds):
            folder = pathlib.Path(base) / str(at)
            folder.mkdir()
            check(rng, folder, failures)
    print("\n".join(failures[:20]))
    print(f"{len(rounds)} files of {ROWS} rows there and back: {len(failures)} differ")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
