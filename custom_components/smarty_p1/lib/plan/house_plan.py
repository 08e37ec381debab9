"""Plan of all loads and the battery of a house.

    plan_house(quarters, net, [Load("car", 12.0, 11.0, 0, 40)])

The plan places the loads that run through and the loads that may pause, in the better order, and
then the battery. It repeats this, each with the others in place, until the bill falls by less than
half a cent.
"""

from collections.abc import Iterable, Mapping, Sequence
from math import inf
from typing import NamedTuple

from .house_battery import HouseBattery, Values, plan_battery
from .next_kwh_price import Quarter
from .pausing_loads import place_pausing
from .planned_load import Load, Planned
from .uninterrupted_loads import place_uninterrupted

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
    planner = _Planner(quarters, net, loads)
    best = planner.planned(battery)
    for _ in range(_MAX_ROUNDS - 1 if len(loads) + bool(battery) > 1 else 0):
        plan = planner.planned(battery)
        if plan.cost > best.cost - _MIN_GAIN_EUR:
            break
        best = plan
    return best


class _Planner:
    """Net import of a house, with the loads and the battery that have a place so far."""

    def __init__(
        self, quarters: Sequence[Quarter], net: Sequence[float], loads: Sequence[Load]
    ) -> None:
        self._quarters = self._for_loads = quarters
        self._total = [*net]
        self._placed: dict[str, Planned] = {}
        self._flows = [0.0] * len(quarters)
        # A load with little choice of its time chooses first.
        self._uninterrupted = sorted(
            (load for load in loads if load.profile),
            key=lambda load: load.end - load.first - len(load.profile),
        )
        self._pausing = sorted(
            (load for load in loads if not load.profile), key=lambda load: load.end
        )

    def planned(self, battery: HouseBattery | None) -> HousePlan:
        """Place all loads and the battery anew. Return the plan."""
        self._place_loads()
        values: Sequence[Values] = ()
        stored_eur = 0.0
        if battery:
            self._add(-flow for flow in self._flows)
            self._flows, values = plan_battery(battery, self._quarters, self._total)
            self._add(self._flows)
            stored = battery.stored + sum(battery.into(flow) for flow in self._flows)
            stored_eur = stored * battery.end_value
        return HousePlan(self._placed, self._flows, values, self._bill() - stored_eur)

    def _place_loads(self) -> None:
        """Place the loads that run through before or after those that may pause.

        A load does not rely on energy out of the battery to stay below the highest power: the
        battery is planned anew afterwards, and may then give less.
        """
        self._for_loads = [
            quarter
            if flow >= 0 or quarter.most == inf
            else quarter._replace(most=quarter.most + flow)
            for quarter, flow in zip(self._quarters, self._flows, strict=True)
        ]
        orders = [(self._place_uninterrupted, self._place_pausing)]
        if self._uninterrupted and self._pausing:
            orders.append((self._place_pausing, self._place_uninterrupted))
        placed, total = self._placed, self._total
        lowest = inf
        for order in orders:
            self._placed, self._total = {**placed}, total
            for place in order:
                place()
            if (cost := self._bill()) < lowest - _MIN_GAIN_EUR:
                lowest, best = cost, (self._placed, self._total)
        self._placed, self._total = best

    def _place_uninterrupted(self) -> None:
        for load in self._uninterrupted:
            self._remove(load.name)
            self._place(load.name, place_uninterrupted(load, self._for_loads, self._total))

    def _place_pausing(self) -> None:
        for load in self._pausing:
            self._remove(load.name)
        for name, planned in place_pausing(self._pausing, self._for_loads, self._total).items():
            self._place(name, planned)

    def _bill(self) -> float:
        return sum(
            quarter.bill(net) for quarter, net in zip(self._quarters, self._total, strict=True)
        )

    def _place(self, name: str, planned: Planned) -> None:
        self._placed[name] = planned
        self._add(planned.kwh)

    def _remove(self, name: str) -> None:
        if planned := self._placed.pop(name, None):
            self._add(-kwh for kwh in planned.kwh)

    def _add(self, energies: Iterable[float]) -> None:
        self._total = [net + kwh for net, kwh in zip(self._total, energies, strict=True)]
