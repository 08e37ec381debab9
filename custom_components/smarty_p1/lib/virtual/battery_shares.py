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
from collections.abc import Sequence
from statistics import median

MIN_PART = 0.05
"""Minimum part of the grid power that a battery is told. Some batteries stop after many zeros."""

# Minimum power of an answer in W. Many batteries ignore smaller powers. So they get fewer and
# larger answers. The answers are not larger still, because a battery that changes its output in
# steps needs several.
_MIN_ANSWER_W = 30.0
# Some batteries ignore powers below 100 W. If the load is much steadier without the answers below
# this power, the batteries ignored these answers.
_MIN_COARSE_ANSWER_W = 105.0
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
# A kettle that comes and goes changes the load by much more than the answers that a battery
# ignores. So the changes are also compared without the part above this power in W.
_MAX_SMALL_W = 200.0


class LoadForecast:
    """Forecast of the load. It learns how long loads last, and how fast the batteries react."""

    def __init__(self) -> None:
        self._prompt = _Reconstruction(_PROMPT)
        self._others = [_Reconstruction(speed) for speed in _OTHER_SPEEDS]
        self._coarse = _Reconstruction(_PROMPT)
        self.min_answer_w = _MIN_ANSWER_W
        """Minimum power in W of an answer that the batteries probably do not ignore."""

    def part(self, grid: float, before: Sequence[float] = (), after: Sequence[float] = ()) -> float:
        """Return the part (MIN_PART to 1) of the power at the grid that the batteries may read.

        `grid` is the power at the grid in a new telegram. `before` has the powers that the
        batteries have read since the last telegram, until the new one was sent. `after` has the
        powers that they have read since it was sent. All powers are in W.
        """
        for reconstruction in (self._prompt, *self._others):
            reconstruction.add(grid, sum(before), sum(after))
        self._coarse.add(grid, _sum_of_coarse(before), _sum_of_coarse(after))
        if self._coarse.is_much_steadier_than(self._prompt):
            self.min_answer_w = _MIN_COARSE_ANSWER_W
        elif self._prompt.is_much_steadier_than(self._coarse):
            self.min_answer_w = _MIN_ANSWER_W
        # The load is reconstructed once for each assumed speed of the batteries. With a wrong
        # speed, the reconstructed load changes more than the true load. So if another speed gives a
        # much steadier load than speed 1, the other speed is probably right. Otherwise, assume
        # speed 1, the usual speed.
        best = min(self._others, key=lambda other: other.change)
        if best.change >= _MUCH_STEADIER * self._prompt.change:
            best = self._prompt
        return min(1.0, max(MIN_PART, best.missing / grid)) if grid else 1.0


def _sum_of_coarse(answers: Sequence[float]) -> float:
    return sum(watts for watts in answers if abs(watts) >= _MIN_COARSE_ANSWER_W)


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
        self._small_change = 0.0
        self.missing = 0.0
        """Power in W that the batteries must still add to their output."""

    def add(self, grid: float, before: float, after: float) -> None:
        """Add a telegram. `grid` is the power at the grid in W.

        `before` is the sum of the powers in W that the batteries have read since the last telegram,
        until this one was sent. `after` is the sum of those that they have read since then: the
        power at the grid does not show them yet.
        """
        followed = self._speed * (self._pending + before)
        self._output += followed
        self._pending = self._pending + before - followed if self._speed else 0.0
        load = grid + self._output
        if self._loads:
            change = abs(load - self._loads[-1])
            self.change = _CHANGE_DECAY * self.change + change
            self._small_change = _CHANGE_DECAY * self._small_change + min(change, _MAX_SMALL_W)
        self._loads.append(load)
        self._judge(load)
        recent = list(self._loads)
        forecasts = [median(recent[-telegrams:]) for telegrams in _WINDOWS]
        self._forecasts.appendleft(forecasts)
        best = self._errors.index(min(self._errors)) if self._speed else 0
        self.missing = forecasts[best] - self._output - self._pending - after

    def is_much_steadier_than(self, other: _Reconstruction) -> bool:
        """Return whether this reconstruction gives a much steadier load than `other`."""
        return (
            self.change < _MUCH_STEADIER * other.change
            or self._small_change < _MUCH_STEADIER * other._small_change
        )

    def _judge(self, load: float) -> None:
        """Add the differences between `load` (in W) and its forecasts to the sums of errors."""
        self._errors = [_ERROR_DECAY * error for error in self._errors]
        for weight, forecasts in zip(_WEIGHTS, self._forecasts, strict=False):
            for n, forecast in enumerate(forecasts):
                self._errors[n] += weight * abs(load - forecast)


class Handout:
    """Power of the last telegram, divided among batteries. Each battery takes only its own share.

    When the next telegram comes, the load forecast gets the powers that the batteries took before
    it was sent, and those that they took since then.
    """

    def __init__(self) -> None:
        self._forecast = LoadForecast()
        self._watts = 0.0
        self._part = 1.0
        self._taken: dict[str, float] = {}
        self._answers: list[tuple[float, float]] = []
        """Times and powers in W of the answers that no telegram shows yet."""

    def renew(self, watts: float | None, sent_at: float) -> None:
        """Start to divide `watts`, the power of a new telegram. None means an unknown power.

        `sent_at` is the time at which the telegram was sent.
        """
        before = [answer for time, answer in self._answers if time <= sent_at]
        self._answers = [(time, answer) for time, answer in self._answers if time > sent_at]
        after = [answer for _, answer in self._answers]
        self._watts = watts or 0.0
        self._part = self._forecast.part(self._watts, before, after)
        self._taken = {}

    def take_share(self, name: str, requested: float, share: float, now: float) -> float:
        """Return the part (0 to 1) of the telegram's power that a battery gets. Count it as used.

        `name` is the name of the battery's share, and `share` its size. `requested` is the part
        that the battery reads at this poll. `share` and `requested` are parts (0 to 1) of the
        telegram's power. `requested` is raised to the smallest power that batteries do not ignore,
        so that all answers of a share are alike. It is limited to the unused rest of the share, and
        to the unused rest of the telegram's power. Then it is multiplied by the part that the load
        forecast allows.
        """
        taken = self._taken.get(name, 0.0)
        answers = abs(self._watts) * self._part * share / self._forecast.min_answer_w
        requested = max(requested, share / max(1, int(answers)))
        granted = max(0.0, min(requested, share - taken, 1 - sum(self._taken.values())))
        self._taken[name] = taken + granted
        if granted:
            self._answers.append((now, self._watts * self._part * granted))
        return granted * self._part
