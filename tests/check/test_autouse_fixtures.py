"""No test runs without a rule of the program unless it says so."""

import ast
import re
from collections.abc import Iterator

from dev.checkout import ROOT

PAGE = ROOT / "docs" / "developing" / "tests.md"
PROGRAM = ("custom_components", "smartyp1", "smarty_p1_cli", "smarty_p1_fleet", "smarty_p1_gateway")
_ROW = re.compile(r"^\| `((?:programs/)?tests/\S+)` \| `(\w+)` \| .+ \|$", re.MULTILINE)


def _is_of_program(name: str) -> bool:
    return name.partition(".")[0] in PROGRAM


def _is_autouse(decorator: ast.expr) -> bool:
    return isinstance(decorator, ast.Call) and any(
        keyword.arg == "autouse" for keyword in decorator.keywords
    )


def _uses_program(fixture: ast.AST, imported: set[str]) -> bool:
    """Return whether a fixture has a name or a path of the program, whatever it does with it."""
    return any(
        (isinstance(node, ast.Name) and node.id in imported)
        or (isinstance(node, ast.Constant) and _is_of_program(str(node.value)))
        for node in ast.walk(fixture)
    )


def _patches(fixture: ast.AST) -> bool:
    return any(
        isinstance(node, ast.Name | ast.arg)
        and getattr(node, "id", getattr(node, "arg", "")) in {"monkeypatch", "patch"}
        for node in ast.walk(fixture)
    )


def replacing_fixtures(text: str) -> Iterator[str]:
    """Yield the fixtures of a module that replace something of the program in all its tests."""
    if "autouse" not in text:
        return
    tree = ast.parse(text)
    imported = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and _is_of_program(node.module or "")
        for alias in node.names
    }
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            and any(map(_is_autouse, node.decorator_list))
            and _patches(node)
            and any(_uses_program(statement, imported) for statement in node.body)
        ):
            yield node.name


def test_fixtures_of_all_tests_that_replace_parts_of_the_program_are_listed() -> None:
    listed = set(_ROW.findall(PAGE.read_text("utf-8")))
    found = {
        (str(path.relative_to(ROOT)), name)
        for tests in ("tests", "programs/tests")
        for path in sorted((ROOT / tests).rglob("*.py"))
        for name in replacing_fixtures(path.read_text("utf-8"))
    }
    assert found == listed
