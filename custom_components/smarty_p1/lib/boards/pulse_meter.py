"""Energy and power of a meter, computed from the pulses of its LED.

A meter's LED blinks once for each fixed amount of energy, and a board reports the pulses.

Some boards send a line for every pulse, empty or with any text. Other boards send a running count,
or the state of their input. The lines tell the kind of board:

- Numbers that rise are a running count. A repeated number is a count that has not risen.
- Until the first rise, every line without a number is a pulse. After the first rise, such a line is
  not a pulse, because boards send a greeting when they start.
- If the number 1 comes `_MIN_ONES` times in a row before any rise, every 1 is a pulse.
- ON and OFF, true and false, closed and open: each change to the first word of the pair is a pulse.
  If that word comes `_MIN_ONES` times in a row before the other word has come, each is a pulse.
- A JSON object or array is not a pulse, unless the `MessageForm` says so. The form can also name
  the value in the object that is counted.

Times are in seconds of a clock that continues while this program is stopped.
"""

import re
from dataclasses import dataclass
from typing import Annotated, Self

from ..json_types import JsonDict
from ..stored_json import Range, dump, load
from ..stored_values import Stored
from .board_message import (
    MAX_MESSAGE_CHARS,
    Counted,
    Json,
    MessageForm,
    MessageSurvey,
    active_word,
    is_no_value,
    parse_json,
    parse_state,
    value_at,
)
from .running_count import RecentRate, RunningCount, parse_count

MAX_LINE_SIZE = 256

_LINE_ENDS = frozenset(b"\r\n")


class LineSplitter:
    """Splitter of a board's bytes into lines, which end in CR, LF, CR LF or LF CR.

    Lines of more than `MAX_LINE_SIZE` bytes or with unprintable characters are dropped as noise.
    """

    def __init__(self) -> None:
        self.start_anew()

    def start_anew(self) -> None:
        """Forget the unfinished line. The next bytes begin a new line."""
        self._line = bytearray()
        self._is_too_long = False
        self._line_end: int | None = None

    def feed(self, data: bytes) -> list[str]:
        """Return the lines that `data` completes, without their line ends."""
        lines = []
        for byte in data:
            if byte not in _LINE_ENDS:
                self._line_end = None
                if len(self._line) < MAX_LINE_SIZE:
                    self._line.append(byte)
                else:
                    self._is_too_long = True
            elif self._line_end in {None, byte}:
                lines += self._end_line()
                self._line_end = byte
            else:
                self._line_end = None  # this is the second byte of CR LF or LF CR
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
        """Record that the board has repeated its running count.

        Since the last pulse, less than the energy of one was used.
        """
        self._last_pulses = min(self._last_pulses, 1)


_MIN_ONES = 10
_is_number = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]*)?(?:[eE][+-]?[0-9]+)?").fullmatch


@dataclass(frozen=True, slots=True)
class Pulses:
    """Content of a board's line: the number of new pulses, and the running count.

    The count is None if the line has no running count. The count of a state is 1 or 0.
    """

    pulses: int
    count: int | None = None


@dataclass(frozen=True, slots=True)
class _State:
    """State of a pulse meter that survives a restart."""

    pulses: int
    pulses_per_kwh: Annotated[float, Range(1e-6)]
    base_kwh: float
    base_pulses: int
    is_counting: bool
    ones: int
    count: int | None
    counted_at: Annotated[float, Range(0)]
    recent_pulses: int = 0
    recent_s: Annotated[float, Range(0)] = 0.0

    def check_stored(self) -> None:
        """Raise ValueError if the pulses of `base_kwh` are more than all pulses."""
        if self.base_pulses > self.pulses:
            raise ValueError


