"""Reading of frames again, from the stream of frames, as the bookmarks say.

Two collectors may read the same frames at the same time. Both then write the same values.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from datetime import datetime

from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import StreamState

from smarty_p1_fleet.collector_client import connected
from smarty_p1_fleet.collector_config import CollectorConfig
from smarty_p1_fleet.jetstream_objects import (
    METERS,
    SUBJECTS,
    check_read,
    first_since,
    read_once,
    subject_of,
)
from smarty_p1_fleet.meter_names import MeterNames
from smarty_p1_fleet.metrics import CollectorMetrics
from smarty_p1_fleet.outage_log import outage_of, reason
from smarty_p1_gateway import Keys, UnavailableError
from smarty_p1_gateway.config_table import raise_unavailable
from smarty_p1_gateway.nats.nats_acknowledged_publishing import STREAM
from smartyp1.fault_log import FaultLog
from smartyp1.p1.frame_header import title_text

from .frame_message import FrameMessage, read_message
from .frame_pipeline import FramePipeline, Marks, Outcomes, add_mark
from .frame_verifier import TELEGRAM
from .nats_clock_check import NatsClockCheck
from .reread_bookmarks import (
    EARLY,
    GONE,
    KEY,
    NOW,
    Bookmark,
    Bookmarks,
    BookmarksByTitle,
    ReadRange,
    Tried,
)

LOGGER = logging.getLogger(__name__)

_LOOK_INTERVAL_S = 5.0
_LIST_INTERVAL_S = 60.0
# Longest pause after a batch, so that VictoriaMetrics has time for new frames.
_MAX_PAUSE_S = 0.1
# Maximum number of frames that are read before their values must be on the disk.
_MAX_FRAMES = 50_000
# Maximum number of seconds for which a command waits for collectors that do nothing.
_MAX_STANDSTILL_S = 120.0
_ASK_INTERVAL_S = 1.0
_MAX_SHOWN_TITLES = 1000


class RereadFrames:
    """Frames that are read together. They stay in the stream."""

    def __init__(self) -> None:
        self.left: BookmarksByTitle = {}
        self.outcomes = Counter[str]()
        self.is_lost = False

    async def settle(self, messages: Sequence[FrameMessage], *, is_done: bool) -> None:
        """Note that VictoriaMetrics has perhaps lost frames, unless `is_done`."""
        self.is_lost |= bool(messages) and not is_done

    async def set_bookmarks(self, marks: Marks) -> None:
        """Keep bookmarks until all frames are read."""
        for title, mark in marks.items():
            add_mark(self.left, title, mark)

    def count(self, outcomes: Outcomes) -> None:
        """Count the outcomes of frames."""
        for (_, outcome), number in outcomes.items():
            self.outcomes[outcome] += number


type MakePipeline = Callable[[Keys, RereadFrames], FramePipeline]


class FrameRereader:
    """Reader of the frames of a store that are to be read again, each time in a new pipeline.

    It tries a waiting frame once after its start, and after each change of its meter's keys or of
    names. `titles` are the system titles of the meters that the collector collects, () for all
    meters.
    """

    def __init__(  # noqa: PLR0913
        self,
        bookmarks: Bookmarks,
        metrics: CollectorMetrics,
        clocks: NatsClockCheck,
        names: MeterNames,
        make_pipeline: MakePipeline,
        *,
        titles: Sequence[bytes] = (),
        name: str = "",
    ) -> None:
        self._bookmarks = bookmarks
        self._metrics = metrics
        self._clocks = clocks
        self._names = names
        self._make_pipeline = make_pipeline
        self._titles = titles
        self._outage = outage_of("Reading frames again")
        self._faults = FaultLog(name)
        self._marks: Mapping[bytes | None, Bookmark] = {}
        self._revision, self._listed_at = -1, 0.0
        self._tried: dict[bytes | None, Tried] = {}
        self._keys: Keys | None = None

    async def run(self, js: JetStreamContext, keys: Callable[[], Keys]) -> None:
        """Read frames again as soon as they can be stored, until cancelled."""
        while True:
            try:
                await self.read_waiting(js, keys())
            except (NatsError, OSError, TimeoutError, UnavailableError) as error:
                self._outage.note_failure(reason(error))
            except Exception as error:  # noqa: BLE001 - it must not end the fetching of new frames
                self._faults.note_fault("the reading of frames again", error)
            else:
                self._outage.end()
            await asyncio.sleep(_LOOK_INTERVAL_S)

    async def read_waiting(self, js: JetStreamContext, keys: Keys) -> None:
        """Read the frames again that can be stored now. Raises NATS's errors."""
        await self._list()
        self._forget_tries(keys)
        if not self._marks:
            return
        await self._names.read_changes()
        state = (await js.stream_info(STREAM)).state
        marks = [item for item in self._marks.items() if await self._is_there(*item, state)]
        starts = ((title, mark, self._start(title, mark, keys)) for title, mark in marks)
        if due := [(title, mark, at) for title, mark, at in starts if at is not None]:
            await self._read(js, keys, due, state.last_seq)

    def _forget_tries(self, keys: Keys) -> None:
        """Forget the tries of all titles whose keys have changed."""
        if keys is self._keys:
            return
        known, self._keys = self._keys, keys
        self._tried = {
            title: tried
            for title, tried in self._tried.items()
            if known and title and known.all_of(title) == keys.all_of(title)
        }

    async def _list(self) -> None:
        """Read the bookmarks if they have changed, or after _LIST_INTERVAL_S."""
        revision, now = await self._bookmarks.revision(), time.monotonic()
        # The node that gives the list has perhaps not all bookmarks yet. So take it again later.
        if revision != self._revision or now > self._listed_at + _LIST_INTERVAL_S:
            self._marks = await self._bookmarks.all()
            self._revision, self._listed_at = revision, now
            self._tried = {title: self._tried[title] for title in self._tried.keys() & self._marks}
        self._show()

    async def _is_there(self, title: bytes | None, mark: Bookmark, state: StreamState) -> bool:
        """Return whether the stream has frames of a bookmark. Log and count once that some left."""
        if mark.first > state.last_seq:
            # The stream was made anew.
            await self._bookmarks.replace(title, mark, None)
            return False
        if mark.first >= state.first_seq:
            return True
        is_rest = mark.last >= state.first_seq
        if not (is_rest and GONE in mark.why):
            rest = mark._replace(why=mark.why | {GONE}) if is_rest else None
            if await self._bookmarks.replace(title, mark, rest) and GONE not in mark.why:
                named = "all meters" if title is None else title_text(title)
                LOGGER.error("Frames of %s that waited have left the stream: they are lost", named)
                self._metrics.waiting_gone.inc()
            # The next look finds the other revision.
            return False
        return True

    def _start(self, title: bytes | None, mark: Bookmark, keys: Keys) -> int | None:
        """Return from where the frames of a bookmark can be read now. Return None if not now."""
        if title and not keys.all_of(title):
            return None
        return mark.start(
            self._tried.get(title),
            names=self._names.changes,
            do_clocks_agree=self._clocks.do_agree,
            now=time.monotonic(),
        )

    def _show(self) -> None:
        marks = self._marks.values()
        self._metrics.waiting_titles.set(sum(KEY in mark.why for mark in marks))
        self._metrics.early_titles.set(sum(EARLY in mark.why for mark in marks))
        oldest = sorted(self._marks.items(), key=lambda item: item[1].time)
        self._metrics.show_waiting(
            (title_text(title), reason, mark.time)
            for title, mark in oldest[:_MAX_SHOWN_TITLES]
            if title
            for reason in mark.why - {GONE}
        )

    async def _read(
        self,
        js: JetStreamContext,
        keys: Keys,
        due: Iterable[tuple[bytes | None, Bookmark, int]],
        last: int,
    ) -> None:
        """Read the frames of bookmarks, of each from a number on.

        `last` is the last number of the stream before that.
        """
        source = RereadFrames()
        pipeline = self._make_pipeline(keys, source)
        readings: list[tuple[bytes | None, ReadRange]] = []
        left = _MAX_FRAMES
        names = self._names.changes
        for title, mark, start in due:
            wanted = min(mark.last, last)
            end, count = await self._read_title(js, pipeline, title, start, wanted, left)
            readings.append((title, ReadRange(mark, start, end, None, is_whole=end >= wanted)))
            left -= count
            if left <= 0:
                break
        await pipeline.finish()
        if source.is_lost:
            # VictoriaMetrics was restarted. The bookmarks stay as they are.
            return
        waiting = {title: source.left.pop(title, None) for title, _ in readings}
        # The frames of a bookmark of all meters get bookmarks of their own.
        await self._bookmarks.set(source.left)
        for title, reading in readings:
            await self._bookmarks.settle(title, reading._replace(left=waiting[title]))
            self._tried[title] = reading.tried(self._tried.get(title), names, time.monotonic())
        self._metrics.caught_up.inc(source.outcomes.total())
        if source.outcomes[TELEGRAM]:
            LOGGER.info("Frames that were read again: %s", dict(source.outcomes))

    async def _read_title(  # noqa: PLR0913, PLR0917
        self,
        js: JetStreamContext,
        pipeline: FramePipeline,
        title: bytes | None,
        start: int,
        end: int,
        limit: int,
    ) -> tuple[int, int]:
        """Read a meter's frames from `start` to `end`, about `limit` at most.

        Return the number up to which all frames were read, and how many were read. Raises NATS's
        errors.
        """
        titles = self._titles if title is None else (title,)
        subjects = [*map(subject_of, titles)] or [SUBJECTS]
        count, done = 0, start - 1
        async with aclosing(read_once(js, STREAM, subjects, start)) as batches:
            async for batch in batches:
                began = time.monotonic()
                # The node of NATS that has stamped a frame perhaps had a wrong clock. A frame whose
                # time has passed by now is not too early.
                now = time.time()
                found = [read_message(message)._replace(latest=now) for message in batch]
                messages = [message for message in found if message.sequence <= end]
                await pipeline.work(messages)
                await pipeline.settle()
                count, done = count + len(messages), found[-1].sequence
                if done >= end or count >= limit:
                    return min(done, end), count
                await asyncio.sleep(min(_MAX_PAUSE_S, time.monotonic() - began))
        await check_read(js, subjects, done + 1, end)
        return end, count


