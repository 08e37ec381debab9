"""Write the types of the websocket commands for cards and their authors.

They come from the schemas of the commands and from the types of their answers in
`custom_components/smarty_p1/websocket/`. usage: python -m dev.websocket_types
"""

import ast
import json
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import (
    Any,
    Literal,
    NotRequired,
    TypeAliasType,
    TypeVar,
    get_args,
    get_origin,
    is_typeddict,
)

from homeassistant.components.websocket_api.const import WebSocketCommandHandler

from custom_components.smarty_p1.lib.amounts import Amount
from custom_components.smarty_p1.lib.answers.what_if_changes import FIELDS
from custom_components.smarty_p1.user_requests.request_fields import CHANGES
from custom_components.smarty_p1.websocket import COMMANDS
from custom_components.smarty_p1.websocket.shared_answer_types import CalendarDay, Time

TYPES = Path(__file__).parents[1] / "frontend/src/data/websocket-types.ts"
_HEAD = "/** Types of the websocket commands. Written by `python -m dev.websocket_types`. */\n"
_WIDTH = 120
_PLAIN = {
    str: "string",
    int: "number",
    float: "number",
    bool: "boolean",
    NoneType: "null",
    datetime: "string",
    "date": CalendarDay.__name__,
    "checked_request_time": Time.__name__,
    "_clock_time": "string",
}
"""Types of JSON, by types of Python and by the names of functions that check fields."""

type Named = type | TypeAliasType


def name_of(kind: Named) -> str:
    """Return the name of a type in TypeScript, such as `Bill` for `BillAnswer`."""
    return kind.__name__.removesuffix("Answer")


@cache
def _docstrings(module: str) -> Mapping[str, str]:
    """Return the docstrings of a module, by names such as `BillAnswer` and `BillAnswer.net`."""
    docs = dict[str, str]()

    def add(body: list[ast.stmt], prefix: str) -> None:
        for node, after in zip(body, [*body[1:], None], strict=True):
            match node:
                case ast.ClassDef(name=name):
                    docs[name] = ast.get_docstring(node) or ""
                    add(node.body, f"{name}.")
                    continue
                case (
                    ast.AnnAssign(target=ast.Name(id=name)) | ast.TypeAlias(name=ast.Name(id=name))
                ):
                    pass
                case _:
                    continue
            match after:
                case ast.Expr(value=ast.Constant(value=str(text))):
                    docs[prefix + name] = textwrap.dedent(f"    {text}").strip()

    add(ast.parse(Path(sys.modules[module].__file__ or "").read_text("utf-8")).body, "")
    return docs


def _comment(text: str, indent: str = "") -> str:
    """Return a comment of TypeScript, or nothing without a text."""
    if not text:
        return ""
    line = f"{indent}/** {' '.join(text.split())} */\n"
    if len(line) <= _WIDTH and "\n\n" not in text:
        return line
    # A list keeps its lines.
    parts = (
        part if part.startswith("- ") else textwrap.fill(" ".join(part.split()), _WIDTH - 5)
        for part in text.split("\n\n")
    )
    lines = "\n\n".join(parts).splitlines()
    inner = "".join(f"{indent} * {line}".rstrip() + "\n" for line in lines)
    return f"{indent}/**\n{inner}{indent} */\n"


def typescript_of(kind: Any) -> str:  # noqa: ANN401 - any type
    """Return a type of Python in TypeScript."""
    if kind in _PLAIN:
        return _PLAIN[kind]
    if isinstance(kind, TypeVar | TypeAliasType):
        return kind.__name__
    if not isinstance(kind, type):
        return _generic(get_origin(kind), get_args(kind))
    return _union(map(_literal, kind)) if issubclass(kind, StrEnum) else name_of(kind)


def _generic(origin: Any, args: tuple[Any, ...]) -> str:  # noqa: ANN401 - any type
    """Return a type with parts in TypeScript."""
    if origin is Literal:
        return _union(map(_literal, args))
    parts = [*map(typescript_of, args)]
    if origin is UnionType:
        return _union(parts)
    if origin is list:
        return f"({parts[0]})[]" if get_origin(args[0]) is UnionType else f"{parts[0]}[]"
    if origin is tuple:
        return f"[{', '.join(parts)}]"
    if origin is dict:
        record = f"Record<{', '.join(parts)}>"
        return record if parts[0] == "string" else f"Partial<{record}>"
    return parts[0] if origin is NotRequired else f"{name_of(origin)}<{', '.join(parts)}>"


def _union(parts: Iterable[str]) -> str:
    return " | ".join(dict.fromkeys(parts))


def _literal(value: object) -> str:
    return json.dumps(value)


def _broken(line: str) -> str:
    """Return a line, or one line for each part of its union if it is too long."""
    return line if len(line) <= _WIDTH else line.replace(" | ", "\n    | ")


def _named_in(kind: Any) -> Iterator[Named]:  # noqa: ANN401 - any type
    """Yield the answers and aliases that a type mentions."""
    if isinstance(kind, TypeAliasType) or is_typeddict(kind):
        yield kind
    if get_origin(kind) and is_typeddict(get_origin(kind)):
        yield get_origin(kind)
    for arg in get_args(kind):
        yield from _named_in(arg)


