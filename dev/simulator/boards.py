"""Simulated boards: a pulse reader for the LED of a meter, and a tank sensor."""

import asyncio
from abc import ABC, abstractmethod
from datetime import datetime, timedelta
from math import pi, sin

from .clock import Clock
from .faults import Delivery
from .household import EPOCH
from .line import Line
from .meter import Meter
from .randomness import seeded_random

PULSES_PER_KWH = 1000
# Number of the meter with the pulse reader. This meter has no solar panels, so its LED pulses at
# any time of the day.
LED_METER = 7

TANK_EMPTY_CM = 220
TANK_FULL_CM = 20
NO_ECHO = b"R765\r"
_RAIN_INTERVAL = timedelta(days=9)


class Board(ABC):
    """Simulated device that sends bytes without a request, up to once every `interval` seconds."""

    name: str
    interval = 0.1

    @abstractmethod
    def due_at(self, when: datetime) -> bytes:
        """Return the bytes that have become due since the last call. `when` is the current time."""


class PulseBoard(Board):
    """Pulse reader for the LED of a meter. It sends a line for each pulse.

    The lines of a reader that counts contain the number of pulses so far. The lines of other
    readers are empty.
    """

    name = "pulse board"

    def __init__(self, *, is_counting: bool = False) -> None:
        self.meter = Meter(LED_METER)
        self.pulses = 0
        self._is_counting = is_counting
        self._seen: int | None = None

    def due_at(self, when: datetime) -> bytes:
        """Return a line for each pulse since the last call. The first call returns no line."""
        blinks = int(self.meter.registers_at(when).imported_kwh * PULSES_PER_KWH)
        new = blinks - (blinks if self._seen is None else self._seen)
        self._seen = blinks
        first = self.pulses + 1
        self.pulses += new
        if self._is_counting:
            return b"".join(b"%d\r\n" % count for count in range(first, first + new))
        return b"\r\n" * new


class TankBoard(Board):
    """Distance sensor MaxBotix XL-MaxSonar in a water tank.

    The walls cause some wrong distances.
    """

    name = "tank board"

    def due_at(self, when: datetime) -> bytes:
        """Return the line that the sensor sends at a time."""
        chance = seeded_random("echoes", round(when.timestamp() * 10))
        disturbance = chance.random()
        if disturbance < 0.02:  # noqa: PLR2004 - a probability
            return NO_ECHO
        if disturbance < 0.1:  # noqa: PLR2004 - a probability
            return b"R%03d\r" % chance.randrange(TANK_FULL_CM, TANK_EMPTY_CM)
        return b"R%03d\r" % round(self.distance_cm(when))

    def distance_cm(self, when: datetime) -> float:
        """Return the distance from the sensor to the water at a time, in cm."""
        level = 0.55 + 0.35 * sin(2 * pi * ((when - EPOCH) / _RAIN_INTERVAL))
        return TANK_EMPTY_CM - level * (TANK_EMPTY_CM - TANK_FULL_CM)


class BoardOutlet:
    """Serial line of a board. The bytes of the board are lost while no reader is connected."""

    def __init__(self, board: Board, clock: Clock) -> None:
        self.board = board
        self.lines: set[Line] = set()
        self._clock = clock

    def plug_in(self, line: Line) -> None:
        """Send all following bytes of the board to `line`."""
        self.lines.add(line)

    def unplug(self, line: Line) -> None:
        """Send no more bytes of the board to `line`."""
        self.lines.discard(line)

    async def run(self) -> None:
        """Send the bytes of the board when they are due, until cancelled."""
        while True:
            if data := self.board.due_at(self._clock.now()):
                for line in self.lines:
                    line.offer(Delivery(data))
            await asyncio.sleep(self.board.interval)
