"""Division of a telegram's power among batteries, with a forecast of the load.

A battery reads a power from the virtual meter and adds it to its output. The load of the house is
the power at the grid plus the output of the batteries. The meter measures the power at the grid.
The output is estimated from the powers that the batteries have read. So the load at every telegram
can be reconstructed.

The last load is the best forecast of a steady load. The median of several loads is the best
forecast of a load that comes and goes. The forecast with the smallest recent errors is used. The
batteries read the power that they must still add to their output to reach this forecast.
"""

from collections import deque
from statistics import median

MIN_PART = 0.05
"""Minimum part of the grid power that a battery is told. Some batteries stop after many zeros."""

# The load is forecast by medians over these numbers of telegrams. The numbers are odd, so that each
# median is a load that really occurred.
_WINDOWS = (1, 3, 7, 15)
# A battery needs up to two telegrams to change its output. So a forecast is compared with the loads
# at the next two telegrams, which gives two errors. The weight of the first error is 1, and the
# weight of the second error is 2.
_WEIGHTS = (1, 2)
# Old errors are multiplied by this factor at every telegram. So they lose half of their weight in
# 23 telegrams.
_ERROR_DECAY = 0.97
_CHANGE_DECAY = 0.95
# Assumed speeds of batteries. When the virtual meter reports a power, a battery changes its output
# by a part of this power within one telegram interval. This part (0 to 1) is the battery's speed. A
# full or empty battery has speed 0.
_PROMPT, *_OTHER_SPEEDS = (1.0, 0.5, 0.0)
# The load is reconstructed once for each assumed speed of the batteries. Speed 1 is used, unless
# another speed gives a much steadier load: `change` of the other speed must be below this factor
# times `change` of speed 1.
_MUCH_STEADIER = 0.75


class LoadForecast:
    """Forecast of the load. It learns how long loads last, and how fast the batteries react."""

    def __init__(self) -> None:
        self._prompt = _Reconstruction(_PROMPT)
        self._others = [_Reconstruction(speed) for speed in _OTHER_SPEEDS]

    def part(self, grid: float, handed_out: float) -> float:
        """Return the part (MIN_PART to 1) of the power at the grid that the batteries may read.

        `grid` is the power at the grid. `handed_out` is the sum of the powers that the batteries
        have read since the last telegram. Both powers are in W.
        """
        for reconstruction in (self._prompt, *self._others):
            reconstruction.add(grid, handed_out)
        # The load is reconstructed once for each assumed speed of the batteries. With a wrong
        # speed, the reconstructed load changes more than the true load. So if another speed gives a
        # much steadier load than speed 1, the other speed is probably right. Otherwise, assume
        # speed 1, the usual speed.
        best = min(self._others, key=lambda other: other.change)
        if best.change >= _MUCH_STEADIER * self._prompt.change:
            best = self._prompt
        return min(1.0, max(MIN_PART, best.missing / grid)) if grid else 1.0


class _Reconstruction:
    """Reconstruction and forecasts of the load. The batteries are assumed to have `speed`.

    Batteries add the power that they read to their output, but not at once. The speed is the share
    (0 to 1) of the missing power that the batteries add within one telegram interval.
    """

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._output = 0.0
        self._pending = 0.0
        self._loads: deque[float] = deque(maxlen=max(_WINDOWS))
        self._forecasts: deque[list[float]] = deque(maxlen=len(_WEIGHTS))
        self._errors = [0.0] * len(_WINDOWS)
        self.change = 0.0
        """Sum of the recent changes between successive loads in W; old changes lose weight."""
        self.missing = 0.0
        """Power in W that the batteries must still add to their output."""

    def add(self, grid: float, handed_out: float) -> None:
        """Add a telegram. `grid` is the power at the grid in W.

        `handed_out` is the sum of the powers in W that the batteries have read since the last
        telegram.
        """
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
        """Add the differences between `load` (in W) and its forecasts to the sums of errors."""
        self._errors = [_ERROR_DECAY * error for error in self._errors]
        for weight, forecasts in zip(_WEIGHTS, self._forecasts, strict=False):
            for n, forecast in enumerate(forecasts):
                self._errors[n] += weight * abs(load - forecast)


class Handout:
    """Power of the last telegram, divided among batteries. Each battery takes only its own share.

    When the next telegram comes, the load forecast gets the sum of the powers that the batteries
    took.
    """

    def __init__(self) -> None:
        self._forecast = LoadForecast()
        self._watts = 0.0
        self._part = 1.0
        self._taken: dict[str, float] = {}

    def renew(self, watts: float | None) -> None:
        """Start to divide `watts`, the power of a new telegram. None means an unknown power."""
        handed_out = self._watts * self._part * sum(self._taken.values())
        self._watts = watts or 0.0
        self._part = self._forecast.part(self._watts, handed_out)
        self._taken = {}

    def take(self, name: str, requested: float, share: float) -> float:
        """Return the part (0 to 1) of the telegram's power that a battery gets. Count it as used.

        `name` is the name of the battery's share, and `share` its size. `requested` is the part
        that the battery reads at this poll. `share` and `requested` are parts (0 to 1) of the
        telegram's power. `requested` is limited to the unused rest of the share, and to the unused
        rest of the telegram's power. Then it is multiplied by the part that the load forecast
        allows.
        """
        taken = self._taken.get(name, 0.0)
        granted = max(0.0, min(requested, share - taken, 1 - sum(self._taken.values())))
        self._taken[name] = taken + granted
        return granted * self._part