class PulseMeter:
    """Meter whose LED is read. Its pulses give energy and power.

    `pulses` counts all pulses so far. `pulses_per_kwh` is printed on the meter. `is_counting` says
    whether the board sends a running count, or a state that changes. `form` says what is counted.
    `survey` has the values in JSON messages, unless `form` names one of them. `active_word` is the
    word that begins a pulse, if the board sends a state.
    """

    def __init__(self, pulses_per_kwh: float, form: MessageForm | None = None) -> None:
        self.form = form or MessageForm()
        self.survey = MessageSurvey()
        self.active_word: str | None = None
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
    def from_dict(
        cls, stored: Stored, pulses_per_kwh: float, form: MessageForm | None = None
    ) -> Self:
        """Return the meter from `stored`, the result of `as_dict`.

        New pulses count as 1 / `pulses_per_kwh` kWh each. Earlier pulses keep their energy. Raises
        ValueError for malformed data.
        """
        meter, state = cls(pulses_per_kwh, form), load(_State, stored)
        meter.pulses = meter._base_pulses = state.pulses
        meter._base_kwh = state.base_kwh
        if state.pulses_per_kwh == pulses_per_kwh:
            meter._base_pulses = state.base_pulses
        else:
            meter._base_kwh += (state.pulses - state.base_pulses) / state.pulses_per_kwh
        meter.is_counting, meter._ones = state.is_counting, state.ones
        rate = RecentRate(state.recent_pulses, state.recent_s, state.counted_at)
        meter._running = RunningCount(pulses_per_kwh, state.count, state.counted_at, rate)
        return meter

    def as_dict(self) -> JsonDict:
        """Return the state that must survive a restart, as JSON values."""
        running = self._running
        energy = self.pulses, self._pulses_per_kwh, self._base_kwh, self._base_pulses
        count = self.is_counting, self._ones, running.count, running.at
        stored: JsonDict = dump(_State(*energy, *count, running.rate.pulses, running.rate.seconds))
        return stored

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

    def read_line(self, text: str, at: float, *, is_old: bool = False) -> list[Pulses]:
        """Count the pulses in a complete line or message. Return a list with its content.

        The list is empty if the line has neither a pulse nor a running count nor a state. With
        `is_old`, the broker had retained the message: it is no new pulse, but a running count or a
        state in it is still right.
        """
        is_whole = not is_old or self._running.count is None
        return self._add([self._read_line(text, at, is_whole=is_whole, is_old=is_old)], at)

    def read_count(self, text: str, at: float) -> list[Pulses]:
        """Count the pulses since the last running count. Return a list with one item.

        The item has the number of new pulses and the running count in `text`. The list is empty if
        `text` is not a running count.
        """
        return self._add([self._read_count(text, at)], at)

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

    def _read_line(
        self, text: str, at: float, *, is_whole: bool = True, is_old: bool = False
    ) -> Pulses | None:
        text = _unquoted(text)
        if (content := parse_json(text)) is not None:
            return self._read_json(content, at, is_whole=is_whole, is_old=is_old)
        if self.form.path or len(text) > MAX_MESSAGE_CHARS:
            return None
        if _is_number(text):
            return self._read_number(text, at, is_whole=is_whole, is_old=is_old)
        if parse_state(text) is not None:
            return self._read_word(text, at, is_old=is_old)
        is_pulse = not (self.is_counting or is_old or is_no_value(text))
        return Pulses(1) if is_pulse else None

    def _read_number(self, text: str, at: float, *, is_whole: bool, is_old: bool) -> Pulses | None:
        event = self._read_count(text, at, is_whole=is_whole)
        is_one = event is not None and event.count == 1 and not self.is_counting
        return event if is_old else self._read_ones(event, is_one=is_one, counted=0)

    def _read_word(self, text: str, at: float, *, is_old: bool) -> Pulses | None:
        if self._running.count not in {None, 0, 1}:
            return None  # the board sends a running count, and this word is a greeting
        self.active_word = active_word(text)
        event = self._read_state(at, is_active=bool(parse_state(text)), is_old=is_old)
        is_one = event.count == 1 and not self.is_counting
        return event if is_old else self._read_ones(event, is_one=is_one, counted=1)

    def _read_ones(self, event: Pulses | None, *, is_one: bool, counted: int) -> Pulses | None:
        """Return `event`, or a pulse if the board sends the same 1 or active word for each pulse.

        `counted` is the number of pulses that the first of them has already given.
        """
        self._ones = self._ones + 1 if is_one else 0
        if self._ones < _MIN_ONES:
            return event
        return Pulses(self._ones - counted if self._ones == _MIN_ONES else 1)

    def _read_json(
        self, content: Json, at: float, *, is_whole: bool, is_old: bool
    ) -> Pulses | None:
        if not self.form.path:
            self.survey.add(content, is_old=is_old)
            is_pulse = self.form.counted is Counted.EACH and not (self.is_counting or is_old)
            return Pulses(1) if is_pulse else None
        value = value_at(content, self.form.path)
        if value is None:
            return None
        if self.form.counted is Counted.COUNT:
            return self._read_count(value, at, is_whole=is_whole)
        is_active = parse_state(value)
        return (
            None if is_active is None else self._read_state(at, is_active=is_active, is_old=is_old)
        )

    def _read_state(self, at: float, *, is_active: bool, is_old: bool) -> Pulses:
        """Store the state as the count 1 or 0. Return a pulse if it has changed to active.

        Boards send a message when the state changes. So the first active state is a pulse, too.
        """
        was_active = None if self._running.count is None else self._running.count == 1
        self._running.begin_at(int(is_active), at)
        self.is_counting |= was_active not in {None, is_active}
        return Pulses(int(is_active and not was_active and not is_old), int(is_active))

    def _read_count(self, text: str, at: float, *, is_whole: bool = True) -> Pulses | None:
        if (count := parse_count(text)) is None:
            return None
        pulses = self._running.accept(count, at, is_whole=is_whole) or 0
        self.is_counting |= pulses > 0
        return Pulses(pulses, count)


def _unquoted(text: str) -> str:
    """Return the content of a JSON string. Return other texts unchanged."""
    is_quoted = len(text) > 1 and text[0] == text[-1] == '"'
    return text[1:-1].strip() if is_quoted else text
