"""Fewer starts of a load: runs whose own start saves too little move beside the other runs."""

from collections import defaultdict
from collections.abc import Sequence
from math import inf
from typing import NamedTuple

from .next_kwh_price import NO_KWH, Quarter, steps
from .planned_load import Load, runs_of

START_EUR = 0.02
"""Saving in EUR that a further start of a load must bring."""
_NEAR_QUARTERS = 2
# A plan with more runs is unusual: its shortest runs have been tried first.
_MAX_TRIALS = 1000


class _Room(NamedTuple):
    """Free energy in a quarter-hour, at one price."""

    price: float
    at: int
    kwh: float


class RunJoiner:
    """Planned energy of a load, whose runs are joined.

    `net` is the net import without the load. `kwh` is changed in place.
    """

    def __init__(
        self, load: Load, quarters: Sequence[Quarter], net: Sequence[float], kwh: list[float]
    ) -> None:
        self._load = load
        self._quarters = quarters
        self._net = net
        self._kwh = kwh
        self._window = load.window(len(quarters))
        self._trials = _MAX_TRIALS

    def join(self) -> float:
        """Join runs until nothing is gained. Return the price of the dearest moved kWh."""
        dearest = -inf
        while (starts := self._starts(self._kwh)) + self._load.runs > 1:
            gain, kwh, price = self._best_move(starts)
            if gain <= NO_KWH:
                break
            self._kwh[:] = kwh
            dearest = max(dearest, price)
        return dearest

    def _starts(self, kwh: Sequence[float]) -> int:
        return len(runs_of(kwh)) - (self._load.runs and kwh[self._load.first] > NO_KWH)

    def _best_move(self, starts: int) -> tuple[float, list[float], float]:
        """Return the gain in EUR, the energies and the dearest price of the best move of a run."""
        best: tuple[float, list[float], float] = (0.0, self._kwh, -inf)
        runs = runs_of(self._kwh)
        near = self._near(runs)
        rooms = sorted(
            _Room(step.price, at, step.kwh) for at in near for step in self._free_steps(at)
        )
        for run in sorted(runs, key=lambda run: sum(self._kwh[run[0] : run[1]])):
            if not self._trials:
                break
            self._trials -= 1
            usable = [
                room for room in rooms if near[room.at] - {run} and not run[0] <= room.at < run[1]
            ]
            kwh, cost, price = self._moved(run, usable)
            gain = START_EUR * (starts - self._starts(kwh)) - cost
            if gain > best[0] and self._is_possible(kwh):
                best = (gain, kwh, price)
        return best

    def _near(self, runs: Sequence[tuple[int, int]]) -> dict[int, set[tuple[int, int]]]:
        """Return the runs near each quarter-hour. A load that runs now is a run, too."""
        near = defaultdict[int, set[tuple[int, int]]](set)
        first = self._load.first
        for run in [*runs, *([(first, first)] if self._load.runs else [])]:
            for at in self._window:
                if run[0] - _NEAR_QUARTERS <= at < run[1] + _NEAR_QUARTERS:
                    near[at].add(run)
        return near

    def _free_steps(self, at: int) -> list[_Room]:
        spare = self._load.max_kw / 4 - self._kwh[at]
        if spare <= NO_KWH:
            return []
        net = self._net[at] + self._kwh[at]
        return [_Room(step.price, at, step.kwh) for step in steps(self._quarters[at], net, spare)]

    def _moved(
        self, run: tuple[int, int], rooms: Sequence[_Room]
    ) -> tuple[list[float], float, float]:
        """Return the energies without a run, the cost of its move, and the dearest price."""
        kwh, cost, price = self._kwh[:], 0.0, -inf
        left = 0.0
        for at in range(*run):
            cost -= self._quarters[at].added(self._net[at], kwh[at])
            left += kwh[at]
            kwh[at] = 0.0
        for room in rooms:
            if left <= NO_KWH:
                break
            part = min(left, room.kwh)
            kwh[room.at] += part
            cost += part * room.price
            price = room.price
            left -= part
        return kwh, cost if left <= NO_KWH else inf, price

    def _is_possible(self, kwh: Sequence[float]) -> bool:
        """Return whether the load keeps its start, and runs with its minimum power.

        One quarter-hour may have less.
        """
        least = self._load.min_kw / 4 - NO_KWH
        if self._load.pause and kwh[self._load.pause[1]] <= NO_KWH:
            return False
        return sum(NO_KWH < energy < least for energy in kwh) <= 1
