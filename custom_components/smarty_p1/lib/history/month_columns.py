"""Months of spans: their measured quarter-hours as columns, and all other spans beside them.

A quarter-hour that was measured from start to end has a place (index) in the columns of its month.
All other spans are loose. If a clock that was set back repeats a quarter-hour, the energies of both
measurements count, and the later measurement is shown.
"""

from array import array
from collections.abc import Iterable, Iterator, Mapping
from copy import copy
from datetime import UTC, datetime
from functools import lru_cache
from math import nan

from ..data_retention import MAX_MONTHS
from .luxembourg_time import QUARTER_HOUR, QUARTER_HOURS_A_DAY, month_end, month_start
from .register_amounts import Amounts
from .spans import Span, SpanKind

_NO_REACTIVE = (None, None)
_MAX_REACTIVE_VARH = 1_000_000


def _as_integer(varh: float | None) -> int:
    return round(varh * 1000) if varh is not None and 0 <= varh <= _MAX_REACTIVE_VARH else -1


@lru_cache
def _unknown(size: int) -> array[float]:
    return array("d", [nan]) * size


class MonthColumns:
    """Columns with the quarter-hours of a month, and its gaps and parts of quarter-hours.

    The `place` of a quarter-hour is its index in the columns.
    """

    def __init__(self, start: datetime) -> None:
        self.start = start
        self.first = start.astimezone(UTC)
        self.size = (month_end(start).astimezone(UTC) - self.first) // QUARTER_HOUR
        self.imported = self.exported = _unknown(self.size)
        """Imported and exported energies in Wh by place, NaN where unknown."""
        self.reactive: tuple[array[int], array[int]] | None = None
        """Columns of the imported and exported reactive energy in 0.001 varh, -1 where unknown.
        None if all values are unknown."""
        self.late_exported: dict[int, float] = {}
        """Inexact exported energy in Wh by place. A part of it may have been exported before the
        quarter-hour."""
        self.repeated: list[Span] = []
        """Earlier measurements of quarter-hours that were measured more than once."""
        self.loose: list[Span] = []
        """Gaps and parts of quarter-hours that lie in the month or reach into it."""
        self.quarter_hours = 0

    @property
    def has_loose_energy(self) -> bool:
        """Return whether a gap, or a part of a quarter-hour, adds energy to the month."""
        end = month_end(self.start)
        spans = (span for span in self.loose if span.kind is SpanKind.GAP or any(span.amounts[:2]))
        periods = (period for span in spans if (period := span.shared_period))
        return any(self.start < period_end and begin < end for begin, period_end in periods)

    def copy(self) -> MonthColumns:
        """Return a copy. Spans that are added to the copy do not change this object."""
        other = copy(self)
        for name in ("imported", "exported", "late_exported", "repeated", "loose"):
            setattr(other, name, copy(getattr(self, name)))
        other.reactive = self.reactive and (copy(self.reactive[0]), copy(self.reactive[1]))
        return other

    def place_of(self, time: datetime) -> int:
        """Return the place of the quarter-hour that begins at `time`.

        Raises ValueError if no quarter-hour of the month begins then.
        """
        place, rest = divmod(time - self.first, QUARTER_HOUR)
        if rest or not 0 <= place < self.size:
            raise ValueError
        return place

    def is_known(self, place: int) -> bool:
        """Return whether the quarter-hour at `place` is known."""
        return self.imported[place] == self.imported[place]

    def put(
        self,
        place: int,
        imported_wh: float,
        exported_wh: float = nan,
        late_exported_wh: float = 0.0,
        reactive_varh: tuple[float | None, float | None] = _NO_REACTIVE,
    ) -> None:
        """Put a quarter-hour at `place`. The quarter-hour that was there before is forgotten."""
        if not self.quarter_hours:
            # A long gap makes many empty months, and all empty months share the same columns. So
            # copy the columns before the first change.
            self.imported, self.exported = copy(self.imported), copy(self.exported)
        self.quarter_hours += not self.is_known(place)
        self.imported[place] = imported_wh
        self.exported[place] = exported_wh
        if reactive_varh != _NO_REACTIVE and self.reactive is None:
            unknown = array("i", [-1]) * self.size
            self.reactive = unknown, copy(unknown)
        if self.reactive is not None:
            self.reactive[0][place], self.reactive[1][place] = map(_as_integer, reactive_varh)
        self.late_exported.pop(place, None)
        if late_exported_wh:
            self.late_exported[place] = late_exported_wh

    def reactive_at(self, start: datetime) -> tuple[float | None, float | None]:
        """Return imported and exported reactive energy of a quarter-hour in kvarh."""
        milli = [column[self.place_of(start)] for column in self.reactive or ()] or (-1, -1)
        imported, exported = (None if value < 0 else value / 1e6 for value in milli)
        return imported, exported

    def put_span(self, span: Span) -> None:
        """Put a measured quarter-hour at its place.

        If this place has a quarter-hour already, the old quarter-hour moves to `repeated`, so that
        its energies still count.
        """
        place, amounts = self.place_of(span.start), span.amounts
        if self.is_known(place):
            self.repeated.append(self.span_at(place))
        exported_wh, late_wh = amounts.exported_wh, 0.0
        if not amounts.is_exported_exact:
            exported_wh, late_wh = nan, exported_wh
        reactive = amounts.reactive_imported_varh, amounts.reactive_exported_varh
        self.put(place, amounts.imported_wh, exported_wh, late_wh, reactive_varh=reactive)

    def span_at(self, place: int) -> Span:
        """Return the quarter-hour at `place`, without registers and reactive energy."""
        start = self.first + place * QUARTER_HOUR
        exported_wh = self.exported[place]
        is_exact = exported_wh == exported_wh  # noqa: PLR0124 - NaN
        amounts = Amounts(
            self.imported[place],
            exported_wh if is_exact else self.late_exported.get(place, 0.0),
            is_exact,
            None,
            None,
        )
        return Span(start, start + QUARTER_HOUR, SpanKind.QUARTER_HOUR, amounts)


