"""One process that works on its share of the partitions, until it is told to stop."""

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress

from nats.aio.client import Client
from nats.errors import Error as NatsError

from smarty_p1_gateway import Keys
from smarty_p1_gateway.health import Health
from smarty_p1_gateway.metrics import serve
from smartyp1.first_to_end import first_to_end

from .collector_client import CollectorClient
from .config import CollectorConfig
from .keys_watch import KeysWatch
from .leases import Leases
from .meters import MeterWarnings
from .metrics import Metrics
from .nats_stream import (
    OtherPartitionsError,
    enlarge,
    make_stream,
    open_leases,
    open_states,
    replicate_buckets,
)
from .outage_log import outage_of, reason
from .partition import Collector, Partition
from .store_check import check_store, refuse_wrong_store
from .victoria_metrics import Store

LOGGER = logging.getLogger(__name__)

_API_TIMEOUT = 3.0
_LOOK_INTERVAL = 5.0
# Earlier ones end when an answer is wanted at a subject with a wildcard, which a gateway may want
# (2.9.15), and may end when users are added while many frames come (2.9.21). What is recommended
# is what is maintained.
_ROBUST_VERSION = (2, 9, 21)
# Each keeps some 30 kB of what a meter's telegrams look like.
# In each partition: where there are more meters, some decoders begin anew with each telegram.
_MOST_OPENERS = 5_000


async def check(config: CollectorConfig) -> None:
    """Ask whether VictoriaMetrics is what it should be. Raises ConfigError."""
    await check_store(config.store)


async def run(config: CollectorConfig) -> None:
    """Collect until SIGTERM or SIGINT.

    Raises UnavailableError when the address for the metrics cannot be used, ConfigError when what
    is to store the values is no VictoriaMetrics that can.
    """
    await refuse_wrong_store(config.store)
    metrics = Metrics()
    metrics.wanted_partitions.set(config.partitions)
    health = Health(metrics.what_is_wrong)
    serve(metrics.registry, health, config.metrics_address, config.metrics_port)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    store = Store(config.store, metrics)
    watch = KeysWatch(config.keys_source, config.keys_signature, config.keys, metrics)
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, watch.want)
    session = _Session(config, store, metrics, watch)
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(store.serve()),
            group.create_task(session.keep()),
            group.create_task(watch.run(session.use)),
            group.create_task(health.beat()),
        ]
        await stop.wait()
        LOGGER.info("Stopping")
        for task in tasks:
            task.cancel()


