"""Reprocessing: frames are read from a NATS stream again, and their values written again.

Writing values again is harmless, because series, times and values are the same.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from datetime import datetime

from nats.errors import TimeoutError as NoAnswerError
from nats.js import JetStreamContext
from nats.js.api import ConsumerConfig, DeliverPolicy

from smarty_p1_fleet.collector_client import connected
from smarty_p1_fleet.collector_config import CollectorConfig
from smarty_p1_fleet.jetstream_objects import (
    SUBJECTS,
    open_meters,
    read_entries,
    read_once,
    subject_of,
)
from smarty_p1_fleet.meter_names import MeterNames
from smarty_p1_fleet.meter_object_limits import MeterBounds
from smarty_p1_fleet.metrics import CollectorMetrics
from smarty_p1_fleet.store.register_selection import RegisterSelection
from smarty_p1_fleet.store.series_line_protocol import make_sample
from smarty_p1_fleet.store.store_writer import Store, StoreRestartedError, Write
from smarty_p1_fleet.store.stored_counters import StoredCounters
from smarty_p1_gateway import UnavailableError
from smarty_p1_gateway.nats.nats_acknowledged_publishing import STREAM

from .frame_message import FrameMessage, read_message
from .frame_verifier import TELEGRAM, FrameVerifier, MeterWarnings, Verdict, verdict_on

_MAX_TRIES = 3
_LOOK_INTERVAL = 1.0
_MAX_PAUSE_S = 0.1


@dataclass
class Reprocessed:
    """Result of a reprocessing: numbers of frames by outcome, and the writes of their values."""

    outcomes: Counter[str] = field(default_factory=Counter)
    writes: dict[str, Write] = field(default_factory=dict)

    def __str__(self) -> str:
        """Return the numbers of read, stored and refused frames as a text for the operator."""
        refused = {reason: count for reason, count in self.outcomes.items() if reason != TELEGRAM}
        text = f"{self.outcomes.total():,} frames read, {self.outcomes[TELEGRAM]:,} stored"
        if not refused:
            return f"{text}, none refused"
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in sorted(refused.items()))
        return f"{text}, {sum(refused.values()):,} refused ({reasons})"


async def reprocess_frames(
    messages: Sequence[FrameMessage],
    judge: FrameVerifier,
    store: Store,
    registers: RegisterSelection,
    result: Reprocessed,
) -> list[Verdict]:
    """Write the values of frames, and add the outcomes to `result`. Return the verdicts.

    Raises NATS's errors and UnavailableError.
    """
    began = time.monotonic()
    verdicts = [await verdict_on(judge, message) for message in messages]
    result.outcomes.update(verdict.outcome for verdict in verdicts)
    samples = [
        make_sample(verdict.telegram, registers, key=verdict.key)._replace(is_new=False)
        for verdict in verdicts
        if verdict.telegram is not None
    ]
    if samples:
        # For each process of VictoriaMetrics, keep only the last write. When the last write is on
        # the disk, all earlier writes are on the disk, too.
        write = await store.write(samples)
        result.writes[write.process] = write
    # Pause for as long as the batch took, so that VictoriaMetrics has time for new frames.
    await asyncio.sleep(min(_MAX_PAUSE_S, time.monotonic() - began))
    return verdicts


async def until_kept(store: Store, work: Callable[[], Awaitable[Reprocessed]]) -> Reprocessed:
    """Call `work`. Return its result when its values are on disk in VictoriaMetrics.

    A restart of VictoriaMetrics can lose the values, so `work` is then called again. Raises
    StoreRestartedError after _MAX_TRIES restarts, and the errors of `work`.
    """
    for _ in range(_MAX_TRIES):
        with suppress(StoreRestartedError):
            result = await work()
            writes = result.writes.values()
            while not all(map(store.keeps, writes)):  # noqa: ASYNC110 - `serve` updates the store
                await asyncio.sleep(_LOOK_INTERVAL)
            return result
    raise StoreRestartedError


async def _read_frames(
    js: JetStreamContext, title: bytes | None, since: datetime
) -> AsyncGenerator[list[FrameMessage]]:
    """Yield batches of messages of the stream of frames, from `since` to its end.

    `title` is a meter's system title, None for all meters. Raises NATS's errors.
    """
    subject, tries = SUBJECTS if title is None else subject_of(title), 0
    start = ConsumerConfig(deliver_policy=DeliverPolicy.BY_START_TIME, opt_start_time=since)
    while tries < _MAX_TRIES:
        try:
            async with aclosing(read_once(js, STREAM, (subject,), start)) as batches:
                async for fetched in batches:
                    messages = [*map(read_message, fetched)]
                    yield messages
                    tries = 0
                    start = ConsumerConfig(
                        deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
                        opt_start_seq=messages[-1].sequence + 1,
                    )
        except NoAnswerError:
            # No answer came, because the NATS node is down, or because the remaining frames were
            # deleted from the stream. Try again with a new consumer.
            tries += 1
        else:
            return
    raise NoAnswerError


async def read(config: CollectorConfig, title: bytes | None, since: datetime) -> str:
    """Reprocess the frames since `since`. Return the result as a text for the operator.

    `title` is a meter's system title, None for all meters. Raises UnavailableError.
    """
    named = "all meters" if title is None else title.hex().upper()
    if title is not None and not config.keys.all_of(title):
        msg = f"there is no key for the meter {named}: add its line to the keys"
        raise UnavailableError(msg)
    store = Store(config.store, CollectorMetrics())
    async with connected(config) as js:
        serving = asyncio.create_task(store.serve())
        bucket = await open_meters(js, config.stream)
        warnings, stored = MeterWarnings(), StoredCounters(config.store)
        names = MeterNames(lambda: bucket, config.keys, warnings.warn, config.titles)
        await names.load(read_entries(js, ">"))

        async def work() -> Reprocessed:
            bounds = MeterBounds(lambda *_: None)
            judge = FrameVerifier(config.keys, names, bounds, warnings, stored, is_reader=True)
            result = Reprocessed()
            async with aclosing(_read_frames(js, title, since)) as frames:
                async for messages in frames:
                    # The node of NATS that has stamped a frame perhaps had a wrong clock. A frame
                    # whose time has passed by now is not too early.
                    now = time.time()
                    late = [message._replace(latest=now) for message in messages]
                    await reprocess_frames(late, judge, store, config.registers, result)
            return result

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
    return f"{named}: {result}, of those since {since.astimezone():%Y-%m-%d %H:%M:%S %Z}"
