"""Estimate of the time by which a meter's clock is behind, from the delays of its telegrams."""

from collections import deque

# A delay is forgotten when a telegram is received more than this number of seconds later.
_WINDOW_S = 120.0
# Seconds. After an outage, a gateway delivers many delayed telegrams within a few seconds, so that
# all their delays are too long. So the smallest delay counts as the clock's lag only if the
# telegrams were received over at least this time.
_MIN_SPAN_S = 60.0
# Maximum number of delays to remember. A meter sends at most once a second, so this number is
# enough for _WINDOW_S.
_MAX_DELAYS = 256


class ClockLag:
    """Estimate of the seconds by which a meter's clock is behind.

    The delay of a telegram is its reception time minus the meter's time in it. This delay is the
    clock's lag plus the time on the way, which is never negative. So the lag is at most the
    smallest delay.
    """

    def __init__(self) -> None:
        self._delays: deque[tuple[float, float]] = deque(maxlen=_MAX_DELAYS)

    def note(self, received_at: float, sent_at: float) -> None:
        """Add the delay of a telegram that counts as current. Both times are Unix seconds."""
        if self._delays and received_at < self._delays[-1][0]:
            self._delays.clear()  # the clock of this machine was put back
        self._delays.append((received_at, received_at - sent_at))
        while received_at - self._delays[0][0] > _WINDOW_S:
            self._delays.popleft()

    def seconds(self, known: float | None) -> float:
        """Return the seconds by which the clock is behind, negative if the clock is ahead.

        `known` is the lag that was measured without a broker, or None. The result is the smaller of
        `known` and the smallest delay. If `known` is None, the result is the smallest delay, but at
        most 0 until telegrams have been received for a minute.
        """
        if not self._delays:
            return known or 0.0
        smallest = min(delay for _, delay in self._delays)
        if known is None:
            span = self._delays[-1][0] - self._delays[0][0]
            known = smallest if span >= _MIN_SPAN_S else 0.0
        return min(known, smallest)
