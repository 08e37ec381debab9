"""Pipeline: the only way of a frame from the stream of frames to VictoriaMetrics.

A pipeline verifies each frame, and either writes its values, lets it wait, or rejects it. Then the
pipeline settles the message: NATS is done with it when its values are on disk in VictoriaMetrics,
or when a bookmark says from where the frames of its meter must be read again. Frames that
VictoriaMetrics has perhaps lost are given back to NATS, which delivers them again. A collector has
a pipeline for new frames, and makes a pipeline for each reading of frames again. If two collectors
get the same message, both write the same values.
"""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from nats.errors import Error as NatsError

from smarty_p1_fleet.metrics import EARLIER
from smarty_p1_fleet.outage_log import outage_of, reason
from smarty_p1_fleet.store.register_selection import ALL, RegisterSelection
from smarty_p1_fleet.store.series_line_protocol import Sample, make_sample
from smarty_p1_fleet.store.store_writer import Store, StoreRestartedError, Write
from smarty_p1_gateway import UnavailableError
from smartyp1.fault_log import FaultLog
from smartyp1.p1.frame_header import title_text
from smartyp1.p1.telegram import Telegram

from .frame_message import FrameMessage
from .frame_verifier import FrameVerifier, Verdict
from .meter_sources import MeterSources
from .reading_publisher import ReadingPublisher
from .reread_bookmarks import NOW, Bookmark, BookmarksByTitle

# Seconds without messages after which a collector reads what other collectors have stored.
# Otherwise, a meter's clock that was set back would not be noticed.
_MAX_IDLE_S = 15.0
_SETTLE_INTERVAL_S = 1.0
# Maximum number of late frames (such as replays) of a batch that are stored at once. Further late
# frames are read again some seconds later. A stored frame stays unacknowledged until its values are
# on disk. NATS limits the number of unacknowledged messages. So without this maximum, a flood of
# replays would delay the frames of other meters.
_MAX_EARLIER = 100
# Maximum age in seconds of a telegram that is told to the listeners of readings.
_MAX_LIVE_AGE_S = 60.0
_ERRORS = (NatsError, OSError, TimeoutError)

type Marks = Mapping[bytes | None, Bookmark]
type SetBookmarks = Callable[[Marks], Awaitable[None]]
type Outcomes = Counter[tuple[str, str]]
"""Numbers of messages by system title and outcome (see `Verdict`), or EARLIER."""
type OnSettled = Callable[[Outcomes], None]


class FrameSource(Protocol):
    """Place in NATS from which a pipeline gets its messages."""

    async def settle(self, messages: Sequence[FrameMessage], *, is_done: bool) -> None:
        """Remove messages, or with `is_done` False, let them come again. Raises NATS's errors."""


def add_mark(marks: BookmarksByTitle, title: bytes | None, mark: Bookmark) -> None:
    """Add the frames of a bookmark to the bookmarks `marks`."""
    known = marks.get(title)
    marks[title] = known.merged(mark) if known else mark


@dataclass(slots=True)
class _Part:
    """Messages that are settled together, and their outcomes."""

    messages: list[FrameMessage] = field(default_factory=list)
    outcomes: Outcomes = field(default_factory=Counter)


@dataclass(slots=True)
class _Batch:
    """Batch of messages that is not settled.

    `written` has the telegrams of `write`. `others` are rejected messages, and messages that wait
    with the bookmarks `waiting`. NATS limits the number of unacknowledged messages, so `others` do
    not wait for VictoriaMetrics. `late` counts the late telegrams.
    """

    written: _Part = field(default_factory=_Part)
    others: _Part = field(default_factory=_Part)
    waiting: BookmarksByTitle = field(default_factory=dict)
    write: Write | None = None
    late: int = 0

    @property
    def parts(self) -> tuple[_Part, _Part]:
        return self.written, self.others


