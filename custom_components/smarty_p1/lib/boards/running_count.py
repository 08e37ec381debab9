"""Conversion of a pulse board's running count to pulses, also after a restart of the board."""

import re
from collections import deque
from math import ceil

# Maximum power in kW. No household's connection takes more. So a count that would need more power
# was misread.
MAX_HOUSEHOLD_KW = 100
# A board's message can be delayed by this number of seconds. So the real time between two counts
# can be this much longer than the time between their messages.
_MAX_DELAY_S = 10.0
# Seconds. After a long time without a count, a damaged count could pass as a possible rise. So a
# rise is accepted at once only if MAX_HOUSEHOLD_KW could cause it in _MAX_UNCONFIRMED_S, even if
# more time has passed. A higher rise is held back until the next count confirms it.
_MAX_UNCONFIRMED_S = 60.0
# Numbers at which the counters of boards overflow to 0: 16, 24 or 32 bits.
_SIZES = (1 << 16, 1 << 24, 1 << 32)
# A count that is lower than the last count can mean that the board's counter has overflowed to 0.
# This is assumed only if the last count was in the last quarter before the overflow, and if the
# rise is at most this multiple of the rise that the rate of the last hour gives. Otherwise, the
# board was restarted: a restart must not add energy that nobody has used.
_MAX_RATE_FACTOR = 3
_NEAR_OVERFLOW = 4
_RATE_S = 3600.0
_SAMPLE_S = 300.0
_is_count = re.compile(r"[0-9]{1,15}(?:\.0+)?").fullmatch


def parse_count(text: str) -> int | None:
    """Return the whole number in a text such as `12` or `12.0`. Return None for any other text."""
    return int(float(text)) if _is_count(text) else None


class RecentRate:
    """Rate of the pulses of about the last hour, from a bounded number of samples.

    `pulses` came in `seconds` before the time `at`.
    """

    def __init__(self, pulses: int = 0, seconds: float = 0.0, at: float = 0.0) -> None:
        self._samples: deque[tuple[float, int]] = deque()
        if seconds > 0:
            self._samples += [(at - seconds, 0), (at, pulses)]

    def add(self, pulses: int, at: float) -> None:
        """Add the pulses that came from the last call until `at`."""
        samples = self._samples
        if samples and at < samples[-1][0]:
            samples.clear()  # the clock was set back
        total = pulses + samples[-1][1] if samples else 0
        if len(samples) > 1 and at - samples[-2][0] < _SAMPLE_S:
            samples.pop()
        samples.append((at, total))
        while len(samples) > 2 and at - samples[1][0] >= _RATE_S:  # noqa: PLR2004 - first and last
            samples.popleft()

    @property
    def pulses(self) -> int:
        """Return the number of pulses in `seconds`."""
        return self._samples[-1][1] - self._samples[0][1] if self._samples else 0

    @property
    def seconds(self) -> float:
        """Return the time over which the rate is known, 0 if the rate is unknown."""
        return self._samples[-1][0] - self._samples[0][0] if self._samples else 0.0


class RunningCount:
    """Running count of a board: `count` is the last accepted count, `at` its time in seconds.

    A count is held back if it is lower than the last accepted count, or too much higher, because it
    may be damaged. If the next count is a plausible rise from the held-back count, both are
    accepted. If the next count is instead a plausible rise from the last accepted count, the
    held-back count is forgotten.
    """

    def __init__(
        self,
        pulses_per_kwh: float,
        count: int | None = None,
        at: float = 0.0,
        rate: RecentRate | None = None,
    ) -> None:
        self.count = count
        self.at = at
        self.rate = rate or RecentRate()
        self._max_rate = MAX_HOUSEHOLD_KW * pulses_per_kwh / 3600
        self._held: tuple[int, float] | None = None

    def begin_at(self, count: int, at: float) -> None:
        """Continue from `count`, whatever the last count was."""
        self.count, self.at, self._held = count, at, None

    def start_anew(self) -> None:
        """Forget the count that is held back, because the port was lost."""
        self._held = None

    def begin_below(self, count: int | None) -> None:
        """Forget the last count if `count` is lower: a user or a crash has reset the counter."""
        if self.count is not None and count is not None and count < self.count:
            self.count = self._held = None

    def accept(self, count: int, at: float, *, is_whole: bool = True) -> int | None:
        """Return the pulses since the last accepted count. Return None if `count` is not accepted.

        If `is_whole` is False, `count` is perhaps old or lacks its first digits. In this case,
        `count` is accepted only if it is not lower than the last accepted count.
        """
        if not is_whole and (self.count is None or count < self.count):
            return None
        if self.count is None or (self.count, count) == (1, 0):
            # A fall from 1 to 0 needs no confirmation: some boards send 1 and 0 instead of ON and
            # OFF, and each rise to 1 is a pulse.
            pulses = 0
        elif 0 <= count - self.count <= self._max_pulses(min(at - self.at, _MAX_UNCONFIRMED_S)):
            pulses = count - self.count
        elif self._held and self._fits_held(*self._held, self.count, count, at):
            pulses = self._since(self.count, *self._held) + count - self._held[0]
        else:
            self._held = count, at
            return None
        self.rate.add(pulses, at)
        self.begin_at(count, at)
        return pulses

    def _max_pulses(self, seconds: float) -> int:
        return ceil((max(seconds, 0.0) + _MAX_DELAY_S) * self._max_rate)

    def _fits_held(self, held: int, held_at: float, last: int, count: int, at: float) -> bool:
        """Return whether the next count, `count`, confirms the count `held`, which is held back.

        If `held` is lower than the last accepted count `last`, `count` must be lower than `last`,
        too.
        """
        is_same_side = held >= last or count < last
        return is_same_side and 0 <= count - held <= self._max_pulses(at - held_at)

    def _since(self, last: int, count: int, at: float) -> int:
        """Return the pulses from the accepted count `last` to the confirmed count `count`.

        Return 0 if these pulses would need a power above MAX_HOUSEHOLD_KW, or if the board has
        restored an earlier count.
        """
        max_pulses = max_overflow = self._max_pulses(at - self.at)
        if self.rate.seconds:
            usual = self.rate.pulses / self.rate.seconds * max(at - self.at, 0.0)
            max_overflow = min(max_pulses, ceil(_MAX_RATE_FACTOR * usual))
        if count >= last:
            pulses = count - last
        elif overflows := [
            size - last + count
            for size in _SIZES
            if 0 < size - last <= size // _NEAR_OVERFLOW and size - last + count <= max_overflow
        ]:
            pulses = overflows[0]
        elif 2 * count > last:
            pulses = 0  # the board has restored an earlier count
        else:
            pulses = count  # the board was restarted and began again at 0
        return pulses if pulses <= max_pulses else 0
