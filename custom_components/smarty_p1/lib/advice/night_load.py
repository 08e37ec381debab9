"""Known quarter-hours of a period, and the lowest power of the nights."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import NamedTuple

from ..bill.quarter_hour_views import QuarterHours
from ..history.calendar import LUXEMBOURG, QUARTER_HOUR, day_end

_NIGHT = timedelta(hours=2), timedelta(hours=5)
_MIN_NIGHTS_OF_PERIOD = 14


class KnownQuarter(NamedTuple):
    """Energies of a quarter-hour, in whole Wh."""

    start: datetime
    imported_wh: int
    exported_wh: int


def known_quarters(
    known: QuarterHours, start: datetime, end: datetime
) -> list[KnownQuarter | None]:
    """Return the quarter-hours of a period, None for each unknown one."""
    start = start.astimezone(UTC)
    columns = (known.values(quantity, start, end) for quantity in ("imported", "exported"))
    return [
        None if wh is None else KnownQuarter(start + n * QUARTER_HOUR, wh, fed_wh or 0)
        for n, (wh, fed_wh) in enumerate(zip(*columns, strict=True))
    ]


def night_quarters(known: QuarterHours, midnight: datetime) -> list[KnownQuarter]:
    """Return the quarter-hours from 2:00 to 5:00 after `midnight`, [] if one of them is unknown."""
    local = midnight.astimezone(LUXEMBOURG)
    begin, end = ((local + hour).astimezone(UTC) for hour in _NIGHT)
    quarters = known_quarters(known, begin, end) if begin >= known.start else []
    energies = [quarter for quarter in quarters if quarter]
    return energies if len(energies) == (end - begin) // QUARTER_HOUR else []


def usual_night_kw(known: QuarterHours, start: datetime, end: datetime) -> float | None:
    """Return the median of the nights' lowest mean powers of a quarter-hour in a period.

    Return None if fewer than 14 nights are known, or if the household exports energy at night: a
    battery may then supply it.
    """
    nights = [*_nights(known, start, end)]
    if len(nights) < _MIN_NIGHTS_OF_PERIOD:
        return None
    if any(quarter.exported_wh for night in nights for quarter in night):
        return None
    return median(min(quarter.imported_wh for quarter in night) / 250 for night in nights)


def _nights(known: QuarterHours, start: datetime, end: datetime) -> Iterator[list[KnownQuarter]]:
    while start < end:
        if night := night_quarters(known, start):
            yield night
        start = day_end(start)
