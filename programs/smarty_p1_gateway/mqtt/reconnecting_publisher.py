"""Publisher of one port: reconnects, availability, and retained messages that others share."""

import asyncio
from abc import ABC, abstractmethod
from contextlib import suppress

import aiomqtt

from smarty_p1_gateway.gateway_config import BrokerConfig, PortConfig
from smarty_p1_gateway.metrics import GatewayMetrics
from smartyp1.connection_outage import Outage
from smartyp1.publish.mqtt_messages import OFFLINE
from smartyp1.publish.retained_messages import RetainedMessages
from smartyp1.task_race import run_until_first_exit

from .mqtt_client import MqttClient

# Seconds between two attempts to connect: _FIRST_DELAY_S after the first failure, and _MAX_DELAY_S
# at most.
_FIRST_DELAY_S = 1.0
_MAX_DELAY_S = 30.0
# Errors of an unreachable broker, or of a message that the broker refuses.
_FAILURES = (aiomqtt.MqttError, OSError, ValueError)
_LOST = "%s: the broker is away: %s"
_BACK = "%s: the broker is there again"


class ReconnectingPublisher(ABC):
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
        self._outage = Outage(lost, back, port.label, first=_FIRST_DELAY_S, longest=longest)

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

    def _topics_at_end(self, topic: str) -> tuple[str, ...]:
        """Return the topics of `offline` at the end; `topic` is that of the availability."""
        return (topic,)

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
                self._outage.note_failure(err, kind=type(err).__name__)
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
                for name in filter(self._speaks, self._topics_at_end(topic)):
                    self._note_sent(name, OFFLINE)
                    with suppress(aiomqtt.MqttError):
                        await client.publish(name, OFFLINE, qos=1, retain=True, timeout=2)

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
            for message in self._retained.take_messages(loop.time(), is_online=is_online):
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
