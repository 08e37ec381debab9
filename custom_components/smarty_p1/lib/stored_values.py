"""Checks of values from stored files, which may be edited, cut off or of another version.

Each function returns its argument if the type and range are right, and raises ValueError otherwise.
"""

from datetime import datetime
from typing import Any

_MAX_ITEMS = 10_000
_MAX_NUMBER = 1e300
_MAX_COUNT = 1e15
_MAX_TEXT_CHARS = 65_535
_YEARS = range(1999, 2101)

type Stored = Any


def checked_number(
    value: Stored, minimum: float = -_MAX_NUMBER, maximum: float = _MAX_NUMBER
) -> float:
    """Return the value if it is a number within the limits."""
    if type(value) not in (int, float) or not minimum <= value <= maximum:
        raise ValueError
    number: float = value
    return number


def checked_count(value: Stored, maximum: float = _MAX_COUNT) -> int:
    """Return the value if it is a whole number from 0 to the maximum."""
    if type(value) is not int or not 0 <= value <= maximum:
        raise ValueError
    return value


def checked_flag(value: Stored) -> bool:
    """Return the value if it is true or false."""
    if type(value) is not bool:
        raise ValueError
    return value


def checked_text(value: Stored) -> str:
    """Return the value if it is a text of at most 65,535 characters."""
    if type(value) is not str or len(value) > _MAX_TEXT_CHARS:
        raise ValueError
    return value


def checked_time(value: Stored) -> datetime:
    """Return the time of an ISO 8601 text with a time zone."""
    time = datetime.fromisoformat(checked_text(value))
    # Sums and differences of dates overflow near the ends of the calendar.
    if time.tzinfo is None or time.year not in _YEARS:
        raise ValueError
    return time


def some_bytes(value: Stored, size: int) -> bytes:
    """Return `size` bytes from their hexadecimal digits."""
    data = bytes.fromhex(checked_text(value))
    if len(data) != size:
        raise ValueError
    return data


def checked_list(value: Stored, max_items: int = _MAX_ITEMS) -> list[Stored]:
    """Return the value if it is a list of at most `max_items`."""
    if type(value) is not list or len(value) > max_items:
        raise ValueError
    return value


def checked_mapping(value: Stored, max_items: int = _MAX_ITEMS) -> dict[str, Stored]:
    """Return the value if it is an object of at most `max_items`, whose keys are texts."""
    if type(value) is not dict or len(value) > max_items:
        raise ValueError
    return {checked_text(key): item for key, item in value.items()}
