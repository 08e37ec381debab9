"""Dialogs of an LED pulse reader: its source, a test for pulses, and its options."""

import asyncio
from functools import partialmethod
from typing import Any

import voluptuous as vol
from homeassistant.config_entries import ConfigEntryState, ConfigFlowResult, OptionsFlowWithReload
from homeassistant.const import (
    CONF_BASE,
    CONF_ENTITY_ID,
    CONF_PORT,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
)
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.helpers.selector import EntitySelector, EntitySelectorConfig, TextSelector

from ...const import (
    CONF_BAUD_RATE,
    CONF_FIRST_COUNT,
    CONF_KIND,
    CONF_MESSAGE,
    CONF_METER_READING,
    CONF_PULSES_PER_KWH,
    CONF_TOPIC,
    KIND_PULSE,
)
from ...coordinator.entry_types import short_title
from ...coordinator.pulse_coordinator import BINARY_DOMAINS, COUNT_DOMAINS, EVENT_DOMAIN, is_pulse
from ...coordinator.stored.pulse_count_file import DEFAULT_PULSES_PER_KWH, PulseCounter
from ...coordinator.stored.throttled_store import UnreadableNowError
from ...lib.amounts import KWH, PULSES_PER_KWH, Amount, amount_text
from ...lib.boards.board_message import Counted, MessageForm, MessageSurvey
from ...lib.boards.pulse_meter import PulseMeter
from ...lib.json_types import JsonDict, JsonMapping
from ...lib.publish.topics import is_topic
from ...lib.stored_json import dump
from ..dialog_base import Draft, shown_source
from ..form import Form, Input
from ..form_errors import NOT_READ, FieldError
from ..form_inputs import AmountField, FormInputs
from ..shared_form_fields import NEW_PORT, async_port_field, list_field, state_of
from .board_probe import PULSE_TIMEOUT_S, FoundPulses, found_nothing_yet, found_pulses, probe_pulses
from .board_steps import BoardSteps
from .message_value import CONF_VALUE, begin_at, value_field, value_placeholders, with_chosen_value

_NOTHING = FoundPulses(has_come=False)


async def async_find_pulses(hass: HomeAssistant, data: JsonMapping) -> FoundPulses:
    """Return the first pulse, or the first count of pulses, of an entry's source.

    `has_come` is False if nothing comes within PULSE_TIMEOUT_S. Raises a LinkError if a port cannot
    be opened or is lost. Raises FieldError if the state of an entity is not a count, or if the MQTT
    integration is not running.
    """
    if CONF_PORT in data:
        return await probe_pulses(data[CONF_PORT], data[CONF_BAUD_RATE])
    if CONF_TOPIC in data:
        return await _async_watch_topic(hass, data[CONF_TOPIC])
    entity_id = data[CONF_ENTITY_ID]
    if entity_id.partition(".")[0] in COUNT_DOMAINS:
        return _read_count(hass, entity_id)
    return await _async_watch_entity(hass, entity_id)


def _read_count(hass: HomeAssistant, entity_id: str) -> FoundPulses:
    """Return the count in an entity's state. Raises FieldError if the state is not a count."""
    state = hass.states.get(entity_id)
    if state is None or state.state in {STATE_UNAVAILABLE, STATE_UNKNOWN}:
        return _NOTHING
    if events := PulseMeter(1).read_count(state.state, 0):
        return FoundPulses(has_come=True, count=events[0].count)
    raise FieldError(CONF_ENTITY_ID, "entity_without_count")


async def _async_watch_entity(hass: HomeAssistant, entity_id: str) -> FoundPulses:
    """Return the first pulse of an entity: a change of its state, or an event.

    `has_come` is False if no pulse comes within PULSE_TIMEOUT_S.
    """
    pulses: asyncio.Future[FoundPulses] = hass.loop.create_future()
    domain = entity_id.partition(".")[0]

    @callback
    def on_change(event: Event[EventStateChangedData]) -> None:
        old, new = event.data["old_state"], event.data["new_state"]
        if old and new and is_pulse(domain, old.state, new.state) and not pulses.done():
            pulses.set_result(FoundPulses(has_come=True))

    stop = async_track_state_change_event(hass, [entity_id], on_change)
    try:
        return await _in_time(pulses) or _NOTHING
    finally:
        stop()


