"""Loads of a house, and the energy that a plan gives to each of them."""

from collections.abc import Sequence
from itertools import repeat
from math import inf
from typing import NamedTuple

from .next_kwh_price import NO_KWH, Quarter

MIN_LOAD_KW = 0.05
MAX_LOAD_KW = 50.0
MIN_LOAD_HOURS = 0.25
MAX_LOAD_HOURS = 24.0
# Float errors, of a number of quarter-hours and of EUR.
_ROUNDING = 1e-9
# Starts cost the same below this difference in EUR. The earlier one wins.
_SAME_EUR = 0.01


class Load(NamedTuple):
    """Energy that a load needs between the quarter-hours `first` and `end` (exclusive)."""

    name: str
    kwh: float
    max_kw: float
    first: int
    end: int
    profile: tuple[float, ...] = ()
    """Energy in kWh of each quarter-hour of a load that runs through. Empty if it may pause."""
    is_running: bool = False
    """Whether the load runs now, so that energy in the quarter-hour `first` is no start."""
    min_kw: float = 0.0
    """Power below which a load that may pause cannot run in a quarter-hour, except its last."""
    pause: tuple[int, int] | None = None
    """Begin and end of the quarter-hours without energy before the announced start."""

    def window(self, count: int) -> list[int]:
        """Return the quarter-hours of a plan of `count` in which the load can have energy."""
        without = range(*self.pause) if self.pause else ()
        return [at for at in range(self.first, min(self.end, count)) if at not in without]


class Planned(NamedTuple):
    """Planned energy of a load."""

    kwh: list[float]
    """By quarter-hour of the plan."""
    limit_price: float
    """Price in EUR of the dearest planned kWh, minus infinity without one.

    At a lower price the load runs, whatever the plan expected of the sun and the house.
    """
    missing_kwh: float
    """Energy that does not fit into the window."""

    @property
    def runs(self) -> list[tuple[int, int]]:
        """Return begin and end (exclusive) of each run."""
        return runs_of(self.kwh)


def constant_profile(kwh: float, hours: float) -> tuple[float, ...]:
    """Return the energy in kWh of each quarter-hour of a load with a constant power.

    The load may end within the last one.
    """
    kw, full = kwh / hours, int(hours * 4 + _ROUNDING)
    last = max(0.0, round(hours - full / 4, 9)) * kw
    return (*[kw / 4] * full, *([last] if last else []))


def at_once(load: Load, count: int) -> list[float]:
    """Return the energies in `count` quarter-hours of a load that nobody plans, in kWh.

    It runs with its full power from the begin of its window on.
    """
    kwh, left = [0.0] * count, load.kwh
    powers = load.profile or repeat(load.max_kw / 4)
    for at, most in zip(range(load.first, min(load.end, count)), powers, strict=False):
        kwh[at] = min(left, most)
        left -= kwh[at]
    return kwh


def runs_of(kwh: Sequence[float]) -> list[tuple[int, int]]:
    """Return begin and end (exclusive) of each run of quarter-hours with energy."""
    is_on = [False, *(energy > NO_KWH for energy in kwh), False]
    edges = [n for n in range(len(is_on) - 1) if is_on[n] != is_on[n + 1]]
    return [*zip(edges[::2], edges[1::2], strict=True)]


def _start_costs(load: Load, quarters: Sequence[Quarter], net: Sequence[float]) -> list[float]:
    """Return the cost in EUR of a load that runs through, by its start from `first` on.

    A start costs infinity if a quarter-hour does not allow the load. The list is empty if the load
    does not fit into its window.
    """
    starts = range(load.first, min(load.end, len(quarters)) - len(load.profile) + 1)
    return [
        sum(quarters[start + n].added(net[start + n], kwh) for n, kwh in enumerate(load.profile))
        for start in starts
    ]


def place_uninterrupted(load: Load, quarters: Sequence[Quarter], net: Sequence[float]) -> Planned:
    """Return the energies of a load that starts as early as its lowest cost allows.

    The limit price is the mean price of its energy.
    """
    if load.is_running:
        # A load that has begun is not stopped by a highest power of the house.
        quarters = [quarter._replace(max_kwh=inf) for quarter in quarters]
    kwh, need = [0.0] * len(quarters), sum(load.profile)
    costs = _start_costs(load, quarters, net)
    if min(costs, default=inf) == inf or need <= NO_KWH:
        return Planned(kwh, -inf, need)
    limit = min(costs) + _SAME_EUR + _ROUNDING
    best = next(n for n, cost in enumerate(costs) if cost <= limit)
    begin = load.first + best
    kwh[begin : begin + len(load.profile)] = load.profile
    return Planned(kwh, costs[best] / need, 0.0)
