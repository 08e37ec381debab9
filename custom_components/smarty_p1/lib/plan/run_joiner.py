"""Fewer starts of a load: runs whose own start saves too little move beside the other runs."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
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


class _Moved(NamedTuple):
    """Energies of a load after the move of a run."""

    gain: float
    """In EUR."""
    kwh: list[float]
    price: float
    """Price of the dearest moved kWh."""


type _Run = tuple[int, int]


def join_runs(
    load: Load, quarters: Sequence[Quarter], net: Sequence[float], kwh: list[float]
) -> tuple[list[float], float]:
    """Return the energies `kwh` of a load after runs are joined until nothing is gained.

    `net` is the net import without the load. The second result is the price of the dearest moved
    kWh.
    """
    dearest, trials = -inf, iter(range(_MAX_TRIALS))
    # A run that goes on counts, too, because others can be joined to it.
    while _starts(load, kwh) + load.is_running > 1:
        moves = _moves(load, quarters, net, kwh, trials)
        best = max(moves, key=lambda move: move.gain, default=None)
        if best is None or best.gain <= NO_KWH:
            break
        kwh, dearest = best.kwh, max(dearest, best.price)
    return kwh, dearest


def _starts(load: Load, kwh: Sequence[float]) -> int:
    """Return how often the load must be started. A run that goes on needs no start."""
    return len(runs_of(kwh)) - (load.is_running and kwh[load.first] > NO_KWH)


def _moves(
    load: Load,
    quarters: Sequence[Quarter],
    net: Sequence[float],
    kwh: Sequence[float],
    trials: Iterator[int],
) -> Iterator[_Moved]:
    """Yield the possible moves of a run, the shortest run first. Each takes one of the trials."""
    runs, starts = runs_of(kwh), _starts(load, kwh)
    near = _near(load, runs, load.window(len(quarters)))
    rooms = sorted(
        _Room(step.price, at, step.kwh)
        for at in near
        for step in steps(quarters[at], net[at] + kwh[at], load.max_kw / 4 - kwh[at])
    )
    for run, _ in zip(sorted(runs, key=lambda run: sum(kwh[slice(*run)])), trials, strict=False):
        usable = [
            room for room in rooms if near[room.at] - {run} and not run[0] <= room.at < run[1]
        ]
        cost = -sum(quarters[at].added(net[at], kwh[at]) for at in range(*run))
        moved, more, price = _moved(kwh, run, usable)
        if _is_possible(load, moved):
            yield _Moved(START_EUR * (starts - _starts(load, moved)) - cost - more, moved, price)


def _near(load: Load, runs: Sequence[_Run], window: Iterable[int]) -> Mapping[int, set[_Run]]:
    """Return the runs near each quarter-hour. A load that runs now is a run, too."""
    near = defaultdict[int, set[_Run]](set)
    for run in [*runs, *([(load.first, load.first)] if load.is_running else [])]:
        for at in window:
            if run[0] - _NEAR_QUARTERS <= at < run[1] + _NEAR_QUARTERS:
                near[at].add(run)
    return near


def _moved(
    before: Sequence[float], run: _Run, rooms: Sequence[_Room]
) -> tuple[list[float], float, float]:
    """Return the energies without a run, the cost of its energy in `rooms`, and the dearest price.

    The cost is infinity if the energy does not fit.
    """
    kwh, cost, price = [*before], 0.0, -inf
    left = sum(kwh[slice(*run)])
    kwh[slice(*run)] = [0.0] * (run[1] - run[0])
    for room in rooms:
        if left <= NO_KWH:
            break
        part = min(left, room.kwh)
        kwh[room.at] += part
        cost += part * room.price
        price = room.price
        left -= part
    return kwh, cost if left <= NO_KWH else inf, price


def _is_possible(load: Load, kwh: Sequence[float]) -> bool:
    """Return whether the load keeps its start, and runs with its minimum power.

    One quarter-hour may have less.
    """
    least = load.min_kw / 4 - NO_KWH
    if load.pause and kwh[load.pause[1]] <= NO_KWH:
        return False
    return sum(NO_KWH < energy < least for energy in kwh) <= 1
