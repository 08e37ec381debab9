"""Line from a meter to a reader. A slow reader loses bytes, but never makes the meter wait."""

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
    """Rule for cutting bytes into pieces of `size` bytes. With size 0, they are sent in one piece.

    With `at_uart_speed`, the pieces are sent as slowly as on a serial line, and size 0 stands for
    64 bytes.
    """

    size: int = 0
    at_uart_speed: bool = False

    def of(self, data: bytes) -> Iterator[tuple[bytes, float]]:
        """Yield each piece of `data`, and the seconds to wait after sending it."""
        size = self.size or (64 if self.at_uart_speed else len(data) or 1)
        for start in range(0, len(data), size):
            piece = data[start : start + size]
            yield piece, len(piece) / BYTES_PER_SECOND if self.at_uart_speed else 0.0


class Line(ABC):
    """Line to one reader. It drops deliveries if the reader is too slow."""

    def __init__(self, pieces: Pieces) -> None:
        self._pieces = pieces
        self._waiting: asyncio.Queue[Delivery] = asyncio.Queue(MAX_UNREAD_DELIVERIES)

    def offer(self, delivery: Delivery) -> None:
        """Add a delivery to the queue. If the queue is full, drop the delivery."""
        with contextlib.suppress(asyncio.QueueFull):
            self._waiting.put_nowait(delivery)

    async def send_offered(self) -> None:
        """Send the deliveries in the queue, and wait for further deliveries.

        Return after a delivery whose `close` is True, so that the caller closes the connection.
        """
        while True:
            delivery = await self._waiting.get()
            for piece, pause in self._pieces.of(delivery.data):
                await self._send(piece)
                # Sleep even if the pause is 0. Then other lines can send, and each piece is sent in
                # a packet of its own.
                await asyncio.sleep(pause)
            if delivery.close:
                return

    @abstractmethod
    async def left(self) -> None:
        """Wait until the reader has disconnected."""

    @abstractmethod
    async def _send(self, piece: bytes) -> None:
        """Send bytes to the reader. If the reader is slow, wait until it has room for the bytes."""
