"""Checks of what was stored: a file may have been edited, cut off or be of another version.

Each function returns what it was given if that is what it should be, and raises ValueError if not.
"""

from datetime import datetime
from typing import Any

_MAX_ITEMS = 10_000
_MAX_NUMBER = 1e300
_MAX_COUNT = 1e15
_MAX_TEXT = 65_535
_YEARS = range(1999, 2101)

type Stored = Any


def checked_number(value: Stored, least: float = -_MAX_NUMBER, most: float = _MAX_NUMBER) -> float:
    """Return a number, whole or not."""
    if type(value) not in (int, float) or not least <= value <= most:
        raise ValueError
    number: float = value
    return number


def checked_count(value: Stored, most: float = _MAX_COUNT) -> int:
    """Return a whole number from 0."""
    if type(value) is not int or not 0 <= value <= most:
        raise ValueError
    return value


def checked_flag(value: Stored) -> bool:
    """Return true or false."""
    if type(value) is not bool:
        raise ValueError
    return value


def checked_text(value: Stored) -> str:
    """Return a text of reasonable length."""
    if type(value) is not str or len(value) > _MAX_TEXT:
        raise ValueError
    return value


def checked_time(value: Stored) -> datetime:
    """Return a time that knows its time zone."""
    time = datetime.fromisoformat(checked_text(value))
    # Nearer to the ends of time, dates overflow.
    if time.tzinfo is None or time.year not in _YEARS:
        raise ValueError
    return time


def some_bytes(value: Stored, size: int) -> bytes:
    """Return as many bytes, out of their hexadecimal digits."""
    data = bytes.fromhex(checked_text(value))
    if len(data) != size:
        raise ValueError
    return data


def checked_list(value: Stored, most: int = _MAX_ITEMS) -> list[Stored]:
    """Return a list that is not too long."""
    if type(value) is not list or len(value) > most:
        raise ValueError
    return value


def checked_mapping(value: Stored, most: int = _MAX_ITEMS) -> dict[str, Stored]:
    """Return an object with not too many keys, which are texts."""
    if type(value) is not dict or len(value) > most:
        raise ValueError
    return {checked_text(key): each for key, each in value.items()}