class FramePipeline:
    """Pipeline of the messages from `source`. `on_settled` gets the outcomes of settled messages.

    `is_live` is for new frames: only their newest telegrams have a source and a reading.
    """

    def __init__(  # noqa: PLR0913
        self,
        source: FrameSource,
        verifier: FrameVerifier,
        store: Store,
        set_bookmarks: SetBookmarks,
        on_settled: OnSettled,
        *,
        registers: RegisterSelection = ALL,
        is_live: bool = False,
        name: str = "",
    ) -> None:
        self.readings: ReadingPublisher | None = None
        self._source = source
        self._verifier = verifier
        self._store = store
        self._set_bookmarks = set_bookmarks
        self._on_settled = on_settled
        self._registers = registers
        self._is_live = is_live
        self._sources = MeterSources()
        self._batches: deque[_Batch] = deque()
        self._working: Sequence[FrameMessage] = ()
        self._worked_at = time.monotonic()
        self._faults = FaultLog(name)
        self._outage = outage_of("Judging frames")
        self._settle_outage = outage_of("Setting bookmarks or acknowledging frames")

    @property
    def oldest(self) -> float | None:
        """Return the time at which the oldest unsettled message arrived (Unix seconds).

        Return None if there is no such message. Any thread can read this property.
        """
        parts = (part.messages for batch in self._batches.copy() for part in batch.parts)
        held = [message for messages in (self._working, *parts) for message in messages[:1]]
        return min((message.arrived for message in held), default=None)

    async def work(self, messages: Sequence[FrameMessage]) -> None:
        """Verify messages, and write the values of their telegrams."""
        self._working = messages
        idle_s = time.monotonic() - self._worked_at
        if self._is_live and idle_s > _MAX_IDLE_S:
            await self._until_answered(partial(self._verifier.catch_up, idle_s))
        batch, samples, telegrams = _Batch(), list[Sample](), list[Telegram]()
        for message in messages:
            verdict = await self._until_answered(partial(self._verifier.verify, message))
            if sample := self._take(batch, message, verdict):
                samples.append(sample)
                if verdict.telegram and _is_live(message, verdict):
                    telegrams.append(verdict.telegram)
        if samples:
            batch.write = await self._store.write(samples)
        self._batches.append(batch)
        self._working, self._worked_at = (), time.monotonic()
        if self.readings:
            await self._faults.attempt(self.readings.publish, telegrams)

    def _take(self, batch: _Batch, message: FrameMessage, verdict: Verdict) -> Sample | None:
        """Add a message to a batch. Return its values, None if it waits or is rejected."""
        is_late, sample = self._is_late(message, verdict), None
        batch.late += is_late
        why = NOW if is_late and batch.late > _MAX_EARLIER else verdict.why
        if why:
            number = message.sequence
            mark = Bookmark(number, number, frozenset((why,)), message.arrived)
            add_mark(batch.waiting, verdict.title, mark)
        elif verdict.telegram is not None:
            # Without a sample, acknowledge the message: NATS would deliver it again for ever.
            sample = self._faults.call(self._sample, message, verdict, verdict.telegram)
        part = batch.others if sample is None else batch.written
        _add(part, message, verdict, is_late=is_late, is_waiting=bool(why))
        return sample

    def _is_late(self, message: FrameMessage, verdict: Verdict) -> bool:
        is_first = self._is_live and not message.is_redelivered
        return is_first and verdict.telegram is not None and not verdict.is_newest

    def _sample(self, message: FrameMessage, verdict: Verdict, telegram: Telegram) -> Sample:
        is_new, source = self._is_live and verdict.is_newest, None
        if is_new:
            source = self._sources.note_source(verdict.title or b"", message.source)
        # A copy of a frame arrives later, so its delay would be another value at the same time.
        arrived = message.arrived if verdict.is_newest else None
        sample = make_sample(
            telegram, self._registers, source=source, key=verdict.key, arrived=arrived
        )
        return sample._replace(is_new=is_new and not message.is_redelivered)

    async def _until_answered[T](self, ask: Callable[[], Awaitable[T]]) -> T:
        """Return the result of `ask`.

        Retry without limit while NATS or VictoriaMetrics does not answer.
        """
        while True:
            try:
                result = await ask()
            except (*_ERRORS, UnavailableError) as error:
                self._outage.note_failure(reason(error))
                await self._outage.wait()
            else:
                self._outage.end()
                return result

    async def keep_settling(self) -> None:
        """Settle batches, until cancelled."""
        while True:
            await asyncio.sleep(_SETTLE_INTERVAL_S)
            await self.settle()

    async def finish(self) -> None:
        """Settle all batches that `work` got."""
        while self._batches:
            await self.settle()
            await asyncio.sleep(_SETTLE_INTERVAL_S)

    async def settle(self) -> None:
        """Settle the messages whose values are on disk, and those whose bookmarks are set."""
        batches = [*self._batches]
        try:
            for batch in batches:
                if (is_done := self._is_done(batch)) is not None:
                    await self._settle(batch.written, is_done=is_done)
            await self._settle_others(batches)
        except _ERRORS as error:
            self._settle_outage.note_failure(reason(error))
        else:
            self._settle_outage.end()
        while self._batches and not any(part.messages for part in self._batches[0].parts):
            self._batches.popleft()

    async def _settle_others(self, batches: Sequence[_Batch]) -> None:
        marks: BookmarksByTitle = {}
        for batch in batches:
            for title, mark in batch.waiting.items():
                add_mark(marks, title, mark)
        await self._set_bookmarks(marks)
        for batch in batches:
            batch.waiting.clear()
            await self._settle(batch.others, is_done=True)

    async def _settle(self, part: _Part, *, is_done: bool) -> None:
        if not part.messages:
            return
        await self._source.settle(part.messages, is_done=is_done)
        part.messages = []
        if is_done:
            self._on_settled(part.outcomes)

    def _is_done(self, batch: _Batch) -> bool | None:
        """Return True if a batch's values are on disk, None if they may be later.

        Return False if VictoriaMetrics was restarted, and has perhaps lost them.
        """
        try:
            return batch.write is None or self._store.keeps(batch.write) or None
        except StoreRestartedError:
            return False


def _add(
    part: _Part, message: FrameMessage, verdict: Verdict, *, is_late: bool, is_waiting: bool
) -> None:
    """Add a message to its part, and count it. A late telegram that waits is counted later."""
    # The data of the frame is not needed any more.
    part.messages.append(message._replace(data=b""))
    title = title_text(verdict.title)
    if is_late:
        part.outcomes[title, EARLIER] += 1
    if verdict.telegram is None or not is_waiting:
        part.outcomes[title, verdict.outcome] += 1


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
