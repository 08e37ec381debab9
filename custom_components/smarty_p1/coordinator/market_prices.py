"""Prices of a kWh on the market: the current price, the prices of today and tomorrow, past prices.

The current prices are states of the entities that the user has chosen in the options. Most of these
entities have the prices of today and tomorrow in their attributes. Home Assistant's Nord Pool
integration has an action instead, which sends a request to Nord Pool each time. So the action's
answers are cached. An answer without prices is cached for only 15 minutes.

The prices of past quarter-hours are measured here, and stored in files of their own
(`stored/price_files.py`). Only unknown prices are read from the recorder.
"""

import asyncio
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from math import isfinite
from typing import NamedTuple, cast

import voluptuous as vol
from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT
from homeassistant.core import HomeAssistant, State, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.event import (
    async_track_state_change_event,
    async_track_utc_time_change,
)
from homeassistant.helpers.start import async_at_started
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from ..const import CONF_ENERGY_PRICE_ENTITY, CONF_FEED_IN_PRICE_ENTITY, DOMAIN
from ..lib.bill.household import Household
from ..lib.history.calendar import (
    KEPT_TIME,
    LUXEMBOURG,
    day_end,
    day_start,
    midnight,
    month_end,
    month_start,
    quarter_start,
)
from ..lib.history.market_prices import MarketPrices
from ..lib.prices.contract import BEGINNING, Contracts
from ..lib.prices.entered_contract import (
    contract_of,
    entered_contracts,
    first_day,
    terms_from,
    terms_on,
)
from ..lib.prices.market_price_lists import (
    PricesAhead,
    agrees,
    prices_by_quarter,
    prices_of_attributes,
)
from ..lib.prices.price_series import MAX_PRICE, PriceSeries, PriceSources, QuarterPrice
from ..lib.prices.running_price import RunningPrice
from ..lib.prices.stored_costs import prices_of_costs
from ..lib.prices.zone_price_response import ZONE
from .entry_types import AnyConfigEntry
from .garbage_collection import without_collection
from .statistics.recorded_prices import (
    async_hourly_prices,
    async_own_prices,
    async_recorded_prices,
    kept_time,
)
from .stored.month_files import MonthFiles
from .stored.price_files import PriceFiles
from .zone_prices.energy_charts import DownloadError, async_month_of_prices

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
    return factor_of(state.attributes.get(ATTR_UNIT_OF_MEASUREMENT))


def factor_of(unit: str | None) -> float | None:
    """Return the factor that converts a unit to EUR per kWh, None if it is no unit of price."""
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
    the quarter-hour in which the entity last reported it. The other prices come from its lists.
    Without a list, the state is the current price. The result is empty if the state is not a price.
    """
    prices, state = await _async_listed(hass, entity_id, now)
    return {quarter_start(now): state.price, **prices, state.quarter: state.price} if state else {}


class _Reported(NamedTuple):
    """Price that an entity has reported last, and the quarter-hour in which it did."""

    quarter: datetime
    price: float


async def _async_listed(
    hass: HomeAssistant, entity_id: str, now: datetime
) -> tuple[PricesAhead, _Reported | None]:
    """Return the prices in an entity's lists, and the reported price.

    A list is ignored if it has another price for the quarter-hour of the report, because it may
    have other taxes or units. The second result is None if the state is not a price.
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
        prices = prices_of_attributes(state.attributes, factor, reported, price, MAX_PRICE)
        if prices:
            break
    if not prices and (ahead := await _async_of_nordpool(hass, entity_id, now)):
        listed = ahead.get(reported)
        prices = ahead if listed is not None and agrees(listed, price) else {}
    return prices, _Reported(reported, price)


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
_ZONE_SOURCE = "de-lu"
# A month with at least this share (0 to 1) of its prices is not downloaded again.
_MIN_KNOWN_SHARE = 0.9
_QUARTERS = (0, 15, 30, 45)
_HOUR = timedelta(hours=1)
_LIST_DELAY = timedelta(seconds=90)
"""Time after the start of a quarter-hour at which lists are read. By then, the state is new."""


class _Sources(NamedTuple):
    """Names of a contract's sources. A name is None if the contract does not follow the market."""

    since: datetime
    """Time from which the contract holds."""
    energy: str | None
    feed_in: str | None


