"""Hours and days with a second price of energy, by Luxembourg's clock.

One text has both: `22:00-06:00 sat sun` means every day from 22:00 to 6:00, and all of Saturday and
Sunday. A text can also have only hours or only days. The wall clock at the start of a quarter-hour
decides, so the hour that occurs twice in October has the same price both times.
"""

from collections.abc import Collection
from datetime import datetime, time
from functools import lru_cache

from ..history.luxembourg_time import LUXEMBOURG, QUARTER_HOURS_A_DAY

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


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


@lru_cache(maxsize=64)
def second_quarters(hours: str | None) -> tuple[bool, ...]:
    """Return which quarter-hours of a week, from Monday on, have the second price.

    Without `hours`, none of them has it.
    """
    span, days = parsed(hours or "")

    def is_within(clock: time) -> bool:
        if span is None:
            return False
        start, end = span
        return start <= clock < end if start < end else clock >= start or clock < end

    of_day = [is_within(time(n // 4, n % 4 * 15)) for n in range(QUARTER_HOURS_A_DAY)]
    return tuple(day in days or is_second for day in range(len(WEEKDAYS)) for is_second in of_day)


def is_second(hours: str | None, quarter: datetime) -> bool:
    """Return whether the quarter-hour that begins at `quarter` has the second price."""
    local = quarter.astimezone(LUXEMBOURG)
    n = local.weekday() * QUARTER_HOURS_A_DAY + local.hour * 4 + local.minute // 15
    return second_quarters(hours)[n]
