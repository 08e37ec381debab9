"""Conversion of a pulse board's running count to pulses, also after a restart of the board."""

import re
from math import ceil

# No household's connection takes more power than this. So a count that would need more power was
# misread.
MAX_POWER_KW = 100
# A board's message can be delayed by this number of seconds. So the real time between two counts
# can be this much longer than the time between their messages.
_MAX_DELAY_S = 10.0
# Numbers at which the counters of boards overflow to 0: 16 or 32 bits.
_SIZES = (1 << 16, 1 << 32)
# A count that is lower than the last count has two possible causes. If the last count was at most
# this number of pulses below the counter's end, the counter has overflowed to 0. Otherwise, the
# board was restarted.
_MAX_PULSES_TO_WRAP = 1024
_is_count = re.compile(r"[0-9]{1,15}(?:\.0+)?").fullmatch


def parse_count(text: str) -> int | None:
    """Return the whole number in a text such as `12` or `12.0`. Return None for any other text."""
    return int(float(text)) if _is_count(text) else None


class RunningCount:
    """Running count of a board: `count` is the last accepted count, `at` its time in seconds.

    A count is held back if its rise would need more power than MAX_POWER_KW. If the next count fits
    the held count, the counting continues from the held count. Otherwise, the held count was
    damaged and is forgotten.
    """

    def __init__(self, pulses_per_kwh: float, count: int | None = None, at: float = 0.0) -> None:
        self.count = count
        self.at = at
        self._max_rate = MAX_POWER_KW * pulses_per_kwh / 3600
        self._held: tuple[int, float] | None = None

    def start_anew(self) -> None:
        """Forget the count that was not accepted yet, because the port was lost."""
        self._held = None

    def begin_below(self, count: int | None) -> None:
        """Forget the last count if `count` is lower, because then a user has set the counter."""
        if self.count is not None and count is not None and count < self.count:
            self.count = self._held = None

    def accept(self, count: int, at: float, *, is_whole: bool = True) -> int | None:
        """Return the pulses since the last accepted count. Return None if `count` is not accepted.

        Without `is_whole`, `count` is perhaps old or lacks its first digits. So it is accepted only
        if it is not lower than the last count.
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
        """Return the number of pulses from the count `last` to `count`.

        Return None if so many pulses in this time need a power above MAX_POWER_KW. `last_at` and
        `at` are the times of the two counts in seconds.
        """
        max_pulses = ceil((max(at - last_at, 0.0) + _MAX_DELAY_S) * self._max_rate)
        if count >= last:
            pulses = count - last
        else:
            past_end = [
                size - last + count
                for size in _SIZES
                if 0 < size - last <= min(_MAX_PULSES_TO_WRAP, max_pulses)
            ]
            # If the counter has not overflowed, the board was restarted and began again at 0. So
            # `count` is the number of pulses since the restart.
            pulses = past_end[0] if past_end and past_end[0] <= max_pulses else count
        return pulses if pulses <= max_pulses else None
