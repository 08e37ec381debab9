"""Plan of all loads and the battery of a house.

    plan_house(quarters, net, [Load("car", 12.0, 11.0, 0, 40)])

The plan places the loads that run through and the loads that may pause, in the better order, and
then the battery. It repeats this, each with the others in place, until the bill falls by less than
half a cent.
"""

from collections.abc import Mapping, Sequence
from math import inf
from typing import NamedTuple

from .house_battery import HouseBattery, Values, plan_battery
from .next_kwh_price import Quarter
from .pausing_loads import place_pausing
from .planned_load import Load, Planned, place_uninterrupted

MAX_QUARTERS = 400
"""Number of quarter-hours in four days, one of them with 25 hours."""
MAX_LOADS = 10
_MAX_ROUNDS = 4
_TOO_MANY = "too many quarter-hours or loads"
_SAME_NAME = "two loads have the same name"
_MIN_GAIN_EUR = 0.005


class HousePlan(NamedTuple):
    """Plan of a house. Its lists have a value for each quarter-hour."""

    loads: Mapping[str, Planned]
    battery: Sequence[float]
    """Energy in kWh into (+) or out of (-) the battery, at the meter."""
    values: Sequence[Values]
    """Values of the battery at the begin of each quarter-hour and at the end, empty without one."""
    cost: float
    """Bill in EUR, without the value of the energy that is stored at the end."""


def plan_house(
    quarters: Sequence[Quarter],
    net: Sequence[float],
    loads: Sequence[Load],
    battery: HouseBattery | None = None,
) -> HousePlan:
    """Return the plan of loads and battery with the lowest bill.

    `net` is the net import of the house without them, in kWh. Raises ValueError if loads share a
    name, or for more than MAX_QUARTERS or MAX_LOADS.
    """
    if len(quarters) > MAX_QUARTERS or len(loads) > MAX_LOADS:
        raise ValueError(_TOO_MANY)
    if len({load.name for load in loads}) < len(loads):
        raise ValueError(_SAME_NAME)
    best = _planned(quarters, net, loads, battery, HousePlan({}, [0.0] * len(quarters), (), inf))
    for _ in range(_MAX_ROUNDS - 1 if len(loads) + bool(battery) > 1 else 0):
        plan = _planned(quarters, net, loads, battery, best)
        if plan.cost > best.cost - _MIN_GAIN_EUR:
            break
        best = plan
    return best


def _planned(
    quarters: Sequence[Quarter],
    net: Sequence[float],
    loads: Sequence[Load],
    battery: HouseBattery | None,
    before: HousePlan,
) -> HousePlan:
    """Return a plan in which each load and the battery are placed anew, after the plan `before`."""
    placed, flows = _placed(quarters, net, loads, before), before.battery
    values: Sequence[Values] = ()
    stored_eur = 0.0
    if battery:
        flows, values = plan_battery(battery, quarters, total(net, placed))
        stored = battery.stored + sum(battery.into(flow) for flow in flows)
        stored_eur = stored * battery.end_value
    cost = _bill(quarters, total(net, placed, flows)) - stored_eur
    return HousePlan(placed, flows, values, cost)


def _placed(
    quarters: Sequence[Quarter], net: Sequence[float], loads: Sequence[Load], before: HousePlan
) -> Mapping[str, Planned]:
    """Place the loads anew, in the better order.

    A load does not rely on energy out of the battery to stay below the highest power: the battery
    is planned anew afterwards, and may then give less.
    """
    flows, lowest = before.battery, inf
    for_loads = [
        quarter._replace(max_kwh=quarter.max_kwh + min(0.0, flow))
        for quarter, flow in zip(quarters, flows, strict=True)
    ]
    best = before.loads
    for order in _orders(loads):
        placed = dict(before.loads)
        for group in order:
            for load in group:
                placed.pop(load.name, None)
            placed |= _place(group, for_loads, total(net, placed, flows))
        if (cost := _bill(quarters, total(net, placed, flows))) < lowest - _MIN_GAIN_EUR:
            lowest, best = cost, placed
    return best


def _orders(loads: Sequence[Load]) -> Sequence[Sequence[Sequence[Load]]]:
    """Return one or two orders in which loads can be placed.

    Loads that run through come before or after those that may pause, which are placed together. A
    load with little choice of its time chooses first.
    """
    by_choice = sorted(loads, key=lambda load: load.end - load.first - len(load.profile))
    through = [[load] for load in by_choice if load.profile]
    pausing = sorted((load for load in loads if not load.profile), key=lambda load: load.end)
    orders = [[*through, pausing]]
    if through and pausing:
        orders.append([pausing, *through])
    return orders


def _place(
    group: Sequence[Load], quarters: Sequence[Quarter], net: Sequence[float]
) -> Mapping[str, Planned]:
    """Return the energies of one load that runs through, or of all loads that may pause."""
    if group and group[0].profile:
        return {group[0].name: place_uninterrupted(group[0], quarters, net)}
    return place_pausing(group, quarters, net)


def total(
    net: Sequence[float], placed: Mapping[str, Planned], flows: Sequence[float] = ()
) -> list[float]:
    """Return the net import of a house with its loads and the flows of its battery, in kWh."""
    energies = [planned.kwh for planned in placed.values()]
    return [sum(parts) for parts in zip(net, *energies, *([flows] if flows else []), strict=True)]


def _bill(quarters: Sequence[Quarter], net: Sequence[float]) -> float:
    return sum(quarter.bill(kwh) for quarter, kwh in zip(quarters, net, strict=True))
