"""MQTT output. It publishes a meter's telegrams through Home Assistant's MQTT integration.

Only the newest reading waits for publication, so older readings are dropped while the broker is
disconnected. After a reconnect, all messages are sent again, even if they have not changed.
"""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from math import inf

from homeassistant.components import mqtt
from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.icon import async_get_icons
from homeassistant.helpers.json import json_dumps
from homeassistant.helpers.translation import async_get_translations
from homeassistant.loader import async_get_integration
from homeassistant.util import dt as dt_util

from ..const import (
    CONF_DISCOVERY,
    CONF_DISCOVERY_PREFIX,
    CONF_FORMAT,
    CONF_MIN_INTERVAL,
    CONF_RETAIN,
    CONF_TOPIC,
    DOCUMENTATION_URL,
    DOMAIN,
    LOGGER,
)
from ..coordinator.background_tasks import SupervisedTask
from ..coordinator.repair_issues import set_issue, withdraw_issues
from ..coordinator.telegram_source import TelegramMeter
from ..lib.json_types import JsonDict, JsonMapping
from ..lib.meter.meter_reader import Reading
from ..lib.problem import Problem
from ..lib.publish.connection_message import ConnectionMessage
from ..lib.publish.mqtt_discovery import Discovery, DiscoveryNames, MeterAnnounced, MqttAnnouncer
from ..lib.publish.mqtt_messages import (
    LIFETIME,
    MAX_TOPICS,
    OFFLINE,
    Message,
    MeterMessages,
    Published,
    availability_topic,
    connection_topic,
)
from ..lib.publish.publish_feed import PublishFeed
from ..lib.publish.publish_format import Format
from ..lib.publish.retained_messages import RetainedMessages
from .mqtt_topics import RetainedTopics

_COMPONENT = f"component.{DOMAIN}."


async def async_load_texts(hass: HomeAssistant) -> DiscoveryNames:
    """Return the English names and the icons of devices and entities."""
    names: dict[str, str] = {}
    for category in ("device", "entity"):
        texts = await async_get_translations(hass, "en", category, {DOMAIN})
        names |= {key.removeprefix(_COMPONENT): text for key, text in texts.items()}
    icons: JsonDict = await async_get_icons(hass, "entity", {DOMAIN})
    return DiscoveryNames(names, icons.get(DOMAIN, {}))


async def async_load_origin(hass: HomeAssistant) -> dict[str, str]:
    """Return the origin of the discovery messages: this integration, its version and web page."""
    integration = await async_get_integration(hass, DOMAIN)
    return {
        "name": DOMAIN,
        "sw_version": str(integration.version),
        "support_url": DOCUMENTATION_URL,
    }


# Seconds to wait for a broker that no longer responds. A longer wait would delay the unloading of
# an entry.
_OFFLINE_TIMEOUT_S = 5.0
# Seconds to wait after a message that could not be published, before the next attempt.
_RETRY_DELAY_S = 1.0


def _is_connected(hass: HomeAssistant) -> bool:
    return mqtt.DATA_MQTT in hass.data and mqtt.is_connected(hass)


async def async_clear(hass: HomeAssistant, messages: RetainedMessages) -> None:
    """Clear the retained messages of a removed meter, except those of another publisher."""
    if not _is_connected(hass):
        LOGGER.warning(
            "The MQTT broker is away: it keeps the messages of a meter that was removed, on %s",
            ", ".join(sorted(messages.topics)),
        )
        return
    loop, received = asyncio.get_running_loop(), asyncio.Event()
    subscriptions = _Subscriptions(hass, messages, received.set)
    try:
        async with asyncio.timeout(_OFFLINE_TIMEOUT_S):
            await subscriptions.async_update()
            messages.clear(messages.topics, loop.time())
            while (due := messages.due(is_online=False)) is not None:
                with suppress(TimeoutError):
                    async with asyncio.timeout_at(due):
                        await received.wait()
                received.clear()
                for message in messages.take_messages(loop.time(), is_online=False):
                    await mqtt.async_publish(hass, message.topic, message.payload, retain=True)
    except HomeAssistantError, TimeoutError:
        LOGGER.debug("Clearing the messages of a removed meter ended early")
    finally:
        subscriptions.close()


