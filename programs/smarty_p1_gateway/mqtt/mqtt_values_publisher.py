"""Publisher of a port's decoded readings, and of the meter's availability.

No reading is queued, because only the newest reading matters. While the broker is disconnected,
readings are dropped. After a reconnect, all retained messages are sent again.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import asdict, replace
from typing import override

from smarty_p1_gateway.decoding_config import PublishConfig
from smarty_p1_gateway.gateway_config import BrokerConfig, PortConfig
from smarty_p1_gateway.json_storage import JsonStorage, compact_json
from smarty_p1_gateway.log_once import LogOnce
from smarty_p1_gateway.metrics import GatewayMetrics
from smartyp1.failure_detection import Condition
from smartyp1.history.luxembourg_time import LUXEMBOURG
from smartyp1.json_types import JsonDict
from smartyp1.meter.meter_reader import Reading, Reception
from smartyp1.p1.frame_header import TITLE_SIZE
from smartyp1.publish.connection_message import ConnectionMessage
from smartyp1.publish.mqtt_discovery import MeterAnnounced, MqttAnnouncer
from smartyp1.publish.mqtt_messages import (
    MAX_TOPICS,
    OFFLINE,
    LastEvents,
    Message,
    MeterMessages,
    Published,
    availability_topic,
    connection_topic,
)
from smartyp1.publish.publish_feed import PublishFeed
from smartyp1.publish.retained_messages import RetainedMessages
from smartyp1.publish.topics import level
from smartyp1.stored_json import load
from smartyp1.stored_values import Stored, checked_mapping, checked_text, some_bytes

from .mqtt_client import MqttClient, RefusedError
from .reconnecting_publisher import ReconnectingPublisher

LOGGER = logging.getLogger(__name__)

# Seconds after which a reading is too old. The limit is a minute, but the timer may run late. So
# set the timer slightly earlier.
_STALE_AFTER_S = 59.9
# Maximum number of stored topics with a retained message. The gateway publishes at up to MAX_TOPICS
# topics. After a change of the configuration, the topics that were used before the change are still
# stored, so the number can be higher.
_MAX_RETAINED_TOPICS = 4 * MAX_TOPICS


class ValuesPublisher(ReconnectingPublisher):
    """Publisher of the readings of one port."""

    def __init__(  # noqa: PLR0913, PLR0917
        self,
        broker: BrokerConfig,
        port: PortConfig,
        publish: PublishConfig,
        memory: JsonStorage,
        speakers: dict[str, object],
        metrics: GatewayMetrics,
    ) -> None:
        super().__init__(broker, port, speakers, metrics, asyncio.Event())
        self._publish = publish
        self._memory = memory
        self._work = asyncio.Event()
        self._stale_timer: asyncio.TimerHandle | None = None
        self._log = LogOnce(_MAX_RETAINED_TOPICS)
        self.title: bytes | None = None
        self._root = ""
        self._is_final = False
        self._connection = ConnectionMessage()
        self._last_events = LastEvents()
        self._memory.take_content(self._name, self._restore)
        self._root = port.root or self._root
        self._feed: PublishFeed | None = None

    @property
    def _name(self) -> str:
        return f"port {self._port.label}"

    def _restore(self, data: Stored) -> None:
        stored = checked_mapping(data)
        title, root = some_bytes(stored["title"], TITLE_SIZE), checked_text(stored["root"])
        retained = RetainedMessages.from_stored(stored["retained"], _MAX_RETAINED_TOPICS)
        if "events" in stored:
            self._last_events = load(LastEvents, stored["events"])
        self.title, self._root, self._retained = title, root, retained

    def _as_dict(self) -> JsonDict:
        return {
            "title": self.title.hex() if self.title else "",
            "root": self._root,
            "retained": self._retained.as_stored(is_final=self._is_final),
            "events": asdict(self._last_events),
        }

    def on_reading(self, reading: Reading, name: str, reception: Callable[[], Reception]) -> None:
        """Publish a reading of the meter `name`, now or after the minimum interval."""
        feed, title = self._feed, reading.telegram.system_title
        if self.title != title:
            self.title, feed = title, None
            self._last_events = LastEvents()
        if feed is None:
            feed = self._begin(name, reception)
        if not self._speaks(topic := availability_topic(self._root)):
            # Another port has published its values at these topics. So publish all values of this
            # port again.
            feed.repeat_values()
        self._speakers[topic] = self
        feed.on_reading(reading)
        if self._stale_timer:
            self._stale_timer.cancel()
        loop = asyncio.get_running_loop()
        self._stale_timer = loop.call_later(_STALE_AFTER_S, feed.on_stale)

    def on_condition(self, condition: Condition) -> None:
        """Publish the condition of the port, if the meter is announced."""
        now = asyncio.get_running_loop().time()
        if self._publish.discovery and self._connection.note_condition(condition, now):
            self._work.set()

    def _begin(self, serial_number: str, reception: Callable[[], Reception]) -> PublishFeed:
        """Return a new feed for the port's first meter, or for a meter that replaces another."""
        if self._feed:
            self._feed.close()
        root = self._port.root or f"{self._port.prefix}/{level(serial_number)}"
        messages = MeterMessages(
            Published(root, self._publish.form, self._publish.retain),
            compact_json,
            self._announcer(serial_number, root),
            self._retained.topics,
            self._warn_of_topics,
        )
        messages.last_events = self._last_events
        if root != self._root:
            self._root = root
            self._moved.set()
        self._save()
        interval, repeat_every = self._publish.min_interval, self._publish.repeat_every
        self._feed = PublishFeed(messages, interval, self._work.set, reception, repeat_every)
        return self._feed

    def _announcer(self, serial_number: str, root: str) -> MqttAnnouncer | None:
        if self._publish.discovery is None:
            return None
        title = self._port.name or f"Smarty {serial_number}"
        meter = MeterAnnounced(serial_number, title, None, LUXEMBOURG)
        return MqttAnnouncer(meter, self._publish.discovery, root)

    def _warn_of_topics(self) -> None:
        LOGGER.warning(
            "%s: %d topics are published, and no further ones", self._port.label, MAX_TOPICS
        )

    @override
    async def run(self) -> None:
        try:
            await super().run()
        finally:
            self._is_final = True
            self._save()

    @property
    @override
    def _topic(self) -> str:
        return availability_topic(self._root) if self._root else ""

    @override
    def _topics_at_end(self, topic: str) -> tuple[str, ...]:
        is_announced = self._publish.discovery is not None
        return (topic, connection_topic(topic.rpartition("/")[0])) if is_announced else (topic,)

    @override
    def _is_online(self, topic: str) -> bool:
        return self._feed is not None and self._feed.is_online and self._speaks(topic)

    @override
    async def _publish_all(self, client: MqttClient, topic: str) -> None:
        if self._feed:
            self._feed.on_connected()
        elif self._speaks(topic):
            # The broker may still retain values of an earlier run. So mark the port as offline.
            await self._send_retained(client, topic, OFFLINE)
        loop = asyncio.get_running_loop()
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout_at(self._connection.due_at):
                    await self._work.wait()
            self._work.clear()
            if message := self._connection.take_message(self._root, loop.time()):
                await self._send(client, [message])
            feed = self._feed
            if feed is None:
                continue
            # Take the reading from the feed before the wait below. A reading that arrives during
            # the wait must not be published now, because its frame counter is perhaps not stored
            # yet.
            reading = feed.claim()
            if reading:
                # Publish the reading only when its frame counter is stored. Otherwise, the frame
                # could be replayed after a restart.
                feed.is_held = not await self._memory.written()
            before = replace(self._last_events)
            await self._send(client, feed.take_messages(reading))
            self._retained.clear(feed.take_outdated(), asyncio.get_running_loop().time())
            self._has_changed.set()
            if self._last_events != before:
                self._save()
            self._outage.end()
            if reading and feed.is_held:
                feed.put_back(reading)  # publish the reading after the next successful write

    async def _send(self, client: MqttClient, messages: Iterable[Message]) -> None:
        for topic, payload, retain in messages:
            if not retain:
                client.post(topic, payload)
            elif payload in {"", OFFLINE} and not self._speaks(topic):
                if self._retained.forget(topic):
                    self._save()
            else:
                await self._send_retained(client, topic, payload)
        await client.posted()

    @override
    async def _send_retained(self, client: MqttClient, topic: str, payload: str) -> None:
        is_retained = topic in self._retained
        if payload:
            self._speakers[topic] = self
            self._note_sent(topic, payload)
        if topic == availability_topic(self._root):
            await client.send(topic, payload, retain=True)
            self._connection.repeat(asyncio.get_running_loop().time())
        elif topic.startswith(self._root) and (payload or not is_retained):
            client.post(topic, payload, retain=True)
        else:
            await self._send_once(client, topic, payload)
        if not payload:
            self._speakers.pop(topic, None)
            self._note_sent(topic, payload)

    async def _send_once(self, client: MqttClient, topic: str, payload: str) -> None:
        """Send a discovery message or an empty retained message.

        A refusal by the broker is logged once for each topic, and raises no error.
        """
        try:
            await client.send(topic, payload, retain=True)
        except RefusedError as err:
            client.refusal = None
            self._log.warn("%s: %s, %s", self._port.label, topic, err, key=topic)

    @override
    def _save(self) -> None:
        self._memory.put_content(self._name, self._as_dict)

    @override
    def _on_repaired(self) -> None:
        # Subscribers may have dropped the values at `offline`.
        if self._feed:
            self._feed.repeat_values()
