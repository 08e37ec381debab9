"""Line from a meter to a reader. A slow reader loses data, but never delays the meter."""

import asyncio
import contextlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import NamedTuple

from .faults import Delivery

# Speed of a line with 115,200 baud. A byte takes ten bits on the line: a start bit, eight data bits
# and a stop bit.
BYTES_PER_SECOND = 11_520
MAX_UNREAD_DELIVERIES = 16


class Pieces(NamedTuple):
    """Pieces in which bytes are sent. `size` is in bytes; 0 sends all bytes at once."""

    size: int = 0
    at_uart_speed: bool = False

    def of(self, data: bytes) -> Iterator[tuple[bytes, float]]:
        """Yield each piece with the seconds to wait afterwards."""
        size = self.size or (64 if self.at_uart_speed else len(data) or 1)
        for start in range(0, len(data), size):
            piece = data[start : start + size]
            yield piece, len(piece) / BYTES_PER_SECOND if self.at_uart_speed else 0.0


class Line(ABC):
    """Line to one reader. Deliveries that the reader does not take are dropped."""

    def __init__(self, pieces: Pieces) -> None:
        self._pieces = pieces
        self._waiting: asyncio.Queue[Delivery] = asyncio.Queue(MAX_UNREAD_DELIVERIES)

    def offer(self, delivery: Delivery) -> None:
        """Queue a delivery, or drop it if the queue is full."""
        with contextlib.suppress(asyncio.QueueFull):
            self._waiting.put_nowait(delivery)

    async def send_offered(self) -> None:
        """Send queued deliveries until a delivery cuts the line."""
        while True:
            delivery = await self._waiting.get()
            for piece, pause in self._pieces.of(delivery.data):
                await self._send(piece)
                # Sleep even if the pause is 0. So other lines get their turn, and each piece gets a
                # packet of its own.
                await asyncio.sleep(pause)
            if delivery.close:
                return

    @abstractmethod
    async def left(self) -> None:
        """Wait until the reader has disconnected."""

    @abstractmethod
    async def _send(self, piece: bytes) -> None:
        """Send bytes. May wait for a slow reader."""
