"""Sunlight, sunset and temperature of a day. They are the same for all households."""

from dataclasses import dataclass
from math import acos, cos, pi, radians, sin, tan

from .randomness import seeded_random

MINUTES = 1440
LATITUDE = radians(49.6)
ROOF_TILT = radians(35)
# Minute of the day in UTC at which the sun is highest: 11:35, at 6.1 degrees east.
SOLAR_NOON = 695
INVERTER_AND_CABLES = 0.86

# Kinds of sky. A share of the sunlight passes through the clouds and reaches the ground. Each kind
# of sky has the minimum and the maximum of this share. The third number is the probability that the
# share changes within 5 minutes.
OVERCAST = (0.08, 0.3, 0.2)
SKIES = (OVERCAST, (0.25, 1.0, 0.25), (0.25, 1.0, 0.5), (0.9, 1.0, 0.1))

_HOUR_ANGLE_COSINE = tuple(cos(2 * pi * (m - SOLAR_NOON) / MINUTES) for m in range(MINUTES))


@dataclass(frozen=True, slots=True)
class Weather:
    """Weather of a day. `sunset` is the minute of the day in UTC, `degrees` the temperature in °C.

    `sunlight` has a number from 0 to 1 for each minute: the power that solar panels deliver,
    divided by their peak power.
    """

    sunlight: list[float]
    sunset: int
    degrees: float


def weather_of_day(day: int) -> Weather:
    """Return the weather of a day. Day 0 is 1 January."""
    chance = seeded_random("weather", day)
    declination = -radians(23.44) * cos(2 * pi * (day + 10) / 365)
    half_day = acos(-tan(LATITUDE) * tan(declination)) / (2 * pi) * MINUTES
    sunrise, sunset = round(SOLAR_NOON - half_day), round(SOLAR_NOON + half_day)
    degrees = 9.5 - 8.5 * cos(2 * pi * (day - 20) / 365) + chance.uniform(-5, 5)

    # A roof that is tilted towards the south gets as much light as flat ground further south. So
    # subtract the tilt from the latitude.
    constant = sin(LATITUDE - ROOF_TILT) * sin(declination) * INVERTER_AND_CABLES
    swing = cos(LATITUDE - ROOF_TILT) * cos(declination) * INVERTER_AND_CABLES
    gloom = (1 + cos(2 * pi * day / 365)) / 2
    haziest, clearest, restless = (
        OVERCAST if chance.random() < 0.7 * gloom else chance.choice(SKIES)
    )
    sunlight = [0.0] * MINUTES
    sky = chance.uniform(haziest, clearest)
    for start in range(sunrise, sunset, 5):
        if chance.random() < restless:
            sky = chance.uniform(haziest, clearest)
        for minute in range(start, min(start + 5, sunset)):
            light = constant + swing * _HOUR_ANGLE_COSINE[minute]
            if light > 0:
                sunlight[minute] = light * sky
    return Weather(sunlight, sunset, degrees)
