"""Level of a tank, from a MaxBotix XL-MaxSonar that looks down on the water.

About ten times a second, the sensor sends `R`, the distance and CR. A distance of three digits is
in centimetres. A distance of four digits is in millimetres, or in centimetres if below 300.
"""

import re
from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from math import acos, pi, sqrt
from statistics import median
from typing import NamedTuple

# Seconds over which the median distance is taken. Wrong echoes from the tank's walls come and go
# within this time, so they hardly change the median.
WINDOW = 5.0
# Maximum number of readings to remember. WINDOW needs only 50, because the sensor sends ten a
# second. The limit bounds the memory if a port delivers more.
_MAX_READINGS = 200
_find_readings = re.compile(rb"R([0-9]{3,4})[\r\n]").finditer
_MAX_UNFINISHED_BYTES = 5
# Minimum number of readings for a level, because a single reading may be an echo of a wall.
_MIN_READINGS = 5
# Models that send millimetres measure at least 300 mm. So a number below 300 is in centimetres,
# even if it has four digits, such as 0250.
_NEAREST_MM = 300
# Numbers that a sensor sends instead of a distance if the water is too near or no echo comes. If no
# echo comes, some models send the longest distance that they can measure.
_NO_DISTANCE = {b"000", b"765", b"0000", b"5000", b"9998", b"9999"}
# A measured distance may be slightly longer than `empty_cm`, or slightly shorter than `full_cm`.
# The tolerance is this share of the tank's height, but at least 3 cm.
_TOLERANCE = 0.05
_MIN_TOLERANCE_CM = 3.0


class Shape(StrEnum):
    """Shape of a tank."""

    UPRIGHT = "upright"
    """Standing cylinder or box. The water's surface is equal at every height."""
    LYING_CYLINDER = "lying_cylinder"


class TankReading(NamedTuple):
    """One reading of the sensor: the distance in cm, or None without an echo."""

    distance_cm: float | None


class Sonar:
    """Parser of the sensor's bytes. It finds the distance to the water among wrong echoes.

    Times are in seconds of any clock.
    """

    def __init__(self) -> None:
        self._buffer = b""
        self._readings: deque[tuple[float, float | None]] = deque(maxlen=_MAX_READINGS)

    @property
    def is_settled(self) -> bool:
        """Return whether there are enough readings to tell the water from echoes of the walls."""
        return len(self._readings) >= _MIN_READINGS

    def start_anew(self) -> None:
        """Forget all readings, because the port was lost."""
        self._buffer = b""
        self._readings.clear()

    def feed(self, data: bytes, at: float) -> list[TankReading]:
        """Return the readings that `data` completes, and remember them with their time `at`."""
        self._buffer += data
        readings, end = [], 0
        for match in _find_readings(self._buffer):
            readings.append(TankReading(_distance_cm(match[1])))
            end = match.end()
        self._buffer = self._buffer[max(end, len(self._buffer) - _MAX_UNFINISHED_BYTES) :]
        self._readings.extend((at, reading.distance_cm) for reading in readings)
        return readings

    def distance_cm(self, at: float) -> float | None:
        """Return the median distance in cm of the readings within WINDOW seconds of `at`.

        Readings without an echo have no distance. Return None unless more than half of the readings
        have an echo.
        """
        recent = [distance for when, distance in self._readings if abs(at - when) <= WINDOW]
        seen = [distance for distance in recent if distance is not None]
        return median(seen) if 2 * len(seen) > len(recent) else None


def _distance_cm(digits: bytes) -> float | None:
    if digits in _NO_DISTANCE:
        return None
    value = int(digits)
    return value / 10 if len(digits) == 4 and value >= _NEAREST_MM else float(value)  # noqa: PLR2004 - digits


@dataclass(frozen=True, slots=True)
class Tank:
    """Dimensions of a tank: the sensor's distances to the water, the volume and the shape.

    `empty_cm` is the distance when the tank is empty, `full_cm` when it is full.
    """

    empty_cm: float
    full_cm: float
    volume_l: float
    shape: Shape

    def __post_init__(self) -> None:
        """Raise ValueError if the distances or the volume are impossible."""
        if not (0 <= self.full_cm < self.empty_cm and self.volume_l > 0):
            raise ValueError("the distance when empty is the longer one, and the volume above 0")

    def share(self, distance_cm: float | None) -> float | None:
        """Return the filled share of the tank's volume, from 0 (empty) to 1 (full).

        Return None for an unknown or impossible distance. A distance slightly shorter than
        `full_cm` counts as full. A distance slightly longer than `empty_cm` counts as empty.
        """
        if distance_cm is None:
            return None
        height = self.empty_cm - self.full_cm
        tolerance = max(_TOLERANCE * height, _MIN_TOLERANCE_CM)
        if not self.full_cm - tolerance <= distance_cm <= self.empty_cm + tolerance:
            return None
        depth = min(max((self.empty_cm - distance_cm) / height, 0.0), 1.0)
        return _segment(depth) if self.shape is Shape.LYING_CYLINDER else depth


def _segment(depth: float) -> float:
    """Return the share of a circle's area that is below `depth`.

    `depth` is 0 at the bottom of the circle and 1 at its top.
    """
    height = 1 - 2 * depth  # height of the circle's centre above the water, for a radius of 1
    return (acos(height) - height * sqrt(max(1 - height * height, 0.0))) / pi
