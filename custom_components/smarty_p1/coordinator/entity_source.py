"""Source of a meter whose totals are read from the entities of another integration."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import TypeGuard

from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import (
    CALLBACK_TYPE,
    Event,
    EventStateChangedData,
    EventStateReportedData,
    HomeAssistant,
    State,
    callback,
)
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.event import (
    async_call_later,
    async_track_state_change_event,
    async_track_state_report_event,
)
from homeassistant.helpers.start import async_at_started
from homeassistant.loader import Integration, async_get_integrations
from homeassistant.util import dt as dt_util

from ..lib.failure_detection import ENTITIES, ReadingProblem
from ..lib.json_types import JsonMapping
from ..lib.meter.meter_reader import IMPORTED_ENERGY, MeterReader
from ..lib.meter.telegram_from_source_entities import (
    QUANTITIES,
    EntityState,
    Report,
    SilentTotal,
    Standstill,
    entity_telegram,
)
from ..lib.p1.telegram import Telegram
from .chosen_entity_ids import last_entity_id
from .meter_coordinator import MeterCoordinator

# Seconds from the first report of an entity until all entities are read. An integration writes the
# values of one telegram into its entities one after the other. If the entities were read at once,
# some values would be from the previous telegram.
BURST_S = 1.0
_MAIN = "energy_imported"
_UNKNOWN = EntityState(STATE_UNKNOWN, None)


class EntityReports:
    """Reports of the chosen entities. An entity reports whenever its integration writes its state.

    `chosen` has a list of entities for each quantity. A registered entity is listed by the id of
    its registry entry, any other entity by its entity id. BURST_S seconds after a report, `take`
    gets a telegram with the values of all entities. When an entity of the imported energy loses its
    value or is deleted, `on_lost` gets its entity id.

    A value is read only after a report. Otherwise, an integration that has stopped would look like
    a house that uses no energy. The first state of an entity is not a report. This state may be
    old, because Home Assistant may have restored it, or an MQTT broker may have retained it.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        chosen: JsonMapping,
        take: Callable[[Telegram], None],
        on_lost: Callable[[str], None] = lambda _entity_id: None,
    ) -> None:
        self.integration = ""
        self._hass = hass
        self._chosen = {name: chosen[name] for name in QUANTITIES if name in chosen}
        self._take = take
        self._on_lost = on_lost
        self._time: datetime | None = None
        self._cancel_read: CALLBACK_TYPE | None = None
        self._followed: list[str] = []
        self._stops: list[CALLBACK_TYPE] = []

    @property
    def empty(self) -> Telegram:
        """Return a telegram with the objects of all chosen entities, but without values."""
        states = {name: [_UNKNOWN] for name in self._chosen}
        return entity_telegram(states, None, self.integration)

    @property
    def last_report(self) -> Report:
        """Return the last report of the entities, even before `async_start`.

        Its times are None if the entities have no values.
        """
        return Report(self._telegram(self._last_reported(self._chosen)), self.total_at)

    @property
    def total_at(self) -> datetime | None:
        """Return the time of the last report of the imported energy."""
        return self._last_reported([_MAIN])

    def _last_reported(self, names: Iterable[str]) -> datetime | None:
        states = map(self._hass.states.get, self._entity_ids(names))
        return max((state.last_reported for state in states if _has_value(state)), default=None)

    async def async_start(self) -> None:
        """Listen to the entities until `stop` is called."""
        self.integration = await async_integration_of(self._hass, self._chosen)
        self._follow()

    @callback
    def stop(self) -> None:
        """Stop listening. Reports of the last BURST_S seconds that were not read yet are lost."""
        while self._stops:
            self._stops.pop()()
        if self._cancel_read:
            self._cancel_read()
            self._cancel_read = None

    @property
    def missing(self) -> list[str]:
        """Return the ids of entities of the imported energy that Home Assistant does not have."""
        registry, missing = er.async_get(self._hass), []
        for chosen in self._chosen[_MAIN]:
            entity_id = er.async_resolve_entity_id(registry, chosen)
            if entity_id is None or self._hass.states.get(entity_id) is None:
                missing.append(entity_id or last_entity_id(self._hass, chosen) or chosen)
        return missing

    @callback
    def _follow(self) -> None:
        self._followed = [*self._entity_ids(self._chosen)]
        self._stops = [
            async_track_state_change_event(self._hass, self._followed, self._on_change),
            async_track_state_report_event(self._hass, self._followed, self._on_report),
            self._hass.bus.async_listen(er.EVENT_ENTITY_REGISTRY_UPDATED, self._on_registry_change),
        ]

    def _entity_ids(self, names: Iterable[str]) -> Iterable[str]:
        registry = er.async_get(self._hass)
        for name in names:
            for chosen in self._chosen[name]:
                if entity_id := er.async_resolve_entity_id(registry, chosen):
                    yield entity_id

    @callback
    def _on_registry_change(self, event: Event[er.EventEntityRegistryUpdatedData]) -> None:
        """Listen to other entity ids after a chosen entity was renamed, deleted or made again."""
        if self._followed != [*self._entity_ids(self._chosen)]:
            deleted = event.data["entity_id"] if event.data["action"] == "remove" else None
            self.stop()
            self._follow()
            if deleted in self.missing:
                self._on_lost(deleted)

    @callback
    def _on_change(self, event: Event[EventStateChangedData]) -> None:
        new, entity_id = event.data["new_state"], event.data["entity_id"]
        if new is None or not _has_value(new):
            # The state of a renamed entity is removed, too. The registry then has its new id.
            if entity_id in self._entity_ids([_MAIN]):
                self._on_lost(entity_id)
        elif _has_value(event.data["old_state"]):
            self._note(new.last_reported)

    @callback
    def _on_report(self, event: Event[EventStateReportedData]) -> None:
        if _has_value(event.data["new_state"]):
            self._note(event.data["last_reported"])

    @callback
    def _note(self, time: datetime) -> None:
        self._time = time
        if self._cancel_read is None:
            self._cancel_read = async_call_later(self._hass, BURST_S, self._read)

    @callback
    def _read(self, _now: datetime) -> None:
        self._cancel_read = None
        self._take(self._telegram(self._time))

    def _telegram(self, time: datetime | None) -> Telegram:
        states = {
            name: [self._state_of(chosen) for chosen in entities]
            for name, entities in self._chosen.items()
        }
        return entity_telegram(states, time, self.integration)

    def _state_of(self, chosen: str) -> EntityState:
        entity_id = er.async_resolve_entity_id(er.async_get(self._hass), chosen)
        state = self._hass.states.get(entity_id) if entity_id else None
        if state is None:
            return _UNKNOWN
        return EntityState(state.state, state.attributes.get(ATTR_UNIT_OF_MEASUREMENT))


