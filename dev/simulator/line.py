"""A line from a meter to one reader: in pieces, at a pace, and never waiting for a slow reader."""

import asyncio
import contextlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import NamedTuple

from .faults import Delivery

# 115200 baud with a start and a stop bit around eight.
BYTES_PER_SECOND = 11_520
UNREAD_DELIVERIES = 16


class Pieces(NamedTuple):
    """How bytes are cut up on the line: pieces of a size (0: whole), at the speed of a UART."""

    size: int = 0
    at_uart_speed: bool = False

    def of(self, data: bytes) -> Iterator[tuple[bytes, float]]:
        """Yield each piece with the seconds to wait behind it."""
        size = self.size or (64 if self.at_uart_speed else len(data) or 1)
        for start in range(0, len(data), size):
            piece = data[start : start + size]
            yield piece, len(piece) / BYTES_PER_SECOND if self.at_uart_speed else 0.0


class Line(ABC):
    """One reader's end; deliveries that it leaves unread are dropped."""

    def __init__(self, pieces: Pieces) -> None:
        self._pieces = pieces
        self._waiting: asyncio.Queue[Delivery] = asyncio.Queue(UNREAD_DELIVERIES)

    def offer(self, delivery: Delivery) -> None:
        """Put a delivery on the line, if the reader has taken enough of the earlier ones."""
        with contextlib.suppress(asyncio.QueueFull):
            self._waiting.put_nowait(delivery)

    async def send_offered(self) -> None:
        """Send what is offered, until a delivery says that the line is to be cut."""
        while True:
            delivery = await self._waiting.get()
            for piece, pause in self._pieces.of(delivery.data):
                await self._send(piece)
                # Even a pause of 0 lets other lines have their turn, and the piece its own packet.
                await asyncio.sleep(pause)
            if delivery.close:
                return

    @abstractmethod
    async def left(self) -> None:
        """Wait until the reader has gone."""

    @abstractmethod
    async def _send(self, piece: bytes) -> None:
        """Send bytes, waiting as long as the reader makes it wait."""
