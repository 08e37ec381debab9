"""Time that a test puts forward, for a real Home Assistant and for simulated meters alike."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from smartyp1.history.luxembourg_time import LUXEMBOURG

# Seconds for which libfaketime uses the time that it has read, and a little more.
_READ_AGAIN_S = 1.3


def evening(day: int) -> datetime:
    """Return 17:50 on a day of next month. In its middle, no clocks are changed."""
    next_month = datetime.now(UTC).replace(day=1) + timedelta(days=32)
    local = next_month.astimezone(LUXEMBOURG)
    return local.replace(day=day, hour=17, minute=50, second=0, microsecond=0).astimezone(UTC)


class MovedTime:
    """Clock that shows `start` now, and that can be put forward.

    A program with `environment` has this time, too: libfaketime reads it from a file.
    """

    def __init__(self, file: Path, start: datetime) -> None:
        self._file = file
        self._ahead = start - datetime.now(UTC)
        # The monotonic clock moves along, and must not become negative.
        assert self._ahead > timedelta()
        self._write()

    def now(self) -> datetime:
        """Return the moved time, in UTC."""
        return datetime.now(UTC) + self._ahead

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment of a program that has this time. Skip the test if none can."""
        libraries = [*Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")]
        if not libraries:
            pytest.skip("libfaketime is not installed")
        return {
            "LD_PRELOAD": str(libraries[0]),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_CACHE_DURATION": "1",
        }

    async def go_to(self, time: datetime) -> None:
        """Put the clock forward to `time`, and wait until the programs have noticed."""
        assert time >= self.now()
        self._ahead = time - datetime.now(UTC)
        self._write()
        await asyncio.sleep(_READ_AGAIN_S)

    async def pass_(self, **time: float) -> None:
        """Put the clock forward by a `timedelta` of these arguments."""
        await self.go_to(self.now() + timedelta(**time))

    def _write(self) -> None:
        part = self._file.with_suffix(".new")
        part.write_text(f"{self._ahead.total_seconds():+.3f}s\n", "ascii")
        part.replace(self._file)
