"""Verdict on a meter's clock by one telegram, and the tolerances of all judges of clocks."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf

MAX_RIGHT = timedelta(minutes=4)
"""The repair issue about a clock is withdrawn at this deviation. With one limit for both, a clock
near `MAX_DEVIATION` would raise and withdraw the issue again and again."""
MAX_DEVIATION = timedelta(minutes=5)
"""Maximum deviation of a clock without a repair issue. The deviations of a clock that runs evenly
agree within this time, and a telegram from a queue is current up to this age."""
MAX_CHANGE = timedelta(hours=1)
"""With a larger change of its deviation, a doubtful clock was set, or it stands still."""
MAX_SUMMER_TIME = timedelta(minutes=70)
"""An hour's wrong summer time, and the minutes by which clocks differ. A direct telegram is late
if it is older than its clock's known deviation by more than this. A capture of an M-Bus meter that
is further ahead than this has a wrong clock."""
MAX_UNDOUBTED = timedelta(days=1)
"""Maximum deviation of a clock that is not doubtful."""
MAX_QUEUED = timedelta(days=40)
"""Maximum time for which a queue holds telegrams. An older telegram is from a wrong clock."""
MAX_UNREADABLE_S = 60.0
"""Seconds for which telegrams may have no time that can be read, without a message to the user."""


@dataclass(frozen=True, slots=True)
class ClockVerdict:
    """Verdict on the time of one telegram by the computer's clock."""

    deviation: timedelta | None = None
    """Time by which the telegram is ahead. None if the telegram has no time that can be read."""
    is_current: bool = True
    """Whether the telegram has just been sent."""
    may_be_late: bool = False
    """Whether a queue may have delayed the telegram. Its time then proves no error of the clock."""
    delay: timedelta = timedelta()
    """Time for which a queue has held the telegram back, corrected by the lag of the clock."""

    @property
    def is_right(self) -> bool | None:
        """Return whether the meter's clock is right.

        Return None if the telegram does not show it, or if the clock is near the limit.
        """
        if self.deviation is None or self.may_be_late:
            return None
        if abs(self.deviation) <= MAX_RIGHT:
            return True
        return False if abs(self.deviation) > MAX_DEVIATION else None

    @property
    def is_far(self) -> bool:
        """Return whether the telegram's time is more than a day from the computer's clock."""
        return self.deviation is not None and abs(self.deviation) > MAX_UNDOUBTED

    @property
    def is_explained_by_queue(self) -> bool:
        """Return whether a queue can have held the telegram back for the whole deviation."""
        if self.deviation is None:
            return False
        return self.may_be_late and -MAX_QUEUED <= self.deviation <= timedelta()

    def captured_at(self, time: datetime, received_at: datetime) -> datetime:
        """Return the time of a capture of an M-Bus meter by the electricity meter's clock.

        A capture is never ahead of this clock. If it is far ahead of its reception, a clock is
        wrong: return the time of reception. An hour in the future would get gas too early, and
        later captures would seem to be older. By a doubtful clock, the capture is corrected.
        """
        if self.deviation is not None and self.is_current and self.is_far:
            time -= self.deviation
        return time if time <= received_at + MAX_SUMMER_TIME else received_at

    def has_run_on_from(self, deviation: timedelta) -> bool:
        """Return whether the clock has run on evenly since it had `deviation`."""
        return self.deviation is not None and abs(self.deviation - deviation) <= MAX_CHANGE


class UnreadableClock:
    """Watch for a meter whose telegrams have no time that can be read."""

    def __init__(self) -> None:
        self._since = inf

    def note_verdict(self, clock: ClockVerdict, now: float) -> bool:
        """Note the verdict on a telegram. Return whether no time could be read for too long.

        `now` is in seconds of a monotonic clock.
        """
        self._since = min(self._since, now) if clock.deviation is None else inf
        return now - self._since >= MAX_UNREADABLE_S


NO_DOUBT = ClockVerdict()
"""Verdict on a telegram that is current because nothing contradicts it."""
