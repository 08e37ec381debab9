"""Cache of months, updated when spans, contracts or data of the platform Leneda change."""

from datetime import datetime
from typing import Self

from ..history.calendar import QUARTER_HOUR, day_end, day_start, month_start
from ..history.month_columns import Columns, MonthColumns, months_between
from ..history.spans import Span, SpanKind
from ..prices.contract import Contracts
from .day_sums import KnownDay, days_of, highest_of
from .leneda_days import NO_LENEDA_DAYS, LenedaDays
from .loose_energy_by_day import RowView, connected
from .month import Month


class KnownMonths:
    """Cache of the months that are computed from the spans (periods with energy) of a connection.

    A new quarter-hour changes only its day. A new gap, or a new part of a quarter-hour, changes all
    months that it touches. New contracts or new data of the national platform Leneda change all
    months.
    """

    def __init__(self) -> None:
        self._months: dict[datetime, Month] = {}
        self._days: dict[datetime, list[KnownDay]] = {}
        self._basis: tuple[object, ...] = ()
        self._stale_months: set[datetime] = set()
        self._stale_days: dict[datetime, set[datetime]] = {}
        """Midnights of changed days, keyed by month."""
        self._is_new = True

    @classmethod
    def of(cls, columns: Columns, leneda: LenedaDays, contracts: Contracts) -> Self:
        """Return a cache in which all months of the spans and of Leneda are already computed."""
        cache = cls()
        cache.made(columns, leneda, contracts)
        return cache

    def note(self, span: Span) -> None:
        """Mark the day or the months of `span` as changed. The span was added or removed."""
        self._is_new = True
        if span.kind is SpanKind.QUARTER_HOUR:
            days = self._stale_days.setdefault(month_start(span.start), set())
            days.add(day_start(span.start))
        else:
            self._stale_months |= set(months_between(span.start, span.end))

    def made(
        self, columns: Columns, leneda: LenedaDays, contracts: Contracts
    ) -> dict[datetime, Month]:
        """Return the months, keyed by start. While nothing changes, the same object is returned."""
        basis = leneda, contracts.entries
        if not self._is_new and basis == self._basis:
            return self._months
        view = RowView(columns, leneda, contracts)
        starts = {*columns, *leneda.months}
        whole = self._recut_months(view) if basis == self._basis else starts
        whole = (whole & starts) | (starts - self._days.keys())
        for start in whole:
            self._make(view, start, None)
        for start in (self._stale_days.keys() & starts) - whole:
            self._make(view, start, self._stale_days[start])
        for start in self._days.keys() - starts:
            del self._days[start]
        self._months = {start: self._months[start] for start in self._days if self._days[start]}
        self._basis, self._is_new = basis, False
        self._stale_months.clear()
        self._stale_days.clear()
        return self._months

    def _recut_months(self, view: RowView) -> set[datetime]:
        """Return the starts of the months that must be computed again as a whole.

        If Leneda has quarter-hours on a changed day, the energy of the gaps that touch this day
        changes as well. Such a gap may reach into other months.
        """
        if not view.leneda.months:
            return self._stale_months
        recut = {start for start in self._stale_days if self._is_recut(start, view.leneda)}
        return connected(self._stale_months | recut, view.months)

    def _is_recut(self, start: datetime, leneda: LenedaDays) -> bool:
        """Return whether Leneda has a quarter-hour on a changed day of a month.

        `start` is the start of the month. `_stale_days` has the changed days.
        """
        other = leneda.months.get(start)
        return other is not None and any(
            other.is_known((midnight - other.first) // QUARTER_HOUR + place)
            for midnight in self._stale_days[start]
            for place in range((day_end(midnight) - midnight) // QUARTER_HOUR)
        )

    def _make(self, view: RowView, start: datetime, midnights: set[datetime] | None) -> None:
        """Compute the month that begins at `start`, or only its days that begin at `midnights`."""
        month = view.months.get(start) or MonthColumns(start)
        if midnights is None:
            days = [*days_of(month, view, (month.first, month.first + month.size * QUARTER_HOUR))]
        else:
            days = self._days[start]
            for midnight in midnights:
                end = day_end(midnight)
                days = [day for day in days if not midnight <= day.day.start < end]
                days += days_of(month, view, (midnight, end))
            days.sort(key=lambda day: day.day.start)
        peak = highest_of(day.peak for day in days if day.peak)
        self._days[start] = days
        self._months[start] = Month(start=start, days=tuple(day.day for day in days), peak=peak)


def months_of(
    columns: Columns, leneda: LenedaDays = NO_LENEDA_DAYS, contracts: Contracts | None = None
) -> dict[datetime, Month]:
    """Return the months of a connection, keyed by start, with Leneda's quarter-hours added.

    `columns` has the spans of the connection by month.
    """
    return KnownMonths().made(columns, leneda, contracts or Contracts())
