"""The one way to do something seldom: entities, MQTT, stored files and complaints use it."""

import asyncio
from collections.abc import Callable

# How long before its turn something may come: it waits for its turn then.
_EARLY = 0.5


class MinInterval:
    """Gives a turn once in `interval` seconds, and whenever something is urgent.

    Urgent is what the next turn would come too late for: what could be gone by then, such as a
    text, and what ends a silence. It counts as a turn, so the interval begins anew.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, interval: float) -> None:
        self._loop = loop
        self._interval = interval
        self._next_turn = loop.time()
        self._waiting: asyncio.TimerHandle | None = None

    @property
    def remaining(self) -> float:
        """Return the seconds until the next turn, 0 when it is due."""
        return max(0.0, self._next_turn - self._loop.time())

    def has_turn(self, *, is_urgent: bool = False) -> bool:
        """Return whether it is time, or urgent; if so, the interval begins anew."""
        if not is_urgent and self.remaining:
            return False
        self.restart()
        return True

    def offer(self, action: Callable[[], None], *, is_urgent: bool) -> None:
        """Run the action at once, a moment later, or not at all; it replaces one that waits.

        A meter that sends every ten seconds sends a moment early as often as a moment late.
        Dropping what is early would double an interval of ten seconds, running it undercut it.
        """
        self.cancel()
        if is_urgent or self.remaining == 0:
            self._run(action)
        elif self.remaining <= _EARLY:
            self._waiting = self._loop.call_at(self._next_turn, self._run, action)

    def restart(self) -> None:
        """Begin the interval anew."""
        self._next_turn = self._loop.time() + self._interval

    def cancel(self) -> None:
        """Forget the action that waits for its turn."""
        if self._waiting:
            self._waiting.cancel()
            self._waiting = None

    def _run(self, action: Callable[[], None]) -> None:
        self._waiting = None
        self.restart()
        action()
