"""Values of the running quarter-hour and of the shown month, as they are after a reading."""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from operator import attrgetter

from ..history.calendar import KEPT_MONTHS, month_start
from ..history.market_prices import MarketPrices
from ..history.quarter_hour import QuarterHour
from ..history.register_amounts import DECIMALS, Amounts
from ..prices.contract import Contracts
from .month import Month
from .month_sums import above_contract, from_first_day, with_running
from .sharing import DaySums


@dataclass(frozen=True, kw_only=True)
class Demand:
    """Values of the running quarter-hour and of the shown month after a reading.

    Times are in UTC, except `month_start`. The running quarter-hour may be measured only since
    `measured_since`. For the time before, the mean power of the measured part is assumed.
    """

    time: datetime
    """The meter's time of the last reading that counts. If nothing reads the meter, this is the end
    of Leneda's last quarter-hour."""
    until: datetime
    """Time up to which the shown month is billed.

    Normally equal to `time`. If the clock is doubtful, this is the time of the last reading before
    the doubt. After a break that ends in a later month, this is the time of the last reading before
    the break, until the energy of the break counts. If Leneda's last quarter-hour ends later, this
    is the end of that quarter-hour.
    """
    quarter_start: datetime
    measured_since: datetime
    """Start of the running quarter-hour, or of its first reading."""
    running_kw: float | None
    """Mean power since `measured_since`; before any time has passed, the current power."""
    projected_kw: float | None
    """Mean power of the whole quarter-hour if the current power stays; None without a power."""
    will_exceed: bool | None
    """Whether `projected_kw` is above the reference power."""
    available_kw: float | None
    """Power for the rest of the quarter-hour that brings the mean to the reference power.

    It is at least 0, and at most the limit of the connection. An excess of less than 1 Wh does not
    lower this power below the reference power, because in the last seconds 1 Wh amounts to
    kilowatts. If the value is above the reference power, it is computed as if at least one minute
    remained.
    """
    last_quarter: QuarterHour | None
    """The last complete quarter-hour, however long ago."""
    month_start: datetime
    """First midnight, in Luxembourg's time, of the shown month. Monthly values were reset then.

    A doubtful clock does not change the shown month.
    """
    peak: QuarterHour | None
    """The highest quarter-hour of the shown month; of equal quarter-hours, the first."""
    excess_kwh: float | None
    """Energy of the shown month above the reference power, by the contract of each day."""
    known_month: Month
    """The shown month without the running quarter-hour."""
    running: Amounts | None
    """Energies of the running quarter-hour, None if nothing reads the meter."""
    earlier_months: tuple[Month, ...]
    """Known months before the shown month, at most 24, in time order."""
    contracts: Contracts
    market: MarketPrices
    is_begun_here: bool
    """Whether the day of the connection's first reading is known. Billing begins on that day."""
    day_sums: DaySums
    """Energy of the last whole day in each series of the platform Leneda."""

    @cached_property
    def month(self) -> Month:
        """Return the shown month. A running quarter-hour that lies in this month is included."""
        since, month = self.measured_since, self.known_month
        if self.running is None or month_start(since) != month.start:
            return month
        if self.is_begun_here and not self.earlier_months and not month.days:
            month = replace(month, since=self.contracts.part_start(since))
        return with_running(month, self.contracts, since, self.running)


@dataclass(frozen=True, slots=True)
class DemandSummary:
    """Shown month and earlier months, without the running quarter-hour.

    A summary is made again only when the months, the contracts or the shown month have changed.
    """

    months: dict[datetime, Month]
    contracts: Contracts
    month: Month
    earlier: tuple[Month, ...]
    excess_kwh: float

    def is_of(self, months: dict[datetime, Month], contracts: Contracts, shown: datetime) -> bool:
        """Return whether this summary was made from the given months, contracts and shown month."""
        is_same = self.months is months and self.contracts is contracts
        return is_same and self.month.start == shown


def summarised(
    months: dict[datetime, Month],
    contracts: Contracts,
    shown: datetime,
    last: DemandSummary | None,
    *,
    is_begun_here: bool,
) -> DemandSummary:
    """Return the summary of `months`. Return `last` itself if it was made from the same objects.

    `shown` is the start of the shown month. `is_begun_here` is False if the day of the connection's
    first reading is unknown, because the stored state was lost.
    """
    if last and last.is_of(months, contracts, shown):
        return last
    month = months.get(shown) or Month(start=shown)
    earlier = sorted((m for m in months.values() if m.start < shown), key=attrgetter("start"))
    excess_kwh = round(above_contract(month.days, contracts).energy_wh / 1000, DECIMALS)
    if is_begun_here or (earlier or [month])[0].leneda_quarter_hours:
        *earlier, month = from_first_day([*earlier, month])
    return DemandSummary(months, contracts, month, tuple(earlier[-KEPT_MONTHS:]), excess_kwh)
