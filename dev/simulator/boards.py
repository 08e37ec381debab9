"""Simulated boards: a pulse reader for the LED of a meter, and a tank sensor."""

from datetime import datetime, timedelta
from math import pi, sin
from typing import override

from .household import EPOCH
from .meter import Meter
from .outlet import Board
from .randomness import seeded_random

PULSES_PER_KWH = 1000
# Number of the meter with the pulse reader. Its house has no solar panels. So the meter imports
# energy all day, and its LED never stops pulsing.
LED_METER = 7

TANK_EMPTY_CM = 220
TANK_FULL_CM = 20
NO_ECHO = b"R765\r"
_RAIN_INTERVAL = timedelta(days=9)


class PulseBoard(Board):
    """Pulse reader for the LED of a meter. It sends an empty line for each pulse."""

    name = "pulse board"

    def __init__(self) -> None:
        self._meter = Meter(LED_METER)
        self._seen: int | None = None

    @override
    def due_at(self, when: datetime) -> bytes:
        blinks = int(self._meter.registers_at(when).imported_kwh * PULSES_PER_KWH)
        new = 0 if self._seen is None else blinks - self._seen
        self._seen = blinks
        return b"\r\n" * new


class TankBoard(Board):
    """Distance sensor MaxBotix XL-MaxSonar in a water tank."""

    name = "tank board"

    @override
    def due_at(self, when: datetime) -> bytes:
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
