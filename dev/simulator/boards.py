"""The small boards beside a meter: one that watches its LED, one that looks into a tank."""

import asyncio
from abc import ABC, abstractmethod
from datetime import datetime, timedelta
from math import pi, sin

from .clock import Clock
from .dice import seeded_random
from .faults import Delivery
from .household import EPOCH
from .line import Line
from .meter import Meter

PULSES_PER_KWH = 1000
# A house without sun, so that it blinks at any time.
LED_METER = 7

TANK_EMPTY_CM = 220
TANK_FULL_CM = 20
NO_ECHO = b"R765\r"
_RAINS_EVERY = timedelta(days=9)


class Board(ABC):
    """Something that writes to a serial line of its own accord, every `interval` seconds."""

    name: str
    interval = 0.1

    @abstractmethod
    def due_at(self, when: datetime) -> bytes:
        """Return what is to be sent at a moment, after what was sent before."""


class PulseBoard(Board):
    """Sends a line for each blink of a meter's LED: an empty one, or how many it has seen."""

    name = "pulse board"

    def __init__(self, *, is_counting: bool = False) -> None:
        self.meter = Meter(LED_METER)
        self.pulses = 0
        self._is_counting = is_counting
        self._seen: int | None = None

    def due_at(self, when: datetime) -> bytes:
        """Return a line for each blink since the last time; none the first time."""
        blinks = int(self.meter.registers_at(when).imported_kwh * PULSES_PER_KWH)
        new = blinks - (blinks if self._seen is None else self._seen)
        self._seen = blinks
        first = self.pulses + 1
        self.pulses += new
        if self._is_counting:
            return b"".join(b"%d\r\n" % count for count in range(first, first + new))
        return b"\r\n" * new


class TankBoard(Board):
    """A MaxBotix XL-MaxSonar above the water; the walls echo, too."""

    name = "tank board"

    def due_at(self, when: datetime) -> bytes:
        """Return the reading of a moment."""
        chance = seeded_random("echoes", round(when.timestamp() * 10))
        disturbance = chance.random()
        if disturbance < 0.02:  # noqa: PLR2004 - a share
            return NO_ECHO
        if disturbance < 0.1:  # noqa: PLR2004 - a share
            return b"R%03d\r" % chance.randrange(TANK_FULL_CM, TANK_EMPTY_CM)
        return b"R%03d\r" % round(self.distance_cm(when))

    def distance_cm(self, when: datetime) -> float:
        """Return the distance from the sensor to the water."""
        level = 0.55 + 0.35 * sin(2 * pi * ((when - EPOCH) / _RAINS_EVERY))
        return TANK_EMPTY_CM - level * (TANK_EMPTY_CM - TANK_FULL_CM)


class BoardOutlet:
    """The line of one board: what it sends goes to whoever listens, and is lost otherwise."""

    def __init__(self, board: Board, clock: Clock) -> None:
        self.board = board
        self.lines: set[Line] = set()
        self._clock = clock

    def plug_in(self, line: Line) -> None:
        """Send the line what comes from now on."""
        self.lines.add(line)

    def unplug(self, line: Line) -> None:
        """Send the line no more."""
        self.lines.discard(line)

    async def run(self) -> None:
        """Send for ever."""
        while True:
            if data := self.board.due_at(self._clock.now()):
                for line in self.lines:
                    line.offer(Delivery(data))
            await asyncio.sleep(self.board.interval)
