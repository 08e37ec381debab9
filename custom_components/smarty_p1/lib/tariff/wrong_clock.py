"""Readings without a break between them, and what breaks them off."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Self

from .calendar import month_start
from .ledger import Ledger
from .registers import CLOCK_TOLERANCE, MAX_GAP, Amounts, Reading, most_wh

MAX_STRETCHES = 8
"""Clocks that are set again and again are believed before they have run for a day."""
MAX_SHARED_GAP = timedelta(days=40)
"""What came in a longer gap is not shared out to its days: that would be a guess."""
_A_DAY = timedelta(days=1)


@dataclass(slots=True)
class Stretch:
    """A meter's readings without a break: the first, the last, and what they came to.

    `amounts` is what came in the running quarter-hour since `since`, `ledger` what came before.
    """

    first: Reading
    reading: Reading
    since: datetime
    serial_number: str | None
    month_start: datetime
    """The month that is shown: a clock that is wrong does not end it at once."""
    amounts: Amounts = field(default_factory=Amounts)
    ledger: Ledger = field(default_factory=Ledger)
    quarter_hours: int = 0
    """The complete ones."""

    @classmethod
    def begun(cls, reading: Reading, serial_number: str | None, shown: datetime | None) -> Self:
        """Return the stretch that a reading begins."""
        start = shown or month_start(reading.time)
        return cls(reading, reading, reading.time, serial_number, start)

    def is_of(self, serial_number: str | None) -> bool:
        """Return whether a telegram is of the same meter. One that does not say is."""
        known = self.serial_number
        return serial_number is None or known is None or serial_number == known

    def is_register_of(self, reading: Reading, serial_number: str | None) -> bool:
        """Return whether a reading may be one of the same register, later on."""
        rise_wh = reading.imported_wh - self.reading.imported_wh
        passed = reading.time - self.reading.time
        return self.is_of(serial_number) and 0 <= rise_wh <= most_wh(abs(passed))

    def may_be_followed_by(self, reading: Reading, serial_number: str | None) -> bool:
        """Return whether a reading may come after a gap that can be shared out."""
        passed = reading.time - self.reading.time
        return timedelta() < passed <= MAX_SHARED_GAP and self.is_register_of(
            reading, serial_number
        )


def is_taken_up(
    stretch: Stretch, later: Sequence[Stretch], reading: Reading, serial_number: str | None
) -> bool:
    """Return whether a reading goes on where a stretch was left, and not after the last one.

    What came in between, the later ones, was of a wrong clock, or not of this meter.
    """
    following, last = later[0], later[-1]
    if not stretch.may_be_followed_by(reading, serial_number):
        return False
    meanwhile = last.reading.time - following.first.time
    lacking = reading.time - stretch.reading.time - meanwhile
    if not last.may_be_followed_by(reading, serial_number):
        # After gaps, it may as well be this reading's clock that is wrong. One that was wrong is
        # set back by as much as it had leapt ahead.
        has_gaps = last.is_register_of(reading, serial_number) and all(
            before.may_be_followed_by(after.first, after.serial_number)
            for before, after in pairwise([stretch, *later])
        )
        # Where telegrams are rare, both leaps take time; a gap of hours may look so by chance.
        is_far = following.first.time - stretch.reading.time > _A_DAY
        return not has_gaps or -CLOCK_TOLERANCE <= lacking <= MAX_GAP * (1 + is_far)
    # The clock was set back, and the time that it lacked is here again.
    return following.first.time < stretch.reading.time and lacking >= -CLOCK_TOLERANCE


def is_part_of_gap(
    stretch: Stretch, short: Stretch, reading: Reading, serial_number: str | None
) -> bool:
    """Return whether a short stretch after another one says nothing about the gap it is in."""
    if not stretch.is_register_of(reading, serial_number):
        return False
    return stretch.may_be_followed_by(reading, serial_number) or not (
        stretch.may_be_followed_by(short.first, short.serial_number)
        or short.may_be_followed_by(reading, serial_number)
    )
