"""Known deviation of a meter's clock, by which late telegrams are told from current ones.

A direct telegram comes from a port without a queue, so it should be current. But recorded frames
pass all checks if the stored frame counters are older than the record, for example after a restored
backup. Only the times in the telegrams show this, and only if the deviation of the meter's clock
is known:

- The deviation is known as soon as the telegrams of a whole day agree within five minutes.
- A telegram is late if it is more than 70 minutes older than the known deviation allows. So a
  clock with an hour's wrong summer time still counts as current. Late telegrams teach nothing.
- A telegram whose time is ahead of the computer's clock is current, and teaches nothing: a computer
  without a battery-backed clock starts in the past.
- A new or exchanged meter has no known deviation, so all its telegrams are current.
"""

from datetime import datetime, timedelta
from typing import Self

from ..clock_verdict import MAX_DEVIATION, MAX_SUMMER_TIME
from ..stored_values import Stored, checked_mapping, checked_number, checked_time

_A_DAY = timedelta(days=1)
_MAX_SECONDS = timedelta(days=36_500).total_seconds()


class MeterClock:
    """Deviation of a meter's clock from the computer's clock, learnt from direct telegrams.

    `deviation` is the known time by which the meter's clock is ahead, None if unknown.
    """

    def __init__(self, deviation: timedelta | None = None) -> None:
        self.deviation = deviation
        self._candidate = timedelta()
        self._since: datetime | None = None
        """Time of the first of the telegrams that agree with `_candidate`."""

    def is_current(self, time: datetime, now: datetime) -> bool:
        """Return whether a direct telegram with the time `time`, received at `now`, is current.

        A current telegram also teaches the deviation. The call must be fast, because it runs for
        every telegram.
        """
        ahead = time - now
        if self.deviation is not None and self.deviation - ahead > MAX_SUMMER_TIME:
            return False
        if ahead > MAX_DEVIATION:
            return True
        since = self._since
        if since is None or now < since or abs(ahead - self._candidate) > MAX_DEVIATION:
            self._candidate, self._since = ahead, now
        elif now - since >= _A_DAY:
            # Learn from the next day again, so that a slow drift of the clock is followed.
            self.deviation = self._candidate
            self._candidate, self._since = ahead, now
        return True

    def as_dict(self) -> dict[str, Stored]:
        """Return the clock as JSON values."""
        deviation = self.deviation
        return {
            "deviation": None if deviation is None else deviation.total_seconds(),
            "candidate": self._candidate.total_seconds(),
            "since": self._since and self._since.isoformat(),
        }

    @classmethod
    def from_dict(cls, stored: Stored) -> Self:
        """Return the clock from the result of `as_dict`. Raises ValueError for malformed data."""
        data = checked_mapping(stored)
        deviation, since = data["deviation"], data["since"]
        clock = cls(None if deviation is None else _duration(deviation))
        clock._candidate = _duration(data["candidate"])
        clock._since = None if since is None else checked_time(since)
        return clock


def _duration(stored: Stored) -> timedelta:
    return timedelta(seconds=checked_number(stored, -_MAX_SECONDS, _MAX_SECONDS))
