"""Minimum interval between actions, for entities, MQTT, stored files and log messages."""

import asyncio
from collections.abc import Callable

# Seconds. An action that comes early waits for the end of the interval if at most this time is
# left. If more time is left, the action is dropped.
_MAX_WAIT_S = 0.5


class MinInterval:
    """Minimum interval in seconds between two actions. An urgent action does not wait.

    Callers treat an action as urgent if it shows a value that later readings perhaps lack, or shows
    the first values after a silence. An urgent action also restarts the interval.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, interval: float) -> None:
        self._loop = loop
        self._interval = interval
        self._next_turn = loop.time()
        self._waiting: asyncio.TimerHandle | None = None

    @property
    def remaining(self) -> float:
        """Return the seconds until the next action is allowed. Return 0 if it is allowed now."""
        return max(0.0, self._next_turn - self._loop.time())

    def has_turn(self, *, is_urgent: bool = False) -> bool:
        """Return whether an action is allowed now. If so, restart the interval."""
        if not is_urgent and self.remaining:
            return False
        self.restart()
        return True

    def offer(self, action: Callable[[], None], *, is_urgent: bool) -> None:
        """Run `action` now, or at the end of the interval, or drop it.

        The action runs now if it is urgent or if the interval is over. If at most _MAX_WAIT_S are
        left, the action waits for the end of the interval: a meter can send a telegram a moment
        early, and without the wait, the action would come only with the next telegram. Otherwise,
        the action is dropped. A new action replaces a waiting action.
        """
        self.cancel()
        if is_urgent or self.remaining == 0:
            self._run(action)
        elif self.remaining <= _MAX_WAIT_S:
            self._waiting = self._loop.call_at(self._next_turn, self._run, action)

    def restart(self) -> None:
        """Start a new interval now."""
        self._next_turn = self._loop.time() + self._interval

    def cancel(self) -> None:
        """Drop the action that waits for the end of the interval."""
        if self._waiting:
            self._waiting.cancel()
            self._waiting = None

    def _run(self, action: Callable[[], None]) -> None:
        self._waiting = None
        self.restart()
        action()
