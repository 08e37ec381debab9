"""Sums of a table under the contracts of its time, over any period.

    ledger = Ledger.of_table(table, contracts)
    ledger.sums(first, last).imported_wh

A row is billed under the contract that holds at the start of its quarter-hour. The sums are
differences of running totals, so a period of any length costs the same.
"""

from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property, lru_cache, reduce
from itertools import pairwise
from math import inf
from typing import NamedTuple
from zlib import crc32

import numpy as np

from ..energy_table.table import RowSource, Table, shown_quarter_hours
from ..energy_table.wall_clock import (
    A_DAY,
    Flags,
    Floats,
    Numbers,
    WallClock,
    number_from,
    quarter_number,
    time_of,
    wall_clock,
)
from ..history.luxembourg_time import QUARTER_HOUR, month_end, month_start
from ..history.market_prices import NO_PRICES, MarketPrices
from ..history.quarter_hour import WH_A_KW, QuarterHour
from ..history.register_amounts import DECIMALS, Amounts
from ..prices.agreed_prices import AgreedPrices, price_file
from ..prices.contract import BEGINNING, Contract, Contracts
from ..prices.time_of_use import second_quarters
from .bill_part_sums import BillPart, Sums, month_share

_PARTS = 1e9
"""Running totals count billionths of a Wh and of a EUR."""


class RunningPrices(NamedTuple):
    """Market prices of a quarter-hour that has not ended, and their stand-ins."""

    known: MarketPrices = NO_PRICES
    stand_ins: MarketPrices = NO_PRICES


class Running(NamedTuple):
    """Energy of a quarter-hour that has not ended."""

    quarter: int
    """Number of the quarter-hour."""
    sums: Sums


class LedgerRows(NamedTuple):
    """Rows of a table, with what a ledger needs of each."""

    table: Table
    clock: WallClock
    reference_wh: Floats
    """Reference power of each row as energy of a quarter-hour, infinite without one."""
    totals: Numbers
    """Running totals: a row for each field of `Sums`, with one value more than the table.

    They are integers, so a difference of two totals is exact, however long the past is."""

    @classmethod
    def of_table(
        cls, table: Table, contracts: Contracts, before: LedgerRows | None = None
    ) -> LedgerRows:
        """Return the rows of a table. The running totals continue those of the rows `before`."""
        clock, count = wall_clock(table.quarter), len(table.quarter)
        is_second, reference_wh = np.zeros(count, bool), reference_wh_of(table.quarter, contracts)
        for contract, part in _contract_parts(table.quarter, contracts):
            is_second[part] = second_rows(contract, clock, part)
        columns = _columns(table, is_second, reference_wh)
        totals = np.zeros((len(columns), count + 1), np.int64)
        for total, column in zip(totals, columns, strict=True):
            if column.any():  # most columns of most households are 0
                np.cumsum(np.rint(column * _PARTS).astype(np.int64), out=total[1:])
        if before:
            totals += before.totals[:, -1:]
        return cls(table, clock, reference_wh, totals)

    def between(self, begin: datetime, end: datetime) -> LedgerRows:
        """Return the rows of the quarter-hours that begin from `begin` to before `end`."""
        part = self.table.places(begin, end)
        return LedgerRows(
            self.table.between(begin, end),
            WallClock(*(column[part] for column in self.clock)),
            self.reference_wh[part],
            self.totals[:, part.start : part.stop + 1],
        )

    def followed_by(self, later: LedgerRows) -> LedgerRows:
        """Return these rows and later ones."""
        return LedgerRows(
            self.table.followed_by(later.table),
            WallClock(*map(np.concatenate, zip(self.clock, later.clock, strict=True))),
            np.concatenate((self.reference_wh, later.reference_wh)),
            np.concatenate((self.totals, later.totals[:, 1:]), axis=1),
        )