type Columns = Mapping[datetime, MonthColumns]
"""Months of a `Row` keyed by their start, a midnight in Luxembourg."""


class Row:
    """Confirmed spans of a household's connection to the grid, by month.

    The spans are numbered from 1 on. `number` is the number of the last span.
    """

    def __init__(self, max_months: int = MAX_MONTHS) -> None:
        self.months: dict[datetime, MonthColumns] = {}
        """Months by start, in the order of their last additions."""
        self.number = 0
        self.max_months = max_months

    def add(self, span: Span) -> Span:
        """Add `span` as the next span. Return it with its number."""
        self.number += 1
        span = span._replace(number=self.number)
        self.put(span)
        return span

    def put(self, span: Span) -> None:
        """Put a span into its month or months. The span keeps its number."""
        if span.kind is SpanKind.QUARTER_HOUR:
            self.month(span.start).put_span(span)
            return
        for start in months_between(span.start, span.end):
            self.month(start).loose.append(span)

    def month(self, time: datetime) -> MonthColumns:
        """Return the columns of the month that contains `time`. Add the month if it is missing.

        If there are then more than `max_months` months, one of the other months is removed.
        """
        start = month_start(time)
        month = self.months.pop(start, None) or MonthColumns(start)
        self.months[start] = month
        if len(self.months) > self.max_months:
            self._forget()
        return month

    def with_others(self, spans: Iterable[Span]) -> Columns:
        """Return the months of this object with `spans` added. The object does not change."""
        row = Row(len(self.months) + MAX_MONTHS)
        row.months = self.months.copy()
        copied: set[datetime] = set()
        for span in spans:
            for start in {*months_between(span.start, span.end), month_start(span.start)} - copied:
                copied.add(start)
                if start in row.months:
                    row.months[start] = row.months[start].copy()
            row.put(span)
        return row.months

    def _forget(self) -> None:
        """Remove one month, but never the month to which a span was added last.

        If all other months have at least a day of quarter-hours, remove the first month in
        `months`. Otherwise, remove the month with the fewest quarter-hours. If several months have
        equally few, first remove a month to which no gap adds energy.
        """
        *earlier_months, _ = self.months.values()
        shortest_month = min(
            earlier_months, key=lambda month: (month.quarter_hours, month.has_loose_energy)
        )
        is_scrap = shortest_month.quarter_hours < QUARTER_HOURS_A_DAY
        del self.months[(shortest_month if is_scrap else earlier_months[0]).start]

    def has_quarter_hours(self, month: datetime) -> bool:
        """Return whether a quarter-hour of `month` was measured."""
        return month in self.months and self.months[month].quarter_hours > 0


def months_between(start: datetime, end: datetime) -> Iterator[datetime]:
    """Yield the start of each month that a period touches. `end` itself is not part of the period.

    If `start` equals `end`, yield the month of this time.
    """
    month = month_start(start)
    yield month
    while (month := month_end(month)) < end:
        yield month
