"""The row: all that came at a connection, one span after the other, each with its energies.

A quarter-hour that was measured from start to end has a place in the columns of its month. Loose is
any other span: a gap (nothing was read; from reading to reading, or of no length while a clock was
set), and a part of a quarter-hour (read, but not whole). Where a clock that was set back repeats a
quarter-hour, both count: the later one is shown.

Spans are numbered in the order in which they came, and know the registers at their end. So a number
that is missing is a line that was lost, and the registers around it tell what came in it.
"""

from array import array
from collections.abc import Iterable, Iterator, Mapping
from copy import copy
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from math import isnan, nan
from typing import NamedTuple

from .calendar import QUARTER_HOUR, month_end, month_start
from .month import Origin, QuarterHour
from .register_rises import DECIMALS, Amounts, Registers, most_wh

MAX_MONTHS = 36
"""Months in a row: two years, the running month, and room for what a wrong clock says."""
MAX_SHARED_GAP = timedelta(days=40)
"""The energy of a longer gap is not shared out to its days: that would be a guess."""
_QUARTER_HOURS_A_DAY = 96
# A longer gap is a clock that was lost: what came in it is not looked for in each of its months.
_MAX_GAP = timedelta(days=731)
# A clock that is set ahead leaves no more than this between two readings; an outage of that time
# would.
_MAX_LEAP_WH = 10_000
# Below what a register resolves, above the rounding of stored numbers.
_NEGLIGIBLE_WH = 0.01
_SECOND = timedelta(seconds=1)
_NO_REACTIVE = (None, None)
_MAX_REACTIVE_VARH = 1_000_000


def _as_integer(varh: float | None) -> int:
    return round(varh * 1000) if varh is not None and 0 <= varh <= _MAX_REACTIVE_VARH else -1


type Period = tuple[datetime, datetime]


class Kind(StrEnum):
    """The kind of a span, as a line names it."""

    QUARTER_HOUR = ""
    GAP = "gap"
    PART = "part"


class Span(NamedTuple):
    """A period, what came in it, and what the registers said at its end, if that is known."""

    start: datetime
    """In UTC."""
    end: datetime
    kind: Kind
    amounts: Amounts
    imported_register_wh: float | None = None
    exported_register_wh: float | None = None
    number: int = 0
    """From 1 on; 0 where it is not known."""

    @property
    def quarter_hour(self) -> QuarterHour:
        """Return a span that is one as such."""
        return QuarterHour(self.start, *self.amounts.totals())

    @property
    def shared_periods(self) -> list[Period]:
        """Return the period that its energy is shared out to where nobody knows more.

        There is none where that would be a guess. Of a gap in which a clock may have leapt, it is
        the end.
        """
        if self.end - self.start <= MAX_SHARED_GAP:
            return [(self.start, self.end)]
        is_outage = self.amounts.imported_wh > _MAX_LEAP_WH
        return [] if is_outage else [(self.end - _SECOND, self.end)]


class Position(NamedTuple):
    """A moment, and the registers at it."""

    time: datetime
    imported_wh: float
    exported_wh: float | None


def position_of(reading: Registers) -> Position:
    """Return the position of a reading."""
    return Position(reading.time, reading.imported_wh, reading.exported_wh)


def end_of(span: Span) -> Position:
    """Return the position at which a span ends."""
    return Position(span.end, span.imported_register_wh or 0.0, span.exported_register_wh)


def gap_between(before: Position, after: Position) -> Span | None:
    """Return what came between two positions of one meter as a gap; None for two meters.

    What came while a clock was set back has no length: it is of the moment after.
    """
    imported_wh = after.imported_wh - before.imported_wh
    passed = after.time - before.time
    if not -_NEGLIGIBLE_WH <= imported_wh <= most_wh(abs(passed)):
        return None
    exported_wh = 0.0
    if before.exported_wh is not None and after.exported_wh is not None:
        exported_wh = after.exported_wh - before.exported_wh
        if not 0 <= exported_wh <= most_wh(abs(passed)):
            exported_wh = 0.0
    amounts = Amounts(max(0.0, imported_wh), exported_wh).rounded()
    start = min(max(before.time, after.time - _MAX_GAP), after.time)
    return Span(start, after.time, Kind.GAP, amounts, after.imported_wh, after.exported_wh)


