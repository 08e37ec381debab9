"""Check the size of the program against `docs/size.md`, in tokens, which no formatter changes.

Tokens of docstrings, comments, imports, line ends and commas do not count. The limit of a room is
its base, its rows, and 1 % for mends. usage: python scripts/check_size.py [--write]

`--write` lowers each base that is higher than the room. Lines of other languages are reported, too,
so that code which was only moved is seen.
"""

import ast
import io
import re
import subprocess
import sys
import tokenize
from collections import Counter
from pathlib import Path

PAGE = Path("docs/size.md")
LIBRARY = "custom_components/smarty_p1/lib"
ROOMS = (
    LIBRARY,
    "custom_components/smarty_p1",
    "smarty_p1_cli",
    "smarty_p1_fleet",
    "smarty_p1_gateway",
    "dev",
    "scripts",
    "tests",
)
PATTERNS = ("*.py", "*.ts", "*.json", "*.yaml", ":!tests/*.json", ":!frontend/tests")
MAX_ROW = 4000
MENDS = 0.01
_SKIPPED = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}
_BASE = re.compile(r"^\| `([\w/]+)` \| (\d+) \|$", re.MULTILINE)
_ROW = re.compile(r"^\| `([\w/]+)` \| (.+) \| `(.+)` \| (\d+) \|$", re.MULTILINE)


def tokens_of(source: str) -> int:
    """Return the number of tokens of a module's code."""
    left_out = set[int]()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import() | ast.ImportFrom() | ast.Expr(value=ast.Constant(value=str())):
                left_out.update(range(node.lineno, (node.end_lineno or 0) + 1))
            case ast.Assign(targets=[ast.Name(id="__all__")]):
                left_out.update(range(node.lineno, (node.end_lineno or 0) + 1))
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return sum(
        token.type not in _SKIPPED and token.start[0] not in left_out and token.string != ","
        for token in tokens
    )


def sizes() -> Counter[str]:
    """Return the tokens of each room, and the lines of each other language by file suffix."""
    files = subprocess.check_output(["git", "ls-files", *PATTERNS], text=True)  # noqa: S603, S607
    totals = Counter[str]()
    for file in map(Path, files.split()):
        room = next((room for room in ROOMS if f"{file}".startswith(f"{room}/")), None)
        if file.is_symlink() or not file.is_file():
            continue
        if file.suffix != ".py":
            totals[file.suffix] += file.read_bytes().count(b"\n")
        elif room:
            totals[room] += tokens_of(file.read_text("utf-8"))
    return totals


def main() -> int:
    """Print the size and the limit of each room. Return 1 if a room is too large."""
    page, totals = PAGE.read_text("utf-8"), sizes()
    bases = {room: int(base) for room, base in _BASE.findall(page)}
    is_red = False
    for room, sentence, test, tokens in _ROW.findall(page):
        bases[room] += int(tokens)
        if int(tokens) > MAX_ROW or not Path(test.partition("::")[0]).is_file():
            print(f"row {sentence!r}: at most {MAX_ROW} tokens, and a test that exists")
            is_red = True
    for room in ROOMS[:-1]:  # tests have no limit
        limit = round(bases[room] * (1 + MENDS))
        print(f"{room}: {totals[room]} tokens of at most {limit}")
        is_red |= totals[room] > limit
    program = sum(totals[room] for room in ROOMS[: ROOMS.index("dev")])
    tests = totals["tests"]
    print(f"program: {program}; tests: {tests}, {tests / program:.2f} for a token of program")
    print("lines:", {name: totals[name] for name in totals if name[0] == "."})
    if "--write" in sys.argv:
        lower = {room: min(int(base), totals[room]) for room, base in _BASE.findall(page)}
        PAGE.write_text(_BASE.sub(lambda row: f"| `{row[1]}` | {lower[row[1]]} |", page), "utf-8")
    return int(is_red)


if __name__ == "__main__":
    sys.exit(main())
