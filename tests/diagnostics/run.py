#!/usr/bin/env python3
"""Golden text of every diagnostic: each NAME.yaml is checked with --dry-run in this folder, without any variable in the environment, and what
comes on stderr must equal NAME.txt. Every code that `streamrun list codes` names needs a case and a page in docs/errors.

usage: run.py BINARY [--update] [--only TEXT]
"""
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
PAGES = HERE.parent.parent / "docs" / "errors"


def check(binary, case):
    run = subprocess.run([binary, case.name, "--dry-run", "--color", "never"], cwd=HERE, env={"PATH": "/usr/bin:/bin"},
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
        if not only and (f"[{code}]" not in seen or not (PAGES / f"{code}.md").exists()):
            failed += 1
            print(f"FAIL {code}: it needs a case here and a page docs/errors/{code}.md")
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
