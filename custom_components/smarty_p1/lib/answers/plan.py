"""Answers with the plan of a house: as data, or as the settings that evcc takes."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from math import ceil, inf

from ..history.luxembourg_time import QUARTER_HOUR, local_text, quarter_start
from ..json_types import JsonDict
from ..plan.added_cost import PlanReason
from ..plan.coming_quarters import PlanLack
from ..plan.house_request import LoadWish, PlannedHouse
from ..plan.next_kwh_price import NO_KWH
from ..plan.planned_load import Load
from ..prices.published_prices import OlderPrices
from .outlook import FORMAT_EVCC, FORMAT_JSON

MIN_SAVING = 0.05
"""Smallest saving in EUR that is worth a change."""


def _as_json(planned: PlannedHouse) -> JsonDict:
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


def _load(planned: PlannedHouse, load: Load) -> JsonDict:
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
        "reason": planned.reason(load),
        "missing_kwh": round(planned.missing_kwh(load), 2),
        "runs": runs,
    }


def best_start_report(
    planned: PlannedHouse | PlanLack, wish: LoadWish, now: datetime
) -> JsonDict | PlanLack:
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


def _unpriced(start: datetime, end: datetime) -> JsonDict:
    """Return a start now whose cost is unknown."""
    times = {"start": local_text(start), "end": local_text(end)}
    return {**times, "cost": None, "saving": 0.0, "own_kwh": None, "reason": PlanReason.DEADLINE}


def _as_evcc(planned: PlannedHouse) -> JsonDict:
    """Return the settings of evcc's loadpoints, under the names of evcc's own state.

    evcc compares its limit with the price of the grid, which has no surcharge. So the limit is the
    highest price of a quarter-hour in which the load takes energy from the grid.
    """
    return {"loadpoints": [_loadpoint(planned, wish) for wish in planned.wishes]}


def _loadpoint(planned: PlannedHouse, wish: LoadWish) -> JsonDict:
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


PLAN_FORMATS: dict[str, Callable[[PlannedHouse], JsonDict]] = {
    FORMAT_JSON: _as_json,
    FORMAT_EVCC: _as_evcc,
}
