"""Plan that keeps the announced starts, unless another start saves enough.

    plan_as_announced(quarters, net, loads, {"car": 12})

Households act on a start that they have read. So an announced start moves only if this saves five
cents or if the load would otherwise lack energy, and in its last half hour only for the latter.
"""

from collections.abc import Mapping, Sequence

from .house_battery import HouseBattery
from .house_plan import HousePlan, plan_house
from .next_kwh_price import NO_KWH, Quarter
from .planned_load import Load, Planned

MIN_SAVING_EUR = 0.05
"""Saving in EUR for which an announced start moves."""
FIXED_QUARTERS = 2
"""Number of quarter-hours before an announced start in which no saving moves it."""


def plan_as_announced(
    quarters: Sequence[Quarter],
    net: Sequence[float],
    loads: Sequence[Load],
    announced: Mapping[str, int],
    battery: HouseBattery | None = None,
) -> HousePlan:
    """Return the plan of a house that keeps announced starts.

    `announced` has the quarter-hour of each announced start, by the name of the load. A start
    outside of the window of its load is not kept. Raises ValueError as `plan_house`.
    """
    free = plan_house(quarters, net, loads, battery)
    if all(_keeps(load, free.loads[load.name], announced.get(load.name)) for load in loads):
        return free
    bound = {
        load.name: kept
        for load in loads
        if (kept := _bound(load, free.loads[load.name], announced.get(load.name), len(quarters)))
    }

    def planned(bound: Mapping[str, Load]) -> HousePlan:
        of_house = [bound.get(load.name, load) for load in loads]
        plan = plan_house(quarters, net, of_house, battery)
        # A run that is interrupted would begin again before the announced start.
        again = [_without_interruption(load, plan.loads[load.name]) for load in of_house]
        return plan if again == of_house else plan_house(quarters, net, again, battery)

    plan = planned(bound)
    for name in [*bound]:
        others = {other: load for other, load in bound.items() if other != name}
        trial = planned(others)
        if _may_move(announced[name], plan, trial):
            bound, plan = others, trial
    return plan


def _may_move(at: int, plan: HousePlan, trial: HousePlan) -> bool:
    """Return whether a plan may move an announced start. `plan` keeps it."""
    saves = plan.cost - trial.cost >= MIN_SAVING_EUR and at > FIXED_QUARTERS
    return saves or _missing(trial) < _missing(plan) - NO_KWH


def _keeps(load: Load, planned: Planned, at: int | None) -> bool:
    """Return whether a plan keeps a start. A run that goes on may reach it."""
    if at is None:
        return True
    is_later = any(
        begin < at and (begin, load.is_running) != (0, True) for begin, _ in planned.runs
    )
    return not is_later and at < len(planned.kwh) and planned.kwh[at] > NO_KWH


def _bound(load: Load, free: Planned, at: int | None, count: int) -> Load | None:
    """Return a load that keeps its announced start. Return None if it cannot."""
    if at is None or not load.first <= at < min(load.end, count):
        return None
    if load.profile:
        is_possible = at + len(load.profile) <= min(load.end, count)
        return load._replace(first=at, end=at + len(load.profile)) if is_possible else None
    going_on = [end for begin, end in free.runs if begin == load.first and load.is_running]
    return load._replace(pause=(min([*going_on, at]) if going_on else load.first, at))


def _without_interruption(load: Load, planned: Planned) -> Load:
    """Return a load with a pause until its announced start, if its run would not go on."""
    if load.pause is None or _keeps(load, planned, load.pause[1]):
        return load
    return load._replace(pause=(load.first, load.pause[1]))


def _missing(plan: HousePlan) -> float:
    return sum(planned.missing_kwh for planned in plan.loads.values())
