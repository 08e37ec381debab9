"""Clock of the simulated meters. It shows the time of the system clock, or a simulated time."""

import time
from datetime import UTC, datetime, timedelta


class Clock:
    """Clock of the simulated meters.

    It begins at `start`, by default now, and runs `speed` times as fast as the system clock.
    """

    def __init__(self, start: datetime | None = None, speed: float = 1.0) -> None:
        if speed <= 0:
            message = "time runs forward: a speed is above 0"
            raise ValueError(message)
        self._speed = speed
        self._start = start or datetime.now(UTC)
        self._started = time.monotonic()
        self._is_real_time = start is None and speed == 1

    def now(self) -> datetime:
        """Return the current time of the meters, in UTC."""
        # Read the system clock at each call, because it can be set to another time while the
        # simulator runs.
        if self._is_real_time:
            return datetime.now(UTC)
        passed = timedelta(seconds=time.monotonic() - self._started)
        return self._start.astimezone(UTC) + passed * self._speed
