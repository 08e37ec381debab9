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
# Number of the meter with the pulse reader. Its house has no solar panels. So the meter imports
# energy all day, and its LED never stops pulsing.
LED_METER = 7

TANK_EMPTY_CM = 220
TANK_FULL_CM = 20
NO_ECHO = b"R765\r"
_RAIN_INTERVAL = timedelta(days=9)


class Board(ABC):
    """Simulated device that sends bytes without a request, at most every `interval` seconds."""

    name: str
    interval = 0.1

    @abstractmethod
    def due_at(self, when: datetime) -> bytes:
        """Return the bytes that the device sends from the last call of this method until `when`."""


class PulseBoard(Board):
    """Pulse reader for the LED of a meter. It sends a line for each pulse.

    The line is empty. With `is_counting`, it contains the number of pulses so far.
    """

    name = "pulse board"

    def __init__(self, *, is_counting: bool = False) -> None:
        self.meter = Meter(LED_METER)
        self.pulses = 0
        self._is_counting = is_counting
        self._seen: int | None = None

    def due_at(self, when: datetime) -> bytes:
        """Return a line for each pulse since the last call of this method.

        The first call returns no line.
        """
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

    Some distances are wrong, because the walls of the tank reflect the sound. Sometimes the sensor
    receives no echo.
    """

    name = "tank board"

    def due_at(self, when: datetime) -> bytes:
        """Return the line that the sensor sends at the time `when`."""
        chance = seeded_random("echoes", round(when.timestamp() * 10))
        disturbance = chance.random()
        if disturbance < 0.02:  # noqa: PLR2004 - a probability
            return NO_ECHO
        if disturbance < 0.1:  # noqa: PLR2004 - a probability
            return b"R%03d\r" % chance.randrange(TANK_FULL_CM, TANK_EMPTY_CM)
        return b"R%03d\r" % round(self.distance_cm(when))

    def distance_cm(self, when: datetime) -> float:
        """Return the true distance from the sensor to the water at the time `when`, in cm."""
        level = 0.55 + 0.35 * sin(2 * pi * ((when - EPOCH) / _RAIN_INTERVAL))
        return TANK_EMPTY_CM - level * (TANK_EMPTY_CM - TANK_FULL_CM)


class BoardOutlet:
    """Port of a board. While no reader is connected, the bytes of the board are lost."""

    def __init__(self, board: Board, clock: Clock) -> None:
        self.board = board
        self.lines: set[Line] = set()
        self._clock = clock

    def plug_in(self, line: Line) -> None:
        """Connect `line`. It gets all bytes that the board sends from now on."""
        self.lines.add(line)

    def unplug(self, line: Line) -> None:
        """Disconnect `line`. It gets no more bytes of the board."""
        self.lines.discard(line)

    async def run(self) -> None:
        """Send the bytes of the board when they are due, until cancelled."""
        while True:
            if data := self.board.due_at(self._clock.now()):
                for line in self.lines:
                    line.offer(Delivery(data))
            await asyncio.sleep(self.board.interval)
