"""Main tasks of a collector process. They run until SIGTERM or SIGINT."""

import asyncio
import logging
import signal
import time
from contextlib import suppress
from functools import partial

from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import ConsumerInfo, StreamInfo
from nats.js.errors import BucketNotFoundError, NotFoundError
from nats.js.kv import KeyValue

from smarty_p1_gateway import Keys, UnavailableError
from smarty_p1_gateway.health import Health
from smarty_p1_gateway.log_once import LogOnce
from smarty_p1_gateway.metrics_and_health_server import serve
from smarty_p1_gateway.nats.nats_acknowledged_publishing import STREAM
from smarty_p1_gateway.nats.nats_client import kind_of_loss
from smarty_p1_gateway.service import until_signal
from smartyp1.fault_log import FaultLog, name_of
from smartyp1.task_race import run_until_first_exit

from .acknowledgement_watch import AcknowledgementWatch
from .collector_client import CollectorClient
from .collector_config import CollectorConfig
from .frames.frame_pipeline import FramePipeline
from .frames.frame_rereader import FrameRereader
from .frames.frame_verifier import FrameVerifier
from .frames.nats_clock_check import CLOCKS_INTERVAL_S, NatsClockCheck, ask_time
from .frames.new_frames import NewFrames
from .frames.reading_publisher import ReadingPublisher
from .frames.reread_bookmarks import Bookmarks
from .jetstream_objects import METERS, last_revision, make_consumer, read_entries
from .keys_watch import KeysWatch
from .meter_names import ENTRIES, MeterNames
from .meter_object_limits import MeterObjectLimits
from .metrics import CollectorMetrics
from .outage_log import AlreadyLoggedError, outage_of, reason
from .store.store_requests import check_store, why
from .store.store_writer import Store
from .store.stored_counters import StoredCounters

LOGGER = logging.getLogger(__name__)

_API_TIMEOUT_S = 3.0
_MAX_METER_WARNINGS = 1000
# Number of attempts to read all frame counters at the start.
_MAX_BEGINS = 4
# The first version of NATS that has atomic batches.
_MIN_VERSION = (2, 12)


async def check(config: CollectorConfig) -> None:
    """Raise ConfigError if VictoriaMetrics is unsuitable, or if it refuses a test write.

    An address that does not answer is only logged.
    """
    await check_store(config.store)


async def run(config: CollectorConfig) -> None:
    """Collect until SIGTERM or SIGINT.

    Raises UnavailableError if the metrics address is unusable, and ConfigError if the store is not
    single-node VictoriaMetrics.
    """
    await check_store(config.store, is_thorough=False)
    metrics = CollectorMetrics()
    health = Health(metrics)
    serve(health, config.metrics_address, config.metrics_port)
    store, faults = Store(config.store, metrics), FaultLog(config.name)
    watch = KeysWatch(config.keys_source, config.keys_signature, config.keys, metrics)
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, watch.want)
    collector = _Collector(config, store, metrics, watch)
    async with asyncio.TaskGroup() as group:
        # An unexpected error of the collector ends the process: systemd starts it anew, and NATS
        # delivers again what was not acknowledged. Errors of the other tasks cost only themselves.
        works = store.serve, partial(watch.run, collector.use), health.beat
        tasks = [group.create_task(faults.until_done(name_of(work), work)) for work in works]
        tasks.append(group.create_task(collector.run()))
        await until_signal()
        LOGGER.info("Stopping")
        for task in tasks:
            task.cancel()


