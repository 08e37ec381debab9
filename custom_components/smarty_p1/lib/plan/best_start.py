"""Best start of a load with a constant power, such as a washing machine: the plan of this load.

The house needs what it usually needs at this time of day. No weather is forecast.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from ..history.calendar import QUARTER_HOUR, day_end, quarter_start
from ..history.quarter_hour import QuarterHour
from ..prices.contract import Contracts
from ..prices.price_file import OlderPrices
from .added_cost import AddedCost, PlanReason
from .coming_quarters import Market, PlanLack, coming_quarters, input_of_plan
from .house_plan import plan_house
from .planned_load import Load
from .running_through import start_costs
from .usual_house import usual_house

MIN_LOAD_KW = 0.05
MAX_LOAD_KW = 50.0
MIN_LOAD_HOURS = 0.25
MAX_LOAD_HOURS = 24.0
MIN_SAVING = 0.05
"""Smallest saving in EUR that is worth a change."""
_NO_DIFFERENCE_EUR = 0.005
_ROUNDING = 1e-9


class ConstantLoad(NamedTuple):
    """Load with a constant power in kW for a number of hours."""

    kw: float
    hours: float
    by: datetime | None = None
    """Time at which the load must have ended, None if any time will do."""

    @property
    def profile(self) -> tuple[float, ...]:
        """Return the energy of each quarter-hour, in kWh. The load may end within the last one."""
        full = int(self.hours * 4 + _ROUNDING)
        last = max(0.0, round(self.hours - full / 4, 9)) * self.kw
        return (*[self.kw / 4] * full, *([last] if last else []))


class BestStart(NamedTuple):
    """Earliest start whose cost is within a cent of the lowest cost."""

    start: datetime
    end: datetime
    cost: float | None
    """None without a known price or enough days. Then the start is now: a later one is too late."""
    saving: float
    """Cost of a start now, minus `cost`, in EUR."""
    own_kwh: float | None
    """Part of the load's energy that the house would otherwise have exported."""
    reason: PlanReason
    is_late: bool = False
    """Whether the load ends after the time that was asked for, even if it starts now."""


class StartCosts(NamedTuple):
    """Costs in EUR of a load by its start, one for each quarter-hour from now on."""

    start: datetime
    costs: Sequence[float]
    best: BestStart
    prices_of: OlderPrices | None
    """Older published prices that the costs use, None if they use none."""

    @property
    def can_differ(self) -> bool:
        """Return whether the start makes any difference."""
        return max(self.costs) - min(self.costs) >= _NO_DIFFERENCE_EUR


def costs_by_start(
    load: ConstantLoad,
    now: datetime,
    contracts: Contracts,
    market: Market,
    past: Iterable[QuarterHour],
) -> StartCosts | PlanLack:
    """Return what `load` costs if it starts now, or in a later quarter-hour until tomorrow's end.

    `past` are the quarter-hours of `LOOKED_BACK`, without the load itself. The starts end early
    where the price is not known yet, or where the load would not end in time.
    """
    first, profile = quarter_start(now), load.profile
    coming = coming_quarters(first, day_end(day_end(now)), contracts, market, usual_house(past))
    if isinstance(coming, PlanLack):
        return coming
    count = len(coming) - len(profile) + 1
    if count < 1:
        return PlanLack.PRICE
    if load.by is not None:
        last = load.by - timedelta(hours=load.hours)
        count = max(1, min(count, (last - first) // QUARTER_HOUR + 1))
    quarters, net = input_of_plan(coming)
    unnamed = Load("", sum(profile), load.kw, 0, count - 1 + len(profile), profile)
    kwh = plan_house(quarters, net, [unnamed]).loads[""].kwh
    planned = AddedCost.of(quarters, net, kwh)
    at_once = AddedCost.of(quarters, net, [*profile, *[0.0] * (len(net) - len(profile))])
    begin = first + next(n for n, energy in enumerate(kwh) if energy) * QUARTER_HOUR
    best = BestStart(
        begin,
        begin + timedelta(hours=load.hours),
        planned.cost,
        at_once.cost - planned.cost,
        planned.own_kwh,
        planned.reason_against(at_once),
    )
    older = OlderPrices.joined(at.prices_of for at in (coming[0], coming[-1]))
    return StartCosts(first, start_costs(unnamed, quarters, net), best, older)


def best_start(
    load: ConstantLoad, now: datetime, costs: StartCosts | PlanLack
) -> BestStart | PlanLack:
    """Return the best start of a load that must end in time.

    If no later start ends in time, it is now: also without a known price, and also too late.
    """
    first, duration = quarter_start(now), timedelta(hours=load.hours)
    if load.by is None or first + QUARTER_HOUR + duration <= load.by:
        return costs if isinstance(costs, PlanLack) else costs.best
    cost, own_kwh = (
        (None, None) if isinstance(costs, PlanLack) else (costs.best.cost, costs.best.own_kwh)
    )
    is_late = now + duration > load.by
    return BestStart(first, first + duration, cost, 0.0, own_kwh, PlanReason.DEADLINE, is_late)
