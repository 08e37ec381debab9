"""Values of the running quarter-hour and of the shown month, as they are after a reading."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from operator import attrgetter

from ..history.calendar import KEPT_MONTHS, month_start
from ..history.market_prices import MarketPrices
from ..history.quarter_hour_values import QuarterHourValues
from ..prices.contract import Contracts
from .ledger import Ledger
from .month import Month
from .month_sums import from_first_day, with_running


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
    known_month: Month
    """The shown month without the running quarter-hour."""
    earlier_months: tuple[Month, ...]
    """Known months before the shown month, at most 24, in time order."""
    contracts: Contracts
    market: MarketPrices
    is_begun_here: bool
    """Whether the day of the connection's first reading is known. Billing begins on that day."""
    ledger_under: Callable[[Contracts], Ledger] = field(compare=False, repr=False)
    """Returns all known energy under some contracts."""

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

    @cached_property
    def ledger(self) -> Ledger:
        """Return all known energy under the contracts, without the running quarter-hour."""
        return self.ledger_under(self.contracts)

    @cached_property
    def month(self) -> Month:
        """Return the shown month. A running quarter-hour that lies in this month is included."""
        since, running, month = self.values.measured_since, self.values.running, self.known_month
        if running is None or month_start(since) != month.start:
            return month
        if self.is_begun_here and not self.earlier_months and not month.days:
            month = replace(month, since=self.contracts.part_start(since))
        return with_running(month, self.contracts, since, running)


@dataclass(frozen=True, slots=True)
class MonthSummary:
    """Shown month and earlier months, without the running quarter-hour.

    A summary is made again only when the months, the contracts or the shown month have changed.
    """

    months: dict[datetime, Month]
    contracts: Contracts
    month: Month
    earlier: tuple[Month, ...]

    def is_of(self, months: dict[datetime, Month], contracts: Contracts, shown: datetime) -> bool:
        """Return whether this summary was made from the given months, contracts and shown month."""
        is_same = self.months is months and self.contracts is contracts
        return is_same and self.month.start == shown


def summarised(
    months: dict[datetime, Month],
    contracts: Contracts,
    shown: datetime,
    last: MonthSummary | None,
    *,
    is_begun_here: bool,
) -> MonthSummary:
    """Return the summary of `months`. Return `last` itself if it was made from the same objects.

    `shown` is the start of the shown month. `is_begun_here` is False if the day of the connection's
    first reading is unknown, because the stored state was lost.
    """
    if last and last.is_of(months, contracts, shown):
        return last
    month = months.get(shown) or Month(start=shown)
    earlier = sorted((m for m in months.values() if m.start < shown), key=attrgetter("start"))
    if is_begun_here or (earlier or [month])[0].leneda_quarter_hours:
        *earlier, month = from_first_day([*earlier, month])
    return MonthSummary(months, contracts, month, tuple(earlier[-KEPT_MONTHS:]))
