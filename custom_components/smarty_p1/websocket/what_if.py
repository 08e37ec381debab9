"""The command that tells what a battery would be worth."""

from typing import Any

from ..coordinator.collector_pause import without_collection
from ..coordinator.market_history import async_market_hours
from ..coordinator.meter_coordinator import SmartyCoordinator
from ..lib.tariff import LEAST_DAYS, Demand, MarketHours, WhatIfError, what_if
from ..services.what_if import BATTERY, battery_of, what_if_answer
from .known_quarter_hours import QuarterHours, async_known_quarter_hours
from .requests import Request, async_rendered, demand_of, meter_command


@meter_command("what_if", BATTERY, lambda *_: True)
async def try_battery(coordinator: SmartyCoordinator, msg: Request) -> bytes:
    """Answer with what a battery would be worth, or why that cannot be said."""
    known = await async_known_quarter_hours(coordinator)
    demand = demand_of(coordinator)
    market = await async_market_hours(
        coordinator.hass,
        coordinator.serial_number,
        demand.contracts,
        known.start,
        demand.month.start,
    )
    work = without_collection(_tried)
    return await async_rendered(coordinator.hass, work, demand, known, market, msg)


def _tried(
    demand: Demand, known: QuarterHours, market: MarketHours, msg: Request
) -> dict[str, Any]:
    quarters = known.between(known.start, demand.month.start)
    try:
        found = what_if(demand, quarters, battery_of(msg), market, msg.get("feed_in_price"))
    except WhatIfError as err:
        refusal = {"reason": err.reason.value, "days": err.days, "least_days": LEAST_DAYS}
        return {"what_if": None, "refusal": refusal}
    return {"what_if": what_if_answer(found), "refusal": None}
