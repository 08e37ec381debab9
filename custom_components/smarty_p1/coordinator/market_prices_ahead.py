"""Market prices of today and tomorrow, as far as price entities know them.

Most price entities have these prices in their attributes. Home Assistant's Nord Pool integration
has an action instead, which sends a request to Nord Pool each time. So the action's answers are
cached. An answer without prices is cached for only 15 minutes.
"""

import asyncio
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple, cast

import voluptuous as vol
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN
from ..lib.tariff import (
    LUXEMBOURG,
    PricesAhead,
    agrees,
    prices_by_quarter,
    prices_of_attributes,
    quarter_start,
)
from .market_prices import MAX_PRICE, price_of, unit_factor

_NORDPOOL = "nordpool"
_NORDPOOL_ACTION = "get_prices_for_date"
# The unique id of a Nord Pool entity consists of its area and this key.
_NORDPOOL_KEY = "-current_price"
_PER_MWH = 0.001
_PATIENCE = 10.0
_AGAIN = timedelta(minutes=15)
_MAX_KEPT = 8


class _Question(NamedTuple):
    """Key of a cached answer: an area of Nord Pool, a day, and a config entry with its currency."""

    entry_id: str
    area: str
    day: date


class _Answer(NamedTuple):
    prices: PricesAhead
    asked_at: datetime


_ANSWERS: HassKey[dict[_Question, _Answer]] = HassKey(f"{DOMAIN}_nordpool_answers")
_ASKING: HassKey[asyncio.Lock] = HassKey(f"{DOMAIN}_nordpool_asking")


async def async_prices_ahead(hass: HomeAssistant, entity_id: str, now: datetime) -> PricesAhead:
    """Return the current and future prices of a kWh that an entity knows, by quarter-hour in UTC.

    The current price is the entity's state. Announced prices that contradict the state are left
    out. The result is empty if the state is not a price.
    """
    state = hass.states.get(entity_id)
    price_now = price_of(state)
    if state is None or price_now is None:
        return {}
    factor = unit_factor(state)
    assert factor is not None  # noqa: S101 - a state with a price has a factor
    prices = prices_of_attributes(state.attributes, factor, now, price_now, MAX_PRICE)
    if not prices and (ahead := await _async_of_nordpool(hass, entity_id, now)):
        price = ahead.get(quarter_start(now))
        prices = ahead if price is not None and agrees(price, price_now) else {}
    return {**prices, quarter_start(now): price_now}


async def _async_of_nordpool(hass: HomeAssistant, entity_id: str, now: datetime) -> PricesAhead:
    entity = er.async_get(hass).async_get(entity_id)
    if entity is None or entity.platform != _NORDPOOL or entity.config_entry_id is None:
        return {}
    if not entity.unique_id.endswith(_NORDPOOL_KEY):
        return {}
    area = entity.unique_id.removesuffix(_NORDPOOL_KEY)
    today = now.astimezone(LUXEMBOURG).date()
    # Nord Pool publishes tomorrow's prices at one o'clock, and never the prices of later days. So
    # request only today and tomorrow.
    days = (today, today + timedelta(days=1))
    prices: PricesAhead = {}
    # The lock makes simultaneous callers share one request to Nord Pool.
    async with hass.data.setdefault(_ASKING, asyncio.Lock()):
        for day in days:
            prices |= await _async_asked(hass, _Question(entity.config_entry_id, area, day), now)
    return prices


async def _async_asked(hass: HomeAssistant, question: _Question, now: datetime) -> PricesAhead:
    answers = hass.data.setdefault(_ANSWERS, {})
    last_answer = answers.get(question)
    if last_answer and (last_answer.prices or now - last_answer.asked_at < _AGAIN):
        return last_answer.prices
    rows: Sequence[object] = ()
    data = {
        "config_entry": question.entry_id,
        "date": question.day.isoformat(),
        "areas": [question.area],
    }
    try:
        async with asyncio.timeout(_PATIENCE):
            answer = await hass.services.async_call(
                _NORDPOOL, _NORDPOOL_ACTION, data, blocking=True, return_response=True
            )
    except HomeAssistantError, TimeoutError, vol.Invalid:
        answer = None
    if answer and isinstance(prices := answer.get(question.area), list):
        rows = cast("Sequence[object]", prices)
    answers[question] = _Answer(prices_by_quarter(rows, _PER_MWH, MAX_PRICE), now)
    while len(answers) > _MAX_KEPT:
        del answers[next(iter(answers))]
    return answers[question].prices
