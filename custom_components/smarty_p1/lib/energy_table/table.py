"""A household's past as one table. Everything else is computed from it.

A row is energy in one quarter-hour. Most rows are whole quarter-hours, measured here or by Leneda.
All other energy is loose: a part of a quarter-hour, or a gap between readings that is divided among
its quarter-hours. A quarter-hour has several rows if parts of it were measured apart, or if a clock
that was set back repeated it. The table is a value: a what-if is the same table with other columns.

- A measured quarter-hour replaces a quarter-hour of Leneda. Either of them replaces loose energy.
- Between two known registers of one meter, the rows add up to their difference. So the energies of
  Leneda's quarter-hours are scaled if necessary (`loose_energy_division.py`).
- The energy of a gap of more than 40 days belongs to no quarter-hour until Leneda covers a part of
  it. A gap with hardly any energy is no real gap: its energy belongs to its last second.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from enum import IntEnum
from math import isnan
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..history.gap_clock_and_power_limits import MEASURED_OFF, MEASURED_OFF_WH
from ..history.quarter_hour import WH_A_KW, Origin, QuarterHour
from ..history.register_amounts import DECIMALS
from .loose_energy_division import Covered, Division, LooseSpans, divide_loose_energies
from .wall_clock import QUARTER_S, Flags, Floats, Numbers, number_from, time_of, wall_clock

MAX_WH = 9e9
"""Maximum sum of the absolute energies of a table in Wh. Running totals count billionths."""
# Tolerance of shared energy: Leneda rounds to 0.25 Wh.
_ROUNDED_WH = 0.5


class TooMuchEnergyError(ValueError):
    """The spans have more energy than a ledger can add up."""


class RowSource(IntEnum):
    """Origin of a row. All but `GAP` and `PART` are whole quarter-hours."""

    GAP = 0
    PART = 1
    MEASURED = 2
    LENEDA = 3
    ESTIMATED = 4
    """Estimated or edited by the operator, published by Leneda. Or measured, but changed here by
    more than a tolerance, because the meter's registers prove another energy."""


# Only these: the other rows were measured here.
ORIGINS = {
    RowSource.LENEDA: Origin.LENEDA,
    RowSource.ESTIMATED: Origin.LENEDA_ESTIMATED,
}
"""Origins of whole quarter-hours that were not measured here."""


class Spans(NamedTuple):
    """Periods between readings, in any order. Times are in seconds since 1970, in UTC."""

    start: Floats
    end: Floats
    imported: Floats
    """In Wh."""
    exported: Floats
    """In Wh, NaN where unknown."""
    source: NDArray[np.int8]

    def where(self, chosen: Flags | Numbers) -> Spans:
        """Return the chosen spans."""
        return Spans._make(column[chosen] for column in self)


class Leneda(NamedTuple):
    """Quarter-hours of the national platform, and the shared energy of quarter-hours. In Wh."""

    quarter: Numbers
    imported: Floats
    exported: Floats
    is_estimated: Flags
    shared_quarter: Numbers
    """Quarter-hours of which sharing is known."""
    layers: Floats
    """Energy of the layers 1 to 4 of sharing groups: four rows."""
    remaining: Floats
    """Energy that the supplier bills, NaN where unknown."""
    whole: Floats
    """Imported energy of the quarter-hour in Leneda's own data, NaN where unknown."""

    def between(self, begin: datetime, end: datetime) -> Leneda:
        """Return the quarter-hours from `begin` to before `end`. All sharing stays."""
        part = slice(*self.quarter.searchsorted((number_from(begin), number_from(end))).tolist())
        return self._replace(
            quarter=self.quarter[part],
            imported=self.imported[part],
            exported=self.exported[part],
            is_estimated=self.is_estimated[part],
        )


_NONE = np.empty(0)
NO_LENEDA = Leneda(
    np.empty(0, np.int64), _NONE, _NONE, np.empty(0, bool), np.empty(0, np.int64),
    np.empty((4, 0)), _NONE, _NONE,
)  # fmt: skip


