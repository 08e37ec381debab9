"""The meters' clock: the wall's, or one that starts elsewhere and runs faster."""

import time
from datetime import UTC, datetime, timedelta


class Clock:
    """The meters' time: `speed` times as fast as the wall's, from `start` on."""

    def __init__(self, start: datetime | None = None, speed: float = 1.0) -> None:
        if speed <= 0:
            message = "time runs forward: a speed is above 0"
            raise ValueError(message)
        self._speed = speed
        self._start = start or datetime.now(UTC)
        self._started = time.monotonic()
        self._is_the_wall_s = start is None and speed == 1

    def now(self) -> datetime:
        """Return the meters' time, in UTC."""
        # The wall's clock may be set while the simulator runs, and the meters are to follow it.
        if self._is_the_wall_s:
            return datetime.now(UTC)
        passed = timedelta(seconds=time.monotonic() - self._started)
        return self._start.astimezone(UTC) + passed * self._speed
