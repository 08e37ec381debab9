"""Limits of plausible readings: gaps, clock corrections and power."""

from datetime import timedelta

from .luxembourg_time import HOUR, QUARTER_HOUR

MAX_GAP = QUARTER_HOUR
"""Energy is interpolated only between readings that are at most this far apart."""
MAX_SHARED_GAP = timedelta(days=40)
"""The energy of a longer gap is not divided among days, because that would be a guess."""
MAX_LEAP_WH = 10_000
"""A household draws more energy than this in a real gap of more than 40 days. If it drew less, the
gap is not real: the clock was set ahead."""
CLOCK_TOLERANCE = timedelta(minutes=1)
"""If a meter's clock is set back by at most this time, no new segment begins."""
MEASURED_OFF = 1 / 45
"""Maximum share by which the energy of a measured quarter-hour is off, besides `MEASURED_OFF_WH`.

Its start and its end may each be off by one telegram (10 s), so 20 s of 900 s."""
MEASURED_OFF_WH = 1
MAX_POWER_KW = 1000.0
"""Maximum plausible power in kW of a connection. A register that rises faster has leapt."""


def most_wh(passed: timedelta) -> float:
    """Return the most energy in Wh that a connection can carry in the time `passed`.

    `CLOCK_TOLERANCE` is added, because a correction of the clock can shorten the measured time.
    """
    return MAX_POWER_KW * 1000 * ((passed + CLOCK_TOLERANCE) / HOUR)
