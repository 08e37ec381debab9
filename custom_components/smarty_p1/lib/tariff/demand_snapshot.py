"""What is known of a quarter-hour and its month after a reading."""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from operator import attrgetter

from .calendar import month_start
from .contract import Contracts, MarketPrices
from .month import Month, QuarterHour
from .month_sums import above_contract, from_first_day, with_running
from .register_rises import DECIMALS, Amounts
from .sharing import DaySums

KEPT_MONTHS = 24
"""Before the running one."""


@dataclass(frozen=True, kw_only=True)
class Demand:
    """What is known after a reading. Times are in UTC, except the month's.

    Of a quarter-hour whose beginning was missed, the values of the running one are about the part
    since `measured_since`, as if the missed part were like it.
    """

    time: datetime
    """The meter's time of the last reading that counts."""
    until: datetime
    """Up to when the month below has passed: its costs are those until then.

    The same as `time`, unless the clock need not be right: then when it was last.
    """
    quarter_start: datetime
    measured_since: datetime
    """From when on the running quarter-hour is known: its start, if nothing was missed."""
    running_kw: float | None
    """Energy so far by time so far; before any time has passed, the current power."""
    projected_kw: float | None
    """Its mean when it ends, if the current power stays; None while that is unknown."""
    will_exceed: bool | None
    """Whether the projection is above the reference power."""
    available_kw: float | None
    """The power for the rest of the quarter-hour that makes its mean the reference power.

    Never below 0, nor above what the connection carries. Not below the reference power for the
    sake of less than a watt-hour, which in the last seconds would be kilowatts. Above it, as if a
    minute at least were left.
    """
    last_quarter: QuarterHour | None
    """The last complete quarter-hour, however long ago."""
    month_start: datetime
    """Midnight in Luxembourg at which the month of the values below began: their last reset.

    It is that of `time` once the clock is sure, and stays as it was until then.
    """
    peak: QuarterHour | None
    """The highest quarter-hour of the month; of equal ones, the first."""
    excess_kwh: float | None
    """The energy above the reference power this month, by the one of each moment."""
    known_month: Month
    """The one that began at `month_start`, without the running quarter-hour."""
    running: Amounts
    """What came in the running quarter-hour."""
    earlier_months: tuple[Month, ...]
    """The 24 months before it, as far as they are known, in the order of their time."""
    contracts: Contracts
    market: MarketPrices
    is_begun_here: bool
    """Whether the first reading is known, so that the first month can count from its day."""
    day_sums: DaySums
    """What the platform knows of energy sharing."""

    @cached_property
    def month(self) -> Month:
        """Return the month, with what came in the running quarter-hour if that belongs to it."""
        since, month = self.measured_since, self.known_month
        if month_start(since) != month.start:
            return month
        if self.is_begun_here and not self.earlier_months and not month.days:
            month = replace(month, since=self.contracts.part_start(since))
        return with_running(month, self.contracts, since, self.running)


@dataclass(frozen=True, slots=True)
class Summary:
    """What changes only when a quarter-hour ends: the month that is shown, and those before."""

    months: dict[datetime, Month]
    contracts: Contracts
    month: Month
    earlier: tuple[Month, ...]
    excess_kwh: float

    def is_of(self, months: dict[datetime, Month], contracts: Contracts, shown: datetime) -> bool:
        """Return whether nothing has changed."""
        is_same = self.months is months and self.contracts is contracts
        return is_same and self.month.start == shown


def summarised(
    months: dict[datetime, Month],
    contracts: Contracts,
    shown: datetime,
    last: Summary | None,
    *,
    is_begun_here: bool,
) -> Summary:
    """Return the summary, or the last one while nothing has changed: telegrams come often."""
    if last and last.is_of(months, contracts, shown):
        return last
    month = months.get(shown) or Month(start=shown)
    earlier = sorted((m for m in months.values() if m.start < shown), key=attrgetter("start"))
    excess_kwh = round(above_contract(month.days, contracts).energy_wh / 1000, DECIMALS)
    if is_begun_here or (earlier or [month])[0].platform_quarter_hours:
        *earlier, month = from_first_day([*earlier, month])
    return Summary(months, contracts, month, tuple(earlier[-KEPT_MONTHS:]), excess_kwh)
