"""How a number follows what the meter sends: the recorder stores each one that is shown.

The topics of the published values have no steps; the states that another Home Assistant discovers
follow as these do, because its recorder stores them, too.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from math import floor

type Follow = Callable[[float | None, float, timedelta], float]
"""Returns what is shown of a number, after what was shown for so long; None after a break."""

type Shown = str | float | datetime | None

# Of two numbers with decimals, the difference has more of them.
_DECIMALS = 6


def in_steps(
    by: float, *, every: timedelta = timedelta(0), limits: tuple[float, float] | None = None
) -> Follow:
    """Return how a number follows once it has moved so far, and not sooner than so long after.

    One that leaves the limits, or comes back, is shown at once, however little it has moved.
    """

    def is_within(value: float) -> bool:
        return limits is None or limits[0] <= value <= limits[1]

    def follow(shown: float | None, value: float, age: timedelta) -> float:
        if shown is None or is_within(value) != is_within(shown):
            return value
        # A clock that stands still, or was set back, is no reason to wait.
        is_early = timedelta(0) < abs(age) < every
        has_moved = round(abs(value - shown), _DECIMALS) >= by
        return value if has_moved and not is_early else shown

    return follow


def as_allowance(unit: float, share: float) -> Follow:
    """Return how what is allowed follows: in whole units, and never above what it is.

    Less is shown at once, and more once it is more by that share of what is shown.
    """

    def follow(shown: float | None, value: float, _age: timedelta) -> float:
        allowed = round(floor(round(value / unit, _DECIMALS)) * unit, _DECIMALS)
        if shown is None or allowed < shown:
            return allowed
        return allowed if round(allowed - shown, _DECIMALS) >= share * shown else shown

    return follow


class DeadbandFilter:
    """Remembers what is shown of one number, and since when."""

    def __init__(self, follow: Follow) -> None:
        self._follow = follow
        self._shown: float | None = None
        self._since: datetime | None = None

    def begin_anew(self) -> None:
        """Show what comes next, however little it has moved."""
        self._shown = None

    def shown(self, value: Shown, at: datetime) -> Shown:
        """Return what is shown of a value of a moment, by the meter's clock."""
        if not isinstance(value, (float, int)):
            self._shown = None
            return value
        age = at - self._since if self._since else timedelta(0)
        shown = self._follow(self._shown, value, age)
        if shown != self._shown:
            self._shown, self._since = shown, at
        return shown
