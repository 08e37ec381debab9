"""Worker: it verifies messages of the durable consumer, and writes their values to VictoriaMetrics.

A message is acknowledged after its values are on disk in VictoriaMetrics. A lost connection to NATS
loses no work. If two collectors get the same message, both write the same values.
"""

import asyncio
import json
import logging
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from zlib import crc32

from nats.errors import Error as NatsError

from smarty_p1_fleet.collector_client import CollectorClient
from smarty_p1_fleet.jetstream_objects import PRIORITY_GROUP
from smarty_p1_fleet.metrics import EARLIER, CollectorMetrics
from smarty_p1_fleet.outage_log import outage_of, reason
from smarty_p1_fleet.store.register_selection import ALL, RegisterSelection
from smarty_p1_fleet.store.series_line_protocol import Sample, make_sample
from smarty_p1_fleet.store.store_writer import (
    WRITE_INTERVAL_S,
    Store,
    StoreRestartedError,
    Write,
    without_delay,
)
from smarty_p1_gateway import UnavailableError
from smarty_p1_gateway.nats.nats_acknowledged_publishing import STREAM
from smartyp1.fault_log import FaultLog
from smartyp1.p1.telegram import Telegram

from .frame_message import ACK_PREFIX, FrameMessage, read_delivery
from .frame_verifier import FrameVerifier, Verdict, verdict_on
from .meter_sources import MeterSources
from .parked_frames import LATE, ParkedFrame, Parking
from .reading_publisher import ReadingPublisher

LOGGER = logging.getLogger(__name__)

_BATCH = 1000
_EXPIRES = 2.0
_MARGIN = 1.0
# Number of unanswered requests after which the collector reconnects, because the consumer has
# perhaps moved to another node.
_MAX_UNANSWERED = 3
_PAUSE = 0.1
# NATS distinguishes this number of priorities.
_PRIORITIES = 10
# Seconds without messages after which a collector reads what other collectors have stored.
# Otherwise, a meter's clock that was set back would not be noticed.
_MAX_IDLE_S = 15.0
_ACKNOWLEDGE_INTERVAL = 1.0
# Maximum number of late frames (such as replays) of a batch that are stored at once. Further late
# frames are parked, and stored later. A stored frame stays unacknowledged until its values are on
# disk. NATS limits the number of unacknowledged messages. So without this maximum, a flood of
# replays would delay the frames of other meters.
_MAX_EARLIER = 100
# Maximum age in seconds of a telegram that is told to the listeners of readings.
_MAX_LIVE_AGE_S = 60.0
_AT_END = (b"404", b"408")


@dataclass(slots=True)
class _Judged:
    """Batch of messages with their verdicts. `write` is None for a batch without values."""

    messages: list[FrameMessage] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)
    rejected: Counter[tuple[str, str]] = field(default_factory=Counter)
    samples: Sequence[Sample] = ()
    write: Write | None = None
    earlier: int = 0

    def add(self, message: FrameMessage, verdict: Verdict) -> None:
        """Count `verdict`, the verdict on `message`."""
        self.outcomes[verdict.outcome] += 1
        title = verdict.title.hex().upper() if verdict.title else ""
        if verdict.telegram is None:
            self.rejected[title, verdict.outcome] += 1
        elif not verdict.is_newest and not message.is_redelivered:
            self.rejected[title, EARLIER] += 1
            self.earlier += 1