async def read_again(config: CollectorConfig, title: bytes | None, since: datetime) -> str:
    """Let the collectors read the frames since `since` again. Return a text for the operator.

    `title` is a meter's system title, None for all meters. Raises UnavailableError.
    """
    named = "all meters" if title is None else title_text(title)
    if title is not None and not config.keys.all_of(title):
        raise_unavailable(f"there is no key for the meter {named}: add its line to the keys")
    async with connected(config) as js:
        bucket = await js.key_value(METERS)
        bookmarks = Bookmarks(config.store.name, lambda: js, lambda: bucket)
        first, last, count = await first_since(js, title, since)
        if not count:
            return f"{named}: the stream has no frame since then"
        await bookmarks.set({title: Bookmark(first, last, frozenset((NOW,)), since.timestamp())})
        await _until_read(bookmarks, title, last)
    return (
        f"{named}: {count:,} frames read, of those since {since.astimezone():%Y-%m-%d %H:%M:%S %Z}."
        " The collectors' logs and metrics name those that were refused"
    )


async def _until_read(bookmarks: Bookmarks, title: bytes | None, last: int) -> None:
    """Wait until collectors have read the frames up to `last`. Raises UnavailableError."""
    seen, changed_at = None, time.monotonic()
    while (mark := await bookmarks.get(title)) and NOW in mark.why and mark.first <= last:
        if mark.first != seen:
            seen, changed_at = mark.first, time.monotonic()
        if time.monotonic() - changed_at > _MAX_STANDSTILL_S:
            raise_unavailable(
                f"no collector has read frames for {_MAX_STANDSTILL_S:.0f} s. The request stays:"
                " the collectors read the frames as soon as they run and reach VictoriaMetrics"
            )
        await asyncio.sleep(_ASK_INTERVAL_S)
