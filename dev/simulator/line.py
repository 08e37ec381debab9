"""Line from a meter to a reader. A slow reader loses bytes, but never makes the meter wait."""

import asyncio
import contextlib
from abc import ABC, abstractmethod

MAX_UNREAD = 16


class Line(ABC):
    """Line to one reader. It drops bytes if the reader is too slow."""

    def __init__(self) -> None:
        self._waiting: asyncio.Queue[bytes] = asyncio.Queue(MAX_UNREAD)

    def offer(self, data: bytes) -> None:
        """Add bytes to the queue. If the queue is full, drop them."""
        with contextlib.suppress(asyncio.QueueFull):
            self._waiting.put_nowait(data)

    async def send_offered(self) -> None:
        """Send the bytes in the queue, and wait for further bytes, until cancelled."""
        while True:
            await self._send(await self._waiting.get())
            # Let other lines send, too.
            await asyncio.sleep(0)

    @abstractmethod
    async def left(self) -> None:
        """Wait until the reader has disconnected."""

    @abstractmethod
    async def _send(self, data: bytes) -> None:
        """Send bytes to the reader. If the reader is slow, wait until it has room for the bytes."""
