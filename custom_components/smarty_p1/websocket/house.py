"""Command that returns a house's consumption, and the part that did not come from the grid."""

from datetime import datetime, timedelta
from typing import Any

import voluptuous as vol
from homeassistant.util import dt as dt_util

from ..answer_queue import (
    async_aside,
    async_known_quarter_hours,
    async_market_prices,
    demand_of,
)
from ..coordinator import BooksCoordinator
from ..coordinator.garbage_collection import without_collection
from ..coordinator.house_sources import (
    BATTERY,
    SOLAR,
    HouseSource,
    async_devices,
    async_house_sources,
    async_house_supplies,
)
from ..lib.advice.energy_shares import HouseSources
from ..lib.advice.night_load import lowest_quarters
from ..lib.answers.habits import SuppliedHouse
from ..lib.answers.house import first_day_of_house, house_report
from ..lib.answers.shares import MONTH, YESTERDAY, period_of, shares_report
from ..lib.bill.household_state import HouseholdState
from ..lib.history.calendar import quarter_start
from .requests import Request, async_rendered, meter_command

# The recorder writes five-minute statistics ten seconds after the end of the five minutes. So wait
# for longer than ten seconds.
_RECORDER_DELAY = timedelta(seconds=30)


@meter_command("house")
async def answer_house(coordinator: BooksCoordinator, _msg: Request) -> bytes:
    """Return the consumption of a house on each day and in each month, as the object `house`.

    `house` is None if no inverter was chosen.
    """
    hass, demand = coordinator.hass, demand_of(coordinator)
    sources = await async_house_sources(hass, coordinator.config_entry)
    solar, batteries = _of_kind(sources, SOLAR), _of_kind(sources, BATTERY)
    coordinator.books.house_powers = {
        kind: [source.power for source in of_kind]
        for kind, of_kind in ((SOLAR, solar), (BATTERY, batteries))
    }
    if not solar:
        return await async_rendered(hass, lambda: {"house": None})
    until = supplied_until(demand)
    start = first_day_of_house(demand)
    supplies, difference = await async_house_supplies(coordinator, sources, start, until)
    market = await async_market_prices(coordinator, start, until)
    meter = coordinator.books.household
    own = meter.columns, meter.leneda
    report = await async_aside(
        hass, without_collection(house_report), demand, own, supplies, market, until
    )
    answer = {
        "solar": [_shown(source) for source in solar],
        "battery": [_shown(source) | {"capacity_kwh": source.capacity_kwh} for source in batteries],
        "home_difference": difference if difference is None else round(difference, 3),
        **report,
    }
    return await async_rendered(hass, lambda: {"house": answer})


def supplied_until(demand: HouseholdState) -> datetime:
    """Return the start of the quarter-hour until which meter and statistics are known."""
    return min(demand.quarter_start, quarter_start(dt_util.utcnow() - _RECORDER_DELAY))


async def async_supplied_house(
    coordinator: BooksCoordinator, start: datetime
) -> SuppliedHouse | None:
    """Return inverters and batteries with their energy since `start`, None without an inverter."""
    sources = await async_house_sources(coordinator.hass, coordinator.config_entry)
    if not _of_kind(sources, SOLAR):
        return None
    until = supplied_until(demand_of(coordinator))
    supplies, _ = await async_house_supplies(coordinator, sources, start, until)
    return SuppliedHouse(supplies, until)


def _of_kind(sources: list[HouseSource], kind: str) -> list[HouseSource]:
    return [source for source in sources if source.kind == kind]


def _shown(source: HouseSource) -> dict[str, Any]:
    return {"energy": source.delivered, "power": source.power}


@meter_command(
    "shares",
    {vol.Required("period"): vol.In((YESTERDAY, MONTH))},
    is_kept=lambda *_: True,
    # The devices of the Energy dashboard can change at any time.
    is_until_now=True,
)
async def answer_shares(coordinator: BooksCoordinator, msg: Request) -> bytes:
    """Return what devices, base load and the rest used yesterday or this month, and its cost."""
    hass, demand = coordinator.hass, demand_of(coordinator)
    start, _ = period_of(msg["period"], demand)
    known = await async_known_quarter_hours(coordinator, demand)
    nights = await async_aside(hass, lowest_quarters, known, demand.time)
    house = await async_supplied_house(coordinator, start)
    sources = HouseSources(
        house.supplies if house else (),
        await async_devices(hass, coordinator.config_entry, start, supplied_until(demand), nights),
    )
    report = without_collection(shares_report)
    return await async_rendered(hass, report, demand, known, sources, msg["period"])
