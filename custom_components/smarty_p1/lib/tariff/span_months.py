"""The months of a row, made again where something has changed."""

from collections.abc import Iterable
from datetime import datetime
from typing import Self

from .calendar import QUARTER_HOUR, day_end, day_start, month_start
from .contract import Contracts
from .leneda_days import NO_PLATFORM_DAYS, PlatformDays
from .loose_spans import LooseSpans, connected
from .month import Month
from .span_days import KnownDay, days_of, highest_of
from .spans import Columns, Kind, MonthColumns, Span, months_between


class KnownMonths:
    """The months that were made last, and what has changed since.

    A telegram changes nothing, a quarter-hour its day, a contract or what the platform knows all.
    """

    def __init__(self) -> None:
        self._months: dict[datetime, Month] = {}
        self._days: dict[datetime, list[KnownDay]] = {}
        self._basis: tuple[object, ...] = ()
        self._all: set[datetime] = set()
        """Months to be made again."""
        self._some: dict[datetime, set[datetime]] = {}
        """Midnights of days to be made again, by their months."""
        self._is_new = True

    @classmethod
    def of(cls, columns: Columns, past: PlatformDays, contracts: Contracts) -> Self:
        """Return the months of what was measured here and what the platform knows."""
        known = cls()
        known.made(columns, past, contracts)
        return known

    def note(self, span: Span) -> None:
        """Note that a span has come, or has gone."""
        self._is_new = True
        if span.kind is Kind.QUARTER_HOUR:
            self._some.setdefault(month_start(span.start), set()).add(day_start(span.start))
        else:
            self._all |= set(months_between(span.start, span.end))

    def made(
        self, columns: Columns, past: PlatformDays, contracts: Contracts
    ) -> dict[datetime, Month]:
        """Return the months of all that is known: the same object until there is something new."""
        basis = past, contracts.entries
        if not self._is_new and basis == self._basis:
            return self._months
        starts = {*columns, *past.months}
        self._all |= starts if basis != self._basis else self._cut_anew(columns, past)
        loose = LooseSpans(columns, past)
        for start in starts:
            midnights = self._midnights(start)
            if midnights != set():
                self._make(
                    columns.get(start) or MonthColumns(start), loose, past, contracts, midnights
                )
        for start in self._days.keys() - starts:
            del self._days[start]
        self._months = {start: self._months[start] for start in self._days if self._days[start]}
        self._basis, self._is_new = basis, False
        self._all.clear()
        self._some.clear()
        return self._months

    def _cut_anew(self, columns: Columns, past: PlatformDays) -> set[datetime]:
        """Return months in which the platform takes the place of something else than before.

        What it knows of a day may reach into another by a gap, or by several.
        """
        if not past.months:
            return set()
        cut = {start for start in self._some if self._is_cut(start, past)}
        return connected(self._all | cut, columns)

    def _is_cut(self, start: datetime, past: PlatformDays) -> bool:
        """Return whether the platform knows something of the days that have changed in a month."""
        platform = past.months.get(start)
        return platform is not None and any(
            platform.is_known((midnight - platform.first) // QUARTER_HOUR + place)
            for midnight in self._some[start]
            for place in range((day_end(midnight) - midnight) // QUARTER_HOUR)
        )

    def _midnights(self, start: datetime) -> set[datetime] | None:
        """Return which days of a month are to be made again, None for all of them."""
        is_whole = start in self._all or start not in self._days
        return None if is_whole else self._some.get(start, set())

    def _make(
        self,
        month: MonthColumns,
        loose: LooseSpans,
        past: PlatformDays,
        contracts: Contracts,
        midnights: Iterable[datetime] | None,
    ) -> None:
        """Make a month again, or some of its days."""
        start = month.start
        if midnights is None:
            period = month.first, month.first + month.most * QUARTER_HOUR
            days = [*days_of(month, loose, past, contracts, period)]
        else:
            days = self._days[start]
            for midnight in midnights:
                period = midnight, day_end(midnight)
                others = [each for each in days if not period[0] <= each.day.start < period[1]]
                days = [*others, *days_of(month, loose, past, contracts, period)]
            days.sort(key=lambda each: each.day.start)
        self._days[start] = days
        peaks = [each.peak for each in days if each.peak]
        self._months[start] = Month(
            start=start, days=tuple(each.day for each in days), peak=highest_of(peaks)
        )


def months_of(
    columns: Columns, past: PlatformDays = NO_PLATFORM_DAYS, contracts: Contracts | None = None
) -> dict[datetime, Month]:
    """Return the months of what was measured here and what the platform knows."""
    return KnownMonths().made(columns, past, contracts or Contracts())
