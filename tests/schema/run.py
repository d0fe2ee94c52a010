#!/usr/bin/env python3
"""The JSON Schema of job files: sound itself (draft-07), and of one mind with the check. usage: run.py BINARY [-v]

Whatever the check accepts the schema accepts: samples, conformance, job tests, golden diagnostics that only warn. What the check refuses
for its shape alone (codes in SHAPE) the schema refuses too, in a file with no other code.
"""
import json
import os
import pathlib
import re
import subprocess
import sys

import jsonschema
import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BINARY = str(pathlib.Path(sys.argv[1]).resolve())
VERBOSE = "-v" in sys.argv

# Unknown sections, options and types, missing ones, values of the wrong kind: what an editor can show while typing.
SHAPE = {"SR2001", "SR2002", "SR2003", "SR2005", "SR2006", "SR2007", "SR2009", "SR2101", "SR2107"}
# Beyond a schema: whether one option stands in for another, or a value's neighbours.
BEYOND = {"SR2107-enums.yaml"}


class Loader(yaml.SafeLoader):
    """YAML 1.2's core schema: `yes` and `010` are text."""


Loader.yaml_implicit_resolvers = {}
Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(?:~|null|)$"), ["~", "n", ""])
Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))
Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^(?:0|-?[1-9][0-9]*)$"), list("-0123456789"))
Loader.add_implicit_resolver("tag:yaml.org,2002:float", re.compile(r"^-?[0-9]+\.[0-9]+(?:[eE][-+]?[0-9]+)?$"), list("-0123456789"))
Loader.add_implicit_resolver("tag:yaml.org,2002:merge", re.compile(r"^<<$"), ["<"])


def codes(path):
    """Codes of the errors that the check reports."""
    p = subprocess.run([BINARY, path.name, "--dry-run", "--format", "json"], cwd=path.parent, env={"PATH": os.environ["PATH"]},
                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
    found = [json.loads(line) for line in p.stdout.decode().splitlines() if line.startswith("{")]
    return {d["code"] for d in found if d.get("severity") == "error"}


def jobs_of(path):
    """The jobs in a file: the file itself, or those of its `cases`."""
    document = yaml.load(path.read_text(encoding="utf-8"), Loader)
    if isinstance(document, dict) and "cases" in document:
        return [(case.get("name", ""), case["job"], bool([t for t in case.get("tests", []) if "expect_error" in t]))
                for case in document["cases"] if isinstance(case.get("job"), dict)]
    return [("", document, False)]


def main():
    schema = json.loads(subprocess.run([BINARY, "schema"], stdout=subprocess.PIPE, check=True).stdout)
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    failures, accepted, refused = [], 0, 0

    def must_accept(path, name, job):
        error = jsonschema.exceptions.best_match(validator.iter_errors(job))
        if error is not None:
            at = "/".join(str(x) for x in error.absolute_path)
            failures.append(f"{path.relative_to(ROOT)} {name}: refused at `{at}`: {error.message[:300]}")

    good = [*ROOT.glob("samples/*/job.yaml"), *ROOT.glob("tests/conformance/good/*.yaml")]
    for path in sorted(good):
        must_accept(path, "", jobs_of(path)[0][1])
        accepted += 1
    for path in sorted([*ROOT.glob("tests/jobs/*.yaml"), *ROOT.glob("tests/conformance/*.yaml")]):
        for name, job, fails in jobs_of(path):
            if fails:  # such a job need not pass the check
                continue
            must_accept(path, name, job)
            accepted += 1
    for path in sorted([*ROOT.glob("tests/diagnostics/*.yaml"), *ROOT.glob("tests/conformance/bad/*.yaml")]):
        found = codes(path)
        try:
            job = yaml.load(path.read_bytes(), Loader)
        except yaml.YAMLError:
            continue
        if not found and "# args:" not in path.read_text(encoding="utf-8", errors="replace"):
            must_accept(path, "", job)
            accepted += 1
        elif found and found <= SHAPE and path.name not in BEYOND and isinstance(job, dict):
            refused += 1
            if validator.is_valid(job):
                failures.append(f"{path.relative_to(ROOT)}: accepted, but the check finds {', '.join(sorted(found))}")
    print("\n".join(failures) if failures or VERBOSE else "", end="\n" if failures else "")
    print(f"{accepted} jobs accepted, {refused} refused as the check does, {len(failures)} differences")
    sys.exit(1 if failures or accepted < 50 or refused < 5 else 0)


if __name__ == "__main__":
    main()
