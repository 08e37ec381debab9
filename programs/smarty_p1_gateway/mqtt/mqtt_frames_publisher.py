"""Publisher of queued frames to an MQTT broker. Frames stay in the queue until acknowledged."""

import asyncio
from collections.abc import Sequence
from itertools import takewhile
from typing import override

from smarty_p1_gateway.encrypted_port import EncryptedTopicRoot
from smarty_p1_gateway.gateway_config import BrokerConfig, PortConfig
from smarty_p1_gateway.metrics import GatewayMetrics
from smarty_p1_gateway.queue.async_frame_queue import AsyncFrameQueue
from smarty_p1_gateway.queue.frame_queue_on_disk import WaitingFrame
from smartyp1.publish.mqtt_messages import ONLINE

from .mqtt_client import WINDOW, MqttClient
from .reconnecting_publisher import ReconnectingPublisher

# Seconds to wait after a reconnect to the broker, before frames are published. After a restart of
# the broker, subscribers must reconnect, too (Home Assistant tries every ten seconds). A frame that
# is published earlier would not reach them.
_GRACE = 12.0
# Maximum rate of a backlog in bytes a second. Subscribers must be able to read at this rate.
_BACKLOG_RATE = 96 * 1024


class FramesPublisher(ReconnectingPublisher):
    """Publisher of the encrypted frames of one P1 port, and of the port's availability."""

    def __init__(  # noqa: PLR0913
        self,
        broker: BrokerConfig,
        port: PortConfig,
        root: EncryptedTopicRoot,
        queue: AsyncFrameQueue,
        metrics: GatewayMetrics,
        *,
        speakers: dict[str, object],
    ) -> None:
        super().__init__(broker, port, speakers, metrics, root.changed)
        self._root = root
        self._queue = queue
        self._published = metrics.published.labels(port.label)

    @property
    @override
    def _topic(self) -> str:
        return f"{self._root.topic}/status" if self._root.topic else ""

    @override
    def _is_online(self, topic: str) -> bool:
        return self._speaks(topic)

    @override
    async def run(self) -> None:
        if topic := await self._queue.run_in_thread(
            lambda queue: queue.last_topic(self._port.label)
        ):
            self._root.restore(topic.removesuffix("/frame"))
        await super().run()

    @override
    async def _publish_all(self, client: MqttClient, topic: str) -> None:
        await self._send_retained(client, topic, ONLINE)
        if self._outage.is_lost:
            await asyncio.sleep(_GRACE)
        while True:
            while frames := await self._queue.oldest(self._port.label, WINDOW):
                await self._publish(client, frames)
                self._outage.end()
                if len(frames) > 1:
                    size = sum(len(frame.data) for frame in frames)
                    await asyncio.sleep(size / _BACKLOG_RATE)
            await self._queue.wait(self._port.label)

    async def _publish(self, client: MqttClient, frames: Sequence[WaitingFrame]) -> None:
        """Publish `frames` in order, and remove the acknowledged frames from the queue.

        But if the broker refuses a frame, remove no frames. Raises the first error.
        """
        fitting = takewhile(lambda frame: client.accepts(frame.topic, frame.data), frames)
        # If the first frame is too large for the broker, send this frame alone. Its refusal then
        # concerns no other frame.
        frames = tuple(fitting) or frames[:1]
        sends = (client.send(frame.topic, frame.data) for frame in frames)
        results = await asyncio.gather(*sends, return_exceptions=True)
        if client.refusal is None:
            count = next((n for n, result in enumerate(results) if result), len(frames))
            acknowledged = frames[:count]
            await self._queue.remove(self._port.label, acknowledged)
            self._published.inc(len(acknowledged))
        if failure := next(filter(None, results), None):
            raise failure
