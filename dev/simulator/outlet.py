"""P1 port of a simulated meter, or port of a board."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from datetime import datetime

from .line import Line
from .meter import CounterExhaustedError, Meter


class Board(ABC):
    """Simulated device that sends bytes without a request, at most every `interval` seconds."""

    name: str
    interval = 0.1

    @abstractmethod
    def due_at(self, when: datetime) -> bytes:
        """Return the bytes that the device sends from the last call of this method until `when`."""


class Outlet:
    """Port of a meter or of a board. Its bytes go to all connected lines.

    Like a real P1 port, it sends no frames while no line is connected. The bytes of a board are
    lost then.
    """

    def __init__(self, device: Meter | Board, interval: float, now: Callable[[], datetime]) -> None:
        self.device = device
        self.lines: set[Line] = set()
        self.is_silent = False
        """Whether the meter sends nothing except pushed bytes."""
        self._interval = interval
        self._now = now

    def plug_in(self, line: Line) -> None:
        """Connect a line. The line gets a frame at once, and then each following frame."""
        self.lines.add(line)
        if isinstance(self.device, Meter):
            self._send([line])

    def push(self, data: bytes) -> None:
        """Send `data` to all connected lines."""
        for line in self.lines:
            line.offer(data)

    async def run(self) -> None:
        """Send what is due in each interval, until cancelled."""
        now = asyncio.get_running_loop().time
        due = now()
        while True:
            # If this program could not run for a while, skip the missed intervals.
            due = max(due + self._interval, now())
            await asyncio.sleep(due - now())
            self._send(self.lines)

    def _send(self, lines: Iterable[Line]) -> None:
        if isinstance(self.device, Board):
            data = self.device.due_at(self._now())
        elif not lines or self.is_silent:
            return
        else:
            try:
                data = self.device.frame_at(self._now())
            except CounterExhaustedError:
                return
        for line in lines if data else ():
            line.offer(data)
