"""Comparison of answers in JSON with their types."""

import typing
from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, NotRequired, TypeAliasType, TypeVar

# An answer has many values, but few types.
get_args: Any = cache(typing.get_args)
get_origin: Any = cache(typing.get_origin)
get_type_hints: Any = cache(typing.get_type_hints)
is_typeddict: Any = cache(typing.is_typeddict)

_PLAIN: dict[Any, type | tuple[type, ...]] = {float: (float, int), NoneType: NoneType}


def faults(value: Any, kind: Any, place: str = "answer") -> Iterator[str]:  # noqa: ANN401 - JSON
    """Yield the places where a value differs from its type."""
    origin, args = get_origin(kind), get_args(kind)
    if isinstance(kind, TypeAliasType):
        yield from faults(value, kind.__value__, place)
    elif is_typeddict(origin or kind):
        yield from _faults_of_fields(value, kind, place)
    elif origin is UnionType:
        of_parts = [[*faults(value, part, place)] for part in args]
        if all(of_parts):
            # The part with the most details is the closest.
            yield max((part[0] for part in of_parts), key=len)
    elif origin and isinstance(value, list | dict):
        yield from _faults_of_parts(value, origin, args, place)
    elif not _is_plain(value, kind):
        yield f"{place}: {value!r:.60} is not {kind}"


def _faults_of_parts(value: Any, origin: Any, args: Any, place: str) -> Iterator[str]:  # noqa: ANN401
    """Yield the places where a list or an object differs from its type."""
    if origin is dict and isinstance(value, dict):
        for key, item in value.items():
            yield from faults(key, args[0], f"{place}, key {key}")
            yield from faults(item, args[1], f"{place}.{key}")
    elif isinstance(value, list):
        kinds = args if origin is tuple else args * len(value)
        if len(kinds) != len(value):
            yield f"{place}: {len(value)} items"
        for item, kind in zip(value, kinds, strict=False):
            yield from faults(item, kind, f"{place}[]")


def _is_plain(value: object, kind: Any) -> bool:  # noqa: ANN401 - any type
    if get_origin(kind) is Literal:
        return value in get_args(kind)
    if not isinstance(kind, type) or get_origin(kind):
        return False
    if issubclass(kind, StrEnum):
        return value in [*kind]
    return isinstance(value, _PLAIN.get(kind, kind)) and isinstance(value, bool) is (kind is bool)


def _faults_of_fields(value: Any, kind: Any, place: str) -> Iterator[str]:  # noqa: ANN401 - JSON
    if not isinstance(value, dict):
        yield f"{place}: {value!r:.60} is no object"
        return
    answer = get_origin(kind) or kind
    parts = dict(zip(getattr(answer, "__type_params__", ()), get_args(kind), strict=False))
    fields = get_type_hints(answer, include_extras=True)
    for name in value.keys() - fields.keys():
        yield f"{place}.{name}: {value[name]!r:.60} is not in {answer.__name__}"
    for name, field in fields.items():
        is_optional = get_origin(field) is NotRequired
        if name in value:
            of_field = get_args(field)[0] if is_optional else field
            of_field = parts[of_field] if isinstance(of_field, TypeVar) else of_field
            yield from faults(value[name], of_field, f"{place}.{name}")
        elif not is_optional:
            yield f"{place}.{name} is missing"
