"""What the running month will have cost when it ends: an estimate, and never of another month.

Fixed prices go on to the end. Of the rest, each day to come is the mean of the last 28 whole days;
where the same month of last year is known, it may as well be the mean of that, and the result lies
between the two. Before the fourth day, and where too little was measured, there is none.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import NamedTuple

from .bill import bill
from .calendar import QUARTER_HOUR, day_end, day_start
from .contract import Contracts
from .kept_months import joined
from .month import AMOUNTS, Above, Day, Month
from .second_hours import Split

_DAYS_OF_MEAN = 28
_DAYS_BEFORE = timedelta(days=3)
_LEAST_MEASURED = 0.9


class Estimate(NamedTuple):
    """The total of a month when it will have ended; the range where last year is known."""

    total: float
    low: float | None
    high: float | None


def estimate(
    month: Month, earlier: Sequence[Month], contracts: Contracts, until: datetime
) -> Estimate | None:
    """Return the estimate for the running month, after those before it; None without one."""
    is_early = until < month.start + _DAYS_BEFORE
    if is_early or until >= month.end or month.measured_share(until) < _LEAST_MEASURED:
        return None
    ended = [day for each in (*earlier, month) for day in each.days if day.start < day_start(until)]
    total = _total(month, contracts, until, list(_whole_days(ended))[-_DAYS_OF_MEAN:])
    if total is None:
        return None
    year_before = month.start.replace(year=month.start.year - 1)
    last_year = next((each for each in earlier if each.start == year_before), None)
    if last_year is None or last_year.measured_share(last_year.end) < _LEAST_MEASURED:
        return Estimate(total, None, None)
    other = _total(month, contracts, until, [list(days) for _, days in _by_date(last_year.days)])
    if other is None:
        return Estimate(total, None, None)
    return Estimate(total, min(total, other), max(total, other))


def _by_date(days: Sequence[Day]) -> Iterator[tuple[datetime, Iterator[Day]]]:
    """Group the records of days, which have one for each contract."""
    return groupby(days, key=lambda day: day_start(day.start))


def _whole_days(days: Sequence[Day]) -> Iterator[list[Day]]:
    for start, group in _by_date(days):
        found = list(group)
        measured = sum(day.quarter_hours for day in found)
        if measured * QUARTER_HOUR >= _LEAST_MEASURED * (day_end(start) - start):
            yield found


def _total(
    month: Month, contracts: Contracts, until: datetime, days: list[list[Day]]
) -> float | None:
    """Return the total if each day to come is the mean of some days."""
    if not days:
        return None
    records = [record for day in days for record in day]
    to_come = []
    start, end = until, month.end
    while start < end:
        part_end = min(contracts.part_end(start), end)
        share = (part_end - start) / (day_end(start) - day_start(start))
        to_come.append(_sum(contracts.part_start(start), records, share / len(days)))
        start = part_end
    whole = joined(month, Month(start=month.start, days=tuple(to_come)))
    return bill(replace(whole, since=month.since), contracts, end).total


def _sum(start: datetime, days: Sequence[Day], share: float) -> Day:
    """Return a share of what came on some days, as if it were of one."""
    amounts = {name: sum(getattr(day, name) for day in days) * share for name in AMOUNTS}
    above: dict[float, float] = {}
    second: dict[str, tuple[float, float]] = {}
    for day in days:
        for kw, each in day.above.items():
            above[kw] = above.get(kw, 0.0) + each.energy_wh * share
        for hours, split in day.second.items():
            energy_wh, second_wh = second.get(hours, (0.0, 0.0))
            second[hours] = energy_wh + split.energy_wh, second_wh + split.second_wh
    imported_wh = amounts["imported_wh"]
    return Day(
        start=start,
        above={kw: Above(0, energy_wh) for kw, energy_wh in above.items()},
        # Where some of the days are not known by hours, the others stand for them.
        second={
            hours: Split(imported_wh, imported_wh * second_wh / energy_wh)
            for hours, (energy_wh, second_wh) in second.items()
            if energy_wh
        },
        **amounts,
    )
