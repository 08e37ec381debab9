"""Answers with the plan of a house: as data, or as the settings that evcc takes."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from math import ceil, inf
from typing import Any, NamedTuple

from ..history.luxembourg_time import QUARTER_HOUR, day_end, local_text, quarter_start
from ..history.quarter_hour import QuarterHour
from ..plan.added_cost import AddedCost, PlanReason
from ..plan.announced_starts import plan_as_announced
from ..plan.coming_quarters import (
    ComingQuarter,
    Market,
    PlanLack,
    coming_quarters,
    input_of_plan,
    with_day_before,
)
from ..plan.house_battery import HouseBattery
from ..plan.house_plan import HousePlan
from ..plan.next_kwh_price import NO_KWH, Quarter
from ..plan.planned_load import Load, at_once, constant_profile
from ..plan.usual_house import usual_house
from ..prices.contract import Contracts
from ..prices.published_prices import OlderPrices
from .outlook import FORMAT_EVCC, FORMAT_JSON

MIN_SAVING = 0.05
"""Smallest saving in EUR that is worth a change."""
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
    runs: bool = False
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
            self.runs,
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
        loads = [planned.kwh for planned in self.plan.loads.values()]
        _, usual = input_of_plan(self.coming)
        return [sum(parts) for parts in zip(usual, *loads, self.plan.battery, strict=True)]

    def runs(self, load: Load) -> list[tuple[datetime, datetime]]:
        """Return begin and end of the runs of a load. One that runs through may end earlier."""
        start, planned = self.coming[0].start, self.plan.loads[load.name]
        runs = []
        for begin, end in planned.runs:
            short = 1 - planned.kwh[end - 1] / load.profile[0] if load.profile else 0.0
            runs.append((start + begin * QUARTER_HOUR, start + (end - short) * QUARTER_HOUR))
        return runs

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
        kwh, (quarters, _) = self.plan.loads[load.name].kwh, input_of_plan(self.coming)
        others = [net - own for net, own in zip(self.net, kwh, strict=True)]
        both = kwh, at_once(load._replace(kwh=sum(kwh)), len(kwh))
        planned, naive = (AddedCost.of(quarters, others, energies) for energies in both)
        return planned, naive


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
    known, lacks = coming_quarters(
        start, end, question.contracts, market, usual, is_certain=is_certain
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
        if wish.announced_start and (wish.announced_start >= start or not wish.runs)
    }


def _as_json(planned: PlannedHouse) -> dict[str, Any]:
    coming, plan = planned.coming, planned.plan
    older = OlderPrices.joined(at.prices_of for at in (coming[0], coming[-1]))
    unknown = planned.first_unknown
    rows = [_load(planned, load) for load in planned.loads]
    return {
        **OlderPrices.answer(older),
        "prices_of_day_before_from": None if unknown is None else local_text(unknown),
        "can_differ": any(row["cost_at_once"] > row["cost"] for row in rows),
        "loads": rows,
        "quarter_hours": [
            {
                "start": local_text(at.start),
                "end": local_text(at.start + QUARTER_HOUR),
                "price_import": at.quarter.price,
                "price_export": at.quarter.feed_in,
                "usual_import_kw": round(at.usual.imported_kw, 3),
                "usual_export_kw": round(at.usual.exported_kw, 3),
                "loads_kw": {
                    name: _kw(load.kwh[n]) for name, load in plan.loads.items() if load.kwh[n]
                },
                "battery_kw": _kw(plan.battery[n]),
                "net_kw": _kw(net),
            }
            for n, (at, net) in enumerate(zip(coming, planned.net, strict=True))
        ],
    }


def _load(planned: PlannedHouse, load: Load) -> dict[str, Any]:
    result = planned.plan.loads[load.name]
    cost, naive = planned.costs(load)
    runs = [
        {
            "start": local_text(start),
            "end": local_text(end),
            "kwh": round(sum(result.kwh[slice(*run)]), 3),
        }
        for run, (start, end) in zip(result.runs, planned.runs(load), strict=True)
    ]
    return {
        "name": load.name,
        "start": runs[0]["start"] if runs else None,
        "end": runs[-1]["end"] if runs else None,
        "limit_price": None if result.limit_price == -inf else round(result.limit_price, 4),
        "cost": round(cost.cost, 2),
        "cost_at_once": round(naive.cost, 2),
        "saving": round(naive.cost - cost.cost, 2),
        "own_kwh": round(cost.own_kwh, 2),
        "reason": cost.reason_against(naive),
        "missing_kwh": round(planned.missing_kwh(load), 2),
        "runs": runs,
    }


def best_start_report(
    planned: PlannedHouse | PlanLack, wish: LoadWish, now: datetime
) -> dict[str, Any] | PlanLack:
    """Return the start of a load that runs through and is planned alone, in EUR and local time.

    If no later start ends in time, the start is now: also without a known price, and also too late.
    """
    first, duration = quarter_start(now), timedelta(hours=wish.hours or 0.0)
    by = wish.by or datetime.max.replace(tzinfo=UTC)
    is_last = first + QUARTER_HOUR + duration > by
    if isinstance(planned, PlanLack):
        if not is_last:
            return planned
        row = _unpriced(first, first + duration)
    else:
        row = _load(planned, planned.loads[0])
        row = row if row["start"] else _unpriced(first, first + duration)
    return {
        **{name: row[name] for name in ("start", "end", "cost", "saving")},
        "is_worth_waiting": row["saving"] >= MIN_SAVING,
        "own_kwh": row["own_kwh"],
        "reason": PlanReason.DEADLINE.value if is_last else row["reason"],
        "is_late": is_last and now + duration > by,
    }


def _unpriced(start: datetime, end: datetime) -> dict[str, Any]:
    """Return a start now whose cost is unknown."""
    times = {"start": local_text(start), "end": local_text(end)}
    return {**times, "cost": None, "saving": 0.0, "own_kwh": None, "reason": PlanReason.DEADLINE}


def _as_evcc(planned: PlannedHouse) -> dict[str, Any]:
    """Return the settings of evcc's loadpoints, under the names of evcc's own state.

    evcc compares its limit with the price of the grid, which has no surcharge. So the limit is the
    highest price of a quarter-hour in which the load takes energy from the grid.
    """
    return {"loadpoints": [_loadpoint(planned, wish) for wish in planned.wishes]}


def _loadpoint(planned: PlannedHouse, wish: LoadWish) -> dict[str, Any]:
    kwh = planned.plan.loads[wish.name].kwh
    prices = [
        at.quarter.price
        for at, own, net in zip(planned.coming, kwh, planned.net, strict=True)
        if own > NO_KWH and net > NO_KWH
    ]
    by = planned.coming[-1].start + QUARTER_HOUR if wish.by is None else wish.by
    return {
        "title": wish.name,
        # Rounded up, because a price equal to the limit must be below it.
        "smartCostLimit": ceil(max(prices) * 10_000) / 10_000 if prices else None,
        "planEnergy": round(wish.kwh, 3),
        # Older versions of evcc refuse a time with "+" in an address.
        "planTime": by.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def _kw(kwh: float) -> float:
    return round(kwh * 4, 3)


PLAN_FORMATS: dict[str, Callable[[PlannedHouse], dict[str, Any]]] = {
    FORMAT_JSON: _as_json,
    FORMAT_EVCC: _as_evcc,
}