class _Collector:
    """Collector: successive connections to NATS, and one pipeline for all of them."""

    def __init__(
        self, config: CollectorConfig, store: Store, metrics: CollectorMetrics, watch: KeysWatch
    ) -> None:
        self._config = config
        self._store = store
        self._metrics = metrics
        self._watch_keys = watch
        self._log = LogOnce(_MAX_METER_WARNINGS)
        self._outage = outage_of("The connection to NATS")
        self._limits = MeterObjectLimits(metrics.count_ignored)
        self._names = MeterNames(
            lambda: self._bucket,
            lambda: last_revision(self._js(), ENTRIES),
            lambda: read_entries(self._js(), ENTRIES),
            self._log,
        )
        self._stored = StoredCounters(config.store)
        self._clocks = NatsClockCheck(lambda: ask_time(self._nats))
        self._verifier = self._make_verifier(watch.keys, is_reader=False)
        self._watch = AcknowledgementWatch()
        bookmarks = Bookmarks(config.store.name, self._js, lambda: self._bucket)
        self._new = NewFrames(metrics, store.answers, config.name)
        make = partial(FramePipeline, store=store, registers=config.registers, name=config.name)
        self._pipeline = make(
            self._new,
            self._verifier,
            set_bookmarks=bookmarks.set,
            on_settled=metrics.count,
            is_live=True,
        )
        self._again = FrameRereader(
            bookmarks,
            metrics,
            self._clocks,
            self._names,
            lambda keys, frames: make(
                frames,
                self._make_verifier(keys),
                set_bookmarks=frames.set_bookmarks,
                on_settled=frames.count,
            ),
            titles=config.titles,
            name=config.name,
        )
        metrics.watch_oldest(
            lambda: min(filter(None, (self._new.oldest, self._pipeline.oldest)), default=None)
        )
        # Sequence number of the last message that NATS had delivered at the last `_look`.
        self._delivered = 0
        self._nats: Client
        self._bucket: KeyValue

    def _js(self) -> JetStreamContext:
        return self._nats.jetstream(timeout=_API_TIMEOUT_S)

    def _make_verifier(self, keys: Keys, *, is_reader: bool = True) -> FrameVerifier:
        return FrameVerifier(
            keys,
            self._names,
            self._limits,
            self._log,
            self._stored,
            clocks=self._clocks,
            is_reader=is_reader,
        )

    def use(self, keys: Keys) -> None:
        """Replace the keys of the meters."""
        self._verifier.use(keys)

    async def run(self) -> None:
        """Collect until cancelled. Reconnect whenever the connection to NATS is lost."""
        try:
            await run_until_first_exit(
                self._keep_connected(), self._work(), self._pipeline.keep_settling()
            )
        finally:
            await self._stored.close()

    async def _work(self) -> None:
        await self._store.until_known()
        await self._begin()
        while True:
            await self._pipeline.work(await self._new.take_messages())

    async def _begin(self) -> None:
        """Read the frame counters that earlier processes have written to VictoriaMetrics."""
        outage = outage_of("Asking VictoriaMetrics for the frame counters")
        for _ in range(_MAX_BEGINS):
            try:
                await self._verifier.begin(time.time())
            except UnavailableError as error:
                outage.note_failure(reason(error))
                await outage.wait()
            else:
                outage.end()
                return
        # Perhaps the login allows only writing, or VictoriaMetrics refuses a query for so many
        # meters. So ask for the counters of a single meter when a late frame of this meter arrives.
        LOGGER.warning("The frame counters are asked for by meter, when late frames come")

    async def _keep_connected(self) -> None:
        while True:
            await self._connect_once()
            self._metrics.nats_connected.set(0)
            self._metrics.stream_replicas.set(0)
            await self._outage.wait()

    async def _connect_once(self) -> None:
        nats = CollectorClient(self._config.nats)

        async def on_error(error: Exception) -> None:
            LOGGER.debug("NATS: %s", type(error).__name__)
            # nats-py tries all servers for ever and raises no error. So log the outage here.
            if not nats.is_connected:
                self._note_loss(error)

        try:
            await nats.open(on_error)
            self._check_version(nats)
            await self._collect(nats)
            self._note_loss(ConnectionError())
        except Exception as error:
            LOGGER.debug("NATS", exc_info=True)
            self._note_loss(error)
        finally:
            with suppress(NatsError, OSError, TimeoutError):
                await nats.close()

    def _note_loss(self, error: Exception) -> None:
        text = why(error)
        self._outage.note_failure(text, kind=kind_of_loss(text))

    def _check_version(self, nats: Client) -> None:
        with suppress(ValueError):
            version = nats.connected_server_version
            if (version.major, version.minor) < _MIN_VERSION:
                numbers = f"{version.major}.{version.minor}.{version.patch}"
                raise AlreadyLoggedError(f"NATS {numbers} is too old: take 2.15 or newer")

    async def _collect(self, nats: CollectorClient) -> None:
        config, name = self._config, self._config.store.name
        self._nats = nats
        js = self._js()
        try:
            stream, self._bucket = await js.stream_info(STREAM), await js.key_value(METERS)
        except NotFoundError, BucketNotFoundError:
            raise AlreadyLoggedError(
                f"there is no stream {STREAM}, or no bucket: `smarty-p1 fleet stream` makes both"
            ) from None
        self._names.drop()
        await self._clocks.compare_clocks()
        if config.publishes_readings:
            readings = ReadingPublisher(nats)
            await readings.open()
            self._pipeline.readings = readings
        self._show(stream, await make_consumer(js, name, config.titles))
        self._outage.end()
        self._metrics.nats_connected.set(1)
        LOGGER.info("Connected as %s", config.name)
        try:
            await run_until_first_exit(
                self._new.fetch(nats, name),
                self._again.run(js, lambda: self._watch_keys.keys),
                self._look(js),
                nats.ended.wait(),
            )
        finally:
            self._metrics.nats_losses.inc()

    async def _look(self, js: JetStreamContext) -> None:
        """Check the stream, the consumer and the clocks every CLOCKS_INTERVAL_S seconds."""
        name = self._config.store.name
        while True:
            with suppress(NatsError, TimeoutError):
                stream = await js.stream_info(STREAM)
                self._show(stream, consumer := await js.consumer_info(STREAM, name))
                await self._show_oldest(js, stream)
                await self._clocks.compare_clocks()
                self._metrics.clock_difference.set(self._clocks.difference_s)
                is_working = self._store.answers() and self._clocks.do_agree
                await self._watch.check_consumer(js, consumer, is_working=is_working)
            await asyncio.sleep(CLOCKS_INTERVAL_S)

    async def _show_oldest(self, js: JetStreamContext, stream: StreamInfo) -> None:
        oldest = 0.0
        if stream.state.messages:
            with suppress(NotFoundError):
                message = await js.get_msg(STREAM, seq=stream.state.first_seq)
                oldest = time.time() - message.time.timestamp() if message.time else 0.0
        self._metrics.stream_oldest.set(max(0.0, oldest))

    def _show(self, stream: StreamInfo, consumer: ConsumerInfo) -> None:
        self._metrics.show_stream(stream)
        self._metrics.show_consumer(consumer)
        first, last = stream.state.first_seq, stream.state.last_seq
        delivered = consumer.delivered.stream_seq if consumer.delivered else 0
        if not self._delivered and not consumer.config.filter_subjects:
            # At the start, also count the frames that were discarded before this collector started.
            # For a consumer with a filter, these frames cannot be counted. The consumer gets no
            # frames of other meters. So `delivered` does not show how many frames in the stream
            # were read.
            self._delivered = delivered
        # A stream that was deleted and created again numbers its messages from 1. Then `last` is
        # below `_delivered`, and no frame counts as discarded.
        discarded = first - 1 - self._delivered if 0 < self._delivered <= last else 0
        if consumer.config.filter_subjects and not consumer.num_pending:
            # No frame that passes the filter is pending, so the stream has discarded no unread
            # frame of these meters. But `discarded` may be above 0: `delivered` does not rise while
            # the meters in the filter are silent. So set `discarded` to 0.
            discarded = 0
        if discarded > 0:
            LOGGER.error("The stream has discarded %d frames before they were read", discarded)
            self._metrics.discarded.inc(discarded)
        self._delivered = max(delivered, first - 1)
