"""What the readings of a connection have come to, whatever clocks and registers do.

The register of imported energy tells what came while nothing was read, but a clock that is wrong
tells a wrong month. So whatever comes after a break (a gap, another meter, a register that falls or
leaps, a clock that is set) is kept apart from the row, until it has lasted for a day of measured
quarter-hours:

- What came in the gap is booked when the clock after it has gone on for a whole quarter-hour; what
  came while a clock was set is of the moment after it.
- When a clock is back where it belongs, or the right meter, that goes on from before the break.
  What the wrong one left behind is gone, and its time is a gap (the cases: `meter_clock_jumps.py`).

So the row, and what is in doubt beside it, hold what the register rose by, once. What is in the row
is never changed: it is written to files, line by line.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import chain

from .calendar import QUARTER_HOUR, month_start, quarter_start
from .contract import Contracts, MarketPrices
from .leneda_days import NO_PLATFORM_DAYS, PlatformDays
from .meter_clock_jumps import MAX_STRETCHES, ReadingSegment, count_kept
from .month import Month, QuarterHour
from .register_rises import Amounts, Registers, Rise, is_bridged
from .shown_month import is_to_be_shown
from .span_months import KnownMonths
from .spans import Columns, Kind, Position, Row, Span, end_of, gap_between, position_of

type _Identity = tuple[datetime, Kind, float]

_A_DAY = 96


class ReadingHistory:
    """The row of a connection, and the stretches of its readings.

    There is no stretch before the first reading. The first one goes on from the row, the others
    have to prove themselves upon it. `new` are the spans that the row got, for whoever stores them.
    """

    def __init__(
        self,
        row: Row,
        stretches: list[ReadingSegment] | None = None,
        last_quarter: QuarterHour | None = None,
        begun: Registers | None = None,
    ) -> None:
        self.row = row
        self.stretches: list[ReadingSegment] = stretches or []
        self.last_quarter = last_quarter
        self.begun = begun
        """The first reading ever: the row begins at it."""
        self.new: list[Span] = []
        self.past = NO_PLATFORM_DAYS
        """What the platform knows: it is shown, and never stored with the rest."""
        self._months = KnownMonths()
        self._noted: list[Span] | None = None
        """Spans added or removed since `begin_past`; None if no thread makes months."""

    def begin_past(self) -> None:
        """Note changes until `set_platform_days`, for months that a thread makes."""
        self._noted = []

    def set_platform_days(self, past: PlatformDays, months: KnownMonths | None) -> None:
        """Show the platform's days, with months that were made of them since `begin_past`."""
        self.past = past
        if months is not None:
            self._months = months
            for span in self._noted or ():
                months.note(span)
        self._noted = None

    def _note(self, span: Span) -> None:
        self._months.note(span)
        if self._noted is not None:
            self._noted.append(span)

    def months(self, contracts: Contracts) -> dict[datetime, Month]:
        """Return all that is known, by month; the same object until there is something new."""
        return self._months.made(self.columns(), self.past, contracts)

    def columns(self) -> Columns:
        """Return all that was measured here, by month: the row with what is in doubt.

        Of a month in which something is, it is a copy.
        """
        doubtful = [span for stretch in self.stretches for span in stretch.spans]
        if not doubtful:
            return self.row.months
        return self.row.with_others(doubtful)

    def follow(
        self,
        reading: Registers,
        serial_number: str | None,
        market: tuple[MarketPrices, MarketPrices],
    ) -> None:
        """Go on with a reading; `market` is at the last reading, and at this one."""
        if not self.stretches:
            if not self.row.number:
                self.begun = reading
            self.stretches.append(ReadingSegment.begun(reading, serial_number, None))
            return
        stretch = self.stretches[-1]
        if not stretch.is_of(serial_number) or not is_bridged(stretch.last, reading):
            self._break_off(reading, serial_number or stretch.serial_number)
        elif reading.time > stretch.last.time:
            self._bridge(stretch, reading, market)
        self.stretches[-1].serial_number = serial_number or self.stretches[-1].serial_number

    def _bridge(
        self, stretch: ReadingSegment, reading: Registers, market: tuple[MarketPrices, MarketPrices]
    ) -> None:
        """Share the energy since the last reading out to the quarter-hours: one, or two."""
        before, after = market
        last, stretch.last = stretch.last, reading
        rise, start = Rise.between(last, reading), quarter_start(reading.time)
        if start <= last.time:
            stretch.amounts = stretch.amounts.plus(rise, 1.0, after)
            self._show_month_of(start)
            return
        share = (start - last.time) / (reading.time - last.time)
        stretch.amounts = stretch.amounts.plus(rise, share, before)
        is_whole = stretch.since == start - QUARTER_HOUR
        self._book(stretch, _boundary(reading, rise, 1.0 - share, start))
        if is_whole:
            self._complete(stretch, start - QUARTER_HOUR)
        # Now it may be another one.
        stretch = self.stretches[-1]
        if share < 1:
            stretch.amounts = stretch.amounts.plus(rise, 1.0 - share, after)

    def _show_month_of(self, start: datetime) -> None:
        month = month_start(start)
        if is_to_be_shown(self.stretches, month, self.row):
            self.stretches[-1].month_start = month

    def _book(self, stretch: ReadingSegment, end: Position) -> None:
        """Add what came since the last boundary, be it nothing: its time is known."""
        amounts, stretch.amounts = stretch.amounts.rounded(), Amounts()
        start, stretch.since = stretch.since, end.time
        is_whole = end.time - start == QUARTER_HOUR
        kind = Kind.QUARTER_HOUR if is_whole else Kind.PART
        span = Span(start, end.time, kind, amounts, end.imported_wh, end.exported_wh)
        if is_whole:
            self.last_quarter = span.quarter_hour
        self._add(stretch, span)

    def _complete(self, stretch: ReadingSegment, start: datetime) -> None:
        """Note a whole quarter-hour of a stretch: what came before it is known, or sure, now."""
        stretch.quarter_hours += 1
        if len(self.stretches) > 1:
            if stretch.quarter_hours == 1:
                self._book_gap(self.stretches[-2], stretch)
            if stretch.quarter_hours >= _A_DAY:
                while len(self.stretches) > 1:
                    self._merge_oldest_segment()
        self._show_month_of(start)

    def _add(self, stretch: ReadingSegment, span: Span) -> None:
        if stretch is self.stretches[0]:
            self.new.append(self.row.add(span))
        else:
            stretch.spans.append(span)
        self._note(span)

    def _merge_oldest_segment(self) -> None:
        """Add the second stretch to the row."""
        following = self.stretches[1]
        del self.stretches[0]
        spans, following.spans = following.spans, []
        for span in spans:
            self.new.append(self.row.add(span))
            self._note(span)

    def _break_off(self, reading: Registers, serial_number: str | None) -> None:
        """Begin a stretch, after the one that the reading goes on from."""
        stretches, last = self.stretches, self.stretches[-1]
        shown = last.month_start
        kept = count_kept(stretches, reading, serial_number)
        if kept == len(stretches):
            if last.amounts.imported_wh or last.amounts.exported_wh:
                self._book(last, position_of(last.last))
            if kept > 1 and not last.quarter_hours:
                self._book_gap(stretches[-2], last)
        for span in chain.from_iterable(stretch.spans for stretch in stretches[kept:]):
            self._note(span)
        del stretches[kept:]
        while len(stretches) >= MAX_STRETCHES:
            self._merge_oldest_segment()
        stretches.append(ReadingSegment.begun(reading, serial_number, shown))

    def _book_gap(self, before: ReadingSegment, after: ReadingSegment) -> None:
        """Add what came between two stretches, in front of what the second one has."""
        if not before.is_register_of(after.first, after.serial_number):
            return
        rise = Rise.between(before.last, after.first)
        start = Position(before.last.time, before.last.imported_wh, 0.0)
        end = Position(after.first.time, after.first.imported_wh, rise.exported_wh)
        if gap := gap_between(start, end):
            gap = gap._replace(exported_register_wh=after.first.exported_wh)
            after.spans.insert(0, gap)
            self._note(gap)

    def go_on_from(self, new: Sequence[Span]) -> None:
        """Go on after spans that the row has got since the stretches were stored.

        What was in doubt, and is in the row by now, is sure.
        """
        if not new:
            return
        last = new[-1]
        stretches, sure = self.stretches, self._last_in_row(set(map(_identity, new)))
        # Where others came after it, it had ended, and its spans may be all that there is of it.
        if sure + 1 < len(stretches) and last.end <= stretches[sure].last.time:
            del stretches[:sure]
            stretches[0].spans = []
        else:
            self.begin_at(end_of(last), stretches[sure] if stretches else None)
        if quarters := [span for span in new if span.kind is Kind.QUARTER_HOUR]:
            self.last_quarter = quarters[-1].quarter_hour
            self._show_month_of(quarters[-1].start)

    def _last_in_row(self, taken: set[_Identity]) -> int:
        """Return the index of the last stretch of which spans are in the row."""
        found = 0
        for index, stretch in enumerate(self.stretches):
            if taken & set(map(_identity, stretch.spans)):
                found = index
        return found

    def begin_at(self, position: Position, known: ReadingSegment | None = None) -> None:
        """Begin where the row ends, with what is known of the meter."""
        time, imported_wh, exported_wh = position
        exported_time = None if exported_wh is None else time
        reading = Registers(time, imported_wh, exported_wh, exported_time)
        serial_number = known.serial_number if known else None
        shown = known.month_start if known else None
        self.stretches = [ReadingSegment.begun(reading, serial_number, shown)]


def _identity(span: Span) -> _Identity:
    return span.start, span.kind, span.amounts.imported_wh


def _boundary(reading: Registers, rise: Rise, share: float, time: datetime) -> Position:
    """Return the registers when a quarter-hour began, a share of a rise before a reading."""
    exported_wh = reading.exported_wh
    if exported_wh is not None:
        exported_wh = round(exported_wh - rise.exported_wh * share, 6)
    return Position(time, round(reading.imported_wh - rise.imported_wh * share, 6), exported_wh)