@dataclass
class _Subscriptions:
    """Subscriptions to the topics with retained messages, to notice other publishers."""

    hass: HomeAssistant
    messages: RetainedMessages
    on_change: Callable[[], None]
    by_topic: dict[str, CALLBACK_TYPE] = field(default_factory=dict)

    async def async_update(self) -> None:
        """Subscribe to new topics. Raises HomeAssistantError without the MQTT integration."""
        for topic in self.messages.topics - self.by_topic.keys():
            self.by_topic[topic] = await mqtt.async_subscribe(
                self.hass, topic, self._on_message, qos=1, encoding=None
            )
        for topic in self.by_topic.keys() - self.messages.topics:
            self.by_topic.pop(topic)()

    @callback
    def _on_message(self, message: mqtt.ReceiveMessage) -> None:
        payload = message.payload
        text = payload if isinstance(payload, str) else bytes(payload).decode(errors="replace")
        self.messages.note_received(message.topic, text, self.hass.loop.time())
        self.on_change()

    @callback
    def close(self) -> None:
        """End all subscriptions."""
        while self.by_topic:
            self.by_topic.popitem()[1]()


class MqttPublisher:
    """Task that publishes the readings, the discovery and the availability of a meter.

    It works while the broker is connected. Until `async_start` is called, it publishes nothing, but
    clears the retained messages that are to be cleared.
    """

    def __init__(
        self, coordinator: TelegramMeter, options: JsonMapping, retained: RetainedTopics
    ) -> None:
        self._coordinator = coordinator
        self._options = options
        self._hass = coordinator.hass
        self._retained = retained
        self._feed: PublishFeed | None = None
        self._connection = ConnectionMessage()
        self._outdated: Iterable[str] = ()
        """Topics to clear as soon as the broker is connected."""
        # A form once accepted "nan", which is stored as None.
        self._min_interval: float = options.get(CONF_MIN_INTERVAL) or 0
        self._work = asyncio.Event()
        self._task = SupervisedTask(coordinator.hass, coordinator.config_entry, self._run, "MQTT")
        self._timer: asyncio.TimerHandle | None = None
        self._subscriptions = _Subscriptions(self._hass, retained.messages, self._set_timer)

    @property
    def _is_online(self) -> bool:
        """Return whether there is a reading of now."""
        return self._feed is not None and self._feed.is_online

    @callback
    def clear(self) -> None:
        """Clear the retained messages of a meter that is no longer published."""
        self._outdated = self._retained.messages.topics
        self.begin()

    @callback
    def begin(self) -> None:
        """Start the task. It ends when the entry is unloaded."""
        entry = self._coordinator.config_entry
        entry.async_on_unload(
            mqtt.async_subscribe_connection_status(self._hass, self._on_connection)
        )
        entry.async_on_unload(self._close)
        self._on_connection(_is_connected(self._hass))
        self._task.start()

    @callback
    def _close(self) -> None:
        """End the task, so that it sends no further message."""
        self._task.cancel()
        self._subscriptions.close()
        if self._timer:
            self._timer.cancel()

    @callback
    def _on_connection(self, is_connected: bool) -> None:  # noqa: FBT001 - Home Assistant's signature
        """Wake the task when the broker is connected."""
        if self._feed:
            self._feed.on_connected()
        if is_connected:
            self._work.set()

    async def _run(self) -> None:
        while True:
            await self._work.wait()
            self._work.clear()
            if not _is_connected(self._hass):
                continue
            delay = 0.0
            try:
                await self._publish()
                await self._subscriptions.async_update()
                await self._repair_and_clear()
            except HomeAssistantError as err:
                delay = _RETRY_DELAY_S
                LOGGER.debug("%s: publishing ended early: %s", self._coordinator.name, err)
            except Exception as err:  # noqa: BLE001 - an error must not end the task
                delay = _RETRY_DELAY_S
                self._coordinator.faults.note_fault("publishing on MQTT", err, "it is tried again")
            self._set_timer(delay)

    @callback
    def _set_timer(self, min_delay: float = 0.0) -> None:
        """Wake the task when a retained message is to be repaired or cleared."""
        if self._timer:
            self._timer.cancel()
        due = self._retained.messages.due(is_online=self._is_online)
        due = min(inf if due is None else due, self._connection.due_at)
        if due < inf:
            at = max(due, self._hass.loop.time() + min_delay)
            self._timer = self._hass.loop.call_at(at, self._work.set)

    async def _publish(self) -> None:
        """Publish what is due. Raises HomeAssistantError if the broker disconnects."""
        if feed := self._feed:
            await self._send_all(feed.take_messages(None))
            message = self._connection.take_message(
                self._options[CONF_TOPIC], self._hass.loop.time()
            )
            await self._send_all([message] if message else [])
            # Claim a reading only after the messages that need no reading were sent. Otherwise, the
            # reading would be lost if the broker disconnects while these messages are sent.
            await self._send_all(feed.take_messages(feed.claim()))
            self._outdated = feed.take_outdated()
        self._retained.messages.clear(self._outdated, self._hass.loop.time())
        self._outdated = ()

    async def _repair_and_clear(self) -> None:
        messages, now = self._retained.messages, self._hass.loop.time()
        before = messages.topics
        for message in messages.take_messages(now, is_online=self._is_online):
            await self._send(message.topic, message.payload, retain=True)
            if message.payload and self._feed:
                # Subscribers may have dropped the values at `offline`.
                self._feed.repeat_values()
        if messages.topics != before:
            await self._retained.async_save()

    async def _send(self, topic: str, payload: str, *, retain: bool) -> None:
        if retain and payload:
            self._retained.note_sent(topic, payload)
        await mqtt.async_publish(self._hass, topic, payload, retain=retain)
        if topic == availability_topic(self._options[CONF_TOPIC]):
            self._connection.repeat(self._hass.loop.time())
        if retain and not payload:
            self._retained.note_sent(topic, payload)

    async def async_start(self, latest: Reading | None) -> None:
        """Start the publishing, with the latest reading."""
        options = self._options
        announcer = await self._async_announcer() if options[CONF_DISCOVERY] else None
        if announcer:
            self._watch_devices(announcer.meter_device)
        messages = MeterMessages(
            Published(options[CONF_TOPIC], Format(options[CONF_FORMAT]), options[CONF_RETAIN]),
            json_dumps,
            announcer,
            self._retained.messages.topics,
            self._warn_of_topics,
        )
        coordinator = self._coordinator
        messages.last_events = replace(coordinator.records.history.events.before_start)
        self._feed = PublishFeed(
            messages, self._min_interval, self._work.set, lambda: coordinator.source.reception
        )
        if latest:
            self.on_reading(latest)
        entry = coordinator.config_entry
        entry.async_on_unload(coordinator.async_add_listener(self._on_update))
        self._on_update()
        entry.async_on_unload(
            self._hass.bus.async_listen(EVENT_HOMEASSISTANT_STOP, self.async_stop)
        )
        self.begin()

    @callback
    def on_reading(self, reading: Reading) -> None:
        """Let a reading wait for publication."""
        if self._feed:
            self._feed.on_reading(reading)

    async def _async_announcer(self) -> MqttAnnouncer:
        coordinator, options = self._coordinator, self._options
        return MqttAnnouncer(
            MeterAnnounced(
                coordinator.meter_id,
                coordinator.config_entry.title,
                coordinator.records.wanted_options,
                dt_util.get_default_time_zone(),
            ),
            Discovery(
                await async_load_texts(self._hass),
                await async_load_origin(self._hass),
                options[CONF_DISCOVERY_PREFIX],
                self._min_interval + LIFETIME,
            ),
            options[CONF_TOPIC],
        )

    @callback
    def _watch_devices(self, identifier: str) -> None:
        """Raise a repair issue while this Home Assistant has added its own meter by MQTT."""
        hass, entry = self._hass, self._coordinator.config_entry

        @callback
        def look(_event: Event[dr.EventDeviceRegistryUpdatedData] | None = None) -> None:
            found = dr.async_get(hass).async_get_devices(identifiers={(mqtt.DOMAIN, identifier)})
            is_there = any(not device.disabled for device in found)
            set_issue(hass, entry, Problem.MQTT_ADDED, is_there=is_there)

        entry.async_on_unload(hass.bus.async_listen(dr.EVENT_DEVICE_REGISTRY_UPDATED, look))
        entry.async_on_unload(lambda: withdraw_issues(hass, entry, [Problem.MQTT_ADDED]))
        look()

    @callback
    def _on_update(self) -> None:
        coordinator, now = self._coordinator, self._hass.loop.time()
        if self._feed and not coordinator.last_update_success:
            self._feed.on_stale()
        if self._options[CONF_DISCOVERY] and self._connection.note_condition(
            coordinator.condition, now
        ):
            self._work.set()

    async def _send_all(self, messages: Iterable[Message]) -> None:
        for message in messages:
            await self._send(message.topic, message.payload, retain=message.retain)

    @callback
    def _warn_of_topics(self) -> None:
        LOGGER.warning(
            "%s: %d topics are published on MQTT, and no further ones",
            self._coordinator.name,
            MAX_TOPICS,
        )

    async def async_stop(self, _stop: Event | None = None) -> None:
        """Publish that the meter is offline, and stop the task."""
        if self._feed:
            self._feed.close()
        self._close()  # so that no message follows the offline message
        if _is_connected(self._hass):
            with suppress(HomeAssistantError, TimeoutError):
                async with asyncio.timeout(_OFFLINE_TIMEOUT_S):
                    root = self._options[CONF_TOPIC]
                    await self._send(availability_topic(root), OFFLINE, retain=True)
                    if self._options[CONF_DISCOVERY]:
                        await self._send(connection_topic(root), OFFLINE, retain=True)
        await self._retained.async_close()
