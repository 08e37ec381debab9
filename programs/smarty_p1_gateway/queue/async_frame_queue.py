"""Asynchronous access to the frame queue on disk, through a thread that waits for the disk."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count, islice
from pathlib import Path
from typing import override

from smarty_p1_gateway.disk_writer import DiskWriter
from smarty_p1_gateway.metrics import GatewayMetrics

from .frame_queue_on_disk import FrameQueue, NewFrame, WaitingFrame

LOGGER = logging.getLogger(__name__)

# Maximum number of bytes of frames that are kept in memory while the disk fails. If there are more,
# the oldest frames are dropped.
_MAX_MEMORY_BYTES = 8 * 1024 * 1024
_LOST = "The queue cannot be written: %s"
_BACK = "The queue can be written again"


class AsyncFrameQueue(DiskWriter):
    """Queue of frames. It accepts frames at once, writes them to the disk, and wakes publishers.

    While writing to the disk fails, frames stay in memory and are published from there.
    """

    def __init__(self, ports: Iterable[str], metrics: GatewayMetrics) -> None:
        super().__init__(_LOST, _BACK)
        self._ports = tuple(ports)
        self._metrics = metrics
        # Frames can be dropped before the queue is open. For Prometheus, the first value of a
        # counter is no rise, so show 0 first.
        for port in self._ports:
            metrics.dropped.labels(port)
        metrics.watch_writable(self.is_writable)
        self._thread = ThreadPoolExecutor(1, "queue")
        # Frames in memory by number, in order of arrival. Their numbers are negative, because
        # frames on the disk have positive numbers.
        self._new: dict[int, NewFrame] = {}
        self._new_size = 0
        # Number of frames written to the disk since the start.
        self.written = 0
        self._numbers = count(-1, -1)
        self._adding: asyncio.Future[None] | None = None
        self._news = {port: asyncio.Event() for port in self._ports}
        self._has_news = asyncio.Event()
        self._with_news: set[str] = set()
        self._min_written = 0
        self._queue: FrameQueue

    async def _in_thread[T](self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def run_in_thread[T](self, work: Callable[[FrameQueue], T]) -> T:
        """Return the result of `work` with the queue on disk, in the thread of the disk."""
        return await self._in_thread(partial(work, self._queue))

    async def open(self, path: Path, most_bytes: int, titles: Collection[bytes] = ()) -> None:
        """Open the queue in the file `path`. `titles` and errors are those of FrameQueue."""
        try:
            self._queue = await self._in_thread(
                partial(FrameQueue, path, self._ports, most_bytes, titles)
            )
        except Exception:
            # Without a queue, nobody calls `close`. So end the thread here.
            self._thread.shutdown()
            raise
        for port in self._ports:
            self._show(port)
            self._tell(port)

    def _show(self, port: str) -> None:
        """Make the metrics show the queue of a port. They are computed only when they are read."""
        queue, metrics = self._queue, self._metrics

        def sizes() -> list[int]:
            return [len(frame.data) for frame in self._in_memory(port).values()]

        for gauge, value in (
            (metrics.queue_length, lambda: queue.length(port) + len(sizes())),
            (metrics.queue_bytes, lambda: queue.size(port) + sum(sizes())),
            (metrics.set_aside, lambda: queue.length_aside(port)),
        ):
            gauge.labels(port).set_function(value)

    def put_frame(self, frame: NewFrame) -> None:
        """Accept `frame`. The method `write` writes it to the disk later."""
        self._new[next(self._numbers)] = frame
        self._new_size += len(frame.data)
        while self._new_size > _MAX_MEMORY_BYTES:
            oldest = next(iter(self._new))
            self._metrics.dropped.labels(self._new[oldest].port).inc()
            self._forget(oldest)
        self._has_new.set()

    def _forget(self, number: int) -> None:
        if frame := self._new.pop(number, None):
            self._new_size -= len(frame.data)

    @override
    def _on_failure(self) -> None:
        # Publishers take the frames from memory.
        for port in {frame.port for frame in self._new.values()}:
            self._tell(port)

    @override
    async def _write_new(self) -> None:
        if new := dict(self._new):
            self._adding = asyncio.ensure_future(self._add(new))
            # If this task is cancelled, the write must go on. So use `asyncio.wait`, which does not
            # cancel the write.
            await asyncio.wait([self._adding])
            self._adding.result()

    async def _add(self, new: dict[int, NewFrame]) -> None:
        frames = tuple(new.values())
        dropped = await self.run_in_thread(lambda queue: queue.add_frames(frames))
        self._outage.end()
        self.written += len(frames)
        for number in new:
            self._forget(number)
        for port, lost in dropped.items():
            self._metrics.dropped.labels(port).inc(lost)
        for port in {frame.port for frame in frames}:
            self._tell(port)

    def _tell(self, port: str) -> None:
        self._news[port].set()
        self._with_news.add(port)
        if self.written >= self._min_written:
            self._has_news.set()

    def _in_memory(self, port: str) -> dict[int, NewFrame]:
        """Return the frames of a port that wait in memory because the disk cannot be written.

        The keys are the numbers of the frames. Return {} while the disk can be written.
        """
        if self.is_writable():
            return {}
        # The thread of the metrics reads the frames, too. So copy them in one step.
        frames = list(self._new.items())
        return {number: frame for number, frame in frames if frame.port == port}

    def is_empty(self) -> bool:
        """Return whether no frame waits in memory or on disk.

        Frames that are set aside, because NATS refuses their system title, do not count.
        """
        queue = self._queue
        waiting = (queue.length(port) - queue.length_aside(port) for port in self._ports)
        return not self._new and not any(waiting)

    async def wait(self, port: str) -> None:
        """Wait for new frames of `port`. After the wait, the frames can be gone already."""
        await self._news[port].wait()
        self._news[port].clear()

    async def wait_for_any(self, min_written: int = 0) -> Collection[str]:
        """Wait for new frames of any port. Return the ports with new frames since the last call.

        Also wait until `min_written` frames were written to the disk since the start.
        """
        self._min_written = min_written
        while not self._with_news or self.written < min_written:
            self._has_news.clear()
            await self._has_news.wait()
        return self.take_news()

    def take_news(self) -> Collection[str]:
        """Return the ports with new frames since the last call."""
        ports, self._with_news = self._with_news, set()
        return ports

    async def oldest(self, port: str, most: int, title: str | None = None) -> list[WaitingFrame]:
        """Return at most `most` of the oldest frames of a port.

        If `title` is a system title, return only frames that are set aside for this title.
        """
        frames = await self.run_in_thread(lambda queue: queue.oldest(port, most, title))
        return frames if frames or title is not None else self._oldest_in_memory(port, most)

    def _oldest_in_memory(self, port: str, limit: int) -> list[WaitingFrame]:
        return [
            WaitingFrame(number, frame.topic, frame.data)
            for number, frame in islice(self._in_memory(port).items(), limit)
        ]

    async def exchange(
        self, gone: Mapping[str, Sequence[WaitingFrame]], ports: Iterable[str], most: int
    ) -> dict[str, list[WaitingFrame]]:
        """Remove frames of several ports. Return the oldest remaining frames of each of `ports`.

        `gone` has the frames to remove, by port. For each port, at most `most` frames are returned.
        All ports are handled in one call to the queue's thread, because each call costs time.
        """
        for frames in gone.values():
            for frame in frames:
                self._forget(frame.number)

        def work(queue: FrameQueue) -> dict[str, list[WaitingFrame]]:
            for port, frames in gone.items():
                queue.remove(port, frames)
            return {port: queue.oldest(port, most) for port in ports}

        batches = await self.run_in_thread(work)
        return {
            port: frames or self._oldest_in_memory(port, most) for port, frames in batches.items()
        }

    async def remove(
        self, port: str, frames: Sequence[WaitingFrame], title: str | None = None
    ) -> None:
        """Remove acknowledged frames of a port.

        If `title` is not None, the frames were set aside, and `title` is their system title.
        """
        for frame in frames:
            self._forget(frame.number)
        await self.run_in_thread(lambda queue: queue.remove(port, frames, title))

    def titles_aside(self, port: str, min_frames: int = 0) -> tuple[str, ...]:
        """Return a port's system titles whose frames are set aside, because NATS refuses them.

        Leave out the titles with fewer than `min_frames` frames.
        """
        return self._queue.titles_aside(port, min_frames)

    async def set_aside(self, port: str, title: str, frame: WaitingFrame) -> None:
        """Move the oldest frame of a port to the sub-queue of its system title.

        Drop the frame if it is only in memory, or if writing to the disk fails.
        """
        try:
            if frame.number < 0:
                raise sqlite3.OperationalError
            lost = await self.run_in_thread(lambda queue: queue.set_aside(port, title, frame))
        except sqlite3.Error:
            await self.remove(port, [frame])
            lost = 1
        self._metrics.dropped.labels(port).inc(lost)

    async def close(self) -> None:
        """Write the remaining frames to the disk, and close the queue."""
        if self._adding:
            # A write may be running. Wait for its end, so that no frame is written twice.
            await asyncio.gather(self._adding, return_exceptions=True)
        try:
            await self._write_new()
        except sqlite3.Error as err:
            LOGGER.error("%d frames could not be written: %s", len(self._new), err)  # noqa: TRY400
        try:
            await self.run_in_thread(FrameQueue.close)
        except sqlite3.Error as err:
            LOGGER.error("The queue could not be cleared: %s", err)  # noqa: TRY400
        self._thread.shutdown()