class MeasuredPrices:
    """Market prices by quarter-hour of one meter's price sources, measured and stored.

    A price is that of the source's list if the list agrees with the state, otherwise the
    time-weighted mean of the states. Prices that were not measured come from the recorder.
    """

    def __init__(self, hass: HomeAssistant, entry: AnyConfigEntry) -> None:
        self._hass = hass
        self._entry = entry
        self._files = PriceFiles(hass, entry.entry_id)
        self._contracts = Contracts()
        self._sources: Sequence[_Sources] = ()
        self._followed: dict[str, str] = {}
        """Source and entity of each price that is measured."""
        self._entity_ids: dict[str, str] = {}
        """Entity of each source whose entity is known."""
        self._downloading = asyncio.Lock()
        self._asked: dict[datetime, datetime] = {}
        """Time of the last request for the prices of each month."""

    async def async_open(
        self, household: Household, contracts: Contracts, month_files: MonthFiles
    ) -> None:
        """Load the stored prices for `household`, and measure prices until the entry is unloaded.

        If an earlier version has stored costs in the meter's month files, they become prices.
        Raises UnreadableNowError if a file cannot be read now.
        """
        self._contracts = contracts
        await self._files.async_load()
        self._sources = [*self._named_sources()]
        if not any(name for sources in self._sources for name in sources[1:]):
            household.set_prices([PriceSources(BEGINNING)])
            return
        if not self._files.is_moved:
            files = await month_files.async_files()
            work = without_collection(prices_of_costs)
            self._put(*await self._hass.async_add_executor_job(work, files))
        household.set_prices([*map(self._series, self._sources)])
        self._follow()

    async def async_close(self) -> None:
        """Write the prices for the last time."""
        self._report(dt_util.utcnow())
        await self._files.async_close()

    async def async_remove(self) -> None:
        """Remove all stored prices."""
        await self._files.async_remove()

    @property
    def markets(self) -> Mapping[str, PriceSeries]:
        """Return the stored prices by the id of their price entity, or by the name of a zone."""
        entities = {
            entity_id: self._files.series_of(name) for name, entity_id in self._entity_ids.items()
        }
        return {**entities, ZONE: self._files.series_of(_ZONE_SOURCE)}

    async def async_download(self, start: datetime, end: datetime) -> None:
        """Download the prices of the zone for the ended months from `start` to `end`.

        A month is requested only if it lacks prices, and at most once in `_AGAIN`. Raises
        DownloadError.
        """
        async with self._downloading:
            month, series = month_start(start), self._files.series_of(_ZONE_SOURCE)
            while month < end:
                now, asked_at = dt_util.utcnow(), self._asked.get(month)
                if month_end(month) <= now and series.known_share(month) < _MIN_KNOWN_SHARE:
                    if asked_at and now - asked_at < _AGAIN:
                        raise DownloadError
                    self._asked[month] = now
                    self._files.put(_ZONE_SOURCE, await async_month_of_prices(self._hass, month))
                month = month_end(month)

    def _named_sources(self) -> Iterator[_Sources]:
        """Yield the sources of each contract, in the order of time."""
        for terms in entered_contracts(self._entry.options):
            day, contract = first_day(terms), contract_of(terms)
            since = midnight(day) if day else BEGINNING
            margins = contract.energy_margin, contract.feed_in_margin
            energy, feed_in = (
                None if margin is None else self._source_of(terms.get(name), since)
                for margin, name in zip(margins, PRICE_ENTITIES, strict=True)
            )
            yield _Sources(since, energy, feed_in)

    def _source_of(self, entity_id: str | None, since: datetime) -> str:
        """Return the name of a price entity's source.

        The source stays the same if the entity is renamed, and if it enters or leaves the entity
        registry. The entity of an old contract may be unknown. This contract then has its own
        source.
        """
        if entity_id is None:
            return f"contract-{since.astimezone(LUXEMBOURG):%Y-%m-%d}"
        entity = er.async_get(self._hass).async_get(entity_id)
        names, series = self._files.names, self._files.series
        ids = [entity.id, entity_id] if entity else [entity_id]
        known = [names.get(name, name) for name in ids if name in names or name in series]
        free = (name for name in known if not self._is_of_another(name, entity_id))
        source = next(free, ids[0])
        names.update(dict.fromkeys(ids, source))
        self._entity_ids[source] = entity_id
        return source

    def _is_of_another(self, source: str, entity_id: str) -> bool:
        """Return whether an entity with another id has the source `source`."""
        registry = er.async_get(self._hass).entities
        names = [source, *(name for name, of in self._files.names.items() if of == source)]
        entities = map(registry.get_entry, names)
        return any(entity and entity.entity_id != entity_id for entity in entities)

    def _series(self, sources: _Sources) -> PriceSources:
        energy, feed_in = (
            None if name is None else self._files.series_of(name) for name in sources[1:]
        )
        return PriceSources(sources.since, energy, feed_in)

    @callback
    def _put(self, bought: Sequence[QuarterPrice], sold: Sequence[QuarterPrice]) -> None:
        """Add prices of the contracts' sources, each to the source of its time."""
        starts = [sources.since for sources in self._sources[1:]]
        by_name: dict[str, list[QuarterPrice]] = {}
        for column, prices in ((1, bought), (2, sold)):
            for price in prices:
                sources = self._sources[bisect_right(starts, price.start)]
                if name := sources[column]:
                    by_name.setdefault(str(name), []).append(price)
        for name, new in by_name.items():
            self._files.put(name, new)

    @callback
    def _follow(self) -> None:
        """Measure the prices of the entities of the present contract and of later contracts."""
        now, hass = dt_util.utcnow(), self._hass
        ended = [sources for sources in self._sources[1:] if sources.since <= now]
        later = self._sources[len(ended) :]
        wanted = {name for sources in later for name in sources[1:] if name}
        followed = {name: self._entity_ids[name] for name in wanted & self._entity_ids.keys()}
        for name in followed:
            self._files.running.setdefault(name, RunningPrice())
        self._followed = followed
        self._report(now)

        @callback
        def report(_time: object) -> None:
            self._report(dt_util.utcnow())

        unload = self._entry.async_on_unload
        unload(async_track_state_change_event(hass, [*followed.values()], report))
        unload(async_track_utc_time_change(hass, report, minute=_QUARTERS, second=0))
        minutes = [minute + _LIST_DELAY.seconds // 60 for minute in _QUARTERS]
        second = _LIST_DELAY.seconds % 60
        unload(async_track_utc_time_change(hass, self._async_read, minute=minutes, second=second))
        unload(async_track_utc_time_change(hass, self._async_fill, hour=0, minute=20, second=0))
        unload(async_track_utc_time_change(hass, self._async_fill_day, minute=20, second=0))
        unload(async_at_started(hass, self._async_begin))

    @callback
    def _report(self, now: datetime) -> None:
        """Take the states of the followed entities."""
        for name, entity_id in self._followed.items():
            running = self._files.running[name]
            self._files.put(name, running.report(now, price_of(self._hass.states.get(entity_id))))
            self._files.series_of(name).running = running.running()
        if self._followed:
            self._files.schedule()

    async def _async_begin(self, hass: HomeAssistant) -> None:
        await self._async_read(dt_util.utcnow())
        await self._async_fill(dt_util.utcnow())
        if not self._files.is_moved:
            registry = er.async_get(hass)
            meter_id = str(self._entry.unique_id)
            own = [
                registry.async_get_entity_id("sensor", DOMAIN, f"{meter_id}_{key}")
                for key in (_IMPORTED, _EXPORTED)
            ]
            now = dt_util.utcnow()
            self._put(*await async_own_prices(hass, own, self._contracts, now - KEPT_TIME, now))
            self._files.is_moved = True
            self._files.schedule()

    async def _async_read(self, now: datetime) -> None:
        """Read the prices of the quarter-hours until now from the entities' lists."""
        for name, entity_id in self._followed.items():
            listed, _ = await _async_listed(self._hass, entity_id, now)
            begun = sorted(start for start in listed if start <= now)
            self._files.put(name, [QuarterPrice(start, listed[start]) for start in begun])

    async def _async_fill_day(self, now: datetime) -> None:
        """Read the unknown prices of the day that contains the last hour."""
        await self._async_fill(now, day_start(now - _HOUR))

    async def _async_fill(self, now: datetime, since: datetime | None = None) -> None:
        """Read unknown prices since `since` from the recorder: states, then hourly statistics."""
        end, kept = quarter_start(now), kept_time(self._hass)
        begin = since or now - KEPT_TIME
        starts = [begin, *(sources.since for sources in self._sources[1:])]
        ends = [*starts[1:], end]
        for sources, start, until in zip(self._sources, starts, ends, strict=True):
            first, last = quarter_start(max(start, begin)), min(until, end)
            names = {sources.energy, sources.feed_in}
            for name in [known for known in self._entity_ids if known in names]:
                await self._async_fill_source(name, first, last, now - kept)

    async def _async_fill_source(
        self, name: str, start: datetime, end: datetime, kept_since: datetime
    ) -> None:
        hass, files, entity_id = self._hass, self._files, self._entity_ids[name]
        series = files.series_of(name)
        for day in series.lacking_days(max(start, quarter_start(kept_since)), end):
            until = min(day_end(day), end)
            files.put(name, await async_recorded_prices(hass, entity_id, price_of, day, until))
        if days := series.lacking_days(start, end):
            until = min(day_end(days[-1]), end)
            prices = await async_hourly_prices(hass, entity_id, factor_of, days[0], until)
            files.put(name, [price for price in prices if start <= price.start < end])
