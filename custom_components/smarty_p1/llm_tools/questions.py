"""Questions that assistants can ask about a meter, each with its fields and its answer."""

from collections.abc import Mapping
from typing import Any

import voluptuous as vol
from homeassistant.core import ServiceCall

from ..answer_queue import async_aside, demand_of
from ..lib.answers.bills import shown_bill
from ..lib.answers.facts import bill_facts
from ..services.bill import ATTR_MONTH, month_named
from ..services.meter_of_call import async_in_turn, async_readable_meter
from .meter_tool import MeterQuestion

_MONTH = vol.All(str, vol.Length(max=20))


async def _async_bill(call: ServiceCall) -> Mapping[str, Any]:
    coordinator = await async_readable_meter(call)

    async def answer() -> dict[str, Any]:
        demand = demand_of(coordinator)
        bill = await async_aside(
            call.hass, shown_bill, month_named(demand, call.data.get(ATTR_MONTH)), demand
        )
        return bill_facts(bill)

    return await async_in_turn(call, coordinator, answer)


QUESTIONS = (
    MeterQuestion(
        "bill",
        "Electricity bill of a month (default: the current month): total, parts and lines in EUR, "
        "energy in kWh, forecast of the month's end.",
        {vol.Optional(ATTR_MONTH, description="YYYY-MM"): _MONTH},
        _async_bill,
    ),
)