async def _async_watch_topic(hass: HomeAssistant, topic: str) -> FoundPulses:
    """Return the first pulse, count of pulses or state at a topic, or the values in JSON messages.

    A pulse in a retained message is ignored. If nothing else comes within PULSE_TIMEOUT_S, the
    field `has_come` of the result is False. Raises FieldError if the MQTT integration is not
    running.
    """
    from homeassistant.components import mqtt  # noqa: PLC0415 - only there with its integration

    if not await mqtt.async_wait_for_mqtt_client(hass):
        raise FieldError(CONF_BASE, "mqtt_not_running")
    pulses: asyncio.Future[FoundPulses] = hass.loop.create_future()
    meter = PulseMeter(1)

    @callback
    def on_message(message: mqtt.ReceiveMessage) -> None:
        events = meter.read_line(str(message.payload).strip(), 0, is_old=message.retain)
        if events and not pulses.done():
            pulses.set_result(found_pulses(meter, events[0]))

    stop = await mqtt.async_subscribe(hass, topic, on_message)
    try:
        found = await _in_time(pulses)
    finally:
        stop()
    return found or found_nothing_yet(meter)


async def _in_time(pulses: asyncio.Future[FoundPulses]) -> FoundPulses | None:
    try:
        async with asyncio.timeout(PULSE_TIMEOUT_S):
            return await pulses
    except TimeoutError:
        return None


_BAUD_RATES = ("9600", "19200", "38400", "57600", "115200")
_DOMAINS = [*BINARY_DOMAINS, *COUNT_DOMAINS, EVENT_DOMAIN]
_PULSES_PER_KWH = AmountField(Amount(PULSES_PER_KWH, 1_000_000, 0.001))
_METER_READING = {vol.Optional(CONF_METER_READING): AmountField(Amount(KWH, 1_000_000_000))}
_AMOUNTS = {vol.Required(CONF_PULSES_PER_KWH): _PULSES_PER_KWH, **_METER_READING}
# Only a new reader has a default value. Otherwise, an emptied field would mean this value.
_NEW_AMOUNTS = {
    vol.Required(CONF_PULSES_PER_KWH, default=amount_text(DEFAULT_PULSES_PER_KWH)): _PULSES_PER_KWH,
    **_METER_READING,
}


def _read_amounts(typed: JsonMapping, inputs: FormInputs) -> JsonDict:
    """Return the entered values, with numbers instead of typed amounts."""
    return inputs.read_all(typed, _AMOUNTS, "options.step.pulse")


