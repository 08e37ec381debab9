"""Turns of calls, on a clock that only the test moves."""

import asyncio
from collections.abc import Callable
from itertools import pairwise
from typing import cast

import pytest

from smartyp1.min_interval import MinInterval


class Timer:
    """A call that waits for its moment."""

    def __init__(self, when: float, run: Callable[[], None]) -> None:
        self.when = when
        self.run = run
        self.is_cancelled = False

    def cancel(self) -> None:
        self.is_cancelled = True


class Clock:
    """The part of an event loop that knows about time."""

    def __init__(self) -> None:
        self.now = 1000.0
        self._timers: list[Timer] = []

    def time(self) -> float:
        return self.now

    def call_at(self, when: float, call: Callable[..., None], *arguments: object) -> Timer:
        timer = Timer(when, lambda: call(*arguments))
        self._timers.append(timer)
        return timer

    def go_to(self, moment: float) -> None:
        """Let time pass, and run the waiting calls in their turn."""
        for timer in sorted(self._timers, key=lambda each: each.when):
            if not timer.is_cancelled and timer.when <= moment:
                timer.is_cancelled = True
                self.now = timer.when
                timer.run()
        self.now = moment


class Turns:
    """A throttle of one second, and the turns with their seconds from the beginning."""

    def __init__(self) -> None:
        self.clock = Clock()
        self._begin = self.clock.now
        self.had: list[tuple[float, str]] = []
        self.turns = MinInterval(cast("asyncio.AbstractEventLoop", self.clock), 1.0)

    def offer(self, at: float, name: str = "", *, is_urgent: bool = False) -> None:
        self.pass_until(at)
        self.turns.offer(
            lambda: self.had.append((round(self.clock.now - self._begin, 3), name)),
            is_urgent=is_urgent,
        )

    def pass_until(self, at: float) -> None:
        self.clock.go_to(self._begin + at)


@pytest.mark.parametrize(
    ("offered", "expected"),
    [
        pytest.param([0.25 * count for count in range(13)], [0.0, 1.0, 2.0, 3.0], id="too often"),
        pytest.param([0.0, 0.9, 2.0, 2.9, 4.0], [0.0, 1.0, 2.0, 3.0, 4.0], id="unpunctual"),
        pytest.param([0.0, 0.4, 1.6], [0.0, 1.6], id="far too early"),
        pytest.param([0.0, 1.5, 2.0], [0.0, 1.5, 2.5], id="late"),
    ],
)
def test_the_interval_is_a_minimum_and_loses_no_turn(
    offered: list[float], expected: list[float]
) -> None:
    turns = Turns()
    for at in offered:
        turns.offer(at)
    turns.pass_until(10.0)
    times = [at for at, _ in turns.had]
    assert times == expected
    assert all(later - earlier >= 1.0 for earlier, later in pairwise(times))


def test_the_newest_waits_and_an_urgent_one_does_not() -> None:
    turns = Turns()
    turns.offer(0.0, "first")
    turns.offer(0.6, "older")
    turns.offer(0.8, "newer")
    turns.offer(1.7, "replaced")
    turns.offer(1.8, "urgent", is_urgent=True)
    turns.pass_until(2.5)
    assert turns.had == [(0.0, "first"), (1.0, "newer"), (1.8, "urgent")]
    turns.offer(2.7, "after it")
    turns.pass_until(10.0)
    assert turns.had[3:] == [(2.8, "after it")]


def test_a_waiting_call_can_be_cancelled() -> None:
    turns = Turns()
    turns.offer(0.0, "first")
    turns.offer(0.9, "forgotten")
    turns.turns.cancel()
    turns.pass_until(10.0)
    assert turns.had == [(0.0, "first")]
