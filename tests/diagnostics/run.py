#!/usr/bin/env python3
"""Golden text of every diagnostic: each NAME.yaml is checked with --dry-run in this folder, without any variable in the environment, and what
comes on stderr must equal NAME.txt. Every code that `streamrun list codes` names needs a case and a page in docs/errors. A first line `# args: …` adds options.

usage: run.py BINARY [--update] [--only TEXT]
"""
import pathlib
import subprocess
import sys

# Codes that no file of a sensible size shows in a dry run, and where they are tested instead.
ELSEWHERE = {
    "SR1001": "tests/unit/specs: a file of more than 1 MiB",
    "SR1033": "tests/unit/specs: `${file:}` is read only when a job runs",
    "SR1034": "tests/unit/specs: variables of a megabyte",
    "SR1056": "tests/unit/specs: more fragments than a job may include",
}

HERE = pathlib.Path(__file__).resolve().parent
PAGES = HERE.parent.parent / "docs" / "errors"


def check(binary, case):
    first = case.read_bytes().split(b"\n", 1)[0].decode("latin-1")
    more = first.removeprefix("# args:").split() if first.startswith("# args:") else []
    run = subprocess.run([binary, case.name, "--dry-run", "--color", "never", *more], cwd=HERE, env={"PATH": "/usr/bin:/bin"},
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
    return run.stderr.decode("utf-8", "replace")


def main():
    binary = str(pathlib.Path(sys.argv[1]).resolve())
    update = "--update" in sys.argv
    only = sys.argv[sys.argv.index("--only") + 1] if "--only" in sys.argv else ""
    passed = failed = 0
    seen = ""
    for case in sorted(HERE.glob("SR*.yaml")):
        golden = case.with_suffix(".txt")
        if only not in case.name or (not golden.exists() and not update):
            continue
        came = check(binary, case)
        if update:
            golden.write_text(came)
        seen += golden.read_text()
        if came == golden.read_text():
            passed += 1
            continue
        failed += 1
        print(f"FAIL {case.name}\n--- expected\n{golden.read_text()}--- came\n{came}")
    listed = subprocess.run([binary, "list", "codes"], stdout=subprocess.PIPE, check=True).stdout.decode()
    for line in listed.splitlines():
        code = line.split()[0]
        shown = f"[{code}]" in seen or code in ELSEWHERE
        if not only and (not shown or not (PAGES / f"{code}.md").exists()):
            failed += 1
            print(f"FAIL {code}: it needs a case here and a page docs/errors/{code}.md")
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
