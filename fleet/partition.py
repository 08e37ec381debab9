"""One partition: its frames are read, verified, stored, and committed once the store kept them.

When only reading fails, it goes on behind what was dealt with, if nobody else has committed
anything meanwhile. Whatever else goes wrong, the partition is begun again from what is committed.
What is stored twice thereby is the same: the same series, time and value.
"""

import asyncio
import contextlib
import json
import logging
import time
from dataclasses import dataclass, replace

from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError
from nats.js.kv import KeyValue

from smarty_p1_gateway import Keys
from smartyp1.p1 import Telegram

from .acknowledged_writes import StoreRestartedError
from .catch_up import Chunk, read_chunk
from .commit_queue import Batch, CommitQueue
from .frame_reader import FrameMessage, FrameReader, GapError
from .kept_state import KeptState
from .key_rotation import KeyRotations
from .message_to_telegram import Intake
from .meter_bounds import MeterBounds
from .meter_names import MeterNames
from .meter_sources import MeterSources
from .meters import Meters, MeterWarnings
from .metrics import Metrics
from .outage_log import outage_of, reason
from .own_times import OwnTimes
from .partition_state import PartitionState
from .registers import ALL, Registers
from .series_line_protocol import Sample, make_sample
from .subjects import STREAM, reading_of
from .victoria_metrics import Store
from .waiting_titles import WaitingTitles

LOGGER = logging.getLogger(__name__)

_READ_TIMEOUT = 1.0
# While something is read again.
_READ_TIMEOUT_BETWEEN = 0.01
# A commit is a message to three servers and their disks.
_COMMIT_INTERVAL = 5.0
_LOOK_INTERVAL = 0.1
_SAME = 1e-4


@dataclass(slots=True)
class Collector:
    """What the partitions of a collector share; the stream has nothing before `first_sequence`."""

    nats: Client
    js: JetStreamContext
    states: KeyValue
    store: Store
    keys: Keys
    metrics: Metrics
    warnings: MeterWarnings
    partitions: int
    most_openers: int
    publishes_readings: bool
    first_sequence: int
    registers: Registers = ALL