class LedgerParts:
    """Rows of a ledger in two parts, so that the past is kept while a day grows."""

    def __init__(self, past: LedgerRows, day: LedgerRows | None = None, begin: int = 0) -> None:
        self._parts = [past] if day is None else [past, day]
        self.past = past
        """First part. It is the same object until something in it changes, or the day ends."""
        self.begin = begin
        """Number of the second part's first quarter-hour. 0 if there is only one part."""

    @cached_property
    def whole(self) -> LedgerRows:
        """Return all rows in one part. This copies them, so do it only for answers."""
        return reduce(LedgerRows.followed_by, self._parts)

    def totals_at(self, time: datetime) -> Numbers:
        """Return the running totals of all quarter-hours that begin before `time`."""
        number = number_from(time)
        rows = self._parts[0 if number < self.begin else -1]
        return rows.totals[:, rows.table.quarter.searchsorted(number)]

    def first_from(self, number: int) -> int | None:
        """Return the first known quarter-hour from the quarter-hour `number` on."""
        quarters = [part.table.quarter for part in self._parts]
        later = (
            int(quarter[at])
            for quarter in quarters
            if (at := quarter.searchsorted(number)) < len(quarter)
        )
        return next(later, None)

    def between(self, begin: datetime, end: datetime) -> LedgerRows:
        """Return the rows of the quarter-hours that begin from `begin` to before `end`."""
        parts = self._parts if number_from(begin) < self.begin else self._parts[-1:]
        return reduce(LedgerRows.followed_by, [part.between(begin, end) for part in parts])

    def tables_between(self, begin: datetime, end: datetime) -> list[Table]:
        """Return the rows of `between` in one or two tables, which are not copied."""
        return [part.table.between(begin, end) for part in self._parts]