def _has_value(state: State | None) -> TypeGuard[State]:
    return state is not None and state.state not in {STATE_UNAVAILABLE, STATE_UNKNOWN}


async def async_integration_of(hass: HomeAssistant, chosen: JsonMapping) -> str:
    """Return the names of the integrations whose entities count the imported energy.

    Return "Home Assistant" if none of these entities is registered.
    """
    registry = er.async_get(hass)
    entries = map(registry.async_get, chosen[_MAIN])
    platforms = sorted({entry.platform for entry in entries if entry})
    integrations = await async_get_integrations(hass, platforms)
    names = [
        found.name if isinstance(found := integrations[platform], Integration) else platform
        for platform in platforms
    ]
    return ", ".join(names) or "Home Assistant"


class EntitySource:
    """Source that makes readings from the states of the chosen entities.

    `integration` is the name of the integration that reads the meter. Its values cannot be verified
    here.
    """

    rules = ENTITIES
    line = None

    def __init__(self, coordinator: MeterCoordinator) -> None:
        self._coordinator = coordinator
        self._records = coordinator.records
        entry = coordinator.config_entry
        coordinator.placeholders.update(name=entry.title, entity="")
        self._reader: MeterReader
        self._silent_total = SilentTotal()
        self._standstill = Standstill()
        self._reports = EntityReports(coordinator.hass, entry.data, self._take, self._on_lost)

    @property
    def integration(self) -> str:
        """Return the name of the integration that reads the meter."""
        return self._reports.integration

    async def async_start(self) -> None:
        """Listen to the entities until the entry is unloaded."""
        coordinator, records = self._coordinator, self._records
        self._reader = MeterReader(records.memory, records.limits(), records.money)
        await self._reports.async_start()
        unload = coordinator.config_entry.async_on_unload
        unload(self._reports.stop)
        coordinator.data = replace(coordinator.data, telegram=self._reports.empty)
        coordinator.renew_prices()
        coordinator.begin()
        # While Home Assistant starts, an entity may not be there yet.
        unload(async_at_started(coordinator.hass, self._look_for_missing))

    @callback
    def _take(self, telegram: Telegram) -> None:
        coordinator, prices_at = self._coordinator, self._records.prices_at
        if coordinator.is_closed or telegram.objects[IMPORTED_ENERGY] is None:
            return
        report = Report(telegram, self._reports.total_at)
        if self._silent_total.note_report(report):
            self._fail(ReadingProblem.ENTITIES_SILENT)
            return
        telegram = self._silent_total.timed(report)
        now = dt_util.utcnow()
        for unreported in self._standstill.until(telegram):
            self._reader.read_telegram(unreported, now, prices_at(unreported))
        reading = self._reader.read_telegram(telegram, now, prices_at(telegram))
        self._records.memory.last_telegram = now
        coordinator.take_reading(reading)

    @callback
    def _look_for_missing(self, _hass: HomeAssistant) -> None:
        for entity_id in self._reports.missing:
            self._on_lost(entity_id)

    @callback
    def _on_lost(self, entity_id: str) -> None:
        self._coordinator.placeholders["entity"] = entity_id
        self._fail(ReadingProblem.ENTITY_UNAVAILABLE)

    @callback
    def _fail(self, problem: ReadingProblem) -> None:
        self._coordinator.health.away(self._coordinator.now(), problem)
        self._coordinator.check_condition()
