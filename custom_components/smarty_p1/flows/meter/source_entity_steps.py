"""Set-up steps of a meter that another integration reads: choose its entities, and test them."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import voluptuous as vol
from homeassistant.config_entries import ConfigFlowResult
from homeassistant.const import (
    ATTR_UNIT_OF_MEASUREMENT,
    CONF_BASE,
    CONF_ENTITY_ID,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
)
from homeassistant.core import callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.helpers.selector import (
    EntitySelector,
    EntitySelectorConfig,
    EntityWithDeviceFilterSelectorConfig,
)

from ...const import CONF_KIND, DOMAIN, KIND_ENTITIES
from ...coordinator.entity_source import EntityReports
from ...coordinator.entry_types import known_meters
from ...coordinator.statistics.statistic_ids import with_statistics_key
from ...lib.json_types import JsonDict
from ...lib.markdown_text import Verbatim, as_plain
from ...lib.meter.meter_reader import IMPORTED_ENERGY
from ...lib.meter.telegram_from_source_entities import (
    COARSE_STEP_WH,
    MAX_INTERVAL_S,
    QUANTITIES,
    EntityState,
    Report,
    Trial,
    assess,
    value_of,
)
from ...lib.p1.telegram import Telegram
from ..dialog_base import DialogSteps
from ..form import Input
from ..form_errors import FieldError
from ..shared_form_fields import state_of
from .add_cable_to_meter import may_join
from .contract_and_dashboard_step import ContractAndDashboardSteps

LISTEN_S = 120
"""Seconds that a trial lasts."""
MAX_LISTEN_S = 310
"""Maximum seconds of a trial in which no report comes. The slowest accepted entities report
earlier."""
TICK_S = 5
_MAX_TARIFFS = 2
# The error of a quarter-hour grows with the power. The form shows the error at these powers in kW:
# a house at rest, and a common reference power.
_PROMISED_KW = (1, 7)
_MAIN = "energy_imported"


def _field(device_class: str, *, is_list: bool) -> EntitySelector:
    filters = EntityWithDeviceFilterSelectorConfig(domain="sensor", device_class=device_class)
    return EntitySelector(EntitySelectorConfig(filter=filters, multiple=is_list))


_FIELDS = {
    vol.Required(_MAIN): _field("energy", is_list=True),
    vol.Optional("energy_exported"): _field("energy", is_list=True),
    vol.Optional("power_imported"): _field("power", is_list=False),
    vol.Optional("power_exported"): _field("power", is_list=False),
}


class EntitySteps(DialogSteps[ContractAndDashboardSteps]):
    """Dialog steps that add a meter. Entities of another integration count its energy."""

    _chosen: dict[str, Any]
    _tried: tuple[Telegram, Trial]

    async def async_step_entity_meter(self, _user_input: Input = None) -> ConfigFlowResult:
        """Ask for the new source of a meter that was read from entities.

        The choices are a cable and other entities.
        """
        return self.form.show_menu("entity_meter", ["add_cable", "entities"])

    async def async_step_entities(self, user_input: Input = None) -> ConfigFlowResult:
        """Ask for the entities, and check them."""
        if chosen := await self.form.async_accept(user_input, self._async_read_entities):
            self._chosen = chosen
            return await self.async_step_listen()
        suggested, changing = self._present_entities(), await self.form.async_changing()
        return await self.form.async_show("entities", _FIELDS, suggested, changing, last_step=False)

    async def async_step_listen(self, _user_input: Input = None) -> ConfigFlowResult:
        """Show progress while the dialog listens to the entities."""
        source = {CONF_ENTITY_ID: ", ".join(self._chosen[_MAIN])}
        return await self._async_look("listen", source, self._async_try)

    async def async_step_entities_found(self, _user_input: Input = None) -> ConfigFlowResult:
        """Show how exact the quarter-hours will be. Then ask for the contract.

        If an existing meter is being reconfigured, update its entry instead.
        """
        telegram, trial = self._tried
        if entry := self._updated_entry:
            return self.flow.async_update_reload_and_abort(
                entry, data=with_statistics_key(entry, self._chosen), reason="board_reconfigured"
            )
        precision = "coarse" if trial.step_wh >= COARSE_STEP_WH else "fine"
        exact = await self._async_text(
            f"common.entities_{precision}",
            low=_PROMISED_KW[0],
            high=_PROMISED_KW[1],
            watts_low=trial.tolerance_w(_PROMISED_KW[0]),
            watts_high=trial.tolerance_w(_PROMISED_KW[1]),
        )
        outline = await self._async_text(
            "common.entities_found",
            integration=as_plain(telegram.identification),
            count=trial.reports,
            seconds=max(1, round(trial.interval_s)),
            step=trial.step_wh,
            exact=exact,
        )
        if not trial.has_total:
            outline += "\n\n" + await self._async_text("common.entities_unchanged")
        [first, *_] = self._chosen[_MAIN]
        return await self.following.async_ask(
            self._chosen, telegram, {"meter": Verbatim(outline)}, first
        )

    async def _async_read_entities(self, typed: JsonDict) -> JsonDict:
        """Turn the chosen entities into the data of an entry. Raises FieldError."""
        data: JsonDict = {CONF_KIND: KIND_ENTITIES}
        used: set[str] = set()
        for name in filter(typed.get, QUANTITIES):
            entities = [typed[name]] if isinstance(typed[name], str) else typed[name]
            with self.form.inputs.noting():
                if len(entities) > _MAX_TARIFFS:
                    raise FieldError(name, "entities_count")
                data[name] = [self._read_entity(name, entity, used) for entity in entities]
        if not typed[_MAIN]:
            raise FieldError(_MAIN, "entities_count")
        return data

    def _read_entity(self, field: str, entity: str, used: set[str]) -> str:
        """Return the registry id of an entity, or its entity id if it is not registered.

        Add the entity id to `used`. Raises FieldError if the entity cannot be used in `field`.
        """
        registered = er.async_get(self.hass).async_get(entity)
        entity_id = registered.entity_id if registered else entity
        chosen = registered.id if registered else entity
        if entity_id in used:
            raise FieldError(field, "entity_twice")
        used.add(entity_id)
        if registered and registered.platform == DOMAIN:
            raise FieldError(field, "entity_own")
        self._check_unread(field, {entity_id, chosen})
        self._check_value(field, entity_id)
        return chosen

    def _present_entities(self) -> JsonDict:
        """Return the entities of the reconfigured entry, to suggest them in the form.

        Return {} if a new entry is added.
        """
        data = self._updated_entry.data if self._updated_entry else {}
        registry = er.async_get(self.hass)
        suggested: JsonDict = {}
        for name in QUANTITIES.keys() & data.keys():
            resolved = [er.async_resolve_entity_id(registry, chosen) for chosen in data[name]]
            if known := [entity_id for entity_id in resolved if entity_id]:
                suggested[name] = known if name.startswith("energy") else known[0]
        return suggested

    def _check_unread(self, field: str, names: set[str]) -> None:
        for entry in known_meters(self.hass):
            lists = [entry.data.get(name, []) for name in QUANTITIES]
            read = {entry.data.get(CONF_ENTITY_ID), *(name for names in lists for name in names)}
            if read & names and entry is not self._updated_entry:
                raise FieldError(field, "source_in_use", title=entry.title)

    def _check_value(self, field: str, entity_id: str) -> None:
        state = state_of(self.hass, entity_id, field)
        shown = EntityState(state.state, state.attributes.get(ATTR_UNIT_OF_MEASUREMENT))
        if state.state in {STATE_UNAVAILABLE, STATE_UNKNOWN}:
            raise FieldError(field, "entity_without_state")
        if value_of(QUANTITIES[field], shown) is None:
            is_energy = field.startswith("energy")
            raise FieldError(field, "entity_not_energy" if is_energy else "entity_not_power")

    async def _async_try(self) -> str:
        """Listen to the entities. Return the name of the next step.

        Raises FieldError if the entities report too seldom or not at all, or if their total does
        not fit the meter that is being reconfigured.
        """
        found: list[Report] = []

        def take(telegram: Telegram) -> None:
            if telegram.objects[IMPORTED_ENERGY] is not None:
                found.append(Report(telegram, reports.total_at))

        reports = EntityReports(self.hass, self._chosen, take)
        start = reports.last_report
        await reports.async_start()
        try:
            await self._async_listen(lambda: _is_enough(start, found))
        finally:
            reports.stop()
        trial = assess(start, found)
        if trial is None:
            raise FieldError(CONF_BASE, "entities_silent")
        if trial.interval_s > MAX_INTERVAL_S:
            raise FieldError(CONF_BASE, "entities_slow", seconds=str(round(trial.interval_s)))
        entry, telegram = self._updated_entry, found[-1].telegram
        if entry and not may_join(entry, telegram):
            raise FieldError(CONF_BASE, "other_total", title=entry.title)
        self._tried = telegram, trial
        return "entities_found"

    async def _async_listen(self, is_enough: Callable[[], bool]) -> None:
        """Wait LISTEN_S seconds.

        If the reports are not enough by then, wait until they are, but no longer than MAX_LISTEN_S
        seconds in all.
        """
        is_over = asyncio.Event()
        passed = 0

        @callback
        def tick(_now: datetime) -> None:
            nonlocal passed
            passed += TICK_S
            self.flow.async_update_progress(min(1.0, passed / LISTEN_S))
            if passed >= MAX_LISTEN_S or (passed >= LISTEN_S and is_enough()):
                is_over.set()

        stop = async_track_time_interval(self.hass, tick, timedelta(seconds=TICK_S))
        try:
            await is_over.wait()
        finally:
            stop()


def _is_enough(start: Report, found: Sequence[Report]) -> bool:
    """Return whether the imported energy was reported, or cannot have changed."""
    has_total = any(report.total_at != start.total_at for report in found)
    return has_total or assess(start, found) is not None
