"""How often something comes: measured, and robust against a single gap."""

from collections import deque
from statistics import median

_MEASURED = 5


class IntervalEstimate:
    """The time between two of something: the median of the last five, in seconds."""

    def __init__(self) -> None:
        self.last: float | None = None
        self._intervals: deque[float] = deque(maxlen=_MEASURED)

    @property
    def interval(self) -> float | None:
        """Return the seconds between two, None while there are none to compare."""
        return median(self._intervals) if self._intervals else None

    @property
    def is_certain(self) -> bool:
        """Return whether as many have been measured as are looked at."""
        return len(self._intervals) == _MEASURED

    def note(
        self, now: float, longest: float = float("inf"), shortest: float = 0.0
    ) -> float | None:
        """Note that one came; return the seconds since the one before.

        What is longer than `longest` is a pause, and what is shorter than `shortest` has waited
        somewhere: neither says anything of the pace.
        """
        last, self.last = self.last, now
        if last is None or now <= last:
            return None
        if shortest <= (interval := now - last) <= longest:
            self._intervals.append(interval)
        return interval
