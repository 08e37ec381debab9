"""Energy that a load takes by its limit price, whatever the plan expected of sun and house."""

from collections.abc import Sequence

from .next_kwh_price import EQUAL_EUR, Quarter, steps
from .planned_load import Load, Planned


def energy_by_limit_price(
    planned_kwh: float, limit_price: float, quarter: Quarter, net: float, max_kwh: float
) -> float:
    """Return the energy in kWh that a load takes in a quarter-hour of its plan.

    It takes all energy that is cheaper than its limit price, and none that is dearer. At the limit
    price, it takes the planned energy. `net` is the true net import without the load, and `max_kwh`
    the energy that the load can take.
    """
    cheaper = allowed = 0.0
    for step in steps(quarter, net, max_kwh):
        if step.price < limit_price - EQUAL_EUR:
            cheaper += step.kwh
        if step.price <= limit_price + EQUAL_EUR:
            allowed += step.kwh
    return min(max(planned_kwh, cheaper), allowed)


def follow_plan(
    load: Load, planned: Planned, quarters: Sequence[Quarter], net: Sequence[float]
) -> list[float]:
    """Return the energies in kWh of a load that may pause and follows its plan to the end.

    The load takes more than its plan as soon as it would otherwise not be done in time. A load with
    a minimum power takes the planned energy.
    """
    taken, left, end = [0.0] * len(quarters), load.kwh, min(load.end, len(quarters))
    for at in range(load.first, end):
        max_kwh = min(load.max_kw / 4, left)
        kwh = planned.kwh[at]
        if not load.min_kw:
            kwh = energy_by_limit_price(kwh, planned.limit_price, quarters[at], net[at], max_kwh)
        later = load.max_kw / 4 * (end - at - 1)
        taken[at] = min(max_kwh, max(kwh, left - later))
        left -= taken[at]
    return taken
