"""The past that the national platform knows: days that were not measured here, or not whole.

A quarter-hour that was measured here counts everywhere. Where a day has quarter-hours that only the
platform knows, it consists of both:

- Of a day all of whose quarter-hours are known, the energy is exactly theirs.
- Of another one, what the registers say beyond them remains, and when it came is not known.
- A day of which more was measured than is known by quarter-hours stays as it was.
- What came at the market's price was priced as it came. The rest has none: nobody knew it.

It is joined to the months when they are shown, and never stored with them, so that it can be taken
back. So is what was shared with a group, also of days that were measured here. It is as long as
what it is made of; whoever makes it bounds that.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple, Self

from .calendar import QUARTER_HOUR, month_start
from .contract import Contracts
from .kept_months import above_each
from .month import Above, Day, Month, Origin, QuarterHour, Shared
from .register_rises import DECIMALS
from .second_hours import Split, is_second
from .sharing import NO_DAY_SUMS, NO_SHARING, DaySums, Sharing, shared_of

_OF_REGISTERS = ("market_cost", "market_wh", "market_revenue", "market_exported_wh")
_start_of = attrgetter("start")


class PastDay(NamedTuple):
    """A day, or the part of it that has one contract, by its quarter-hours of both origins."""

    day: Day
    end: datetime
    peak: QuarterHour | None
    """The highest of those that are the platform's."""
    is_whole: bool
    """Whether all of its quarter-hours are known."""
    is_export_whole: bool

    def with_registers(self, known: Sequence[Day]) -> Day:
        """Return the day with what the registers say beyond its quarter-hours."""
        imported_wh = exported_wh = 0.0
        if not self.is_whole:
            imported_wh = sum(day.imported_wh for day in known)
        if not self.is_export_whole:
            exported_wh = sum(day.exported_wh for day in known)
        return replace(
            self.day,
            imported_wh=max(self.day.imported_wh, imported_wh),
            exported_wh=max(self.day.exported_wh, exported_wh),
            gap_wh=max(0.0, imported_wh - self.day.imported_wh),
            **{name: sum(getattr(day, name) for day in known) for name in _OF_REGISTERS},
        )


class Past:
    """Days that the platform knows at least a part of, by their months."""

    def __init__(
        self,
        contracts: Contracts,
        months: Mapping[datetime, Sequence[PastDay]] | None = None,
        day_sums: DaySums = NO_DAY_SUMS,
    ) -> None:
        self.contracts = contracts
        self.day_sums = day_sums
        self._months = months or {}
        self._joined: dict[datetime, tuple[Month | None, Month]] = {}

    @classmethod
    def of(
        cls,
        quarter_hours: Iterable[QuarterHour],
        contracts: Contracts,
        sharing: Sharing = NO_SHARING,
        day_sums: DaySums = NO_DAY_SUMS,
    ) -> Self:
        """Return the past of quarter-hours of both origins, in the order of their time, each once.

        What was shared counts in these alone, and `day_sums` are shown as they are. It takes some
        time, but touches nothing else: make it where nobody waits for it.
        """
        days = _days(quarter_hours, contracts, sharing)
        months = groupby(days, lambda each: month_start(each.day.start))
        return cls(contracts, {month: list(group) for month, group in months}, day_sums)

    def joined_to(self, months: dict[datetime, Month]) -> dict[datetime, Month]:
        """Return months with what the platform knows: the same month again, while it is known."""
        if not self._months:
            return months
        found = months.copy()
        for start, days in self._months.items():
            month = months.get(start)
            if month is None and not any(each.peak for each in days):
                # What was shared of a month that is not known any more says nothing.
                continue
            known, joined = self._joined.get(start) or (None, None)
            if joined is None or known is not month:
                joined = _joined(month or Month(start=start), days)
                self._joined[start] = month, joined
            found[start] = joined
        return found


NO_PAST = Past(Contracts())


def _days(
    quarter_hours: Iterable[QuarterHour], contracts: Contracts, sharing: Sharing
) -> Iterator[PastDay]:
    """Yield the days of which the platform knows a part."""
    for start, group in groupby(quarter_hours, lambda each: contracts.part_start(each.start)):
        quarters = list(group)
        of_platform = [each for each in quarters if each.origin]
        shared = shared_of(quarters, sharing, contracts.at(start))
        if not of_platform and not shared:
            continue
        end = contracts.part_end(start)
        exports = [each.exported_kwh for each in quarters if each.exported_kwh is not None]
        most = (end - start) // QUARTER_HOUR
        yield PastDay(
            day=replace(
                _imported(start, quarters, contracts),
                exported_wh=round(sum(exports) * 1000, DECIMALS),
                platform_quarter_hours=len(of_platform),
                estimated_quarter_hours=sum(
                    each.origin is Origin.PLATFORM_ESTIMATED for each in of_platform
                ),
                shared=shared,
            ),
            end=end,
            peak=max(of_platform, key=lambda each: each.mean_kw, default=None),
            is_whole=len(quarters) >= most,
            is_export_whole=len(exports) >= most,
        )


def _imported(start: datetime, quarters: Sequence[QuarterHour], contracts: Contracts) -> Day:
    contract = contracts.at(start)
    hours = contract.second_hours
    imported_wh = second_wh = 0.0
    above: dict[float, tuple[int, float]] = {}
    for each in quarters:
        energy_wh = round(each.mean_kw * 250, DECIMALS)
        imported_wh += energy_wh
        for kw, (count, excess_wh) in above_each(energy_wh, contract.reference_kw).items():
            counts, excesses_wh = above.get(kw, (0, 0.0))
            above[kw] = counts + count, excesses_wh + excess_wh
        if hours and is_second(hours, each.start):
            second_wh += energy_wh
    imported_wh = round(imported_wh, DECIMALS)
    return Day(
        start=start,
        imported_wh=imported_wh,
        quarter_hours=len(quarters),
        above={kw: Above(count, round(wh, DECIMALS)) for kw, (count, wh) in above.items()},
        second={hours: Split(imported_wh, second_wh)} if hours else {},
    )


def _joined(month: Month, past: Sequence[PastDay]) -> Month:
    """Return a month whose days have what the platform knows of them, where that is more."""
    days: list[Day] = []
    peaks = [month.peak] if month.peak else []
    begin = 0
    for each in past:
        first, end = (
            bisect_left(month.days, time, key=_start_of) for time in (each.day.start, each.end)
        )
        known = month.days[first:end]
        days += month.days[begin:first]
        if each.peak and each.day.quarter_hours > sum(day.quarter_hours for day in known):
            days.append(each.with_registers(known))
            peaks.append(each.peak)
        elif each.day.shared:
            days += _with_shared(known, each.day.shared)
        else:
            days += known
        begin = end
    days += month.days[begin:]
    peak = max(sorted(peaks, key=_start_of), key=lambda peak: peak.mean_kw, default=None)
    return replace(month, days=tuple(days), peak=peak)


def _with_shared(days: Sequence[Day], shared: Shared) -> Iterator[Day]:
    """Yield days with what was shared in them, of no more than came.

    There is one, but for a contract that was entered after the past was made.
    """
    whole_wh = max(shared.known_wh, sum(day.imported_wh for day in days)) or 1.0
    for day in days:
        yield replace(day, shared=shared.times(day.imported_wh / whole_wh))
