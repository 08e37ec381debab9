"""The steps that set an LED pulse reader up: what sends the pulses, and whether one comes."""

import asyncio
from collections.abc import Mapping
from typing import Any

import voluptuous as vol
from homeassistant.config_entries import ConfigFlowResult
from homeassistant.const import (
    CONF_BASE,
    CONF_ENTITY_ID,
    CONF_PORT,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
)
from homeassistant.core import Event, EventStateChangedData, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.helpers.selector import (
    EntitySelector,
    EntitySelectorConfig,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
)
from homeassistant.util import dt as dt_util

from ..const import (
    CONF_BAUD_RATE,
    CONF_FIRST_COUNT,
    CONF_FIRST_COUNT_AT,
    CONF_KIND,
    CONF_METER_READING,
    CONF_PULSES_PER_KWH,
    CONF_TOPIC,
    KIND_PULSE,
)
from ..coordinator.pulse_counter import DEFAULT_PULSES_PER_KWH
from ..coordinator.pulse_source_coordinator import (
    BINARY_DOMAINS,
    COUNT_DOMAINS,
    EVENT_DOMAIN,
    is_pulse,
)
from ..lib.boards import PulseMeter
from ..lib.boards.board_probe import PULSE_TIMEOUT, FoundPulses, probe_pulses
from .board_flow import BoardFlow, Draft, FieldError
from .key_form import NEW_PORT
from .port_field import async_port_selector

_BAUD_RATES = ("9600", "19200", "38400", "57600", "115200")
PULSES_PER_KWH = NumberSelector(
    NumberSelectorConfig(min=0.001, max=1_000_000, step="any", mode=NumberSelectorMode.BOX)
)
METER_READING = NumberSelector(
    NumberSelectorConfig(
        min=0,
        max=1_000_000_000,
        step="any",
        mode=NumberSelectorMode.BOX,
        unit_of_measurement="kWh",
    )
)


