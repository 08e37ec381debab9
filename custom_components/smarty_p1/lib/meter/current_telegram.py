"""Check of a telegram's age, because a broker or a queue can deliver a telegram hours late."""

from datetime import datetime, timedelta

MAX_AGE = timedelta(minutes=5)
"""Maximum age of a current telegram. Long enough for meter clocks with an unknown deviation."""


def is_recent(time: datetime, now: datetime, clock_deviation: timedelta | None) -> bool:
    """Return whether a telegram with the time `time` is at most MAX_AGE old at `now`.

    `clock_deviation` is how much the meter's clock is ahead. If it is known, it corrects the age.
    """
    return now - (time - (clock_deviation or timedelta())) <= MAX_AGE
