"""Command that returns a household's year now and with changes."""

from typing import Any

import voluptuous as vol
from homeassistant.helpers.json import json_bytes

from ..answer_queue import async_download_prices, async_markets, async_what_if
from ..coordinator import BooksCoordinator
from ..lib.advice.what_if_year import MIN_DAYS, WhatIfError
from ..lib.answers.what_if_changes import FEED_IN_PRICE
from ..services.what_if_changes import CHANGES, schema_of
from .requests import Request, meter_command

_FIELDS = {
    vol.Required("changes"): CHANGES,
    vol.Optional("feed_in_price"): schema_of(FEED_IN_PRICE),
}


async def _async_with_prices(coordinator: BooksCoordinator, msg: Request) -> Request:
    try:
        await async_download_prices(coordinator, msg["changes"])
    except WhatIfError as err:
        return {**msg, "refusal": err}
    return msg


@meter_command("what_if", _FIELDS, lambda *_: True, prepare=_async_with_prices)
async def answer_what_if(coordinator: BooksCoordinator, msg: Request) -> bytes:
    """Return the year now and with changes, or the reason why it is unknown."""
    markets = await async_markets(coordinator)
    answer: dict[str, Any] = {"what_if": None, "refusal": None, "markets": markets}
    try:
        if "refusal" in msg:
            raise msg["refusal"]
        answer["what_if"] = await async_what_if(
            coordinator, msg["changes"], msg.get("feed_in_price")
        )
    except WhatIfError as err:
        refusal = {"reason": err.reason.value, "days": err.days, "least_days": MIN_DAYS}
        answer["refusal"] = refusal
    return json_bytes(answer)
