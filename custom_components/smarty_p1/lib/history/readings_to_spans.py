"""Conversion of readings to spans, in spite of gaps, wrong clocks and exchanged meters.

A span is a period with its energy. Confirmed spans are added to the `Row` of the connection, and
never change, because they are written to files line by line. After a gap in the readings, the
registers tell the energy of the gap, but a wrong clock would put this energy into a wrong month. So
the readings after a break (a gap, another meter, a register that falls or leaps, a clock that is
set) form a new segment. A segment's spans are added to the row as soon as the segment has a day of
measured quarter-hours. Two rules apply to gaps and to wrong segments:

- When a segment has its first whole quarter-hour, or at the next break, the gap before the segment
  becomes a span. If the clock was set back, the gap has no length.
- When the clock or the meter is right again, the readings continue the segment before the break.
  The wrong segment is dropped, and its time becomes a gap (`reading_segments.py` has the cases).

If the meter's clock is far from the computer's clock, readings are booked at the computer's time
instead, as gaps (`doubtful_clock.py`).

So the row and the segments together contain each rise of the register exactly once.
"""

from collections.abc import Container, Sequence
from dataclasses import replace
from datetime import datetime

from ..clock_verdict import MAX_CHANGE, NO_DOUBT, ClockVerdict
from .changes import ChangeLog
from .doubtful_clock import TRIAL_DAYS, ClockDoubt
from .gap_clock_and_power_limits import most_wh
from .luxembourg_time import (
    QUARTER_HOUR,
    QUARTER_HOURS_A_DAY,
    day_start,
    month_end,
    month_start,
    quarter_start,
)
from .month_columns import Columns, Row
from .quarter_hour import QuarterHour
from .reading_segments import MAX_SEGMENTS, ReadingSegment, count_kept
from .register_amounts import Amounts, Registers, Rise, is_bridged
from .shown_month import is_to_be_shown
from .spans import Span, SpanKind, end_of, gap_between

type _Identity = tuple[datetime, SpanKind, float]


