"""What changes only when a quarter-hour ends: the month that is shown, and those before."""

from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

from .contract import Contracts
from .month import Month
from .registers import DECIMALS

KEPT_MONTHS = 24
"""Before the running one."""


@dataclass(frozen=True, slots=True)
class Summary:
    """The month that is shown, without the running quarter-hour, out of what is known."""

    months: dict[datetime, Month]
    contracts: Contracts
    month: Month
    earlier: tuple[Month, ...]
    excess_kwh: float


def summarised(
    months: dict[datetime, Month], contracts: Contracts, shown: datetime, last: Summary | None
) -> Summary:
    """Return the summary, or the last one while nothing has changed: telegrams come often."""
    if last and last.months is months and last.contracts is contracts and last.month.start == shown:
        return last
    month = months.get(shown) or Month(start=shown)
    earlier = sorted((m for m in months.values() if m.start < shown), key=attrgetter("start"))
    excess_kwh = _excess_kwh(month, contracts)
    return Summary(months, contracts, month, tuple(earlier[-KEPT_MONTHS:]), excess_kwh)


def _excess_kwh(month: Month, contracts: Contracts) -> float:
    """Return the energy above the reference power of each moment."""
    found = 0.0
    for day in month.days:
        own_kw = contracts.at(day.start).reference_kw
        if own_kw is not None and own_kw in day.above:
            found += day.above[own_kw].energy_wh
    return round(found / 1000, DECIMALS)
