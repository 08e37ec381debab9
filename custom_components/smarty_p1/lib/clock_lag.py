"""Estimate of the time by which a meter's clock is behind, from the delays of its telegrams."""

from collections import deque

# Seconds of reception from which delays are remembered.
_WINDOW_S = 120.0
# A gateway delivers a backlog of MAX_AGE within seconds. So the smallest delay shows the clock only
# if the delays were measured over this number of seconds.
_MIN_SPAN_S = 60.0
# A meter sends once a second at most.
_MAX_DELAYS = 256


class ClockLag:
    """Estimate of the seconds by which a meter's clock is behind.

    The delay of a telegram is the time of its reception minus the time in it. A broker can only add
    to the delay. So the clock is not further behind than the smallest delay.
    """

    def __init__(self) -> None:
        self._delays: deque[tuple[float, float]] = deque(maxlen=_MAX_DELAYS)

    def note(self, received_at: float, sent_at: float) -> None:
        """Add a telegram that counts as current. Both times are in seconds since 1970."""
        if self._delays and received_at < self._delays[-1][0]:
            self._delays.clear()  # the clock of this machine was put back
        self._delays.append((received_at, received_at - sent_at))
        while received_at - self._delays[0][0] > _WINDOW_S:
            self._delays.popleft()

    def seconds(self, known: float | None) -> float:
        """Return the seconds by which the clock is behind, negative if the clock is ahead.

        `known` is the lag that was measured without a broker. If it is None, the smallest delay
        takes its place, as soon as telegrams have come for a minute.
        """
        if not self._delays:
            return known or 0.0
        smallest = min(delay for _, delay in self._delays)
        if known is None:
            span = self._delays[-1][0] - self._delays[0][0]
            known = smallest if span >= _MIN_SPAN_S else 0.0
        return min(known, smallest)
