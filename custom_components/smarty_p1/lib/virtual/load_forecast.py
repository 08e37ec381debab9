"""How much of the power at the grid the batteries should correct: all of it, or a part.

The load of the house is the power at the grid plus the output of the batteries. The meter knows
the first, and of the second only what it has given the batteries. From both it reconstructs the
load of each telegram, and looks back: a load that stays is best forecast by its last value, a load
that comes and goes by the median of several telegrams. The forecast that would have been best of
late decides what the batteries are still to be given.
"""

from collections import deque
from statistics import median

MIN_PART = 0.05
"""Part that batteries get of any value: some follow nothing after a long row of zeros."""

# Telegrams of which a forecast takes the median. An odd number: no forecast between two loads.
_WINDOWS = (1, 3, 7, 15)
# Weight of an error one telegram ahead, and two: a battery needs up to two to follow.
_WEIGHTS = (1, 2)
# Part of an earlier error that still counts a telegram later: half of it after 23 telegrams.
_ERROR_DECAY = 0.97
_CHANGE_DECAY = 0.95
# Part of what they were given that batteries follow within one telegram. 0: they follow nothing,
# because they are full, empty or ignore small values.
_PROMPT, *_OTHER_SPEEDS = (1.0, 0.5, 0.0)
# How much steadier the load must look for another speed to be believed.
_MUCH_STEADIER = 0.75


class LoadForecast:
    """Learns from each telegram how long loads last and how fast the batteries follow."""

    def __init__(self) -> None:
        self._prompt = _Reconstruction(_PROMPT)
        self._others = [_Reconstruction(speed) for speed in _OTHER_SPEEDS]

    def part(self, grid: float, given: float) -> float:
        """Return the part of the power at the grid to correct, from MIN_PART to 1.

        `given` is what the batteries were given since the last telegram. Both are in W.
        """
        for each in (self._prompt, *self._others):
            each.add(grid, given)
        # The true load changes less than one that was reconstructed from a wrong output.
        best = min(self._others, key=lambda other: other.change)
        if best.change >= _MUCH_STEADIER * self._prompt.change:
            best = self._prompt
        return min(1.0, max(MIN_PART, best.missing / grid)) if grid else 1.0


class _Reconstruction:
    """The loads as they were if batteries follow at one speed, and the forecasts from them."""

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._output = 0.0
        self._pending = 0.0
        self._loads: deque[float] = deque(maxlen=max(_WINDOWS))
        self._forecasts: deque[list[float]] = deque(maxlen=len(_WEIGHTS))
        self._errors = [0.0] * len(_WINDOWS)
        self.change = 0.0
        """Sum of the changes from load to load, of late."""
        self.missing = 0.0
        """Power in W that batteries are still to be given."""

    def add(self, grid: float, given: float) -> None:
        """Take the power at the grid of a telegram, and what was given since the one before."""
        followed = self._speed * (self._pending + given)
        self._output += followed
        self._pending = self._pending + given - followed if self._speed else 0.0
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
        """Add up how wrong the forecasts of this load were."""
        self._errors = [_ERROR_DECAY * error for error in self._errors]
        for weight, forecasts in zip(_WEIGHTS, self._forecasts, strict=False):
            for n, forecast in enumerate(forecasts):
                self._errors[n] += weight * abs(load - forecast)
