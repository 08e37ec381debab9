"""A minimum time between two updates that loses no turn to jitter."""

import asyncio
from collections.abc import Callable

from homeassistant.core import callback

# How much before its turn a telegram may come: it waits that long.
_EARLY = 0.5


class Pace:
    """Lets something happen now, a moment later, or not at all.

    A meter that sends every ten seconds sends a moment early as often as a moment late. Passing
    over what is early would double a minimum of ten seconds, letting it happen would undercut it.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, minimum: float) -> None:
        """Take the seconds between two turns."""
        self._loop = loop
        self._minimum = minimum
        self._next_turn = loop.time()
        self._waiting: asyncio.TimerHandle | None = None

    @callback
    def offer(self, happen: Callable[[], None], *, is_urgent: bool) -> None:
        """Let it happen in its turn, or at once; it takes the place of what waits."""
        self.cancel()
        early = self._next_turn - self._loop.time()
        if is_urgent or early <= 0:
            self._let(happen)
        elif early <= _EARLY:
            self._waiting = self._loop.call_at(self._next_turn, self._let, happen)

    @callback
    def restart(self) -> None:
        """Count the minimum time from now on."""
        self._next_turn = self._loop.time() + self._minimum

    @callback
    def cancel(self) -> None:
        """Forget what waits for its turn."""
        if self._waiting:
            self._waiting.cancel()
            self._waiting = None

    def _let(self, happen: Callable[[], None]) -> None:
        self._waiting = None
        self.restart()
        happen()
