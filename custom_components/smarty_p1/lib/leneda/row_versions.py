"""Rows of the national platform Leneda, and the choice among several versions of a row."""

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
"""Leneda's words for a measured value, and likely words in other languages."""

MAX_VERSION = 1_000_000
"""Highest version that is accepted. Versions up to 28 were seen."""


class Row(NamedTuple):
    """Row of a series: the mean power of one quarter-hour."""

    start: datetime
    """In UTC."""
    kw: float
    is_measured: bool
    """Whether the value was neither estimated nor edited."""
    version: int = 1
    """The operator corrects a day for two weeks. The row of the highest version counts."""


@lru_cache(maxsize=64)
def is_measured(word: str) -> bool:
    """Return whether `word`, a text from Leneda, means a measured value."""
    return word.strip().casefold() in _MEASURED


def newest(*series: Iterable[Row]) -> tuple[Row, ...]:
    """Return one row for each start, in the order of time: the row with the highest version.

    Of rows with equal versions, the last one is returned.
    """
    rows_by_start: dict[datetime, Row] = {}
    for rows in series:
        for row in rows:
            previous = rows_by_start.get(row.start)
            if previous is None or row.version >= previous.version:
                rows_by_start[row.start] = row
    return tuple(sorted(rows_by_start.values()))


def added_up(*series: Iterable[Row]) -> tuple[Row, ...]:
    """Return the sums of the rows with equal starts, in the order of time.

    If a series has no row for a start, its value counts as 0.
    """
    rows_by_start: dict[datetime, Row] = {}
    for rows in series:
        for row in rows:
            previous = rows_by_start.get(row.start)
            rows_by_start[row.start] = _sum(previous, row) if previous else row
    return tuple(sorted(rows_by_start.values()))


def _sum(row: Row, other: Row) -> Row:
    return Row(
        row.start,
        # Values have three decimals, so rounding to six removes only float errors.
        round(row.kw + other.kw, 6),
        row.is_measured and other.is_measured,
        max(row.version, other.version),
    )
