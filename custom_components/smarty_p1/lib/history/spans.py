"""Spans: successive periods of a connection, each with its energy.

A span is a quarter-hour that was measured from start to end, a part of a quarter-hour, or a gap
between two readings. A gap has no length if a clock was set back.

Spans are numbered in the order of their arrival, and have the registers at their end. So a missing
number means that a line was lost, and the registers in the lines before and after it show how much
energy was lost.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from .gap_clock_and_power_limits import MAX_LEAP_WH, MAX_SHARED_GAP, most_wh
from .luxembourg_time import SECOND
from .quarter_hour import QuarterHour
from .register_amounts import Amounts, Registers

# A gap of more than two years comes from a clock that had lost its time. Such a gap is shortened to
# this length, so that its energy is divided among fewer months.
_MAX_GAP = timedelta(days=731)
# Difference in Wh between two stored values of a register. Stored values are rounded. So a value
# can be lower than the previous value by this difference, although the register did not fall. A
# real fall is larger, because meters count in larger steps.
_NEGLIGIBLE_WH = 0.01

type TimeRange = tuple[datetime, datetime]


class SpanKind(StrEnum):
    """Kind of a span. The value is the text for this kind in a monthly file."""

    QUARTER_HOUR = ""
    GAP = "gap"
    PART = "part"


class Span(NamedTuple):
    """A period with its energies, and the registers at its end. A register is None if unknown."""

    start: datetime
    """In UTC."""
    end: datetime
    kind: SpanKind
    amounts: Amounts
    imported_register_wh: float | None = None
    exported_register_wh: float | None = None
    number: int = 0
    """Number of the span, from 1 on; 0 without a number."""

    @property
    def quarter_hour(self) -> QuarterHour:
        """Return the span as a quarter-hour."""
        return QuarterHour(self.start, *self.amounts.totals())

    @property
    def shared_period(self) -> TimeRange | None:
        """Return the period that gets the span's energy if Leneda has no data for the span.

        Usually, this is the whole span. A gap of more than `MAX_SHARED_GAP` has no such period,
        because its energy belongs to no day. An exception is such a gap with at most `MAX_LEAP_WH`
        of energy: the clock was set ahead, so the energy belongs to the gap's last second.
        """
        if self.end - self.start <= MAX_SHARED_GAP:
            return self.start, self.end
        is_outage = self.amounts.imported_wh > MAX_LEAP_WH
        return None if is_outage else (self.end - SECOND, self.end)


def end_of(span: Span) -> Registers:
    """Return the registers at the end of a span."""
    return Registers(span.end, span.imported_register_wh or 0.0, span.exported_register_wh)


def gap_between(before: Registers, after: Registers) -> Span | None:
    """Return the gap between registers at two times. Return None if they are of two meters.

    If the clock was set back, the gap has no length and lies at the time of `after`.
    """
    imported_wh = after.imported_wh - before.imported_wh
    passed = after.time - before.time
    if not -_NEGLIGIBLE_WH <= imported_wh <= most_wh(abs(passed)):
        return None
    exported_wh, is_exported_known = 0.0, False
    if before.exported_wh is not None and after.exported_wh is not None:
        exported_wh = after.exported_wh - before.exported_wh
        is_exported_known = 0 <= exported_wh <= most_wh(abs(passed))
    if not is_exported_known:
        exported_wh = 0.0
    amounts = Amounts(max(0.0, imported_wh), exported_wh, is_exported_known).rounded()
    start = min(max(before.time, after.time - _MAX_GAP), after.time)
    return Span(start, after.time, SpanKind.GAP, amounts, after.imported_wh, after.exported_wh)
