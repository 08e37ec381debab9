"""Deadbands: a shown number follows the meter in steps, because the recorder stores every change.

MQTT topics with single values have no deadband. The states for MQTT discovery have the same
deadbands as here, because another Home Assistant records them, too.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from math import floor

type Follow = Callable[[float | None, float, timedelta], float]
"""Function of the shown number (None after a break), the new number, and the shown number's age."""

type Shown = str | float | datetime | None

# The difference of two decimal numbers has more decimals, because floats are binary.
_DECIMALS = 6


def in_steps(
    by: float, *, every: timedelta = timedelta(0), limits: tuple[float, float] | None = None
) -> Follow:
    """Return a deadband: a number follows if it moves by `by` or more, once per `every` at most.

    A number that leaves the limits, or returns, is shown at once, however small the move is.
    """

    def is_within(value: float) -> bool:
        return limits is None or limits[0] <= value <= limits[1]

    def follow(shown: float | None, value: float, age: timedelta) -> float:
        if shown is None or is_within(value) != is_within(shown):
            return value
        # A clock that stands still, or was set back, must not delay the number.
        is_early = timedelta(0) < abs(age) < every
        has_moved = round(abs(value - shown), _DECIMALS) >= by
        return value if has_moved and not is_early else shown

    return follow


def as_allowance(unit: float, share: float) -> Follow:
    """Return a deadband for an allowed power: whole units, and never above the true value.

    A lower value is shown at once. A higher value is shown if the rise is at least `share` of the
    shown value.
    """

    def follow(shown: float | None, value: float, _age: timedelta) -> float:
        allowed = round(floor(round(value / unit, _DECIMALS)) * unit, _DECIMALS)
        if shown is None or allowed < shown:
            return allowed
        return allowed if round(allowed - shown, _DECIMALS) >= share * shown else shown

    return follow


class DeadbandFilter:
    """Filter for one number, which remembers the shown number and its time."""

    def __init__(self, follow: Follow) -> None:
        self._follow = follow
        self._shown: float | None = None
        self._since: datetime | None = None

    def begin_anew(self) -> None:
        """Show the next number, however small the move is."""
        self._shown = None

    def shown(self, value: Shown, at: datetime) -> Shown:
        """Return the value to show for a new value; `at` is a time of the meter's clock."""
        if not isinstance(value, (float, int)):
            self._shown = None
            return value
        age = at - self._since if self._since else timedelta(0)
        shown = self._follow(self._shown, value, age)
        if shown != self._shown:
            self._shown, self._since = shown, at
        return shown
