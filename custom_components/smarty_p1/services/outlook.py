"""Action that returns the prices of the next 48 hours, and the power that is usually left.

The power that is left is the reference power minus the usual imported power. The answer is JSON, or
has the format of a forecast for EMHASS or evcc (`lib/answers/outlook.py`).
"""

import voluptuous as vol
from homeassistant.core import ServiceCall, ServiceResponse
from homeassistant.util import dt as dt_util

from ..computed_answers.answer_queue import async_aside
from ..computed_answers.planned_house import async_past_without
from ..coordinator.counted_household import household_state_of
from ..lib.answers.outlook import FORMAT_JSON, LOOKED_BACK, OUTLOOK_FORMATS, outlook_report
from ..lib.history.luxembourg_time import day_start
from .loads_of_call import ATTR_LOADS, LOADS, async_readable_loads
from .meter_of_call import METER, async_in_turn, async_market_of_call, async_readable_meter

ATTR_FORMAT = "format"
SCHEMA = vol.Schema(
    {
        **METER,
        **LOADS,
        vol.Optional(ATTR_FORMAT, default=FORMAT_JSON): vol.In([*OUTLOOK_FORMATS]),
    }
)


async def get_outlook(call: ServiceCall) -> ServiceResponse:
    """Return the quarter-hours of the next 48 hours, beginning with the current quarter-hour.

    docs/tariff-actions.md describes the answer. Raises ServiceValidationError if the meter does not
    exist, if no energy was read yet, if a load has no statistics, or if the user has too many
    questions in the queue. Raises Unauthorized if the user may not read the meter or a load.
    """
    coordinator = await async_readable_meter(call)
    now, loads = dt_util.utcnow(), await async_readable_loads(call, call.data[ATTR_LOADS])
    market = await async_market_of_call(call, coordinator, now)

    async def answer() -> ServiceResponse:
        contracts, today = household_state_of(coordinator).contracts, day_start(now)
        past = await async_past_without(coordinator, today - LOOKED_BACK, today, loads)
        name = call.data[ATTR_FORMAT]
        return await async_aside(call.hass, outlook_report, name, now, contracts, market, past)

    return await async_in_turn(call, coordinator, answer)
