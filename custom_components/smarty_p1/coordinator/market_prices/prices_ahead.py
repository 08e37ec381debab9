"""Prices of today and tomorrow in the lists of a price entity.

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

from ...const import DOMAIN
from ...lib.bounds import keep_newest
from ...lib.history.luxembourg_time import DAY, local_day, midnight, quarter_start
from ...lib.passed_pause import has_passed
from ...lib.prices.market_price_lists import (
    PricesAhead,
    agrees,
    end_of_published,
    prices_by_quarter,
    prices_of_attributes,
    published,
)
from .price_entities import price_of, unit_factor

_NORDPOOL = "nordpool"
_NORDPOOL_ACTION = "get_prices_for_date"
# The unique id of a Nord Pool entity consists of its area and this key.
_NORDPOOL_KEY = "-current_price"
_PER_MWH = 0.001
_PATIENCE = 10.0
ASK_AGAIN_AFTER = timedelta(minutes=15)
# Maximum time by which the clock of the program that reports a price may be ahead.
_MAX_CLOCK_LEAD = timedelta(seconds=30)
_MAX_KEPT = 8


class _Question(NamedTuple):
    """Key of a cached answer: a config entry of Nord Pool, an area and a day.

    The config entry is part of the key, because it determines the currency.
    """

    entry_id: str
    area: str
    day: date


class _Answer(NamedTuple):
    prices: PricesAhead
    asked_at: datetime


_ANSWERS: HassKey[dict[_Question, _Answer]] = HassKey(f"{DOMAIN}_nordpool_answers")
_ASKING: HassKey[asyncio.Lock] = HassKey(f"{DOMAIN}_nordpool_asking")


async def async_prices_ahead(hass: HomeAssistant, entity_id: str, now: datetime) -> PricesAhead:
    """Return the current and the future prices of a kWh from a price entity, in EUR.

    The prices are keyed by the start of the quarter-hour in UTC. The entity's state is the price of
    the quarter-hour in which the entity last reported it. The other prices come from its lists.
    Without a list, the state is the current price. The result is empty if the state is not a price.
    """
    prices, state = await async_listed_prices(hass, entity_id, now)
    return {quarter_start(now): state.price, **prices, state.quarter: state.price} if state else {}


class ReportedPrice(NamedTuple):
    """Price that an entity has reported last, and the quarter-hour in which it did."""

    quarter: datetime
    price: float


async def async_listed_prices(
    hass: HomeAssistant, entity_id: str, now: datetime
) -> tuple[PricesAhead, ReportedPrice | None]:
    """Return the prices in an entity's lists, and the reported price.

    A list is ignored if it has another price for the quarter-hour of the report, because it may
    have other taxes or units. So are prices that cannot be published yet. The second result is None
    if the state is not a price.
    """
    state = hass.states.get(entity_id)
    price = price_of(state)
    if state is None or price is None:
        return {}, None
    factor = unit_factor(state)
    assert factor is not None  # noqa: S101 - a state with a price has a factor
    # Some entities report a new price only seconds after the start of its quarter-hour. A program
    # with another clock may report it some seconds before the start.
    for delay in (_MAX_CLOCK_LEAD, timedelta(0)):
        reported = quarter_start(state.last_reported + delay)
        prices = prices_of_attributes(state.attributes, factor, reported, price)
        if prices:
            break
    if not prices and (ahead := await _async_of_nordpool(hass, entity_id, now)):
        listed = ahead.get(reported)
        prices = ahead if listed is not None and agrees(listed, price) else {}
    return published(prices, now), ReportedPrice(reported, price)


async def _async_of_nordpool(hass: HomeAssistant, entity_id: str, now: datetime) -> PricesAhead:
    entity = er.async_get(hass).async_get(entity_id)
    if entity is None or entity.platform != _NORDPOOL or entity.config_entry_id is None:
        return {}
    if not entity.unique_id.endswith(_NORDPOOL_KEY):
        return {}
    area = entity.unique_id.removesuffix(_NORDPOOL_KEY)
    today = local_day(now)
    # Nord Pool never publishes the prices of later days, so request only today and tomorrow.
    days = [day for day in (today, today + DAY) if midnight(day) < end_of_published(now)]
    prices: PricesAhead = {}
    # The lock makes simultaneous callers share one request to Nord Pool.
    async with hass.data.setdefault(_ASKING, asyncio.Lock()):
        for day in days:
            prices |= await _async_asked(hass, _Question(entity.config_entry_id, area, day), now)
    return prices


async def _async_asked(hass: HomeAssistant, question: _Question, now: datetime) -> PricesAhead:
    answers = hass.data.setdefault(_ANSWERS, {})
    last_answer = answers.get(question)
    if last_answer and (
        last_answer.prices or not has_passed(last_answer.asked_at, now, ASK_AGAIN_AFTER)
    ):
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
    answers[question] = _Answer(prices_by_quarter(rows, _PER_MWH), now)
    keep_newest(answers, _MAX_KEPT)
    return answers[question].prices
