"""The clock of the computer that runs Home Assistant."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import time_machine
from homeassistant.util import dt as dt_util


class Clock:
    """The computer's clock. It runs on from each time to which a test moves it.

    The clock of timers is another one, and goes on as it does for users.
    """

    _traveller: time_machine.Traveller

    @contextmanager
    def beginning_at(self, time: datetime | str) -> Iterator[None]:
        with time_machine.travel(_in_utc(time)) as self._traveller:
            yield

    def move_to(self, time: datetime | str) -> None:
        self._traveller.move_to(_in_utc(time), tick=True)

    def come_to(self, time: datetime) -> None:
        """Move the clock to this time, unless it is less than a day from it."""
        if abs(dt_util.utcnow() - time) > timedelta(days=1):
            self.move_to(time)

    def stop_at(self, time: datetime | str) -> None:
        """Let the clock stand still from now on."""
        self._traveller.move_to(_in_utc(time), tick=False)


def _in_utc(time: datetime | str) -> datetime:
    """Return a time without a zone's name, which would become the zone of the whole process."""
    time = datetime.fromisoformat(time) if isinstance(time, str) else time
    assert time.tzinfo, time
    return time.astimezone(UTC)


CLOCK = Clock()
"""The clock of the test that runs."""
