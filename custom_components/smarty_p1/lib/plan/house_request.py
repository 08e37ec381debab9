"""Request of a plan for a house, and its plan with the quarter-hours and loads it is made of.

planned = planned_house(PlanQuestion(now, contracts, market, past, [LoadWish("car", 12.0, 11.0)]))
planned.runs(load), planned.costs(load)
"""

from collections.abc import Sequence
from datetime import datetime
from math import ceil, inf
from typing import NamedTuple

from ..history.luxembourg_time import QUARTER_HOUR, day_end, quarter_start
from ..history.quarter_hour import QuarterHour
from ..prices.contract import Contracts
from .added_cost import AddedCost, PlanReason
from .announced_starts import plan_as_announced
from .coming_quarters import (
    ComingQuarter,
    Market,
    PlanLack,
    coming_quarters,
    input_of_plan,
    with_day_before,
)
from .daily_load import Run
from .house_battery import HouseBattery
from .house_plan import HousePlan, plan_house, total
from .next_kwh_price import NO_KWH, Quarter
from .planned_load import Load, at_once, constant_profile
from .usual_house import usual_house

_END_VALUE = 0.85


class LoadWish(NamedTuple):
    """Load as a user enters it."""

    name: str
    kwh: float
    max_kw: float = 0.0
    min_kw: float = 0.0
    hours: float | None = None
    """Duration of a load that runs through. None if it may pause."""
    begin: datetime | None = None
    by: datetime | None = None
    measured_by: str | None = None
    """Id of its own statistics. Their energy is left out of the past."""
    others: tuple[str, ...] = ()
    """Ids of further statistics whose energy is left out of the past."""
    announced_start: datetime | None = None
    """Start that was announced, and that should be kept."""
    is_running: bool = False
    """Whether it runs now."""
    since: datetime | None = None
    """Time since which it could run in the current quarter-hour, None for now."""
    is_at_once: bool = False
    """Whether it begins at once and runs with its full power, whatever the deadline is."""

    def load(self, start: datetime, count: int) -> Load:
        """Return the load in a plan of `count` quarter-hours from `start` on.

        The quarter-hour of the deadline counts only if the load otherwise lacks time. A load that
        runs through and cannot end in time has just enough time.
        """
        first = 0 if self.begin is None else max(0, -((start - self.begin) // QUARTER_HOUR))
        profile: tuple[float, ...] = ()
        if self.hours is None:
            needed = first + ceil(self.kwh / self.max_kw * 4 - NO_KWH)
        else:
            profile = constant_profile(self.kwh, self.hours)
            needed = first + len(profile)
        end = count
        if self.is_at_once:
            end = needed
        elif self.by is not None:
            last = -((start - self.by) // QUARTER_HOUR)
            end = max((self.by - start) // QUARTER_HOUR, needed if profile else min(last, needed))
        return Load(
            self.name,
            self.kwh,
            self.max_kw,
            first,
            min(end, count),
            profile,
            self.is_running,
            self.min_kw,
        )


class BatteryWish(NamedTuple):
    """Battery as a user enters it."""

    battery: HouseBattery
    measured_by: str | None = None
    """Id of the statistics of its power. This power is left out of the past."""
    positive_charges: bool = True


class PlanQuestion(NamedTuple):
    """Request of a plan."""

    now: datetime
    contracts: Contracts
    market: Market
    past: Sequence[QuarterHour]
    """Quarter-hours of the last weeks, without the loads themselves."""
    wishes: Sequence[LoadWish]
    battery: HouseBattery | None = None
    never_above_kw: float = inf
    """Mean power of the house above which no load is planned."""
    is_certain: bool = True
    """Whether nothing is planned without prices or usual days."""


class PlannedHouse(NamedTuple):
    """Plan with the quarter-hours and loads that it is made of."""

    now: datetime
    coming: Sequence[ComingQuarter]
    loads: Sequence[Load]
    wishes: Sequence[LoadWish]
    plan: HousePlan
    first_unknown: datetime | None
    """Start of the first quarter-hour whose market price is not known yet."""
    lacks: frozenset[PlanLack] = frozenset()
    """Data that the plan goes without."""

    @property
    def net(self) -> list[float]:
        """Return the planned net import of each quarter-hour, in kWh."""
        return total(input_of_plan(self.coming)[1], self.plan.loads, self.plan.battery)

    def is_priced_until(self, end: datetime) -> bool:
        """Return whether all prices until a time are known."""
        is_priced = self.first_unknown is None or end <= self.first_unknown
        return is_priced and PlanLack.PRICE not in self.lacks

    def runs(self, load: Load) -> list[Run]:
        """Return begin and end of the runs of a load. One that runs through may end earlier."""
        start, planned = self.coming[0].start, self.plan.loads[load.name]
        runs = []
        for begin, end in planned.runs:
            short = 1 - planned.kwh[end - 1] / load.profile[0] if load.profile else 0.0
            runs.append(Run(start + begin * QUARTER_HOUR, start + (end - short) * QUARTER_HOUR))
        return runs

    def mean_kw(self, load: Load) -> float:
        """Return the mean power of the runs of a load. Return 0 without a run."""
        planned = self.plan.loads[load.name]
        quarters = sum(end - begin for begin, end in planned.runs)
        return 4 * sum(planned.kwh) / quarters if quarters else 0.0

    def missing_kwh(self, load: Load) -> float:
        """Return the energy that a load does not get before its deadline."""
        missing = self.plan.loads[load.name].missing_kwh
        [wish] = [wish for wish in self.wishes if wish.name == load.name]
        if wish.by is None:
            return missing
        since = max(self.coming[0].start, wish.begin or wish.since or self.now)
        most = load.profile[0] if load.profile else load.max_kw / 4
        possible = most * max(0.0, (wish.by - since) / QUARTER_HOUR)
        late = max(0.0, load.kwh - possible)
        # Energy that does not fit into the first quarter-hours after a start at once comes later.
        return late if wish.is_at_once else max(missing, late)

    def costs(self, load: Load) -> tuple[AddedCost, AddedCost]:
        """Return the cost of a load as planned and at once, with the rest of the plan.

        Both have the planned energy: energy that does not fit saves nothing.
        """
        kwh, (quarters, others) = self.plan.loads[load.name].kwh, self._others(load)
        both = kwh, at_once(load._replace(kwh=sum(kwh)), len(kwh))
        planned, naive = (AddedCost.of(quarters, others, energies) for energies in both)
        return planned, naive

    def _others(self, load: Load) -> tuple[Sequence[Quarter], list[float]]:
        """Return the quarter-hours, and the net import without a load in kWh."""
        kwh, (quarters, _) = self.plan.loads[load.name].kwh, input_of_plan(self.coming)
        return quarters, [net - own for net, own in zip(self.net, kwh, strict=True)]

    def reason(self, load: Load) -> PlanReason | None:
        """Return why a load does not begin earlier, otherwise why it does not run at once.

        It is the largest part of the saving against the cheapest plan that begins earlier.
        """
        planned, other = self.costs(load)
        result, (quarters, others) = self.plan.loads[load.name], self._others(load)
        begin = result.runs[0][0] if result.runs else load.first
        if other.cost > planned.cost and begin > load.first:
            end = begin + max(0, len(load.profile) - 1)
            before = load._replace(kwh=sum(result.kwh), end=end, pause=None)
            earlier = plan_house(quarters, others, [before]).loads[load.name]
            if not earlier.missing_kwh:
                other = AddedCost.of(quarters, others, earlier.kwh)
        return planned.reason_against(other)


def planned_house(question: PlanQuestion) -> PlannedHouse | PlanLack:
    """Return the plan of a house.

    The plan ends with tomorrow, or with the last wish. A price that the market has not published
    yet is the price of the day before. Return a `PlanLack` if nothing can be planned.
    """
    start = quarter_start(question.now)
    end = day_end(day_end(start))
    end = max([end, *(wish.by or end for wish in question.wishes)])
    market = with_day_before(question.market)
    usual, is_certain = usual_house(question.past), question.is_certain
    priced_until = _priced_until(question, start, end)
    known, lacks = coming_quarters(
        start, end, question.contracts, market, usual, priced_until=priced_until
    )
    if is_certain and lacks:
        return min(lacks, key=[*PlanLack].index)
    max_kwh = question.never_above_kw / 4
    coming = [at._replace(quarter=at.quarter._replace(max_kwh=max_kwh)) for at in known]
    loads = [wish.load(start, len(coming)) for wish in question.wishes]
    quarters, net = input_of_plan(coming)
    battery = question.battery and question.battery._replace(end_value=_end_value(quarters))
    plan = plan_as_announced(quarters, net, loads, _told(question.wishes, start), battery)
    unknown = (at.start for at in coming if market(at.start) != question.market(at.start))
    return PlannedHouse(
        question.now, coming, loads, question.wishes, plan, next(unknown, None), lacks
    )


def _priced_until(question: PlanQuestion, start: datetime, end: datetime) -> datetime:
    """Return the time until which prices must be known. A car by 7:00 needs no later ones."""
    needed = [] if question.is_certain else [wish.by or end for wish in question.wishes]
    return max([start + QUARTER_HOUR, *needed])


def _end_value(quarters: Sequence[Quarter]) -> float:
    """Return the worth of a stored kWh: that of a cheap kWh of the next days, minus the loss."""
    return _END_VALUE * sorted(quarter.price for quarter in quarters)[len(quarters) // 4]


def _told(wishes: Sequence[LoadWish], start: datetime) -> dict[str, int]:
    """Return the quarter-hours of announced starts.

    A start that is overdue is kept from now on, until the load runs.
    """
    return {
        wish.name: max(0, (wish.announced_start - start) // QUARTER_HOUR)
        for wish in wishes
        if wish.announced_start and (wish.announced_start >= start or not wish.is_running)
    }
