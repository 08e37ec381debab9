"""Forecast of the load: decides which part of the grid power the batteries should correct.

The load of the house is the power at the grid plus the output of the batteries. The meter measures
the power at the grid. Of the output, it knows only the values handed out to the batteries. From
both values, the forecast reconstructs the load of every telegram. A steady load is best forecast by
its last value. A load that comes and goes is best forecast by the median of several telegrams. The
forecast with the smallest recent errors decides how much the batteries still get.
"""

from collections import deque
from statistics import median

MIN_PART = 0.05
"""Minimum part of a value for batteries: some batteries stop following after many zeros."""

# Lengths of the medians, in telegrams. Odd, because the mean of two loads is no real load.
_WINDOWS = (1, 3, 7, 15)
# Weights of the errors one and two telegrams ahead: a battery needs up to two telegrams to follow.
_WEIGHTS = (1, 2)
# Factor by which an error loses weight with every telegram: half of it after 23 telegrams.
_ERROR_DECAY = 0.97
_CHANGE_DECAY = 0.95
# Speeds: the part of a handed-out value that batteries follow within one telegram. With speed 0,
# they follow nothing, because they are full, empty or ignore small values.
_PROMPT, *_OTHER_SPEEDS = (1.0, 0.5, 0.0)
# Another speed is believed only if it makes the changes of the load smaller by this factor.
_MUCH_STEADIER = 0.75


class LoadForecast:
    """Forecast that learns how long loads last, and how fast the batteries follow."""

    def __init__(self) -> None:
        self._prompt = _Reconstruction(_PROMPT)
        self._others = [_Reconstruction(speed) for speed in _OTHER_SPEEDS]

    def part(self, grid: float, handed_out: float) -> float:
        """Return the part of the power at the grid to correct, from MIN_PART to 1.

        `handed_out` is the power that batteries got since the last telegram. Both are in W.
        """
        for reconstruction in (self._prompt, *self._others):
            reconstruction.add(grid, handed_out)
        # The true load changes less than a load that is reconstructed with a wrong speed.
        best = min(self._others, key=lambda other: other.change)
        if best.change >= _MUCH_STEADIER * self._prompt.change:
            best = self._prompt
        return min(1.0, max(MIN_PART, best.missing / grid)) if grid else 1.0


class _Reconstruction:
    """Reconstruction of the loads for one speed of the batteries, with the forecasts."""

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._output = 0.0
        self._pending = 0.0
        self._loads: deque[float] = deque(maxlen=max(_WINDOWS))
        self._forecasts: deque[list[float]] = deque(maxlen=len(_WEIGHTS))
        self._errors = [0.0] * len(_WINDOWS)
        self.change = 0.0
        """Sum of the recent changes from load to load, in W."""
        self.missing = 0.0
        """Power in W that the batteries still have to get."""

    def add(self, grid: float, handed_out: float) -> None:
        """Add the power at the grid of a telegram, and the power handed out before it, in W."""
        followed = self._speed * (self._pending + handed_out)
        self._output += followed
        self._pending = self._pending + handed_out - followed if self._speed else 0.0
        load = grid + self._output
        if self._loads:
            self.change = _CHANGE_DECAY * self.change + abs(load - self._loads[-1])
        self._loads.append(load)
        self._judge(load)
        recent = list(self._loads)
        forecasts = [median(recent[-telegrams:]) for telegrams in _WINDOWS]
        self._forecasts.appendleft(forecasts)
        best = self._errors.index(min(self._errors)) if self._speed else 0
        self.missing = forecasts[best] - self._output - self._pending

    def _judge(self, load: float) -> None:
        """Add the errors of earlier forecasts for this load to the sums of errors."""
        self._errors = [_ERROR_DECAY * error for error in self._errors]
        for weight, forecasts in zip(_WEIGHTS, self._forecasts, strict=False):
            for n, forecast in enumerate(forecasts):
                self._errors[n] += weight * abs(load - forecast)
