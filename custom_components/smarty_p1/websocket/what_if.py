"""Command that returns a household's year now and with changes."""

from typing import Any

import voluptuous as vol
from homeassistant.helpers.json import json_bytes

from ..answer_queue import async_what_if
from ..coordinator import BooksCoordinator
from ..lib.advice.what_if_year import MIN_DAYS, WhatIfError
from ..lib.answers.what_if_changes import FEED_IN_PRICE
from ..services.what_if_changes import CHANGES, number_of
from .requests import Request, meter_command

_FIELDS = {
    vol.Required("changes"): CHANGES,
    vol.Optional("feed_in_price"): number_of(FEED_IN_PRICE),
}


@meter_command("what_if", _FIELDS, lambda *_: True)
async def answer_what_if(coordinator: BooksCoordinator, msg: Request) -> bytes:
    """Return the year now and with changes, or the reason why it is unknown."""
    answer: dict[str, Any] = {"what_if": None, "refusal": None, "markets": []}
    try:
        answer["what_if"] = await async_what_if(
            coordinator, msg["changes"], msg.get("feed_in_price")
        )
    except WhatIfError as err:
        refusal = {"reason": err.reason.value, "days": err.days, "least_days": MIN_DAYS}
        answer["refusal"] = refusal
    return json_bytes(answer)
