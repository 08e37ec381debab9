"""Plan of a load that may not pause, such as a dishwasher: the start with the lowest cost."""

from collections.abc import Sequence
from math import inf

from .next_kwh_price import NO_KWH, Quarter
from .planned_load import Load, Planned

SAME_EUR = 0.01
"""Difference in EUR below which two starts cost the same. The earlier one wins."""


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
    if load.runs:
        # A load that has begun is not stopped by a highest power of the house.
        quarters = [quarter._replace(max_kwh=inf) for quarter in quarters]
    kwh, need = [0.0] * len(quarters), sum(load.profile)
    costs = _start_costs(load, quarters, net)
    if min(costs, default=inf) == inf or need <= NO_KWH:
        return Planned(kwh, -inf, need)
    limit = min(costs) + SAME_EUR + NO_KWH
    best = next(n for n, cost in enumerate(costs) if cost <= limit)
    begin = load.first + best
    kwh[begin : begin + len(load.profile)] = load.profile
    return Planned(kwh, costs[best] / need, 0.0)