@dataclass(frozen=True, eq=False)
class Ledger:
    """Sums of a table under its contracts."""

    contracts: Contracts
    is_begun: bool
    """Whether the household's first day is known. Monthly prices count from this day on."""
    known: LedgerParts
    running: Running | None = None
    """Added to the sums of all periods that contain it."""

    @property
    def table(self) -> Table:
        """Return the table of all known rows, without the running quarter-hour."""
        return self.known.whole.table

    @property
    def clock(self) -> WallClock:
        """Return Luxembourg's clock at each row."""
        return self.known.whole.clock

    @property
    def reference_wh(self) -> Floats:
        """Return the reference power of each row as energy of a quarter-hour."""
        return self.known.whole.reference_wh

    @property
    def above_wh(self) -> Floats:
        """Return the energy of each row above the reference power. Only whole rows have some."""
        return _above_wh(self.table, self.reference_wh)

    @classmethod
    def of_table(cls, table: Table, contracts: Contracts, *, is_begun: bool = True) -> Ledger:
        """Return the ledger of a table. All amounts have VAT if the latest contract has it."""
        shown = contracts.shown_at(contracts.entries[-1][0])
        return cls(shown, is_begun, LedgerParts(LedgerRows.of_table(table, contracts)))

    def followed_by(self, table: Table, begin: datetime) -> Ledger:
        """Return this ledger with the table of a day that begins after all of its rows."""
        past = self.known.whole
        day = LedgerRows.of_table(table, self.contracts, past)
        parts = (past, day, number_from(begin)) if len(past.table.quarter) else (day,)
        return replace(self, known=LedgerParts(*parts))

    def sums(self, begin: datetime, end: datetime) -> Sums:
        """Return the sums of the quarter-hours that begin from `begin` to before `end`."""
        totals = self.total(begin, end)
        sums = Sums(*(round(total / _PARTS, DECIMALS) for total in totals))
        if self.running and begin <= time_of(self.running.quarter) < end:
            return sums.plus(self.running.sums)
        return sums

    def total(self, begin: datetime, end: datetime) -> list[int]:
        """Return the fields of `sums` as exact integers, in billionths, without `running`."""
        known = self.known
        totals: list[int] = (known.totals_at(end) - known.totals_at(begin)).tolist()
        return totals

    @property
    def all(self) -> Sums:
        """Return the sums of the whole table."""
        totals = self.known.whole.totals
        return Sums(*((totals[:, -1] - totals[:, 0]) / _PARTS).tolist())

    def has_rows(self, begin: datetime, end: datetime) -> bool:
        """Return whether a period has known energy, even if it is 0."""
        first = self.known.first_from(number_from(begin))
        is_running = self.running is not None and begin <= time_of(self.running.quarter) < end
        return is_running or (first is not None and first < number_from(end))

    def is_whole(self, begin: datetime, end: datetime) -> bool:
        """Return whether all quarter-hours of a period are known."""
        return self.sums(begin, end).quarter_hours >= (end - begin) // QUARTER_HOUR

    def lacks_exports(self, begin: datetime, end: datetime) -> bool:
        """Return whether the exported energy of a quarter-hour of a period is unknown."""
        tables = self.known.tables_between(begin, end)
        return any(np.isnan(table.exported[table.is_whole]).any() for table in tables)

    @cached_property
    def months(self) -> Sequence[datetime]:
        """Return the starts of all months with rows, in Luxembourg's time."""
        months, number = list[datetime](), self.known.first_from(0)
        while number is not None:
            months.append(month_start(time_of(number)))
            number = self.known.first_from(number_from(month_end(months[-1])))
        return months

    def with_running(self, time: datetime, amounts: Amounts, prices: RunningPrices) -> Ledger:
        """Return this ledger with the running quarter-hour, measured from `time` on.

        It shares with this ledger all that a telegram does not change.
        """
        quarter = quarter_number(time)
        of_a_wh = _sums_of_a_wh(quarter, self.contracts.at(time_of(quarter)), prices)
        # Neither depends on the running quarter-hour, so all copies share them.
        _ = self.months, self._whole_since
        ledger = copy(self)
        running = Running(quarter, Sums(*(of_a_wh @ amounts[:2]).tolist()))
        object.__setattr__(ledger, "running", running)
        return ledger

    def with_row(self, time: datetime, amounts: Amounts, prices: RunningPrices) -> Ledger:
        """Return the ledger of a table with one more row: energy of the quarter-hour of `time`."""
        energies = [amounts.imported_wh], [amounts.exported_wh]
        return self.with_table(self.table.joined(_rows(quarter_number(time), *energies, prices)))

    def with_table(self, table: Table) -> Ledger:
        """Return the ledger of another table under the same contracts."""
        ledger = Ledger.of_table(table, self.contracts, is_begun=self.is_begun)
        return replace(ledger, running=self.running)

    def with_rows(self, begin: datetime, end: datetime, rows: Table) -> Ledger:
        """Return the ledger with other quarter-hours from `begin` to before `end`."""
        return self.with_table(self.table.with_rows(begin, end, rows))

    def parts(
        self, begin: datetime, end: datetime, energy_end: datetime | None = None
    ) -> list[BillPart]:
        """Return the parts of a period in which contract, prices and aids do not change.

        The last part has the energy until `energy_end`, by default until `end`.
        """
        return [part for *_, part in self.timed_parts(begin, end, energy_end)]

    def timed_parts(
        self,
        begin: datetime,
        end: datetime,
        energy_end: datetime | None = None,
    ) -> Iterator[tuple[datetime, datetime, BillPart]]:
        """Yield `parts` with the same arguments, each with the start and the end of its energy."""
        changes = {since for since, _ in self.contracts.entries if begin < since < end}
        changes |= self.contracts.aid_changes(begin, end)
        if self.contracts.published is None:
            changes.update(price_file().changes(begin, end))
        for start, until in pairwise([begin, *sorted(changes), end]):
            last = until if until < end else energy_end or end
            prices = AgreedPrices.of_contracts(self.contracts, start)
            aids, share = self.contracts.aids_at(start), month_share(start, until)
            yield start, last, BillPart(prices, aids, share, self.sums(start, last))

    def mark(self, begin: datetime, end: datetime) -> int:
        """Return a checksum that changes if the rows or the monthly prices of a month change."""
        mark = crc32(self.month_begin(begin).isoformat().encode())
        for column in self.known.between(begin, end).table:
            mark = crc32(np.ascontiguousarray(column), mark)
        return mark

    def between(self, begin: datetime, end: datetime) -> Ledger:
        """Return the ledger of the quarter-hours that begin from `begin` to before `end`."""
        known = LedgerParts(self.known.between(begin, end))
        return replace(self, known=known, running=None)

    def without_sharing(self) -> Ledger:
        """Return the ledger as if no shared energy was known."""
        table = self.table._replace(
            shared=np.zeros_like(self.table.shared),
            is_sharing_known=np.zeros_like(self.table.is_sharing_known),
        )
        return self.with_table(table)

    def month_begin(self, start: datetime) -> datetime:
        """Return the time from which the monthly prices of a month count.

        In the first month they count from the first quarter-hour with energy, and also in the next
        months until one has a day of quarter-hours.
        """
        first, since = self._first_from(number_from(start)), self._whole_since
        return start if first is None or (since and start >= since) else max(start, first)

    @cached_property
    def _whole_since(self) -> datetime | None:
        """Return the start of the first month whose monthly prices count from its start.

        Return None if no month is known to have a day of quarter-hours.
        """
        earliest = self._first_from(0)
        begin = month_start(earliest) if earliest else BEGINNING
        if not self.is_begun and not self.sums(begin, month_end(begin)).leneda:
            return BEGINNING
        ends = (
            month_end(month)
            for month in self.months
            if self.sums(month, month_end(month)).quarter_hours >= A_DAY
        )
        return next(ends, None)

    def _first_from(self, number: int) -> datetime | None:
        """Return the start of the first known quarter-hour from the quarter-hour `number` on."""
        first = self.known.first_from(number)
        if first is None and self.running:
            first = self.running.quarter
        return None if first is None else time_of(first)

    def peak(self, begin: datetime, end: datetime) -> QuarterHour | None:
        """Return the first of the highest quarter-hours of a period."""
        highest = [
            of.where(np.array([np.where(of.is_whole, of.imported, -inf).argmax()]))
            for of in self.known.tables_between(begin, end)
            if of.is_whole.any()
        ]
        if not highest:
            return None
        rows = reduce(Table.followed_by, highest)
        return next(shown_quarter_hours(rows.where(np.array([rows.imported.argmax()]))))


