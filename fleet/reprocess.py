"""Reprocessing: frames are read from the NATS stream again, and their values written again.

Writing values again is harmless, because series, times and values are the same.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from nats.aio.msg import Msg
from nats.errors import TimeoutError as NoAnswerError
from nats.js import JetStreamContext
from nats.js.api import DeliverPolicy

from smarty_p1_gateway import UnavailableError
from smarty_p1_gateway.nats_acknowledged_publishing import STREAM

from .collector_client import API_TIMEOUT, connected
from .collector_config import CollectorConfig
from .frame_verifier import TELEGRAM, WAITING, FrameVerifier, MeterWarnings
from .jetstream_objects import SUBJECTS, fetch_all, open_meters, short_lived_consumer, subject_of
from .meter_names import MeterNames
from .meter_object_limits import MeterBounds
from .metrics import Metrics
from .register_selection import Registers
from .series_line_protocol import make_sample
from .store_writer import Store, StoreRestartedError, Write
from .stored_counters import StoredCounters

_MAX_TRIES = 3
_LOOK_INTERVAL = 1.0
_PAUSE = 0.1


@dataclass
class Reprocessed:
    """Result of a reprocessing, up to the sequence number `end`.

    `first_waiting` is the sequence number of the first frame that no key decrypted, or None if
    there is no such frame.
    """

    end: int
    outcomes: Counter[str] = field(default_factory=Counter)
    first_waiting: int | None = None
    writes: list[Write] = field(default_factory=list)

    def is_kept(self, store: Store) -> bool:
        """Return whether all reprocessed values are on the disk of `store`.

        Raises StoreRestartedError.
        """
        run = store.run
        return not self.writes or (run is not None and all(map(run.keeps, self.writes)))

    def __str__(self) -> str:
        """Return the numbers of read, stored and refused frames as a text for the operator."""
        refused = {reason: count for reason, count in self.outcomes.items() if reason != TELEGRAM}
        text = f"{self.outcomes.total():,} frames read, {self.outcomes[TELEGRAM]:,} stored"
        if not refused:
            return f"{text}, none refused"
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in sorted(refused.items()))
        return f"{text}, {sum(refused.values()):,} refused ({reasons})"


async def reprocess_frames(  # noqa: PLR0913
    js: JetStreamContext,
    judge: FrameVerifier,
    store: Store,
    registers: Registers,
    *,
    title: bytes | None = None,
    begin: int | datetime,
) -> Reprocessed:
    """Reprocess the frames from `begin`, a sequence number or a time, to the end of the stream.

    `title` is a meter's system title, None for all meters. Raises NATS's errors and
    UnavailableError.
    """
    end = (await js.stream_info(STREAM)).state.last_seq
    result = Reprocessed(end)
    async for messages in _frames(js, SUBJECTS if title is None else subject_of(title), begin, end):
        samples = []
        for message in messages:
            metadata = message.metadata
            arrived = metadata.timestamp.timestamp()
            verdict = await judge.judge(message.subject, message.data, arrived)
            result.outcomes[verdict.outcome] += 1
            if verdict.telegram is not None:
                sample = make_sample(verdict.telegram, registers, key=verdict.key)
                samples.append(sample._replace(is_new=False))
            elif verdict.outcome in WAITING and result.first_waiting is None:
                result.first_waiting = metadata.sequence.stream
        if samples:
            write = await store.write(samples)
            # For each process of VictoriaMetrics, keep only the last write. When the last write is
            # on the disk, all earlier writes are on the disk, too.
            old_writes = [old for old in result.writes if old.process != write.process]
            result.writes = [*old_writes, write]
        # Pause after each batch, so that VictoriaMetrics has time for new frames.
        await asyncio.sleep(_PAUSE)
    return result


async def until_kept(store: Store, work: Callable[[], Awaitable[Reprocessed]]) -> Reprocessed:
    """Call `work`. Return its result when its values are on disk in VictoriaMetrics.

    A restart of VictoriaMetrics can lose the values, so `work` is then called again. Raises
    StoreRestartedError after _MAX_TRIES restarts, and the errors of `work`.
    """
    for _ in range(_MAX_TRIES):
        with suppress(StoreRestartedError):
            result = await work()
            while not result.is_kept(store):  # noqa: ASYNC110 - `Store.serve` updates the store
                await asyncio.sleep(_LOOK_INTERVAL)
            return result
    raise StoreRestartedError


async def _frames(
    js: JetStreamContext, subject: str, begin: int | datetime, end: int
) -> AsyncIterator[list[Msg]]:
    """Yield batches of messages of `subject`, from `begin` to the sequence number `end`."""
    tries = 0
    while tries < _MAX_TRIES:
        subscription = await _subscribe(js, subject, begin)
        try:
            async for messages in fetch_all(subscription):
                wanted = [
                    message for message in messages if message.metadata.sequence.stream <= end
                ]
                if wanted:
                    yield wanted
                    begin, tries = wanted[-1].metadata.sequence.stream + 1, 0
                if len(wanted) < len(messages):
                    return
        except NoAnswerError:
            # No answer came, because the NATS node is down, or because the remaining frames were
            # deleted from the stream. Try again with a new consumer.
            tries += 1
        else:
            return
        finally:
            await subscription.unsubscribe()
    raise NoAnswerError


async def _subscribe(
    js: JetStreamContext, subject: str, begin: int | datetime
) -> JetStreamContext.PullSubscription:
    if isinstance(begin, datetime):
        config = short_lived_consumer(DeliverPolicy.BY_START_TIME)
        config.opt_start_time = begin
    else:
        config = short_lived_consumer(DeliverPolicy.BY_START_SEQUENCE)
        config.opt_start_seq = begin
    return await js.pull_subscribe(subject, stream=STREAM, config=config)


async def read(config: CollectorConfig, title: bytes | None, since: datetime) -> str:
    """Reprocess the frames since `since`. Return the result as a text for the operator.

    `title` is a meter's system title, None for all meters. Raises UnavailableError.
    """
    named = "all meters" if title is None else title.hex().upper()
    if title is not None and not config.keys.all_of(title):
        msg = f"there is no key for the meter {named}: add its line to the keys"
        raise UnavailableError(msg)
    store = Store(config.store, Metrics())
    async with connected(config) as nats:
        serving = asyncio.create_task(store.serve())
        js = nats.jetstream(timeout=API_TIMEOUT)
        bucket = await open_meters(js, config.stream)
        warnings, stored = MeterWarnings(), StoredCounters(config.store)

        async def work() -> Reprocessed:
            names = MeterNames(lambda: bucket, config.keys, warnings.warn, config.titles)
            bounds = MeterBounds(lambda *_: None)
            judge = FrameVerifier(config.keys, names, bounds, warnings, stored, is_reader=True)
            return await reprocess_frames(
                js, judge, store, config.registers, title=title, begin=since
            )

        try:
            result = await until_kept(store, work)
        except StoreRestartedError:
            msg = "VictoriaMetrics was restarted again and again: nothing is sure; try again"
            raise UnavailableError(msg) from None
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)
            await stored.close()
    if not result.outcomes:
        return f"{named}: the stream has no frame since then"
    return f"{named}: {result}, of those since {_moment(since)}"


def _moment(time_: datetime) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S %Z", time.localtime(time_.timestamp()))