class MonthColumns:
    """The quarter-hours of a month in Luxembourg by their place in it, and its loose spans."""

    def __init__(self, start: datetime) -> None:
        self.start = start
        self.first = start.astimezone(UTC)
        self.most = (month_end(start).astimezone(UTC) - self.first) // QUARTER_HOUR
        self.imported = array("d")
        """Energies in Wh, NaN where it is not known; so are the following."""
        self.exported = array("d")
        self.origins = bytearray()
        """By the place in `ORIGINS`."""
        self.market: tuple[array[float], ...] | None = None
        """Cost, its energy, revenue, its energy; None as long as all are 0."""
        self.reactive: tuple[array[int], array[int]] | None = None
        """Imported and exported in 0.001 varh, -1 where unknown; None as long as none is known."""
        self.late_exported: dict[int, float] = {}
        """Exported energy that came by the end of a quarter-hour, and perhaps before it."""
        self.repeated: list[Span] = []
        """Quarter-hours whose place another one took later."""
        self.loose: list[Span] = []
        """Those of which a part is in this month."""
        self.quarter_hours = 0

    def copy(self) -> MonthColumns:
        """Return the same, to which something else can be added."""
        other = copy(self)
        for name in ("imported", "exported", "origins", "late_exported", "repeated", "loose"):
            setattr(other, name, copy(getattr(self, name)))
        other.market = self.market and tuple(map(copy, self.market))
        other.reactive = self.reactive and (copy(self.reactive[0]), copy(self.reactive[1]))
        return other

    def place_of(self, time: datetime) -> int:
        """Return the place of a quarter-hour. Raises ValueError for another time or month."""
        place, rest = divmod(time - self.first, QUARTER_HOUR)
        if rest or not 0 <= place < self.most:
            raise ValueError
        return place

    def is_known(self, place: int) -> bool:
        """Return whether there is a quarter-hour at a place."""
        return place < len(self.imported) and self.imported[place] == self.imported[place]

    def put(  # noqa: PLR0913, PLR0917 - as a line has them
        self,
        place: int,
        imported_wh: float,
        exported_wh: float = nan,
        market: tuple[float, ...] | None = None,
        late_exported_wh: float = 0.0,
        origin: int = 0,
        reactive_varh: tuple[float | None, float | None] = _NO_REACTIVE,
    ) -> None:
        """Put a quarter-hour at its place, and forget the one that was there."""
        self._make_room(place + 1 - len(self.imported))
        if market and self.market is None:
            self.market = tuple(array("d", bytes(8 * len(self.imported))) for _ in range(4))
        self.quarter_hours += not self.is_known(place)
        self.imported[place] = imported_wh
        self.exported[place] = exported_wh
        self.origins[place] = origin
        for column, amount in zip(self.market or (), market or (0.0,) * 4, strict=False):
            column[place] = amount
        if self.reactive is not None or reactive_varh != _NO_REACTIVE:
            self._put_reactive(place, reactive_varh)
        self.late_exported.pop(place, None)
        if late_exported_wh:
            self.late_exported[place] = late_exported_wh

    def _put_reactive(self, place: int, varh: tuple[float | None, float | None]) -> None:
        if self.reactive is None:
            unknown = array("i", [-1]) * len(self.imported)
            self.reactive = unknown, copy(unknown)
        imported, exported = self.reactive
        imported[place], exported[place] = map(_as_integer, varh)

    def _make_room(self, places: int) -> None:
        if places > 0:
            self.imported.extend([nan] * places)
            self.exported.extend([nan] * places)
            self.origins.extend(bytes(places))
            for column in self.market or ():
                column.extend([0.0] * places)
            for integers in self.reactive or ():
                integers.extend([-1] * places)

    def quarter_hour_at(self, place: int) -> QuarterHour:
        """Return the quarter-hour at a place where one is known."""
        exported_wh = self.exported[place]
        milli, exported_milli = [each[place] for each in self.reactive or ()] or (-1, -1)
        return QuarterHour(
            self.first + place * QUARTER_HOUR,
            round(self.imported[place] / 250, DECIMALS),
            None if isnan(exported_wh) else round(exported_wh / 1000, DECIMALS),
            None if milli < 0 else milli / 1e6,
            None if exported_milli < 0 else exported_milli / 1e6,
            ORIGINS[self.origins[place]],
        )

    def late_between(self, first: int, last: int) -> list[float]:
        """Return the exported energies that came by the end of quarter-hours at some places."""
        return [wh for place, wh in self.late_exported.items() if first <= place < last]

    def overlaid(
        self, platform: MonthColumns, first: int, last: int
    ) -> tuple[list[float], list[float], bytes]:
        """Return imported and exported energies of some places, the platform's where none is known.

        The third are the origins.
        """
        own, own_fed = (_padded(each, first, last) for each in (self.imported, self.exported))
        theirs = zip(
            _padded(platform.imported, first, last),
            _padded(platform.exported, first, last),
            platform.origins[first:last].ljust(last - first, b"\0"),
            strict=True,
        )
        origins = bytearray(last - first)
        for n, (wh, fed_wh, origin) in enumerate(theirs):
            if own[n] != own[n]:
                own[n], own_fed[n], origins[n] = wh, fed_wh, origin
        return own, own_fed, bytes(origins)

    def put_span(self, span: Span) -> None:
        """Put a quarter-hour at its place, and keep the one that was there beside it."""
        place = self.place_of(span.start)
        if self.is_known(place):
            self.repeated.append(self._span_at(place))
        amounts = span.amounts
        exported_wh, late_wh = amounts.exported_wh, 0.0
        if not amounts.is_exported_exact:
            exported_wh, late_wh = nan, exported_wh
        market = amounts.market if any(amounts.market) else None
        self.put(
            place,
            amounts.imported_wh,
            exported_wh,
            market,
            late_wh,
            reactive_varh=(amounts.reactive_imported_varh, amounts.reactive_exported_varh),
        )

    def _span_at(self, place: int) -> Span:
        start = self.first + place * QUARTER_HOUR
        exported_wh = self.exported[place]
        is_exact = exported_wh == exported_wh  # noqa: PLR0124 - NaN is not
        market = [column[place] for column in self.market] if self.market else ()
        amounts = Amounts(
            self.imported[place],
            exported_wh if is_exact else self.late_exported.get(place, 0.0),
            is_exact,
            None,
            None,
            *market,
        )
        return Span(start, start + QUARTER_HOUR, Kind.QUARTER_HOUR, amounts)


