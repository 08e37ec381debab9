"""Mutants of a Python file: of its functions, properties, constants and tables."""

import ast
from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path

from .mutant import Mutant

_PAIRS: tuple[tuple[type[ast.AST], type[ast.AST]], ...] = (
    *((ast.Lt, ast.LtE), (ast.Gt, ast.GtE), (ast.Eq, ast.NotEq), (ast.Is, ast.IsNot)),
    *((ast.In, ast.NotIn), (ast.And, ast.Or), (ast.Add, ast.Sub), (ast.Mult, ast.Div)),
    *((ast.FloorDiv, ast.Mod), (ast.BitAnd, ast.BitOr)),
)
_SWAPPED = {one: other for pair in _PAIRS for one, other in (pair, pair[::-1])}
_SWAPPED_CALLS = {"min": "max", "max": "min", "any": "all", "all": "any"}
# An annotation, alias or decorator is no behaviour; in an f-string, quotes may not be repeated.
_SKIPPED = ast.JoinedStr | ast.TemplateStr | ast.TypeAlias | ast.Import | ast.ImportFrom
# Messages for developers, and checks that only a wrong program meets.
_SKIPPED_CALLS = {"debug", "zip", "TypeVar", "cast"}
_NO_BEHAVIOUR = {"__all__", "__slots__"}


def mutants_of(root: Path, file: str) -> Iterator[Mutant]:
    """Yield all mutants of a file."""
    source = (root / file).read_bytes()
    lines = source.splitlines(keepends=True)
    starts = list(accumulate(map(len, lines), initial=0))
    for node, new in _changes(ast.parse(source)):
        start = starts[node.lineno - 1] + node.col_offset
        end = starts[(node.end_lineno or 0) - 1] + (node.end_col_offset or 0)
        yield Mutant(
            *(file, node.lineno, node.end_lineno or node.lineno, start, end),
            *(ast.unparse(node), new, isinstance(node, ast.stmt)),
            lines[node.lineno - 1].decode().strip(),
        )


def is_valid(root: Path, mutant: Mutant) -> bool:
    """Return whether Python can compile the changed file."""
    try:
        compile(mutant.changed((root / mutant.file).read_bytes()), mutant.file, "exec")
    except SyntaxError:
        return False
    return True


def _changes(
    parent: ast.AST, *, is_in_function: bool = False
) -> Iterator[tuple[ast.expr | ast.stmt, str]]:
    """Yield the nodes below `parent` with their new code."""
    is_in_function |= isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
    for node in _children(parent):
        if isinstance(node, ast.stmt):
            yield from ((node, new) for new in _statements(node))
        elif isinstance(node, ast.expr):
            shorter = () if is_in_function else _shorter_tables(node)
            for new in (*_expressions(node), *_in_place(node, parent), *shorter):
                yield node, ast.unparse(ast.fix_missing_locations(new))
        yield from _changes(node, is_in_function=is_in_function)


def _children(node: ast.AST) -> Iterator[ast.AST]:
    skipped: Sequence[ast.AST | None] = ()
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            skipped = [*node.decorator_list, node.returns]
        case ast.ClassDef():
            skipped = [*node.decorator_list]
        case ast.arg() | ast.AnnAssign():
            skipped = [node.annotation]
        case ast.Call() if _name(node.func) in _SKIPPED_CALLS:
            skipped = node.keywords if _name(node.func) == "zip" else node.args
    for child in ast.iter_child_nodes(node):
        match child:
            case ast.Assign(targets=[ast.Name(id=name)]) if name in _NO_BEHAVIOUR:
                pass
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                pass
            case ast.Expr(value=ast.Constant()):
                pass
            case _ if not isinstance(child, _SKIPPED) and child not in skipped:
                yield child


def _name(function: ast.expr) -> str | None:
    match function:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return None


def _statements(node: ast.stmt) -> Iterator[str]:
    match node:
        case ast.Expr(value=ast.Call(func=function)) if _name(function) not in _SKIPPED_CALLS:
            yield "pass"
        case ast.Expr(value=ast.Await()) | ast.Raise():
            yield "pass"
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
            yield "pass"
        case ast.AugAssign(target, operator, value) if type(operator) in _SWAPPED:
            swapped: ast.operator = _SWAPPED[type(operator)]()  # type: ignore[assignment]
            yield ast.unparse(ast.AugAssign(target, swapped, value))
        case ast.Break():
            yield "continue"
        case ast.Continue():
            yield "break"


def _expressions(node: ast.expr) -> Iterator[ast.expr]:  # noqa: C901 - a table
    match node:
        case ast.Compare(left, [operator], values) if type(operator) in _SWAPPED:
            yield ast.Compare(left, [_SWAPPED[type(operator)]()], values)  # type: ignore[list-item]
        case ast.BoolOp(operator, values):
            yield ast.BoolOp(_SWAPPED[type(operator)](), values)  # type: ignore[arg-type]
            for left_out in (0, -1):
                rest = [value for value in values if value is not values[left_out]]
                yield ast.BoolOp(operator, rest) if len(rest) > 1 else rest[0]
        case ast.BinOp(ast.Constant(value=str() | bytes()) | ast.JoinedStr()):
            pass
        case ast.BinOp(left, operator, right) if type(operator) in _SWAPPED:
            yield ast.BinOp(left, _SWAPPED[type(operator)](), right)  # type: ignore[arg-type]
        case ast.UnaryOp(ast.Not() | ast.USub(), operand):
            yield operand
        case ast.Constant(bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(int(value)):
            yield ast.Constant(value + 1)
        case ast.Constant(float(value)):
            yield ast.Constant(value * 2 or 1.0)
        case ast.IfExp(test, body, orelse):
            yield ast.IfExp(test, orelse, body)
        case ast.Call(ast.Name(name), arguments, keywords) if name in _SWAPPED_CALLS:
            yield ast.Call(ast.Name(_SWAPPED_CALLS[name]), arguments, keywords)
        case ast.Call(function, arguments, [*keywords, ast.keyword(str())]) if keywords:
            yield ast.Call(function, arguments, keywords)


def _shorter_tables(node: ast.expr) -> Iterator[ast.expr]:
    """Yield a table without its last element. In a function, its lack would mostly be an error."""
    match node:
        case ast.Tuple([*elements, _]) if elements and isinstance(node.ctx, ast.Load):
            yield ast.Tuple(elements)
        case ast.Set([*elements, _]) if elements:
            yield ast.Set(elements)
        case ast.List([*elements, _]) if elements:
            yield ast.List(elements)
        case ast.Dict([*keys, _], [*values, _]) if keys:
            yield ast.Dict(keys, values)


def _in_place(node: ast.expr, parent: ast.AST) -> Iterator[ast.expr]:
    """Yield changes that a node has because of its place."""
    match parent:
        case ast.If(test) | ast.While(test) | ast.IfExp(test) if test is node:
            if not isinstance(node, ast.Compare | ast.UnaryOp | ast.BoolOp):
                yield ast.UnaryOp(ast.Not(), node)
        case ast.comprehension(ifs=conditions) if node in conditions:
            yield ast.Constant(value=True)
        case ast.Return(value) if value is node and not isinstance(node, ast.Constant):
            yield ast.Constant(None)
