"""Conversion of classes to JSON values for stored files, and back, by the annotations of fields.

A dataclass becomes an object, and a NamedTuple a list. All values are checked when they are loaded,
because users may edit the files, and a crash may cut off their end.

`Annotated` narrows a field: `Range` limits a number, `Size` a text, list or mapping, and a `Mark`
says whether the field is stored. A class may check its fields together by a method `check_stored`
that raises ValueError.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import astuple, dataclass, is_dataclass
from datetime import date, datetime, timedelta
from enum import Enum, auto
from functools import cache, partial
from types import NoneType, UnionType
from typing import Annotated, Any, NamedTuple, get_args, get_origin, get_type_hints

from .stored_values import (
    MAX_COUNT,
    MAX_ITEMS,
    MAX_NUMBER,
    MAX_SECONDS,
    MAX_TEXT_CHARS,
    Stored,
    checked_date,
    checked_flag,
    checked_list,
    checked_mapping,
    checked_number,
    checked_text,
    checked_time,
    checked_whole,
    some_bytes,
)

type _Load = Callable[[Stored], Any]


@dataclass(frozen=True)
class Range:
    """Lowest and highest permitted number, or number of seconds of a timedelta."""

    minimum: float
    maximum: float = MAX_NUMBER


@dataclass(frozen=True)
class Size:
    """Maximum number of characters of a text, or of items of a list or mapping.

    For bytes, it is their number. They are stored as hexadecimal digits.
    """

    maximum: int


class Mark(Enum):
    """Treatment of a field in the stored object."""

    NOT_STORED = auto()
    """A restart forgets the field: it gets its default."""
    ADDED_LATER = auto()
    """Earlier files lack the field: it gets its default."""


class _Field(NamedTuple):
    load: _Load
    is_added_later: bool


def dump(value: Any) -> Any:  # noqa: ANN401 - any value, to JSON values
    """Return a value as JSON values. `load` with the value's type reverses it."""
    stored, cls = value, value.__class__
    if hasattr(cls, "__dataclass_fields__"):
        stored = {name: dump(getattr(value, name)) for name in _fields(cls)}
    elif isinstance(value, Enum):
        stored = value.value
    elif isinstance(value, date):
        stored = value.isoformat()
    elif isinstance(value, timedelta):
        stored = value.total_seconds()
    elif isinstance(value, bytes):
        stored = value.hex()
    elif isinstance(value, Mapping):
        stored = {dump(key): dump(item) for key, item in value.items()}
    elif isinstance(value, list | tuple):
        stored = [dump(item) for item in value]
    return stored


def load[T](cls: type[T], stored: Stored) -> T:
    """Return the object of a class from its JSON values. Raises ValueError if they are malformed.

    `cls` may also be a type with parameters, such as `dict[str, int]`. An `int` is a count, so not
    negative, unless it has a `Range`. A `float` is finite. Its stored number may be an int.
    """
    hint: Any = cls
    loaded: T = _loader(hint)(stored)
    return loaded


def load_known[T](cls: type[T], stored: Stored) -> T:
    """Return the NamedTuple of an object that lacks the fields which are None. Raises ValueError.

    Further items, which an earlier version has stored, are ignored.
    """
    hint: Any = cls
    data, defaults = checked_mapping(stored), hint._field_defaults
    known = {name: field for name, field in _fields(hint).items() if name in data}
    if any(name not in known and defaults.get(name, 0) is not None for name in hint._fields):
        raise ValueError
    return cls(**{name: field.load(data[name]) for name, field in known.items()})


@cache
def _fields(cls: Any) -> Mapping[str, _Field]:  # noqa: ANN401 - a hashable type
    """Return the stored fields of a dataclass or NamedTuple, by name."""
    fields = {}
    for name, hint in get_type_hints(cls, include_extras=True).items():
        marks = get_args(hint)[1:]
        if Mark.NOT_STORED not in marks:
            fields[name] = _Field(_loader(hint), Mark.ADDED_LATER in marks)
    return fields


@cache
def _loader(hint: Any, *limits: object) -> _Load:  # noqa: ANN401 - an annotation
    """Return the function that loads values of an annotation within the limits around it."""
    hint = getattr(hint, "__value__", hint)  # a name of the statement `type`
    origin, parameters = get_origin(hint) or hint, get_args(hint)
    if origin is Annotated:
        return _loader(*parameters)
    if origin is UnionType:
        return partial(_load_any, [_loader(part, *limits) for part in parameters])
    if parameters:
        loaders = [_loader(part) for part in parameters if part is not Ellipsis]
        return _container_loader(origin, loaders, _the(Size(MAX_ITEMS), limits).maximum)
    if origin in _LIMITED:
        check, default = _LIMITED[origin]
        limit = astuple(_the(default, limits))
        return lambda stored: check(stored, *limit)
    return _CHECKS.get(origin) or _class_loader(origin)


def _the[T](default: T, limits: tuple[object, ...]) -> T:
    """Return the limit of the same class as `default`, if there is any."""
    return next((limit for limit in limits if isinstance(limit, type(default))), default)


def _container_loader(cls: type, loaders: list[_Load], size: int) -> _Load:
    """Return the function that loads a mapping, list or tuple of at most `size` items."""
    if not issubclass(cls, Mapping):
        make, [item] = list if cls is list else tuple, loaders
        return lambda stored: make(map(item, checked_list(stored, size)))
    key, value = loaders
    return lambda stored: {
        key(name): value(item) for name, item in checked_mapping(stored, size).items()
    }


def _class_loader(cls: Any) -> _Load:  # noqa: ANN401 - a class
    # By subclass, as `dump` does: tests that stop the time replace the classes of times.
    if issubclass(cls, date):
        return checked_time if issubclass(cls, datetime) else checked_date
    if issubclass(cls, Enum):
        return lambda stored: cls(checked_text(stored))
    return partial(_load_object if is_dataclass(cls) else _load_tuple, cls)


def _load_any(loaders: list[_Load], stored: Stored) -> Any:  # noqa: ANN401 - any type of a union
    for loader in loaders:
        with suppress(ValueError):
            return loader(stored)
    raise ValueError


def _load_object(cls: Any, stored: Stored) -> Any:  # noqa: ANN401 - an object of the class
    data, values = checked_mapping(stored), {}
    for name, field in _fields(cls).items():
        if name in data:
            values[name] = field.load(data[name])
        elif not field.is_added_later:
            raise ValueError
    loaded = cls(**values)
    if check := getattr(loaded, "check_stored", None):
        check()
    return loaded


def _load_tuple(cls: Any, stored: Stored) -> Any:  # noqa: ANN401 - an object of the class
    items, fields = checked_list(stored), _fields(cls).values()
    return cls(*(field.load(item) for field, item in zip(fields, items, strict=True)))


def _checked_none(stored: Stored) -> None:
    if stored is not None:
        raise ValueError


def _checked_seconds(stored: Stored, minimum: float, maximum: float) -> timedelta:
    return timedelta(seconds=checked_number(stored, minimum, maximum))


_CHECKS: Mapping[type, _Load] = {
    bool: checked_flag,
    NoneType: _checked_none,
}
# Checks with limits, and the limits of a value whose annotation has none.
_LIMITED: Mapping[type, tuple[Callable[..., Any], Range | Size]] = {
    str: (checked_text, Size(MAX_TEXT_CHARS)),
    bytes: (some_bytes, Size(0)),
    int: (checked_whole, Range(0, MAX_COUNT)),
    float: (checked_number, Range(-MAX_NUMBER)),
    timedelta: (_checked_seconds, Range(-MAX_SECONDS, MAX_SECONDS)),
}
