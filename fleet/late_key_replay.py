"""Reprocessing of pending frames.

A frame is pending if no key decrypted it, or if it arrived with too many other late frames.
"""

import asyncio
import logging
import time
from collections.abc import Callable

from nats.errors import Error as NatsError
from nats.js import JetStreamContext

from smarty_p1_gateway import Keys, UnavailableError

from .frame_verifier import TELEGRAM, FrameVerifier
from .metrics import Metrics
from .outage_log import reason
from .pending_titles import PendingFrames, PendingTitles, print_of
from .register_selection import Registers
from .reprocess import Reprocessed, reprocess_frames, until_kept
from .store_writer import Store, StoreRestartedError

LOGGER = logging.getLogger(__name__)

# Maximum number of tasks that read the stream at the same time. Tasks that wait for VictoriaMetrics
# do not count.
_MAX_READING = 2
# Seconds between two reads of the entries of all pending system titles. Between these reads, a
# checked entry is read again only after a call of `want`. But another collector can change an
# entry, and stop before it has reprocessed the frames. This collector notices only at the next read
# of all entries that it must reprocess these frames.
_LOOK_INTERVAL = 60.0


class LateKeys:
    """Tasks that reprocess pending frames. Each system title has at most one task."""

    def __init__(
        self,
        waiting: PendingTitles,
        store: Store,
        metrics: Metrics,
        registers: Registers,
        make_judge: Callable[[], FrameVerifier],
    ) -> None:
        self._waiting = waiting
        self._store = store
        self._metrics = metrics
        self._registers = registers
        self._make_judge = make_judge
        self._running: dict[bytes, asyncio.Task[None]] = {}
        self._reading = asyncio.Semaphore(_MAX_READING)
        self._listed: set[bytes] = set()
        self._wanted: set[bytes] = set()
        self._keys: Keys | None = None
        self._look_at_all: float

    async def look(self, js: JetStreamContext, keys: Keys) -> None:
        """Start a task for each pending system title whose frames must be reprocessed now.

        These are the titles whose present keys were not tried yet, and the titles whose entry is
        due. `keys` are the present keys of all meters. A title without a key gets no task. Raises
        the errors of NATS.
        """
        self._wanted.clear()
        titles = await self._waiting.titles()
        self._metrics.waiting_titles.set(len(titles))
        entries: dict[bytes, PendingFrames] = {}
        if keys is not self._keys or time.monotonic() >= self._look_at_all:
            entries = await self._waiting.entries() if titles else {}
            self._listed.clear()
            self._keys, self._look_at_all = keys, time.monotonic() + _LOOK_INTERVAL
        for title in [item for item in titles if item not in self._listed | self._running.keys()]:
            if lines := keys.all_of(title):
                entry = entries.get(title) or await self._waiting.get(title)
                self._start(js, title, entry, print_of(lines))
        # If `want` was called with a title during this loop, the title's entry may have changed
        # after it was read. So leave this title out of `_listed`: then the next `look` reads its
        # entry again.
        self._listed = {*titles} - self._wanted

    def _start(
        self, js: JetStreamContext, title: bytes, entry: PendingFrames | None, fingerprint: str
    ) -> None:
        """Start the task of `title` if its entry is due, or if its present keys were not tried yet.

        `fingerprint` identifies the present keys. Without an `entry`, start no task.
        """
        if entry is not None and (entry.is_due or entry.tried != fingerprint):
            self._running[title] = asyncio.create_task(self._run(js, title, fingerprint))

    def want(self, title: bytes) -> None:
        """Make the next `look` check `title` again, because its entry in NATS has changed."""
        self._listed.discard(title)
        self._wanted.add(title)

    async def close(self) -> None:
        """Cancel all tasks."""
        running = list(self._running.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _run(self, js: JetStreamContext, title: bytes, tried: str) -> None:
        try:
            await self._read(js, title, tried)
        except (
            NatsError,
            OSError,
            TimeoutError,
            StoreRestartedError,
            UnavailableError,
        ) as error:
            # The entry of the title is still due. So let the next `look` start another task for the
            # title.
            LOGGER.warning("%s is read again later (%s)", title.hex().upper(), reason(error))
            self.want(title)
        finally:
            del self._running[title]

    async def _read(self, js: JetStreamContext, title: bytes, tried: str) -> None:
        first_read = next_unread = 0
        mark: int | None = None
        judge = self._make_judge()
        while frames := await self._waiting.get(title):
            entry = await self._waiting.begin(title, frames, tried)
            if entry is None:
                continue
            if not next_unread or entry.first < first_read:
                # Another collector has noted an earlier frame of this meter. Start again at that
                # frame, so that the frames are read in their order.
                first_read = next_unread = entry.first
                mark, judge = None, self._make_judge()
            result = await self._read_from(js, title, judge, next_unread, entry)
            mark = result.first_waiting if mark is None else mark
            next_unread = result.end + 1
            if await self._waiting.settle(title, entry, mark):
                return

    async def _read_from(
        self,
        js: JetStreamContext,
        title: bytes,
        judge: FrameVerifier,
        begin: int,
        entry: PendingFrames,
    ) -> Reprocessed:
        async def work() -> Reprocessed:
            async with self._reading:
                return await reprocess_frames(
                    js, judge, self._store, self._registers, title=title, begin=begin
                )

        result = await until_kept(self._store, work)
        self._metrics.caught_up.inc(result.outcomes.total())
        if result.outcomes[TELEGRAM]:
            text = "%s waited for a key since message %d: %s"
            LOGGER.info(text, title.hex().upper(), entry.first, result)
        return result
