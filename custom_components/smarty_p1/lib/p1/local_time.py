"""Local times of meters that send no letter for the UTC offset.

In October, Luxembourg's clock shows one hour twice: first in summer time, then in winter time.
Without the letter, only the other telegrams show which of the two hours a time belongs to. So
`local_time` first puts such a time into the first hour, and marks it with the time zone
REPEATED_HOUR.
"""

from datetime import date, datetime, timedelta, timezone

_WINTER = timezone(timedelta(hours=1))
_SUMMER = timezone(timedelta(hours=2))
REPEATED_HOUR = timezone(timedelta(hours=2), "UTC+01:00 or UTC+02:00")
"""Time zone of a time that may be an hour later."""

_MARCH, _OCTOBER = 3, 10
# A meter's clock may be corrected by up to this time. A telegram that is earlier than its
# predecessor by less than this is not of the second hour.
_CORRECTION = timedelta(minutes=1)


def local_time(wall: datetime) -> datetime:
    """Return the aware time for `wall`, a naive time on Luxembourg's clock.

    A time that the clock skips in March is read with the offset of the winter. The rule of the
    European Union is used, so that this package needs no database of time zones.
    """
    begin = datetime(wall.year, _MARCH, _last_sunday(wall.year, _MARCH), 3)  # noqa: DTZ001
    end = datetime(wall.year, _OCTOBER, _last_sunday(wall.year, _OCTOBER), 2)  # noqa: DTZ001
    if begin <= wall < end:
        return wall.replace(tzinfo=_SUMMER)
    is_repeated = end <= wall < end.replace(hour=3)
    return wall.replace(tzinfo=REPEATED_HOUR if is_repeated else _WINTER)


def _last_sunday(year: int, month: int) -> int:
    """Return the day of the last Sunday of a month with 31 days."""
    return 31 - date(year, month, 31).isoweekday() % 7


def hour_after(time: datetime, last: datetime) -> datetime:
    """Return `time` in the hour that follows `last`. `time` has the time zone REPEATED_HOUR."""
    return _in_winter(time) if time < last - _CORRECTION else time


def hour_before(time: datetime, limit: datetime) -> datetime:
    """Return `time` in the last hour that is not after `limit`.

    `time` has the time zone REPEATED_HOUR.
    """
    winter = _in_winter(time)
    return winter if winter <= limit + _CORRECTION else time


def _in_winter(time: datetime) -> datetime:
    return time.replace(tzinfo=_WINTER)
