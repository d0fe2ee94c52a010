#!/usr/bin/env python3
"""Fails on files, functions and parameter lists that are too long, names against the rules, a file without its opening comment,
and calls that must go through the seams (engine/base/env.h, engine/loop/event_loop.h)."""
import re
import sys

from cpp_source import functions, read, sources, strip

MAX_FILE_LINES = 500
MAX_FUNCTION_LINES = 70
MAX_PARAMETERS = 5  # the house aims at 4

SEAMS = re.compile(r"^(engine/base/(\w+_real|posix_error)\.|engine/loop/uv_|tests/|bench/)")
BANNED = [  # pattern, reason, further homes
    (r"(?<![\w.>:])time\s*\(\s*(nullptr|NULL|0|&)", "the clock is env.clock", None),
    (r"\b(clock_gettime|gettimeofday|timespec_get)\b", "the clock is env.clock", None),
    (r"_clock::now\b", "the clock is env.clock", None),
    (r"\b(sleep_for|sleep_until|usleep|nanosleep)\b", "waiting is a timer of the loop", None),
    (r"\b(fopen|ifstream|ofstream|fstream|freopen)\b|(?<![\w.>:])::?(open|openat|creat)\s*\(", "files are env.fs", None),
    (r"\bstd::filesystem::(?!path\b)", "files are env.fs (a path alone is only text)", None),
    (r"(?<![\w.>])::(socket|connect|bind|accept|recv|send)\s*\(", "sockets are engine/loop", None),
    (r"\b(s?rand|rand_r|random_device|mt19937(_64)?|drand48)\b\s*[({;]", "randomness is env.random", None),
    (r"\bstd::(thread|jthread|async)\b(?!::)", "threads are engine/loop/worker_pool.h", r"engine/loop/|engine/runtime/\w+_thread\.|operators/[a-z]+/"),
    (r"\bstd::regex\b|<regex>", "regular expressions are PCRE2 in engine/expr", None),
    (r"\bdynamic_cast\b", "a node is a variant that is visited", None),
    (r"^\s*friend\b", "nothing is a friend", None),
    (r"^\s*throw\b", "failures travel as Result and Status", None),
    (r"(?<![\w.>:])(system|popen)\s*\(", "programs are started by the loop", None),
    (r"\bLeaveOut\b", "only tests leave out a failpoint", r"engine/base/failpoint\."),
    (r"(\.|->)(sync_directory|datasync)\s*\(", "a sync names its failpoint: sync_names, sync_data",
     r"engine/base/|engine/durability/(folder|snapshot_files)\.cc"),
]
BAD_FILE_NAMES = re.compile(r"(^|[_/])(utils?|helpers?|managers?)([_./]|$)|(^|/)common[./]")
UNFINISHED = re.compile(r"(//|\*).*\b(TODO|FIXME|XXX|HACK)\b")


def file_problems(path, text):
    lines = text.splitlines()
    if len(lines) > MAX_FILE_LINES:
        yield 1, f"has {len(lines)} lines; at most {MAX_FILE_LINES}"
    if not re.fullmatch(r"[a-z0-9_/]+\.(h|cc)", path):
        yield 1, "is not named in snake_case"
    if BAD_FILE_NAMES.search(path):
        yield 1, "has a name that says nothing (utils, helpers, common, manager)"
    needs_comment = path.endswith(".h") or not (path[:-3] + ".h") in ALL
    if needs_comment and not text.startswith("//"):
        yield 1, "does not open with a comment that says what it is for"
    if path.endswith(".h") and "#pragma once" not in text:
        yield 1, "has no #pragma once"
    for number, line in enumerate(lines, 1):
        if UNFINISHED.search(line):
            yield number, "marks something unfinished"


def code_problems(path, code):
    for number, line in enumerate(code.splitlines(), 1):
        if not SEAMS.search(path):
            for pattern, reason, homes in BANNED:
                if re.search(pattern, line) and not (homes and re.match(homes, path)):
                    yield number, f"`{line.strip()[:60]}`: {reason}"
        for match in re.finditer(r"^\s*(?:class|struct|enum class|enum|union)\s+([A-Za-z_]\w*)\s*(?:final\s*)?[:{]", line):
            if not re.fullmatch(r"[A-Z][A-Za-z0-9]*", match.group(1)):
                yield number, f"type `{match.group(1)}` is not in PascalCase"
        match = re.match(r"(?:inline |static )*constexpr [\w:<>, ]+ (\w+)\s*(?:\[\w*\])?\s*[={]", line)
        if match and not re.match(r"k[A-Z0-9]", match.group(1)):
            yield number, f"constant `{match.group(1)}` is not named like kThis"


def function_problems(path, text):
    if path.startswith(("tests/", "bench/")):
        return
    for function in functions(text):
        if function.lines > MAX_FUNCTION_LINES:
            yield function.line, f"function `{function.name}` has {function.lines} lines; at most {MAX_FUNCTION_LINES}"
        if function.parameters > MAX_PARAMETERS and not function.callback:
            yield function.line, f"function `{function.name}` has {function.parameters} parameters; at most {MAX_PARAMETERS}, then a struct"
        name = function.name
        if not name.startswith(("~", "operator")) and not re.fullmatch(r"[a-z][a-z0-9_]*|[A-Z][A-Za-z0-9]*|SR_\w+|LLVM\w+|TEST_CASE", name):
            yield function.line, f"function `{name}` is not in snake_case"


def main():
    problems = []
    for path in sources():
        text = read(path)
        code = strip(text)
        for number, problem in [*file_problems(path, text), *code_problems(path, code), *function_problems(path, text)]:
            problems.append(f"{path}:{number}: {problem}")
    print("\n".join(problems) if problems else f"{len(ALL)} files keep to the style")
    return 1 if problems else 0


ALL = set(sources())

if __name__ == "__main__":
    sys.exit(main())
