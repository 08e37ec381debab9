"""Prices of a kWh on the market: the current price, the prices of today and tomorrow, past prices.

The current prices are states of the entities that the user has chosen in the options. Most of these
entities have the prices of today and tomorrow in their attributes. Home Assistant's Nord Pool
integration has an action instead, which sends a request to Nord Pool each time. So the action's
answers are cached. An answer without prices is cached for only 15 minutes.

A meter has price entities of its own. Their long-term statistics have the mean price of each past
hour, including the contract's additions to the market price. These additions are subtracted here.
The meter's own files have no market prices, only the costs of each day.
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from math import isfinite
from typing import NamedTuple, cast

import voluptuous as vol
from homeassistant.components.recorder.statistics import statistics_during_period
from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT
from homeassistant.core import HomeAssistant, State
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.recorder import get_instance
from homeassistant.util.hass_dict import HassKey

from ..const import CONF_ENERGY_PRICE_ENTITY, CONF_FEED_IN_PRICE_ENTITY, DOMAIN
from ..lib.history.calendar import LUXEMBOURG, quarter_start
from ..lib.history.market_prices import MarketHours, MarketPrices
from ..lib.prices.contract import Contracts
from ..lib.prices.kwh_price import KwhPrice, market_prices_of
from ..lib.prices.market_price_lists import (
    PricesAhead,
    agrees,
    prices_by_quarter,
    prices_of_attributes,
)
from .entered_contract import terms_from, terms_on
from .entry_types import AnyConfigEntry
from .garbage_collection import without_collection
from .statistics.hourly_statistics import RECORDER

# Highest price in euro per kWh that is accepted.
MAX_PRICE = 100.0
PRICE_ENTITIES = (CONF_ENERGY_PRICE_ENTITY, CONF_FEED_IN_PRICE_ENTITY)
"""Terms of a contract with the entities for the import price and for the feed-in price."""
_UNIT_FACTORS = {
    **dict.fromkeys(("EUR/kWh", "€/kWh"), 1.0),
    **dict.fromkeys(("EUR/MWh", "€/MWh"), 0.001),
    **dict.fromkeys(("ct/kWh", "c/kWh", "¢/kWh"), 0.01),
}
"""Accepted units of a price, each with the factor that converts the price to euro per kWh."""


def unit_factor(state: State) -> float | None:
    """Return the factor that converts a state to EUR per kWh.

    Return None if the state's unit is not a unit of price.
    """
    unit = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT)
    # Template entities and helpers may have no unit. Assume that their state is in euro per kWh.
    return _UNIT_FACTORS.get(unit) if unit else 1.0


def price_of(state: State | None) -> float | None:
    """Return a state's price in EUR per kWh.

    Return None if the price is unknown or above MAX_PRICE.
    """
    factor = unit_factor(state) if state else None
    if state is None or factor is None:
        return None
    try:
        price = float(state.state) * factor
    except ValueError:
        return None
    return price if isfinite(price) and abs(price) <= MAX_PRICE else None


class MarketPriceEntities:
    """Price entities that the user has chosen in the contracts of one meter."""

    def __init__(self, hass: HomeAssistant, entry: AnyConfigEntry) -> None:
        self._hass = hass
        self._entry = entry

    def prices_at(self, time: datetime) -> MarketPrices:
        """Return the current prices of the entities in the contract that holds at `time`."""
        return MarketPrices(*map(self._price, self.entities_at(time)))

    def entities_at(self, time: datetime) -> tuple[str | None, ...]:
        """Return the ids of the entities for the import price and the feed-in price.

        They are those of the contract that holds at `time`. An id is None if it has no entity.
        """
        terms = terms_on(self._entry.options, time.astimezone(LUXEMBOURG).date())
        return tuple(terms.get(name) for name in PRICE_ENTITIES)

    def entities_from(self, time: datetime) -> set[str]:
        """Return the ids of all entities in the contracts that hold at `time` or later."""
        contracts = terms_from(self._entry.options, time.astimezone(LUXEMBOURG).date())
        return {terms[name] for terms in contracts for name in PRICE_ENTITIES if name in terms}

    def _price(self, entity_id: str | None) -> float | None:
        if entity_id is None:
            return None
        return price_of(self._hass.states.get(entity_id))


_NORDPOOL = "nordpool"
_NORDPOOL_ACTION = "get_prices_for_date"
# The unique id of a Nord Pool entity consists of its area and this key.
_NORDPOOL_KEY = "-current_price"
_PER_MWH = 0.001
_PATIENCE = 10.0
_AGAIN = timedelta(minutes=15)
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
    the quarter-hour in which the entity last reported it. The other prices come from lists. A list
    is ignored if it has another price for that quarter-hour, because it may have other taxes or
    units. Without a list, the state is the current price. The result is empty if the state is not a
    price.
    """
    state = hass.states.get(entity_id)
    price = price_of(state)
    if state is None or price is None:
        return {}
    factor = unit_factor(state)
    assert factor is not None  # noqa: S101 - a state with a price has a factor
    # Some entities report a new price only seconds after the start of its quarter-hour. A program
    # with another clock may report it some seconds before the start.
    for delay in (_MAX_CLOCK_LEAD, timedelta(0)):
        reported = quarter_start(state.last_reported + delay)
        prices = prices_of_attributes(state.attributes, factor, reported, price, MAX_PRICE)
        if prices:
            break
    if not prices and (ahead := await _async_of_nordpool(hass, entity_id, now)):
        listed = ahead.get(reported)
        prices = ahead if listed is not None and agrees(listed, price) else {}
    return {quarter_start(now): price, **prices, reported: price}


