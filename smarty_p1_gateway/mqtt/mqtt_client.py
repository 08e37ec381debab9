"""Connection of a port to the MQTT broker: last will, limits of the broker, reconnects."""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Iterable
from contextlib import suppress
from hashlib import sha256
from itertools import batched
from typing import Any, override

import aiomqtt
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from smarty_p1_gateway.gateway_config import BrokerConfig, PortConfig
from smarty_p1_gateway.metrics import GatewayMetrics
from smartyp1.outage import Outage
from smartyp1.publish.messages import OFFLINE
from smartyp1.publish.retained_messages import RetainedMessages
from smartyp1.task_race import run_until_first_exit

LOGGER = logging.getLogger(__name__)

# Logger of the MQTT library. It is silenced, because this module logs failures in plain words.
_CLIENT_LOGGER = LOGGER.getChild("library")
_CLIENT_LOGGER.setLevel(logging.CRITICAL)

_KEEPALIVE_S = 20
_TIMEOUT_S = 10.0
# Bytes of an MQTT packet in addition to its topic and its payload.
_HEADER_BYTES = 10
# Maximum number of received messages that wait. Each is for a topic of this client.
_MAX_RECEIVED = 10_000
_MAX_SUBSCRIBED_AT_ONCE = 100
WINDOW = 16
"""Maximum number of messages without acknowledgement.

The library's own limit is 20.
"""
# Seconds between two attempts to connect: _FIRST_DELAY_S after the first failure, and _MAX_DELAY_S
# at most.
_FIRST_DELAY_S = 1.0
_MAX_DELAY_S = 30.0
# Errors of an unreachable broker, or of a message that the broker refuses.
_FAILURES = (aiomqtt.MqttError, OSError, ValueError)
_LOST = "%s: the broker is away: %s"
_BACK = "%s: the broker is there again"


class RefusedError(aiomqtt.MqttError):
    """Error for a refused message: it is too large, or the broker has returned a failure code."""


class MqttClient(aiomqtt.Client):
    """MQTT client that respects the broker's limits and records its refusals.

    The library ignores the limits, and treats a refused message as published.
    """

    refusal: ReasonCode | None = None
    _largest: int | None = None

    def __init__(self, broker: BrokerConfig, port: PortConfig, will_topic: str) -> None:
        """Create a client whose last will is a retained `offline` at `will_topic`."""
        super().__init__(
            broker.host,
            broker.port,
            identifier=_identify(broker.place, port.label, will_topic),
            username=broker.username,
            password=broker.password,
            tls_context=broker.tls,
            protocol=aiomqtt.ProtocolVersion.V5,
            will=aiomqtt.Will(will_topic, OFFLINE, qos=1, retain=True),
            keepalive=_KEEPALIVE_S,
            timeout=_TIMEOUT_S,
            max_queued_incoming_messages=_MAX_RECEIVED,
            logger=_CLIENT_LOGGER,
        )
        self._room = asyncio.Semaphore(WINDOW)
        self._last_posted = 0
        self._too_large: set[str] = set()
        self._all_posted = asyncio.Event()
        self._all_posted.set()

    @override
    def _on_connect(
        self,
        client: Any,
        userdata: Any,
        flags: Any,
        reason_code: ReasonCode,
        properties: Properties | None = None,
    ) -> None:
        self._room = asyncio.Semaphore(min(WINDOW, getattr(properties, "ReceiveMaximum", WINDOW)))
        self._largest = getattr(properties, "MaximumPacketSize", None)
        super()._on_connect(client, userdata, flags, reason_code, properties)

    @override
    def _on_publish(
        self, client: Any, userdata: Any, mid: int, reason_code: ReasonCode, properties: Any
    ) -> None:
        if reason_code.is_failure:
            self.refusal = reason_code
        if mid == self._last_posted:
            self._all_posted.set()
        super()._on_publish(client, userdata, mid, reason_code, properties)

    def accepts(self, topic: str, payload: bytes | str) -> bool:
        """Return whether a message fits the broker's maximum packet size.

        A larger packet would end the connection.
        """
        data = payload if isinstance(payload, bytes) else payload.encode()
        size = _HEADER_BYTES + len(topic.encode()) + len(data)
        return self._largest is None or size <= self._largest

    async def send(self, topic: str, payload: bytes | str, *, retain: bool = False) -> None:
        """Publish with QoS 1 and wait for the acknowledgement. Raises RefusedError or MqttError."""
        if not self.accepts(topic, payload):
            msg = (
                f"the broker refuses what is published: packets of more than {self._largest} bytes"
            )
            raise RefusedError(msg)
        async with self._room:
            await self.publish(topic, payload, qos=1, retain=retain)
        if self.refusal is not None:
            msg = f"the broker refuses what is published: {self.refusal}"
            raise RefusedError(msg)

    def post(self, topic: str, payload: str, *, retain: bool = False) -> None:
        """Queue a message with QoS 0. Drop a message that is larger than the broker accepts.

        Raises MqttError. The caller queues several messages, and then calls `posted` once to wait
        until all are sent. So the task and the broker wake up less often than with a wait after
        each message.
        """
        if not self.accepts(topic, payload):
            if topic not in self._too_large:
                self._too_large.add(topic)
                LOGGER.warning(
                    "the broker refuses packets of more than %s bytes: nothing is published at %s",
                    self._largest,
                    topic,
                )
            return
        info = self._client.publish(topic, payload, retain=retain)
        if info.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise aiomqtt.MqttCodeError(info.rc, "Could not publish message")
        self._last_posted = info.mid
        self._all_posted.clear()

    async def posted(self) -> None:
        """Wait until all queued messages were sent. Raises MqttError."""
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                await self._all_posted.wait()
        except TimeoutError:
            msg = "it takes no more messages"
            raise aiomqtt.MqttError(msg) from None

    async def follow(self, topics: Iterable[str]) -> None:
        """Subscribe to topics, without the messages of this client. Raises MqttError."""
        options = SubscribeOptions(qos=1, noLocal=True)
        for some in batched(topics, _MAX_SUBSCRIBED_AT_ONCE, strict=False):
            await self.subscribe([(topic, options) for topic in some])


