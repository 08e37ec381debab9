"""Connection of a port to the MQTT broker: last will, and limits of the broker."""

import asyncio
import logging
from collections.abc import Iterable
from hashlib import sha256
from itertools import batched
from typing import Any, override

import aiomqtt
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from smarty_p1_gateway.gateway_config import BrokerConfig, PortConfig
from smarty_p1_gateway.log_once import LogOnce
from smartyp1.publish.mqtt_messages import MAX_TOPICS, OFFLINE

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
        self._log = LogOnce(MAX_TOPICS)
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
            raise RefusedError(
                f"the broker refuses what is published: packets of more than {self._largest} bytes"
            )
        async with self._room:
            await self.publish(topic, payload, qos=1, retain=retain)
        if self.refusal is not None:
            raise RefusedError(f"the broker refuses what is published: {self.refusal}")

    def post(self, topic: str, payload: str, *, retain: bool = False) -> None:
        """Queue a message with QoS 0. Drop a message that is larger than the broker accepts.

        Raises MqttError. The caller queues several messages, and then calls `posted` once to wait
        until all are sent. So the task and the broker wake up less often than with a wait after
        each message.
        """
        if not self.accepts(topic, payload):
            text = "the broker refuses packets of more than %s bytes: nothing is published at %s"
            self._log.warn(text, self._largest, topic)
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
            raise aiomqtt.MqttError("it takes no more messages") from None

    async def follow(self, topics: Iterable[str]) -> None:
        """Subscribe to topics, without the messages of this client. Raises MqttError."""
        options = SubscribeOptions(qos=1, noLocal=True)
        for some in batched(topics, _MAX_SUBSCRIBED_AT_ONCE, strict=False):
            await self.subscribe([(topic, options) for topic in some])


def _identify(*parts: str) -> str:
    """Return a stable client identifier of 23 characters, which every broker accepts.

    A new connection with the same identifier ends a broken connection at once. If the identifiers
    differed, the broker would publish the last will of the broken connection later, and the port
    would seem offline.
    """
    return f"smartyp1{sha256('\n'.join(parts).encode()).hexdigest()[:15]}"
