"""What `watch` knows of a port, and how it is said in words: no I/O, no clock, no terminal."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto
from typing import NamedTuple

from smartyp1.p1 import (
    CONTROL_STATES,
    MBUS_FIELDS,
    OBJECTS,
    Capture,
    Event,
    MBusReading,
    Reason,
    Rejection,
    Telegram,
    Value,
)
from smartyp1.port import (
    LinkError,
    PortBusyError,
    PortClosedError,
    PortNotFoundError,
    PortPermissionError,
    PortSilentError,
    PortUnreachableError,
)

from .rejection_words import EXPLANATIONS

# A meter sends every ten seconds.
LATE = 15.0
_LONGEST_TEXT = 1024
_LONGEST_DETAIL = 120
_LONGEST_PORT = 60
_LONGEST_INDEX = 24

_LOSSES: dict[type[LinkError], str] = {
    PortNotFoundError: "no such device, host or service",
    PortUnreachableError: "the port does not answer",
    PortPermissionError: "this user may not open the port",
    PortBusyError: "another program holds the port",
    PortClosedError: "the port was lost",
    PortSilentError: "nothing received: is the cable plugged in, is the meter's port active?",
}
_CONTROL_STATES = (":96.3.10", f":{MBUS_FIELDS['valve'].suffix}")
# What a line says of a telegram.
_ENERGY_AND_POWER = ("1-0:1.8.0", "1-0:2.8.0", "1-0:1.7.0", "1-0:2.7.0")


class Level(Enum):
    """How good or bad a condition is."""

    GOOD = auto()
    WAITING = auto()
    WRONG = auto()


class Condition(NamedTuple):
    """How the port is doing, in words."""

    text: str
    level: Level


@dataclass
class Known:
    """All that is known of a port; times are seconds of a clock that only goes forward."""

    port: str
    """The address, without its secrets."""
    is_open: bool = False
    error: LinkError | None = None
    received: int = 0
    silent_since: float = 0.0
    searched_since: float = 0.0
    telegram: Telegram | None = None
    telegram_at: float = 0.0
    rejected: Counter[Reason] = field(default_factory=Counter)
    rejection: Reason | None = None
    """Why the last frame was rejected, until a telegram comes."""

    def open(self, now: float) -> None:
        """Record that the port was opened."""
        # A silent port is opened anew now and then, which makes it no better.
        if not isinstance(self.error, PortSilentError):
            self.silent_since = self.searched_since = now
            self.error = None
        self.is_open = True

    def lose(self, error: LinkError) -> None:
        """Record that the port was lost, or could not be opened."""
        self.is_open = False
        self.error = error

    def receive(self, size: int, events: Sequence[Event], now: float) -> None:
        """Record that bytes came, and what they completed."""
        self.received += size
        self.silent_since = now
        self.error = None
        for event in events:
            if isinstance(event, Rejection):
                self.rejected[event.reason] += 1
                self.rejection = event.reason
            else:
                self.telegram = event
                self.telegram_at = self.searched_since = now
                self.rejection = None


def condition(known: Known, now: float) -> Condition:
    """Return what is wrong, or that nothing is."""
    if problem := _problem(known, now):
        return Condition(problem, Level.WRONG)
    if not known.is_open:
        return Condition("opening the port", Level.WAITING)
    if known.telegram is None:
        return Condition("waiting for the first telegram", Level.WAITING)
    return Condition("reading", Level.GOOD)


def _problem(known: Known, now: float) -> str | None:
    if known.error:
        return f"{_LOSSES.get(type(known.error), 'the port was lost')}; trying again"
    if not known.is_open:
        return None
    if known.rejection:
        return EXPLANATIONS[known.rejection]
    if now - known.silent_since > LATE:
        return _LOSSES[PortSilentError]
    if now - known.searched_since > LATE:
        return "bytes arrive, but no telegram can be found in them"
    return None


def summary(known: Known, now: float) -> str:
    """Return what is wrong, what was rejected, and how old the last telegram is."""
    counts = ", ".join(
        f"{reason.replace('_', ' ')} {count}" for reason, count in known.rejected.items()
    )
    age = f"last telegram {_duration(now - known.telegram_at)} ago" if known.telegram else (
        f"no telegram yet, {known.received} bytes received"
    )  # fmt: skip
    rejected = f"rejected: {counts}" if counts else "nothing rejected"
    port = clean(known.port, _LONGEST_PORT)
    # The system's own words come last, where they may be cut.
    detail = f" ({clean(str(known.error), _LONGEST_DETAIL)})" if known.error else ""
    return f"{condition(known, now).text}; {rejected}; {age}; {port}{detail}"


def line(telegram: Telegram) -> str:
    """Return the most important of a telegram in one line."""
    values = [
        f"{OBJECTS[reference].name} {object_text(reference, telegram.objects[reference])}"
        for reference in _ENERGY_AND_POWER
        if reference in telegram.objects
    ]
    values += [
        f"{channel} {channel_type(reading)} {channel_value(reading)}"
        for channel, reading in telegram.channels.items()
    ]
    time = value_text(telegram.time, None)
    return f"{time} {clean(telegram.serial_number or '-')}: {', '.join(values)}"


def object_text(reference: str, value: Value) -> str:
    """Return the value of an object as a person reads it."""
    if isinstance(value, int) and reference.endswith(_CONTROL_STATES):
        return control_state(value)
    known = OBJECTS.get(reference)
    return clean(value_text(value, known.unit if known else None))


def control_state(state: int) -> str:
    """Return the state of a breaker, relay or valve in words."""
    return CONTROL_STATES.get(state, str(state)).replace("_", " ")


def channel_type(reading: MBusReading) -> str:
    """Return what a meter on the M-Bus measures."""
    return reading.type.replace("_", " ")


def channel_value(reading: MBusReading) -> str:
    """Return the index of a meter on the M-Bus."""
    return clean(value_text(reading.value, reading.unit), _LONGEST_INDEX)


def value_text(value: Value, unit: str | None) -> str:
    """Return a value as a person reads it; an unknown one as a dash."""
    match value:
        case None | "":
            return "-"
        case datetime():
            return value.isoformat(sep=" ")
        case Capture(time=time, value=index, unit=sent_unit):
            return f"{value_text(index, sent_unit)} at {value_text(time, None)}"
        case tuple():
            return ", ".join(value_text(part, unit) for part in value)
        case _:
            return f"{value} {unit}" if unit else str(value)


def clean(text: str, longest: int = _LONGEST_TEXT) -> str:
    """Return a text without what a terminal would obey, and no longer than `longest`."""
    shown = "".join(sign if sign.isprintable() else "?" for sign in text[: longest + 1])
    return shown if len(shown) <= longest else f"{shown[: longest - 3]}..."


def _duration(seconds: float) -> str:
    if seconds < 120:  # noqa: PLR2004
        return f"{seconds:.0f} s"
    if seconds < 2 * 3600:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h"
