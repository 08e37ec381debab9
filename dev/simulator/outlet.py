"""P1 port of a simulated meter."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime

from .meter import CounterExhaustedError, Meter

# Number of unsent bytes from which on a slow reader loses all further bytes.
MAX_UNSENT_BYTES = 64 * 1024


class Outlet:
    """Port of a meter. Its bytes go to all connected readers.

    Like a real P1 port, it sends no frames while no reader is connected. A slow reader loses bytes,
    but never makes the meter wait.
    """

    def __init__(self, meter: Meter, interval: float, now: Callable[[], datetime]) -> None:
        self.readers: set[asyncio.StreamWriter] = set()
        self.is_silent = False
        """Whether the meter sends nothing except pushed bytes."""
        self._meter = meter
        self._interval = interval
        self._now = now

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Send a frame to a new reader at once, and then each following frame, until it leaves."""
        self.readers.add(writer)
        self._send_frame([writer])
        try:
            with suppress(OSError):
                while await reader.read(4096):
                    pass
        finally:
            self.readers.discard(writer)
            writer.transport.abort()

    def push(self, data: bytes) -> None:
        """Send `data` to all connected readers."""
        _send(data, self.readers)

    async def run(self) -> None:
        """Send a frame in each interval, until cancelled."""
        now = asyncio.get_running_loop().time
        due = now()
        while True:
            # If this program could not run for a while, skip the missed intervals.
            due = max(due + self._interval, now())
            await asyncio.sleep(due - now())
            self._send_frame(self.readers)

    def _send_frame(self, readers: Iterable[asyncio.StreamWriter]) -> None:
        if readers and not self.is_silent:
            with suppress(CounterExhaustedError):
                _send(self._meter.frame_at(self._now()), readers)


def _send(data: bytes, readers: Iterable[asyncio.StreamWriter]) -> None:
    for reader in readers:
        if reader.transport.get_write_buffer_size() < MAX_UNSENT_BYTES:
            reader.write(data)
