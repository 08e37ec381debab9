"""Segments of readings without a break, and the choice of the segments to keep after a break.

A wrong clock of a meter is noticed only when the clock is set right. So each break begins a new
segment, which is unconfirmed until it has a day of quarter-hours. If a second break comes earlier,
the first reading after the second break decides about the unconfirmed segment. The segment is kept
("stays") or dropped ("goes"). A dropped segment is treated as if it had not been read.

The cases below compare three things in the order of reading: segment A before the first break, the
unconfirmed segment B between the breaks, and the reading R after the second break.

- R "continues" a segment if three conditions are met: R is of the same meter, the register has
  risen plausibly, and the time of R is up to 40 days after the segment's last reading.
- B continues A if the first reading of B meets these conditions.
- R "fits the register" of a segment if the first two of these conditions are met. The time of R may
  be before the segment.
- The elapsed time is the time from the last reading of A to R, by the meter's clock.

B is dropped in four cases, and kept in all others:

- Case 1: The clock, meter or register of B was wrong. R continues A, but not B. At least one of two
  facts shows the fault: B does not continue A, or R does not fit the register of B.
- Case 2: The clock was ahead during B, and was then set back. B continues A, and R fits the
  register of B. R continues A, but not B, because the time of R is before the end of B. The elapsed
  time is as long as B, or up to 15 min longer (up to 30 min if B begins more than a day after A).
- Case 3: The clock was slow during B, so B begins before the end of A. R continues A, and also B.
  The elapsed time is at least as long as B.
- Case 4: B has no whole quarter-hour, and R fits the register of A. The rest depends on the
  neighbours of B:

  - If B continues A, and R continues B, then B is dropped if the elapsed time is at most 4 hours.
    After a longer time, B is kept. Otherwise, no energy would ever be counted if all readings were
    more than 15 min apart.
  - If only one of these two is true, B is dropped if R continues A.
  - If neither is true, B is dropped.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Self

from .gap_clock_and_power_limits import CLOCK_TOLERANCE, MAX_GAP, MAX_SHARED_GAP, most_wh
from .luxembourg_time import DAY, month_start
from .register_amounts import Amounts, Registers
from .spans import Span

MAX_SEGMENTS = 8
"""Maximum number of segments. If a clock is set more often, the oldest segment is confirmed."""
# If a short segment is dropped, the gaps before and after it become one gap. This constant is the
# maximum length of such a gap. If the gap would be longer, the short segment is kept. If more than
# MAX_SEGMENTS segments are kept, the oldest unconfirmed segment is confirmed, although its clock
# may be wrong. With this limit, a kept short segment and the two gaps beside it take more than four
# hours. MAX_SEGMENTS (8) segments have seven gaps between them, which contain three such pairs of
# gaps. So more than half a day passes before the oldest segment is confirmed.
_MAX_MERGED_GAP = timedelta(hours=4)


@dataclass(slots=True)
class ReadingSegment:
    """Consecutive readings of one meter: the first and the last reading, and measured energies.

    `amounts` are the energies of the running quarter-hour, measured from `since` on. `spans` has
    the finished spans of an unconfirmed segment. The finished spans of a confirmed segment are in
    the `Row` of the connection.
    """

    first: Registers
    last: Registers
    since: datetime
    serial_number: str | None
    month_start: datetime
    """Start of the month that is shown to the user. A doubtful clock may be in another month."""
    amounts: Amounts = field(default_factory=Amounts)
    spans: list[Span] = field(default_factory=list)
    quarter_hours: int = 0
    """Number of complete quarter-hours in the segment."""

    @classmethod
    def begun(cls, reading: Registers, serial_number: str | None, shown: datetime | None) -> Self:
        """Return a new segment that begins with `reading`.

        `shown` is the start of the shown month.
        """
        start = shown or month_start(reading.time)
        return cls(reading, reading, reading.time, serial_number, start)

    @property
    def position(self) -> Registers:
        """Return the time and the registers at the start of the running quarter-hour.

        If the segment began later, return the time and the registers at the segment's start.
        """
        imported_wh, exported_wh = self.last.imported_wh, self.last.exported_wh
        if exported_wh is not None:
            exported_wh -= self.amounts.exported_wh
        return Registers(self.since, imported_wh - self.amounts.imported_wh, exported_wh)

    def is_of(self, serial_number: str | None) -> bool:
        """Return whether a telegram with `serial_number` is from the segment's meter.

        Return True if `serial_number` or the segment's own serial number is unknown.
        """
        own_number = self.serial_number
        return serial_number is None or own_number is None or serial_number == own_number

    def is_register_of(self, reading: Registers, serial_number: str | None) -> bool:
        """Return whether `reading` fits the segment's meter and register.

        The time of `reading` may be before or after the segment, because a clock can be wrong.
        """
        rise_wh = reading.imported_wh - self.last.imported_wh
        passed = reading.time - self.last.time
        return self.is_of(serial_number) and 0 <= rise_wh <= most_wh(abs(passed))

    def may_be_followed_by(self, reading: Registers, serial_number: str | None) -> bool:
        """Return whether `reading` can continue the segment.

        No reading can continue a segment after a gap of more than 40 days.
        """
        passed = reading.time - self.last.time
        return timedelta() < passed <= MAX_SHARED_GAP and self.is_register_of(
            reading, serial_number
        )


def count_kept(
    segments: Sequence[ReadingSegment], reading: Registers, serial_number: str | None
) -> int:
    """Return the number of segments to keep, counted from the oldest segment.

    `reading` comes after a break, so it does not simply continue the last segment. The caller drops
    the segments that are not kept.
    """
    for index in reversed(range(len(segments) - 1)):
        if _goes_on_from(segments[index], segments[index + 1 :], reading, serial_number):
            return index + 1
    return len(segments) - _is_part_of_gap(segments, reading, serial_number)


def _goes_on_from(
    segment: ReadingSegment,
    later: Sequence[ReadingSegment],
    reading: Registers,
    serial_number: str | None,
) -> bool:
    """Return whether `reading` continues `segment`.

    If it does, the `later` segments are wrong, and the caller drops them.
    """
    following, latest = later[0], later[-1]
    if not segment.may_be_followed_by(reading, serial_number):
        return False
    counted = latest.last.time - following.first.time
    lacking = reading.time - segment.last.time - counted
    if latest.may_be_followed_by(reading, serial_number):
        return following.first.time < segment.last.time and lacking >= -CLOCK_TOLERANCE
    may_be_gaps = latest.is_register_of(reading, serial_number) and all(
        before.may_be_followed_by(after.first, after.serial_number)
        for before, after in pairwise([segment, *later])
    )
    # `lacking` is the time without readings, assuming that the clock was wrong. A wrong clock leaps
    # twice: when it goes wrong, and when it is set right. Telegrams are up to MAX_GAP apart. So
    # each leap can hide a time of up to MAX_GAP without readings. If the first leap is longer than
    # a day, tolerate MAX_GAP twice. A shorter leap can also be a real gap of several hours. If the
    # clock is set back after such a gap, `lacking` can be small by chance. So after a shorter leap,
    # tolerate MAX_GAP only once.
    is_far = following.first.time - segment.last.time > DAY
    return not may_be_gaps or -CLOCK_TOLERANCE <= lacking <= MAX_GAP * (1 + is_far)


def _is_part_of_gap(
    segments: Sequence[ReadingSegment], reading: Registers, serial_number: str | None
) -> bool:
    """Return whether the last segment is too short to separate the gaps before and after it.

    Such a segment has no whole quarter-hour. The caller drops it, so the two gaps become one gap.
    """
    if len(segments) < 2 or segments[-1].quarter_hours:  # noqa: PLR2004 - a segment before the last
        return False
    before, short = segments[-2:]
    if not before.is_register_of(reading, serial_number):
        return False
    fits_before = before.may_be_followed_by(short.first, short.serial_number)
    fits_reading = short.may_be_followed_by(reading, serial_number)
    if fits_before and fits_reading:
        return reading.time - before.last.time <= _MAX_MERGED_GAP
    return before.may_be_followed_by(reading, serial_number) or not (fits_before or fits_reading)
