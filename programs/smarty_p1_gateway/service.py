"""Gateway process. It reads all ports until a signal stops it."""

import asyncio
import logging
import resource
import signal
import sqlite3
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from smartyp1.fault_log import FaultLog, name_of

from .batching_event_loop import new_batching_loop
from .config_table import raise_unavailable
from .decoded_meters import DecodedMeters
from .decoded_port import DecodedPort
from .encrypted_port import EncryptedPort, EncryptedTopicRoot
from .gateway_config import GatewayConfig, PortConfig
from .health import Health
from .json_storage import JsonStorage
from .metrics import GatewayMetrics
from .metrics_and_health_server import serve
from .mqtt.mqtt_frames_publisher import FramesPublisher
from .mqtt.mqtt_values_publisher import ValuesPublisher
from .nats.nats_config import NatsConfig
from .port_condition import PortCondition
from .port_reader import PortListener, PortReader
from .queue.async_frame_queue import AsyncFrameQueue
from .queue.frame_queue_on_disk import QueueInUseError

if TYPE_CHECKING:
    from .nats.nats_frames_publisher import NatsPublisher

LOGGER = logging.getLogger(__name__)

_FINISH_TIMEOUT_S = 5.0
_OPEN_TIMEOUT_S = 1.0


async def run(config: GatewayConfig) -> None:
    """Read the ports and publish their frames until SIGTERM or SIGINT.

    Raises UnavailableError if the queue or the address for the metrics cannot be used.
    """
    _allow_files()
    metrics = GatewayMetrics()
    queue = AsyncFrameQueue((port.label for port in config.ports), metrics)
    memory = JsonStorage(queue)
    opening = asyncio.create_task(_open(queue, memory, config))
    # The check of a large queue can take minutes. Encrypted frames are read meanwhile, and wait in
    # memory. If another gateway uses the queue, this gateway must not open the ports. So wait first
    # for this error, which comes at once.
    await asyncio.wait([opening], timeout=None if config.decoding else _OPEN_TIMEOUT_S)
    if opening.done():
        await opening
    try:
        metrics.watch_writable(memory.is_writable)
        health = Health(metrics)
        serve(health, config.metrics_address, config.metrics_port)
        await _Gateway(config, queue, memory, metrics).run(opening, health)
    finally:
        if opening.done() and not opening.exception():
            await memory.close()
            await queue.close()


def new_loop(config: GatewayConfig) -> asyncio.AbstractEventLoop:
    """Return an event loop for `run`."""
    # A broker of MQTT gets frames one after the other. Gathering events would delay each of them.
    gathers = isinstance(config.broker, NatsConfig) and len(config.ports) > 1
    return new_batching_loop() if gathers else asyncio.new_event_loop()


def _allow_files() -> None:
    """Raise the limit of open files to the maximum, because each port needs at least one file."""
    _, maximum = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (maximum, maximum))


async def _open(queue: AsyncFrameQueue, memory: JsonStorage, config: GatewayConfig) -> None:
    try:
        titles = [port.title for port in config.ports if port.title]
        await queue.open(config.queue_path, config.queue_bytes, titles)
        try:
            await memory.open()
        except sqlite3.Error:
            await queue.close()  # it writes the frames that were read meanwhile
            raise
    except QueueInUseError:
        raise_unavailable("[queue] path is in use by another gateway")
    except (OSError, sqlite3.Error) as err:
        reason = getattr(err, "strerror", None) or err
        raise_unavailable(f"[queue] path cannot be used: {reason}")


class _Gateway:
    """Tasks of a gateway, and the objects that the tasks share."""

    def __init__(
        self,
        config: GatewayConfig,
        queue: AsyncFrameQueue,
        memory: JsonStorage,
        metrics: GatewayMetrics,
    ) -> None:
        self._config = config
        self._queue = queue
        self._memory = memory
        self._metrics = metrics
        self._meters = DecodedMeters(memory, config.decoding.keys) if config.decoding else None
        # For each retained topic, the publisher that used it last. When cables are swapped, another
        # port publishes on the topic.
        self._speakers: dict[str, object] = {}
        self._faults = FaultLog("Gateway")

    async def run(self, opening: asyncio.Task[None], health: Health) -> None:
        """Run all tasks until SIGTERM or SIGINT. Raises UnavailableError if `opening` fails."""
        async with asyncio.TaskGroup() as group:
            tasks = [self._supervise(group, health.beat)]
            nats = self._nats_publisher()
            publishers: list[NatsPublisher | FramesPublisher | ValuesPublisher] = (
                [nats] if nats else []
            )
            readers: list[asyncio.Task[None]] = []
            for port in self._config.ports:
                listeners, reconnecting_publishers, condition = self._parts_of(port)
                publishers += reconnecting_publishers
                reader = PortReader(port, listeners, self._metrics, condition.note_event)
                readers.append(group.create_task(reader.run()))
            count = len(readers)
            LOGGER.info("Reading %d port%s", count, "s" if count > 1 else "")
            await asyncio.wait([opening])
            if not opening.exception():
                works = [publisher.run for publisher in publishers]
                works += [self._queue.write, self._memory.write]
                tasks += [self._supervise(group, work) for work in works]
                await until_signal()
                LOGGER.info("Stopping")
            _cancel(readers)
            if nats is not None and not opening.exception():
                await nats.finish(_FINISH_TIMEOUT_S)
            _cancel(tasks)
        await opening
        if self._meters:
            self._meters.store()

    def _supervise(
        self, group: asyncio.TaskGroup, work: Callable[[], Awaitable[None]]
    ) -> asyncio.Task[None]:
        """Run `work` in a task of `group`. An unexpected error must not end the other tasks."""
        return group.create_task(self._faults.until_done(name_of(work), work))

    def _nats_publisher(self) -> NatsPublisher | None:
        broker = self._config.broker
        if not isinstance(broker, NatsConfig):
            return None
        # Import only here, because the NATS library is an optional dependency.
        from .nats.nats_frames_publisher import NatsPublisher  # noqa: PLC0415

        labels = [port.label for port in self._config.ports]
        return NatsPublisher(broker, labels, self._queue, self._metrics)

    def _parts_of(
        self, port: PortConfig
    ) -> tuple[list[PortListener], list[FramesPublisher | ValuesPublisher], PortCondition]:
        """Return the listeners of a port's bytes, the publishers of its messages, its condition."""
        condition = PortCondition()
        listeners: list[PortListener] = []
        publishers: list[FramesPublisher | ValuesPublisher] = []
        queue, metrics, speakers = self._queue, self._metrics, self._speakers
        broker, root = self._config.broker, EncryptedTopicRoot(port.root, port.prefix)
        if port.sealed:
            listeners.append(EncryptedPort(port.label, root, queue, metrics).feed)
        if isinstance(broker, NatsConfig):
            return listeners, publishers, condition
        if port.sealed:
            publishers.append(
                FramesPublisher(broker, port, root, queue, metrics, speakers=speakers)
            )
        if self._meters and self._config.decoding:
            publish = self._config.decoding.publish
            values = ValuesPublisher(broker, port, publish, self._memory, speakers, metrics)
            condition.on_change = values.on_condition
            decoded = DecodedPort(port.label, self._meters, values, metrics, condition.note_event)
            listeners.append(decoded.feed)
            publishers.append(values)
        return listeners, publishers, condition


async def until_signal() -> None:
    """Wait for SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()


def _cancel(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
