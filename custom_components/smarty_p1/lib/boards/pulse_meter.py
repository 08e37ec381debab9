"""Energy and power of a meter, computed from the pulses of its LED.

A meter's LED blinks once for each fixed amount of energy, and a board reports the pulses.

Some boards send a line for every pulse, empty or with any text. Other boards send a running count.
The lines tell the kind of board:

- Numbers that rise are a running count. A repeated number is a count that has not risen.
- Until the first rise, every line without a number is a pulse. After the first rise, such a line is
  not a pulse, because boards send a greeting when they start.
- If the number 1 comes `_MIN_ONES` times in a row before any rise, every 1 is a pulse.

Times are in seconds of a clock that continues while this program is stopped.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from .running_count import RunningCount, parse_count

MAX_LINE_SIZE = 256

_CR, _LF = b"\r\n"


class LineSplitter:
    """Splitter of a board's bytes into lines, which end in CR, LF or CRLF.

    Lines of more than `MAX_LINE_SIZE` bytes or with unprintable characters are dropped as noise.
    """

    def __init__(self) -> None:
        self.start_anew()

    def start_anew(self) -> None:
        """Forget the unfinished line. The next bytes begin a new line."""
        self._line = bytearray()
        self._is_too_long = False
        self._last = _LF

    def feed(self, data: bytes) -> list[str]:
        """Return the lines that `data` completes, without their line ends."""
        lines = []
        for byte in data:
            if byte in {_CR, _LF}:
                if byte == _CR or self._last != _CR:
                    lines += self._end_line()
            elif len(self._line) < MAX_LINE_SIZE:
                self._line.append(byte)
            else:
                self._is_too_long = True
            self._last = byte
        return lines

    def _end_line(self) -> list[str]:
        line, self._line = self._line, bytearray()
        is_too_long, self._is_too_long = self._is_too_long, False
        try:
            text = line.decode()
        except UnicodeDecodeError:
            return []
        text = text.replace("\t", " ").strip(" ")
        return [text] if text.isprintable() and not is_too_long else []


# Seconds. The mean power is taken over at least this time, because pulses may come in bursts.
_MIN_MEAN_S = 1.0
_MIN_SILENCE_S = 1e-3


class PulsePower:
    """Power of a meter that sends a pulse for each fixed amount of energy. Times are in seconds."""

    def __init__(self, pulses_per_kwh: float) -> None:
        self._kws_per_pulse = 3600 / pulses_per_kwh
        self._mean_kw: float | None = None
        self._last_at = 0.0
        self._last_pulses = 0
        self._batch_at: float | None = None
        self._batch = 0

    def kw(self, at: float) -> float | None:
        """Return the power in kW at the time `at`. Return None while the power is unknown.

        While no pulse comes, the power falls: it is at most the energy of the last added pulses,
        divided by the time since these pulses.
        """
        if self._mean_kw is None:
            return None
        silence = max(at - self._last_at, _MIN_SILENCE_S)
        return min(self._mean_kw, self._last_pulses * self._kws_per_pulse / silence)

    def add(self, pulses: int, at: float) -> None:
        """Add `pulses`, the number of pulses (at least 1) since the last call.

        `at` is the time of the last pulse.
        """
        self._last_at, self._last_pulses = at, pulses
        if self._batch_at is None or at < self._batch_at:
            # These are the first pulses, or the clock was set back. So measure from this pulse on.
            self._batch_at, self._batch, self._mean_kw = at, 0, None
            return
        self._batch += pulses
        if (passed := at - self._batch_at) >= _MIN_MEAN_S:
            self._mean_kw = self._batch * self._kws_per_pulse / passed
            self._batch_at, self._batch = at, 0

    def note_standstill(self) -> None:
        """Record that the board has repeated its running count, which means no new pulse."""
        self._last_pulses = min(self._last_pulses, 1)


_MIN_ONES = 10
_is_number = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]*)?").fullmatch


@dataclass(frozen=True, slots=True)
class Pulses:
    """Content of a board's line: the number of new pulses, and the running count.

    The count is None if the line has no running count.
    """

    pulses: int
    count: int | None = None


class PulseMeter:
    """Energy and power of a meter, computed from the pulses of its LED.

    `pulses` counts all pulses so far. `pulses_per_kwh` is printed on the meter. `is_counting` says
    whether the board sends a running count.
    """

    def __init__(self, pulses_per_kwh: float) -> None:
        self.pulses = 0
        self.is_counting = False
        self._pulses_per_kwh = pulses_per_kwh
        self._base_kwh = 0.0
        self._base_pulses = 0
        self._running = RunningCount(pulses_per_kwh)
        self._ones = 0
        self._lines = LineSplitter()
        self.start_anew()

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any], pulses_per_kwh: float) -> Self:
        """Return the meter from `stored`, the result of `as_dict`.

        New pulses count as 1 / `pulses_per_kwh` kWh each. Earlier pulses keep their energy.
        """
        meter = cls(pulses_per_kwh)
        meter.pulses = meter._base_pulses = stored["pulses"]
        meter._base_kwh = stored["base_kwh"]
        if stored["pulses_per_kwh"] == pulses_per_kwh:
            meter._base_pulses = stored["base_pulses"]
        else:
            meter._base_kwh += (stored["pulses"] - stored["base_pulses"]) / stored["pulses_per_kwh"]
        meter.is_counting, meter._ones = stored["is_counting"], stored["ones"]
        meter._running = RunningCount(pulses_per_kwh, stored["count"], stored["counted_at"])
        return meter

    def as_dict(self) -> dict[str, Any]:
        """Return the state that must survive a restart, as JSON values."""
        return {
            "pulses": self.pulses,
            "pulses_per_kwh": self._pulses_per_kwh,
            "base_kwh": self._base_kwh,
            "base_pulses": self._base_pulses,
            "is_counting": self.is_counting,
            "ones": self._ones,
            "count": self._running.count,
            "counted_at": self._running.at,
        }

    @property
    def energy_kwh(self) -> float:
        """Return the total energy in kWh. Only `set_energy` can lower the total."""
        return self._base_kwh + (self.pulses - self._base_pulses) / self._pulses_per_kwh

    def set_energy(self, kwh: float) -> None:
        """Set the total to the reading on the meter's display."""
        self._base_kwh, self._base_pulses = kwh, self.pulses

    def begin_at(self, count: int, at: float) -> None:
        """Continue from the running count `count` that was read at the time `at`."""
        self._running = RunningCount(self._pulses_per_kwh, count, at)
        # Some boards send a 1 for each pulse instead of a running count. So a 1 does not prove that
        # the board sends a running count.
        self.is_counting = count > 1

    def power_kw(self, at: float) -> float | None:
        """Return the power in kW at the time `at`. Return None before two pulses have come.

        The power falls while no pulse comes.
        """
        return self._power.kw(at)

    def begin_line(self) -> None:
        """Prepare for an incomplete first line, because the port was just opened."""
        self._lines.start_anew()
        self._running.start_anew()
        self._is_first = True

    def start_anew(self) -> None:
        """Forget the power and an unfinished line, because the port was lost.

        Pulses may have been missed, and the first line of the reopened port may be incomplete.
        """
        self.begin_line()
        self._power = PulsePower(self._pulses_per_kwh)

    def feed(self, data: bytes, at: float) -> list[Pulses]:
        """Count the pulses in the lines that `data` completes. Return the contents of the lines."""
        read = []
        for line in self._lines.feed(data):
            read.append(self._read_line(line, at, is_whole=not self._is_first))
            self._is_first = False
        return self._add(read, at)

    def read_line(self, text: str, at: float) -> list[Pulses]:
        """Count the pulses in a complete line. Return a list with the content of this line.

        The list is empty if the line has neither a pulse nor a running count.
        """
        return self._add([self._read_line(text, at)], at)

    def read_count(self, text: str, at: float, *, is_old: bool = False) -> list[Pulses]:
        """Count the pulses since the last running count. Return a list with one item.

        The item has the number of new pulses and the running count in `text`. The list is empty if
        `text` is not a running count. With `is_old`, the board perhaps sent `text` before the last
        count. So a count that is lower than the last count gives no pulses.
        """
        is_whole = not is_old or self._running.count is None
        return self._add([self._read_count(text, at, is_whole=is_whole)], at)

    def read_own_count(self, text: str, at: float) -> list[Pulses]:
        """Count the new pulses of a helper in Home Assistant (counter or input_number).

        Return the same as `read_count`. The helper's number falls if a user lowers it, or if a
        crash of Home Assistant restores an older number. The counting then restarts from the lower
        number, and the fall itself gives no pulses.
        """
        self._running.begin_below(parse_count(text))
        return self.read_count(text, at)

    def read_pulse(self, at: float) -> list[Pulses]:
        """Count one pulse. Return a list with this pulse."""
        return self._add([Pulses(1)], at)

    def _add(self, read: list[Pulses | None], at: float) -> list[Pulses]:
        events = [event for event in read if event]
        pulses = sum(event.pulses for event in events)
        self.pulses += pulses
        if pulses:
            self._power.add(pulses, at)
        elif any(event.count == self._running.count for event in events):
            self._power.note_standstill()
        return events

    def _read_line(self, text: str, at: float, *, is_whole: bool = True) -> Pulses | None:
        if not _is_number(text):
            return None if self.is_counting else Pulses(1)
        event = self._read_count(text, at, is_whole=is_whole)
        is_one = event is not None and event.count == 1 and not self.is_counting
        self._ones = self._ones + 1 if is_one else 0
        if self._ones < _MIN_ONES:
            return event
        return Pulses(self._ones if self._ones == _MIN_ONES else 1)

    def _read_count(self, text: str, at: float, *, is_whole: bool = True) -> Pulses | None:
        if (count := parse_count(text)) is None:
            return None
        pulses = self._running.accept(count, at, is_whole=is_whole) or 0
        self.is_counting |= pulses > 0
        return Pulses(pulses, count)