class Worker:
    """Worker of one collector. It serves all successive connections to NATS.

    `name` is the collector's name, which decides whether this or another collector of the same
    consumer works if both can.
    """

    def __init__(  # noqa: PLR0913
        self,
        judge: FrameVerifier,
        store: Store,
        metrics: CollectorMetrics,
        *,
        registers: RegisterSelection = ALL,
        publishes_readings: bool = True,
        name: str = "",
    ) -> None:
        self._priority = crc32(name.encode()) % _PRIORITIES
        self._judge = judge
        self._store = store
        self._metrics = metrics
        self._registers = registers
        self._publishes_readings = publishes_readings
        self._sources = MeterSources()
        self._nats: CollectorClient | None = None
        self._parking: Parking | None = None
        self._readings: ReadingPublisher | None = None
        self._arrived: deque[FrameMessage] = deque()
        # Unacknowledged messages. The key is the message's `identity`. The value is the subject to
        # which the acknowledgement is sent. NATS delivers an unacknowledged message again, with a
        # new subject for the acknowledgement. Only the subject of the last delivery is kept.
        self._held: dict[tuple[int, float], bytes] = {}
        self._has_arrived = asyncio.Event()
        self._is_used_up = asyncio.Event()
        self._is_answered = asyncio.Event()
        self._left = 0
        self._lost: NatsError | None = None
        self._is_refused = False
        self._working: Sequence[FrameMessage] = ()
        self._worked_at = time.monotonic()
        # `_judged` has the batches whose values are not on disk yet. `_rejected` has the batches
        # without values to write, which are acknowledged soon. `_waiting` has the frames to park,
        # each with its mark. They are acknowledged when NATS has parked them.
        self._judged: deque[_Judged] = deque()
        self._rejected: deque[_Judged] = deque()
        self._waiting: list[tuple[FrameMessage, ParkedFrame]] = []
        self._faults = FaultLog(LOGGER, name)
        self._outage = outage_of("Judging frames")
        self._park_outage = outage_of("Parking frames that cannot be stored yet")

    @property
    def oldest(self) -> float | None:
        """Return the time at which the oldest unacknowledged message arrived (Unix seconds).

        Return None if there is no such message. Any thread can read this property.
        """
        judged = [*list(self._judged)[:1], *self._rejected.copy()]
        held = chain(
            list(self._working)[:1],
            list(self._arrived)[:1],
            (message for message, _ in list(self._waiting)),
            *(batch.messages[:1] for batch in judged),
        )
        return min((message.arrived for message in held), default=None)

    async def fetch(self, nats: CollectorClient, consumer: str, parking: Parking) -> None:
        """Request messages as fast as `work` takes them, until cancelled. Raises NATS's errors.

        While VictoriaMetrics does not answer, request none, because another collector of the same
        consumer may be able to store them.
        """
        self._nats, self._parking, self._lost = nats, parking, None
        subject = f"$JS.API.CONSUMER.MSG.NEXT.{STREAM}.{consumer}"
        request = json.dumps(
            {
                "batch": _BATCH,
                "expires": int(_EXPIRES * 1e9),
                "group": PRIORITY_GROUP,
                "priority": self._priority,
            }
        ).encode()
        inbox = nats.new_inbox()
        subscription = await nats.receive(inbox, self._on_message)
        if self._publishes_readings:
            self._readings = ReadingPublisher(nats)
            await self._readings.open()
        unanswered = 0
        try:
            while True:
                while len(self._arrived) >= _BATCH:
                    self._is_used_up.clear()
                    await self._is_used_up.wait()
                if not self._store.answers():
                    await asyncio.sleep(_PAUSE)
                    continue
                self._left = _BATCH
                self._is_answered.clear()
                await nats.publish(subject, request, inbox)
                try:
                    async with asyncio.timeout(_EXPIRES + _MARGIN):
                        await self._is_answered.wait()
                    unanswered = 0
                except TimeoutError:
                    unanswered += 1
                if self._lost is not None:
                    raise self._lost
                if self._is_refused:
                    # NATS can answer the next request with the same status at once. So pause, to
                    # prevent a busy loop.
                    self._is_refused = False
                    await asyncio.sleep(_PAUSE)
                if unanswered >= _MAX_UNANSWERED:
                    msg = "nobody answers for the consumer"
                    raise NatsError(msg)
        finally:
            with suppress(NatsError, OSError):
                await subscription.unsubscribe()

    def _on_message(self, subject: bytes, reply: bytes, data: bytes, headers: bytes) -> None:
        if not reply.startswith(ACK_PREFIX):
            self._on_status(headers)
            return
        frame = read_delivery(subject, reply, data, headers)
        if frame.is_redelivered:
            self._metrics.redelivered.inc()
        if frame.identity not in self._held:
            self._arrived.append(frame)
            self._has_arrived.set()
        self._held[frame.identity] = reply
        self._left -= 1
        if self._left <= 0:
            self._is_answered.set()

    def _on_status(self, headers: bytes) -> None:
        """Handle a status message of NATS, such as `NATS/1.0 408 Request Timeout`."""
        _, status, text, *_ = *headers.partition(b"\r\n")[0].split(b" ", 2), b"", b""
        if status == b"503" or b"deleted" in text.lower():
            self._lost = NatsError("there is no such consumer, or no leader for it")
        self._is_refused = status not in _AT_END
        self._is_answered.set()

    async def work(self) -> None:
        """Verify messages and write their values, until cancelled."""
        while True:
            await self._has_arrived.wait()
            if len(self._arrived) < _BATCH:
                now = asyncio.get_running_loop().time()
                await asyncio.sleep(WRITE_INTERVAL_S - now % WRITE_INTERVAL_S)
            self._working = [
                self._arrived.popleft() for _ in range(min(_BATCH, len(self._arrived)))
            ]
            if not self._arrived:
                self._has_arrived.clear()
            self._is_used_up.set()
            idle_s = time.monotonic() - self._worked_at
            if idle_s > _MAX_IDLE_S:
                await self._until_answered(partial(self._judge.catch_up, idle_s))
            await self._handle(self._working)
            self._working, self._worked_at = (), time.monotonic()

    async def _handle(self, messages: Sequence[FrameMessage]) -> None:
        judged, rejected, telegrams = _Judged(), _Judged(), list[Telegram]()
        samples, waiting, redelivered = list[Sample](), [], list[int]()
        for message in messages:
            verdict = await self._until_answered(partial(verdict_on, self._judge, message))
            batch = rejected if verdict.telegram is None else judged
            batch.add(message, verdict)
            if mark := self._mark(message, verdict, judged):
                waiting.append((message, _waiting_frame(message, verdict.title or b"", mark)))
                continue
            batch.messages.append(message)
            if verdict.telegram is not None:
                sample = self._faults.call(self._sample, message, verdict, verdict.telegram)
                if sample is None:
                    continue  # acknowledge it: NATS would deliver it again for ever
                redelivered += [len(samples)] * message.is_redelivered
                samples.append(sample)
                telegrams += [verdict.telegram] * _is_live(message, verdict)
        # NATS limits the number of unacknowledged messages. So rejected messages are acknowledged
        # without waiting for VictoriaMetrics.
        self._rejected.append(rejected)
        self._waiting += waiting
        await self._mark_first_writes(samples, redelivered)
        if samples:
            judged.write = await self._store.write(samples)
            judged.samples = samples
        (self._judged if samples else self._rejected).append(judged)
        if self._readings:
            await self._faults.attempt(self._readings.publish, telegrams)

    @staticmethod
    def _mark(message: FrameMessage, verdict: Verdict, judged: _Judged) -> str:
        """Return the mark with which a frame is parked. Return "" if it is not parked.

        A late frame is also parked if its batch has more than _MAX_EARLIER late frames.
        """
        is_earlier = verdict.telegram and not (verdict.is_newest or message.is_redelivered)
        return LATE if is_earlier and judged.earlier > _MAX_EARLIER else verdict.mark

    def _sample(self, message: FrameMessage, verdict: Verdict, telegram: Telegram) -> Sample:
        source = None
        if verdict.is_newest:
            source = self._sources.note(verdict.title or b"", message.source)
        sample = make_sample(telegram, self._registers, source=source, key=verdict.key)
        return sample._replace(is_new=verdict.is_newest and not message.is_redelivered)

    async def _mark_first_writes(self, samples: list[Sample], redelivered: Sequence[int]) -> None:
        """Let redelivered telegrams that are not stored yet be written with their storage delay.

        Another collector got them first, and has perhaps stopped before it has written them.
        `redelivered` has their places in `samples`. If VictoriaMetrics does not say what it has, a
        telegram counts as stored.
        """
        if not redelivered:
            return
        times = [samples[place].at_ms for place in redelivered]
        lines = await self._judge.stored_counters(min(times) / 1000, max(times) / 1000)
        for place in redelivered:
            sample = samples[place]
            if lines is not None and sample.counter not in lines:
                samples[place] = sample._replace(is_new=True)

    async def _until_answered[T](self, ask: Callable[[], Awaitable[T]]) -> T:
        """Return the result of `ask`.

        Retry without limit while NATS or VictoriaMetrics does not answer.
        """
        while True:
            try:
                result = await ask()
            except (NatsError, OSError, TimeoutError, UnavailableError) as error:
                self._outage.note(reason(error))
                await self._outage.wait()
            else:
                self._outage.end()
                return result

    async def acknowledge(self) -> None:
        """Acknowledge batches whose values are on disk, until cancelled.

        Write lost batches again.
        """
        while True:
            await asyncio.sleep(_ACKNOWLEDGE_INTERVAL)
            try:
                for batches in (self._rejected, self._judged):
                    while batches:
                        judged = batches[0]
                        is_kept = judged.write is None or self._store.keeps(judged.write)
                        if not is_kept or not await self._settle(judged.messages):
                            break
                        batches.popleft()
                        self._metrics.count(judged.outcomes, judged.rejected)
            except StoreRestartedError:
                await self._write_again()
            await self._park()

    async def _write_again(self) -> None:
        LOGGER.warning("VictoriaMetrics was restarted: what it may have lost is written again")
        for judged in [batch for batch in self._judged if batch.samples]:
            judged.write = await self._store.write(without_delay(judged.samples))

    async def _park(self) -> None:
        """Park the frames that cannot be stored yet. Then acknowledge them."""
        waiting, self._waiting = self._waiting, []
        if not waiting or self._parking is None:
            return
        try:
            await self._parking.park([frame for _, frame in waiting])
        except (NatsError, OSError, TimeoutError) as error:
            self._park_outage.note(reason(error))
            self._waiting = waiting + self._waiting
            return
        self._park_outage.end()
        if not await self._settle([message for message, _ in waiting]):
            self._waiting = waiting + self._waiting

    async def _settle(self, messages: Sequence[FrameMessage]) -> bool:
        """Acknowledge messages. Return False if the connection is lost."""
        if self._nats is None:
            return False
        replies = (self._held.get(message.identity) for message in messages)
        try:
            await self._nats.acknowledge([reply for reply in replies if reply])
        except NatsError, OSError:
            return False
        for message in messages:
            self._held.pop(message.identity, None)
        return True


def _is_live(message: FrameMessage, verdict: Verdict) -> bool:
    """Return whether a frame is told to the listeners of readings.

    A late frame is not told. It may be a replay, whose newer frames another collector has.
    """
    telegram = verdict.telegram
    if telegram is None or telegram.time is None or message.is_redelivered:
        return False
    # The clock of NATS or of this machine may be wrong.
    age = min(message.arrived, time.time()) - telegram.time.timestamp()
    return verdict.is_newest and age <= _MAX_LIVE_AGE_S


def _waiting_frame(message: FrameMessage, title: bytes, mark: str) -> ParkedFrame:
    identity = ".".join(map(repr, message.identity))
    return ParkedFrame(title, mark, message.data, identity, message.arrived, time.time())
