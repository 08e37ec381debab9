"""MQTT: publishes the telegrams of a meter through Home Assistant's own MQTT integration.

At most one telegram waits to be published. While the broker is away none does; after it is back,
everything that it should keep is sent again.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import Any, override

from homeassistant.components import mqtt
from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.json import json_dumps

from ..const import (
    CONF_DISCOVERY,
    CONF_DISCOVERY_PREFIX,
    CONF_ENABLED,
    CONF_FORMAT,
    CONF_MIN_INTERVAL,
    CONF_RETAIN,
    CONF_TOPIC,
    LOGGER,
    SECTION_MQTT,
)
from ..coordinator.meter_coordinator import SmartyCoordinator
from ..coordinator.throttle import Throttle
from ..lib.meter import MOST_MBUS_METERS, Reading
from ..lib.p1 import MESSAGES, Telegram
from .mqtt_discovery import Announcer, devices, event_topic, new_texts, states_payload, states_topic
from .mqtt_topics import items
from .publish_form import Format
from .retained_topics import RetainedTopics
from .smartyreader_names import smartyreader_items, smartyreader_summary

ONLINE = "online"
OFFLINE = "offline"
# A broker that takes nothing any more must not hold up an entry that is unloaded.
_OFFLINE_TIMEOUT = 5.0
# States are good for so many seconds longer than the time between two of them.
_LIFETIME = 90.0
# Brokers and subscribers remember topics. Units are part of some names, and may vary without end.
MOST_TOPICS = 4096


def _is_connected(hass: HomeAssistant) -> bool:
    return mqtt.DATA_MQTT in hass.data and mqtt.is_connected(hass)


def _availability_topic(options: Mapping[str, Any]) -> str:
    return f"{options[CONF_TOPIC]}/availability"


def _texts(reading: Reading | None) -> list[Any]:
    return [*map(reading.telegram.objects.get, MESSAGES)] if reading else []


async def async_start(coordinator: SmartyCoordinator, retained: RetainedTopics) -> None:
    """Publish the telegrams of a meter, if its options say so, until its entry is unloaded.

    What the broker keeps of earlier options is cleared.
    """
    options = coordinator.config_entry.options.get(SECTION_MQTT, {})
    worker: _Worker
    if options.get(CONF_ENABLED):
        worker = Publisher(coordinator, options, retained)
    else:
        worker = _Cleaner(coordinator, retained)
    await worker.async_start()


async def async_publish_offline(hass: HomeAssistant, options: Mapping[str, Any]) -> None:
    """Publish that a meter is offline, before it was ever read in this run."""
    if _is_connected(hass):
        with suppress(HomeAssistantError, TimeoutError):
            async with asyncio.timeout(_OFFLINE_TIMEOUT):
                await mqtt.async_publish(hass, _availability_topic(options), OFFLINE, retain=True)


async def async_clear(hass: HomeAssistant, retained: RetainedTopics) -> None:
    """Clear what the broker keeps of a meter that is removed."""
    if not _is_connected(hass):
        LOGGER.warning(
            "The MQTT broker is away: it keeps the messages of a meter that was removed, on %s",
            ", ".join(sorted(retained.topics)),
        )
        return
    with suppress(HomeAssistantError, TimeoutError):
        async with asyncio.timeout(_OFFLINE_TIMEOUT):
            for topic in retained.topics:
                await mqtt.async_publish(hass, topic, "", retain=True)


class _Worker:
    """Works in a task of its own whenever it is woken and the broker is there."""

    _task: asyncio.Task[None]

    def __init__(self, coordinator: SmartyCoordinator, retained: RetainedTopics) -> None:
        self._coordinator = coordinator
        self._hass = coordinator.hass
        self._retained = retained
        self._work = asyncio.Event()

    async def async_start(self) -> None:
        """Begin to work, until the entry is unloaded."""
        entry = self._coordinator.config_entry
        entry.async_on_unload(
            mqtt.async_subscribe_connection_status(self._hass, self._on_connection)
        )
        self._task = entry.async_create_background_task(
            self._hass, self._run(), f"{self._coordinator.name} MQTT"
        )
        self._on_connection(_is_connected(self._hass))

    @callback
    def _on_connection(self, is_connected: bool) -> None:  # noqa: FBT001 - as it is called
        """Work when the broker is there."""
        if is_connected:
            self._work.set()

    async def _run(self) -> None:
        while True:
            await self._work.wait()
            self._work.clear()
            if not _is_connected(self._hass):
                continue
            try:
                await self._do()
            except HomeAssistantError as err:
                LOGGER.debug("%s: publishing ended early: %s", self._coordinator.name, err)
            except Exception:  # noqa: BLE001 - whatever it is
                LOGGER.exception("%s: unexpected error while publishing", self._coordinator.name)

    async def _do(self) -> None:
        """Do what is to be done. Raises HomeAssistantError when the broker goes away."""
        raise NotImplementedError

    async def _send(self, topic: str, payload: str, *, retain: bool) -> None:
        if retain and payload:
            # Before: it may be there although this ends early.
            self._retained.add(topic)
        await mqtt.async_publish(self._hass, topic, payload, retain=retain)
        if retain and not payload:
            self._retained.discard(topic)


class _Cleaner(_Worker):
    """Clears what the broker keeps of a meter that is no longer published."""

    @override
    async def _do(self) -> None:
        for topic in tuple(self._retained.topics):
            await self._send(topic, "", retain=True)
        await self._retained.async_save()


class Publisher(_Worker):
    """Publishes what the options ask for."""

    def __init__(
        self,
        coordinator: SmartyCoordinator,
        options: Mapping[str, Any],
        retained: RetainedTopics,
    ) -> None:
        super().__init__(coordinator, retained)
        self._root: str = options[CONF_TOPIC]
        self._format = Format(options[CONF_FORMAT])
        self._retain: bool = options[CONF_RETAIN]
        minimum: float = options[CONF_MIN_INTERVAL]
        self._throttle = Throttle(self._hass.loop, minimum)
        self._topics: set[str] = set()
        self._availability_topic = _availability_topic(options)
        self._announcer: Announcer | None = None
        if options[CONF_DISCOVERY]:
            self._announcer = Announcer(
                coordinator, self._root, options[CONF_DISCOVERY_PREFIX], minimum + _LIFETIME
            )
        # What the broker keeps since an earlier run, and this one has not sent.
        self._stale = set(retained.topics)
        self._waiting: Reading | None = coordinator.latest
        self._published: Reading | None = None
        self._availability = ""
        self._shapes: dict[str, object] = {}

    @override
    async def async_start(self) -> None:
        if self._announcer:
            await self._announcer.async_load()
        entry = self._coordinator.config_entry
        entry.async_on_unload(self._async_publish_offline)
        entry.async_on_unload(self._coordinator.async_add_reading_listener(self._on_reading))
        entry.async_on_unload(self._coordinator.async_add_listener(self._work.set))
        entry.async_on_unload(
            self._hass.bus.async_listen(EVENT_HOMEASSISTANT_STOP, self._async_publish_offline)
        )
        await super().async_start()

    @override
    @callback
    def _on_connection(self, is_connected: bool) -> None:
        # A broker that was restarted may keep nothing.
        self._availability = ""
        self._shapes.clear()
        is_reading = self._coordinator.last_update_success
        self._waiting = self._coordinator.latest if is_reading else None
        super()._on_connection(is_connected)

    @callback
    def _on_reading(self, reading: Reading) -> None:
        # A text could be gone by the next turn.
        has_news = _texts(reading) != _texts(self._published)
        self._throttle.offer(partial(self._publish, reading), is_urgent=has_news)

    @callback
    def _publish(self, reading: Reading) -> None:
        self._waiting = reading
        self._work.set()

    @override
    async def _do(self) -> None:
        await self._send_availability()
        reading, self._waiting = self._waiting, None
        if reading is None:
            return
        self._throttle.restart()
        before, self._published = self._published, reading
        await self._send_values(reading.telegram)
        if self._announcer:
            await self._send_states(self._announcer, reading)
            for event, payload in new_texts(reading, before):
                topic = event_topic(self._root, event)
                await self._send(topic, json_dumps(payload), retain=False)
        await self._clear_what_is_stale()

    async def _send_availability(self) -> None:
        availability = ONLINE if self._coordinator.last_update_success else OFFLINE
        if availability == self._availability:
            return
        await self._send(self._availability_topic, availability, retain=True)
        self._availability = availability

    async def _send_values(self, telegram: Telegram) -> None:
        root = self._root
        if self._format in {Format.VALUES, Format.BOTH}:
            for item in items(telegram):
                await self._send(f"{root}/{item.name}", item.text, retain=self._retain)
        if self._format in {Format.TELEGRAM, Format.BOTH}:
            payload = json_dumps(telegram.as_dict())
            await self._send(f"{root}/telegram", payload, retain=self._retain)
        if self._format is Format.SMARTYREADER:
            for name, text in smartyreader_items(telegram):
                await self._send(f"{root}/{name}", text, retain=self._retain)
            await self._send(root, json_dumps(smartyreader_summary(telegram)), retain=self._retain)

    async def _send_states(self, announcer: Announcer, reading: Reading) -> None:
        options = self._coordinator.config_entry.options
        for device in devices(reading, self._coordinator.reception, options):
            topic = announcer.topic(device)
            if self._shapes.get(topic) != device.shape:
                message = announcer.message(device, self._availability_topic)
                await self._send(topic, json_dumps(message), retain=True)
                self._shapes[topic] = device.shape
            payload = json_dumps(states_payload(device))
            await self._send(states_topic(self._root, device), payload, retain=self._retain)

    @override
    async def _send(self, topic: str, payload: str, *, retain: bool) -> None:
        if not self._has_place(topic):
            return
        if topic in self._stale and not retain:
            # First: whoever listens would take the empty message for the newer one.
            await super()._send(topic, "", retain=True)
        await super()._send(topic, payload, retain=retain)
        self._stale.discard(topic)

    def _has_place(self, topic: str) -> bool:
        """Return whether a topic is one of the first `MOST_TOPICS`."""
        if topic not in self._topics and len(self._topics) < MOST_TOPICS:
            self._topics.add(topic)
            if len(self._topics) == MOST_TOPICS:
                LOGGER.warning(
                    "%s: %d topics are published on MQTT, and no further ones",
                    self._coordinator.name,
                    MOST_TOPICS,
                )
        return topic in self._topics

    async def _clear_what_is_stale(self) -> None:
        """Clear what earlier options had the broker keep, once all that is wanted is there."""
        places = MOST_MBUS_METERS
        for topic in sorted(self._stale):
            # A meter on the M-Bus that is away keeps its place there, as it does here.
            if places and self._announcer and self._announcer.owns(topic):
                places -= 1
            else:
                await super()._send(topic, "", retain=True)
        self._stale.clear()

    async def _async_publish_offline(self, _stop: Event | None = None) -> None:
        """Publish that no more telegrams come."""
        self._throttle.cancel()
        self._task.cancel()  # nothing follows
        if _is_connected(self._hass):
            with suppress(HomeAssistantError, TimeoutError):
                async with asyncio.timeout(_OFFLINE_TIMEOUT):
                    await self._send(self._availability_topic, OFFLINE, retain=True)
        await self._retained.async_save()
