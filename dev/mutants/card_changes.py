"""Changes of the cards' TypeScript, found by the look of a line: there is no parser for Python."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from .change import Change, Place, Places, without_twins

FOLDER = "frontend/src"
_PAIRS = [
    ("comparison", " < ", " >= "),
    ("comparison", " > ", " <= "),
    ("comparison", " === ", " !== "),
    ("comparison", " !== ", " === "),
    ("comparison", " && ", " || "),
    ("comparison", " || ", " && "),
    ("bound", " < ", " <= "),
    ("bound", " > ", " >= "),
    ("bound", " <= ", " < "),
    ("bound", " >= ", " > "),
    ("sign", " + ", " - "),
    ("sign", " - ", " + "),
    ("sign", " * ", " / "),
    ("sign", " / ", " * "),
    ("constant", "true", "false"),
    ("constant", "false", "true"),
    ("dropped", " ?? ", " && "),
    ("dropped", "!", ""),
]
_NUMBER = re.compile(r"(?<![\w.$#])\d+(?:\.\d+)?(?![\w.])")
_IF = re.compile(r"\bif \((.*)\)(?: \{| return\b.*;| continue;| break;)$")
_CALL = re.compile(r"\s+(?:await |void )?(?:this\.)?[a-z]\w*(?:[?.#]+\w+)*\(.*\);")
_SCOPE = re.compile(
    r"(?:export )?(?:default )?(?:async )?function\*? (\w+)"
    r"|(?:export )?(?:abstract )?class (\w+)|(?:export )?const (\w+)"
    r"|  (?:static |private |protected |override |async |get |set |readonly |#)*(\w+)\(.*\{$"
)
_TYPES = re.compile(r"\s*(?:import|export \*|export \{|(?:export )?(?:type|interface|declare)\b)")
# What is not code: comments, strings, regular expressions with a plain look, texts of templates.
_PLAIN = re.compile(
    r"""//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|(?<=[(,=:] )/[^/\n ]+/[a-z]*""",
    re.DOTALL,
)


def _end_of_template(source: str, at: int, spaces: list[tuple[int, int]], *, style: bool) -> int:
    """Append the texts of the template after the backquote before `at`. Return the index behind."""
    begin = at
    while at < len(source) and source[at] != "`":
        if source[at] == "\\":
            at += 2
        elif source.startswith("${", at):
            spaces.append((begin, at))
            at = begin = _end_of_code(source, at + 2, spaces, "}")
            if style:
                spaces.append((spaces[-1][1], at))
        else:
            at += 1
    spaces.append((begin, at))
    return at + 1


def _end_of_code(source: str, at: int, spaces: list[tuple[int, int]], end: str = "") -> int:
    """Append what is not code, up to the `end` of a part. Return the index behind the part."""
    depth = 0
    while at < len(source):
        if plain := _PLAIN.match(source, at):
            spaces.append(plain.span())
            at = plain.end()
        elif source[at] == "`":
            at = _end_of_template(source, at + 1, spaces, style=source.endswith("css", 0, at))
        elif source[at] == end and depth == 0:
            return at + 1
        else:
            depth += {"{": 1, "}": -1}.get(source[at], 0)
            at += 1
    return at


def code_of(source: str) -> str:
    """Return `source` with a NUL for each character that is not code. Lines stay lines."""
    spaces = list[tuple[int, int]]()
    _end_of_code(source, 0, spaces)
    code = list(source)
    for begin, end in spaces:
        code[begin:end] = ["\n" if sign == "\n" else "\0" for sign in source[begin:end]]
    return "".join(code)


def _changes(line: str, code: str) -> Iterator[tuple[str, str]]:
    """Yield the kind and the text of each change of `line`, whose code is `code`."""
    for kind, old, new in _PAIRS:
        at = code.find(old)
        while at >= 0:
            if old != "!" or re.match(r"![\w(]", code[at:]):
                yield kind, line[:at] + new + line[at + len(old) :]
            at = code.find(old, at + 1)
    for number in _NUMBER.finditer(code):
        value = float(number[0]) if "." in number[0] else int(number[0])
        for kind, text in (("constant", value * 2 + 1), ("bound", value + 1), ("bound", value - 1)):
            yield kind, f"{line[: number.start()]}{text}{line[number.end() :]}"
    if condition := _IF.search(code):
        yield "dropped", f"{line[: condition.start(1)]}false{line[condition.end(1) :]}"
    if _CALL.fullmatch(code):
        yield "dropped", ";"


def card_changes(root: Path) -> Places:
    """Return all changes of the cards in `root`."""
    found = list[tuple[Change, Place]]()
    for path in sorted((root / FOLDER).rglob("*.ts")):
        source, file, scope = path.read_text(encoding="utf-8"), str(path.relative_to(root)), ""
        pairs = zip(source.split("\n"), code_of(source).split("\n"), strict=True)
        for number, (line, code) in enumerate(pairs, 1):
            if begin := _SCOPE.match(line):
                scope = next(filter(None, begin.groups()))
            if not _TYPES.match(line):
                for kind, new in _changes(line, code):
                    change = Change(file, scope, kind, line.strip(), new.strip())
                    found.append((change, Place(source, number)))
    return without_twins(found)


def is_a_change(root: Path, change: Change, place: Place) -> bool:
    """Return whether the changed file is valid TypeScript, and does something else."""
    built = [_built(root, text) for text in (place.source, place.changed(change))]
    return None not in built and built[0] != built[1]


def _built(root: Path, source: str) -> str | None:
    esbuild = root / "frontend/node_modules/.bin/esbuild"
    done = subprocess.run(  # noqa: S603
        [esbuild, "--loader=ts", "--minify-syntax"],
        input=source,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout if done.returncode == 0 else None
