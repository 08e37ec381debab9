"""The command that tells a meter's days: sums, the highest quarter-hour, and what each has cost.

The costs of a month's days add up to its bill: a day costs what the bill until its end has more
than that until its beginning. So it has its share of the fixed prices, also where nothing was
measured.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import voluptuous as vol
from homeassistant.helpers import config_validation as cv

from ..coordinator.meter_coordinator import SmartyCoordinator
from ..lib.tariff import (
    BILL_LINES,
    LUXEMBOURG,
    PER_MONTH,
    QUARTER_HOUR,
    Bill,
    Contracts,
    Demand,
    Month,
    above_contract,
    bill,
    day_end,
    day_start,
)
from ..services.bill import known_months
from .known_quarter_hours import QuarterHours, async_known_quarter_hours
from .requests import Request, async_rendered, demand_of, meter_command

MOST_DAYS = 400
_FIXED = [name for name, kind in BILL_LINES.items() if kind.unit == PER_MONTH]


def _is_past(coordinator: SmartyCoordinator, msg: Request) -> bool:
    """Return whether all the days that are asked for have passed."""
    end: date = msg.get("end", date.max)
    return end <= demand_of(coordinator).until.astimezone(LUXEMBOURG).date()


@meter_command(
    "days", {vol.Optional("start"): cv.date, vol.Optional("end"): cv.date}, is_kept=_is_past
)
async def days(coordinator: SmartyCoordinator, msg: Request) -> bytes:
    """Answer with the days from `start` to the day before `end`: without these, of this month."""
    hass = coordinator.hass
    known = await async_known_quarter_hours(coordinator)
    demand = demand_of(coordinator)
    start = msg.get("start", demand.month.start.date())
    return await async_rendered(hass, _rendered, demand, known, start, msg.get("end", date.max))


def _rendered(demand: Demand, known: QuarterHours, start: date, end: date) -> dict[str, Any]:
    found = [
        day
        for month in known_months(demand)
        if month.end.date() > start and month.start.date() < end
        for day in _days(month, demand.contracts, demand.until, known)
        if start.isoformat() <= day["day"] < end.isoformat()
    ]
    return {"days": found[-MOST_DAYS:]}


def _days(
    month: Month, contracts: Contracts, until: datetime, known: QuarterHours
) -> Iterator[dict[str, Any]]:
    """Yield the days of a month that have begun."""
    until = min(until, month.end)
    start = day_start(month.since or month.start)
    before = _bill_until(month, contracts, start)
    while start < until:
        end = min(day_end(start), until)
        due = _bill_until(month, contracts, end)
        cost, fixed, feed_in = (
            _more(before.total, due.total),
            _more(before.amount(*_FIXED), due.amount(*_FIXED)),
            _more(before.amount("feed_in"), due.amount("feed_in")),
        )
        used = None if cost is None or fixed is None else round(cost - fixed - (feed_in or 0.0), 2)
        yield {
            "day": start.astimezone(LUXEMBOURG).date().isoformat(),
            "start": start.isoformat(),
            "end": day_end(start).isoformat(),
            **_sums(month, contracts, start, end, known),
            "cost": cost,
            "cost_used": used,
            "cost_fixed": fixed,
            "cost_above": _more(before.amount("surcharge"), due.amount("surcharge")),
            "feed_in": feed_in,
        }
        before, start = due, day_end(start)


def _bill_until(month: Month, contracts: Contracts, time: datetime) -> Bill:
    """Return the bill of what has passed of a month until a midnight, or until now."""
    passed = tuple(day for day in month.days if day.start < time)
    return bill(replace(month, days=passed), contracts, time)


def _more(before: float | None, after: float | None) -> float | None:
    return None if before is None or after is None else round(after - before, 2) or 0.0


def _sums(
    month: Month, contracts: Contracts, start: datetime, end: datetime, known: QuarterHours
) -> dict[str, Any]:
    """Return what came on a day, which has a record for each of its contracts."""
    records = [day for day in month.days if start <= day.start < end]
    own_kw = contracts.at(start).reference_kw
    above = above_contract(records, contracts)
    peak = known.peak(start, day_end(start))
    return {
        "imported_wh": round(sum(day.imported_wh for day in records)) if records else None,
        "exported_wh": round(sum(day.exported_wh for day in records)) if records else None,
        "quarter_hours": sum(day.quarter_hours for day in records),
        "platform_quarter_hours": sum(day.platform_quarter_hours for day in records),
        "estimated_quarter_hours": sum(day.estimated_quarter_hours for day in records),
        "of_quarter_hours": (end - start) // QUARTER_HOUR,
        "reference_kw": own_kw,
        "quarter_hours_above": above.quarter_hours,
        "above_wh": round(above.energy_wh),
        "peak": peak and {"start": peak.start.isoformat(), "mean_kw": round(peak.mean_kw, 3)},
    }
