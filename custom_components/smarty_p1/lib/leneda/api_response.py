"""Reader of a JSON response from the API of Leneda, the national data platform.

A response has the rows of one OBIS code. It can contain data outside of the requested period, null
values and repeated rows. Items that are not a quarter-hour of the period are left out.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from ..history.gap_clock_and_power_limits import MAX_POWER_KW
from ..history.luxembourg_time import quarter_start
from ..stored_values import utc_time
from .measured_and_estimated_rows import MAX_VERSION, LenedaRow, is_measured, newest
from .series_codes import REGISTERS, is_in_its_unit

_MAX_ITEMS = 200_000
_INTERVAL = "PT15M"


class AnswerRefusal(StrEnum):
    """Reason why a response has no usable data."""

    UNKNOWN_POINT = "unknown_point"
    """Leneda knows no such metering point, or the API key has no right to the code."""
    MALFORMED = "malformed"
    WRONG_UNIT = "wrong_unit"
    WRONG_INTERVAL = "wrong_interval"


@dataclass(eq=False)
class ResponseError(Exception):
    """Error for a response without usable data. It has the reason, but never the response."""

    reason: AnswerRefusal


def read_time_series(
    answer: object, code: str, start: datetime, end: datetime
) -> tuple[LenedaRow, ...]:
    """Return the rows of the series `code` from `start` up to, but not including, `end`.

    The rows are in the order of time, without repetitions. There are none if Leneda has no data for
    the period yet. Items that are malformed or outside of the period are left out. Raises
    ResponseError if `answer`, the decoded JSON, has no usable data.
    """
    series = checked_series(answer, code, _MAX_ITEMS)
    if not is_in_its_unit(REGISTERS[code], series.unit):
        raise ResponseError(AnswerRefusal.WRONG_UNIT)
    if series.interval is not None and series.interval != _INTERVAL:
        raise ResponseError(AnswerRefusal.WRONG_INTERVAL)
    rows = (row for item in series.items if (row := _row(item)) and start <= row.start < end)
    return newest(rows)


class RawSeries(NamedTuple):
    """Series of a response. The items of the series are not checked yet."""

    items: list[Any]
    unit: str
    interval: object


class CheckedItem(NamedTuple):
    """Item of a series with a valid time, value and version."""

    start: datetime
    """In UTC."""
    value: float
    version: int
    kind: object


def checked_series(answer: object, code: str, max_items: int) -> RawSeries:
    """Return the series of a response. The items of the series are not checked yet.

    The caller checks whether the unit and the interval are right for the code. Raises ResponseError
    if `answer`, the decoded JSON, is not a response for `code`.
    """
    if not isinstance(answer, dict):
        raise ResponseError(AnswerRefusal.MALFORMED)
    raw_items, unit = answer.get("items"), answer.get("unit")
    items = [] if raw_items is None else raw_items
    if not isinstance(items, list) or len(items) > max_items:
        raise ResponseError(AnswerRefusal.MALFORMED)
    if unit is None and not items:
        raise ResponseError(AnswerRefusal.UNKNOWN_POINT)
    if answer.get("obisCode", code) != code or not isinstance(unit, str):
        raise ResponseError(AnswerRefusal.MALFORMED)
    return RawSeries(items, unit, answer.get("intervalLength"))


def checked_item(item: Any, max_value: float) -> CheckedItem | None:  # noqa: ANN401 - any JSON
    """Return an item with a value from 0 to `max_value`. Return None if `item` is malformed."""
    match item:
        case {"value": int() | float() as value, "startedAt": str(text)}:
            version = item.get("version", 1)
        case _:
            return None
    if type(value) is bool or not 0 <= value <= max_value:
        return None
    if type(version) is not int or not 0 <= version <= MAX_VERSION:
        return None
    try:
        start = utc_time(text)
    except ValueError:
        return None
    return CheckedItem(start, float(value), version, item.get("type"))


def _row(item: Any) -> LenedaRow | None:  # noqa: ANN401 - whatever JSON holds
    checked = checked_item(item, MAX_POWER_KW)
    if checked is None or checked.start != quarter_start(checked.start):
        return None
    is_sure = isinstance(checked.kind, str) and is_measured(checked.kind)
    return LenedaRow(checked.start, checked.value, is_sure, checked.version)
