"""How fast a port is read at most."""

import asyncio

from ..backoff import Budget
from .serial_port import BAUD_RATE, READ_SIZE

# Ten times what a P1 port can send. Whoever writes faster waits, so that all else need not.
FASTEST = BAUD_RATE  # bytes a second
_MAX_BURST_BYTES = READ_SIZE // 2


class ReadLimit:
    """Slows reading down, so that a fast writer does not take all the time of the event loop.

    `StreamReader.read` does not wait while it has bytes in store, so whoever writes fast enough
    would be served alone.
    """

    def __init__(self) -> None:
        self._clock = asyncio.get_running_loop().time
        self._budget = Budget(FASTEST, _MAX_BURST_BYTES, self._clock())

    async def wait(self, size: int) -> None:
        """Wait until so many bytes, after those before them, could have come at `FASTEST`."""
        left = self._budget.left(self._clock()) - size
        self._budget.spend(size)
        if left < 0:
            # Not for each byte too many: until all of it may come at once again.
            await asyncio.sleep((_MAX_BURST_BYTES - left) / FASTEST)