class Partition:
    """Works on one partition as long as it belongs to this collector."""

    def __init__(self, number: int, collector: Collector) -> None:
        self._number = number
        self._collector = collector
        self._outage = outage_of(f"Partition {number}")
        self._kept = KeptState(number, collector.metrics)
        self._queue = CommitQueue()
        # While it `_is_settled`, all up to here was dealt with, and is in the queue or committed.
        # How far a batch got that failed is unknown.
        self._handled = 0
        self._handled_at = 0.0
        # Where the stream began when there was nothing left to read.
        self._at_end = 0
        self._is_settled = False
        self._intake: Intake
        self._keys = collector.keys
        self._waiting = WaitingTitles({}, collector.keys)
        self._bounds = MeterBounds(collector.metrics.count_ignored)
        self._sources = MeterSources()
        self._being_stored: float | None = None
        self._last_commit = time.monotonic()
        # Nothing is published a second time when the partition is begun again.
        self._published = 0
        # Up to here, somebody else may have written: see `_claim`.
        self._perhaps_written = 0

    @property
    def oldest(self) -> float | None:
        """Return when the oldest message not committed arrived (Unix seconds)."""
        oldest = self._queue.oldest
        return self._being_stored if oldest is None else oldest

    @property
    def waiting(self) -> tuple[int, int]:
        """Return how many titles wait for a key, and how many of their frames."""
        return len(self._waiting.state), self._waiting.frames

    def use(self, collector: Collector) -> None:
        """Go on with another connection."""
        self._collector = collector

    async def run(self) -> None:
        """Work until cancelled, over losses of the connection."""
        while True:
            try:
                await self._work()
            except (
                GapError,
                StoreRestartedError,
                NatsError,
                OSError,
                TimeoutError,
            ) as error:
                self._outage.note(reason(error))
            except Exception as error:
                LOGGER.debug("Partition %d", self._number, exc_info=True)
                self._outage.note(reason(error))
            await self._outage.wait()
            # Until there is another one: see `use`.
            while self._collector.nats.is_closed:  # noqa: ASYNC110
                await asyncio.sleep(_LOOK_INTERVAL)

    async def _work(self) -> None:
        collector = self._collector
        await self._claim()
        reader = FrameReader(collector.nats, collector.js, self._number, self._kept.known.epoch)
        await reader.open(self._handled)
        try:
            with contextlib.suppress(NatsError, TimeoutError):
                await reader.forget_earlier()
            await self._read(reader)
        finally:
            with contextlib.suppress(NatsError, OSError):
                await reader.close()

    async def _claim(self) -> None:
        """Begin an epoch: whoever still works in an earlier one can no longer commit."""
        collector = self._collector
        states = collector.states
        found = await self._kept.read(states)
        info = await collector.js.stream_info(STREAM)
        collector.first_sequence = info.state.first_seq
        if not await self._is_in_stream(found, info.state.last_seq):
            LOGGER.warning("Partition %d: the stream was made anew", self._number)
            found = replace(found, sequence=0, arrived=0.0, waiting={})
            self._published = self._at_end = self._perhaps_written = 0
        if found.epoch != self._kept.known.epoch or not self._kept.known.epoch:
            # Somebody else had it: what was not committed may be written, and when is not known.
            self._perhaps_written = info.state.last_seq
        # Not who began meanwhile matters, but what was committed.
        goes_on = found.is_as_far_as(self._kept.known) and await self._has_stayed()
        await self._kept.begin(states, found)
        if not self._is_settled or not goes_on:
            self._begin()

    async def _is_in_stream(self, state: PartitionState, last_sequence: int) -> bool:
        """Return False when the stream was made anew since then, and counts from 1 again."""
        if last_sequence < state.sequence:
            return False
        arrived = await self._arrived(state.sequence) if state.arrived else None
        return arrived is None or _is_same(arrived, state.arrived)

    async def _has_stayed(self) -> bool:
        """Return whether the stream still has what was read of it last."""
        arrived = await self._arrived(self._handled) if self._handled_at else None
        return arrived is not None and _is_same(arrived, self._handled_at)

    async def _arrived(self, sequence: int) -> float | None:
        """Return when the stream got a message, None if it has it no longer."""
        try:
            message = await self._collector.js.get_msg(STREAM, sequence)
        except NotFoundError:
            return None
        return message.time.timestamp() if message.time else None

    def _begin(self) -> None:
        """Begin behind what is committed."""
        collector = self._collector
        collector.metrics.begun.inc()
        self._queue = CommitQueue()
        state = self._kept.known
        self._handled, self._handled_at = state.sequence, state.arrived
        self._keys = collector.keys
        rotations = KeyRotations(state.rotations)
        meters = Meters(
            self._number,
            collector.partitions,
            collector.keys,
            state.counters,
            rotations,
            most_openers=collector.most_openers,
            warnings=collector.warnings,
        )
        names = MeterNames(lambda: self._collector.states, collector.keys, collector.warnings)
        self._waiting = WaitingTitles(state.waiting, collector.keys)
        self._is_settled = True
        self._intake = Intake(
            meters, names, OwnTimes(state.times), self._bounds, rotations, self._waiting
        )

    async def _read(self, reader: FrameReader) -> None:
        collector = self._collector
        while True:
            self._use_keys()
            first_sequence = collector.first_sequence
            is_alone = self._waiting.next_again() is None
            messages = await reader.read(_READ_TIMEOUT if is_alone else _READ_TIMEOUT_BETWEEN)
            again = await read_chunk(collector.nats, self._number, self._waiting)
            self._is_settled = False
            if messages:
                self._count_discarded(messages[0].sequence)
            if messages or again:
                await self._store(messages, again)
            if messages or reader.is_at_end:
                self._outage.end()
            # At once: what the store has lost is to be there again soon.
            self._queue.check(collector.store.run)
            if time.monotonic() - self._last_commit >= _COMMIT_INTERVAL:
                await self._commit(reader)
            self._is_settled = True
            if reader.is_at_end:
                self._at_end = first_sequence - 1

    def _use_keys(self) -> None:
        """Take the keys that were read last, between two messages."""
        keys = self._collector.keys
        if keys is self._keys:
            return
        self._keys = keys
        if added := self._intake.use(keys):
            text = "Partition %d: the frames of %d meters that waited for a key are read again"
            LOGGER.info(text, self._number, len(added))

    def _count_discarded(self, sequence: int) -> None:
        """Count what the stream let go of, for its limits, before a message and unread.

        It counts the messages of all partitions together: this one has about its share of them.
        """
        collector = self._collector
        first = min(sequence, collector.first_sequence)
        discarded = first - 1 - max(self._handled, self._at_end)
        if discarded > 0:
            LOGGER.error(
                "Partition %d: the stream has discarded frames before they were read, some %d",
                self._number,
                -(-discarded // collector.partitions),
            )
            collector.metrics.discarded.inc(discarded / collector.partitions)

    async def _store(self, messages: list[FrameMessage], again: Chunk | None) -> None:
        collector = self._collector
        if messages:
            last = messages[-1]
            batch = Batch(last.sequence, last.ack, messages[0].arrived, last.arrived)
        else:
            batch = Batch(self._handled, "", time.time(), self._handled_at)
        samples: list[Sample] = []
        telegrams: list[Telegram] = []
        if again:
            telegrams += await self._judge_again(again, batch, samples)
        for message in messages:
            telegram = await self._intake.judge(message, batch)
            if telegram is None:
                continue
            samples.append(self._make_sample(telegram, message))
            if message.sequence > self._published:
                telegrams.append(telegram)
        self._intake.end(batch)
        if samples:
            self._being_stored = batch.began
            batch.write = await collector.store.write(samples)
            self._being_stored = None
        self._queue.add(batch)
        self._handled, self._handled_at = batch.sequence, batch.arrived
        await self._publish(telegrams)
        self._published = max(self._published, batch.sequence)

    def _make_sample(self, telegram: Telegram, message: FrameMessage) -> Sample:
        source = message.source
        if source is not None:
            source = self._sources.bound(telegram.system_title or b"", source)
        registers = self._collector.registers
        sample = make_sample(telegram, message.arrived, registers, source=source)
        is_new = message.sequence > max(self._published, self._perhaps_written)
        return sample if is_new else sample._replace(is_new=False)

    async def _judge_again(
        self, again: Chunk, batch: Batch, samples: list[Sample]
    ) -> list[Telegram]:
        """Return the telegrams in frames that waited for a key."""
        found = []
        for message in again.messages:
            if telegram := await self._intake.judge(message, batch, is_read_again=True):
                samples.append(self._make_sample(telegram, message))
                found.append(telegram)
        sequences = [message.sequence for message in again.messages]
        self._waiting.note_read(again.title, sequences, is_whole=again.is_whole)
        self._collector.metrics.caught_up.inc(len(sequences))
        return found

    async def _publish(self, telegrams: list[Telegram]) -> None:
        collector = self._collector
        if not collector.publishes_readings or not collector.nats.is_connected:
            return
        with contextlib.suppress(NatsError):  # nothing depends on it
            for telegram in telegrams:
                subject = reading_of(telegram.system_title or b"")
                await collector.nats.publish(subject, json.dumps(telegram.as_dict()).encode())

    async def _commit(self, reader: FrameReader) -> None:
        collector = self._collector
        if not collector.nats.is_connected:
            return
        self._last_commit = time.monotonic()
        commit = self._queue.pop_kept(collector.store.run)
        if commit is None:
            await self._kept.check(collector.states)
            return
        await self._kept.commit(collector.states, commit)
        collector.metrics.commits.inc()
        collector.metrics.count(commit.outcomes, commit.rejected)
        if commit.ack:
            await reader.acknowledge(commit.ack)


def _is_same(moment: float, other: float) -> bool:
    # One of them was rounded to microseconds, the other to what a float can hold.
    return abs(moment - other) < _SAME
