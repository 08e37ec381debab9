"""Port for meters whose gateway publishes the encrypted frames on an MQTT topic.

The messages are received by Home Assistant's MQTT integration.
"""

import asyncio
import re
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError

from ..lib.failure_detection import ReadingProblem
from ..lib.p1.frame_header import MAX_FRAME_SIZE
from ..lib.port.errors import LinkError, PortNotFoundError
from ..lib.port.serial_port import ByteReader, Opener
from ..lib.publish.mqtt_messages import OFFLINE, ONLINE

if TYPE_CHECKING:
    from homeassistant.components.mqtt import ReceiveMessage

PREFIX = "mqtt:"
_TYPED_PREFIX = re.compile(r"^\s*mqtt:\s*", re.IGNORECASE)
FRAME_LEVEL = "/frame"
STATUS_LEVEL = "/status"
# Maximum size of unread payloads in bytes. Further payloads are dropped. A gateway that sends its
# stored frames does not exceed this size, because it limits its rate.
_MAX_PENDING_BYTES = 1024 * 1024

type AwayListener = Callable[[LinkError | None], None]


class MqttMissingError(PortNotFoundError):
    """Error if Home Assistant's MQTT integration is not set up."""

    problem = ReadingProblem.MQTT_MISSING


class MqttDisconnectedError(LinkError):
    """Error if Home Assistant's MQTT integration has no connection to its broker."""

    problem = ReadingProblem.MQTT_DISCONNECTED


class GatewayOfflineError(LinkError):
    """Error if the status topic says that the gateway is offline."""

    problem = ReadingProblem.GATEWAY_OFFLINE


def topic_of(port: str) -> str | None:
    """Return the MQTT topic of a port. Return None if the port is a device or a URL."""
    return port.removeprefix(PREFIX) if port.startswith(PREFIX) else None


def with_small_prefix(typed: str) -> str:
    """Return an entered port. If it begins with "Mqtt:" or "MQTT:", write this prefix as "mqtt:".

    Phones begin an entered text with a capital letter.
    """
    return _TYPED_PREFIX.sub(PREFIX, typed)


def topic_opener(
    hass: HomeAssistant, port: str, on_away: AwayListener | None = None
) -> Opener | None:
    """Return a function that opens an MQTT topic as a port. Return None if the port is not a topic.

    `on_away` is called with an error when the gateway or the broker goes offline, and with None
    when the gateway or the broker comes online. The port stays open. Without `on_away`, reading
    raises the error instead.
    """
    topic = topic_of(port)
    return None if topic is None else partial(_open_topic, hass, topic, on_away)


class _TopicReader:
    """Reader that returns the payloads of an MQTT topic as a stream of bytes."""

    def __init__(self, on_away: AwayListener | None) -> None:
        self._on_away = on_away or self._fail
        self._payloads: deque[bytes] = deque()
        self._size = 0
        self._error: LinkError | None = None
        self._news = asyncio.Event()

    @callback
    def on_frame(self, message: ReceiveMessage) -> None:
        payload = message.payload
        if message.retain or not isinstance(payload, bytes):
            return  # ignore a retained message, because its frame is old
        if 0 < len(payload) <= MAX_FRAME_SIZE and self._size + len(payload) <= _MAX_PENDING_BYTES:
            self._payloads.append(payload)
            self._size += len(payload)
            self._news.set()

    @callback
    def on_status(self, message: ReceiveMessage) -> None:
        if message.payload == OFFLINE:
            self._on_away(GatewayOfflineError())
        elif message.payload == ONLINE:
            self._on_away(None)

    @callback
    def on_connection(self, is_connected: bool) -> None:  # noqa: FBT001 - passed by position
        self._on_away(None if is_connected else MqttDisconnectedError())

    def _fail(self, error: LinkError | None) -> None:
        if error:
            self._error = error
            self._news.set()

    async def read(self, n: int, /) -> bytes:
        """Wait for data, and return 1 to `n` bytes.

        Without `on_away`, raises LinkError if the gateway or the broker goes offline.
        """
        while not self._payloads:
            if self._error:
                raise self._error
            self._news.clear()
            await self._news.wait()
        payload = self._payloads.popleft()
        data, rest = payload[:n], payload[n:]
        if rest:
            self._payloads.appendleft(rest)
        self._size -= len(data)
        return data


async def async_has_mqtt(hass: HomeAssistant) -> bool:
    """Wait for the client of Home Assistant's MQTT integration. Return whether it is there."""
    if "mqtt" not in hass.config.components:
        return False
    # Import only here, because the MQTT library is installed only with the MQTT integration.
    from homeassistant.components import mqtt  # noqa: PLC0415

    return await mqtt.async_wait_for_mqtt_client(hass)


@asynccontextmanager
async def _open_topic(
    hass: HomeAssistant, topic: str, on_away: AwayListener | None
) -> AsyncGenerator[ByteReader]:
    if not await async_has_mqtt(hass):
        raise MqttMissingError
    from homeassistant.components import mqtt  # noqa: PLC0415 - only there with its integration

    if not mqtt.is_connected(hass):
        raise MqttDisconnectedError
    reader = _TopicReader(on_away)
    async with AsyncExitStack() as stack:
        try:
            stack.callback(
                await mqtt.async_subscribe(hass, topic, reader.on_frame, qos=1, encoding=None)
            )
            if topic.endswith(FRAME_LEVEL):
                status = topic.removesuffix(FRAME_LEVEL) + STATUS_LEVEL
                stack.callback(await mqtt.async_subscribe(hass, status, reader.on_status, qos=1))
        except HomeAssistantError as err:
            raise MqttMissingError from err
        stack.callback(mqtt.async_subscribe_connection_status(hass, reader.on_connection))
        yield reader
