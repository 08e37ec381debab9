"""What `watch` knows of a port, and how it is said in words: no I/O, no clock, no terminal."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from smartyp1 import p1, port

from .rejection_words import EXPLANATIONS

# A meter sends every ten seconds.
LATE = 15.0
GOOD, WAITING, WRONG = "bold green", "bold yellow", "bold red"
_LOSSES: dict[type[port.LinkError], str] = {
    port.PortNotFoundError: "no such device, host or service",
    port.PortUnreachableError: "the port does not answer",
    port.PortPermissionError: "this user may not open the port",
    port.PortBusyError: "another program holds the port",
    port.PortSilentError: "nothing received: is the cable plugged in, is the meter's port active?",
}
_CONTROL_STATES = (":96.3.10", f":{p1.MBUS_FIELDS['valve'].suffix}")
# The objects of which a line tells.
_ENERGY_AND_POWER = ("1-0:1.8.0", "1-0:2.8.0", "1-0:1.7.0", "1-0:2.7.0")


@dataclass
class PortStatus:
    """All that is known of a port, whose address has no secrets; times are of a steady clock."""

    address: str
    is_open: bool = False
    error: port.LinkError | None = None
    received: int = 0
    silent_since: float = 0.0
    searched_since: float = 0.0
    telegram: p1.Telegram | None = None
    telegram_at: float = 0.0
    rejected: Counter[p1.Reason] = field(default_factory=Counter)
    rejection: p1.Reason | None = None
    """Why the last frame was rejected, until a telegram comes."""

    def open(self, now: float) -> None:
        """Record that the port was opened."""
        # A silent port is opened anew now and then, which makes it no better.
        if not isinstance(self.error, port.PortSilentError):
            self.silent_since = self.searched_since = now
            self.error = None
        self.is_open = True

    def lose(self, error: port.LinkError) -> None:
        """Record that the port was lost, or could not be opened."""
        self.is_open = False
        self.error = error

    def receive(self, size: int, events: Sequence[p1.Event], now: float) -> None:
        """Record that bytes came, and what they completed."""
        self.received += size
        self.silent_since = now
        self.error = None
        for event in events:
            if isinstance(event, p1.Rejection):
                self.rejected[event.reason] += 1
                self.rejection = event.reason
            else:
                self.telegram = event
                self.telegram_at = self.searched_since = now
                self.rejection = None


def condition(known: PortStatus, now: float) -> tuple[str, str]:
    """Return how the port is doing in words, and the style that says how bad that is."""
    if known.error:
        return f"{_LOSSES.get(type(known.error), 'the port was lost')}; trying again", WRONG
    if not known.is_open:
        return "opening the port", WAITING
    if known.rejection:
        return EXPLANATIONS[known.rejection], WRONG
    if now - known.silent_since > LATE:
        return _LOSSES[port.PortSilentError], WRONG
    if now - known.searched_since > LATE:
        return "bytes arrive, but no telegram can be found in them", WRONG
    return ("reading", GOOD) if known.telegram else ("waiting for the first telegram", WAITING)


def summary(known: PortStatus, now: float) -> str:
    """Return what is wrong, what was rejected, and how old the last telegram is."""
    counts = [f"{reason.replace('_', ' ')} {count}" for reason, count in known.rejected.items()]
    rejected = f"rejected: {', '.join(counts)}" if counts else "nothing rejected"
    age = f"no telegram yet, {known.received} bytes received"
    if known.telegram:
        seconds = now - known.telegram_at
        units = [(3600, "h"), (60, "min"), (1, "s")]
        size, unit = next((each for each in units if seconds >= 2 * each[0]), units[-1])
        age = f"last telegram {seconds / size:.0f} {unit} ago"
    # The system's own words come last, where they may be cut.
    detail = f" ({clean(str(known.error), 120)})" if known.error else ""
    return f"{condition(known, now)[0]}; {rejected}; {age}; {clean(known.address, 60)}{detail}"


def line(telegram: p1.Telegram) -> str:
    """Return the most important of a telegram in one line."""
    values = [
        f"{p1.OBJECTS[reference].name} {object_text(reference, telegram.objects[reference])}"
        for reference in _ENERGY_AND_POWER
        if reference in telegram.objects
    ]
    values += [f"{name} {index}" for name, index in channel_texts(telegram)]
    start = f"{_text(telegram.time, None)} {clean(telegram.serial_number or '-')}"
    return f"{start}: {', '.join(values)}"


def channel_texts(telegram: p1.Telegram) -> list[tuple[str, str]]:
    """Return the number and type of each meter on the M-Bus, and its index."""
    return [
        (f"{channel} {each.type.replace('_', ' ')}", clean(_text(each.value, each.unit), 24))
        for channel, each in telegram.channels.items()
    ]


def object_text(reference: str, value: p1.Value) -> str:
    """Return the value of an object as a person reads it; an unknown one as a dash."""
    if isinstance(value, int) and reference.endswith(_CONTROL_STATES):
        return p1.CONTROL_STATES.get(value, str(value)).replace("_", " ")
    known = p1.OBJECTS.get(reference)
    return clean(_text(value, known.unit if known else None))


def _text(value: p1.Value, unit: str | None) -> str:
    match value:
        case None | "":
            return "-"
        case datetime():
            return value.isoformat(sep=" ")
        case p1.Capture(time=time, value=index, unit=sent_unit):
            return f"{_text(index, sent_unit)} at {_text(time, None)}"
        case tuple():
            return ", ".join(_text(part, unit) for part in value)
        case _:
            return f"{value} {unit}" if unit else str(value)


def clean(text: str, longest: int = 1024) -> str:
    """Return a text without what a terminal would obey, and no longer than `longest`."""
    shown = "".join(sign if sign.isprintable() else "?" for sign in text[: longest + 1])
    return shown if len(shown) <= longest else f"{shown[: longest - 3]}..."
