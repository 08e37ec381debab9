"""A board's running count -> pulses, also over restarts of the board and of this program."""

import re
from math import ceil

# No connection of a household takes more; what would need more power was not read right.
MAX_POWER_KW = 100
# How long messages may be held up on their way, in seconds.
_DELAY = 10.0
# Counters of boards have 16 or 32 bits, if they end at all.
_SIZES = (1 << 16, 1 << 32)
# How near to its end a counter must have been for a low count to mean that it has passed it.
_WRAP_REACH = 1024
_is_count = re.compile(r"[0-9]{1,15}(?:\.0+)?").fullmatch


def parse_count(text: str) -> int | None:
    """Return the count that a text is, None when it is none."""
    return int(float(text)) if _is_count(text) else None


class RunningCount:
    """The last count that was accepted, `count`, and when it came, `at`.

    A count that rises too fast to be true is held back until the next one says whether it was
    damaged on its way or the board counts from there now; what it rose by is then lost.
    """

    def __init__(self, pulses_per_kwh: float, count: int | None = None, at: float = 0.0) -> None:
        self.count = count
        self.at = at
        self._max_rate = MAX_POWER_KW * pulses_per_kwh / 3600
        self._held: tuple[int, float] | None = None

    def start_anew(self) -> None:
        """Forget what was held back, when the port was lost."""
        self._held = None

    def begin_below(self, count: int | None) -> None:
        """Begin anew if the next count is lower: it was set, and nothing has been counted."""
        if self.count is not None and count is not None and count < self.count:
            self.count = self._held = None

    def accept(self, count: int, at: float, *, is_whole: bool = True) -> int | None:
        """Return the pulses since the last count, None when the count cannot be trusted.

        One that may have lost its first digits, or be an old one, is trusted only when it is not
        lower than the last.
        """
        if not is_whole and (self.count is None or count < self.count):
            return None
        if self.count is None:
            self.count, self.at = count, at
            return 0
        pulses = self._since(self.count, self.at, count, at)
        if pulses is None and self._held and self._held[0] <= count:
            pulses = self._since(*self._held, count, at)
        if pulses is None:
            self._held = count, at
            return None
        self.count, self.at, self._held = count, at, None
        return pulses

    def _since(self, last: int, last_at: float, count: int, at: float) -> int | None:
        """Return how many pulses lead from one count to another, None when it cannot be."""
        most = ceil((max(at - last_at, 0.0) + _DELAY) * self._max_rate)
        if count >= last:
            pulses = count - last
        else:
            past_end = [
                size - last + count for size in _SIZES if 0 < size - last <= min(_WRAP_REACH, most)
            ]
            # Otherwise the board was restarted, and has counted so many since.
            pulses = past_end[0] if past_end and past_end[0] <= most else count
        return pulses if pulses <= most else None
