"""A value of the platform, and which one counts when there are several."""

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

_MEASURED = {
    "actual",
    "gemessen",
    "gemooss",
    "measured",
    "medida",
    "medido",
    "mesuré",
    "mesurée",
}
"""The platform's words, and what other languages are likely to call it."""

MAX_VERSION = 1_000_000
"""It was seen up to 28."""


class Row(NamedTuple):
    """The mean power of a quarter-hour."""

    start: datetime
    """In UTC."""
    kw: float
    is_measured: bool
    """Whether it was neither estimated nor edited."""
    version: int = 1
    """A day is worked out anew for two weeks; the highest version counts."""


@lru_cache(maxsize=64)
def is_measured(word: str) -> bool:
    """Return whether a row is measured, as the platform calls that."""
    return word.strip().casefold() in _MEASURED


def newest(*series: Iterable[Row]) -> tuple[Row, ...]:
    """Return what counts, in the order of time: the highest version, of equal ones the last."""
    found: dict[datetime, Row] = {}
    for rows in series:
        for row in rows:
            known = found.get(row.start)
            if known is None or row.version >= known.version:
                found[row.start] = row
    return tuple(sorted(found.values()))


def added_up(*series: Iterable[Row]) -> tuple[Row, ...]:
    """Return the sum of several series in the order of time, of those that know a quarter-hour."""
    found: dict[datetime, Row] = {}
    for rows in series:
        for row in rows:
            known = found.get(row.start)
            found[row.start] = _sum(known, row) if known else row
    return tuple(sorted(found.values()))


def _sum(one: Row, other: Row) -> Row:
    return Row(
        one.start,
        # Of values with three decimals: no error of binary fractions.
        round(one.kw + other.kw, 6),
        one.is_measured and other.is_measured,
        max(one.version, other.version),
    )
