"""Changes of the program's Python."""

import ast
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from .change import Change, Place, Places, without_twins

FOLDERS = ("custom_components/smarty_p1", "smarty_p1_gateway", "smarty_p1_fleet", "smarty_p1_cli")
_TURNED = ["Lt-GtE", "Gt-LtE", "Eq-NotEq", "Is-IsNot", "In-NotIn", "And-Or"]
_PAIRS = [("comparison", pair) for pair in _TURNED] + [("bound", "Lt-LtE"), ("bound", "Gt-GtE")]
_PAIRS += [("sign", "Add-Sub"), ("sign", "Mult-Div")]
_LOGGED = {"cast", "critical", "debug", "error", "exception", "info", "log", "warning"}
_UNCHANGED_FIELDS = {"annotation", "decorator_list", "returns", "type_params"}


def nodes(node: ast.AST, scope: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each node below `node` with the function or name that it belongs to.

    Types, decorators and calls that only log are left out.
    """
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            scope += f".{node.name}" + "()" * (not isinstance(node, ast.ClassDef))
        case ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]):
            scope += "" if "()" in scope else f".{name}"
        case (
            ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name))
            | ast.Expr(value=ast.Call(func=ast.Attribute(attr=name)))
        ) if name in _LOGGED:
            return
    yield scope.lstrip("."), node
    for field, value in ast.iter_fields(node):
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and field not in _UNCHANGED_FIELDS:
                yield from nodes(child, scope)


def _changes(node: Any) -> Iterator[tuple[str, Any, str]]:  # noqa: ANN401
    operators = getattr(node, "ops", [getattr(node, "op", None)])
    for index, operator in enumerate(operators):
        for kind, pair in _PAIRS:
            if (name := type(operator).__name__) in (names := pair.split("-")):
                changed = type(node)(**vars(node))
                changed.op = getattr(ast, names[1 - names.index(name)])()
                changed.ops = [*operators[:index], changed.op, *operators[index + 1 :]]
                yield kind, node, ast.unparse(changed)
    match node:
        case ast.UnaryOp(op=ast.USub() | ast.Not(), operand=operand):
            yield "sign" if isinstance(node.op, ast.USub) else "dropped", node, ast.unparse(operand)
        case ast.Constant(value=bool(value)):
            yield "constant", node, str(not value)
        case ast.Constant(value=int(value) | float(value)):
            yield "constant", node, str(value * 2 + 1)
            yield from (("bound", node, str(value + step)) for step in (-1, 1))
        case ast.Expr(value=ast.Call() | ast.Await(value=ast.Call())):
            yield "dropped", node, "pass"
        case ast.If():
            yield "dropped", node.test, "False"


def python_changes(root: Path) -> Places:
    """Return all changes of the program in `root`."""
    found = list[tuple[Change, Place]]()
    for path in sorted(path for folder in FOLDERS for path in (root / folder).rglob("*.py")):
        source, file = path.read_text(encoding="utf-8"), str(path.relative_to(root))
        for scope, node in nodes(ast.parse(source)):
            for kind, part, text in _changes(node):
                if part.lineno == part.end_lineno:
                    old = source.encode().split(b"\n")[part.lineno - 1]
                    new = old[: part.col_offset] + text.encode() + old[part.end_col_offset :]
                    change = Change(file, scope, kind, old.decode().strip(), new.decode().strip())
                    found.append((change, Place(source, part.lineno)))
    return without_twins(found)


def is_a_change(change: Change, place: Place) -> bool:
    """Return whether the changed file is valid Python, and does something else."""
    with suppress(SyntaxError):
        return ast.dump(ast.parse(place.changed(change))) != ast.dump(ast.parse(place.source))
    return False
