"""Checks of values from stored files. Users may edit such files, and a crash may cut off their end.

Each function returns the checked value. It raises ValueError if the type or the range is wrong.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any

MAX_ITEMS = 10_000
MAX_NUMBER = 1e300
MAX_COUNT = 1e15
MAX_TEXT_CHARS = 65_535
# More than a century: a clock at the first permitted year differs from the last one by less. A
# datetime stays within the years of `datetime` when such a duration is added.
MAX_SECONDS = timedelta(days=40_000).total_seconds()
YEARS = range(1999, 2101)
"""Permitted years of times. A datetime near the year 1 or 9999 would overflow."""

type Stored = Any


def checked_number(
    value: Stored, minimum: float = -MAX_NUMBER, maximum: float = MAX_NUMBER
) -> float:
    """Return `value` if it is an int or float from `minimum` to `maximum`.

    Otherwise raise ValueError.
    """
    if type(value) not in (int, float) or not minimum <= value <= maximum:
        raise ValueError
    number: float = value
    return number


def checked_whole(value: Stored, minimum: float, maximum: float) -> int:
    """Return `value` if it is an int from `minimum` to `maximum`. Otherwise raise ValueError."""
    if type(value) is not int or not minimum <= value <= maximum:
        raise ValueError
    return value


def checked_count(value: Stored, maximum: float = MAX_COUNT) -> int:
    """Return `value` if it is an int from 0 to `maximum`. Otherwise raise ValueError."""
    return checked_whole(value, 0, maximum)


def checked_flag(value: Stored) -> bool:
    """Return `value` if it is a bool. Otherwise raise ValueError."""
    if type(value) is not bool:
        raise ValueError
    return value


def checked_text(value: Stored, max_chars: int = MAX_TEXT_CHARS) -> str:
    """Return `value` if it is a str of at most `max_chars`. Otherwise raise ValueError."""
    if type(value) is not str or len(value) > max_chars:
        raise ValueError
    return value


def checked_time(value: Stored) -> datetime:
    """Return the aware datetime in an ISO 8601 text with UTC offset. Otherwise raise ValueError."""
    time = datetime.fromisoformat(checked_text(value))
    # A datetime near the year 1 or 9999 overflows when a duration is added. So accept only years
    # that are far from both.
    if time.tzinfo is None or time.year not in YEARS:
        raise ValueError
    return time


def utc_time(value: Stored) -> datetime:
    """Return the time in UTC of an ISO 8601 text with offset. Otherwise raise ValueError."""
    return checked_time(value).astimezone(UTC)


def checked_date(value: Stored) -> date:
    """Return the date in an ISO 8601 text. Otherwise raise ValueError."""
    day = date.fromisoformat(checked_text(value))
    if day.year not in YEARS:
        raise ValueError
    return day


def some_bytes(value: Stored, size: int) -> bytes:
    """Return the bytes of a hexadecimal text. Raise ValueError unless there are `size` bytes."""
    data = bytes.fromhex(checked_text(value))
    if len(data) != size:
        raise ValueError
    return data


def checked_list(value: Stored, max_items: int = MAX_ITEMS) -> list[Stored]:
    """Return `value` if it is a list of at most `max_items` items. Otherwise raise ValueError."""
    if type(value) is not list or len(value) > max_items:
        raise ValueError
    return value


def checked_mapping(value: Stored, max_items: int = MAX_ITEMS) -> dict[str, Stored]:
    """Return `value` if it is a dict of at most `max_items` items whose keys are all str.

    Otherwise raise ValueError.
    """
    if type(value) is not dict or len(value) > max_items:
        raise ValueError
    return {checked_text(key): item for key, item in value.items()}
