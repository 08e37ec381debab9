"""Sizes of a tree of files: tokens, characters, words and complex functions of each room.

Tokens do not change with the format of the code: those of comments, docstrings, imports, line ends
and commas do not count. A string is one token, so a table in a string shows in the characters.
"""

import ast
import io
import re
import tokenize
import tomllib
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import PurePath

from radon.complexity import cc_visit

type Files = Mapping[str, bytes]
"""Contents of the files of a tree, by their paths."""

ROOMS = {
    "stored drawings": ("tests/cards/drawn/",),
    "texts": ("custom_components/smarty_p1/translations/", "frontend/src/texts/"),
    "built cards": ("custom_components/smarty_p1/frontend/",),
    "library": ("custom_components/smarty_p1/lib/",),
    "integration": ("custom_components/smarty_p1/",),
    "command": ("smarty_p1_cli/", "programs/smarty_p1_cli/"),
    "gateway": ("smarty_p1_gateway/", "programs/smarty_p1_gateway/"),
    "fleet": ("smarty_p1_fleet/", "programs/smarty_p1_fleet/"),
    "cards": ("frontend/src/",),
    "tests": ("tests/", "programs/tests/", "frontend/tests/"),
    "pages": ("docs/", "programs/docs/", "README.md", "programs/README.md", "CONTRIBUTING.md"),
    "locks": ("requirements", "programs/requirements", "frontend/package-lock.json"),
    "tools": ("dev/", "scripts/", "programs/dev/", "programs/scripts/", "frontend/"),
    "other": ("",),
}
"""Places of each room, before and after a move. A file is in the first room that fits."""
PROGRAM = ("library", "integration", "command", "gateway", "fleet")
MAX_COMPLEXITY = 10
MAX_MODULES = 20
_SKIPPED = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}
_SCRIPTS = {".ts", ".js", ".mjs"}
# An import of TypeScript, but no call of `import`.
_IMPORT = re.compile(r"""^import\b(?!\s*[(.])[^;"']*["'][^"']*["']""", re.MULTILINE)
_TOKEN = re.compile(
    r"""(?P<skipped>\s+|//[^\n]*|/\*.*?\*/|[,;])"""
    r"""|\.?\d[\w.]*|[\w$@\#]+|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'"""
    r"""|\.\.\.|=>|[=!]==?|[<>]=|\*\*|\?\.|\?\?=?|&&=?|\|\|=?|\+\+|--|[-+*/%&|^]=|.""",
    re.DOTALL,
)
_PATTERN = re.compile(r"/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\[\n])+/\w*")
_TEMPLATE = re.compile(r"[`}](?:\\.|\$(?!\{)|[^\\`$])*(?P<end>`|\$\{)", re.DOTALL)
# Behind a value, a slash divides. Elsewhere it begins a pattern.
_VALUE = re.compile(r"""(?!(?:return|typeof|case|of|in)$).*[\w$)\]}`"']""", re.DOTALL)


def room_of(path: str) -> str:
    """Return the room of a file."""
    return next(room for room, places in ROOMS.items() if path.startswith(places))


def python_tokens(source: str) -> int:
    """Return the number of tokens of a Python module."""
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


def typescript_tokens(source: str) -> int:
    """Return the number of tokens of a TypeScript or JavaScript module.

    The text of a template between two expressions is one token.
    """
    source = _IMPORT.sub("", source)
    number, position, last = 0, 0, ""
    # Open braces in each template that is around the position.
    braces = list[int]()
    while position < len(source):
        token = None
        if source[position] == "`" or (source[position] == "}" and braces[-1:] == [0]):
            token = _TEMPLATE.match(source, position)
            if source[position] == "}":
                braces.pop()
            if token and token["end"] == "${":
                braces.append(0)
        elif source[position] == "/" and not _VALUE.fullmatch(last):
            token = _PATTERN.match(source, position)
        token = token or _TOKEN.match(source, position)
        assert token  # noqa: S101 - the last sign of `_TOKEN` fits each
        position = token.end()
        if token.re is _TOKEN and token["skipped"]:
            continue
        if braces and token[0] in ("{", "}"):
            braces[-1] += 1 if token[0] == "{" else -1
        number, last = number + 1, token[0]
    return number


@cache
def _sizes(room: str, suffix: str, content: bytes) -> Counter[str]:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:  # a picture
        return Counter({"bytes": len(content)})
    sizes = Counter({"bytes": len(content), "characters": len(text)})
    if suffix == ".py":
        with suppress(SyntaxError):  # ruff tells its place
            sizes["Python"] = python_tokens(text)
            if room in PROGRAM:
                blocks = (block for block in cc_visit(text) if block.letter != "C")  # no class
                sizes["complex"] = sum(block.complexity > MAX_COMPLEXITY for block in blocks)
    elif suffix in _SCRIPTS and room != "built cards":
        sizes["TypeScript"] = typescript_tokens(text)
    elif suffix == ".md" and room == "pages":
        sizes["words"] = len(text.split())
    return sizes


def sizes_of_rooms(files: Files) -> dict[str, Counter[str]]:
    """Return the sizes of each room, by their names."""
    rooms = {room: Counter[str]() for room in ROOMS}
    for path, content in files.items():
        room = room_of(path)
        rooms[room].update(_sizes(room, PurePath(path).suffix, content))
    return rooms


def _front_modules(files: Files) -> int:
    """Return the number of modules that a workshop shows to the workshops above it."""
    project = tomllib.loads(files.get("pyproject.toml", b"").decode("utf-8"))
    shops = project.get("tool", {}).get("workshops", {}).values()
    return sum(len(names) for shop in shops for names in shop.get("front", {}).values())


def _crowded_folders(files: Files) -> int:
    """Return the number of folders with more than MAX_MODULES modules, without those of tests."""
    paths = (PurePath(path) for path in files if room_of(path) not in ("tests", "built cards"))
    modules = Counter(path.parent for path in paths if path.suffix in {".py", ".ts"})
    return sum(count > MAX_MODULES for count in modules.values())


def figures(files: Files) -> dict[str, float]:
    """Return the ten figures of a tree, by their names."""
    rooms = sizes_of_rooms(files)
    program = sum((rooms[name] for name in PROGRAM), Counter[str]())
    tokens = program["Python"] + rooms["cards"]["TypeScript"]
    tests = rooms["tests"]["Python"] + rooms["tests"]["TypeScript"]
    return {
        "program: tokens of Python": program["Python"],
        "cards: tokens of TypeScript": rooms["cards"]["TypeScript"],
        "program and cards: characters": program["characters"] + rooms["cards"]["characters"],
        "texts: characters": rooms["texts"]["characters"],
        "tests: tokens for a token of program and cards": tests / tokens if tokens else 0.0,
        "pages: words": rooms["pages"]["words"],
        f"program: functions above complexity {MAX_COMPLEXITY}": program["complex"],
        "fronts of workshops: modules": _front_modules(files),
        f"folders with more than {MAX_MODULES} modules": _crowded_folders(files),
        "built cards: bytes": rooms["built cards"]["bytes"],
    }