class _Session:
    """Connections to NATS, one after the other, and what is done with each."""

    def __init__(
        self, config: CollectorConfig, store: Store, metrics: Metrics, watch: KeysWatch
    ) -> None:
        self._config = config
        self._store = store
        self._metrics = metrics
        self._warnings = MeterWarnings()
        self._has_warned = False
        self._outage = outage_of("The connection to NATS")
        self._working: dict[int, tuple[Partition, asyncio.Task[None]]] = {}
        self._watch_keys = watch
        self._collector: Collector | None = None
        metrics.watch_oldest(self._oldest)
        metrics.watch_waiting(self._waiting)

    def use(self, keys: Keys) -> None:
        """Have all partitions take other keys."""
        if self._collector:
            self._collector.keys = keys

    async def keep(self) -> None:
        """Connect, work, and connect anew when the library gives up; until cancelled."""
        try:
            while True:
                await self._connect_once()
                self._metrics.partitions.set(0)
                self._metrics.nats_connected.set(0)
                self._metrics.stream_replicas.set(0)
                await self._outage.wait()
        finally:
            await self._end_work()

    async def _connect_once(self) -> None:
        nats = CollectorClient(self._config.nats)
        closed = asyncio.Event()

        async def on_error(error: Exception) -> None:
            LOGGER.debug("NATS: %s", type(error).__name__)
            # The library goes from server to server without an end.
            if not nats.is_connected:
                self._outage.note(reason(error))

        try:
            await nats.open(on_error, _setter(closed), reconnect=False)
            self._look_at_version(nats)
            await self._collect(nats, closed)
            self._metrics.nats_losses.inc()
            self._outage.note(reason(ConnectionError()))
        except (NatsError, OSError, TimeoutError) as error:
            self._outage.note(reason(error))
        except OtherPartitionsError as error:
            LOGGER.error(  # noqa: TRY400 - it says all
                "The cluster was set up with %s partitions, and this collector with %d",
                error.number,
                self._config.partitions,
            )
            self._outage.note(reason(error))
        except Exception as error:
            LOGGER.debug("NATS", exc_info=True)
            self._outage.note(reason(error))
        finally:
            with suppress(NatsError, OSError, TimeoutError):
                await nats.close()

    def _look_at_version(self, nats: Client) -> None:
        with suppress(ValueError):
            version = nats.connected_server_version
            numbers = version.major, version.minor, version.patch
            if numbers < _ROBUST_VERSION and not self._has_warned:
                self._has_warned = True
                text = "NATS %d.%d.%d can be ended by whoever may publish: take 2.15 or newer"
                LOGGER.warning(text, *numbers)

    async def _collect(self, nats: Client, closed: asyncio.Event) -> None:
        config = self._config
        js = nats.jetstream(timeout=_API_TIMEOUT)
        stream = await make_stream(js, config.stream)
        await enlarge(js, stream, config.stream)
        collector = Collector(
            nats,
            js,
            await open_states(js, config.partitions, self._metrics, config.stream),
            self._store,
            self._watch_keys.keys,
            self._metrics,
            self._warnings,
            config.partitions,
            _MOST_OPENERS,
            config.publishes_readings,
            stream.state.first_seq,
            config.registers,
        )
        # What was read while it connected counts, too.
        self._collector = collector
        self.use(self._watch_keys.keys)
        bucket = await open_leases(js, config.stream)
        await replicate_buckets(js, config.stream)
        leases = Leases(
            js,
            bucket,
            config.name,
            config.partitions,
            lambda owned: self._work_on(owned, collector),
        )
        collector.is_mine = leases.is_mine
        self._outage.end()
        self._metrics.nats_connected.set(1)
        self._metrics.show_stream(stream)
        LOGGER.info("Connected as %s", config.name)
        try:
            await first_to_end(leases.run(), self._watch(collector), closed.wait())
        finally:
            if not nats.is_closed and not leases.is_in_vain:
                await leases.release()

    async def _watch(self, collector: Collector) -> None:
        """See where the stream begins, and make anew what somebody deletes."""
        js, config = collector.js, self._config
        while True:
            await asyncio.sleep(_LOOK_INTERVAL)
            with suppress(NatsError, TimeoutError):
                stream = await make_stream(js, config.stream)
                collector.first_sequence = stream.state.first_seq
                self._metrics.show_stream(stream)
                await open_states(js, config.partitions, self._metrics, config.stream)
                await open_leases(js, config.stream)

    def _work_on(self, owned: frozenset[int], collector: Collector) -> None:
        for number in [one for one in self._working if one not in owned]:
            self._working.pop(number)[1].cancel()
        for number in owned:
            if number in self._working:
                self._working[number][0].use(collector)
                continue
            partition = Partition(number, collector)
            self._working[number] = partition, asyncio.create_task(partition.run())
        self._metrics.partitions.set(len(owned))
        LOGGER.info("Partitions: %s", ", ".join(map(str, sorted(owned))) or "none")

    async def _end_work(self) -> None:
        tasks = [task for _, task in self._working.values()]
        self._working.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _oldest(self) -> float | None:
        oldest = (partition.oldest for partition, _ in list(self._working.values()))
        return min((one for one in oldest if one is not None), default=None)

    def _waiting(self) -> tuple[int, int]:
        waiting = [partition.waiting for partition, _ in list(self._working.values())]
        return sum(titles for titles, _ in waiting), sum(frames for _, frames in waiting)


def _setter(event: asyncio.Event) -> Callable[[], Awaitable[None]]:
    async def set_event() -> None:
        event.set()

    return set_event