type Columns = Mapping[datetime, MonthColumns]
"""Months of a row by their start."""


def _padded(column: array[float], first: int, last: int) -> list[float]:
    found = column[first:last].tolist()
    return found + [nan] * (last - first - len(found))


ORIGINS = (None, Origin.PLATFORM, Origin.PLATFORM_ESTIMATED)


class Row:
    """The spans of a connection whose clock is sure, by their months.

    `number` is that of the last one.
    """

    def __init__(self, max_months: int = MAX_MONTHS) -> None:
        self.months: dict[datetime, MonthColumns] = {}
        """The month to which was added last is the last."""
        self.number = 0
        self.max_months = max_months

    def add(self, span: Span) -> Span:
        """Add the next span, and return it with its number."""
        self.number += 1
        span = span._replace(number=self.number)
        self.put(span)
        return span

    def put(self, span: Span) -> None:
        """Put a span that has its number, or none, where it belongs."""
        if span.kind is Kind.QUARTER_HOUR:
            self.month(span.start).put_span(span)
            return
        for start in months_between(span.start, span.end):
            self.month(start).loose.append(span)

    def month(self, time: datetime) -> MonthColumns:
        """Return the columns of a month to which is added; forget another one for a new one."""
        start = month_start(time)
        found = self.months.pop(start, None) or MonthColumns(start)
        self.months[start] = found
        if len(self.months) > self.max_months:
            self._forget()
        return found

    def with_others(self, spans: Iterable[Span]) -> Mapping[datetime, MonthColumns]:
        """Return the months with other spans; those of these are copies."""
        found = Row(len(self.months) + MAX_MONTHS)
        found.months = self.months.copy()
        copied: set[datetime] = set()
        for span in spans:
            for start in {*months_between(span.start, span.end), month_start(span.start)} - copied:
                copied.add(start)
                if start in found.months:
                    found.months[start] = found.months[start].copy()
            found.put(span)
        return found.months

    def _forget(self) -> None:
        """Forget a month; what a wrong clock left goes first."""
        *others, _ = self.months.values()
        least = min(others, key=lambda month: month.quarter_hours)
        is_scrap = least.quarter_hours < _QUARTER_HOURS_A_DAY
        del self.months[(least if is_scrap else others[0]).start]

    def has_quarter_hours(self, month: datetime) -> bool:
        """Return whether a quarter-hour of a month was measured."""
        return month in self.months and self.months[month].quarter_hours > 0


def months_between(start: datetime, end: datetime) -> Iterator[datetime]:
    """Yield the months of which a period has a part; a moment is in one."""
    month = month_start(start)
    yield month
    while (month := month_end(month)) < end:
        yield month


def columns_of(quarters: Iterable[QuarterHour]) -> dict[datetime, MonthColumns]:
    """Return quarter-hours of the platform by their months."""
    found: dict[datetime, MonthColumns] = {}
    for quarter in quarters:
        start = month_start(quarter.start)
        month = found.get(start) or found.setdefault(start, MonthColumns(start))
        fed_kwh = quarter.exported_kwh
        reactive = quarter.reactive_imported_kvarh, quarter.reactive_exported_kvarh
        month.put(
            month.place_of(quarter.start),
            round(quarter.mean_kw * 250, 6),
            nan if fed_kwh is None else fed_kwh * 1000,
            origin=ORIGINS.index(quarter.origin),
            reactive_varh=(reactive[0] and reactive[0] * 1000, reactive[1] and reactive[1] * 1000),
        )
    return found
