"""Reads C++ well enough for the architecture checks: files, includes, code without comments and texts, functions with their sizes.

Entry points: sources(), strip(), functions(). It is no parser: it follows braces and looks at what stands before them.
"""
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]


def tracked(*patterns):
    """The files under version control, also new ones, that match; as paths relative to the root."""
    out = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", *patterns], cwd=ROOT, check=True, capture_output=True, text=True)
    return [path for path in out.stdout.splitlines() if (ROOT / path).is_file()]


def sources():
    return [path for path in tracked("*.h", "*.cc") if path.split("/")[0] in ("engine", "specs", "operators", "cli", "tests", "bench")]


def read(path):
    return (ROOT / path).read_text(encoding="utf-8")


TOKEN = re.compile(r'R"([^()\s\\]*)\(.*?\)\1"|//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])*\'', re.S)


def strip(text):
    """The code with comments and the insides of texts blanked out, line by line the same."""
    def blank(match):
        found = match.group(0)
        kept = '""' if found[0] in 'R"' else "''" if found[0] == "'" else ""
        return kept + "\n" * found.count("\n")
    return TOKEN.sub(blank, text)


KEYWORDS = {"if", "for", "while", "switch", "catch", "do", "else", "try", "return"}
LIBRARY_TYPE = re.compile(r"\((uv_|rd_kafka_|sqlite3|struct MHD_)\w+\s*\*")
TYPE = re.compile(r"\b(class|struct|union|enum)\b[^()=]*$")


class Function:
    """`callback`: a C library has fixed its parameters."""

    def __init__(self, name, line, lines, parameters, callback):
        self.name, self.line, self.lines, self.parameters, self.callback = name, line, lines, parameters, callback


def _parameter_count(text):
    """Counts the parameters between the parentheses at the start of `text`."""
    depth, commas, packs, empty = 0, 0, 0, True
    for i, c in enumerate(text):
        if depth == 1 and text.startswith("...", i):
            packs += 1  # a pack is as long as the caller wants
        if c in "([{" or (c == "<" and text[i - 1] not in " <=-"):
            depth += 1
        elif c in ")]}" or (c == ">" and text[i - 1] not in " ->="):
            depth -= 1
            if depth == 0 and c == ")":
                return 0 if empty else commas + 1 - packs
        elif c == "," and depth == 1:
            commas += 1
        if depth >= 1 and c not in "( \n":
            empty = False
    return 0


def _heading(head):
    """Name and parameters of the function whose heading ends with `head`; None if it is no function."""
    head = re.sub(r"^\s*(#[^\n]*\n\s*)*", "", head)
    head = re.sub(r"\b(public|private|protected)\s*:", "", head)
    head = re.sub(r"__attribute__\s*\(\(.*?\)\)\s*", "", head)
    head = re.sub(r"template\s*<[^{]*?>\s*(requires\s[^{]*?\s)?(?=[A-Za-z\[])", "", head, count=1)
    match = re.search(r"(operator\s*\(\)|operator\s*[^\s\w(]+|~?[A-Za-z_]\w*)\s*\(", head)
    if not match or "=" in head[:match.start()].replace("==", "") or match.group(1) in KEYWORDS:
        return None
    return match.group(1), _parameter_count(head[match.end() - 1:])


def functions(text):
    """The functions defined at file, namespace or class level."""
    code = strip(text)
    found, stack, start = [], [], 0
    for match in re.finditer(r"[{};]", code):
        at, c = match.start(), match.group(0)
        if c == "{":
            head = code[start:at]
            kind = "other"
            if not any(entry[0] in ("function", "other") for entry in stack):
                if re.search(r"\bnamespace\b[^()]*$", head) or re.search(r'extern\s*""\s*$', head):
                    kind = "scope"
                elif TYPE.search(head):
                    kind = "scope"
                elif _heading(head):
                    # `{` of a member's initialiser list is followed by `,` or `{`, a body is not.
                    kind = "function" if not _is_initialiser(code, at, head) else "other"
            stack.append((kind, at, head, start))
            if kind != "other":
                start = at + 1
        elif c == "}":
            if not stack:
                continue
            kind, begin, head, head_start = stack.pop()
            if kind == "function":
                name, parameters = _heading(head)
                line = code.count("\n", 0, begin) + 1
                found.append(Function(name, line, code.count("\n", begin, at) + 1, parameters, bool(LIBRARY_TYPE.search(head))))
            if kind != "other":
                start = at + 1
        elif not any(entry[0] == "other" for entry in stack):
            start = at + 1
    return found


def _is_initialiser(code, at, head):
    if ":" not in head.rsplit(")", 1)[-1] and not re.search(r"[:,]\s*[\w:<>]+\s*$", head):
        return False
    return bool(re.search(r"[\w>]\s*$", head)) and not re.search(r"\b(const|noexcept|override|final|mutable)\s*$", head)
