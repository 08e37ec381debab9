"""Usual interval between events, such as polls or telegrams. A single long gap does not matter."""

from collections import deque
from statistics import median

_MAX_INTERVALS = 5


class IntervalEstimate:
    """Estimate of the seconds between two events: the median of the last five intervals."""

    def __init__(self) -> None:
        self.last: float | None = None
        self._intervals: deque[float] = deque(maxlen=_MAX_INTERVALS)

    @property
    def interval(self) -> float | None:
        """Return the estimated seconds between two events. Return None before the second event."""
        return median(self._intervals) if self._intervals else None

    @property
    def is_certain(self) -> bool:
        """Return whether the estimate is reliable, because five intervals were measured."""
        return len(self._intervals) == _MAX_INTERVALS

    def note(
        self, now: float, max_interval: float = float("inf"), min_interval: float = 0.0
    ) -> float | None:
        """Note an event at the time `now`.

        Return the seconds since the previous event. Return None for the first event.

        An interval above `max_interval` is a pause, and an interval below `min_interval` comes from
        a delayed event. The estimate ignores both.
        """
        last, self.last = self.last, now
        if last is None or now <= last:
            return None
        if min_interval <= (interval := now - last) <= max_interval:
            self._intervals.append(interval)
        return interval
