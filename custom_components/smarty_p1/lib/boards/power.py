"""Power from the time between pulses."""

# Powers are means over at least so many seconds: pulses may come in bursts.
_MIN_MEAN_S = 1.0
_NO_TIME = 1e-3


class PulsePower:
    """Follows the power behind pulses of a fixed energy; times are in seconds."""

    def __init__(self, pulses_per_kwh: float) -> None:
        self._kws_per_pulse = 3600 / pulses_per_kwh
        self._mean_kw: float | None = None
        self._last_at = 0.0
        self._last_pulses = 0
        self._heap_at: float | None = None
        self._heap = 0

    def kw(self, at: float) -> float | None:
        """Return the power, None before it can be known: the last mean, or what silence allows."""
        if self._mean_kw is None:
            return None
        silence = max(at - self._last_at, _NO_TIME)
        return min(self._mean_kw, self._last_pulses * self._kws_per_pulse / silence)

    def add(self, pulses: int, at: float) -> None:
        """Add the pulses, at least one, that have come since the last."""
        self._last_at, self._last_pulses = at, pulses
        if self._heap_at is None or at < self._heap_at:  # the first, or the clock was set
            self._heap_at, self._heap, self._mean_kw = at, 0, None
            return
        self._heap += pulses
        if (passed := at - self._heap_at) >= _MIN_MEAN_S:
            self._mean_kw = self._heap * self._kws_per_pulse / passed
            self._heap_at, self._heap = at, 0

    def note_standstill(self) -> None:
        """Note that less than one pulse has come since the last."""
        self._last_pulses = min(self._last_pulses, 1)
