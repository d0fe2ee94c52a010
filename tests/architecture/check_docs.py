#!/usr/bin/env python3
"""Fails on a relative link in a Markdown file that leads nowhere, and on a job in README or docs that the program refuses.

usage: check_docs.py links | examples PROGRAM
A block that opens with ```yaml and has a `version:` key is a job. ```yaml invalid shows a wrong one on purpose.
"""
import pathlib
import re
import subprocess
import sys
import tempfile
import urllib.parse

from cpp_source import ROOT, read, tracked


def anchors(text):
    """The anchors of a page's headings, as the usual forges make them."""
    found, seen = set(), {}
    for heading in re.findall(r"^#{1,6}\s+(.+?)\s*#*$", without_code(text), re.M):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "")
        anchor = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
        count = seen.get(anchor, 0)
        seen[anchor] = count + 1
        found.add(anchor if count == 0 else f"{anchor}-{count}")
    found.update(re.findall(r'<a (?:id|name)="([^"]+)"', text))
    return found


def without_code(text):
    return re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)


def check_links():
    problems, count = [], 0
    for path in tracked("*.md"):
        text = read(path)
        visible = re.sub(r"`[^`\n]*`", "", without_code(text))
        for target in re.findall(r"(?<!\\)\[[^\]]*\]\(\s*<?([^)\s>]+)", visible):
            if re.match(r"[a-z][a-z0-9+.-]*:", target):
                continue
            count += 1
            name, _, anchor = urllib.parse.unquote(target).partition("#")
            place = (ROOT / path).parent / name if name else ROOT / path
            if not place.exists():
                problems.append(f"{path}: link to `{target}`, which is not there")
            elif anchor and place.suffix == ".md" and anchor not in anchors(place.read_text(encoding="utf-8")):
                problems.append(f"{path}: link to `{target}`, whose heading is not there")
    return problems, f"{count} links lead somewhere"


def yaml_blocks(text):
    for match in re.finditer(r"^([ ]*)```yaml[ ]*\n(.*?)^\1```", text, re.M | re.S):
        block = re.sub(r"^" + match.group(1), "", match.group(2), flags=re.M)
        if re.search(r"^version:", block, re.M):
            yield text.count("\n", 0, match.start()) + 1, block


def check_examples(program):
    problems, count = [], 0
    for path in tracked("README.md", "docs/*.md", "samples/*.md", "CONTRIBUTING.md"):
        if path.startswith("docs/errors/"):  # these show jobs that are wrong; tests/diagnostics has them whole
            continue
        for line, block in yaml_blocks(read(path)):
            count += 1
            with tempfile.TemporaryDirectory() as folder:
                job = pathlib.Path(folder) / "job.yaml"
                job.write_text(block, encoding="utf-8")
                run = subprocess.run([program, str(job), "--dry-run"], cwd=ROOT, capture_output=True, text=True, timeout=60)
            if run.returncode != 0:
                problems.append(f"{path}:{line}: the job of this block is refused:\n{run.stderr or run.stdout}")
    return problems, f"{count} jobs of the documentation are accepted"


def main():
    if len(sys.argv) == 2 and sys.argv[1] == "links":
        problems, summary = check_links()
    elif len(sys.argv) == 3 and sys.argv[1] == "examples":
        problems, summary = check_examples(sys.argv[2])
    else:
        print(__doc__, file=sys.stderr)
        return 2
    print("\n".join(problems) if problems else summary)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
