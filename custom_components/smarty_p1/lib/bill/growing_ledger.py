"""Ledger of a household. At the end of a quarter-hour, only its day is computed again.

The days before are one ledger, which is kept until something changes in them, or until the next day
begins. It can be kept only if no gap crosses midnight, and if it has prices for the new day: the
first price of a contract also stands in for earlier ones.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Self

from ..energy_table.filled_market_prices import StandIns, stand_ins_of_today, with_prices
from ..history.changes import ChangeLog
from ..history.luxembourg_time import SECOND, day_start
from ..history.month_columns import Columns
from ..history.quarter_hour_meter import QuarterHourMeter
from ..prices.contract import Contracts
from ..prices.market_price_series import PriceSources, QuarterPrice, series_of, sources_at
from .household_table import FIRST, may_be_crossed, table_and_refused
from .ledger import Ledger
from .leneda_days import LenedaDays


class GrownLedger(NamedTuple):
    """Ledger without the running quarter-hour."""

    ledger: Ledger
    refused: frozenset[str]
    """Months such as "2026-06" whose impossible energy is left out."""
    stand_ins: StandIns
    """Stand-in prices of the running day, as far as they are known from the days before."""


class _Days(NamedTuple):
    """What the ledger of the days before `day` is made from, but for their energy and prices."""

    contracts: Contracts
    refreshed: int
    months: set[datetime]
    leneda: LenedaDays
    sources: Sequence[PriceSources]
    running: Sequence[QuarterPrice]
    day: datetime


class _Past(NamedTuple):
    """Ledger before the time `end`, and what it is made from."""

    days: _Days
    versions: Sequence[int]
    end: datetime
    ledger: Ledger
    stand_ins: StandIns
    """Stand-in prices of the next day."""

    @classmethod
    def of(
        cls, days: _Days, columns: Columns, changes: Sequence[ChangeLog], *, is_begun: bool
    ) -> Self:
        """Return the past before the day, or one before all times if it cannot be kept."""
        day, sources, last = days.day, days.sources, sources_at(days.sources, days.day - SECOND)
        end = FIRST if may_be_crossed(columns, day) else day
        table, refused = table_and_refused(columns, days.leneda, end=end)
        table = with_prices(table, sources, day)
        since = FIRST if last in sources[:1] else last.since
        stand_ins = {last.since: (prices := stand_ins_of_today(table, since, day))}
        lacks = any(of and price is None for of, price in zip(last[1:], prices, strict=True))
        if refused or lacks:
            end, table, stand_ins = FIRST, table.between(FIRST, FIRST), {}
        ledger = Ledger.of_table(table, days.contracts, is_begun=is_begun)
        return cls(days, [change.version for change in changes], end, ledger, stand_ins)

    def is_of(self, days: _Days, changes: Sequence[ChangeLog]) -> bool:
        """Return whether nothing has changed in `days` since."""
        return self.days == days and all(
            of.since(version) >= days.day
            for of, version in zip(changes, self.versions, strict=True)
        )


class GrowingLedger:
    """Maker of a household's ledger."""

    def __init__(self) -> None:
        self._past: _Past | None = None

    def under(
        self,
        contracts: Contracts,
        meter: QuarterHourMeter,
        leneda: LenedaDays,
        sources: Sequence[PriceSources],
        until: datetime,
    ) -> GrownLedger:
        """Return the ledger of all known energy. The day that contains `until` has not ended."""
        columns, series, day = meter.history.columns(), series_of(sources), day_start(until)
        running = [of.running for of in series if of.running and of.running.start < day]
        days = _Days(contracts, meter.refreshed, {*columns}, leneda, [*sources], running, day)
        past, changes = self._past, [meter.history.changes, *(of.changes for of in series)]
        if past is None or not past.is_of(days, changes):
            past = _Past.of(days, columns, changes, is_begun=meter.is_begun_here)
            self._past = past
        table, refused = table_and_refused(columns, leneda, past.end)
        table = with_prices(table, sources, until, past.stand_ins)
        return GrownLedger(past.ledger.followed_by(table, past.end), refused, past.stand_ins)
