"""From the queue to the broker: each frame until the broker has acknowledged it.

Each port has a connection of its own, and thereby a last will of its own.
"""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from itertools import takewhile

import aiomqtt

from smartyp1.publish import OFFLINE, ONLINE

from .config import BrokerConfig, PortConfig
from .frame_queue import WaitingFrame
from .frame_store import FrameStore
from .metrics import Metrics
from .mqtt_client import LOST, WINDOW, MqttClient, broker_outage, first_to_end
from .topic_root import TopicRoot

LOGGER = logging.getLogger(__name__)

# A broker that is back is found by its other clients within so many seconds. What is sent before
# that, they miss: Home Assistant tries every ten seconds.
_GRACE = 12.0
# What has waited is sent no faster than listeners read it.
_BACKLOG_RATE = 96 * 1024


class Publisher:
    """Publishes the frames of one port, and whether this gateway is there."""

    def __init__(  # noqa: PLR0913
        self,
        broker: BrokerConfig,
        port: PortConfig,
        root: TopicRoot,
        store: FrameStore,
        metrics: Metrics,
        *,
        speakers: dict[str, object],
    ) -> None:
        self._broker = broker
        self._port = port
        self._root = root
        self._store = store
        self._speakers = speakers
        self._published = metrics.published.labels(port.label)
        self._losses = metrics.broker_losses.labels(port.label)
        self._connected = metrics.broker_connected.labels(port.label)
        self._outage = broker_outage(LOGGER, port)

    async def run(self) -> None:
        """Publish until cancelled; then say that this gateway is offline."""
        if topic := await self._store.last_topic(self._port.label):
            self._root.restore(topic.removesuffix("/frame"))
        if not self._root.topic:
            await self._root.changed.wait()
        while True:
            self._root.changed.clear()
            try:
                await self._serve(self._root.topic)
            except LOST as err:
                self._losses.inc()
                self._outage.note(err)
                await self._outage.wait()

    async def _serve(self, root: str) -> None:
        """Be connected until the root changes. Raises MqttError when the connection is lost."""
        status = f"{root}/status"
        self._speakers[status] = self

        def speaks() -> bool:
            return self._speakers[status] is self

        async with MqttClient(self._broker, self._port, status, OFFLINE) as client:
            try:
                await client.send(status, ONLINE, retain=True)
                with self._connected.track_inprogress():
                    await first_to_end(
                        self._publish_all(client),
                        client.repeat(status, ONLINE, speaks),
                        client.until_lost(),
                        self._root.changed.wait(),
                    )
            finally:
                # A client that goes in peace leaves no will.
                if speaks():
                    with suppress(aiomqtt.MqttError):
                        await client.publish(status, OFFLINE, qos=1, retain=True, timeout=2)

    async def _publish_all(self, client: MqttClient) -> None:
        if self._outage.is_lost:
            await asyncio.sleep(_GRACE)
        while True:
            while frames := await self._store.oldest(self._port.label, WINDOW):
                await self._publish(client, frames)
                self._outage.end()
                if len(frames) > 1:
                    size = sum(len(frame.data) for frame in frames)
                    await asyncio.sleep(size / _BACKLOG_RATE)
            await self._store.wait(self._port.label)

    async def _publish(self, client: MqttClient, frames: Sequence[WaitingFrame]) -> None:
        """Publish frames, in order, and remove those that were acknowledged."""
        fitting = takewhile(lambda frame: client.takes(frame.topic, frame.data), frames)
        # The first one, that is too large, is refused by itself.
        frames = tuple(fitting) or frames[:1]
        sends = (client.send(frame.topic, frame.data) for frame in frames)
        results = await asyncio.gather(*sends, return_exceptions=True)
        if client.refusal is None:
            count = next((n for n, result in enumerate(results) if result), len(frames))
            acknowledged = frames[:count]
            await self._store.remove(self._port.label, acknowledged)
            self._published.inc(len(acknowledged))
        if failure := next(filter(None, results), None):
            raise failure
