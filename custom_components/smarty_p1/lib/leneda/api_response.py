"""Reader of a JSON response of the API of Leneda, the national data platform: one series.

A response may have data outside of the requested period, null values and repeated rows. Items that
are no quarter-hour of the period are left out.
"""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, NamedTuple

from ..stored_values import checked_time
from ..tariff import MAX_POWER_KW, quarter_start
from .registers import REGISTERS, is_in_its_unit
from .rows import MAX_VERSION, Row, is_measured, newest

_MAX_ITEMS = 200_000
_INTERVAL = "PT15M"


class AnswerRefusal(StrEnum):
    """Reason why a response has no usable data."""

    UNKNOWN_POINT = "unknown_point"
    """The platform knows no such metering point, or the API key has no right to the code."""
    MALFORMED = "malformed"
    WRONG_UNIT = "wrong_unit"
    WRONG_INTERVAL = "wrong_interval"


class ResponseError(Exception):
    """Error for a response without usable data. It has the reason, but never the response."""

    def __init__(self, reason: AnswerRefusal) -> None:
        super().__init__(reason)
        self.reason = reason


class TimeSeries(NamedTuple):
    """Rows of a response. `rows` is empty if Leneda has no data for the period yet."""

    rows: tuple[Row, ...]
    """In the order of time, without repetitions."""
    left_out: int
    """Number of items that are malformed or outside of the period."""


def read_time_series(answer: object, code: str, start: datetime, end: datetime) -> TimeSeries:
    """Return the rows of the series `code` from `start` to before `end`.

    Raises ResponseError if `answer`, the decoded JSON, has no usable data.
    """
    if not isinstance(answer, dict):
        raise ResponseError(AnswerRefusal.MALFORMED)
    raw_items = answer.get("items")
    items = [] if raw_items is None else raw_items
    if refusal := _refusal(answer, items, code):
        raise ResponseError(refusal)
    rows = [row for item in items if (row := _row(item)) and start <= row.start < end]
    return TimeSeries(newest(rows), len(items) - len(rows))


def _refusal(answer: dict[str, Any], items: object, code: str) -> AnswerRefusal | None:
    """Return the reason why a response is unusable. Return None for a usable response."""
    unit, interval = answer.get("unit"), answer.get("intervalLength")
    if not isinstance(items, list) or len(items) > _MAX_ITEMS:
        return AnswerRefusal.MALFORMED
    if unit is None and not items:
        return AnswerRefusal.UNKNOWN_POINT
    if answer.get("obisCode", code) != code or not isinstance(unit, str):
        return AnswerRefusal.MALFORMED
    if not is_in_its_unit(REGISTERS[code], unit):
        return AnswerRefusal.WRONG_UNIT
    if interval is not None and interval != _INTERVAL:
        return AnswerRefusal.WRONG_INTERVAL
    return None


def _row(item: Any) -> Row | None:  # noqa: ANN401 - whatever JSON holds
    match item:
        case {"value": int() | float() as value, "startedAt": str(text)}:
            kind, version = item.get("type"), item.get("version", 1)
        case _:
            return None
    if type(value) is bool or not 0 <= value <= MAX_POWER_KW:
        return None
    if type(version) is not int or not 0 <= version <= MAX_VERSION:
        return None
    try:
        start = checked_time(text).astimezone(UTC)
    except ValueError:
        return None
    if start != quarter_start(start):
        return None
    return Row(start, float(value), isinstance(kind, str) and is_measured(kind), version)
