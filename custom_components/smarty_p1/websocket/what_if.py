"""The command that tells what a battery would be worth."""

from typing import Any

from ..answers import async_known_quarter_hours
from ..coordinator.collector_pause import without_collection
from ..coordinator.market_history import async_market_hours
from ..coordinator.meter_coordinator import SmartyCoordinator
from ..lib.reports import what_if_report
from ..lib.tariff import MIN_DAYS, Demand, MarketHours, QuarterHours, WhatIfError
from ..services.what_if import BATTERY
from .requests import Request, async_rendered, demand_of, meter_command


@meter_command("what_if", BATTERY, lambda *_: True)
async def try_battery(coordinator: SmartyCoordinator, msg: Request) -> bytes:
    """Answer with what a battery would be worth, or why that cannot be said."""
    demand = demand_of(coordinator)
    known = await async_known_quarter_hours(coordinator, demand)
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
    try:
        return {"what_if": what_if_report(demand, known, market, msg), "refusal": None}
    except WhatIfError as err:
        refusal = {"reason": err.reason.value, "days": err.days, "least_days": MIN_DAYS}
        return {"what_if": None, "refusal": refusal}
