"""What failed is tried again, and what comes too fast is not served: how soon, how often, how much.

No I/O but the log, and no clock but the event loop's.
"""

import asyncio
import logging
from random import uniform


class Backoff:
    """Waits longer after each failure: the delay doubles from `first` to `longest` seconds.

    With jitter: what many lost at the same moment, they must not all ask for at the same moment.
    """

    def __init__(self, first: float, longest: float) -> None:
        self._first = first
        self._longest = longest
        self._delay = first

    async def wait(self) -> None:
        """Wait before the next try."""
        await asyncio.sleep(self.next_delay())

    def next_delay(self) -> float:
        """Return how long to wait before the next try, in seconds; longer after that."""
        delay = self._delay * uniform(0.8, 1.2)  # noqa: S311 - no secret
        self._delay = min(2 * self._delay, self._longest)
        return delay

    def reset(self) -> None:
        """Begin with the shortest delay again: it works."""
        self._delay = self._first


class Outage:
    """Whether something is lost at the moment.

    The log has one line when it is lost and one when it is back, however often it fails between; of
    several kinds of failure, one line each.
    """

    def __init__(  # noqa: PLR0913
        self,
        logger: logging.Logger,
        lost: str,
        back: str,
        *names: object,
        first: float = 1.0,
        longest: float = 60.0,
        severity: int = logging.WARNING,
    ) -> None:
        """Take what the log says: both texts begin with the names, `lost` goes on with `note`'s."""
        self._kinds: set[str] = set()
        self._logger = logger
        self._lost = lost
        self._back = back
        self._names = names
        self._severity = severity
        self._backoff = Backoff(first, longest)

    @property
    def is_lost(self) -> bool:
        """Return whether it failed last."""
        return bool(self._kinds)

    def note(self, *details: object, kind: str = "") -> None:
        """Note that it failed, or fails still."""
        level = logging.DEBUG if kind in self._kinds else self._severity
        self._kinds.add(kind)
        self._logger.log(level, self._lost, *self._names, *details)

    async def wait(self) -> None:
        """Wait before the next try."""
        await self._backoff.wait()

    def end(self) -> None:
        """Note that it works."""
        self._backoff.reset()
        if self.is_lost:
            self._kinds.clear()
            self._logger.info(self._back, *self._names)


class Budget:
    """What may be spent: `burst` at once, and `rate` for each unit of what the caller counts.

    That may be the seconds of a clock or the bytes of a line, which only go on.
    """

    def __init__(self, rate: float, burst: float, at: float = 0.0) -> None:
        """Begin full, at a point of what is counted."""
        self._rate = rate
        self._burst = burst
        self._left = burst
        self._at = at

    def left(self, at: float) -> float:
        """Return what is left at a point; less than nothing if more was spent."""
        self._left = min(self._burst, self._left + (at - self._at) * self._rate)
        self._at = at
        return self._left

    def spend(self, cost: float) -> None:
        """Spend, be it more than is left."""
        self._left -= cost
