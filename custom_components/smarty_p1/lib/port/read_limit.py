"""Rate limit for reading a port."""

import asyncio

from ..backoff import Budget
from .serial_port import BAUD_RATE, READ_SIZE

# Ten times the bytes of a P1 port, which sends ten bits for a byte. Faster writers have to wait, so
# that all other tasks keep running.
MAX_BYTES_A_SECOND = BAUD_RATE
_MAX_BURST_BYTES = READ_SIZE // 2


class ReadLimit:
    """Rate limit that keeps a fast writer from taking all the time of the event loop.

    `StreamReader.read` returns at once while bytes are buffered. A task that reads from a fast
    writer would never let other tasks run.
    """

    def __init__(self) -> None:
        self._clock = asyncio.get_running_loop().time
        self._budget = Budget(MAX_BYTES_A_SECOND, _MAX_BURST_BYTES, self._clock())

    async def wait(self, size: int) -> None:
        """Wait until reading `size` more bytes conforms to the rate limit."""
        left = self._budget.left(self._clock()) - size
        self._budget.spend(size)
        if left < 0:
            # Wait until a full burst is free again: that takes fewer, longer pauses.
            await asyncio.sleep((_MAX_BURST_BYTES - left) / MAX_BYTES_A_SECOND)
