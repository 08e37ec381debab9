"""Sums over the days of months, and two changes that are made only when a month is shown.

One change adds the running quarter-hour. The other change sets the day from which monthly prices
are charged.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from ..history.calendar import QUARTER_HOUR, quarter_start
from ..history.market_prices import MarketPrices
from ..history.register_amounts import DECIMALS, Amounts
from ..prices.contract import Contracts
from ..prices.time_of_use import joined_splits, split
from .month import AMOUNTS, COUNTS, MARKET_AMOUNTS, ClassExcess, Day, Month

_QUARTER_HOURS_A_DAY = 96


def above_contract(days: Iterable[Day], contracts: Contracts) -> ClassExcess:
    """Return the total excess of `days` over the contract's reference power.

    Each day is compared with the contract of that day.
    """
    references = ((day, contracts.at(day.start).reference_kw) for day in days)
    excesses = [day.above[kw] for day, kw in references if kw is not None and kw in day.above]
    return ClassExcess(
        sum(above.quarter_hours for above in excesses), sum(above.energy_wh for above in excesses)
    )


def merge_months(month: Month, other: Month) -> Month:
    """Return the union of two records of the same month.

    If both records have the same day, the energies of the day are added up.
    """
    days = {day.start: day for day in month.days}
    for day in other.days:
        days[day.start] = _joined_days(days[day.start], day) if day.start in days else day
    peaks = [peak for peak in (month.peak, other.peak) if peak]
    return Month(
        start=month.start,
        days=tuple(sorted(days.values(), key=lambda day: day.start)),
        peak=max(peaks, key=lambda peak: peak.mean_kw) if peaks else None,
        since=month.since,
    )


def with_running(month: Month, contracts: Contracts, time: datetime, amounts: Amounts) -> Month:
    """Return `month` plus the running quarter-hour: `amounts`, measured from `time` on."""
    start = quarter_start(time)
    second = split(contracts.at(start), start, start + QUARTER_HOUR, amounts.imported_wh)
    market: dict[str, Any] = dict(zip(MARKET_AMOUNTS, amounts.market, strict=True))
    day = Day(
        start=contracts.part_start(time),
        imported_wh=amounts.imported_wh,
        exported_wh=amounts.exported_wh,
        second=second,
        **market,
    )
    return merge_months(month, Month(start=month.start, days=(day,)))


def from_first_day(months: Iterable[Month]) -> Iterator[Month]:
    """Yield `months`, changed so that monthly prices are charged from the first recorded day on.

    `months` are in the order of time. The field `since` of the first month becomes the start of its
    first recorded day. If the first month has less than 96 known quarter-hours (a day), the second
    month is changed in the same way, and so on. The change ends after the first month with at least
    96 known quarter-hours. All later months are yielded unchanged.
    """
    is_first = True
    for month in months:
        since = month.days[0].start if is_first and month.days else month.start
        is_first = is_first and month.quarter_hours < _QUARTER_HOURS_A_DAY
        yield replace(month, since=since) if since > month.start else month


def _joined_days(day: Day, other: Day) -> Day:
    above = {
        reference_kw: _joined_above(day.above.get(reference_kw), other.above.get(reference_kw))
        for reference_kw in {**day.above, **other.above}
    }
    amounts: dict[str, Any] = {
        **{name: getattr(day, name) + getattr(other, name) for name in COUNTS},
        **{
            name: round(getattr(day, name) + getattr(other, name), decimals)
            for name, decimals in AMOUNTS.items()
        },
    }
    return Day(
        start=day.start,
        above=above,
        second=joined_splits(day.second, other.second),
        shared=day.shared.plus(other.shared)
        if day.shared and other.shared
        else day.shared or other.shared,
        **amounts,
    )


def _joined_above(*both: ClassExcess | None) -> ClassExcess:
    excesses = [above for above in both if above]
    return ClassExcess(
        sum(above.quarter_hours for above in excesses),
        round(sum(above.energy_wh for above in excesses), DECIMALS),
    )


def mean_market_prices(days: Iterable[Day]) -> MarketPrices:
    """Return the mean market prices of the imported and of the exported energy in `days`.

    Energy without a known market price is left out. A price is None if no energy has a known price.
    """
    days = [*days]
    return MarketPrices(
        _mean([day.market_cost for day in days], [day.market_wh for day in days]),
        _mean([day.market_revenue for day in days], [day.market_exported_wh for day in days]),
    )


def _mean(costs: Sequence[float], energies_wh: Sequence[float]) -> float | None:
    energy_wh = sum(energies_wh)
    return sum(costs) / energy_wh * 1000 if energy_wh else None
