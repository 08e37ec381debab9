"""Limits for a telegram's age: the time from the meter's clock to the arrival in the stream."""

TOO_EARLY = "too_early"
TOO_OLD = "too_old"
# Maximum time in seconds by which a telegram's time may be after its arrival. After a meter's clock
# is put back, its telegrams are refused until the clock reaches its earlier time again. Because of
# this limit, that takes an hour at most.
_MAX_AHEAD_S = 3600
_MAX_AGE_S = 366 * 86400


def refusal_of_age(age_s: float) -> str | None:
    """Return the reason to refuse a telegram of this age in seconds. Return None to accept it.

    The age is negative if the telegram's time is after its arrival.
    """
    if age_s > _MAX_AGE_S:
        return TOO_OLD
    return TOO_EARLY if age_s < -_MAX_AHEAD_S else None