class PortPublisher(ABC):
    """Publisher of a port's messages and of its availability.

    Each port has its own connection, and so its own last will. Two ports can publish at the same
    topic: cables may be swapped, or a meter may be read twice. When one of these two ports ends, it
    may publish `offline` at the topic only if the other port has not published there since. So all
    ports share `speakers`: for each retained topic, the port that published there most recently.
    `_retained` decides about other programs that publish at these topics.
    """

    def __init__(
        self,
        broker: BrokerConfig,
        port: PortConfig,
        speakers: dict[str, object],
        metrics: GatewayMetrics,
        moved: asyncio.Event,
    ) -> None:
        """Take the configuration, and the state that all ports share.

        `moved` is set when the port's topic changes.
        """
        self._broker = broker
        self._port = port
        self._speakers = speakers
        self._losses = metrics.broker_losses.labels(port.label)
        self._connected = metrics.broker_connected.labels(port.label)
        self._moved = moved
        self._retained = RetainedMessages()
        self._has_changed = asyncio.Event()
        lost, back, longest = _LOST, _BACK, _MAX_DELAY_S
        self._outage = Outage(LOGGER, lost, back, port.label, first=_FIRST_DELAY_S, longest=longest)

    @property
    @abstractmethod
    def _topic(self) -> str:
        """Return the topic of the port's availability. Return "" while it is unknown."""

    @abstractmethod
    def _is_online(self, topic: str) -> bool:
        """Return whether the retained message at `topic` must be `online` now."""

    @abstractmethod
    async def _publish_all(self, client: MqttClient, topic: str) -> None:
        """Publish messages until cancelled. Raises MqttError."""

    async def run(self) -> None:
        """Publish until cancelled. Then publish that the port is offline."""
        while True:
            self._moved.clear()
            try:
                if topic := self._topic:
                    await self._serve(topic)
                else:
                    await self._moved.wait()
            except _FAILURES as err:
                self._losses.inc()
                self._outage.note(err)
                await self._outage.wait()

    async def _serve(self, topic: str) -> None:
        """Keep a connection until the topic changes. Raises MqttError if the connection is lost."""
        async with MqttClient(self._broker, self._port, topic) as client:
            try:
                with self._connected.track_inprogress():
                    await run_until_first_exit(
                        self._publish_all(client, topic),
                        self._repair_and_clear(client, topic),
                        self._receive(client),
                        self._moved.wait(),
                    )
            finally:
                # After a regular disconnect, the broker does not publish the last will. So publish
                # `offline` here.
                if self._speaks(topic):
                    self._note_sent(topic, OFFLINE)
                    with suppress(aiomqtt.MqttError):
                        await client.publish(topic, OFFLINE, qos=1, retain=True, timeout=2)

    async def _receive(self, client: MqttClient) -> None:
        """Note the messages of other programs. Raises MqttError if the connection is lost."""
        loop = asyncio.get_running_loop()
        async for message in client.messages:
            text = message.payload.decode(errors="replace")
            self._retained.note_received(str(message.topic), text, loop.time())
            self._has_changed.set()

    async def _repair_and_clear(self, client: MqttClient, topic: str) -> None:
        """Follow the retained topics. Repair and clear their messages. Raises MqttError."""
        loop, followed = asyncio.get_running_loop(), set[str]()
        while True:
            new = self._retained.topics - followed
            followed |= new
            await client.follow(new)
            due = self._retained.due(is_online=self._is_online(topic))
            with suppress(TimeoutError):
                async with asyncio.timeout_at(due):
                    await self._has_changed.wait()
            self._has_changed.clear()
            before, is_online = self._retained.topics, self._is_online(topic)
            for message in self._retained.take(loop.time(), is_online=is_online):
                if self._speaks(message.topic):
                    await self._send_retained(client, message.topic, message.payload)
                if message.payload:
                    self._on_repaired()
            if self._retained.topics != before:
                self._save()

    async def _send_retained(self, client: MqttClient, topic: str, payload: str) -> None:
        """Send a retained message. Raises MqttError."""
        self._speakers[topic] = self
        self._note_sent(topic, payload)
        await client.send(topic, payload, retain=True)

    def _note_sent(self, topic: str, payload: str) -> None:
        if self._retained.note_sent(topic, payload):
            self._save()
            self._has_changed.set()

    def _save(self) -> None:  # noqa: B027 - a port without values stores nothing
        """Store the topics of retained messages, because they have changed."""

    def _on_repaired(self) -> None:  # noqa: B027 - a port without values repeats nothing
        """React to a retained message that was repaired."""

    def _speaks(self, topic: str) -> bool:
        """Return whether this port may publish `offline` at `topic`, or delete the message there.

        It may not if another port has published at `topic` after this port.
        """
        return self._speakers.get(topic, self) is self


def _identify(*parts: str) -> str:
    """Return a stable client identifier of 23 characters, which every broker accepts.

    A new connection with the same identifier ends a broken connection at once. If the identifiers
    differed, the broker would publish the last will of the broken connection later, and the port
    would seem offline.
    """
    return f"smartyp1{sha256('\n'.join(parts).encode()).hexdigest()[:15]}"
