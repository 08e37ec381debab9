"""Check the size of the program against `docs/size.md`, in tokens, which no formatter changes.

Tokens of docstrings, comments, imports, line ends and commas do not count. usage: python
scripts/check_size.py [--write]

`--write` lowers each limit that is higher than the room. Lines of other languages are reported,
too, so that code which was only moved is seen.
"""

import ast
import io
import re
import subprocess
import sys
import tokenize
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

PAGE = Path("docs/size.md")
PATTERNS = ("*.py", "*.ts", "*.json", "*.yaml", ":!tests/*.json", ":!frontend/tests")
PROGRAM = (
    "custom_components/smarty_p1/lib",
    "custom_components/smarty_p1",
    "smarty_p1_cli",
    "smarty_p1_fleet",
    "smarty_p1_gateway",
)
ROOMS = (*PROGRAM, "dev", "scripts", "tests")
CELLS, MAX_ROW = 3, 4000
MAX_TESTS = 1.7
"""Tokens of tests for each token of the program."""
_SKIPPED = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}
_LIMIT = re.compile(r"^\| (`[^|]+`) \| (\d+) \|$", re.MULTILINE)
_ROW = re.compile(r"^\| (`[^|`]+`) \| (.+) \| (\d+) \|$", re.MULTILINE)
_QUOTED = re.compile(r"`([^`]+)`")


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


def is_gone(name: str) -> bool:
    """Return whether no file of the program, and no path, has `name`."""
    command = ["git", "grep", "-qwF", name, "--", *ROOMS[:-1]]
    return not Path(name).exists() and subprocess.run(command, check=False).returncode == 1  # noqa: S603


def wrong_row(cells: Sequence[str], tokens: int) -> Iterator[str]:
    """Yield the faults of a row with these cells between its room and its tokens."""
    if len(cells) != CELLS:
        yield "it needs a sentence, what it replaced, and a test"
        return
    replaced = _QUOTED.findall(cells[1])
    if not replaced or not all(map(is_gone, replaced)):
        yield "name a file, class or function that it replaced, and that is gone"
    if tokens > MAX_ROW or not Path(cells[2].strip("`").partition("::")[0]).is_file():
        yield f"at most {MAX_ROW} tokens, and a test that exists"


def main() -> int:
    """Print the size and the limit of each room. Return 1 if a room is too large."""
    page, totals, faults = PAGE.read_text("utf-8"), sizes(), list[str]()
    limits = {rooms: int(limit) for rooms, limit in _LIMIT.findall(page)}
    used = {rooms: sum(totals[room] for room in _QUOTED.findall(rooms)) for rooms in limits}
    lower = {rooms: min(limit, used[rooms]) for rooms, limit in limits.items()}
    for room, text, tokens in _ROW.findall(page):
        limits[room] += int(tokens)
        faults += [f"row {text!r}: {fault}" for fault in wrong_row(text.split(" | "), int(tokens))]
    for rooms, limit in limits.items():
        print(f"{rooms}: {used[rooms]} tokens of at most {limit}")
        faults += [f"{rooms} is too large"] * (used[rooms] > limit)
    program, tests = sum(totals[room] for room in PROGRAM), totals["tests"]
    print(f"program: {program}; tests: {tests}, {tests / program:.3f} for a token of program")
    if tests > MAX_TESTS * program:
        faults.append(f"at most {MAX_TESTS} tokens of tests for a token of program")
    print("lines:", {name: totals[name] for name in totals if name[0] == "."}, *faults, sep="\n")
    if "--write" in sys.argv:
        PAGE.write_text(_LIMIT.sub(lambda row: f"| {row[1]} | {lower[row[1]]} |", page), "utf-8")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
