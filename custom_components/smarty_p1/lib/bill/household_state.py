"""Household after a reading: the values of its quarter-hours, its contracts and its ledger."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from ..data_retention import KEPT_MONTHS
from ..history.luxembourg_time import month_start
from ..history.market_prices import MarketPrices
from ..history.quarter_hour_values import QuarterHourValues
from ..prices.contract import Contracts
from .bill import Bill, bill_of
from .ledger import Ledger, RunningPrices
from .month import Month


@dataclass(frozen=True, kw_only=True)
class HouseholdState:
    """Values, months and contracts of a connection after a reading."""

    values: QuarterHourValues
    """Running quarter-hour and peak of the shown month."""
    until: datetime
    """Time up to which the shown month is billed.

    Normally equal to `time`. If the clock is doubtful, this is the time of the last reading before
    the doubt. After a break that ends in a later month, this is the time of the last reading before
    the break, until the energy of the break counts. If Leneda's last quarter-hour ends later, this
    is the end of that quarter-hour.
    """
    contracts: Contracts
    market: MarketPrices
    """Market prices of the last reading."""
    running_prices: RunningPrices
    """Market prices of the running quarter-hour, as far as they are known, and their stand-ins."""
    is_begun_here: bool
    """Whether the time of the connection's first reading is known. Billing begins at that time."""
    version: tuple[object, ...] = field(compare=False)
    """Changes whenever quarter-hours or Leneda's days change."""
    ledger: Ledger = field(compare=False, repr=False)
    """All known energy under the contracts, without the running quarter-hour."""

    @property
    def time(self) -> datetime:
        """Return the meter's time of the last reading that counts, in UTC."""
        return self.values.time

    @property
    def quarter_start(self) -> datetime:
        """Return the start of the running quarter-hour, in UTC."""
        return self.values.quarter_start

    @property
    def month_start(self) -> datetime:
        """Return the first midnight of the shown month, in Luxembourg's time."""
        return self.values.month_start

    @property
    def known_month(self) -> Month:
        """Return the shown month without the running quarter-hour."""
        return Month(self.ledger, self.month_start)

    @property
    def ledger_with_running(self) -> Ledger:
        """Return the ledger with the running quarter-hour as a row, up to the last reading."""
        since, running = self.values.measured_since, self.values.running
        return self.ledger.with_row(since, running, self.running_prices) if running else self.ledger

    @cached_property
    def month(self) -> Month:
        """Return the shown month. A running quarter-hour that lies in this month is included."""
        since, running = self.values.measured_since, self.values.running
        if running is None or month_start(since) != self.month_start:
            return self.known_month
        ledger = self.ledger.with_running(since, running, self.running_prices)
        return Month(ledger, self.month_start)

    @cached_property
    def earlier_months(self) -> tuple[Month, ...]:
        """Return the known months before the shown month, at most 24, in time order."""
        starts = [start for start in self.ledger.months if start < self.month_start]
        return tuple(Month(self.ledger, start) for start in starts[-KEPT_MONTHS:])

    @property
    def months(self) -> tuple[Month, ...]:
        """Return the known months in time order. The last one is the shown month."""
        return (*self.earlier_months, self.month)

    def bill_under(self, contracts: Contracts) -> Bill:
        """Return the bill of the shown month as it would be under other contracts."""
        return bill_of(Ledger.of_table(self.ledger.table, contracts), self.month_start, self.until)
