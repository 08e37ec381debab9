"""Whether a pause has passed since a moment of the computer's clock, which may have been wrong.

Monotonic clocks need no such question.
"""

from datetime import datetime, timedelta


def has_passed(since: datetime | None, now: datetime, pause: timedelta) -> bool:
    """Return whether `pause` has passed since `since`.

    Return True if `since` is None. If `since` is in the future, the computer's clock was ahead when
    `since` was noted. So return True in this case, too.
    """
    return since is None or not timedelta() <= now - since < pause