class Table(NamedTuple):
    """Rows in the order of time. Energies are in Wh, prices in EUR per kWh."""

    quarter: Numbers
    imported: Floats
    exported: Floats
    """NaN where unknown. Unknown energy that came later is in a row of its own."""
    source: NDArray[np.int8]
    market: Floats
    """Market price of an imported kWh without margin, or its stand-in. NaN where unknown."""
    feed_in: Floats
    """The same for an exported kWh."""
    is_market_filled: Flags
    """Whether `market` is a stand-in price."""
    is_feed_in_filled: Flags
    shared: Floats
    """Imported energy from the layers 1 to 4, and from unknown layers: five rows."""
    is_sharing_known: Flags

    @property
    def prices(self) -> tuple[Floats, Floats]:
        """Return the market prices of an imported and of an exported kWh, with stand-ins."""
        return self.market, self.feed_in

    @property
    def true_prices(self) -> tuple[Floats, Floats]:
        """Return `prices` without the stand-ins: NaN where the market's price is unknown."""
        return (
            np.where(self.is_market_filled, np.nan, self.market),
            np.where(self.is_feed_in_filled, np.nan, self.feed_in),
        )

    @property
    def is_whole(self) -> Flags:
        """Return which rows are whole quarter-hours."""
        return self.source >= RowSource.MEASURED

    @property
    def is_shown(self) -> Flags:
        """Return which rows are whole quarter-hours. Of a repeated one, only the last row is."""
        whole, is_shown = np.flatnonzero(self.is_whole), self.is_whole
        is_shown[whole[:-1][np.diff(self.quarter[whole]) == 0]] = False
        return is_shown

    def places(self, begin: datetime, end: datetime) -> slice[int, int]:
        """Return the indices of the quarter-hours that begin from `begin` to before `end`."""
        first, last = self.quarter.searchsorted((number_from(begin), number_from(end))).tolist()
        return slice(first, last)

    def between(self, begin: datetime, end: datetime) -> Table:
        """Return the rows of the quarter-hours that begin from `begin` to before `end`."""
        part = self.places(begin, end)
        return Table._make(column[..., part] for column in self)

    def where(self, chosen: Flags | Numbers) -> Table:
        """Return the chosen rows."""
        return Table._make(column[..., chosen] for column in self)

    def followed_by(self, later: Table) -> Table:
        """Return the rows of this table, and then those of a later one."""
        pairs: Iterable[tuple[Any, Any]] = zip(self, later, strict=True)
        return Table._make(np.concatenate(pair, axis=-1) for pair in pairs)

    def joined(self, other: Table) -> Table:
        """Return the rows of both tables."""
        joined = self.followed_by(other)
        return joined.where(np.argsort(joined.quarter, kind="stable"))

    def with_prices_of(self, other: Table) -> Table:
        """Return the table with the market prices of `other`, which has the same quarter-hours."""
        return self._replace(
            market=other.market,
            feed_in=other.feed_in,
            is_market_filled=other.is_market_filled,
            is_feed_in_filled=other.is_feed_in_filled,
        )

    def with_rows(self, begin: datetime, end: datetime, rows: Table) -> Table:
        """Return the table with `rows` in place of those from `begin` to before `end`."""
        part = self.places(begin, end)
        is_kept = np.ones(len(self.quarter), bool)
        is_kept[part] = False
        return self.where(is_kept).joined(rows)


def shown_quarter_hours(table: Table) -> Iterator[QuarterHour]:
    """Yield the shown quarter-hours of a table, without their reactive energies."""
    rows = table.where(table.is_shown)
    columns = (rows.quarter, rows.imported, rows.exported, rows.source)
    for number, wh, fed_wh, source in zip(*(column.tolist() for column in columns), strict=True):
        yield QuarterHour(
            time_of(number),
            round(wh / WH_A_KW, DECIMALS),
            None if isnan(fed_wh) else round(fed_wh / 1000, DECIMALS),
            origin=ORIGINS.get(source),
        )