class PulseSteps(BoardFlow):
    """An LED pulse reader: at a port, an entity of Home Assistant, or an MQTT topic."""

    _count: int | None = None

    async def async_step_pulse(self, _user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask what sends the pulses."""
        sources = ["pulse_port", "pulse_entity"]
        if "mqtt" in self.hass.config.components:
            sources.append("pulse_topic")
        return self.async_show_menu(step_id="pulse", menu_options=sources)

    async def async_step_pulse_port(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the port of the board."""
        draft = self._draft_of("pulse_port", user_input)
        if user_input is not None:
            try:
                port = await self._async_read_port(user_input[CONF_PORT])
                baud_rate = int(user_input[CONF_BAUD_RATE])
                return await self._async_go_on(
                    draft, user_input, {CONF_PORT: port, CONF_BAUD_RATE: baud_rate}
                )
            except FieldError as err:
                self._note(draft, err)
        baud_rate = draft.input.get(CONF_BAUD_RATE, _BAUD_RATES[-1])
        draft.input = {**draft.input, CONF_BAUD_RATE: str(baud_rate)}
        return self._show_pulse_form(
            draft,
            {
                NEW_PORT: await async_port_selector(self.hass),
                vol.Required(CONF_BAUD_RATE): SelectSelector(
                    SelectSelectorConfig(
                        options=list(_BAUD_RATES), mode=SelectSelectorMode.DROPDOWN
                    )
                ),
            },
        )

    async def async_step_pulse_entity(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for an entity."""
        draft = self._draft_of("pulse_entity", user_input)
        if user_input is not None:
            try:
                entity_id = user_input[CONF_ENTITY_ID]
                self._check_entity(entity_id)
                return await self._async_go_on(draft, user_input, {CONF_ENTITY_ID: entity_id})
            except FieldError as err:
                self._note(draft, err)
        domains = [*BINARY_DOMAINS, *COUNT_DOMAINS, EVENT_DOMAIN]
        entity = EntitySelector(EntitySelectorConfig(filter=[{"domain": domains}]))
        return self._show_pulse_form(draft, {vol.Required(CONF_ENTITY_ID): entity})

    async def async_step_pulse_topic(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for an MQTT topic."""
        draft = self._draft_of("pulse_topic", user_input)
        if user_input is not None:
            try:
                topic = _read_topic(user_input[CONF_TOPIC])
                return await self._async_go_on(draft, user_input, {CONF_TOPIC: topic})
            except FieldError as err:
                self._note(draft, err)
        return self._show_pulse_form(draft, {vol.Required(CONF_TOPIC): TextSelector()})

    async def async_step_wait_for_pulse(
        self, _user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show progress until a pulse or a count has come."""
        assert self._draft  # noqa: S101 - the forms lead here
        return await self._async_look(
            self._draft, "wait_for_pulse", self._async_find_pulses, self._tell_pulses
        )

    async def async_step_pulse_found(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Say that pulses come."""
        return await self._async_confirm_pulses("pulse_found", user_input)

    async def async_step_count_found(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Say that a running count comes."""
        return await self._async_confirm_pulses("count_found", user_input)

    async def async_step_pulse_not_found(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Say that no pulse has come; the user may know why."""
        return await self._async_confirm_pulses("pulse_not_found", user_input)

    def _show_pulse_form(self, draft: Draft, source: Mapping[Any, Any]) -> ConfigFlowResult:
        fields = dict(source)
        if not self._is_update:
            default = DEFAULT_PULSES_PER_KWH
            fields[vol.Required(CONF_PULSES_PER_KWH, default=default)] = PULSES_PER_KWH
            fields[vol.Optional(CONF_METER_READING)] = METER_READING
        return self._show_board_form(draft, fields)

    async def _async_go_on(
        self, draft: Draft, user_input: dict[str, Any], source: dict[str, Any]
    ) -> ConfigFlowResult:
        """Take the source, and wait for a pulse. Raises FieldError when it is in use."""
        draft.data = {CONF_KIND: KIND_PULSE, **source}
        self._check_unused(draft)
        present = user_input
        if self._is_update:
            present = dict(self._get_reconfigure_entry().data)
        else:
            draft.options = {CONF_PULSES_PER_KWH: user_input[CONF_PULSES_PER_KWH]}
        if CONF_METER_READING in present:
            draft.data[CONF_METER_READING] = present[CONF_METER_READING]
        return await self.async_step_wait_for_pulse()

    async def _async_find_pulses(self) -> FoundPulses:
        assert self._draft  # noqa: S101 - the forms lead here
        data = self._draft.data
        if CONF_ENTITY_ID in data:
            return await self._async_watch_entity(data[CONF_ENTITY_ID])
        if CONF_TOPIC in data:
            return await self._async_watch_topic(data[CONF_TOPIC])
        return await probe_pulses(data[CONF_PORT], data[CONF_BAUD_RATE])

    def _tell_pulses(self, found: FoundPulses) -> str:
        assert self._draft  # noqa: S101 - the forms lead here
        self._count = found.count
        if found.count is not None:
            self._draft.data[CONF_FIRST_COUNT] = found.count
            self._draft.data[CONF_FIRST_COUNT_AT] = dt_util.utcnow().timestamp()
            return "count_found"
        return "pulse_found" if found.has_come else "pulse_not_found"

    async def _async_confirm_pulses(
        self, step: str, user_input: dict[str, Any] | None
    ) -> ConfigFlowResult:
        draft = self._draft
        assert draft  # noqa: S101 - the forms lead here
        if user_input is not None:
            return await self._async_finish(draft, "pulse_reader")
        return self.async_show_form(
            step_id=step,
            description_placeholders={"source": draft.source, "count": str(self._count)},
            last_step=True,
        )

    def _check_entity(self, entity_id: str) -> None:
        """Raise FieldError when there is no such entity, or none that can say anything."""
        if self.hass.states.get(entity_id):
            return
        known = er.async_get(self.hass).async_get(entity_id)
        if known is None:
            raise FieldError(CONF_ENTITY_ID, "entity_not_found")
        raise FieldError(
            CONF_ENTITY_ID, "entity_disabled" if known.disabled else "entity_without_state"
        )

    async def _async_watch_entity(self, entity_id: str) -> FoundPulses:
        """Return what an entity counts, or whether it goes on or happens within some seconds.

        Raises FieldError when it is none that counts.
        """
        domain = entity_id.partition(".")[0]
        if domain in COUNT_DOMAINS:
            state = self.hass.states.get(entity_id)
            if state is None or state.state in {STATE_UNAVAILABLE, STATE_UNKNOWN}:
                return FoundPulses(has_come=False)
            if events := PulseMeter(1).read_count(state.state, 0):
                return FoundPulses(has_come=True, count=events[0].count)
            raise FieldError(CONF_ENTITY_ID, "entity_without_count")
        has_come = asyncio.Event()

        @callback
        def on_change(event: Event[EventStateChangedData]) -> None:
            old, new = event.data["old_state"], event.data["new_state"]
            if old and new and is_pulse(domain, old.state, new.state):
                has_come.set()

        stop = async_track_state_change_event(self.hass, [entity_id], on_change)
        try:
            return FoundPulses(has_come=await _comes(has_come))
        finally:
            stop()

    async def _async_watch_topic(self, topic: str) -> FoundPulses:
        """Return what the first message at a topic says, if one comes within some seconds.

        Raises FieldError when the MQTT integration is not running.
        """
        from homeassistant.components import mqtt  # noqa: PLC0415 - only there with its integration

        if not await mqtt.async_wait_for_mqtt_client(self.hass):
            raise FieldError(CONF_BASE, "mqtt_not_running")
        found = FoundPulses(has_come=False)
        has_come = asyncio.Event()

        @callback
        def on_message(message: mqtt.ReceiveMessage) -> None:
            nonlocal found
            for event in PulseMeter(1).read_line(str(message.payload).strip(), 0):
                if event.count is not None or not message.retain:
                    found = FoundPulses(has_come=True, count=event.count)
                    has_come.set()

        stop = await mqtt.async_subscribe(self.hass, topic, on_message)
        try:
            await _comes(has_come)
        finally:
            stop()
        return found


def _read_topic(text: str) -> str:
    """Return the topic that was typed. Raises FieldError when it is none, or several."""
    topic = text.strip()
    if not topic or set(topic) & set("+#\0"):
        raise FieldError(CONF_TOPIC, "topic_malformed")
    return topic


async def _comes(event: asyncio.Event) -> bool:
    try:
        async with asyncio.timeout(PULSE_TIMEOUT):
            return await event.wait()
    except TimeoutError:
        return False
