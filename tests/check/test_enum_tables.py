"""A table over an enumeration has all its members, or a comment that says why it has only these.

A member that is added later would silently get the default of the others.
"""

import ast
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from dev.checkout import ROOT

REASON = "# Only these: "
_BASES = {"Enum", "IntEnum", "StrEnum"}


def sources() -> Mapping[str, str]:
    """Return the source of each module of the programs, by its path."""
    command = ["git", "ls-files", "custom_components/*.py", "*smarty_p1_*/*.py"]
    files = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout
    return {file: (ROOT / file).read_text("utf-8") for file in files.split() if _is_file(file)}


def _is_file(name: str) -> bool:
    return not Path(ROOT / name).is_symlink()


def incomplete(modules: Mapping[str, str]) -> Iterator[str]:
    """Yield place, enumeration and missing members of each table without a reason."""
    trees = {path: ast.parse(text) for path, text in modules.items()}
    enums = dict(enum for tree in trees.values() for enum in _enums(tree))
    for path, tree in trees.items():
        lines = modules[path].splitlines()
        for table, members in _tables(tree):
            # The reason is above the table or in it.
            around = "\n".join(lines[max(0, table.lineno - 4) : table.end_lineno])
            for name in sorted({name for name, _ in members}.intersection(enums)):
                missing = enums[name] - {member for of, member in members if of == name}
                if missing and REASON not in around:
                    yield f"{path}:{table.lineno}: {name}: {', '.join(sorted(missing))}"


def _enums(tree: ast.Module) -> Iterator[tuple[str, frozenset[str]]]:
    for node in ast.walk(tree):
        match node:
            case ast.ClassDef(name, [ast.Name(base)]) if base in _BASES:
                names = [of.targets[0] for of in node.body if isinstance(of, ast.Assign)]
                yield name, frozenset(of.id for of in names if isinstance(of, ast.Name))


type _Members = list[tuple[str, str]]


def _tables(tree: ast.Module) -> Iterator[tuple[ast.expr | ast.stmt, _Members]]:
    """Yield each constant, `{…}[key]`, `{…}.get(key)` and `match` over members, with them."""
    for node in ast.walk(tree):
        match node:
            case ast.Module(body) | ast.ClassDef(body=body):
                values = (getattr(of, "value", None) for of in body)
                tables = [of for of in values if isinstance(of, ast.Dict)]
            case ast.Subscript(ast.Dict() as table) | ast.Attribute(ast.Dict() as table, "get"):
                tables = [table]
            case ast.Match(cases=cases):
                patterns = [part for case in cases for part in ast.walk(case.pattern)]
                shown = [part.value for part in patterns if isinstance(part, ast.MatchValue)]
                yield node, [*_members(shown)]
                continue
            case _:
                continue
        for table in tables:
            if len(members := [*_members(table.keys)]) > 1:
                yield table, members


def _members(nodes: Sequence[ast.expr | None]) -> Iterator[tuple[str, str]]:
    for node in nodes:
        match node:
            case ast.Attribute(ast.Name(enum), member):
                yield enum, member


def test_each_table_over_an_enumeration_is_complete_or_says_why_not() -> None:
    assert [*incomplete(sources())] == []


_ENUM = "class Kind(StrEnum):\n    A = 'a'\n    B = 'b'\n    C = 'c'\n"


@pytest.mark.parametrize(
    ("table", "missing"),
    [
        ("T = {Kind.A: 1, Kind.B: 2}", "Kind: C"),
        ("T = {Kind.A: 1, Kind.B: 2, Kind.C: 3}", ""),
        (f"{REASON}a reason\nT = {{Kind.A: 1, Kind.B: 2}}", ""),
        ("def f(x):\n    return {Kind.C: 1, Kind.B: 2}.get(x, 3)", "Kind: A"),
        (
            "match x:\n    case Kind.A | Kind.B:\n        y = 1\n    case _:\n        y = 2",
            "Kind: C",
        ),
        ("T = {Other.A: 1, Other.B: 2}", ""),
    ],
)
def test_a_member_without_a_value_is_found(table: str, missing: str) -> None:
    found = [*incomplete({"a.py": _ENUM + "\n\n\n\n" + table})]
    assert [line.partition(" ")[2] for line in found] == [missing] * bool(missing)
