"""Value of the platform, and the choice among several versions."""

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
"""Words of the platform for a measured value, and likely words in other languages."""

MAX_VERSION = 1_000_000
"""Versions up to 28 were seen."""


class Row(NamedTuple):
    """Mean power of a quarter-hour."""

    start: datetime
    """In UTC."""
    kw: float
    is_measured: bool
    """Whether the value was neither estimated nor edited."""
    version: int = 1
    """The operator computes a day again for two weeks; the highest version counts."""


@lru_cache(maxsize=64)
def is_measured(word: str) -> bool:
    """Return whether the platform's word means a measured value."""
    return word.strip().casefold() in _MEASURED


def newest(*series: Iterable[Row]) -> tuple[Row, ...]:
    """Return the highest version of each row, the last of equal versions, in the order of time."""
    found: dict[datetime, Row] = {}
    for rows in series:
        for row in rows:
            known = found.get(row.start)
            if known is None or row.version >= known.version:
                found[row.start] = row
    return tuple(sorted(found.values()))


def added_up(*series: Iterable[Row]) -> tuple[Row, ...]:
    """Return the sum of several series in the order of time, where at least one knows a value."""
    found: dict[datetime, Row] = {}
    for rows in series:
        for row in rows:
            known = found.get(row.start)
            found[row.start] = _sum(known, row) if known else row
    return tuple(sorted(found.values()))


def _sum(one: Row, other: Row) -> Row:
    return Row(
        one.start,
        # Values have three decimals: rounding removes errors of binary fractions.
        round(one.kw + other.kw, 6),
        one.is_measured and other.is_measured,
        max(one.version, other.version),
    )
