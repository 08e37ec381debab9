"""A live table of a port's telegrams in the terminal."""

import math
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from .decoder import Decoder, Rejection
from .errors import LinkError
from .link import Link
from .obis import OBJECTS
from .redaction import redact_port
from .telegram import Telegram
from .values import Capture, Value

_CLEAR = "\x1b[H\x1b[J"
_SHOW_INTERVAL = 1.0


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
            return f"{value} {unit}" if unit else str(value)


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


def _printable(line: str) -> str:
    # A meter may say anything in its texts; a terminal would obey some of it.
    return "".join(sign if sign.isprintable() else "?" for sign in line)


class _Screen:
    """What the terminal shows: the last telegram, and how the port is doing."""

    def __init__(self, url: str, decoder: Decoder) -> None:
        self.link = Link(url, self._on_data, self._on_lost)
        self._url = redact_port(url)
        self._decoder = decoder
        self._telegram: Telegram | None = None
        self._rejected: Counter[str] = Counter()
        self._state = "waiting for the first telegram"
        self._received = 0
        self._shown_at = -math.inf

    def show(self) -> None:
        """Write it all."""
        self._shown_at = time.monotonic()
        lines = list(table(self._telegram)) if self._telegram else []
        counts = ", ".join(f"{reason} {count}" for reason, count in self._rejected.items())
        lines.append(
            f"{self._url}: {self._state}; {self._received} bytes received; "
            f"rejected: {counts or 'none'}"
        )
        # In a file or a pipe the tables follow each other.
        start = _CLEAR if sys.stdout.isatty() else ""
        sys.stdout.write(start + "\n".join(map(_printable, lines)) + "\n")
        sys.stdout.flush()

    def _on_data(self, data: bytes) -> None:
        self._received += len(data)
        events = self._decoder.feed(data)
        for event in events:
            if isinstance(event, Rejection):
                self._rejected[event.reason] += 1
            else:
                self._telegram = event
                self._state = "connected"
                self.link.confirm()
        # Bytes in which nothing can be found are worth a line now and then, too.
        if events or time.monotonic() > self._shown_at + _SHOW_INTERVAL:
            self.show()

    def _on_lost(self, error: LinkError) -> None:
        self._state = f"lost: {error}"
        self.show()


async def watch(url: str, decoder: Decoder) -> None:
    """Show the telegrams of the port at `url` until cancelled."""
    screen = _Screen(url, decoder)
    screen.show()
    await screen.link.run()
