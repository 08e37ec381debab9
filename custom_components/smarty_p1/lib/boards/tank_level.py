"""The level of a tank: a MaxBotix XL-MaxSonar looks down on the water.

About ten times a second it sends `R`, its distance in three digits (centimetres) or four
(millimetres; below 300, centimetres), and CR.
"""

import re
from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from math import acos, pi, sqrt
from statistics import median
from typing import NamedTuple

# Echoes of the walls come and go; water does not move so fast. In seconds.
WINDOW = 5.0
# Ten a second, and some to spare.
_MAX_READINGS = 200
_find_readings = re.compile(rb"R([0-9]{3,4})[\r\n]").finditer
_MAX_UNFINISHED = 5
# One reading may be an echo.
_MIN_READINGS = 5
# Models that send millimetres see nothing nearer; those for 10 m send centimetres in four digits.
_NEAREST_MM = 300
# What the models send for "no echo" or "too near to tell", their longest distances included.
_NO_DISTANCE = {b"000", b"765", b"0000", b"5000", b"9998", b"9999"}
# How far readings may lie beyond empty or full: a share of the height, but at least some cm.
_TOLERANCE = 0.05
_MIN_TOLERANCE_CM = 3.0


class Shape(StrEnum):
    """What the tank looks like."""

    UPRIGHT = "upright"
    """The same surface at each height: a standing cylinder, a box."""
    LYING_CYLINDER = "lying_cylinder"


class Reading(NamedTuple):
    """What the sensor said: the distance in cm, None when it saw nothing."""

    distance_cm: float | None


class Sonar:
    """Reads the sensor's line, and finds the distance among the echoes.

    Times are in seconds, of any clock.
    """

    def __init__(self) -> None:
        self._buffer = b""
        self._readings: deque[tuple[float, float | None]] = deque(maxlen=_MAX_READINGS)

    @property
    def is_settled(self) -> bool:
        """Return whether there were enough readings to tell water from echoes."""
        return len(self._readings) >= _MIN_READINGS

    def start_anew(self) -> None:
        """Forget everything, when the port was lost."""
        self._buffer = b""
        self._readings.clear()

    def feed(self, data: bytes, at: float) -> list[Reading]:
        """Read the next bytes, any number; return the readings they complete."""
        self._buffer += data
        readings, end = [], 0
        for match in _find_readings(self._buffer):
            readings.append(Reading(_distance_cm(match[1])))
            end = match.end()
        self._buffer = self._buffer[max(end, len(self._buffer) - _MAX_UNFINISHED) :]
        self._readings.extend((at, reading.distance_cm) for reading in readings)
        return readings

    def distance_cm(self, at: float) -> float | None:
        """Return the median of the last seconds, None when most of them showed nothing."""
        recent = [distance for when, distance in self._readings if abs(at - when) <= WINDOW]
        seen = [distance for distance in recent if distance is not None]
        return median(seen) if 2 * len(seen) > len(recent) else None


def _distance_cm(digits: bytes) -> float | None:
    if digits in _NO_DISTANCE:
        return None
    value = int(digits)
    return value / 10 if len(digits) == 4 and value >= _NEAREST_MM else float(value)  # noqa: PLR2004 - explained above


@dataclass(frozen=True, slots=True)
class Tank:
    """Where the water stands when the tank is empty and full, as distances from the sensor."""

    empty_cm: float
    full_cm: float
    volume_l: float
    shape: Shape

    def __post_init__(self) -> None:
        """Raise ValueError when there can be no such tank."""
        if not (0 <= self.full_cm < self.empty_cm and self.volume_l > 0):
            msg = "the distance when empty is the longer one, and the volume above 0"
            raise ValueError(msg)

    def share(self, distance_cm: float | None) -> float | None:
        """Return how full the tank is, from 0 to 1, None when that distance cannot be.

        A little more than full is full, a little less than empty is empty.
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
    """Return the share of a circle's area below a depth, which is 1 at the top."""
    height = 1 - 2 * depth  # of the middle above the water, the radius being 1
    return (acos(height) - height * sqrt(max(1 - height * height, 0.0))) / pi
