"""Market prices of a meter: present ones, and those of past quarter-hours.

Past prices are measured here, and stored in files of their own. Only unknown prices are read from
the recorder.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.event import async_track_state_change_event, async_track_utc_time_change
from homeassistant.helpers.start import async_at_started
from homeassistant.util import dt as dt_util

from ...lib.bill.household import Household
from ...lib.data_retention import KEPT_TIME
from ...lib.history.luxembourg_time import (
    HOUR,
    day_end,
    day_start,
    local_day,
    midnight,
    month_end,
    month_start,
    quarter_start,
)
from ...lib.history.market_prices import NO_PRICES, MarketPrices
from ...lib.history.month_file_lines import month_name
from ...lib.passed_pause import has_passed
from ...lib.prices.contract import BEGINNING
from ...lib.prices.entered_contract import (
    contract_of,
    entered_contracts,
    first_day,
    terms_from,
    terms_on,
)
from ...lib.prices.market_price_series import (
    PriceOrigin,
    PriceSeries,
    PriceSources,
    QuarterPrice,
    is_price,
)
from ...lib.prices.running_price import RunningPrice
from ...lib.prices.zone_price_response import ZONE
from ...lib.problem import Problem
from ..entry_types import AnyConfigEntry
from ..repair_issues import set_issue
from ..statistics.recorded_prices import async_hourly_prices, async_recorded_prices, kept_time
from ..stored.market_price_files import PriceFiles
from .energy_charts import DownloadError, async_month_of_prices
from .price_entities import PRICE_ENTITIES, price_of, stated_price
from .prices_ahead import ASK_AGAIN_AFTER, async_listed_prices

_ZONE_SOURCE = "de-lu"
# A month with at least this share (0 to 1) of its prices is not downloaded again.
_MIN_KNOWN_SHARE = 0.9
_QUARTERS = (0, 15, 30, 45)
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

    A price is that of the source's list if the list agrees with the state, otherwise the state that
    stood longest. Prices that were not measured come from the recorder.
    """

    def __init__(self, hass: HomeAssistant, entry: AnyConfigEntry) -> None:
        self._hass = hass
        self._entry = entry
        self._files = PriceFiles(hass, entry.entry_id)
        self._sources: Sequence[_Sources] = ()
        self._followed: dict[str, str] = {}
        """Source and entity of each price that is measured."""
        self._entity_ids: dict[str, str] = {}
        """Entity of each source whose entity is known."""
        self._impossible: dict[str, float] = {}
        """Last price of each entity with a price that no market has, until it has another one."""
        self._downloading = asyncio.Lock()
        self._asked: dict[datetime, datetime] = {}
        """Time of the last request for the prices of each month."""

    async def async_open(self, household: Household) -> None:
        """Load the stored prices for `household`, and measure prices until the entry is unloaded.

        Raises UnreadableNowError if a file cannot be read now.
        """
        await self._files.async_load()
        self._sources = [*self._named_sources()]
        if not any(name for sources in self._sources for name in sources[1:]):
            household.set_prices([PriceSources(BEGINNING)])
            return
        household.set_prices([*map(self._series, self._sources)])
        self._tell_of_damaged()
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

    def prices_at(self, time: datetime) -> MarketPrices:
        """Return the current prices of the entities in the contract that holds at `time`."""
        if not self._entity_ids:
            return NO_PRICES
        get = self._hass.states.get
        return MarketPrices(*(price_of(get(name or "")) for name in self.entities_at(time)))

    def entities_at(self, time: datetime) -> tuple[str | None, ...]:
        """Return the ids of the entities for the import price and the feed-in price.

        They are those of the contract that holds at `time`. An id is None if it has no entity.
        """
        terms = terms_on(self._entry.options, local_day(time))
        return tuple(terms.get(name) for name in PRICE_ENTITIES)

    def entities_from(self, time: datetime) -> set[str]:
        """Return the ids of all entities in the contracts that hold at `time` or later."""
        contracts = terms_from(self._entry.options, local_day(time))
        return {terms[name] for terms in contracts for name in PRICE_ENTITIES if name in terms}

    async def async_download(self, start: datetime, end: datetime) -> None:
        """Download the prices of the zone for the ended months from `start` to `end`.

        A month is requested only if it lacks prices, and at most once in `ASK_AGAIN_AFTER`. Raises
        DownloadError.
        """
        async with self._downloading:
            month, series = month_start(start), self._files.series_of(_ZONE_SOURCE)
            while month < end:
                now, asked_at = dt_util.utcnow(), self._asked.get(month)
                following = month_end(month)
                if following <= now and series.known_share(month, following) < _MIN_KNOWN_SHARE:
                    if not has_passed(asked_at, now, ASK_AGAIN_AFTER):
                        raise DownloadError
                    self._asked[month] = now
                    self._files.add_prices(
                        _ZONE_SOURCE, await async_month_of_prices(self._hass, month)
                    )
                month = following

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
            return f"contract-{local_day(since)}"
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
        unload(async_track_utc_time_change(hass, self._fill_soon, minute=20, second=0))
        unload(async_at_started(hass, self._begin))

    @callback
    def _begin(self, _hass: HomeAssistant) -> None:
        # An unload waits for the end of the entry's tasks, and then the recorder may end.
        self._entry.async_create_task(self._hass, self._async_begin())

    @callback
    def _fill_soon(self, now: datetime) -> None:
        """Read the unknown prices of the last hour's day, and at night those of all days."""
        since = day_start(now - HOUR) if now.hour else None
        self._entry.async_create_task(self._hass, self._async_fill(now, since))

    @callback
    def _report(self, now: datetime) -> None:
        """Take the states of the followed entities."""
        for name, entity_id in self._followed.items():
            running = self._files.running[name]
            state = self._hass.states.get(entity_id)
            self._tell_of_impossible(entity_id, stated_price(state))
            self._files.add_prices(name, running.report(now, price_of(state)))
            self._files.series_of(name).running = running.running()
        if self._followed:
            self._files.schedule()

    @callback
    def _tell_of_damaged(self) -> None:
        """Raise the repair issue about damaged files whose prices are still unknown."""
        now, lost = quarter_start(dt_util.utcnow()), set[str]()
        for series in self._files.series.values():
            for start in [*series.months]:
                name, end = month_name(start), min(now, month_end(start))
                if name in series.damaged and series.lacking_days(start, end):
                    lost.add(name)
            lost |= series.damaged - {*map(month_name, series.months)}
        set_issue(
            self._hass,
            self._entry,
            Problem.DAMAGED_PRICES,
            is_there=lost,
            folder=str(self._files.folder),
            months=", ".join(sorted(lost)),
        )

    @callback
    def _tell_of_impossible(self, entity_id: str, price: float | None) -> None:
        """Raise the repair issue if an entity has a price that no market has, else withdraw it."""
        if price is not None:
            self._impossible.pop(entity_id, None)
            if not is_price(price):
                self._impossible[entity_id] = price
        set_issue(
            self._hass,
            self._entry,
            Problem.IMPOSSIBLE_PRICE,
            is_there=self._impossible,
            prices=", ".join(f"{name}: {of:g} €/kWh" for name, of in self._impossible.items()),
        )

    async def _async_begin(self) -> None:
        await self._async_read(dt_util.utcnow())
        await self._async_fill(dt_util.utcnow())

    async def _async_read(self, now: datetime) -> None:
        """Read the prices of the quarter-hours until now from the entities' lists."""
        for name, entity_id in self._followed.items():
            listed, _ = await async_listed_prices(self._hass, entity_id, now)
            begun = sorted(start for start in listed if start <= now)
            self._files.add_prices(
                name, [QuarterPrice(start, listed[start], PriceOrigin.LISTED) for start in begun]
            )

    async def _async_fill(self, now: datetime, since: datetime | None = None) -> None:
        """Read unknown prices since `since` from the recorder: states, then hourly statistics."""
        end, kept = quarter_start(now), kept_time(self._hass)
        begin = since or now - KEPT_TIME
        starts = [begin, *(sources.since for sources in self._sources[1:])]
        ends = [*starts[1:], end]
        for sources, start, until in zip(self._sources, starts, ends, strict=True):
            first, last = quarter_start(max(start, begin)), min(until, end)
            names = {sources.energy, sources.feed_in}
            for name in [name for name in self._entity_ids if name in names]:
                await self._async_fill_source(name, first, last, now - kept)
        self._tell_of_damaged()

    async def _async_fill_source(
        self, name: str, start: datetime, end: datetime, kept_since: datetime
    ) -> None:
        hass, files, entity_id = self._hass, self._files, self._entity_ids[name]
        series = files.series_of(name)
        for day in series.lacking_days(max(start, quarter_start(kept_since)), end):
            # The recorder ends when Home Assistant stops. The next start reads what is missing.
            if hass.is_stopping:
                return
            until = min(day_end(day), end)
            files.add_prices(name, await async_recorded_prices(hass, entity_id, day, until))
        if days := series.lacking_days(start, end):
            until = min(day_end(days[-1]), end)
            prices = await async_hourly_prices(hass, entity_id, days[0], until)
            files.add_prices(name, [price for price in prices if start <= price.start < end])
