"""Time before which stored data may be deleted because of their age, by two clocks."""

from datetime import datetime, timedelta


def oldest_kept(kept: timedelta, now: datetime, other_clock: datetime) -> datetime:
    """Return the time before which data may be deleted: `kept` before the older of two clocks.

    A single clock can be years ahead, and would then delete everything at once. So `now`, the time
    of this computer, never decides alone. `other_clock` must not come from this computer: it is the
    time of a meter, or the time of the newest data from a meter or from Leneda.
    """
    return min(now, other_clock) - kept
