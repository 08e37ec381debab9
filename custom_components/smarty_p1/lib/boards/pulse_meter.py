"""The LED of a meter: each blink is a fixed energy, which a board sees and passes on.

A board sends a line per pulse, empty or of any text, or its running count as a number. What it
sends shows which: numbers that rise are a running count, and from then on a text is no pulse
(a board greets when it starts); before, each text is one. The same number again and again is a
count that stands still; but a 1 that came `_ENOUGH` times, and never more, is a pulse each time.

Times are in seconds, of a clock that goes on while this program is not running.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from .line_splitter import LineSplitter
from .power import PulsePower
from .running_count import RunningCount, parse_count

_ENOUGH = 10
_is_number = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]*)?").fullmatch


@dataclass(frozen=True, slots=True)
class Pulses:
    """What a line said: new pulses, none perhaps, and the running count if it was one."""

    pulses: int
    count: int | None = None


class PulseMeter:
    """Counts the energy and follows the power behind pulses.

    `pulses` is their number until now, `pulses_per_kwh` what is printed on the meter.
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
        """Go on from what `as_dict` returned, with other pulses per kWh from now on if need be."""
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
        """Return everything that is to survive a restart, as JSON knows it."""
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
        """Return the total; it never falls but by `set_energy`."""
        return self._base_kwh + (self.pulses - self._base_pulses) / self._pulses_per_kwh

    def set_energy(self, kwh: float) -> None:
        """Set the total to what the meter shows."""
        self._base_kwh, self._base_pulses = kwh, self.pulses

    def begin_at(self, count: int, at: float) -> None:
        """Count from a running count that was seen before."""
        self._running = RunningCount(self._pulses_per_kwh, count, at)
        # Some boards send a 1 for each pulse.
        self.is_counting = count > 1

    def power_kw(self, at: float) -> float | None:
        """Return the power: None before two pulses, and less and less while none comes."""
        return self._power.kw(at)

    def begin_line(self) -> None:
        """Expect that the next line has lost its beginning: the port was opened."""
        self._lines.start_anew()
        self._running.start_anew()
        self._is_first = True

    def start_anew(self) -> None:
        """Expect that pulses have been missed, too: the port was lost."""
        self.begin_line()
        self._power = PulsePower(self._pulses_per_kwh)

    def feed(self, data: bytes, at: float) -> list[Pulses]:
        """Read the next bytes of a line, any number; return what its lines say."""
        read = []
        for line in self._lines.feed(data):
            read.append(self._read_line(line, at, is_whole=not self._is_first))
            self._is_first = False
        return self._add(read, at)

    def read_line(self, text: str, at: float) -> list[Pulses]:
        """Read a line that came as a whole; return what it says."""
        return self._add([self._read_line(text, at)], at)

    def read_count(self, text: str, at: float, *, is_old: bool = False) -> list[Pulses]:
        """Read a running count, which may be older than the last; any other text says nothing."""
        is_whole = not is_old or self._running.count is None
        return self._add([self._read_count(text, at, is_whole=is_whole)], at)

    def read_own_count(self, text: str, at: float) -> list[Pulses]:
        """Read the count of what is no board: a lower one was set, and no pulse came."""
        self._running.begin_below(parse_count(text))
        return self.read_count(text, at)

    def read_pulse(self, at: float) -> list[Pulses]:
        """Count one pulse."""
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
        if self._ones < _ENOUGH:
            return event
        return Pulses(self._ones if self._ones == _ENOUGH else 1)

    def _read_count(self, text: str, at: float, *, is_whole: bool = True) -> Pulses | None:
        if (count := parse_count(text)) is None:
            return None
        pulses = self._running.accept(count, at, is_whole=is_whole) or 0
        self.is_counting |= pulses > 0
        return Pulses(pulses, count)
