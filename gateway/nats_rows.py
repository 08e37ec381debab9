"""The rows of frames of all ports, from the queue to the stream.

Of each port, a frame is sent when the one before is acknowledged. What is to be read of the queue
and removed from it, of all ports, is so together, and all of it is one task's work: with a thousand
ports, to wake up for each frame would cost more than the frame.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Iterable
from functools import partial
from typing import Protocol

from smartyp1.backoff import Backoff

from .frame_queue import WaitingFrame
from .frame_queue_writer import FrameStore
from .nats_names import names_of
from .nats_requests import DeniedError, Outcome, Requests

LOGGER = logging.getLogger(__name__)

FIRST_DELAY = 0.5
LONGEST_DELAY = 4.0
# Read from the queue at once, of each port.
_WINDOW = 8
# Sent and not acknowledged, of all ports.
_MOST_UNDERWAY = 256


class Watch(Protocol):
    """Who is told what becomes of frames."""

    def on_success(self, port: str) -> None:
        """Note a frame that was acknowledged."""

    def on_failure(self, port: str, subject: str, err: Exception) -> None:
        """Note a frame that was not, and is sent again."""


class _Row:
    """The oldest frames of a port, the first of which is under way unless it is its turn.

    `may_have_more`: the queue may, beyond these. `denied` is the title that may not be published.
    """

    def __init__(self, port: str) -> None:
        self.port = port
        self.frames: deque[WaitingFrame] = deque()
        self.may_have_more = False
        self.denied: str | None = None
        self.backoff = Backoff(FIRST_DELAY, LONGEST_DELAY)


class Rows:
    """Sends what waits, on one connection."""

    def __init__(
        self, ports: Iterable[str], store: FrameStore, requests: Requests, watch: Watch
    ) -> None:
        self._store = store
        self._requests = requests
        self._watch = watch
        self._rows = {port: _Row(port) for port in ports}
        # Whose turn it is; of what the queue is to be asked; what is acknowledged, but still there.
        self._ready: deque[_Row] = deque()
        self._wanted = set(self._rows)
        self._gone: dict[str, list[WaitingFrame]] = {}
        self._is_due = True
        self._removal: asyncio.TimerHandle | None = None
        self._wakes = asyncio.Event()
        self._wakes.set()

    async def listen(self) -> None:
        """Hear of what comes into the queue, until cancelled."""
        while True:
            for port in await self._store.wait_for_any():
                self._want(self._rows[port])

    async def send(self) -> None:
        """Send what waits, until cancelled."""
        try:
            while True:
                await self._wakes.wait()
                self._wakes.clear()
                if self._is_due:
                    await self._exchange()
                await self._send_ready()
        finally:
            if self._removal:
                self._removal.cancel()
            # What is acknowledged must not be sent again on the next connection.
            await self._store.exchange(self._gone, (), 0)

    async def _exchange(self) -> None:
        """Remove from the queue what is acknowledged, and read what comes next."""
        self._is_due = False
        if self._removal:
            self._removal.cancel()
            self._removal = None
        gone, self._gone = self._gone, {}
        ports = [port for port in self._wanted if not self._rows[port].frames]
        self._wanted.difference_update(ports)
        try:
            found = await self._store.exchange(gone, ports, _WINDOW)
        except BaseException:
            # It may have been cancelled before it was begun; to remove twice is no harm.
            for port, frames in gone.items():
                self._gone[port] = frames + self._gone.get(port, [])
            raise
        for port, frames in found.items():
            row = self._rows[port]
            row.frames.extend(frames)
            row.may_have_more = len(frames) == _WINDOW
            if frames:
                self._make_ready(row)

    async def _send_ready(self) -> None:
        while self._ready and self._requests.count < _MOST_UNDERWAY:
            row = self._ready.popleft()
            frame = row.frames[0]
            names = names_of(frame.data)
            if names is None:
                text = "%s: what waited in the queue is no frame, and is dropped"
                LOGGER.error(text, row.port)
                self._end(row)
            # Behind those that are there already, so that frame counters rise.
            elif names.title in (row.denied, *self._store.titles_aside(row.port)):
                await self._set_aside(row, names.title)
            else:
                on_end = partial(self._on_end, row, names.title, names.subject)
                await self._requests.send(row.port, names, frame.data, on_end)

    async def _set_aside(self, row: _Row, title: str) -> None:
        row.denied = None
        # In the order of the queue.
        await self._store.remove(row.port, self._gone.pop(row.port, []))
        await self._store.set_aside(row.port, title, row.frames[0])
        self._go_on(row)

    def _on_end(self, row: _Row, title: str, subject: str, outcome: Outcome) -> None:
        if self._ready:
            # One less is under way.
            self._wakes.set()
        if outcome is None:
            self._watch.on_success(row.port)
            row.backoff.reset()
            self._end(row)
        elif isinstance(outcome, DeniedError):
            row.denied = title
            self._make_ready(row)
        else:
            self._watch.on_failure(row.port, subject, outcome)
            delay = row.backoff.next_delay()
            asyncio.get_running_loop().call_later(delay, self._make_ready, row)

    def _end(self, row: _Row) -> None:
        """Have the first frame of a row removed."""
        self._gone.setdefault(row.port, []).append(row.frames[0])
        self._go_on(row)
        if not self._removal:
            # What comes meanwhile, of any port, is read as this is removed.
            delay = 2 * self._store.gather_time
            self._removal = asyncio.get_running_loop().call_later(delay, self._be_due)

    def _go_on(self, row: _Row) -> None:
        row.frames.popleft()
        if row.frames:
            self._make_ready(row)
        elif row.may_have_more or row.port in self._wanted:
            self._want(row)

    def _want(self, row: _Row) -> None:
        self._wanted.add(row.port)
        if not row.frames:
            self._be_due()

    def _be_due(self) -> None:
        self._is_due = True
        self._wakes.set()

    def _make_ready(self, row: _Row) -> None:
        self._ready.append(row)
        self._wakes.set()
