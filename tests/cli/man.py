#!/usr/bin/env python3
"""The manual page against the command: every verb and option that `--help` shows is described, and nothing else is. usage: man.py BINARY"""
import pathlib
import re
import subprocess
import sys

BINARY = str(pathlib.Path(sys.argv[1]).resolve())
PAGE = pathlib.Path(__file__).resolve().parent.parent.parent / "docs" / "man" / "streamrun.1"


def help_of(*verb):
    return subprocess.run([BINARY, *verb, "--help"], stdout=subprocess.PIPE, check=True).stdout.decode()


def main():
    page = PAGE.read_text()
    plain = re.sub(r"\\f.|\\\|", "", page.replace("\\-", "-"))
    top = help_of()
    verbs = re.findall(r"(?m)^  ([a-z]+) ", top.split("Subcommands:")[1])
    known = set()
    for text in [top, *[help_of(verb) for verb in verbs]]:
        known |= set(re.findall(r"(?m)^  (?:-\w,\s*)?(--[a-z-]+)", text.replace(",--", ", --")))
    wrong = [f"`{verb}` has no entry" for verb in verbs if not re.search(rf"(?m)^\.(?:B|BI) {verb}\b", plain)]
    described = set(re.findall(r"(?m)^\.B[RI]? (?:-\w , |-\w \", \" |-\w, )?\"?(--[a-z-]+)", plain.replace('" ", " "', ", ")))
    described |= set(re.findall(r"(?m)^\.BR -\w \", \" (--[a-z-]+)", plain))
    wrong += [f"`{option}` is not described" for option in sorted(known - described)]
    wrong += [f"`{option}` is no option" for option in sorted(described - known)]
    print("\n".join(wrong))
    print(f"{len(verbs)} verbs and {len(known)} options, {len(wrong)} differences")
    sys.exit(1 if wrong or len(verbs) < 10 or len(known) < 15 else 0)


if __name__ == "__main__":
    main()
