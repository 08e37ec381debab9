"""Worker: it verifies messages of the durable consumer, and writes their values to VictoriaMetrics.

A message is acknowledged after its values are on disk in VictoriaMetrics. A lost connection to NATS
loses no work. If two collectors get the same message, both write the same values.
"""

import asyncio
import json
import logging
from collections import Counter, deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from smarty_p1_gateway import UnavailableError
from smarty_p1_gateway.nats_acknowledged_publishing import STREAM
from smartyp1.p1 import Telegram

from .frame_verifier import WAITING, FrameVerifier, Verdict
from .jetstream_objects import reading_of
from .meter_sources import MeterSources, Source, source_of
from .metrics import EARLIER, Metrics
from .outage_log import outage_of, reason
from .pending_titles import PendingFrames, PendingTitles
from .register_selection import ALL, Registers
from .series_line_protocol import Sample, make_sample
from .store_writer import WRITE_INTERVAL_S, Store, StoreRestartedError, Write, without_delay

LOGGER = logging.getLogger(__name__)

FAILED = "failed"
_BATCH = 1000
_EXPIRES = 2.0
_MARGIN = 1.0
# Number of unanswered requests after which the collector reconnects, because the consumer has
# perhaps moved to another node.
_MAX_UNANSWERED = 3
_PAUSE = 0.1
_ACKNOWLEDGE_INTERVAL = 1.0
# Maximum number of late frames (such as replays) of a batch that are stored at once. Further late
# frames are acknowledged without being stored, and later read from the stream again. A stored frame
# stays unacknowledged until its values are on disk. NATS limits the number of unacknowledged
# messages. So without this maximum, a flood of replays would delay the frames of other meters.
_MAX_EARLIER = 100
_ACK_PREFIX = "$JS.ACK."
_TOKENS_WITHOUT_DOMAIN = 9
_MORE_TOKENS_WITH_DOMAIN = 2
_AT_END = ("404", "408")


