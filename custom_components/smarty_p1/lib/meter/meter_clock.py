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

from dataclasses import dataclass
from datetime import datetime, timedelta

from ..clock_verdict import MAX_DEVIATION, MAX_SUMMER_TIME
from ..history.luxembourg_time import DAY


@dataclass
class MeterClock:
    """Deviation of a meter's clock from the computer's clock, learnt from direct telegrams."""

    deviation: timedelta | None = None
    """Known time by which the meter's clock is ahead, None if unknown."""
    candidate: timedelta = timedelta()
    since: datetime | None = None
    """Time of the first of the telegrams that agree with `candidate`."""

    def note_time(self, time: datetime, now: datetime) -> bool:
        """Note the `time` of a direct telegram, received at `now`. Return whether it is current.

        A current telegram also teaches the deviation. The call must be fast, because it runs for
        every telegram.
        """
        ahead = time - now
        if self.deviation is not None and self.deviation - ahead > MAX_SUMMER_TIME:
            return False
        if ahead > MAX_DEVIATION:
            return True
        since = self.since
        if since is None or now < since or abs(ahead - self.candidate) > MAX_DEVIATION:
            self.candidate, self.since = ahead, now
        elif now - since >= DAY:
            # Learn from the next day again, so that a slow drift of the clock is followed.
            self.deviation = self.candidate
            self.candidate, self.since = ahead, now
        return True
