"""Reader of a response with gas data from Leneda, the national data platform.

The response has an amount of gas for each interval, usually for each hour. Items that are
malformed, or outside of the period, are left out.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from operator import attrgetter
from typing import NamedTuple

from ..history.luxembourg_time import HOUR
from .api_response import AnswerRefusal, ResponseError, checked_item, checked_series

STANDARD_VOLUME, GAS_ENERGY = "7-1:99.23.17", "7-20:99.33.17"
_UNITS: Mapping[str, str] = {STANDARD_VOLUME: "nm3", GAS_ENERGY: "kwh"}
_INTERVALS: Mapping[str, timedelta] = {
    "PT15M": timedelta(minutes=15),
    "PT60M": HOUR,
    "PT1H": HOUR,
}
_MAX_ITEMS = 20_000
# Maximum amount of one interval. An item with a higher amount is left out. A household uses a
# hundredth of this amount.
_MAX_AMOUNT = 10_000.0


class GasSpan(NamedTuple):
    """Amount of gas in one interval."""

    start: datetime
    """In UTC."""
    length: timedelta
    amount: float


def read_gas_series(answer: object, code: str, start: datetime, end: datetime) -> list[GasSpan]:
    """Return the intervals that start in the period, in the order of time.

    The period begins with `start` and ends before `end`. Raises ResponseError if `answer`, the
    decoded JSON, has no usable data.
    """
    series = checked_series(answer, code, _MAX_ITEMS)
    if series.unit.casefold().replace("³", "3") != _UNITS[code]:
        raise ResponseError(AnswerRefusal.WRONG_UNIT)
    length = _checked_length(series.interval)
    checked = (checked_item(item, _MAX_AMOUNT) for item in series.items)
    items = [item for item in checked if item and start <= item.start < end]
    newest = {item.start: item for item in sorted(items, key=attrgetter("version"))}
    return [GasSpan(time, length, item.value) for time, item in sorted(newest.items())]


def _checked_length(interval: object) -> timedelta:
    if interval is None:
        return _INTERVALS["PT1H"]
    if not isinstance(interval, str) or interval not in _INTERVALS:
        raise ResponseError(AnswerRefusal.WRONG_INTERVAL)
    return _INTERVALS[interval]
