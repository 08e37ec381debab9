"""Texts for people about a P1 port and its telegrams. The module uses no I/O, clock or terminal."""

from datetime import datetime

from smartyp1.failure_detection import ReadingProblem
from smartyp1.p1.obis import OBJECTS
from smartyp1.p1.telegram import Telegram
from smartyp1.p1.value_converters import Value
from smartyp1.port.errors import (
    LinkError,
    PortBusyError,
    PortNotFoundError,
    PortPermissionError,
    PortSilentError,
    PortUnreachableError,
)

from .rejection_texts import EXPLANATIONS
from .watch_state import WatchState

# Longest interval between two telegrams in seconds. A meter sends every ten seconds, so a longer
# silence is a fault.
MAX_TELEGRAM_INTERVAL_S = 15.0
_LOSSES: dict[type[LinkError], str] = {
    PortNotFoundError: "no such device, host or service",
    PortUnreachableError: "the port does not answer",
    PortPermissionError: "this user may not open the port",
    PortBusyError: "another program holds the port",
    PortSilentError: "nothing received: is the cable plugged in, is the meter's port active?",
}
# Only these: other problems are not those of unread bytes.
_UNREAD = {
    ReadingProblem.DAMAGED: "bytes arrive, but altered or cut on the way: check gateway and cable",
    ReadingProblem.BYTES_AS_TEXT: "bytes arrive as text: let the gateway send them unchanged",
    ReadingProblem.NOT_P1: "bytes arrive, but no telegram: inverted, or another device",
}
# OBIS references of the objects that a telegram's line shows.
_ENERGY_AND_POWER = ("1-0:1.8.0", "1-0:2.8.0", "1-0:1.7.0", "1-0:2.7.0")


def condition(status: WatchState, now: float) -> str:
    """Return the port's condition as a text."""
    if status.error:
        return f"{_LOSSES.get(type(status.error), 'the port was lost')}; trying again"
    if not status.is_open:
        return "opening the port"
    if status.rejection:
        return EXPLANATIONS[status.rejection]
    if now - status.silent_since > MAX_TELEGRAM_INTERVAL_S:
        return _LOSSES[PortSilentError]
    if now - status.searched_since > MAX_TELEGRAM_INTERVAL_S:
        # A telegram came from this port, so other bytes are altered bytes of its meter.
        problem = ReadingProblem.DAMAGED if status.telegram else ReadingProblem.NOT_P1
        return _UNREAD[status.unread.problem or problem]
    return "reading" if status.telegram else "waiting for the first telegram"


def summary(status: WatchState, now: float) -> str:
    """Return the condition, the rejections and the age of the last telegram as one line."""
    counts = [f"{reason.replace('_', ' ')} {count}" for reason, count in status.rejected.items()]
    rejected = f"rejected: {', '.join(counts)}" if counts else "nothing rejected"
    age = f"no telegram yet, {status.received} bytes received"
    if status.telegram:
        seconds = now - status.telegram_at
        units = [(3600, "h"), (60, "min"), (1, "s")]
        size, unit = next(
            (size_and_unit for size_and_unit in units if seconds >= 2 * size_and_unit[0]), units[-1]
        )
        age = f"last telegram {seconds / size:.0f} {unit} ago"
    # If the line is too long, its end is cut off. So the message of the operating system comes
    # last.
    detail = f" ({clean(str(status.error), 120)})" if status.error else ""
    return f"{condition(status, now)}; {rejected}; {age}; {clean(status.address, 60)}{detail}"


def line(telegram: Telegram) -> str:
    """Return the main values of a telegram as one line."""
    values = [
        f"{OBJECTS[reference].name} "
        + clean(_text(telegram.objects[reference], OBJECTS[reference].unit))
        for reference in _ENERGY_AND_POWER
        if reference in telegram.objects
    ]
    for channel, reading in telegram.channels.items():
        kind = reading.type.replace("_", " ")
        values.append(f"{channel} {kind} {clean(_text(reading.value, reading.unit), 24)}")
    start = f"{_text(telegram.time, None)} {clean(telegram.serial_number or '-')}"
    return f"{start}: {', '.join(values)}"


def _text(value: Value, unit: str | None) -> str:
    match value:
        case None | "":
            return "-"
        case datetime():
            return value.isoformat(sep=" ")
        case _:
            return f"{value} {unit}" if unit else str(value)


def clean(text: str, max_length: int = 1024) -> str:
    """Return a text without control characters, and with at most `max_length` characters."""
    shown = "".join(sign if sign.isprintable() else "?" for sign in text[: max_length + 1])
    return shown if len(shown) <= max_length else f"{shown[: max_length - 3]}..."
