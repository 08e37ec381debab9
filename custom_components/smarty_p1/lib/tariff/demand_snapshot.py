"""The quarter-hour and its month after a reading."""

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
"""Number of months before the running one."""


@dataclass(frozen=True, kw_only=True)
class Demand:
    """The quarter-hour and its month after a reading. Times are in UTC, except the month's.

    If the beginning of the running quarter-hour was missed, its values come from the part since
    `measured_since`, and the missed part is taken to be equal.
    """

    time: datetime
    """The meter's time of the last reading that counts."""
    until: datetime
    """Time up to which the month below has passed, for its costs.

    The same as `time`; for a doubtful clock, the last time that may be right.
    """
    quarter_start: datetime
    measured_since: datetime
    """Start of the running quarter-hour, or of its first reading."""
    running_kw: float | None
    """Energy so far by time so far; before any time has passed, the current power."""
    projected_kw: float | None
    """Mean at the end of the quarter-hour at the current power, None while that is unknown."""
    will_exceed: bool | None
    """Whether the projection is above the reference power."""
    available_kw: float | None
    """Power for the rest of the quarter-hour that makes its mean the reference power.

    From 0 to the limit of the connection. An excess of less than a watt-hour does not lower it
    below the reference power: in the last seconds, a watt-hour is kilowatts. Above the reference
    power, at least a minute is taken to be left.
    """
    last_quarter: QuarterHour | None
    """The last complete quarter-hour, however long ago."""
    month_start: datetime
    """Midnight in Luxembourg at which the month of the values below began: their last reset.

    It is that of `time` once the clock is sure, and stays as it was until then.
    """
    peak: QuarterHour | None
    """The highest quarter-hour of the month; of equal quarter-hours, the first."""
    excess_kwh: float | None
    """Energy above the reference power of its time, this month."""
    known_month: Month
    """Month from `month_start` on, without the running quarter-hour."""
    running: Amounts
    """Energies of the running quarter-hour."""
    earlier_months: tuple[Month, ...]
    """Known months of the 24 before, in the order of time."""
    contracts: Contracts
    market: MarketPrices
    is_begun_here: bool
    """Whether the first reading is known, so that the first month can count from its day."""
    day_sums: DaySums
    """Sums of days of the platform's series."""

    @cached_property
    def month(self) -> Month:
        """Return the month with the running quarter-hour, if that is in the month."""
        since, month = self.measured_since, self.known_month
        if month_start(since) != month.start:
            return month
        if self.is_begun_here and not self.earlier_months and not month.days:
            month = replace(month, since=self.contracts.part_start(since))
        return with_running(month, self.contracts, since, self.running)


@dataclass(frozen=True, slots=True)
class Summary:
    """The shown month and earlier months, which change only at the end of a quarter-hour."""

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
    """Return the summary, or the last one while nothing has changed."""
    if last and last.is_of(months, contracts, shown):
        return last
    month = months.get(shown) or Month(start=shown)
    earlier = sorted((m for m in months.values() if m.start < shown), key=attrgetter("start"))
    excess_kwh = round(above_contract(month.days, contracts).energy_wh / 1000, DECIMALS)
    if is_begun_here or (earlier or [month])[0].platform_quarter_hours:
        *earlier, month = from_first_day([*earlier, month])
    return Summary(months, contracts, month, tuple(earlier[-KEPT_MONTHS:]), excess_kwh)
