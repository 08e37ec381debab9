"""Records a port for a while, and writes what was recorded without what is nobody's business."""

import asyncio
import sys
import time
from contextlib import suppress
from pathlib import Path
from random import SystemRandom

from smartyp1.p1 import Opener
from smartyp1.port import Link, LinkError, redact_port

from .anonymous import Anonymous, Chunk, anonymise
from .capture_file import write_capture
from .watch_state import clean

# An hour of a meter that sends each second has 5 MB.
MAX_RECORDED = 8 * 1024 * 1024
MAX_CHUNKS = 200_000
_LONGEST_LINE = 76


async def record(url: str, minutes: float) -> list[Chunk]:
    """Return what the port at `url` sends within so many minutes, no more than MAX_RECORDED."""
    chunks: list[Chunk] = []
    full = asyncio.Event()
    room = MAX_RECORDED

    def on_data(data: bytes) -> None:
        nonlocal room
        if len(data) > room or len(chunks) == MAX_CHUNKS:
            full.set()
        elif not full.is_set():
            room -= len(data)
            chunks.append((time.monotonic(), data))
            link.confirm()

    def on_lost(error: LinkError) -> None:
        print(f"{redact_port(url)}: {clean(str(error))}; trying again", file=sys.stderr)

    link = Link(url, on_data, on_lost)
    running = asyncio.create_task(link.run())
    try:
        with suppress(TimeoutError):
            await asyncio.wait_for(full.wait(), minutes * 60)
            print("enough was recorded to fill a file", file=sys.stderr)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    return chunks


def capture(url: str, opener: Opener | None, file: Path, minutes: float, *, is_sure: bool) -> int:
    """Record, show what the file will hold, and write it when whoever looks at it agrees."""
    print(f"recording {redact_port(url)} for {minutes:g} minutes")
    chunks = asyncio.run(record(url, minutes))
    made = anonymise(chunks, opener, SystemRandom())
    if not made.telegrams:
        size = sum(len(data) for _, data in chunks)
        print(f"no telegram in {size} bytes: nothing is written", file=sys.stderr)
        return 1
    text = write_capture(made)
    _show(made, len(text))
    if not is_sure and not _agrees():
        print("nothing is written")
        return 1
    # Never over another one.
    with file.open("x", encoding="ascii", newline="\n") as stream:
        stream.write(text)
    return 0


def _show(made: Anonymous, size: int) -> None:
    print(f"The last of {len(made.telegrams)} telegrams, as the file will hold it:\n")
    for line in made.telegrams[-1].decode("latin-1").splitlines():
        print(f"  {clean(line, _LONGEST_LINE)}")
    print("\nReplaced, how often:\n")
    for name, count in made.replaced.items():
        if count:
            print(f"  {count:>8}  {name}")
    sealed = "sealed with a published key" if made.is_encrypted else "not encrypted"
    print(f"\n{len(made.chunks)} chunks, {size} bytes, {sealed}.")


def _agrees() -> bool:
    try:
        return input("Write the file? [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        return False
