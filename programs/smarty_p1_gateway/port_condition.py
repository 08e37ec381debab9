"""Condition of a port whose readings the gateway publishes, as Home Assistant judges its meters."""

import asyncio
from collections.abc import Callable

from smartyp1.failure_detection import METER, Condition, FailureDetection

type Note = Callable[[Callable[[FailureDetection, float], None]], None]
"""Function that passes an event on to the state machine of a port, with the time."""


class PortCondition:
    """State machine of a port, with its timer. `on_change` gets each changed condition."""

    def __init__(self) -> None:
        self.on_change: Callable[[Condition], None] = lambda _: None
        self._health = FailureDetection(METER)
        self._condition: Condition | None = None
        self._timer: asyncio.TimerHandle | None = None

    def note_event(self, event: Callable[[FailureDetection, float], None] | None = None) -> None:
        """Pass an event to the state machine, with the time of the loop's clock, and look at it."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        if event:
            event(self._health, now)
        condition = self._health.condition_at(now)
        if self._timer:
            self._timer.cancel()
        self._timer = loop.call_at(self._health.deadline, self.note_event)
        if condition is not self._condition:
            self._condition = condition
            self.on_change(condition)
