"""Rows of the platform Leneda, and the quarter-hours that are made from the rows.

With energy sharing, the platform may know only parts of the total consumption and production: the
supplier's part, and one part for each layer of energy sharing. The total is the sum of these parts.
A layer without a row counts as 0. If the supplier's part has no row, the total is unknown.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import chain, groupby
from operator import attrgetter
from typing import NamedTuple

from ..bill.energy_sharing import QuarterHourSharing
from ..history.luxembourg_time import QUARTER_HOUR, day_end, day_start
from ..history.quarter_hour import Origin, QuarterHour
from ..history.quarter_hour_values import DaySum
from .series_codes import CODES, COVERED, REGISTERS, SHARED, Quantity

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


class LenedaRow(NamedTuple):
    """Row of a series: the mean power of one quarter-hour."""

    start: datetime
    """In UTC."""
    kw: float
    is_measured: bool
    """Whether the value was neither estimated nor edited."""
    version: int = 1
    """Number of the version. For two weeks after a day, the operator may send corrected versions of
    its rows. The row with the highest version counts."""


type LenedaRows = Sequence[LenedaRow]
type RowsByCode = Mapping[str, LenedaRows]
"""Rows of each series, keyed by OBIS code."""


@lru_cache(maxsize=64)
def is_measured(word: str) -> bool:
    """Return whether `word`, a text from Leneda, means a measured value."""
    return word.strip().casefold() in _MEASURED


def newest(*series: Iterable[LenedaRow]) -> tuple[LenedaRow, ...]:
    """Return one row for each start, in the order of time: the row with the highest version.

    Of rows with equal versions, the last one is returned.
    """
    rows = sorted(chain(*series), key=attrgetter("version"))
    return tuple(sorted({row.start: row for row in rows}.values()))


def added_up(*series: Iterable[LenedaRow]) -> tuple[LenedaRow, ...]:
    """Return the sums of the rows with equal starts, in the order of time.

    If a series has no row for a start, its value counts as 0.
    """
    rows_by_start: dict[datetime, LenedaRow] = {}
    for row in chain(*series):
        previous = rows_by_start.get(row.start)
        rows_by_start[row.start] = _sum(previous, row) if previous else row
    return tuple(sorted(rows_by_start.values()))


def _sum(row: LenedaRow, other: LenedaRow) -> LenedaRow:
    return LenedaRow(
        row.start,
        # Values have three decimals, so rounding to six removes only float errors.
        round(row.kw + other.kw, 6),
        row.is_measured and other.is_measured,
        max(row.version, other.version),
    )


def quarter_hours_of(leneda: RowsByCode) -> list[QuarterHour]:
    """Return the quarter-hours whose imported energy Leneda knows, in the order of time.

    `leneda` has the rows of each code. If Leneda states only the parts of the imported energy,
    the supplier's part and the shared parts are added up. A quarter-hour with any estimated value
    counts as estimated.
    """
    rows: dict[Quantity, LenedaRows] = {
        REGISTERS[code].quantity: rows for code, rows in with_totals(leneda).items()
    }
    columns = [
        {row.start: row for row in rows.get(quantity, ())}
        for quantity in (
            Quantity.EXPORTED,
            Quantity.REACTIVE_IMPORTED,
            Quantity.REACTIVE_EXPORTED,
        )
    ]
    imported = rows.get(Quantity.IMPORTED, ())
    return [_of_platform(row, [column.get(row.start) for column in columns]) for row in imported]


def _of_platform(imported: LenedaRow, other_rows: Sequence[LenedaRow | None]) -> QuarterHour:
    """Return a quarter-hour from Leneda. Its exported and reactive energies may be unknown.

    `other_rows` are the rows of exported, reactive imported and reactive exported energy. A row is
    None if the energy is unknown.
    """
    is_measured = all(row.is_measured for row in (imported, *other_rows) if row is not None)
    exported, *reactive = (None if row is None else row.kw / 4 for row in other_rows)
    origin = Origin.LENEDA if is_measured else Origin.LENEDA_ESTIMATED
    return QuarterHour(imported.start, imported.kw, exported, reactive[0], reactive[1], origin)


def sharing_of(leneda: RowsByCode) -> dict[datetime, QuarterHourSharing]:
    """Return the shared energy of each quarter-hour, keyed by the start of the quarter-hour.

    `leneda` has the rows of each code. A sharing group has a layer from 1 to 4, and each layer
    has a series of its own. If a layer has no row for a quarter-hour, its energy counts as 0 Wh.
    """
    energies: dict[Quantity, dict[datetime, float]] = {
        REGISTERS[code].quantity: {row.start: row.kw * 250 for row in rows}
        for code, rows in leneda.items()
    }
    layer_1, layer_2, layer_3, layer_4 = layers = [energies.get(layer, {}) for layer in COVERED]
    remaining = energies.get(Quantity.REMAINING, {})
    imported = energies.get(Quantity.IMPORTED, {})
    return {
        start: QuarterHourSharing(
            (
                layer_1.get(start, 0.0),
                layer_2.get(start, 0.0),
                layer_3.get(start, 0.0),
                layer_4.get(start, 0.0),
            ),
            remaining.get(start),
            imported.get(start),
        )
        for start in sorted(set().union(remaining, *layers))
    }


# Only these: they are the sums of the others.
_PARTS = {
    Quantity.IMPORTED: (Quantity.REMAINING, *COVERED),
    Quantity.EXPORTED: (Quantity.SOLD, *SHARED),
}


def with_totals(leneda: RowsByCode) -> RowsByCode:
    """Return the rows of each code, with the missing rows of the totals added.

    A missing row of a total is computed from the total's parts.
    """
    rows_by_code = dict(leneda)
    for total, (rest, *layers) in _PARTS.items():
        total_rows = leneda.get(CODES[total], ())
        starts = {row.start for row in total_rows}
        rests = {row.start for row in leneda.get(CODES[rest], ())} - starts
        if not rests:
            continue
        parts = (leneda.get(CODES[part], ()) for part in (rest, *layers))
        sums = added_up(*([row for row in rows if row.start in rests] for rows in parts))
        rows_by_code[CODES[total]] = sorted((*total_rows, *sums))
    return rows_by_code


def last_whole_day(rows: LenedaRows) -> DaySum | None:
    """Return the sum of the last day whose quarter-hours are all known.

    Return None if there is no such day.
    """
    for start, group in groupby(reversed(rows), lambda row: day_start(row.start)):
        powers = [row.kw for row in group]
        if len(powers) == (day_end(start) - start) // QUARTER_HOUR:
            return DaySum(start, round(sum(powers) / 4, 6), len(powers))
    return None
