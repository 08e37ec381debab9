"""Delays between retries, log lines for outages, and budgets that limit work.

The module does no I/O except logging. The delays use the clock of the event loop.
"""

import asyncio
import logging
from random import uniform

LOGGER = logging.getLogger(__name__)


class Backoff:
    """Delay in seconds between retries. It doubles after each failure, up to a maximum.

    The delay is slightly random, so that clients that have lost the same server do not all retry at
    the same moment.
    """

    def __init__(self, first_delay_s: float, max_delay_s: float) -> None:
        self._first_delay_s = first_delay_s
        self._max_delay_s = max_delay_s
        self._delay = first_delay_s

    async def wait(self) -> None:
        """Sleep for the delay before the next retry."""
        await asyncio.sleep(self.next_delay())

    def next_delay(self) -> float:
        """Return the seconds to wait before the next retry.

        Each call doubles the delay for the next call, up to the maximum.
        """
        delay = self._delay * uniform(0.8, 1.2)  # noqa: S311 - no secret
        self._delay = min(2 * self._delay, self._max_delay_s)
        return delay

    def reset(self) -> None:
        """Go back to the first delay. Call this after a success."""
        self._delay = self._first_delay_s


class Outage:
    """Outage of a service. It logs when the service is lost and when it is back.

    The first failure of each `kind` and the end of the outage are logged. Repeated failures of a
    `kind` are logged only at level DEBUG.
    """

    def __init__(
        self,
        lost_text: str,
        back_text: str,
        *names: object,
        first: float = 1.0,
        longest: float = 60.0,
        severity: int = logging.WARNING,
    ) -> None:
        """Set the texts of the log lines and the delays between retries.

        The first placeholders of both texts take `names`. The further placeholders of `lost_text`
        take the `details` that are passed to `note_failure`. `first` and `longest` are the shortest
        and the longest delay in seconds.
        """
        self._kinds: set[str] = set()
        self._lost_text = lost_text
        self._back_text = back_text
        self._names = names
        self._severity = severity
        self._backoff = Backoff(first, longest)

    @property
    def is_lost(self) -> bool:
        """Return whether the last attempt failed."""
        return bool(self._kinds)

    def note_failure(self, *details: object, kind: str = "") -> None:
        """Record a failed attempt. Log the first failure of each `kind`."""
        level = logging.DEBUG if kind in self._kinds else self._severity
        self._kinds.add(kind)
        LOGGER.log(level, self._lost_text, *self._names, *details)

    async def wait(self) -> None:
        """Sleep for the delay before the next retry."""
        await self._backoff.wait()

    def end(self) -> None:
        """Record a successful attempt. Log the end of the outage if the last attempt failed."""
        self._backoff.reset()
        if self.is_lost:
            self._kinds.clear()
            LOGGER.info(self._back_text, *self._names)


class Budget:
    """Budget that limits work. It refills with time, or with the number of received bytes.

    Every second, or every received byte, adds `rate` to the budget, up to `burst`. The parameter
    `at` is the current time in seconds, or the number of bytes received so far.
    """

    def __init__(self, rate: float, burst: float, at: float = 0.0) -> None:
        """Start with a full budget. The budget refills from `at` on (see the class)."""
        self._rate = rate
        self._burst = burst
        self._left = burst
        self._at = at

    def left(self, at: float) -> float:
        """Return the remaining budget at `at` (see the class).

        The result is negative if more than the budget was used. If `at` is earlier than in the last
        call, nothing was added.
        """
        self._left = min(self._burst, self._left + max(0.0, at - self._at) * self._rate)
        self._at = at
        return self._left

    def spend(self, cost: float) -> None:
        """Subtract `cost` from the budget. The remaining budget can become negative."""
        self._left -= cost
