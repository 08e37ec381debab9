"""Hours and days with a second price of energy, by Luxembourg's clock.

One text has both: `22:00-06:00 sat sun` means every day from 22:00 to 6:00, and all of Saturday and
Sunday. A text can also have only hours or only days. The wall clock at the start of a quarter-hour
decides, so the hour that occurs twice in October has the same price both times.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, time
from functools import lru_cache
from typing import NamedTuple

from ..history.calendar import LUXEMBOURG, QUARTER_HOUR, day_end, quarter_start
from .contract import Contract

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class TimeOfUseSplit(NamedTuple):
    """Imported energy in Wh, and the part of this energy that has the second price."""

    energy_wh: float
    second_wh: float


def time_of_use_hours(start: str | None, end: str | None, days: Collection[str]) -> str | None:
    """Return hours and days as one text. Return None if neither hours nor days are given.

    Raises ValueError for bad times.
    """
    parts = [day for day in WEEKDAYS if day in days]
    if start and end:
        parts.insert(0, f"{time.fromisoformat(start):%H:%M}-{time.fromisoformat(end):%H:%M}")
    return " ".join(parts) or None


@lru_cache(maxsize=64)
def parsed(hours: str) -> tuple[tuple[time, time] | None, frozenset[int]]:
    """Return the start and end of the hours, and the set of weekdays from 0 (Monday).

    Start and end are None if `hours` has only weekdays. Raises ValueError for a malformed text.
    """
    words = hours.split()
    span = None
    if words and "-" in words[0]:
        start, _, end = words.pop(0).partition("-")
        span = time.fromisoformat(start), time.fromisoformat(end)
    return span, frozenset(map(WEEKDAYS.index, words))


def is_second(hours: str, quarter: datetime) -> bool:
    """Return whether the quarter-hour that begins at `quarter` has the second price."""
    span, days = parsed(hours)
    local = quarter.astimezone(LUXEMBOURG)
    if local.weekday() in days:
        return True
    if span is None:
        return False
    start, end = span
    clock = local.time()
    return start <= clock < end if start < end else clock >= start or clock < end


@lru_cache(maxsize=512)
def second_quarters(hours: str, midnight: datetime) -> bytes:
    """Return a byte for each quarter-hour of a day: 1 if it has the second price, otherwise 0.

    The day begins at `midnight`, a midnight in Luxembourg as UTC.
    """
    count = (day_end(midnight) - midnight) // QUARTER_HOUR
    return bytes(is_second(hours, midnight + n * QUARTER_HOUR) for n in range(count))


def split(
    contract: Contract, start: datetime, end: datetime, wh: float
) -> Mapping[str, TimeOfUseSplit]:
    """Return the split of the energy `wh`: all of it, and its part with the second price.

    The energy is assumed to be imported at a constant power from `start` to `end`. The result has
    one key, `contract.second_hours`, and the split is its value. If the contract has no such hours,
    the result is empty.
    """
    hours = contract.second_hours
    if hours is None:
        return {}
    begin, passed = start, (end - start).total_seconds()
    seconds = 0.0
    while begin < end:
        quarter = quarter_start(begin)
        following = min(quarter + QUARTER_HOUR, end)
        if is_second(hours, quarter):
            seconds += (following - begin).total_seconds()
        begin = following
    return {hours: TimeOfUseSplit(wh, wh * seconds / passed)}


def joined_splits(
    one: Mapping[str, TimeOfUseSplit], other: Mapping[str, TimeOfUseSplit]
) -> Mapping[str, TimeOfUseSplit]:
    """Return a mapping with the splits of both mappings. Splits with the same key are added up."""
    if not one or not other:
        return one or other
    nothing = TimeOfUseSplit(0.0, 0.0)
    return {
        hours: TimeOfUseSplit(
            *map(sum, zip(one.get(hours, nothing), other.get(hours, nothing), strict=True))
        )
        for hours in {**one, **other}
    }
