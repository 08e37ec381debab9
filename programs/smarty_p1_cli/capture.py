"""Command `capture`. It records a port and writes an anonymous capture file."""

import asyncio
import sys
import time
from contextlib import suppress
from pathlib import Path
from random import SystemRandom

from smartyp1.capture.anonymiser import Replaced, anonymise
from smartyp1.capture.capture_file import Recording, capture_text
from smartyp1.capture.summary import CaptureSummary, summarise
from smartyp1.p1.frame_decryptor import FrameDecryptor
from smartyp1.port.address_masking import redact_port
from smartyp1.port.errors import LinkError
from smartyp1.port.reconnecting_port import ReconnectingPort
from smartyp1.port.serial_port import normalise_port

from .watch_texts import clean

_REPLACED = {
    Replaced.TIMES: "times",
    Replaced.TOTALS: "totals",
    Replaced.MEASURED: "powers and currents",
    Replaced.MESSAGES: "messages",
    Replaced.TEXTS: "identifiers and what is not known",
    Replaced.TITLES: "system titles and frame counters",
    Replaced.UNOPENED: "bytes of frames that could not be opened",
    Replaced.NOISE: "bytes that are no telegram",
}

_WARNING = """\
The weekday, the time of day and the voltages are true. Whoever holds your quarter-hours with their
days (grid operator, Leneda) may recognize the house by the shape of the hour."""


async def record(url: str, minutes: float) -> Recording:
    """Return the bytes of a port in `minutes`, or in the time until the recording is full."""
    recording = Recording()
    full = asyncio.Event()

    def on_data(data: bytes) -> None:
        recording.add_chunk(time.monotonic(), data)
        if recording.is_full:
            full.set()
        else:
            link.confirm()

    def on_lost(error: LinkError) -> None:
        print(f"{redact_port(url)}: {clean(str(error))}; trying again", file=sys.stderr)

    link = ReconnectingPort(url, on_data, on_lost)
    running = asyncio.create_task(link.run())
    try:
        with suppress(TimeoutError):
            await asyncio.wait_for(full.wait(), minutes * 60)
            print("enough was recorded to fill a file", file=sys.stderr)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    return recording


def capture_port(  # noqa: PLR0913
    url: str,
    decryptor: FrameDecryptor | None,
    file: Path,
    minutes: float,
    *,
    keeps_message_forms: bool,
    is_sure: bool,
) -> int:
    """Record a port, and write the file after a confirmation. Return the exit status.

    With `is_sure`, the user is not asked for the confirmation.
    """
    url = normalise_port(url)
    print(f"recording {redact_port(url)} for {minutes:g} minutes")
    recording = asyncio.run(record(url, minutes))
    anonymous = anonymise(
        recording.chunks, decryptor, SystemRandom(), keeps_message_forms=keeps_message_forms
    )
    if not anonymous.telegrams:
        message = f"no telegram in {recording.size} bytes: nothing is written; `watch` says why"
        print(message, file=sys.stderr)
        return 1
    text = capture_text(anonymous)
    _show(summarise(anonymous), len(text))
    if not is_sure and not _agrees():
        print("nothing is written")
        return 1
    # Mode "x" raises an error if the file exists, so no file is overwritten.
    with file.open("x", encoding="ascii", newline="\n") as stream:
        stream.write(text)
    return 0


def _show(summary: CaptureSummary, size: int) -> None:
    print(f"The last of {summary.telegrams} telegrams, as the file will hold it:\n")
    for line in summary.last_telegram:
        print(f"  {line}")
    print("\nReplaced, how often:\n")
    for name, count in summary.replaced.items():
        print(f"  {count:>8}  {_REPLACED[name]}")
    form = "encrypted with a published key" if summary.is_encrypted else "not encrypted"
    print(f"\n{summary.chunks} chunks, {size} bytes, {form}.")
    print(f"\n{_WARNING}")


def _agrees() -> bool:
    try:
        return input("Write the file? [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        return False
