"""Water heater that somebody switches on and off for an hour.

A demo uses it: its household may be asleep, and the cards then have no change of power to show.
"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

HEATER_WATTS = 2000
HEATER_STEP = timedelta(seconds=10)
# Steps for which the heater is on, then off, and how often. The first steps follow each other fast,
# for somebody who has just opened the page.
_PATTERN = ((3, 4, 4), (6, 12, 3), (12, 30, 6))


@dataclass(frozen=True)
class Heater:
    """Heater that runs for at most an hour from each of its starts on, and is off otherwise."""

    starts: tuple[datetime, ...] = ()

    @cached_property
    def steps(self) -> list[datetime]:
        """Return the starts of the steps in which the heater is on: whole steps since midnight."""
        steps: list[datetime] = []
        for start in sorted(self.starts):
            steps = [step for step in steps if step < start] + [*_steps_of(start)]
        return steps

    def count_until(self, when: datetime) -> tuple[int, float]:
        """Return how many steps have begun until `when`, and which share of the last one is over.

        The share is from 0 to 1.
        """
        count = bisect_right(self.steps, when)
        return count, min(1.0, (when - self.steps[count - 1]) / HEATER_STEP) if count else 0.0

    def is_on(self, when: datetime) -> bool:
        """Return whether the heater is on at the time `when`."""
        count = bisect_right(self.steps, when)
        return count > 0 and when < self.steps[count - 1] + HEATER_STEP


def _steps_of(start: datetime) -> Iterable[datetime]:
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    step = midnight + -(-(start - midnight) // HEATER_STEP) * HEATER_STEP
    for on, off, times in _PATTERN:
        for _ in range(times):
            yield from (step + n * HEATER_STEP for n in range(on))
            step += (on + off) * HEATER_STEP
