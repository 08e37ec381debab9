"""Stretches of readings without a break, and which of them stay when a reading breaks one off.

What a clock says is never known to be wrong; it shows when it is set right. The examples are of a
meter that had been read until 12:00 of 13 June; then came what stands in the second column, by the
meter's clock, and then a reading at the time in the third. What came in between either goes, as if
nobody had read in that time, or stays, and waits until its clock has gone on for a day.

| what happened | in between | then | it |
|---|---|---|---|
| the clock was lost, and is set right | 2000-01-01 00:00, 20 min | 06-13 12:21 | goes |
| the same, after hours in which nobody read | 2000-01-01 00:00, 20 min | 06-13 14:21 | goes |
| it was an hour late, and is set right | 06-13 11:00, 20 min | 06-13 12:21 | goes |
| the same, but less has passed than was counted | 06-13 11:00, 20 min | 06-13 12:10 | stays |
| it was an hour late, and goes on so after a gap | 06-13 11:00, 20 min | 06-13 11:50 | stays |
| it was a month ahead, and is set back by as much | 07-14 12:00, 20 min | 06-13 12:21 | goes |
| the same, where rare telegrams make both leaps long | 07-14 12:00, 20 min | 06-13 12:49 | goes |
| a gap of an hour; then the clock is set back by half | 06-13 13:00, 20 min | 06-13 12:50 | stays |
| a gap of a month; then the clock is set back an hour | 07-14 12:00, 20 min | 07-14 11:21 | stays |
| the same, after more days than are shared out | 07-24 12:00, 20 min | 07-24 11:21 | stays |
| another meter was read for a while | 06-13 12:01, 20 min, meter 2 | 06-13 12:22 | goes |
| the register was far too low for a while | 06-13 12:01, 20 min, -20 kWh | 06-13 12:22 | goes |
| after a gap, it was too high for a while | 06-13 13:00, 20 min, 50 kWh | 06-13 15:00 | goes |
| a gap, some readings, a gap: it is one | 06-13 13:00, 5 min | 06-13 14:00 | goes |
| a gap, a whole quarter-hour, a gap | 06-13 13:00, 20 min | 06-13 14:00 | stays |
| it was lost for a moment, then is an hour late | 2000-01-01 00:00, 5 min | 06-13 11:00 | goes |
| the same, but another meter | 2000-01-01 00:00, 5 min | 06-13 12:06, meter 2 | stays |
| it was two hours late for a moment, then one | 06-13 10:00, 5 min | 06-13 11:00 | stays |
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Self

from .calendar import month_start
from .register_rises import CLOCK_TOLERANCE, MAX_GAP, Amounts, Registers, most_wh
from .spans import MAX_SHARED_GAP, Position, Span

MAX_STRETCHES = 8
"""Clocks that are set again and again are believed before they have run for a day."""
_A_DAY = timedelta(days=1)


@dataclass(slots=True)
class ReadingSegment:
    """A meter's readings without a break: the first, the last, and what they came to.

    `amounts` is what came in the running quarter-hour since `since`, `spans` what came before, as
    far as it is not in the row.
    """

    first: Registers
    last: Registers
    since: datetime
    serial_number: str | None
    month_start: datetime
    """The month that is shown: a clock that is wrong does not end it at once."""
    amounts: Amounts = field(default_factory=Amounts)
    spans: list[Span] = field(default_factory=list)
    quarter_hours: int = 0
    """The complete ones."""

    @classmethod
    def begun(cls, reading: Registers, serial_number: str | None, shown: datetime | None) -> Self:
        """Return the stretch that a reading begins."""
        start = shown or month_start(reading.time)
        return cls(reading, reading, reading.time, serial_number, start)

    @property
    def position(self) -> Position:
        """Return the registers when the running quarter-hour began, or reading."""
        imported_wh, exported_wh = self.last.imported_wh, self.last.exported_wh
        if exported_wh is not None:
            exported_wh -= self.amounts.exported_wh
        return Position(self.since, imported_wh - self.amounts.imported_wh, exported_wh)

    def is_of(self, serial_number: str | None) -> bool:
        """Return whether a telegram is of the same meter. One that does not say is."""
        known = self.serial_number
        return serial_number is None or known is None or serial_number == known

    def is_register_of(self, reading: Registers, serial_number: str | None) -> bool:
        """Return whether a reading may be one of the same register, later on."""
        rise_wh = reading.imported_wh - self.last.imported_wh
        passed = reading.time - self.last.time
        return self.is_of(serial_number) and 0 <= rise_wh <= most_wh(abs(passed))

    def may_be_followed_by(self, reading: Registers, serial_number: str | None) -> bool:
        """Return whether a reading may come after a gap that can be shared out."""
        passed = reading.time - self.last.time
        return timedelta() < passed <= MAX_SHARED_GAP and self.is_register_of(
            reading, serial_number
        )


def count_kept(
    stretches: Sequence[ReadingSegment], reading: Registers, serial_number: str | None
) -> int:
    """Return how many stretches stay when a reading does not follow from the last of them."""
    for index in reversed(range(len(stretches) - 1)):
        if _goes_on_from(stretches[index], stretches[index + 1 :], reading, serial_number):
            return index + 1
    return len(stretches) - _is_part_of_gap(stretches, reading, serial_number)


def _goes_on_from(
    stretch: ReadingSegment,
    later: Sequence[ReadingSegment],
    reading: Registers,
    serial_number: str | None,
) -> bool:
    """Return whether a reading goes on where a stretch was left, and not after the later ones."""
    following, latest = later[0], later[-1]
    if not stretch.may_be_followed_by(reading, serial_number):
        return False
    counted = latest.last.time - following.first.time
    lacking = reading.time - stretch.last.time - counted
    if latest.may_be_followed_by(reading, serial_number):
        return following.first.time < stretch.last.time and lacking >= -CLOCK_TOLERANCE
    may_be_gaps = latest.is_register_of(reading, serial_number) and all(
        before.may_be_followed_by(after.first, after.serial_number)
        for before, after in pairwise([stretch, *later])
    )
    # Where telegrams are rare, both leaps take time; a gap of hours may look so by chance.
    is_far = following.first.time - stretch.last.time > _A_DAY
    return not may_be_gaps or -CLOCK_TOLERANCE <= lacking <= MAX_GAP * (1 + is_far)


def _is_part_of_gap(
    stretches: Sequence[ReadingSegment], reading: Registers, serial_number: str | None
) -> bool:
    """Return whether the last stretch says nothing about the gap that it is in."""
    if len(stretches) < 2 or stretches[-1].quarter_hours:  # noqa: PLR2004 - it, and one before
        return False
    before, short = stretches[-2:]
    if not before.is_register_of(reading, serial_number):
        return False
    return before.may_be_followed_by(reading, serial_number) or not (
        before.may_be_followed_by(short.first, short.serial_number)
        or short.may_be_followed_by(reading, serial_number)
    )
