"""Estimate of the current month's total cost.

The total includes the monthly prices of the whole month. Each coming day is assumed to be the mean
of the last 28 whole days. If the same month of last year is known, a second total is computed with
the mean day of that month, and the two totals are the bounds of the estimate. If last year's days
lack market prices, time of use or sharing, the last 28 days provide these values. There is no
estimate in the first three days of a month, or if fewer than 90 % of the quarter-hours are known.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from typing import NamedTuple

from .bill import compute_bill
from .calendar import QUARTER_HOUR, day_end, day_start, quarter_start
from .contract import REFERENCE_POWERS, Contract, Contracts
from .demand_snapshot import Demand
from .month import NO_SHARED, ClassExcess, Day, Month, Shared
from .month_sums import merge_months
from .time_of_use import TimeOfUseSplit

_DAYS_OF_MEAN = 28
_DAYS_BEFORE = timedelta(days=3)
_MIN_MEASURED_SHARE = 0.9


class Estimate(NamedTuple):
    """Expected total in EUR of the current month.

    `low` and `high` are the bounds of the total. Both are None if the same month of last year is
    unknown.
    """

    total: float
    low: float | None
    high: float | None


def estimated(demand: Demand) -> Estimate | None:
    """Return the estimate of the shown month: the month whose values the sensors show.

    The estimate uses the data up to the start of the running quarter-hour, so that it does not
    change with every telegram. Return None without enough data, or if a price is unknown.
    """
    until = quarter_start(demand.until)
    return estimate_month(demand.known_month, demand.earlier_months, demand.contracts, until)


def estimate_month(
    month: Month, earlier: Sequence[Month], contracts: Contracts, until: datetime
) -> Estimate | None:
    """Return the estimate of `month`, the current month.

    `earlier` are the months before. `until` is the time up to which `month` is measured. Return
    None without enough data, or if a price is unknown.
    """
    is_in_time = month.start + _DAYS_BEFORE <= until < month.end
    if not is_in_time or month.known_share(until) < _MIN_MEASURED_SHARE:
        return None
    every = (day for known_month in (*earlier, month) for day in known_month.days)
    days = _last_whole_days(every, day_start(until))
    total = _total(month, contracts, until, days)
    if total is None:
        return None
    other = None
    if of_last_year := _days_of_last_year(month, earlier):
        recent = [record for day in days for record in day]
        other = _total(month, contracts, until, of_last_year, recent)
    if other is None:
        return Estimate(total, None, None)
    return Estimate(total, min(total, other), max(total, other))


def _days_of_last_year(month: Month, earlier: Sequence[Month]) -> list[list[Day]]:
    """Return the days of the same month a year ago, each as a list of its records.

    Return an empty list if less than 90 % of that month is known.
    """
    year_before = month.start.replace(year=month.start.year - 1)
    last_year = next((candidate for candidate in earlier if candidate.start == year_before), None)
    if last_year is None or last_year.known_share(last_year.end) < _MIN_MEASURED_SHARE:
        return []
    return [list(group) for _, group in _by_date(last_year.days)]


def _by_date(days: Sequence[Day]) -> Iterator[tuple[datetime, Iterator[Day]]]:
    """Yield the start and the records of each day.

    A day has one record for each of its contracts.
    """
    return groupby(days, key=lambda day: day_start(day.start))


def _last_whole_days(days: Iterable[Day], until: datetime) -> list[list[Day]]:
    """Return the last 28 whole days before `until`, each as a list of its records.

    A day is whole if at least 90 % of its quarter-hours are known.
    """
    whole_days: list[list[Day]] = []
    for start, group in _by_date([day for day in days if day.start < until]):
        records = list(group)
        measured = sum(day.quarter_hours for day in records)
        if measured * QUARTER_HOUR >= _MIN_MEASURED_SHARE * (day_end(start) - start):
            whole_days.append(records)
    return whole_days[-_DAYS_OF_MEAN:]


def _total(
    month: Month,
    contracts: Contracts,
    until: datetime,
    days: Sequence[Sequence[Day]],
    fallback_days: Sequence[Day] = (),
) -> float | None:
    """Return the month's total in EUR. Each coming day is assumed to be the mean of `days`.

    `days` has the records of each day. If all days in `days` lack a value, such as a market price,
    this value comes from `fallback_days`. Return None if `days` is empty, or if the total is
    unknown.
    """
    if not days:
        return None
    records = [record for day in days for record in day]
    to_come = []
    start, end = until, month.end
    while start < end:
        part_end = min(contracts.part_end(start), end)
        share = (part_end - start) / (day_end(start) - day_start(start))
        day = _sum(contracts.part_start(start), records, fallback_days, share / len(days))
        if _lacks_price(day, contracts.at(start)):
            return None
        to_come.append(day)
        start = part_end
    return compute_bill(
        merge_months(month, Month(start=month.start, days=tuple(to_come))), contracts, end
    ).total


def _lacks_price(day: Day, contract: Contract) -> bool:
    """Return whether a market price is missing to compute the cost of `day`, a day of the forecast.

    A market price is needed if the contract follows the market and the day has energy at this
    price.
    """
    is_bought = contract.energy_margin is not None and day.imported_wh > 0
    is_sold = contract.feed_in_margin is not None and day.exported_wh > 0
    return (is_bought and not day.market_wh) or (is_sold and not day.market_exported_wh)


def _sum(start: datetime, days: Sequence[Day], fallback_days: Sequence[Day], share: float) -> Day:
    """Return a day that begins at `start`, with the sums of `days` multiplied by `share`.

    If all days in `days` lack a value, such as a market price, this value comes from
    `fallback_days`.
    """
    imported_wh = sum(day.imported_wh for day in days) * share
    exported_wh = sum(day.exported_wh for day in days) * share
    sources = _Known(days, fallback_days)
    price = sources.ratio(lambda day: (day.market_cost, day.market_wh))
    revenue = sources.ratio(lambda day: (day.market_revenue, day.market_exported_wh))
    return Day(
        start=start,
        imported_wh=imported_wh,
        exported_wh=exported_wh,
        above=sources.above(imported_wh),
        second=sources.second(imported_wh),
        market_cost=imported_wh * (price or 0.0),
        market_wh=0.0 if price is None else imported_wh,
        market_revenue=exported_wh * (revenue or 0.0),
        market_exported_wh=0.0 if revenue is None else exported_wh,
        shared=sources.shared(imported_wh, price or 0.0),
    )


class _Known(NamedTuple):
    """Days on which a forecast is based.

    If all days in `days` lack a value, such as a market price, this value comes from `others`.
    """

    days: Sequence[Day]
    others: Sequence[Day]

    def ratio(self, of: Callable[[Day], tuple[float, float]]) -> float | None:
        """Return a mean ratio of `days`, such as the market cost divided by the energy.

        `of` returns the dividend and the divisor of one day. The result is the sum of the dividends
        divided by the sum of the divisors. If the divisors of `days` add up to 0, use the days in
        `others`. Return None if the divisors of `others` add up to 0, too.
        """
        for days in self:
            pairs = [of(day) for day in days]
            if whole := sum(total for _, total in pairs):
                return sum(part for part, _ in pairs) / whole
        return None

    def above(self, energy_wh: float) -> dict[float, ClassExcess]:
        """Return the expected part of `energy_wh` above each reference power.

        The keys are in kW.
        """
        powers = {kw for days in self for day in days for kw in day.above}
        shares = {kw: self.ratio(partial(_above, kw)) or 0.0 for kw in powers}
        return {kw: ClassExcess(0, energy_wh * share) for kw, share in shares.items()}

    def second(self, energy_wh: float) -> dict[str, TimeOfUseSplit]:
        """Return the part of `energy_wh` that is expected in the hours of a second price.

        The keys are the hours of the second prices of all contracts, as in `Contract.second_hours`.
        """
        every = {hours for days in self for day in days for hours in day.second}
        shares = {hours: self.ratio(partial(_second, hours)) for hours in every}
        return {
            hours: TimeOfUseSplit(energy_wh, energy_wh * share)
            for hours, share in shares.items()
            if share is not None
        }

    def shared(self, energy_wh: float, price: float) -> Shared:
        """Return the part of `energy_wh` that is expected from energy sharing.

        `price` is the mean market price of the energy, in EUR per Wh.
        """
        shares = [self.ratio(partial(_shared, n)) or 0.0 for n in range(len(NO_SHARED))]
        # The market cost of the shared energy comes only from the days with known shared energy.
        # `price` comes from all days with a market price. So convert this cost from the mean price
        # of its own days to `price`.
        shared_price = self.ratio(_market_if_shared) or 0.0
        return Shared(*shares).times(energy_wh).repriced(shared_price, price)


def _above(kw: float, day: Day) -> tuple[float, float]:
    """Return the day's energy above `kw`, and the day's imported energy, both in Wh.

    If a reference power of the tariff is missing in `day.above`, this power was not exceeded. If
    another power is missing, the energy above this power is unknown, and both results are 0.
    """
    energy_wh = day.above[kw].energy_wh if kw in day.above else 0.0
    return energy_wh, day.imported_wh if kw in day.above or kw in REFERENCE_POWERS else 0.0


def _second(hours: str, day: Day) -> tuple[float, float]:
    energy_wh, second_wh = day.second.get(hours, (0.0, 0.0))
    return second_wh, energy_wh


def _shared(n: int, day: Day) -> tuple[float, float]:
    return (day.shared[n], day.shared.known_wh) if day.shared else (0.0, 0.0)


def _market_if_shared(day: Day) -> tuple[float, float]:
    return (day.market_cost, day.market_wh) if day.shared else (0.0, 0.0)
