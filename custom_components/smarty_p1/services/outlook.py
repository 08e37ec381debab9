"""The action that returns what the next 48 hours cost, and how much power they leave free.

As data, or as what EMHASS and evcc read. Neither knows a price that is not known: such
quarter-hours are left out for them.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import voluptuous as vol
from homeassistant.core import ServiceCall, ServiceResponse
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util

from ..answers import async_aside
from ..const import DOMAIN
from ..coordinator.market_prices_ahead import async_prices_ahead
from ..coordinator.meter_coordinator import SmartyCoordinator
from ..lib.reports import FORMAT_JSON, OUTLOOK_FORMATS
from ..lib.tariff import (
    LOOKED_BACK,
    ComingQuarterHour,
    MarketPrices,
    PricesAhead,
    day_start,
    quarter_hours_ahead,
    usual_import,
)
from .bill import demand_of
from .meter_of_call import METER, async_in_turn, async_readable_meter

type Market = Callable[[datetime], MarketPrices]
type Render = Callable[[Sequence[ComingQuarterHour]], dict[str, Any]]

ATTR_FORMAT = "format"

SCHEMA = vol.Schema(
    {
        **METER,
        vol.Optional(ATTR_FORMAT, default=FORMAT_JSON): vol.In([*OUTLOOK_FORMATS]),
    }
)


async def get_outlook(call: ServiceCall) -> ServiceResponse:
    """Return the quarter-hours of the next 48 hours, from the current one on.

    Prices are in euro per kWh, as the sensors say them: that of an imported one with VAT and
    without the surcharge. `left_kw` is the reference power less what is usually imported then.
    What is not known is null, and `unknown` says why. `prices_of` is the month of the published
    prices, where there are no later ones.

    Raises ServiceValidationError when there is no such meter, nothing has been counted yet, or the
    user waits for too many answers, Unauthorized when the user may not read the meter, and
    HomeAssistantError when the stored files cannot be read.
    """
    coordinator = await async_readable_meter(call)
    demand_of(coordinator)
    now = dt_util.utcnow()
    # Not in turn: it may wait for the network.
    market = await _async_market(coordinator, now)
    render = OUTLOOK_FORMATS[call.data[ATTR_FORMAT]]
    make = partial(_async_told, coordinator, now, market, render)
    return await async_in_turn(call, coordinator, make)


async def _async_told(
    coordinator: SmartyCoordinator, now: datetime, market: Market, render: Render
) -> dict[str, Any]:
    demand = demand_of(coordinator)
    today = day_start(now)
    try:
        past, _ = await coordinator.books.past.async_quarter_hours(today - LOOKED_BACK, today)
    except OSError as err:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="quarter_hours_unreadable",
            translation_placeholders={"error": str(err.strerror)},
        ) from err

    def answer() -> dict[str, Any]:
        return render([*quarter_hours_ahead(now, demand.contracts, market, usual_import(past))])

    return await async_aside(coordinator.hass, answer)


async def _async_market(coordinator: SmartyCoordinator, now: datetime) -> Market:
    """Return what tells the market's prices of a quarter-hour."""
    entities, meter = coordinator.books.market.entities, coordinator.books.memory.demand_meter
    known: dict[str, PricesAhead] = {}
    for entity_id in {*entities(), *entities(is_before_change=True)} - {None}:
        known[str(entity_id)] = await async_prices_ahead(coordinator.hass, str(entity_id), now)

    def prices(start: datetime) -> MarketPrices:
        chosen = entities(is_before_change=meter.is_before_change(start))
        return MarketPrices(*(known.get(each or "", {}).get(start) for each in chosen))

    return prices
