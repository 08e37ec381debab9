"""Quarter-hours as numbers, and Luxembourg's clock as arrays.

The number of a quarter-hour is its start in UTC, in quarter-hours since 1970. So the number of its
hour is `number // 4`. Days and months are those of Luxembourg's clock.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..history.luxembourg_time import LUXEMBOURG, QUARTER_HOUR

QUARTER_S = 900
"""Seconds of a quarter-hour."""
A_DAY = 96
AN_HOUR = 4
"""Quarter-hours of a day, and of an hour."""
_THURSDAY = 3
"""Weekday of 1 January 1970."""

type Numbers = NDArray[np.int64]
type Floats = NDArray[np.float64]
type Flags = NDArray[np.bool_]


def quarter_number(time: datetime) -> int:
    """Return the number of the quarter-hour that contains `time`."""
    return int(time.timestamp() // QUARTER_S)


def number_from(time: datetime) -> int:
    """Return the number of the first quarter-hour that begins at `time` or later."""
    return -int(-time.timestamp() // QUARTER_S)


def time_of(number: int) -> datetime:
    """Return the start of a quarter-hour, in UTC."""
    return datetime.fromtimestamp(int(number) * QUARTER_S, UTC)


class WallClock(NamedTuple):
    """Luxembourg's clock at the start of each quarter-hour."""

    day: Numbers
    """Days since 1970."""
    quarter: Numbers
    """Quarter-hours since the clock showed 0:00."""

    @property
    def weekday(self) -> Numbers:
        """Return the weekdays, 0 for Monday."""
        return (self.day + _THURSDAY) % 7

    @property
    def month(self) -> Numbers:
        """Return the months since January 1970."""
        return self.day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def wall_clock(numbers: Numbers) -> WallClock:
    """Return Luxembourg's clock for the quarter-hours `numbers`, which are in ascending order.

    In the whole Union, clocks change at 1:00 UTC.
    """
    if not len(numbers):
        return WallClock(numbers, numbers)
    first, last = int(numbers[0]) // A_DAY, int(numbers[-1]) // A_DAY
    offsets = np.array([_offset(day) for day in range(first, last + 2)])
    utc_day = numbers // A_DAY - first
    is_after = numbers % A_DAY >= AN_HOUR
    local = numbers + np.where(is_after, offsets[utc_day + 1], offsets[utc_day])
    return WallClock(local // A_DAY, local % A_DAY)


@lru_cache(maxsize=1024)  # a table has two years, and is made anew in each quarter-hour
def _offset(day: int) -> int:
    """Return how many quarter-hours Luxembourg's clock is ahead of UTC when a day of UTC begins."""
    midnight = datetime.fromtimestamp(day * 86_400, LUXEMBOURG)
    return (midnight.utcoffset() or timedelta()) // QUARTER_HOUR


def groups(labels: Numbers) -> Numbers:
    """Return the index at which each run of equal labels begins. Use it for `np.add.reduceat`."""
    return np.flatnonzero(np.diff(labels, prepend=labels[:1] - 1))
