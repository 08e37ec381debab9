"""Check of a telegram's age: a broker or a queue may deliver a telegram hours late."""

from datetime import datetime, timedelta

MAX_AGE = timedelta(minutes=5)
"""Maximum age of a current telegram. Long enough for meter clocks with an unknown deviation."""


def is_recent(time: datetime, now: datetime, clock_deviation: timedelta | None) -> bool:
    """Return whether a telegram is at most MAX_AGE old.

    The age is corrected by the deviation of the meter's clock (positive: ahead), if known.
    """
    return now - (time - (clock_deviation or timedelta())) <= MAX_AGE
