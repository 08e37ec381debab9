"""The months that are kept, and how something is added to one."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any, Self

from .calendar import QUARTER_HOUR, day_end, month_start, quarter_start
from .contract import REFERENCE_POWERS, Contracts
from .month import AMOUNTS, COUNTS, Above, Day, Month, QuarterHour
from .register_rises import DECIMALS, Amounts
from .second_hours import joined_splits, split

MAX_MONTHS = 36
"""So many months are kept: two years, the running month, and room for what a wrong clock says."""

_QUARTER_HOURS_A_DAY = 96


def above_each(energy_wh: float, own_kw: float | None) -> dict[float, Above]:
    """Return how far the energy of a quarter-hour is above each class that it exceeds.

    That of a reference power which is no class is there in any case.
    """
    found: dict[float, Above] = {}
    for reference_kw in REFERENCE_POWERS:
        excess_wh = energy_wh - reference_kw * 250
        if excess_wh <= 0:
            break
        found[reference_kw] = Above(1, excess_wh)
    if own_kw is not None and own_kw not in REFERENCE_POWERS:
        excess_wh = max(0.0, energy_wh - own_kw * 250)
        found[own_kw] = Above(int(excess_wh > 0), excess_wh)
    return found


def above_contract(days: Iterable[Day], contracts: Contracts) -> Above:
    """Return how far days were above the reference power that the contract of each had."""
    references = ((day, contracts.at(day.start).reference_kw) for day in days)
    found = [day.above[kw] for day, kw in references if kw is not None and kw in day.above]
    return Above(
        sum(above.quarter_hours for above in found), sum(above.energy_wh for above in found)
    )


def joined(month: Month, other: Month) -> Month:
    """Return a month with all that is known of it: what two know of it together."""
    days = {day.start: day for day in month.days}
    for day in other.days:
        days[day.start] = _joined_days(days[day.start], day) if day.start in days else day
    peaks = [peak for peak in (month.peak, other.peak) if peak]
    return Month(
        start=month.start,
        days=_limited(sorted(days.values(), key=lambda day: day.start)),
        peak=max(peaks, key=lambda peak: peak.mean_kw) if peaks else None,
        since=month.since,
    )


def day_of(contracts: Contracts, time: datetime, imported_wh: float) -> Day:
    """Return the day of a moment's quarter-hour, with how its energy is priced by the hour."""
    start = quarter_start(time)
    contract = contracts.at(start)
    return Day(
        start=contracts.part_start(time),
        second=split(contract, start, start + QUARTER_HOUR, imported_wh),
    )


def with_running(month: Month, day: Day, amounts: Amounts) -> Month:
    """Return a month with what came in the running quarter-hour, on its day."""
    *_, last = month.days or (None,)
    if last is None or last.start < day.start:
        days = (*month.days, amounts.added_to(day))
    elif last.start == day.start:
        if day.second:
            last = replace(last, second=joined_splits(last.second, day.second))
        days = (*month.days[:-1], amounts.added_to(last))
    else:
        return joined(month, Month(start=month.start, days=(amounts.added_to(day),)))
    return Month(
        start=month.start,
        days=days,
        peak=month.peak,
        since=month.since,
    )


def from_first_day(months: Iterable[Month]) -> Iterator[Month]:
    """Yield months in the order of time; until a day was measured, they count from their first."""
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
        **{name: _sum(getattr(day, name), getattr(other, name)) for name in AMOUNTS},
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


def _joined_above(*both: Above | None) -> Above:
    known = [above for above in both if above]
    return Above(
        sum(above.quarter_hours for above in known),
        round(sum(above.energy_wh for above in known), DECIMALS),
    )


def _sum(a: float, b: float) -> float:
    return round(a + b, DECIMALS)


def _limited(days: list[Day]) -> tuple[Day, ...]:
    """Return days of no more quarter-hours than they have: a clock set back repeats some."""
    found = []
    for day, following in zip(days, [*days[1:], None], strict=True):
        end = day_end(day.start)
        if following:
            end = min(end, following.start)
        found.append(_limited_day(day, (end - day.start) // QUARTER_HOUR))
    return tuple(found)


def _limited_day(day: Day, most: int) -> Day:
    if max(day.quarter_hours, *(above.quarter_hours for above in day.above.values()), 0) <= most:
        return day
    return replace(
        day,
        quarter_hours=min(day.quarter_hours, most),
        above={
            power: Above(min(above.quarter_hours, most), above.energy_wh)
            for power, above in day.above.items()
        },
    )


class KeptMonths:
    """Months by their start; what was added to last is the last."""

    def __init__(self, months: Iterable[Month] = ()) -> None:
        self.months = {month.start: month for month in months}

    @classmethod
    def of(cls, months: Iterable[Month], newer: Iterable[Month]) -> Self:
        """Return months, of which some are known anew."""
        kept = cls(months)
        for month in newer:
            kept.months.pop(month.start, None)
            kept.add_month(month)
        return kept

    def add(self, day: Day, peak: QuarterHour | None = None) -> None:
        """Add something to a day, and a complete quarter-hour to the highest of its month."""
        start = month_start(day.start)
        self.add_month(Month(start=start, days=(day,), peak=peak))

    def add_month(self, month: Month) -> None:
        """Add what is known of a month. What a wrong clock left is forgotten first."""
        known = self.months.pop(month.start, None)
        self.months[month.start] = joined(known, month) if known else month
        if len(self.months) > MAX_MONTHS:
            *others, _ = self.months.values()
            least = min(others, key=lambda other: other.quarter_hours)
            is_scrap = least.quarter_hours < _QUARTER_HOURS_A_DAY
            del self.months[(least if is_scrap else others[0]).start]
