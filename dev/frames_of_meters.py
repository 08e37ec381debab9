"""Frames of simulated meters for benchmarks."""

from datetime import UTC, datetime, timedelta

from .encoder import KEY
from .simulator import Meter
from .simulator.house import House

START = datetime(2025, 7, 3, 20, 10, tzinfo=UTC)
"""Time of the first frame: 22:10 in Luxembourg."""
INTERVAL = timedelta(seconds=10)
HOUR = 360
"""Number of frames in an hour."""
THREE_PHASES = House(media=("gas", "water", "heat"))


def frames_of(number: int = HOUR + 10, house: House = THREE_PHASES) -> list[bytes]:
    """Return `number` frames of a meter, one every ten seconds."""
    meter = Meter(1, KEY, house=house)
    return [meter.frame_at(START + n * INTERVAL) for n in range(number)]
