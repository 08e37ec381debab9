"""Deadbands: a shown number changes only in steps, because Home Assistant stores every change.

The states for MQTT discovery have the same deadbands, because another Home Assistant stores these
states, too. MQTT topics with single values have no deadband.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from math import floor

type Follow = Callable[[float | None, float, timedelta], float]
"""Function that returns the number to show.

The arguments are the shown number (None after a break), the new number, and the shown number's age.
"""

type Shown = str | float | datetime | None

# Differences are rounded to this number of decimals, because the difference of two floats has
# errors in further decimals.
_DECIMALS = 6


def in_steps(
    by: float, *, every: timedelta = timedelta(0), limits: tuple[float, float] | None = None
) -> Follow:
    """Return a deadband that shows a new number only if it differs enough from the shown number.

    The difference must be at least `by`. A shown number stays for at least the time `every`. But a
    new number that crosses one of the `limits` is shown at once.
    """

    def is_within(value: float) -> bool:
        return limits is None or limits[0] <= value <= limits[1]

    def follow(shown: float | None, value: float, age: timedelta) -> float:
        if shown is None or is_within(value) != is_within(shown):
            return value
        # `age` is the age of the shown number by the meter's clock. The age is 0 if this clock
        # stands still, and far below 0 if the clock was set back. In both cases, the age does not
        # tell how much time has passed. So the new number is shown as if `every` had passed.
        is_early = timedelta(0) < abs(age) < every
        has_moved = round(abs(value - shown), _DECIMALS) >= by
        return value if has_moved and not is_early else shown

    return follow


def as_allowance(unit: float, share: float) -> Follow:
    """Return a deadband for a power that is still available. It shows whole multiples of `unit`.

    The power is rounded down. A lower number is shown at once. A higher number is shown if the rise
    is at least `share` of the shown number.
    """

    def follow(shown: float | None, value: float, _age: timedelta) -> float:
        allowed = round(floor(round(value / unit, _DECIMALS)) * unit, _DECIMALS)
        if shown is None or allowed < shown:
            return allowed
        return allowed if round(allowed - shown, _DECIMALS) >= share * shown else shown

    return follow


def limited(value: Shown, limit: float | None) -> Shown:
    """Return `value`. If it is a number above `limit`, return `limit`."""
    return min(value, limit) if isinstance(value, float) and limit is not None else value


class DeadbandFilter:
    """Filter that applies a deadband to one number. It remembers the shown number and its time."""

    def __init__(self, follow: Follow) -> None:
        self._follow = follow
        self._shown: float | None = None
        self._since: datetime | None = None

    def begin_anew(self) -> None:
        """Forget the shown number, so that the next number is shown without a deadband."""
        self._shown = None

    def shown(self, value: Shown, at: datetime) -> Shown:
        """Return the number to show after the new `value`. Apply the deadband.

        A `value` that is not a number is returned as it is. `at` is the time of `value` by the
        meter's clock.
        """
        if not isinstance(value, (float, int)):
            self._shown = None
            return value
        age = at - self._since if self._since else timedelta(0)
        shown = self._follow(self._shown, value, age)
        if shown != self._shown:
            self._shown, self._since = shown, at
        return shown
