"""How many frames a port may pass on: far more than a meter sends, and no flood."""

from collections.abc import Callable

from smartyp1.retry import Budget

# A P1 port carries 11,520 bytes a second at most.
RATE = 32 * 1024  # bytes a second
# What a network gateway held back while it was not reached: an hour of a telegram a second.
BURST = 4 * 1024 * 1024
# Small frames cost a broker as much as others.
LEAST_COST = 1024


class FrameLimit:
    """Limits bytes a second. One half of a burst is for frames that are expected."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._budget = Budget(RATE, BURST, clock())

    def allows(self, size: int, *, is_expected: bool) -> bool:
        """Return whether a frame of so many bytes may be passed on now, and count it if so."""
        cost = max(size, LEAST_COST)
        if self._budget.left(self._clock()) - cost < (0 if is_expected else BURST // 2):
            return False
        self._budget.spend(cost)
        return True
