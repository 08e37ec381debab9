"""How old a telegram may be and still be of now: a broker or a queue may have kept it for hours."""

from datetime import datetime, timedelta

MAX_AGE = timedelta(minutes=5)
"""What is older counts, but is not shown as now. So far may a clock be wrong that nobody knows."""


def is_recent(time: datetime, now: datetime, clock_deviation: timedelta | None) -> bool:
    """Return whether a telegram is of now, by the meter's clock, which is so far ahead if known."""
    return now - (time - (clock_deviation or timedelta())) <= MAX_AGE
