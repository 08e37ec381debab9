"""Devices of other integrations, as they behave: late, refusing, vanishing, with own will.

They know nothing of the machine that commands them. Times are seconds.
"""

from collections.abc import Callable
from functools import partial
from heapq import heappop, heappush
from random import Random


class Clock:
    """Events of a simulated house in the order of their times."""

    def __init__(self) -> None:
        self.now = 0
        self._events: list[tuple[int, int, Callable[[], None]]] = []
        self._count = 0

    def at(self, time: int, event: Callable[[], None]) -> None:
        self._count += 1
        heappush(self._events, (time, self._count, event))

    def run(self, until: int) -> None:
        while self._events and self._events[0][0] <= until:
            self.now, _, event = heappop(self._events)
            event()


class Device:
    """A device, and its entity in Home Assistant."""

    def __init__(self, clock: Clock, random: Random, value: str, *, has_faults: bool) -> None:
        self.clock, self.random = clock, random
        late = (0, 0, 0, 2, 30, 90, 200, 300) if has_faults else (0, 0, 4, 10)
        self.late_s = random.choice(late)
        self.has_queue = random.random() < 0.5
        """Whether a cloud keeps what it reports late. A device that is polled shows its state."""
        self.latency_s = random.choice((0, 0, 1, 8, 45, 130) if has_faults else (0, 2, 8))
        self.value = value
        self.shown: str | None = value
        self.reported = value
        """State that a cloud knows."""
        self.is_number = value not in {"on", "off"} and value[0].isdigit()
        self.step = random.choice((0.1, 0.5, 1.0))
        self.top = self.shown_top = 1e9
        self.after_outage: str | None = None
        self.is_there = True
        self.refuses = self.ignores = 0
        self.life = 0
        """Number of its outages. What it reports late is lost in one without a queue."""
        self.back_at = self.bad_until = 0
        """Time since which the device answers, in the future while it does not."""
        self.on_report: Callable[[bool], None] = lambda _: None
        self.calls: list[tuple[int, str]] = []
        """Orders that were carried out."""

    @property
    def number(self) -> float:
        return float(self.value)

    def set(self, value: str, *, is_called: bool = False) -> None:
        """Change the device. Its entity shows it later. Only a state shown at once has context."""
        self.value = value
        life = self.life

        def report() -> None:
            if self.has_queue or life == self.life:
                self._report(value, is_called)

        self.clock.at(self.clock.now + self.late_s, report)

    def _report(self, value: str, is_called: bool) -> None:  # noqa: FBT001
        self.reported = value
        if self.shown is not None:
            self.shown = value
        self.on_report(is_called and self.late_s <= 4)

    def call(self, value: str) -> bool:
        """Return whether the call raises nothing. Home Assistant skips what is unavailable."""
        if not self.is_there:
            return True
        if self.refuses or self.ignores:
            is_refused, self.refuses = bool(self.refuses), max(0, self.refuses - 1)
            if not is_refused:
                self.ignores -= 1
            if not self.refuses and not self.ignores:
                # Nobody can tell an ignored order from a slow one.
                self.bad_until = self.clock.now + (0 if is_refused else 90)
            return not is_refused
        if self.is_number:
            number = min(self.top, round(float(value) / self.step) * self.step)
            value = str(round(number, 3))
        self.calls.append((self.clock.now, value))
        self.set(value)
        return True

    def change_range(self, top: float) -> None:
        """Change the highest number. Some devices do not show it."""
        if not self.is_number:
            return
        self.top, self.shown_top = top, 1e9
        if self.random.random() < 0.5:
            self.shown_top = top
        if self.number > top:
            self.set(str(top))

    def vanish(self, seconds: int) -> None:
        """Lose the connection, and with it, perhaps, what was ordered."""
        if self.is_there:
            self.is_there, self.shown = False, None
            self.life += 1
            self.back_at = self.clock.now + seconds
            self.bad_until = max(self.bad_until, self.back_at)
            if self.after_outage is not None:
                self.value = self.after_outage
                self.clock.at(self.back_at, partial(self.set, self.value))
            self.on_report(False)  # noqa: FBT003
            self.clock.at(self.back_at, self._come_back)

    def _come_back(self) -> None:
        self.is_there, self.shown = True, self.reported if self.has_queue else self.value
        self.on_report(False)  # noqa: FBT003
