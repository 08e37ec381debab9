"""A connection to the MQTT broker, with a last will."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from hashlib import sha256
from typing import Any, override

import aiomqtt
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from smartyp1.retry import Outage

from .config import BrokerConfig, PortConfig

# It logs each failure by itself, with its own words.
_CLIENT_LOGGER = logging.getLogger(__name__)
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
_LONGEST_DELAY = 30.0
LOST = (aiomqtt.MqttError, OSError, ValueError)
"""What is raised when the broker is away, or refuses something."""


def broker_outage(logger: logging.Logger, port: PortConfig) -> Outage:
    """Return what says once that the broker is away from a port, and when to try again."""
    lost, back = "%s: the broker is away: %s", "%s: the broker is there again"
    return Outage(logger, lost, back, port.label, first=_FIRST_DELAY, longest=_LONGEST_DELAY)


class RefusedError(aiomqtt.MqttError):
    """The broker has acknowledged a message, and refused it."""


class MqttClient(aiomqtt.Client):
    """Keeps to the broker's limits, and remembers whether it refused something.

    The library ignores the limits, and takes what is refused for a success.
    """

    refusal: ReasonCode | None = None
    _largest: int | None = None

    def __init__(self, broker: BrokerConfig, port: PortConfig, will_topic: str, will: str) -> None:
        """Make a client whose will the broker keeps, once it is gone without a word."""
        super().__init__(
            broker.host,
            broker.port,
            identifier=_identify(broker.place, port.label, will_topic),
            username=broker.username,
            password=broker.password,
            tls_context=broker.tls,
            protocol=aiomqtt.ProtocolVersion.V5,
            will=aiomqtt.Will(will_topic, will, qos=1, retain=True),
            keepalive=_KEEPALIVE,
            timeout=_TIMEOUT,
            logger=_CLIENT_LOGGER,
        )
        self._room = asyncio.Semaphore(WINDOW)

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
        super()._on_publish(client, userdata, mid, reason_code, properties)

    def takes(self, topic: str, payload: bytes | str) -> bool:
        """Return whether a message is as small as the broker wants it, or ends the connection."""
        data = payload if isinstance(payload, bytes) else payload.encode()
        size = _HEADER_SIZE + len(topic.encode()) + len(data)
        return self._largest is None or size <= self._largest

    async def send(self, topic: str, payload: bytes | str, *, retain: bool = False) -> None:
        """Publish, and wait for the acknowledgement. Raises RefusedError, or another MqttError."""
        if not self.takes(topic, payload):
            msg = (
                f"the broker refuses what is published: packets of more than {self._largest} bytes"
            )
            raise RefusedError(msg)
        async with self._room:
            await self.publish(topic, payload, qos=1, retain=retain)
        if self.refusal is not None:
            msg = f"the broker refuses what is published: {self.refusal}"
            raise RefusedError(msg)

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


def _identify(*parts: str) -> str:
    """Return a client identifier: always the same, and of a length that every broker takes.

    A connection that broke unnoticed ends when the next one begins. Otherwise the broker would
    publish its will later, and that would be the last word.
    """
    return f"smartyp1{sha256('\n'.join(parts).encode()).hexdigest()[:15]}"


async def first_to_end(*works: Coroutine[Any, Any, object]) -> None:
    """Wait until one of several ends, end the others, and raise what it raised."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
