"""The energy of the platform's rows by the hour, for statistics, and by the day of Luxembourg."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import NamedTuple

from ..tariff import QUARTER_HOUR, DaySum, day_end, day_start
from .registers import is_of_sharing
from .rows import Row

_HOUR = timedelta(hours=1)


class Sum(NamedTuple):
    """The energy of some time, as far as it is known."""

    start: datetime
    """In UTC."""
    kwh: float
    is_whole: bool
    """Whether all of its quarter-hours are known."""


def hours_of(rows: Iterable[Row]) -> list[Sum]:
    """Return the hours of rows that are in their order; those without a row are missing."""
    return list(_sums(rows, lambda time: time.replace(minute=0), lambda start: start + _HOUR))


def days_of(rows: Iterable[Row]) -> list[Sum]:
    """Return the days of rows that are in their order; those without a row are missing."""
    return list(_sums(rows, day_start, day_end))


def last_days_of(platform: Mapping[str, Sequence[Row]]) -> dict[str, DaySum]:
    """Return the last day that is known whole of each series of energy sharing, by its code."""
    found = {}
    for code, rows in platform.items():
        if is_of_sharing(code):
            days = _sums(reversed(rows), day_start, day_end)
            if last := next((day for day in days if day.is_whole), None):
                quarters = (day_end(last.start) - last.start) // QUARTER_HOUR
                found[code] = DaySum(last.start, last.kwh, quarters)
    return found


def _sums(
    rows: Iterable[Row],
    start_of: Callable[[datetime], datetime],
    end_of: Callable[[datetime], datetime],
) -> Iterator[Sum]:
    for start, group in groupby(rows, lambda row: start_of(row.start)):
        values = [row.kw for row in group]
        is_whole = len(values) == (end_of(start) - start) // QUARTER_HOUR
        yield Sum(start, round(sum(values) / 4, 6), is_whole)
