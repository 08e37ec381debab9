"""Estimate of the time by which a meter's clock is behind, from the delays of its telegrams."""

from collections import deque

# Only the delays of the last 120 seconds before the latest telegram are used.
_WINDOW_S = 120.0
# Minimum seconds between the first and the last telegram from which a lag is estimated. After an
# outage, a gateway delivers many delayed telegrams within a few seconds. All their delays are too
# long, so even the smallest delay is longer than the lag.
_MIN_SPAN_S = 60.0
# Maximum number of delays to remember. A meter sends at most once a second, so this number is
# enough for _WINDOW_S.
_MAX_DELAYS = 256


class ClockLag:
    """Estimate of the seconds by which a meter's clock is behind.

    The delay of a telegram is the time of its reception minus the time in the telegram, by the
    meter's clock. This delay is the sum of the clock's lag and the transmission time. The
    transmission time is never negative. So the lag is at most the smallest delay.
    """

    def __init__(self) -> None:
        self._delays: deque[tuple[float, float]] = deque(maxlen=_MAX_DELAYS)

    def note_times(self, received_at: float, sent_at: float) -> None:
        """Add the delay of a telegram. Both times are Unix seconds.

        Call this method only for telegrams whose readings are current, not for late telegrams.
        """
        if self._delays and received_at < self._delays[-1][0]:
            self._delays.clear()  # the clock of this machine was put back
        self._delays.append((received_at, received_at - sent_at))
        while received_at - self._delays[0][0] > _WINDOW_S:
            self._delays.popleft()

    def seconds(self, known: float | None) -> float:
        """Return the seconds by which the clock is behind, negative if the clock is ahead.

        `known` is a lag that is already known: it was measured on a port without an MQTT broker, or
        confirmed by the user. The result is then the smaller of `known` and the smallest delay of a
        telegram. If `known` is None, the result is the smallest delay. But as long as `known` is
        None and the telegrams cover less than a minute, the result is at most 0.
        """
        if not self._delays:
            return known or 0.0
        smallest = min(delay for _, delay in self._delays)
        if known is None:
            span = self._delays[-1][0] - self._delays[0][0]
            known = smallest if span >= _MIN_SPAN_S else 0.0
        return min(known, smallest)