async def _async_of_nordpool(hass: HomeAssistant, entity_id: str, now: datetime) -> PricesAhead:
    entity = er.async_get(hass).async_get(entity_id)
    if entity is None or entity.platform != _NORDPOOL or entity.config_entry_id is None:
        return {}
    if not entity.unique_id.endswith(_NORDPOOL_KEY):
        return {}
    area = entity.unique_id.removesuffix(_NORDPOOL_KEY)
    today = now.astimezone(LUXEMBOURG).date()
    # Nord Pool publishes tomorrow's prices around 13:00 Luxembourg time, and never the prices of
    # later days. So request only today and tomorrow.
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


_IMPORTED, _EXPORTED = "price_import", "price_export"


async def async_market_hours(
    hass: HomeAssistant, meter_id: str, contracts: Contracts, start: datetime, end: datetime
) -> MarketHours:
    """Return the market prices of a period by hour.

    The result is empty if all contracts of the period have fixed prices, or if there are no
    statistics of the meter's price entities.
    """
    if all(
        contract.energy_margin is None and contract.feed_in_margin is None
        for contract in contracts.between(start, end)
    ):
        return {}
    registry = er.async_get(hass)
    names = {
        key: registry.async_get_entity_id("sensor", DOMAIN, f"{meter_id}_{key}")
        for key in (_IMPORTED, _EXPORTED)
    }
    ids = {key: name for key, name in names.items() if name}
    if RECORDER not in hass.config.components or not ids:
        return {}
    read = without_collection(_read)
    return await get_instance(hass).async_add_executor_job(read, hass, ids, contracts, start, end)


def _read(
    hass: HomeAssistant,
    names: dict[str, str],
    contracts: Contracts,
    start: datetime,
    end: datetime,
) -> dict[datetime, MarketPrices]:
    rows = statistics_during_period(
        hass, start.astimezone(UTC), end.astimezone(UTC), {*names.values()}, "hour", None, {"mean"}
    )
    means = {
        key: {row["start"]: row.get("mean") for row in rows.get(name, [])}
        for key, name in names.items()
    }
    imported, exported = means.get(_IMPORTED, {}), means.get(_EXPORTED, {})
    prices = {}
    for time in {**imported, **exported}:
        hour = datetime.fromtimestamp(time, UTC)
        price = KwhPrice(imported.get(time), exported.get(time))
        prices[hour] = market_prices_of(price, contracts, hour)
    return prices