def without_impossible(spans: Spans, leneda: Leneda) -> tuple[Spans, Leneda, frozenset[int]]:
    """Return spans and Leneda's quarter-hours without the months with the most energy.

    A table of the others does not exceed `MAX_WH`. The last result has the months that are left
    out, since January 1970. A month of spans and one of Leneda are left out apart.
    """
    energies = [
        np.nan_to_num(np.abs(of.imported)) + np.nan_to_num(np.abs(of.exported))
        for of in (spans, leneda)
    ]
    own, elsewhere = _months(spans.start // QUARTER_S) * 2, _months(leneda.quarter) * 2 + 1
    months, of_row = np.unique(np.concatenate((own, elsewhere)), return_inverse=True)
    totals = np.bincount(of_row, np.concatenate(energies))
    order = np.argsort(totals)
    left_out = months[order][np.cumsum(totals[order]) > MAX_WH]
    kept = ~np.isin(elsewhere, left_out)
    quarters = leneda._replace(
        quarter=leneda.quarter[kept],
        imported=leneda.imported[kept],
        exported=leneda.exported[kept],
        is_estimated=leneda.is_estimated[kept],
    )
    of_months = frozenset((left_out // 2).tolist())
    return spans.where(~np.isin(own, left_out)), quarters, of_months


def _months(quarter: Numbers | Floats) -> Numbers:
    """Return the month of each quarter-hour, in any order."""
    order = np.argsort(quarter, kind="stable")
    months: Numbers = np.empty(len(quarter), np.int64)
    months[order] = wall_clock(quarter[order].astype(np.int64)).month
    return months


def table_of(spans: Spans, leneda: Leneda = NO_LENEDA) -> Table:
    """Return the past of a household from its own spans and from Leneda's quarter-hours.

    Its market prices are unknown (`filled_market_prices.py` adds them).

    Raises TooMuchEnergyError if the sum of all imported, or of all exported, energies exceeds
    `MAX_WH`: a ledger could not add them up.
    """
    is_whole = spans.source == RowSource.MEASURED
    own, loose = spans.where(is_whole), spans.where(~is_whole)
    own_quarter = (own.start // QUARTER_S).astype(np.int64)
    used = ~np.isin(leneda.quarter, own_quarter)
    quarter, is_estimated = leneda.quarter[used], leneda.is_estimated[used]
    imported, exported = leneda.imported[used], leneda.exported[used]
    columns: list[tuple[Any, ...]] = [(own_quarter, own.imported, own.exported, own.source)]
    if len(loose.start):
        is_fed, gaps = ~np.isnan(exported), loose[:2]
        covered = Covered(quarter, imported, is_estimated)
        bought = divide_loose_energies(LooseSpans(*gaps, loose.imported, loose.imported), covered)
        sold = divide_loose_energies(
            LooseSpans(*gaps, loose.exported, loose.imported),
            Covered(*(column[is_fed] for column in (quarter, exported, is_estimated))),
        )
        columns += [_rows_of(loose, bought), _rows_of(loose, sold, is_exported=True)]
        imported, exported[is_fed] = bought.covered_wh, sold.covered_wh
        is_estimated = is_estimated | bought.is_changed
        is_estimated[is_fed] |= sold.is_changed
    source = np.where(is_estimated, RowSource.ESTIMATED, RowSource.LENEDA)
    columns.append((quarter, imported, exported, source))
    rows = [np.concatenate(column) for column in zip(*columns, strict=True)]
    if any(np.nansum(np.abs(energy)) > MAX_WH for energy in rows[1:3]):
        raise TooMuchEnergyError
    count = len(rows[0])
    unknown, no = np.full(count, np.nan), np.zeros(count, bool)
    table = Table._make([*rows, unknown, unknown, no, no, np.zeros((5, count)), no])
    return with_sharing(table.where(np.argsort(table.quarter, kind="stable")), leneda)


def _rows_of(loose: Spans, division: Division, *, is_exported: bool = False) -> tuple[Any, ...]:
    wh, of = division.wh, division.span
    energies = (0 * wh, wh) if is_exported else (wh, 0 * wh)
    return division.quarter, *energies, loose.source[of]


def with_sharing(table: Table, leneda: Leneda) -> Table:
    """Return `table` with the shared part of each quarter-hour's imported energy.

    If the remaining energy is known, all other energy is shared. This can be more than the sum of
    the layers, because Leneda can hide layers from the user.
    """
    place = np.searchsorted(leneda.shared_quarter, table.quarter)
    is_known = table.is_shown & (place < len(leneda.shared_quarter))
    is_known[is_known] = leneda.shared_quarter[place[is_known]] == table.quarter[is_known]
    place, wh = place[is_known], table.imported[is_known]
    layers, whole_wh = leneda.layers[:, place], leneda.whole[place]
    is_own = np.isnan(whole_wh)
    all_wh = np.maximum(0.0, np.where(is_own, wh, whole_wh) - leneda.remaining[place])
    off = np.where(is_own, MEASURED_OFF_WH + wh * MEASURED_OFF, _ROUNDED_WH)
    other = all_wh - layers.sum(axis=0)  # NaN if the remaining energy is unknown
    most = np.where(other < -off, np.minimum(wh, all_wh), wh)
    layers = np.vstack((layers, np.where(other > off, other, 0.0)))
    total = layers.sum(axis=0)
    shared = np.zeros((5, len(table.quarter)))
    share = np.divide(most, total, out=np.zeros(len(wh)), where=total > 0)
    shared[:, is_known] = layers * np.minimum(1.0, share)
    return table._replace(shared=shared, is_sharing_known=is_known)
