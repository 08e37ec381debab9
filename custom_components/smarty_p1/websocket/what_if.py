"""Command that returns the yearly value of a battery."""

from typing import Any

from homeassistant.helpers.json import json_bytes

from ..answer_queue import async_what_if
from ..coordinator import BooksCoordinator
from ..lib.advice.what_if_year import MIN_DAYS, WhatIfError
from ..services.what_if import BATTERY
from .requests import Request, meter_command


@meter_command("what_if", BATTERY, lambda *_: True)
async def try_battery(coordinator: BooksCoordinator, msg: Request) -> bytes:
    """Return the yearly value of a battery, or the reason why it is unknown."""
    answer: dict[str, Any] = {"what_if": None, "refusal": None}
    try:
        answer["what_if"] = await async_what_if(coordinator, msg)
    except WhatIfError as err:
        refusal = {"reason": err.reason.value, "days": err.days, "least_days": MIN_DAYS}
        answer["refusal"] = refusal
    return json_bytes(answer)
