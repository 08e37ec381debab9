"""Power in kW, from the times of a meter's pulses."""

# Seconds. The mean power is taken over at least this time, because pulses may come in bursts.
_MIN_MEAN_S = 1.0
_MIN_SILENCE_S = 1e-3


class PulsePower:
    """Power of a meter that sends a pulse for each fixed amount of energy. Times are in seconds."""

    def __init__(self, pulses_per_kwh: float) -> None:
        self._kws_per_pulse = 3600 / pulses_per_kwh
        self._mean_kw: float | None = None
        self._last_at = 0.0
        self._last_pulses = 0
        self._batch_at: float | None = None
        self._batch = 0

    def kw(self, at: float) -> float | None:
        """Return the power in kW at the time `at`. Return None while the power is unknown.

        While no pulse comes, the power falls: it is at most the energy of the last pulses, divided
        by the time since they came.
        """
        if self._mean_kw is None:
            return None
        silence = max(at - self._last_at, _MIN_SILENCE_S)
        return min(self._mean_kw, self._last_pulses * self._kws_per_pulse / silence)

    def add(self, pulses: int, at: float) -> None:
        """Add `pulses`, the number of pulses (at least 1) since the last call.

        `at` is the time of the last pulse.
        """
        self._last_at, self._last_pulses = at, pulses
        if self._batch_at is None or at < self._batch_at:
            # These are the first pulses, or the clock was set back. So measure from this pulse on.
            self._batch_at, self._batch, self._mean_kw = at, 0, None
            return
        self._batch += pulses
        if (passed := at - self._batch_at) >= _MIN_MEAN_S:
            self._mean_kw = self._batch * self._kws_per_pulse / passed
            self._batch_at, self._batch = at, 0

    def note_standstill(self) -> None:
        """Record that the board has repeated its running count, so that no new pulse came."""
        self._last_pulses = min(self._last_pulses, 1)
