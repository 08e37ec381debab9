"""A live table of a port's telegrams in the terminal."""

import asyncio
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from .decoder import Decoder, Rejection
from .errors import LinkError
from .link import Link, redact_port
from .obis import OBJECTS
from .telegram import Telegram
from .values import Capture, Value

_CLEAR = "\x1b[H\x1b[J"


def format_value(value: Value, unit: str | None) -> str:
    """Return a value as a person reads it; an unknown one as a dash."""
    match value:
        case None | "":
            return "-"
        case datetime():
            return value.isoformat(sep=" ")
        case Capture(time=time, value=index, unit=sent_unit):
            return f"{format_value(index, sent_unit)} at {format_value(time, None)}"
        case tuple():
            return ", ".join(format_value(part, unit) for part in value)
        case _:
            # A meter may say anything in its texts; a terminal would obey some of it.
            text = "".join(sign if sign.isprintable() else "?" for sign in str(value))
            return f"{text} {unit}" if unit else text


def table(telegram: Telegram) -> Iterator[str]:
    """Return the lines of a table of everything in `telegram`."""
    yield f"{telegram.identification}   meter {telegram.serial_number or '-'}"
    yield f"{format_value(telegram.time, None)}   frame counter {telegram.frame_counter}"
    yield ""
    for reference, value in telegram.objects.items():
        known = OBJECTS.get(reference)
        name, unit = (known.name, known.unit) if known else ("", None)
        yield f"{reference:<14} {name:<34} {format_value(value, unit)}"
    yield ""
    for channel, reading in telegram.channels.items():
        shown = format_value(reading.value, reading.unit)
        captured = format_value(reading.time, None)
        yield f"channel {channel}: {reading.type} {reading.serial_number}: {shown} ({captured})"


async def watch(url: str, decoder: Decoder) -> None:
    """Show the telegrams of the port at `url` until cancelled."""
    rejected: Counter[str] = Counter()
    telegram: Telegram | None = None
    state = "waiting for the first telegram"

    def show() -> None:
        lines = list(table(telegram)) if telegram else []
        counts = ", ".join(f"{reason} {count}" for reason, count in rejected.items())
        lines.append(f"{redact_port(url)}: {state}; rejected: {counts or 'none'}")
        # In a file or a pipe the tables follow each other.
        start = _CLEAR if sys.stdout.isatty() else ""
        sys.stdout.write(start + "\n".join(lines) + "\n")
        sys.stdout.flush()

    def on_data(data: bytes) -> None:
        nonlocal telegram, state
        events = decoder.feed(data)
        for event in events:
            if isinstance(event, Rejection):
                rejected[event.reason] += 1
            else:
                telegram = event
                state = "connected"
        if events:
            show()

    def on_lost(error: LinkError) -> None:
        nonlocal state
        state = f"lost: {error}"
        show()

    show()
    link = asyncio.create_task(Link(url, on_data, on_lost).run())
    await link
