"""Quarter-hours, days and months of the tariff, by Luxembourg's clock."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

LUXEMBOURG = ZoneInfo("Europe/Luxembourg")
QUARTER_HOUR, HOUR, DAY = timedelta(minutes=15), timedelta(hours=1), timedelta(days=1)

MONTHS_OF_A_YEAR = 12
QUARTER_HOURS_A_DAY = 96
SECOND = timedelta(seconds=1)
_MORE_THAN_A_DAY = timedelta(hours=36)
_MORE_THAN_A_MONTH = timedelta(days=45)


def quarter_start(time: datetime) -> datetime:
    """Return the start of the quarter-hour that contains `time`. Both times are in UTC.

    In October, Luxembourg's clock shows one hour twice. In UTC, these are two different hours, so
    each quarter-hour has a start of its own.
    """
    return time.replace(minute=time.minute // 15 * 15, second=0, microsecond=0)


def hour_start(time: datetime) -> datetime:
    """Return the start of the hour that contains `time`. The time zone has whole hours."""
    return time.replace(minute=0, second=0, microsecond=0)


@lru_cache(maxsize=64)
def midnight(day: date) -> datetime:
    """Return the midnight in Luxembourg at which `day` begins, in UTC."""
    return in_utc(datetime.combine(day, time()))


@lru_cache(maxsize=64)
def day_start(time: datetime) -> datetime:
    """Return the start of the day of `time` in Luxembourg, as UTC."""
    return _midnight(time).astimezone(UTC)


@lru_cache(maxsize=64)
def day_end(time: datetime) -> datetime:
    """Return the next midnight in Luxembourg after `time`, in UTC."""
    return day_start(day_start(time) + _MORE_THAN_A_DAY)


@lru_cache(maxsize=64)
def month_start(time: datetime) -> datetime:
    """Return the first midnight of the month that contains `time`, in Luxembourg's time."""
    return _midnight(time).replace(day=1)


@lru_cache(maxsize=64)
def month_end(time: datetime) -> datetime:
    """Return the midnight that ends the month that contains `time`, in Luxembourg's time."""
    return month_start(month_start(time) + _MORE_THAN_A_MONTH)


def in_utc(time: datetime) -> datetime:
    """Return a time in UTC. A time without zone is Luxembourg's, as on the meter and the bill."""
    return (time if time.tzinfo else time.replace(tzinfo=LUXEMBOURG)).astimezone(UTC)


def next_moment(clock: time, now: datetime) -> datetime:
    """Return the next moment after `now` at which Luxembourg's clock shows `clock`, in UTC."""
    day = local_day(now)
    at = in_utc(datetime.combine(day, clock))
    return at if at > now else in_utc(datetime.combine(day + DAY, clock))


def _midnight(time: datetime) -> datetime:
    return time.astimezone(LUXEMBOURG).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)


def days_between(start: datetime, end: datetime) -> Iterator[datetime]:
    """Yield the start of each day that a period touches, in UTC."""
    # An empty period touches no day, also if it begins within a day.
    while start < end:
        yield day_start(start)
        start = day_end(start)


def hours_between(start: datetime, end: datetime) -> Iterator[datetime]:
    """Yield `start`, and the times at intervals of an hour after it and before `end`."""
    while start < end:
        yield start
        start += HOUR


def time_of_day(time: datetime) -> tuple[int, int]:
    """Return hour and minute of Luxembourg's clock."""
    local = time.astimezone(LUXEMBOURG)
    return local.hour, local.minute


def local_day(time: datetime) -> date:
    """Return the day of Luxembourg's clock."""
    return time.astimezone(LUXEMBOURG).date()


def local_text(time: datetime) -> str:
    """Return a time as text in Luxembourg's time, such as `2026-06-01T00:15:00+02:00`."""
    return time.astimezone(LUXEMBOURG).isoformat()
