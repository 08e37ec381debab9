"""Action that returns the start at which a load costs least."""

from collections.abc import Mapping
from typing import Any

import voluptuous as vol
from homeassistant.core import ServiceCall, ServiceResponse
from homeassistant.util import dt as dt_util

from ..answer_queue import async_market_ahead, async_start_costs
from ..lib.advice.best_start import (
    MAX_LOAD_HOURS,
    MAX_LOAD_KW,
    MIN_LOAD_HOURS,
    MIN_LOAD_KW,
    MIN_WHOLE_DAYS,
    Load,
    StartLack,
)
from ..lib.answers.best_start import best_start_report
from .meter_of_call import METER, async_in_turn, async_readable_meter, invalid, number

LOAD: Mapping[vol.Marker, Any] = {
    vol.Required("kw"): number(MIN_LOAD_KW, MAX_LOAD_KW),
    vol.Required("hours"): number(MIN_LOAD_HOURS, MAX_LOAD_HOURS),
}
"""Part of a schema for a load of constant power."""
SCHEMA = vol.Schema({**METER, **LOAD})

_REFUSED: Mapping[StartLack, str] = {
    StartLack.DAYS: "too_few_whole_days",
    StartLack.PRICE: "coming_price_missing",
}


async def get_best_start(call: ServiceCall) -> ServiceResponse:
    """Return the earliest start within a cent of the lowest cost until tomorrow's end.

    Raises ServiceValidationError if the meter does not exist, if days or prices are missing, or if
    the user has too many questions in the queue. Raises Unauthorized if the user may not read the
    meter.
    """
    coordinator = await async_readable_meter(call)
    now, load = dt_util.utcnow(), Load(call.data["kw"], call.data["hours"])
    # Get the prices before the queue, because Nord Pool's answer may take seconds.
    market = await async_market_ahead(coordinator, now)

    async def answer() -> ServiceResponse:
        costs = await async_start_costs(coordinator, load, now, market)
        if isinstance(costs, StartLack):
            raise invalid(
                translation_key=_REFUSED[costs],
                title=coordinator.config_entry.title,
                least=str(MIN_WHOLE_DAYS),
            )
        return best_start_report(costs.best)

    return await async_in_turn(call, coordinator, answer)
