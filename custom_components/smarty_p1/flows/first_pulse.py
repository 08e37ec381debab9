"""Search for the first pulse or running count of a pulse source."""

import asyncio
from collections.abc import Mapping
from typing import Any

from homeassistant.const import (
    CONF_BASE,
    CONF_ENTITY_ID,
    CONF_PORT,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
)
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers.event import async_track_state_change_event

from ..const import CONF_BAUD_RATE, CONF_TOPIC
from ..coordinator.pulse_sources import COUNT_DOMAINS, is_pulse
from ..lib.boards import PulseMeter
from .board_probe import PULSE_TIMEOUT_S, FoundPulses, probe_pulses
from .form_errors import FieldError

_NOTHING = FoundPulses(has_come=False)


async def async_find_pulses(hass: HomeAssistant, data: Mapping[str, Any]) -> FoundPulses:
    """Return the first pulse or running count of an entry's source, within PULSE_TIMEOUT_S.

    Raises a LinkError if a port cannot be opened or is lost. Raises FieldError if the state of an
    entity is no count, or if the MQTT integration is not running.
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
    """Return the running count of an entity. Raises FieldError if its state is no count."""
    state = hass.states.get(entity_id)
    if state is None or state.state in {STATE_UNAVAILABLE, STATE_UNKNOWN}:
        return _NOTHING
    if events := PulseMeter(1).read_count(state.state, 0):
        return FoundPulses(has_come=True, count=events[0].count)
    raise FieldError(CONF_ENTITY_ID, "entity_without_count")


async def _async_watch_entity(hass: HomeAssistant, entity_id: str) -> FoundPulses:
    """Wait for a pulse of an entity: a change of its state, or an event."""
    pulses: asyncio.Future[FoundPulses] = hass.loop.create_future()
    domain = entity_id.partition(".")[0]

    @callback
    def on_change(event: Event[EventStateChangedData]) -> None:
        old, new = event.data["old_state"], event.data["new_state"]
        if old and new and is_pulse(domain, old.state, new.state) and not pulses.done():
            pulses.set_result(FoundPulses(has_come=True))

    stop = async_track_state_change_event(hass, [entity_id], on_change)
    try:
        return await _in_time(pulses)
    finally:
        stop()


async def _async_watch_topic(hass: HomeAssistant, topic: str) -> FoundPulses:
    """Return the first pulse or running count at a topic.

    A pulse in a retained message is ignored.
    """
    from homeassistant.components import mqtt  # noqa: PLC0415 - only there with its integration

    if not await mqtt.async_wait_for_mqtt_client(hass):
        raise FieldError(CONF_BASE, "mqtt_not_running")
    pulses: asyncio.Future[FoundPulses] = hass.loop.create_future()

    @callback
    def on_message(message: mqtt.ReceiveMessage) -> None:
        for event in PulseMeter(1).read_line(str(message.payload).strip(), 0):
            if (event.count is not None or not message.retain) and not pulses.done():
                pulses.set_result(FoundPulses(has_come=True, count=event.count))

    stop = await mqtt.async_subscribe(hass, topic, on_message)
    try:
        return await _in_time(pulses)
    finally:
        stop()


async def _in_time(pulses: asyncio.Future[FoundPulses]) -> FoundPulses:
    try:
        async with asyncio.timeout(PULSE_TIMEOUT_S):
            return await pulses
    except TimeoutError:
        return _NOTHING