def _rows(
    quarter: int, imported_wh: Sequence[float], exported_wh: Sequence[float], prices: RunningPrices
) -> Table:
    """Return rows with energy of a quarter-hour that has not ended."""
    count = len(imported_wh)
    known, stand_ins = (np.array(price, float) for price in prices)  # NaN for None
    is_filled = np.isnan(known) & ~np.isnan(stand_ins)
    market, feed_in = np.where(is_filled, stand_ins, known)
    return Table(
        quarter=np.full(count, quarter),
        imported=np.array(imported_wh),
        exported=np.array(exported_wh),
        source=np.full(count, RowSource.PART, np.int8),
        market=np.full(count, market),
        feed_in=np.full(count, feed_in),
        is_market_filled=np.full(count, is_filled[0]),
        is_feed_in_filled=np.full(count, is_filled[1]),
        shared=np.zeros((5, count)),
        is_sharing_known=np.zeros(count, bool),
    )


@lru_cache(maxsize=16)  # the telegrams of a quarter-hour mostly have the same prices
def _sums_of_a_wh(quarter: int, contract: Contract, prices: RunningPrices) -> Floats:
    """Return the fields of `Sums` for an imported, and for an exported Wh, as two columns.

    The Wh belongs to a quarter-hour that has not ended.
    """
    rows = _rows(quarter, (1.0, 0.0), (0.0, 1.0), prices)
    is_second = second_rows(contract, wall_clock(rows.quarter))
    return np.stack(_columns(rows, is_second, np.full(2, inf)))


def _columns(table: Table, is_second: Flags, reference_wh: Floats) -> list[Floats]:
    """Return a column for each field of `Sums`."""
    wh, fed = table.imported, np.nan_to_num(table.exported)
    supplied = wh - table.shared.sum(axis=0)
    is_whole = table.is_whole
    bought = _at_market(supplied, table.market, table.is_market_filled)
    sold = _at_market(fed, table.feed_in, table.is_feed_in_filled)
    return [
        wh,
        fed,
        _above_wh(table, reference_wh),
        is_whole & (wh > reference_wh),
        np.where(is_second, supplied, 0.0),
        *bought[:2],
        *sold[:2],
        *table.shared,
        np.where(table.is_sharing_known, wh, 0.0),
        table.is_shown,
        table.source >= RowSource.LENEDA,
        table.source == RowSource.ESTIMATED,
        *bought[2:],
        *sold[2:],
    ]


def _at_market(wh: Floats, price: Floats, is_filled: Flags) -> list[Floats]:
    """Return energy and cost of the rows with a market price, then those with a stand-in."""
    is_known = ~np.isnan(price) & ~is_filled
    cost = wh * price / 1000
    return [np.where(of, column, 0.0) for of in (is_known, is_filled) for column in (wh, cost)]


def _above_wh(table: Table, reference_wh: Floats) -> Floats:
    return np.where(table.is_whole, np.maximum(0.0, table.imported - reference_wh), 0.0)


def reference_wh_of(quarter: Numbers, contracts: Contracts) -> Floats:
    """Return the reference power of each quarter-hour as energy in Wh, infinite without one."""
    reference_wh = np.full(len(quarter), inf)
    for contract, part in _contract_parts(quarter, contracts):
        if contract.reference_kw is not None:
            reference_wh[part] = contract.reference_kw * WH_A_KW
    return reference_wh


def _contract_parts(quarter: Numbers, contracts: Contracts) -> Iterator[tuple[Contract, slice]]:
    """Yield each contract with the indices of its quarter-hours."""
    cuts = np.searchsorted(quarter, [quarter_number(since) for since, _ in contracts.entries[1:]])
    for (_, contract), bound in zip(
        contracts.entries, pairwise([0, *cuts.tolist(), len(quarter)]), strict=True
    ):
        yield contract, slice(*bound)


def second_rows(contract: Contract, clock: WallClock, part: slice | Numbers = slice(None)) -> Flags:
    """Return which quarter-hours have the second price of a contract."""
    of_week = clock.weekday[part] * A_DAY + clock.quarter[part]
    is_second: Flags = np.array(second_quarters(contract.applied_second_hours))[of_week]
    return is_second
