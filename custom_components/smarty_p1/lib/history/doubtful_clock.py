"""Doubt about a meter's clock that is more than a day from the computer's clock.

A new meter can send a wrong time for days until its clock is set, and a meter can lose its time. If
the first reading, or the first reading after a break, is more than a day from the computer's clock,
the meter's clock is doubtful. Until the doubt ends, energy is booked at the computer's time, as a
gap without quarter-hours. The doubt ends in one of three ways:

- The clock is right: it is at most a day from the computer's clock.
- The user confirms the clock.
- The clock has run on evenly until a second day. Quarter-hours then follow the meter's clock, on
  trial: if the clock is set within a week, their energy moves to the computer's time, too.

After a break, the clock is not doubtful if the reading continues the readings before the break, or
if the computer's clock does not continue them either. Before the first reading, the clock is not
doubtful if a queue can have held the telegram back.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from ..clock_verdict import ClockVerdict

TRIAL_DAYS = 7
"""Number of measured days after which a clock on trial is accepted for good."""
_SECOND_DAY = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class ClockDoubt:
    """Doubt about a clock with this `deviation` since the time `since` of the computer's clock.

    `is_on_trial` is True if the clock has run on until a second day, and is tried out.
    """

    since: datetime
    deviation: timedelta
    is_on_trial: bool = False

    def is_same_clock(self, clock: ClockVerdict, now: datetime) -> bool:
        """Return whether the clock has run on evenly, and the computer's clock was not put back."""
        return now >= self.since and clock.has_run_on_from(self.deviation)

    def has_second_day(self, now: datetime) -> bool:
        """Return whether the clock has run on for two days."""
        return now - self.since >= _SECOND_DAY