class PulseSteps(BoardSteps):
    """Dialog steps of an LED pulse reader at a port, an entity or an MQTT topic."""

    _reader: Draft
    _active_word: str | None = None
    _survey: MessageSurvey

    async def async_step_pulse(self, _user_input: Input = None) -> ConfigFlowResult:
        """Ask for the kind of the pulse source: a port, an entity or an MQTT topic."""
        sources = ["pulse_port", "pulse_entity"]
        if "mqtt" in self.hass.config.components:
            sources.append("pulse_topic")
        return self.form.show_menu("pulse", sources, await self.form.async_changing())

    async def async_step_wait_for_pulse(self, _user_input: Input = None) -> ConfigFlowResult:
        """Show progress until a pulse or a count of pulses has come, or the test has timed out."""
        return await self._async_look("wait_for_pulse", self._reader.data, self._async_find_pulses)

    async def _async_ask(self, user_input: Input, *, step_id: str) -> ConfigFlowResult:
        if reader := await self.form.async_accept(user_input, self._async_read_reader):
            self._reader = reader
            return await self.async_step_wait_for_pulse()
        fields: dict[Any, Any]
        match step_id:
            case "pulse_port":
                rates = list_field((rate, rate) for rate in _BAUD_RATES)
                port = await async_port_field(self.hass)
                fields = {NEW_PORT: port, vol.Required(CONF_BAUD_RATE): rates}
            case "pulse_entity":
                entity = EntitySelector(EntitySelectorConfig(filter=[{"domain": _DOMAINS}]))
                fields = {vol.Required(CONF_ENTITY_ID): entity}
            case _:
                fields = {vol.Required(CONF_TOPIC): TextSelector()}
        if not self._updated_entry:
            fields |= _NEW_AMOUNTS
        suggested = self._suggested_source
        suggested[CONF_BAUD_RATE] = str(suggested.get(CONF_BAUD_RATE, _BAUD_RATES[-1]))
        changing = await self.form.async_changing()
        return await self.form.async_show(step_id, fields, suggested, changing, last_step=False)

    async def _async_read_reader(self, typed: JsonDict) -> Draft:
        """Turn the entered values into the data and options of an entry. Raises FieldError."""
        data: JsonDict = {CONF_KIND: KIND_PULSE}
        typed = _read_amounts(typed, self.form.inputs)
        if CONF_PORT in typed:
            data[CONF_PORT] = await self._async_read_port(typed[CONF_PORT])
            data[CONF_BAUD_RATE] = int(typed[CONF_BAUD_RATE])
        elif CONF_ENTITY_ID in typed:
            data[CONF_ENTITY_ID] = typed[CONF_ENTITY_ID]
            state_of(self.hass, typed[CONF_ENTITY_ID], CONF_ENTITY_ID)
        else:
            data[CONF_TOPIC] = typed[CONF_TOPIC].strip()
            if not is_topic(data[CONF_TOPIC]):
                raise FieldError(CONF_TOPIC, "topic_malformed")
        self._check_unused(data)
        entry = self._updated_entry
        shown = entry.data if entry else typed
        if CONF_METER_READING in shown:
            data[CONF_METER_READING] = shown[CONF_METER_READING]
        return Draft(data, {} if entry else {CONF_PULSES_PER_KWH: typed.get(CONF_PULSES_PER_KWH)})

    async def _async_find_pulses(self) -> str:
        data = self._reader.data
        pulses = await async_find_pulses(self.hass, data)
        if pulses.survey:
            self._survey = pulses.survey
            best = pulses.survey.best
            if best is None:
                return "value_choice"
            is_state = best.form.counted is Counted.STATE
            return "state_of_value_found" if is_state else "value_found"
        if CONF_ENTITY_ID not in data:
            data[CONF_MESSAGE] = dump(MessageForm())
        self._active_word = pulses.active_word
        if pulses.count is None:
            return "pulse_found" if pulses.has_come else "pulse_not_found"
        data.update(begin_at(pulses.count))
        return "state_found" if self._active_word else "count_found"

    async def _async_confirm_pulses(self, user_input: Input, *, step_id: str) -> ConfigFlowResult:
        if user_input is not None:
            return await self._async_finish("pulse_reader", self._reader)
        data = self._reader.data
        shown = {
            "source": shown_source(data),
            "count": str(data.get(CONF_FIRST_COUNT)),
            "active": str(self._active_word),
        }
        return await self.form.async_show(step_id, {}, {}, shown)

    async def _async_choose_value(self, user_input: Input, *, step_id: str) -> ConfigFlowResult:
        values, best = self._survey.values, self._survey.best
        if user_input is not None:
            data = with_chosen_value(self._reader.data, values, user_input[CONF_VALUE])
            return await self._async_finish("pulse_reader", self._reader._replace(data=data))
        shown = {"source": shown_source(self._reader.data), **value_placeholders(best)}
        return await self.form.async_show(step_id, value_field(values, best), {}, shown)

    # Steps of the dialog: a form for each kind of source, and a confirmation for each result of the
    # test.
    async_step_pulse_port = partialmethod(_async_ask, step_id="pulse_port")
    async_step_pulse_entity = partialmethod(_async_ask, step_id="pulse_entity")
    async_step_pulse_topic = partialmethod(_async_ask, step_id="pulse_topic")
    async_step_pulse_found = partialmethod(_async_confirm_pulses, step_id="pulse_found")
    async_step_count_found = partialmethod(_async_confirm_pulses, step_id="count_found")
    async_step_state_found = partialmethod(_async_confirm_pulses, step_id="state_found")
    async_step_value_found = partialmethod(_async_choose_value, step_id="value_found")
    async_step_state_of_value_found = partialmethod(
        _async_choose_value, step_id="state_of_value_found"
    )
    async_step_value_choice = partialmethod(_async_choose_value, step_id="value_choice")
    async_step_pulse_not_found = partialmethod(_async_confirm_pulses, step_id="pulse_not_found")


class PulseOptionsFlow(OptionsFlowWithReload):
    """Options dialog of an LED pulse reader."""

    def __init__(self) -> None:
        self._form = Form(self, lambda: short_title(self.config_entry))

    async def async_step_pulse(self, user_input: Input = None) -> ConfigFlowResult:
        """Ask for the pulses per kWh, and for the meter's reading in kWh."""
        options = await self._form.async_accept(user_input, self._async_read)
        if options is not None:
            return self.async_create_entry(data=options)
        return await self._form.async_show("pulse", _AMOUNTS, self.config_entry.options)

    async_step_init = async_step_pulse

    async def _async_read(self, typed: JsonDict) -> JsonDict:
        """Return the options to store. Store the meter's reading. Raises FieldError."""
        read = _read_amounts(typed, self._form.inputs)
        self._form.inputs.check()
        if CONF_METER_READING in read:
            try:
                await self._async_set_energy(read.pop(CONF_METER_READING))
            except UnreadableNowError:
                raise FieldError(*NOT_READ) from None
        return read

    async def _async_set_energy(self, kwh: float) -> None:
        """Store `kwh` as the total of the counter.

        The total is not an option, because it changes with each pulse.
        """
        if self.config_entry.state is ConfigEntryState.LOADED:
            await self.config_entry.runtime_data.counter.async_set_energy(kwh)
            return
        counter = PulseCounter(self.hass, self.config_entry)
        await counter.async_load()
        await counter.async_set_energy(kwh)
