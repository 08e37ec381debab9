"""Ages at which stored data are deleted, judged by two clocks."""

from datetime import datetime, timedelta

KEPT_MONTHS = 24
"""Number of months that are kept before the shown month."""
KEPT_TIME = timedelta(days=762)
"""Time for which quarter-hours stay in files.

25 months in days: two years with a leap day, and a month of 31 days.
"""
KEPT_EVENTS = timedelta(days=400)
"""Time for which power failures, switching and messages of a meter stay in its file."""
KEPT_RECEPTION = timedelta(days=7)
"""Time for which gaps in the reception stay in a meter's file."""
MAX_MONTHS = 36
"""Maximum months of a `Row`: two years, the current month, and 11 months for wrong clocks."""


def oldest_kept(kept: timedelta, now: datetime, other_clock: datetime) -> datetime:
    """Return the time before which data may be deleted: `kept` before the older of two clocks.

    A single clock can be years ahead, and would then delete everything at once. So `now`, the time
    of this computer, never decides alone. `other_clock` must not come from this computer: it is the
    time of a meter, or the time of the newest data from a meter or from Leneda.
    """
    return min(now, other_clock) - kept