def _field(name: str, kind: Any, text: str) -> str:  # noqa: ANN401 - any type
    mark = "?" if get_origin(kind) is NotRequired else ""
    return _comment(text, "  ") + _broken(f"  {name}{mark}: {typescript_of(kind)};\n")


def declared(kind: Named, shown: list[Named]) -> Iterator[str]:
    """Yield the declarations of a type and of its parts that are not in `shown`, parts first."""
    if kind in shown:
        return
    shown.append(kind)
    docs = _docstrings(kind.__module__)
    if isinstance(kind, TypeAliasType):
        for part in _named_in(kind.__value__):
            yield from declared(part, shown)
        comment = _comment(docs.get(kind.__name__, ""))
        yield comment + _broken(f"export type {kind.__name__} = {typescript_of(kind.__value__)};\n")
        return
    for value in kind.__annotations__.values():
        for part in _named_in(value):
            yield from declared(part, shown)
    parameters = ", ".join(parameter.__name__ for parameter in getattr(kind, "__type_params__", ()))
    name = name_of(kind) + (f"<{parameters}>" if parameters else "")
    bases = [base for base in getattr(kind, "__orig_bases__", ()) if is_typeddict(base)]
    inherited = {name for base in bases for name in base.__annotations__}
    extends = f" extends {name_of(bases[0])}" if bases else ""
    fields = "".join(
        _field(field, value, docs.get(f"{kind.__name__}.{field}", ""))
        for field, value in kind.__annotations__.items()
        if field not in inherited
    )
    for base in bases:
        yield from declared(base, shown)
    yield f"{_comment(docs[kind.__name__])}export interface {name}{extends} {{\n{fields}}}\n"


def _taken(check: Any) -> str:  # noqa: ANN401 - any schema
    """Return the type of a field of a request."""
    if check is CHANGES:
        return "Change[]"
    # Home Assistant chooses the library that has these classes.
    match type(check).__name__:
        case "All":
            return next(filter(None, map(_taken, check.validators)))
        case "In":
            return _union(map(_literal, check.container))
        case "list":
            return f"({_taken(check[0])})[]"
    check = getattr(check, "type", check)
    return _PLAIN.get(check if isinstance(check, type) else getattr(check, "__name__", None), "")


def _range(check: Any) -> str:  # noqa: ANN401 - any schema
    """Return the range of a number in words, or nothing for other fields."""
    for part in getattr(check, "validators", ()):
        if type(part).__name__ == "Range" and None not in (part.min, part.max):
            return f"{part.min:g} to {part.max:g}"
        if inner := _range(part):
            return inner
    return ""


def taken_by(command: WebSocketCommandHandler) -> Mapping[str, tuple[str, str]]:
    """Return the fields of a request as names, types and comments."""
    fields = {}
    # Home Assistant keeps no schema for a command without fields.
    schema = command._ws_schema  # type: ignore[attr-defined]  # noqa: SLF001
    for marker, check in (schema.schema if schema else {}).items():
        default = getattr(marker, "default", None)
        is_optional = type(marker).__name__ == "Optional"
        notes = [_range(check)]
        if callable(default):
            notes.append(f"default: {_literal(default())}")
        name = f"{marker}" + ("?" if is_optional else "")
        if marker not in ("id", "type", "entry_id"):
            fields[name] = (_taken(check), ", ".join(filter(None, notes)))
    return fields


def changes() -> Iterator[str]:
    """Yield the types of the changes that a what-if accepts."""
    names = {kind: f"{kind.title().replace('_', '')}Change" for kind in FIELDS}
    for kind, fields in FIELDS.items():
        lines = [f'  kind: "{kind}";\n']
        for name, term in fields.all.items():
            comment = ""
            if isinstance(term, Amount):
                comment = f"  /** {term.unit.symbol}, {term.minimum:g} to {term.maximum:g} */\n"
            mark = "" if name in fields.required else "?"
            lines.append(f"{comment}  {name}{mark}: {_taken(_check_of(kind, name))};\n")
        yield f"export interface {names[kind]} {{\n{''.join(lines)}}}\n"
    comment = _comment("Change of a household. A what-if has at most one change of each kind.")
    yield f"{comment}export type Change = {_union(names.values())};\n"


def _check_of(kind: str, name: str) -> Any:  # noqa: ANN401 - any schema
    (of_kind,) = (part for part in CHANGES.validators[2][0].validators if kind in part.values())
    return of_kind[name]


def typescript() -> str:
    """Return the types for cards."""
    shown: list[Named] = []
    parts = [part for answer in COMMANDS.values() for part in declared(answer, shown)]
    lines = []
    for command, answer in COMMANDS.items():
        fields = "".join(
            _comment(note, "      ") + f"      {name}: {kind};\n"
            for name, (kind, note) in taken_by(command).items()
        )
        takes = f"{{\n{fields}    }}" if fields else "object"
        name = command._ws_command  # type: ignore[attr-defined]  # noqa: SLF001
        lines.append(
            f'  "{name}": {{\n    takes: {takes};\n    answers: {name_of(answer)};\n  }};\n'
        )
    comment = _comment(
        "Parameters and answer of each command. All but `meters` also take the `entry_id` of a "
        "meter."
    )
    table = f"{comment}export interface Commands {{\n{''.join(lines)}}}\n"
    return "\n".join([_HEAD, *parts, *changes(), table])


if __name__ == "__main__":
    TYPES.write_text(typescript(), "utf-8")
