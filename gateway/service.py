"""One process for all ports, until it is told to stop."""

import asyncio
import logging
import resource
import signal
import sqlite3

from .config import GatewayConfig, PortConfig
from .config_table import UnavailableError
from .decoded_port import DecodedPort
from .frame_queue import QueueInUseError
from .frame_queue_writer import FrameStore
from .frames_publisher import FramesPublisher
from .health import Health
from .memory_file import Memory
from .meters import Meters
from .metrics import Metrics, serve
from .nats_config import NatsConfig
from .port_reader import Listener, PortReader
from .sealed_port import SealedPort, TopicRoot
from .values_publisher import ValuesPublisher

LOGGER = logging.getLogger(__name__)

_FINISH_TIMEOUT = 5.0


async def run(config: GatewayConfig) -> None:
    """Read the ports and publish their frames until SIGTERM or SIGINT.

    Raises UnavailableError when the queue or the address for the metrics cannot be used.
    """
    _allow_files()
    metrics = Metrics()
    store = FrameStore((port.label for port in config.ports), metrics)
    memory = Memory()
    await _open(store, memory, config)
    try:
        health = Health(metrics.what_is_wrong)
        serve(metrics.registry, health, config.metrics_address, config.metrics_port)
        await _run_until_stopped(config, store, memory, metrics, health)
    finally:
        await memory.close()
        await store.close()


def _allow_files() -> None:
    """Allow as many open files as this process may have: each port has one, or more."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


async def _open(store: FrameStore, memory: Memory, config: GatewayConfig) -> None:
    try:
        await store.open(config.queue_path, config.queue_bytes)
        await memory.open(config.queue_path)
    except QueueInUseError:
        msg = "[queue] path is in use by another gateway"
        raise UnavailableError(msg) from None
    except (OSError, sqlite3.Error) as err:
        reason = getattr(err, "strerror", None) or err
        msg = f"[queue] path cannot be used: {reason}"
        raise UnavailableError(msg) from None


async def _run_until_stopped(
    config: GatewayConfig, store: FrameStore, memory: Memory, metrics: Metrics, health: Health
) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    meters = Meters(memory, config.decoding.keys) if config.decoding else None
    speakers: dict[str, object] = {}
    async with asyncio.TaskGroup() as group:
        readers: list[asyncio.Task[None]] = []
        others = [group.create_task(store.write()), group.create_task(memory.write())]
        nats = None
        if isinstance(config.broker, NatsConfig):
            # Its library is an extra of its own.
            from .nats_publisher import NatsPublisher  # noqa: PLC0415

            labels = [port.label for port in config.ports]
            nats = NatsPublisher(config.broker, labels, store, metrics)
            others.append(group.create_task(nats.run()))
        for port in config.ports:
            listeners, publishers = _parts_of(
                port, config, store, memory, meters, speakers, metrics
            )
            readers.append(group.create_task(PortReader(port, listeners, metrics).run()))
            others += [group.create_task(publisher.run()) for publisher in publishers]
        count = len(config.ports)
        LOGGER.info("Reading %d port%s", count, "s" if count > 1 else "")
        beating = group.create_task(health.beat())
        await stop.wait()
        LOGGER.info("Stopping")
        for reader in readers:
            reader.cancel()
        if nats is not None:
            await nats.finish(_FINISH_TIMEOUT)
        for task in (*others, beating):
            task.cancel()
    if meters:
        meters.store()


def _parts_of(  # noqa: PLR0913, PLR0917
    port: PortConfig,
    config: GatewayConfig,
    store: FrameStore,
    memory: Memory,
    meters: Meters | None,
    speakers: dict[str, object],
    metrics: Metrics,
) -> tuple[list[Listener], list[FramesPublisher | ValuesPublisher]]:
    """Return what gets the bytes of a port, and what publishes them on MQTT."""
    listeners: list[Listener] = []
    publishers: list[FramesPublisher | ValuesPublisher] = []
    broker, root = config.broker, TopicRoot(port.root, port.prefix)
    if port.sealed:
        listeners.append(SealedPort(port.label, root, store, metrics))
    if isinstance(broker, NatsConfig):
        return listeners, publishers
    if port.sealed:
        publishers.append(FramesPublisher(broker, port, root, store, metrics, speakers=speakers))
    if meters and config.decoding:
        publish = config.decoding.publish
        values = ValuesPublisher(broker, port, publish, memory, speakers, metrics)
        listeners.append(DecodedPort(port.label, meters, values, metrics))
        publishers.append(values)
    return listeners, publishers
