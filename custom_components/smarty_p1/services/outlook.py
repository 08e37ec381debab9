"""Action that returns the prices of the next 48 hours, and the power that is usually left.

The power that is left is the reference power minus the usual imported power. The answer is JSON, or
has the format of a forecast for EMHASS or evcc (`lib/answers/outlook.py`).
"""

from collections.abc import Callable
from datetime import datetime

import voluptuous as vol
from homeassistant.core import ServiceCall, ServiceResponse
from homeassistant.util import dt as dt_util

from ..answer_queue import async_aside, async_quarter_hours, demand_of
from ..coordinator import BooksCoordinator
from ..coordinator.market_prices import async_prices_ahead
from ..lib.advice import LOOKED_BACK
from ..lib.answers import FORMAT_JSON, OUTLOOK_FORMATS, outlook_report
from ..lib.history import MarketPrices, day_start
from ..lib.prices import PricesAhead
from .meter_of_call import METER, async_in_turn, async_readable_meter

ATTR_FORMAT = "format"
SCHEMA = vol.Schema(
    {
        **METER,
        vol.Optional(ATTR_FORMAT, default=FORMAT_JSON): vol.In([*OUTLOOK_FORMATS]),
    }
)


async def get_outlook(call: ServiceCall) -> ServiceResponse:
    """Return the quarter-hours of the next 48 hours, beginning with the current quarter-hour.

    docs/tariff-actions.md describes the answer. Raises ServiceValidationError if the meter does not
    exist, if no energy was read yet, or if the user has too many questions in the queue. Raises
    Unauthorized if the user may not read the meter.
    """
    coordinator = await async_readable_meter(call)
    now = dt_util.utcnow()
    # Get the market prices before waiting in the queue of answers. Otherwise, the answers of other
    # users would have to wait until Nord Pool responds, which may take seconds.
    market = await _async_market(coordinator, now)

    async def answer() -> ServiceResponse:
        contracts, today = demand_of(coordinator).contracts, day_start(now)
        past = await async_quarter_hours(coordinator, today - LOOKED_BACK, today)
        name = call.data[ATTR_FORMAT]
        return await async_aside(call.hass, outlook_report, name, now, contracts, market, past)

    return await async_in_turn(call, coordinator, answer)


async def _async_market(
    coordinator: BooksCoordinator, now: datetime
) -> Callable[[datetime], MarketPrices]:
    """Return a function that takes the start of a quarter-hour and returns its market prices."""
    entities, meter = coordinator.books.market.entities, coordinator.books.memory.demand_meter
    series: dict[str, PricesAhead] = {}
    for entity_id in {*entities(), *entities(is_before_change=True)} - {None}:
        series[str(entity_id)] = await async_prices_ahead(coordinator.hass, str(entity_id), now)

    def prices(start: datetime) -> MarketPrices:
        chosen = entities(is_before_change=meter.is_before_change(start))
        return MarketPrices(*(series.get(entity or "", {}).get(start) for entity in chosen))

    return prices
