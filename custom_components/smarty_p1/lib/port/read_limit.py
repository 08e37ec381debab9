"""Rate limit for reading a port."""

import asyncio

from ..backoff import Budget
from .serial_port import BAUD_RATE, READ_SIZE

# This limit is ten times the speed of a P1 port, which sends BAUD_RATE / 10 bytes a second. Faster
# senders have to wait, so that all other tasks keep running.
MAX_BYTES_A_SECOND = BAUD_RATE
_MAX_BURST_BYTES = READ_SIZE // 2


class ReadLimit:
    """Rate limit for a task that reads a port, so that other tasks of the event loop can run.

    `StreamReader.read` returns at once while bytes are buffered. Without the limit, a task that
    reads from a fast sender would never let other tasks run.
    """

    def __init__(self) -> None:
        self._clock = asyncio.get_running_loop().time
        self._budget = Budget(MAX_BYTES_A_SECOND, _MAX_BURST_BYTES, self._clock())

    async def wait(self, size: int) -> None:
        """Wait until the rate limit allows the `size` bytes that were just read."""
        left = self._budget.left(self._clock()) - size
        self._budget.spend(size)
        if left < 0:
            # Wait until a whole burst is allowed again, because few long pauses cost less processor
            # time than many short pauses.
            await asyncio.sleep((_MAX_BURST_BYTES - left) / MAX_BYTES_A_SECOND)