class FrameMessage(NamedTuple):
    """Message of the stream.

    `arrived` is the time at which it reached the stream (Unix seconds).
    """

    subject: str
    data: bytes
    sequence: int
    arrived: float
    is_redelivered: bool
    source: Source

    @property
    def identity(self) -> tuple[int, float]:
        """Return the message's sequence number and arrival, which together identify the message.

        The sequence number is not enough, because a stream that was deleted and created again
        numbers its messages from 1 again.
        """
        return self.sequence, self.arrived


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
    """Worker of one collector. It serves all successive connections to NATS."""

    def __init__(  # noqa: PLR0913
        self,
        judge: FrameVerifier,
        waiting: PendingTitles,
        store: Store,
        metrics: Metrics,
        *,
        registers: Registers = ALL,
        publishes_readings: bool = True,
        on_put_off: Callable[[bytes], None] = lambda _: None,
    ) -> None:
        self._judge = judge
        self._waiting = waiting
        self._store = store
        self._metrics = metrics
        self._registers = registers
        self._publishes_readings = publishes_readings
        self._on_put_off = on_put_off
        self._sources = MeterSources()
        self._nats: Client | None = None
        self._arrived: deque[FrameMessage] = deque()
        # Unacknowledged messages. The key is the message's `identity`. The value is the subject to
        # which the acknowledgement is sent. NATS delivers an unacknowledged message again, with a
        # new subject for the acknowledgement. Only the subject of the last delivery is kept.
        self._held: dict[tuple[int, float], str] = {}
        self._has_arrived = asyncio.Event()
        self._is_used_up = asyncio.Event()
        self._is_answered = asyncio.Event()
        self._left = 0
        self._lost: NatsError | None = None
        self._working: Sequence[FrameMessage] = ()
        # `_judged` has the batches whose values are not on disk yet. `_rejected` has the batches
        # without values to write, which are acknowledged soon. `_failed` has the frames to
        # reprocess later. They are acknowledged when NATS has stored their system titles.
        self._judged: deque[_Judged] = deque()
        self._rejected: deque[_Judged] = deque()
        self._failed: list[tuple[bytes, FrameMessage, PendingFrames]] = []
        self._outage = outage_of("Judging frames")
        self._noting = outage_of("Noting titles without a key")

    @property
    def oldest(self) -> float | None:
        """Return the time at which the oldest unacknowledged message arrived (Unix seconds).

        Return None if there is no such message. Any thread can read this property.
        """
        judged = [*list(self._judged)[:1], *self._rejected.copy()]
        held = chain(
            list(self._working)[:1],
            list(self._arrived)[:1],
            (message for _, message, _ in list(self._failed)),
            *(batch.messages[:1] for batch in judged),
        )
        return min((message.arrived for message in held), default=None)

    async def fetch(self, nats: Client, consumer: str) -> None:
        """Request messages as fast as `work` takes them, until cancelled. Raises NATS's errors.

        While VictoriaMetrics does not answer, request none, because another collector of the same
        consumer may be able to store them.
        """
        self._nats, self._lost = nats, None
        subject = f"$JS.API.CONSUMER.MSG.NEXT.{STREAM}.{consumer}"
        request = json.dumps({"batch": _BATCH, "expires": int(_EXPIRES * 1e9)}).encode()
        inbox = nats.new_inbox()
        subscription = await nats.subscribe(inbox, cb=self._on_message)
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
                if unanswered >= _MAX_UNANSWERED:
                    msg = "nobody answers for the consumer"
                    raise NatsError(msg)
        finally:
            with suppress(NatsError, OSError):
                await subscription.unsubscribe()

    async def _on_message(self, message: Msg) -> None:
        if not message.reply.startswith(_ACK_PREFIX):
            await self._on_status(message.headers or {})
            return
        tokens = message.reply.split(".")
        at = 4 if len(tokens) == _TOKENS_WITHOUT_DOMAIN else 4 + _MORE_TOKENS_WITH_DOMAIN
        deliveries, sequence, _, nanoseconds = map(int, tokens[at : at + 4])
        self._metrics.redelivered.inc(deliveries > 1)
        frame = FrameMessage(
            message.subject,
            message.data,
            sequence,
            nanoseconds / 1e9,
            deliveries > 1,
            source_of(message.headers),
        )
        if frame.identity not in self._held:
            self._arrived.append(frame)
            self._has_arrived.set()
        self._held[frame.identity] = message.reply
        self._left -= 1
        if self._left <= 0:
            self._is_answered.set()

    async def _on_status(self, headers: dict[str, str]) -> None:
        """Handle a status message of NATS. The message consists only of `headers`."""
        status, text = headers.get("Status", ""), headers.get("Description", "")
        if status == "503" or "deleted" in text.lower():
            self._lost = NatsError("there is no such consumer, or no leader for it")
        elif status not in _AT_END:
            # NATS can answer the next request with the same status at once. So pause, to prevent a
            # busy loop.
            await asyncio.sleep(_PAUSE)
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
            await self._handle(self._working)
            self._working = ()

    async def _handle(self, messages: Sequence[FrameMessage]) -> None:
        judged, rejected, telegrams = _Judged(), _Judged(), list[Telegram]()
        samples, failed = [], []
        for message in messages:
            verdict = await self._verdict(message)
            batch = rejected if verdict.telegram is None else judged
            batch.add(message, verdict)
            title = verdict.title or b""
            if title and self._is_put_off(message, verdict, judged):
                tried, is_due = self._judge.tried(title), verdict.telegram is not None
                failed.append((title, message, PendingFrames(message.sequence, tried, is_due)))
                continue
            batch.messages.append(message)
            if verdict.telegram is not None:
                sample = self._sample(message, verdict, verdict.telegram)
                samples.append(sample)
                telegrams += [verdict.telegram] * sample.is_new
        # NATS limits the number of unacknowledged messages. So rejected messages are acknowledged
        # without waiting for VictoriaMetrics.
        self._rejected.append(rejected)
        self._failed += failed
        if samples:
            judged.write = await self._store.write(samples)
            judged.samples = samples
        (self._judged if samples else self._rejected).append(judged)
        await self._publish(telegrams)

    def _is_put_off(self, message: FrameMessage, verdict: Verdict, judged: _Judged) -> bool:
        """Return whether a frame is reprocessed later, and not stored now.

        A frame that no key decrypts is reprocessed later. A late frame is reprocessed later if it
        was not compared with the stored frames, or if its batch has more than _MAX_EARLIER late
        frames. But if `_waiting` has no room for the system title of a late frame, the frame could
        not be reprocessed, and its values would be lost. So it is stored now.
        """
        if verdict.telegram is None:
            return verdict.outcome in WAITING
        is_earlier = not (verdict.is_newest or message.is_redelivered)
        is_flood = is_earlier and judged.earlier > _MAX_EARLIER
        return (is_flood or verdict.is_unchecked) and self._waiting.has_room(verdict.title or b"")

    def _sample(self, message: FrameMessage, verdict: Verdict, telegram: Telegram) -> Sample:
        source = self._sources.bound(verdict.title or b"", message.source)
        sample = make_sample(telegram, self._registers, source=source, key=verdict.key)
        return sample._replace(is_new=verdict.is_newest and not message.is_redelivered)

    async def _verdict(self, message: FrameMessage) -> Verdict:
        """Return the verdict on a message.

        Retry without limit while NATS or VictoriaMetrics does not answer.
        """
        while True:
            try:
                verdict = await self._judge.judge(message.subject, message.data, message.arrived)
            except (NatsError, OSError, TimeoutError, UnavailableError) as error:
                self._outage.note(reason(error))
                await self._outage.wait()
            except Exception:
                # Reject the message. Otherwise, NATS would deliver it again for ever.
                LOGGER.exception("A message at %s cannot be judged", message.sequence)
                return Verdict(FAILED)
            else:
                self._outage.end()
                return verdict

    async def _publish(self, telegrams: Sequence[Telegram]) -> None:
        if not self._publishes_readings or self._nats is None or not self._nats.is_connected:
            return
        # Readings are copies of the stored values, so the loss of a reading is harmless.
        with suppress(NatsError, OSError):
            for telegram in telegrams:
                subject = reading_of(telegram.system_title or b"")
                await self._nats.publish(subject, json.dumps(telegram.as_dict()).encode())

    async def acknowledge(self) -> None:
        """Acknowledge batches whose values are on disk, until cancelled.

        Write lost batches again.
        """
        while True:
            await asyncio.sleep(_ACKNOWLEDGE_INTERVAL)
            try:
                for batches in (self._rejected, self._judged):
                    while batches and self._is_kept(batches[0]):
                        if not await self._settle(batches[0].messages):
                            break
                        judged = batches.popleft()
                        self._metrics.count(judged.outcomes, judged.rejected)
            except StoreRestartedError:
                await self._write_again()
            await self._settle_failed()

    def _is_kept(self, judged: _Judged) -> bool:
        run = self._store.run
        return judged.write is None or (run is not None and run.keeps(judged.write))

    async def _write_again(self) -> None:
        LOGGER.warning("VictoriaMetrics was restarted: what it may have lost is written again")
        for judged in [batch for batch in self._judged if batch.samples]:
            judged.write = await self._store.write(without_delay(judged.samples))

    async def _settle_failed(self) -> None:
        """Record in NATS the system titles of frames to reprocess.

        Then acknowledge these frames.
        """
        failed, self._failed = self._failed, []
        titles: dict[bytes, PendingFrames] = {}
        for title, _, waiting in failed:
            # Some frames of a title may have failed before a change of its keys, and others after
            # the change. Then neither the old keys nor the new keys were tried with all of these
            # frames. So `merged` returns an entry without tried keys.
            titles[title] = titles[title].merged(waiting) if title in titles else waiting
        try:
            await self._waiting.note(titles)
        except (NatsError, OSError, TimeoutError) as error:
            self._noting.note(reason(error))
            self._failed = failed + self._failed
            return
        self._noting.end()
        for title in [key for key, waiting in titles.items() if waiting.is_due]:
            self._on_put_off(title)
        if not await self._settle([message for _, message, _ in failed]):
            self._failed = failed + self._failed

    async def _settle(self, messages: Sequence[FrameMessage]) -> bool:
        """Acknowledge messages. Return False if the connection is lost."""
        if self._nats is None or not self._nats.is_connected:
            return False
        for message in messages:
            # If the connection was lost while this batch was acknowledged, some of its messages are
            # acknowledged already. They are no longer in `_held`.
            if ack := self._held.get(message.identity):
                try:
                    await self._nats.publish(ack)
                except NatsError, OSError:
                    return False
                self._held.pop(message.identity, None)
        return True
