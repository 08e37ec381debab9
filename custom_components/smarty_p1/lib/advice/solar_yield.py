"""Energy of solar panels in each quarter-hour of a year, on days as they really were.

Dull and sunny days follow each other as in Germany in 2025. A mean day would let the house use too
much of its solar energy.

The light on the panels is the direct light of the sun, and the diffuse light of the sky. A dull day
has hardly any direct light. The losses are chosen so that the sum is a usual yield in Luxembourg.
"""

from math import cos, radians, sin

import numpy as np

from ..energy_table.wall_clock import A_DAY, Floats, Numbers

# With these losses, panels of 1 kWp make 950 kWh a year if they face south at 30 degrees.
_WITHOUT_LOSSES = 0.77
_LATITUDE, _LONGITUDE_HOURS = radians(49.6), 6.13 / 15
_TROPIC = radians(23.44)
SUNNY_DAYS_SOURCE = "Bundesnetzagentur | SMARD.de, 2025, CC BY 4.0"
"""Source of the sunny and dull days, with the year and the licence."""
# Solar energy of each day in Germany in 2025, in percent of the sunniest tenth of the 40 days
# around it. A row is a month.
_SUNNY_PERCENT = (
    "71 37 38 35 11 51 59 41 37 50 65 76 93 67 21 43 32 66 93 64 64 58 29 55 47 48 40 37 52 53 66",
    "84 83 69 59 45 26 46 97 77 49 38 30 13 12 23 36 68 78 78 48 59 52 51 42 41 24 40 31",
    "40 82 94 91 96 98 95 92 91 65 52 30 37 36 48 67 76 95 91 86 80 70 49 48 53 30 68 89 54 41 42",
    "72 87 99 99 88 95 95 91 75 75 81 92 51 76 65 68 41 23 69 78 59 62 65 39 48 83 91 99 96 96",
    "95 85 58 51 62 82 77 74 99 95 96 99 99 98 87 81 71 70 85 94 79 63 79 77 38 75 58 43 68 82 83",
    "63 61 83 57 58 63 51 55 82 60 93 99 99 94 60 75 98 94 95 99 99 90 67 75 87 66 54 84 88 99",
    "97 92 73 94 83 56 56 63 66 84 77 61 79 70 68 64 64 81 97 86 41 65 74 61 66 63 63 60 76 63 58",
    "67 64 54 61 64 91 97 89 94 98 99 96 98 93 93 69 82 99 99 78 73 65 63 76 87 93 73 37 68 71 81",
    "55 61 75 76 60 99 95 72 50 50 68 73 76 74 72 63 66 81 99 96 57 41 66 55 39 43 55 83 81 66",
    "88 99 90 33 48 29 32 48 45 38 47 42 56 60 48 45 43 95 76 50 62 47 38 63 45 57 43 40 84 87 81",
    "52 33 73 92 99 92 61 38 23 48 60 79 79 42 38 44 38 62 56 39 81 99 88 24 31 31 54 46 41 44",
    "81 62 41 43 31 36 35 48 70 48 61 56 28 42 84 73 68 95 40 60 72 29 21 44 99 99 93 99 62 93 55",
)
# The weather of one roof varies more than the mean weather of a country.
_ROOF_EXPONENT = 1.5
_SUNNY_DAYS = [[int(day) / 100 for day in row.split()] for row in _SUNNY_PERCENT]
_CLEARNESS = np.array(
    # Repeat the last day of a shorter month up to the 31st, so 29 February is like 28 February.
    [days + days[-1:] * (31 - len(days)) for days in _SUNNY_DAYS]
)
_CLEAR_WH = 275.0
"""Light on a square metre of ground in a quarter-hour if a clear sun stood above it, in Wh."""
_MIN_DIFFUSE, _DIRECT_OF_CLEAR = 0.12, 0.9
# Near the horizon, the light of a low sun would be divided by nearly 0.
_MIN_HEIGHT = 0.1


def solar_wh(numbers: Numbers, direction: float, tilt: float) -> Floats:
    """Return the energy in Wh of panels of 1 kWp in each quarter-hour.

    `direction` is a compass direction in degrees: 90 is east, 180 is south. `tilt` is 0 for panels
    that lie flat, and 90 for panels on a wall.
    """
    date = (numbers // A_DAY).astype("datetime64[D]")
    month = date.astype("datetime64[M]")
    new_year = date.astype("datetime64[Y]").astype(date.dtype)
    days = _CLEARNESS[_count(month) % 12, _count(date - month.astype(date.dtype))]
    clearness = days**_ROOF_EXPONENT
    up, east, north = _sun(numbers, _count(date - new_year))
    toward, slope = radians(direction), radians(tilt)
    facing = up * cos(slope) + sin(slope) * (east * sin(toward) + north * cos(toward))
    on_ground_wh = _CLEAR_WH * clearness * np.maximum(0.0, up) ** 1.2
    diffuse = np.clip(1 - _DIRECT_OF_CLEAR * clearness, _MIN_DIFFUSE, 1.0)
    direct = (1 - diffuse) * np.maximum(0.0, facing) / np.maximum(up, _MIN_HEIGHT)
    light_wh: Floats = on_ground_wh * (direct + diffuse * (1 + cos(slope)) / 2)
    return _WITHOUT_LOSSES * light_wh


def solar_kwh_a_year(direction: float, tilt: float) -> float:
    """Return the energy in kWh of panels of 1 kWp in a year. `solar_wh` describes the panels."""
    first = np.datetime64("2025-01-01", "D").astype(np.int64) * A_DAY
    return float(solar_wh(first + np.arange(365 * A_DAY), direction, tilt).sum()) / 1000


def _sun(numbers: Numbers, day: Numbers) -> tuple[Floats, Floats, Floats]:
    """Return where the sun stands in the middle of each quarter-hour: up, east and north.

    The three numbers are a vector of length 1. `day` counts from New Year.
    """
    turn = 2 * np.pi * (day - 80) / 364
    clock_error = 0.1645 * np.sin(2 * turn) - 0.1255 * np.cos(turn) - 0.025 * np.sin(turn)
    hours = (numbers % A_DAY + 0.5) / 4 + _LONGITUDE_HOURS + clock_error
    angle = (hours - 12) * np.pi / 12
    declination = -_TROPIC * np.cos(2 * np.pi * (day + 11) / 365.25)
    across, along = np.cos(declination) * np.cos(angle), np.sin(declination)
    return (
        sin(_LATITUDE) * along + cos(_LATITUDE) * across,
        -np.cos(declination) * np.sin(angle),
        cos(_LATITUDE) * along - sin(_LATITUDE) * across,
    )


def _count(dates: np.ndarray) -> Numbers:
    return dates.astype(np.int64)
