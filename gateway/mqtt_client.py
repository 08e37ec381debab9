"""A connection to the MQTT broker, with a last will: made, kept to its limits, and made anew."""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from hashlib import sha256
from typing import Any, override

import aiomqtt
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from smartyp1.backoff import Outage
from smartyp1.publish import OFFLINE, ONLINE
from smartyp1.task_race import run_until_first_exit

from .config import BrokerConfig, PortConfig
from .metrics import Metrics

LOGGER = logging.getLogger(__name__)

# It logs each failure by itself, with its own words.
_CLIENT_LOGGER = LOGGER.getChild("library")
_CLIENT_LOGGER.setLevel(logging.CRITICAL)

_KEEPALIVE = 20
_TIMEOUT = 10.0
# Of a packet, beside topic and payload.
_HEADER_SIZE = 10
# Seconds. Another gateway on the same topics may have said `offline` at its end.
_REPEAT_EVERY = 60.0
WINDOW = 16
"""How many messages are sent at most before the first of them is acknowledged.

The library's own limit is 20.
"""
# Seconds between two tries to connect.
_FIRST_DELAY = 1.0
_MAX_DELAY_S = 30.0
# The broker is away, or refuses something.
_FAILURES = (aiomqtt.MqttError, OSError, ValueError)
_LOST = "%s: the broker is away: %s"
_BACK = "%s: the broker is there again"


class RefusedError(aiomqtt.MqttError):
    """The broker has acknowledged a message, and refused it."""


class MqttClient(aiomqtt.Client):
    """Keeps to the broker's limits, and remembers whether it refused something.

    The library ignores the limits, and takes what is refused for a success.
    """

    refusal: ReasonCode | None = None
    _largest: int | None = None

    def __init__(self, broker: BrokerConfig, port: PortConfig, will_topic: str) -> None:
        """Make a client whose will the broker keeps there, once it is gone without a word."""
        super().__init__(
            broker.host,
            broker.port,
            identifier=_identify(broker.place, port.label, will_topic),
            username=broker.username,
            password=broker.password,
            tls_context=broker.tls,
            protocol=aiomqtt.ProtocolVersion.V5,
            will=aiomqtt.Will(will_topic, OFFLINE, qos=1, retain=True),
            keepalive=_KEEPALIVE,
            timeout=_TIMEOUT,
            logger=_CLIENT_LOGGER,
        )
        self._room = asyncio.Semaphore(WINDOW)
        self._last_posted = 0
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
        """Return whether a message is as small as the broker wants it, or ends the connection."""
        data = payload if isinstance(payload, bytes) else payload.encode()
        size = _HEADER_SIZE + len(topic.encode()) + len(data)
        return self._largest is None or size <= self._largest

    async def send(self, topic: str, payload: bytes | str, *, retain: bool = False) -> None:
        """Publish, and wait for the acknowledgement. Raises RefusedError, or another MqttError."""
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
        """Have a message sent behind those before it; `posted` waits for all. Raises MqttError.

        Whoever waited for each would wake up for each, and so would the broker.
        """
        info = self._client.publish(topic, payload, retain=retain)
        if info.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise aiomqtt.MqttCodeError(info.rc, "Could not publish message")
        self._last_posted = info.mid
        self._all_posted.clear()

    async def posted(self) -> None:
        """Wait until all that was posted was sent. Raises MqttError."""
        try:
            async with asyncio.timeout(_TIMEOUT):
                await self._all_posted.wait()
        except TimeoutError:
            msg = "it takes no more messages"
            raise aiomqtt.MqttError(msg) from None

    async def repeat(self, topic: str, payload: str, is_true: Callable[[], bool]) -> None:
        """Have the broker keep a message again and again, while it is true."""
        while True:
            await asyncio.sleep(_REPEAT_EVERY)
            if is_true():
                await self.send(topic, payload, retain=True)

    async def until_lost(self) -> None:
        """Wait. Raises MqttError when the connection is lost."""
        async for _ in self.messages:
            pass  # nothing is subscribed


class PortPublisher(ABC):
    """Publishes what comes from a port, and at a topic of its own whether that is there.

    Each has a connection of its own, and thereby a last will of its own. `speakers` says by topic
    whose word the broker keeps there: cables may be swapped, or a meter read twice.
    """

    def __init__(
        self,
        broker: BrokerConfig,
        port: PortConfig,
        speakers: dict[str, object],
        metrics: Metrics,
        moved: asyncio.Event,
    ) -> None:
        """Take, beside what all share, what is set when there is another topic than before."""
        self._broker = broker
        self._port = port
        self._speakers = speakers
        self._losses = metrics.broker_losses.labels(port.label)
        self._connected = metrics.broker_connected.labels(port.label)
        self._moved = moved
        lost, back, longest = _LOST, _BACK, _MAX_DELAY_S
        self._outage = Outage(LOGGER, lost, back, port.label, first=_FIRST_DELAY, longest=longest)

    @property
    @abstractmethod
    def _topic(self) -> str:
        """Return where it stands whether the port is there, "" while that is not known."""

    @abstractmethod
    def _is_online(self, topic: str) -> bool:
        """Return whether that is what the broker was told at a topic, and is to keep."""

    @abstractmethod
    async def _publish_all(self, client: MqttClient, topic: str) -> None:
        """Publish until cancelled. Raises MqttError."""

    async def run(self) -> None:
        """Publish until cancelled; then say that the port is not there."""
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
        """Be connected until the topic changes. Raises MqttError when the connection is lost."""
        async with MqttClient(self._broker, self._port, topic) as client:
            try:
                with self._connected.track_inprogress():
                    await run_until_first_exit(
                        self._publish_all(client, topic),
                        client.repeat(topic, ONLINE, partial(self._is_online, topic)),
                        client.until_lost(),
                        self._moved.wait(),
                    )
            finally:
                # A client that goes in peace leaves no will.
                if self._speaks(topic):
                    with suppress(aiomqtt.MqttError):
                        await client.publish(topic, OFFLINE, qos=1, retain=True, timeout=2)

    def _speaks(self, topic: str) -> bool:
        """Return whether no other port has spoken there since: it may have the meter now."""
        return self._speakers.get(topic, self) is self


def _identify(*parts: str) -> str:
    """Return a client identifier: always the same, and of a length that every broker takes.

    A connection that broke unnoticed ends when the next one begins. Otherwise the broker would
    publish its will later, and that would be the last word.
    """
    return f"smartyp1{sha256('\n'.join(parts).encode()).hexdigest()[:15]}"
