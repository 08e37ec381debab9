"""A battery behind a meter that sends every ten seconds: what remains at the grid.

The house, the two control laws and their figures are those of docs/batteries.md.
"""

import math
from collections.abc import Callable

import pytest

from smartyp1.virtual import Question, VirtualMeter

from .support import of_power

STEP = 0.1
SECONDS = 7200
SETTLED = 300
BATTERY = "192.168.1.20"


def load(t: int) -> float:
    """Return what the house takes from the grid, less what its panels give, in W."""
    sun = 2600 * max(0.0, math.sin(math.pi * t / SECONDS))
    if (t // 60) % 7 in {2, 5}:
        sun *= 0.35
    fridge = 90 if t % 2400 < 900 else 0
    kettle = 2000 if t % 3600 < 150 else 0
    oven = 1800 if 4000 <= t < 6400 and t % 90 < 45 else 0
    return 180 + 40 * math.sin(t / 97) + fridge + kettle + oven - sun


LOADS = [load(t) for t in range(SECONDS)]


class Integrator:
    """Adds what is measured to its own output: the law I1."""

    def __init__(self, cap: float) -> None:
        self._cap = cap
        self.setpoint = 0.0

    def _set(self, watts: float) -> None:
        self.setpoint = max(-self._cap, min(self._cap, watts))

    def on_answer(self, grid: float, _output: float) -> None:
        """Take what the meter says."""
        if grid >= 11:
            self._set(self.setpoint + grid - 5)
        elif grid <= -10:
            self._set(self.setpoint + grid)


class Ramp(Integrator):
    """Goes in steps that grow, and skips what jumps while it stands still itself: the law G."""

    STEPS = (50, 50, 50, 100, 200, 400)

    def __init__(self, cap: float) -> None:
        super().__init__(cap)
        self._last: tuple[float, float] | None = None
        self._sign = 0.0
        self._steps = 0

    def on_answer(self, grid: float, output: float) -> None:
        """Take what the meter says, or skip it."""
        last, self._last = self._last, (grid, output)
        if last and abs(grid - last[0]) > 50 and abs(output - last[1]) < 20:
            return
        if abs(grid) < 20:
            return
        sign = math.copysign(1, grid)
        self._steps = self._steps + 1 if sign == self._sign else 0
        self._sign = sign
        step = self.STEPS[min(self._steps, len(self.STEPS) - 1)]
        self._set(self.setpoint + sign * min(abs(grid), step))


def mean_at_grid(battery: Integrator | None, poll: float, batteries: tuple[str, ...]) -> float:
    """Return the mean of the power at the grid without its sign, in W, of two hours."""
    meter = VirtualMeter("02a1b2c3d4e5", batteries)
    output, acting = 0.0, 0.0
    waiting: list[tuple[int, float]] = []
    arriving = 0.0
    next_poll, polls = 3, 0
    total = 0.0
    steps = round(SECONDS / STEP)
    for n in range(steps):
        now = n * STEP
        grid = LOADS[n // 10] - output
        if n % 100 == 0:
            arriving = grid
        if n % 100 == 5:
            meter.on_reading(of_power(arriving), now)
        if battery and n == next_poll:
            polls += 1
            next_poll = 3 + round(polls * poll / STEP)
            if n >= 5:
                answer = meter.ask(BATTERY, Question.HOMEWIZARD, now)
                assert answer.power_w is not None
                battery.on_answer(answer.power_w, output)
                waiting.append((n + 5, battery.setpoint))
        while waiting and waiting[0][0] <= n:
            acting = waiting.pop(0)[1]
        change = acting - output
        output += max(-1000 * STEP, min(1000 * STEP, change))
        if now >= SETTLED:
            total += abs(grid) * STEP
    return total / (SECONDS - SETTLED)


def test_the_house_alone() -> None:
    assert mean_at_grid(None, 1, ()) == pytest.approx(1069, abs=5)


@pytest.mark.parametrize(
    ("law", "poll", "most"),
    [
        (Integrator, 0.4, 360),
        (Integrator, 1, 260),
        (Integrator, 2, 360),
        (Ramp, 0.4, 360),
        (Ramp, 1, 360),
        (Ramp, 2, 360),
    ],
)
def test_a_battery_gets_its_share(
    law: Callable[[float], Integrator], poll: float, most: float
) -> None:
    assert mean_at_grid(law(2500), poll, (BATTERY,)) <= most


def test_the_last_value_repeated_makes_it_swing() -> None:
    assert mean_at_grid(Integrator(2500), 1, ()) > 1500
