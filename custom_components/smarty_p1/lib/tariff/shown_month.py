"""Which month is shown: what belongs to it stays as it is while a clock need not be the right one.

A total that begins anew with each month, as `last_reset` tells, is counted anew by whoever adds up
the months, also when a month comes back. So none may be left that comes back:

- Once the clock is sure, because nothing has broken since or a day has been measured, its month is
  the one that is shown.
- Until then, one that goes on in time is followed, after an outage as well. One that goes back is
  not: the right month comes of itself. Nor is one that has leapt ahead by more than a day with
  hardly any energy in it.
- Where a wrong clock was believed after all, the month in which all had been left is shown at once
  when it is here again.

The examples are of a meter that had been read until 12:00 of 13 June: what its clock says after a
break, how much was drawn in that, and for how many hours it is read after it.

| what happened | the clock says | drawn | read for | shown |
|---|---|---|---|---|
| nobody read for a month | 2026-07-14 12:00 | 12 kWh | 1 h | 2026-07 |
| nobody read for a summer | 2026-09-20 12:00 | 40 kWh | 1 h | 2026-09 |
| the clock has leapt ahead | 2026-07-14 12:00 | 1 kWh | 20 h | 2026-06 |
| the same; a day proves it | 2026-07-14 12:00 | 1 kWh | 25 h | 2026-07 |
| the clock is lost | 2000-01-01 00:00 | 0 kWh | 20 h | 2026-06 |
| it is a month late | 2026-05-13 12:00 | 0 kWh | 20 h | 2026-06 |
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise, starmap

from .calendar import month_end, month_start
from .meter_clock_jumps import MAX_STRETCHES, ReadingSegment
from .register_rises import Rise
from .spans import Row

_A_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)
# Less than any household in use draws or feeds in, and in a day more than comes while a clock is
# set.
_MIN_W = 10.0


def is_to_be_shown(stretches: Sequence[ReadingSegment], month: datetime, row: Row) -> bool:
    """Return whether the month of the last reading is to take the place of the one shown."""
    shown = stretches[-1].month_start
    if month == shown:
        return False
    if len(stretches) == 1 or _was_left(row, month, shown):
        return True
    return month > shown and not _has_leapt(stretches)


def time_until(stretches: Sequence[ReadingSegment]) -> datetime:
    """Return up to when the month that is shown has passed."""
    latest, sure = stretches[-1], sure_time(stretches)
    time = latest.last.time
    if month_start(time) != latest.month_start or _has_leapt(stretches):
        return sure
    return max(time, sure)


def sure_time(stretches: Sequence[ReadingSegment]) -> datetime:
    """Return the time of the last reading whose clock may be right."""
    time = stretches[0].last.time
    for before, after in pairwise(stretches):
        if not before.may_be_followed_by(after.first, after.serial_number):
            break
        if _leaps(before, after):
            break
        time = after.last.time
    return time


def _was_left(row: Row, month: datetime, shown: datetime) -> bool:
    """Return whether a month is known, and none after it."""
    following = month_end(month)
    is_last = following != shown and not row.has_quarter_hours(following)
    return is_last and row.has_quarter_hours(month)


def _has_leapt(stretches: Sequence[ReadingSegment]) -> bool:
    """Return whether the clock may be ahead; one that only ever leaps has no month to keep."""
    leaps = sum(starmap(_leaps, pairwise(stretches)))
    return 0 < leaps < MAX_STRETCHES - 1


def _leaps(before: ReadingSegment, after: ReadingSegment) -> bool:
    """Return whether a clock went ahead between two stretches, and hardly any energy came."""
    passed = after.first.time - before.last.time
    if passed <= _A_DAY:
        return False
    rise = Rise.between(before.last, after.first)
    energy_wh = rise.imported_wh + rise.exported_wh
    is_register = before.is_register_of(after.first, after.serial_number)
    return not is_register or energy_wh < _MIN_W * (passed / _HOUR)
