"""A connection to the MQTT broker, with a last will."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, override

import aiomqtt
from paho.mqtt.reasoncodes import ReasonCode

from .config import BrokerConfig

# It logs each failure by itself, with its own words.
_CLIENT_LOGGER = logging.getLogger(__name__)
_CLIENT_LOGGER.setLevel(logging.CRITICAL)

_KEEPALIVE = 20
_TIMEOUT = 10.0
FIRST_DELAY = 1.0
LONGEST_DELAY = 30.0
"""Seconds between two tries to connect."""
LOST = (aiomqtt.MqttError, OSError, ValueError)
"""What is raised when the broker is away, or refuses something."""


class RefusedError(aiomqtt.MqttError):
    """The broker has acknowledged a message, and refused it."""


class MqttClient(aiomqtt.Client):
    """Remembers whether the broker refused something, which the library takes for a success."""

    refusal: ReasonCode | None = None

    def __init__(self, broker: BrokerConfig, will_topic: str, will: str) -> None:
        """Make a client whose will the broker keeps, once it is gone without a word."""
        super().__init__(
            broker.host,
            broker.port,
            username=broker.username,
            password=broker.password,
            tls_context=broker.tls,
            protocol=aiomqtt.ProtocolVersion.V5,
            will=aiomqtt.Will(will_topic, will, qos=1, retain=True),
            keepalive=_KEEPALIVE,
            timeout=_TIMEOUT,
            logger=_CLIENT_LOGGER,
        )

    @override
    def _on_publish(
        self, client: Any, userdata: Any, mid: int, reason_code: ReasonCode, properties: Any
    ) -> None:
        if reason_code.is_failure:
            self.refusal = reason_code
        super()._on_publish(client, userdata, mid, reason_code, properties)

    async def send(self, topic: str, payload: bytes | str, *, retain: bool = False) -> None:
        """Publish, and wait for the acknowledgement."""
        await self.publish(topic, payload, qos=1, retain=retain)
        if self.refusal is not None:
            msg = f"the broker refuses what is published: {self.refusal}"
            raise RefusedError(msg)

    async def until_lost(self) -> None:
        """Wait. Raises MqttError when the connection is lost."""
        async for _ in self.messages:
            pass  # nothing is subscribed


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
