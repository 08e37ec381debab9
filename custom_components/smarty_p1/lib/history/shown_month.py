"""Choice of the shown month, which a wrong clock must not change.

Home Assistant's statistics add up totals with `last_reset`. A month that is shown again after
another month would be counted twice. So the shown month changes only by these rules:

- A break in the readings makes the clock doubtful. The clock is sure again after a day of measured
  quarter-hours. While the clock is sure, the month of the last reading is shown.
- While the clock is doubtful, the month of the last reading is shown only if it is later than the
  shown month. The later month is not shown if the clock has leapt ahead by more than a day with
  hardly any energy.
- After a break, the shown month changes only when the energy of the break is known: after the first
  whole quarter-hour. A month that passed in the break is shown before the month of the last
  reading, if its energy is known. So each month is shown once with its whole energy.
- If a wrong clock has changed the shown month, the last month with measured quarter-hours is shown
  again as soon as a reading lies in that month.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise, starmap

from .luxembourg_time import DAY, HOUR, month_end, month_start, quarter_start
from .month_columns import Row
from .reading_segments import MAX_SEGMENTS, ReadingSegment
from .register_amounts import Rise

# Minimum mean power in W of a household. So in a gap without readings, the registers of a meter
# rise by at least 240 Wh a day. If the clock shows a gap of days in which they have risen less, the
# gap is not real: the clock was set ahead.
_MIN_W = 10.0


def is_to_be_shown(segments: Sequence[ReadingSegment], month: datetime, row: Row) -> bool:
    """Return whether `month`, the month of the last reading, must replace the shown month."""
    shown = segments[-1].month_start
    if month == shown:
        return False
    if len(segments) == 1 or _was_left(row, month, shown):
        return True
    return month > shown and not _has_leapt(segments)


def time_until(segments: Sequence[ReadingSegment]) -> datetime:
    """Return the time up to which the readings count for the shown month.

    Usually, this is the time of the last reading. The result of `sure_time` is returned in three
    cases:

    - this result is later than the last reading;
    - the last reading does not lie in the shown month; readings after a break then do not count
      until the energy of the break does: with the first whole quarter-hour;
    - the clock is perhaps ahead.
    """
    latest = segments[-1]
    time = latest.last.time
    # The cache of `month_start` knows the start of the quarter-hour.
    if month_start(quarter_start(time)) != latest.month_start:
        return sure_time(segments if latest.quarter_hours else segments[:-1] or segments)
    sure = sure_time(segments)
    return sure if _has_leapt(segments) else max(time, sure)


def sure_time(segments: Sequence[ReadingSegment]) -> datetime:
    """Return the time of the last reading before the clock became doubtful.

    The clock becomes doubtful at the first segment that cannot continue the segment before it, or
    when the clock was set ahead between two segments.
    """
    time = segments[0].last.time
    for before, after in pairwise(segments):
        if not before.may_be_followed_by(after.first, after.serial_number):
            break
        if _leaps(before, after):
            break
        time = after.last.time
    return time


def _was_left(row: Row, month: datetime, shown: datetime) -> bool:
    """Return whether a wrong clock has changed the shown month, and the clock is right again.

    `month` is the month of the last reading, and `shown` the start of the shown month. Return True
    if `month` has measured quarter-hours, and the month after `month` has none. But if the month
    after `month` is the shown month, return False: the clock may only be slow.
    """
    following = month_end(month)
    is_last = following != shown and not row.has_quarter_hours(following)
    return is_last and row.has_quarter_hours(month)


def _has_leapt(segments: Sequence[ReadingSegment]) -> bool:
    """Return whether the clock is perhaps ahead: it was set ahead between two segments.

    Return False if the clock was set ahead `MAX_SEGMENTS - 1` times: before each segment except the
    first. Such a clock is perhaps set ahead again and again. With the result True, the shown month
    would then never change.
    """
    leaps = sum(starmap(_leaps, pairwise(segments)))
    return 0 < leaps < MAX_SEGMENTS - 1


def _leaps(before: ReadingSegment, after: ReadingSegment) -> bool:
    """Return whether the clock was set ahead by over a day between two segments.

    Return False for a real gap. A gap is real on two conditions: both readings are of the same
    register, and its rise amounts to a mean power of at least `_MIN_W`.
    """
    passed = after.first.time - before.last.time
    if passed <= DAY:
        return False
    rise = Rise.between(before.last, after.first)
    energy_wh = rise.imported_wh + rise.exported_wh
    is_register = before.is_register_of(after.first, after.serial_number)
    return not is_register or energy_wh < _MIN_W * (passed / HOUR)
