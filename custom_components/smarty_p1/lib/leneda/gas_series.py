"""Reader of a response of Leneda, the national platform: a series of gas, usually by the hour.

A value is the amount of its interval. Items that are malformed, or outside of the period, are left
out.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from ..stored_values import checked_time
from .api_response import AnswerRefusal, ResponseError
from .rows import MAX_VERSION

STANDARD_VOLUME, GAS_ENERGY = "7-1:99.23.17", "7-20:99.33.17"
_UNITS: Mapping[str, str] = {STANDARD_VOLUME: "nm3", GAS_ENERGY: "kwh"}
_INTERVALS: Mapping[str, timedelta] = {
    "PT15M": timedelta(minutes=15),
    "PT60M": timedelta(hours=1),
    "PT1H": timedelta(hours=1),
}
_MAX_ITEMS = 20_000
# Per interval. A household uses a hundredth of this.
_MAX_AMOUNT = 10_000.0


class GasSpan(NamedTuple):
    """Amount of gas in one interval."""

    start: datetime
    """In UTC."""
    length: timedelta
    amount: float


def read_gas_series(answer: object, code: str, start: datetime, end: datetime) -> list[GasSpan]:
    """Return the intervals from `start` to before `end`, in the order of time.

    Raises ResponseError if `answer`, the decoded JSON, has no usable data.
    """
    if not isinstance(answer, dict):
        raise ResponseError(AnswerRefusal.MALFORMED)
    raw_items = answer.get("items")
    items = [] if raw_items is None else raw_items
    length = _checked_length(answer, items, code)
    spans: dict[datetime, tuple[int, GasSpan]] = {}
    for item in items:
        if (found := _span(item, length)) and start <= found[1].start < end:
            version, span = found
            if span.start not in spans or version >= spans[span.start][0]:
                spans[span.start] = found
    return [span for _, span in sorted(spans.values(), key=lambda found: found[1].start)]


def _checked_length(answer: dict[str, Any], items: object, code: str) -> timedelta:
    unit, interval = answer.get("unit"), answer.get("intervalLength")
    if not isinstance(items, list) or len(items) > _MAX_ITEMS:
        raise ResponseError(AnswerRefusal.MALFORMED)
    if unit is None and not items:
        raise ResponseError(AnswerRefusal.UNKNOWN_POINT)
    if answer.get("obisCode", code) != code or not isinstance(unit, str):
        raise ResponseError(AnswerRefusal.MALFORMED)
    return _checked_interval(unit, interval, code)


def _checked_interval(unit: str, interval: object, code: str) -> timedelta:
    if unit.casefold().replace("³", "3") != _UNITS[code]:
        raise ResponseError(AnswerRefusal.WRONG_UNIT)
    if interval is None:
        return _INTERVALS["PT1H"]
    if not isinstance(interval, str) or interval not in _INTERVALS:
        raise ResponseError(AnswerRefusal.WRONG_INTERVAL)
    return _INTERVALS[interval]


def _span(item: Any, length: timedelta) -> tuple[int, GasSpan] | None:  # noqa: ANN401 - any JSON
    """Return the version and the interval of an item, None if the item is malformed."""
    match item:
        case {"value": int() | float() as value, "startedAt": str(text)}:
            version = item.get("version", 1)
        case _:
            return None
    if type(value) is bool or not 0 <= value <= _MAX_AMOUNT:
        return None
    if type(version) is not int or not 0 <= version <= MAX_VERSION:
        return None
    try:
        start = checked_time(text).astimezone(UTC)
    except ValueError:
        return None
    return version, GasSpan(start, length, float(value))