class ReadingHistory:
    """History of a connection: its confirmed spans (`row`), and its segments of readings.

    A segment has readings without a break. Before the first reading, `segments` is empty. The first
    segment continues the row; all later segments are unconfirmed. `new` has the spans that were
    added to the row and are not stored yet.
    """

    def __init__(
        self,
        row: Row,
        segments: list[ReadingSegment] | None = None,
        last_quarter: QuarterHour | None = None,
        begun: Registers | None = None,
    ) -> None:
        self.row = row
        self.segments: list[ReadingSegment] = segments or []
        self.last_quarter = last_quarter
        self.begun = begun
        """First reading of the connection, at which its row of spans begins."""
        self.doubt: ClockDoubt | None = None
        self._is_confirmed = False
        self.new: list[Span] = []
        self.known_elsewhere: Container[datetime] = ()
        """Starts of the months of which another source knows quarter-hours."""
        self.changes = ChangeLog()
        """Each span that was added or dropped."""

    def columns(self) -> Columns:
        """Return all spans by month: the confirmed spans of the row, and the unconfirmed spans.

        The unconfirmed spans are added to copies of their months, so the row does not change.
        """
        doubtful = [span for segment in self.segments for span in segment.spans]
        if not doubtful:
            return self.row.months
        return self.row.with_others(doubtful)

    def follow(
        self,
        reading: Registers,
        serial_number: str | None,
        clock: ClockVerdict = NO_DOUBT,
    ) -> None:
        """Take a reading. `clock` is the verdict on its time."""
        if clock.deviation is None or (self.doubt is None and not clock.is_far):
            self._follow(reading, serial_number)
            return
        held = self.doubt if self.is_held else None
        received = reading.at(reading.time - clock.deviation)
        self._judge_clock(reading, received, serial_number, clock)
        timed = received if self.is_held else reading
        if held and self._has_computer_leapt(held, reading, serial_number, received.time):
            self._begin_again(timed, serial_number)
        elif self.is_held:
            self._hold(timed, serial_number)
        elif held:
            self._end_hold(timed, serial_number, is_right=self.doubt is None)
        else:
            self._follow(timed, serial_number)

    @property
    def is_held(self) -> bool:
        """Return whether energy is booked at the computer's time, because the clock is doubtful."""
        return self.doubt is not None and not self.doubt.is_on_trial

    def confirm_clock(self) -> None:
        """End the doubt about the meter's clock with the next reading."""
        self._is_confirmed = self.is_held

    def _judge_clock(
        self,
        reading: Registers,
        received: Registers,
        serial_number: str | None,
        clock: ClockVerdict,
    ) -> None:
        """Begin, continue or end the doubt about the clock that sent `reading`.

        `received` is the same reading at the computer's time.
        """
        doubt = self.doubt
        if not clock.is_far:
            self.doubt = None
        elif doubt is None or doubt.is_on_trial:
            if self._is_doubtful(reading, received, serial_number, clock):
                self.doubt = ClockDoubt(received.time, reading.time - received.time)
        elif not doubt.is_same_clock(clock, received.time):
            self.doubt = ClockDoubt(received.time, reading.time - received.time)
        elif self._is_confirmed or doubt.has_second_day(received.time):
            self.doubt = replace(doubt, is_on_trial=True)

    def _is_doubtful(
        self,
        reading: Registers,
        received: Registers,
        serial_number: str | None,
        clock: ClockVerdict,
    ) -> bool:
        """Return whether a reading begins a doubt. Its clock is far from the computer's clock."""
        if not self.segments:
            return not clock.is_explained_by_queue
        last = self.segments[-1]
        if last.is_of(serial_number) and is_bridged(last.last, reading):
            return False
        continues = last.may_be_followed_by(reading, serial_number)
        return not continues and any(
            segment.may_be_followed_by(received, serial_number) for segment in self.segments
        )

    def _hold(
        self,
        reading: Registers,
        serial_number: str | None,
    ) -> None:
        """Book the energy of a reading at the computer's time, which `reading` has."""
        last = self.segments[-1] if self.segments else None
        self._follow(reading, serial_number)
        segment = self.segments[-1]
        if last is None or segment is last:
            return
        # The readings have a break. The computer's clock is not doubtful, so do not wait for a day
        # of quarter-hours: there will be none.
        self._merge_all(self.segments[-2])

    def _end_hold(self, reading: Registers, serial_number: str | None, *, is_right: bool) -> None:
        """Follow the meter's clock again, from `reading` on. `is_right` is False on trial."""
        last = self.segments[-1]
        if _has_running_part(last):
            self._book(last, last.last, is_gap=True)
        if is_right and last.last.time > reading.time:
            # The computer's clock may be ahead of the meter's clock by a few seconds. The clock
            # would then seem to be put back here.
            last.last = last.last.at(reading.time)
            last.first = last.first.at(min(last.first.time, reading.time))
            last.since = reading.time
        self._break_off(reading, serial_number or last.serial_number)
        if self._is_confirmed and not is_right:
            self._merge_all(last)
            self.doubt = None
        self._is_confirmed = False

    def _merge_all(self, before: ReadingSegment) -> None:
        """Confirm the last segment at once, with the gap after the segment `before`."""
        self._book_gap(before, self.segments[-1])
        while len(self.segments) > 1:
            self._merge_oldest_segment()

    def _has_computer_leapt(
        self,
        doubt: ClockDoubt,
        reading: Registers,
        serial_number: str | None,
        received_at: datetime,
    ) -> bool:
        """Return whether the computer's clock was set before anything was added to the row.

        The meter's clock has run on evenly since the last reading, but not the computer's clock.
        """
        segment = self.segments[-1]
        last = segment.last.time
        return (
            not self.row.number
            and segment.is_of(serial_number)
            and abs(reading.time - doubt.deviation - last) <= MAX_CHANGE < abs(received_at - last)
        )

    def _begin_again(self, reading: Registers, serial_number: str | None) -> None:
        """Begin the row at the time of `reading`, because nothing is in the row yet.

        The computer has started in the past, and its clock was set now. So the energy since the
        first reading was drawn just now.
        """
        serial_number = serial_number or self.segments[-1].serial_number
        first, self._is_confirmed = self.begun or reading, False
        if not 0 <= reading.imported_wh - first.imported_wh <= most_wh(QUARTER_HOUR):
            first = reading
        self.begun = first.at(reading.time)
        segment = ReadingSegment.begun(self.begun, serial_number, None)
        rise = Rise.between(self.begun, reading)
        segment.amounts, segment.last = segment.amounts.plus(rise, 1.0), reading
        self.segments = [segment]

    def _follow(
        self,
        reading: Registers,
        serial_number: str | None,
    ) -> None:
        if not self.segments:
            if not self.row.number:
                self.begun = reading
            self.segments.append(ReadingSegment.begun(reading, serial_number, None))
            return
        segment = self.segments[-1]
        if not segment.is_of(serial_number) or not is_bridged(segment.last, reading):
            self._break_off(reading, serial_number or segment.serial_number)
        elif reading.time > segment.last.time or (
            # Several telegrams may be received at once.
            self.is_held and reading.time == segment.last.time
        ):
            self._bridge(segment, reading)
        self.segments[-1].serial_number = serial_number or self.segments[-1].serial_number

    def _bridge(self, segment: ReadingSegment, reading: Registers) -> None:
        """Distribute the energy since the last reading over one or two quarter-hours."""
        last, segment.last = segment.last, reading
        rise, start = Rise.between(last, reading), quarter_start(reading.time)
        if self.is_held:
            start = day_start(start)  # one gap a day is enough
        if start <= last.time:
            segment.amounts = segment.amounts.plus(rise, 1.0)
            if len(self.segments) == 1 or segment.quarter_hours:
                self._show_month_of(start)
            return
        share = (start - last.time) / (reading.time - last.time)
        segment.amounts = segment.amounts.plus(rise, share)
        is_whole = segment.since == start - QUARTER_HOUR
        self._book(segment, _boundary(reading, rise, 1.0 - share, start))
        if self.is_held:
            self._show_month_of(start)
        elif is_whole:
            self._complete(segment, start - QUARTER_HOUR)
        if share < 1:
            segment.amounts = segment.amounts.plus(rise, 1.0 - share)

    def _show_month_of(self, time: datetime) -> None:
        """Show the month of `time` if this month must replace the shown month.

        The month directly after the shown month may have passed without readings. If the energy of
        such a passed month is known, show the passed month first, and the month of `time` after a
        later reading. If the passed month were skipped, Home Assistant's statistics would lack the
        costs of the passed month.
        """
        month, following = month_start(time), month_end(self.segments[-1].month_start)
        if not is_to_be_shown(self.segments, month, self.row):
            return
        if following < month and not self.row.has_quarter_hours(following):
            columns = self.columns().get(following)
            if following in self.known_elsewhere or (columns and columns.has_loose_energy):
                month = following
        self.segments[-1].month_start = month

    def _book(self, segment: ReadingSegment, end: Registers, *, is_gap: bool = False) -> None:
        """Add a span with the segment's amounts, even if they are 0.

        The span lasts from `segment.since` to `end`. With `is_gap`, or while the clock is doubtful,
        it is a gap.
        """
        amounts, segment.amounts = segment.amounts.rounded(), Amounts()
        start, segment.since = segment.since, end.time
        is_gap = is_gap or self.is_held
        is_whole = not is_gap and end.time - start == QUARTER_HOUR
        part_kind = SpanKind.GAP if is_gap else SpanKind.PART
        kind = SpanKind.QUARTER_HOUR if is_whole else part_kind
        span = Span(start, end.time, kind, amounts, end.imported_wh, end.exported_wh)
        if is_whole:
            self.last_quarter = span.quarter_hour
        self._add(segment, span)

    def _complete(self, segment: ReadingSegment, start: datetime) -> None:
        """Count a whole quarter-hour in `segment`. The quarter-hour began at `start`.

        After the segment's first quarter-hour, the gap before the segment becomes a span. The shown
        month does not change at this reading, so the old month is shown once with the energy of the
        gap. Only a later reading can change the shown month. After the 96th quarter-hour (a day),
        the segment is confirmed.
        """
        segment.quarter_hours += 1
        if len(self.segments) > 1:
            if segment.quarter_hours == 1:
                self._book_gap(self.segments[-2], segment)
                return
            days = TRIAL_DAYS if self.doubt else 1
            if segment.quarter_hours >= days * QUARTER_HOURS_A_DAY:
                self.doubt = None
                while len(self.segments) > 1:
                    self._merge_oldest_segment()
        self._show_month_of(start)

    def _add(self, segment: ReadingSegment, span: Span) -> None:
        if segment is self.segments[0]:
            self.new.append(self.row.add(span))
        else:
            segment.spans.append(span)
        self.changes.note_change(span.start)

    def _merge_oldest_segment(self) -> None:
        """Confirm the second segment: add its spans to the row, and make it the first segment."""
        following = self.segments[1]
        del self.segments[0]
        spans, following.spans = following.spans, []
        for span in spans:
            self.new.append(self.row.add(span))
            self.changes.note_change(span.start)

    def _break_off(self, reading: Registers, serial_number: str | None) -> None:
        """Begin a segment with `reading`. Drop the segments that the reading proves to be wrong."""
        segments, last = self.segments, self.segments[-1]
        kept = count_kept(segments, reading, serial_number)
        if kept == len(segments):
            if _has_running_part(last):
                self._book(last, last.last)
            if kept > 1 and not last.quarter_hours:
                self._book_gap(segments[-2], last)
                if last.may_be_followed_by(reading, serial_number):
                    self._show_month_of(last.last.time)
        for span in [span for segment in segments[kept:] for span in segment.spans]:
            self.changes.note_change(span.start)
        del segments[kept:]
        while len(segments) >= MAX_SEGMENTS:
            self._merge_oldest_segment()
        segments.append(ReadingSegment.begun(reading, serial_number, last.month_start))

    def _book_gap(self, before: ReadingSegment, after: ReadingSegment) -> None:
        """Insert a gap as the first span of `after`: the time since the end of `before`.

        Do nothing if the segments are not of the same meter and register.
        """
        if not before.is_register_of(after.first, after.serial_number):
            return
        if gap := gap_between(before.last, after.first):
            after.spans.insert(0, gap)
            self.changes.note_change(gap.start)

    def go_on_from(self, new: Sequence[Span]) -> None:
        """Continue after the spans `new`, which are in the files but not in the stored state.

        Only confirmed spans are written to the files. So if a stored segment has one of these
        spans, the segment was confirmed after the state was stored.
        """
        if not new:
            return
        last = new[-1]
        segments, sure = self.segments, self._last_in_row(set(map(_identity, new)))
        # `sure` is the index of the last confirmed segment. If the last span of `new` ends within
        # this segment, keep the segment and all later segments. Otherwise `new` ends later than all
        # segments. So replace all segments by an empty segment that begins at the end of the last
        # span.
        if sure + 1 < len(segments) and last.end <= segments[sure].last.time:
            del segments[:sure]
            segments[0].spans = []
        else:
            self.begin_at(end_of(last), segments[sure] if segments else None)
        if quarters := [span for span in new if span.kind is SpanKind.QUARTER_HOUR]:
            # A kept segment may already have a later quarter-hour.
            if not any(segment.quarter_hours for segment in self.segments[1:]):
                self.last_quarter = quarters[-1].quarter_hour
            self._show_month_of(quarters[-1].start)

    def _last_in_row(self, identities: set[_Identity]) -> int:
        """Return the index of the last segment that has a span with one of the `identities`.

        Return 0 if no segment has such a span.
        """
        last_index = 0
        for index, segment in enumerate(self.segments):
            if identities & set(map(_identity, segment.spans)):
                last_index = index
        return last_index

    def begin_at(self, position: Registers, earlier: ReadingSegment | None = None) -> None:
        """Replace all segments by an empty segment that begins at `position`.

        The new segment gets the meter and the shown month of the segment `earlier`.
        """
        exported_time = None if position.exported_wh is None else position.time
        reading = position._replace(exported_time=exported_time)
        serial_number = earlier.serial_number if earlier else None
        shown = earlier.month_start if earlier else None
        self.segments = [ReadingSegment.begun(reading, serial_number, shown)]


def _identity(span: Span) -> _Identity:
    return span.start, span.kind, span.amounts.imported_wh


def _has_running_part(segment: ReadingSegment) -> bool:
    """Return whether a segment's running quarter-hour has time or energy.

    That no energy came in this time is known, too, so the time belongs to no gap.
    """
    return segment.last.time > segment.since or any(segment.amounts[:2])


def _boundary(reading: Registers, rise: Rise, share: float, time: datetime) -> Registers:
    """Return the registers at `time`: the registers of `reading` minus `share` of `rise`."""
    exported_wh = reading.exported_wh
    if exported_wh is not None:
        exported_wh = round(exported_wh - rise.exported_wh * share, 6)
    return Registers(time, round(reading.imported_wh - rise.imported_wh * share, 6), exported_wh)
