"""Stories, one in each row of a test's table: the state of a house, events, and what must come.

    grid | 12:00 L1=230 L2=254, 12:00:50 L2=255, 12:01 L2=256 | 12:01 voltage_outside L2 256 12:00

The messages about the grid are on. At 12:00, phase L2 has 254 V, and a minute later a message says
that L2 has 256 V, and is outside of its range since 12:00. How to write a story:
- Write down what must come before you run it, and above it the reason, with numbers by hand.
- Aim at 100 characters. An empty first cell is that of the row above; a backslash ends a line that
  goes on.
- Commas divide events. An event is a time and words, which the class of the room explains. All else
  stays as it was. Each full minute between two events is a look, and so is a time without a word.
- `07:00` is the next 7:00 of Luxembourg's clock, `18T07:00` is on the 18th, and `31` is noon of the
  31st, perhaps in the next month. `=11:00` sets the clock. `5..9` is noon of each day from the 5th
  on, `01:10..05:10/60` a time each 60 minutes. `3x` before an event repeats it.
- What must come has a time, unless it comes with its neighbour, then a name and values. The last
  values may be left out, and `-` is no value. A time on the first day has no day. Nothing else may
  come.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from itertools import zip_longest

from smartyp1.history.luxembourg_time import DAY, LUXEMBOURG

from .table import rows

MINUTE = timedelta(minutes=1)


def stories(*tables: str) -> list[tuple[str, ...]]:
    """Return the rows of tables, each with the state that an empty first cell leaves out."""
    found = list[tuple[str, ...]]()
    for state, *more in rows("\n".join(tables)):
        found.append((state or found[-1][0], *more))
    return found


class Story:
    """Time in a story. The class of a room changes its house, looks at it and notes what comes."""

    def __init__(self, day: str = "2026-11-17") -> None:
        self.now = self.first = datetime.fromisoformat(day).replace(tzinfo=LUXEMBOURG)
        self._month = self.now.replace(day=1)
        self._came: list[tuple[datetime, list[str]]] = []

    @property
    def local(self) -> datetime:
        """Return the time of Luxembourg's clock."""
        return self.now.astimezone(LUXEMBOURG)

    def begin(self) -> None:
        """Begin the story, at the time of its first event."""

    def look(self) -> None:
        """Look at the time."""

    def change(self, words: Sequence[str]) -> None:
        """Do what the words of an event say."""
        raise NotImplementedError

    def wait(self, until: datetime) -> None:
        """Let time pass."""
        self.now = until

    def note(self, name: str, values: Iterable[str | float | datetime]) -> None:
        """Note what comes now."""
        self._came.append((self.now, [name, *map(self._word, values)]))

    def check(self, events: str, expected: str) -> None:
        """Let the events happen. Fail unless what comes is what must come."""
        self._tell(events)
        came = self._text(expected)
        assert came == expected, f"{events} | {came}"

    def time(self, text: str, after: datetime | None = None) -> datetime:
        """Return the next time that a text says."""
        now = (after or self.now).astimezone(LUXEMBOURG)
        day, _, clock = text.rpartition("T") if ":" in text else (text, "", "12:00")
        date = self._month + (int(day) - 1) * DAY if day else now
        at = datetime.combine(date, time.fromisoformat(clock), LUXEMBOURG)
        return (at if day or at >= now else at + DAY).astimezone(UTC)

    def _tell(self, events: str) -> None:
        repeated = re.sub(r"(\d+)x ([^,]+)", lambda x: ", ".join([x[2]] * int(x[1])), events)
        steps = [event.split() for event in repeated.split(", ")]
        self.now = next(self._times(steps[0][0]))
        self.first = self.local
        self.begin()
        for when, *words in steps:
            for at in self._times(when):
                while (minute := self.now.replace(second=0) + MINUTE) < at:
                    self.wait(minute)
                    self.look()
                self.wait(at)
                if words:
                    self.change(words)
                else:
                    self.look()

    def _times(self, text: str) -> Iterator[datetime]:
        if text[0] == "=":
            self.now = self.time(text[1:], self.local.replace(hour=0, minute=0))
        first, _, last = text.removeprefix("=").partition("..")
        last, _, minutes = last.partition("/")
        at = self.time(first)
        end = self.time(last, at) if last else at
        while at <= end:
            yield at
            at += int(minutes) * MINUTE if minutes else DAY

    def _text(self, expected: str) -> str:
        """Return what came, with as many values as the expected text has."""
        parts, before = list[str](), ""
        wanted = [part.split() for part in expected.split(", ")][: len(self._came)]
        for (at, came), want in zip_longest(self._came, wanted):
            clock = self._clock(at)
            count = len(want) - want[0][0].isdigit() if want else len(came)
            words = [*came, *"-" * count][:count]
            parts.append(" ".join(words if clock == before else [clock, *words]))
            before = clock
        return ", ".join(parts)

    def _word(self, value: str | float | datetime) -> str:
        if isinstance(value, datetime):
            return self._clock(value)
        return value.replace(" ", "") if isinstance(value, str) else f"{round(value, 3):g}"

    def _clock(self, at: datetime) -> str:
        local = at.astimezone(LUXEMBOURG)
        clock, days = f"{local.time()}".removesuffix(":00"), local.date() - self.first.date()
        return f"{self.first.day + days.days}T{clock}".removesuffix("T12:00") if days else clock
