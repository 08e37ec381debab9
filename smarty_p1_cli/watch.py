"""A port's telegrams in the terminal: a live view of them, or one line per telegram."""

import asyncio
import math
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress

from smartyp1.p1 import Decoder, Telegram
from smartyp1.port import Link, redact_port

from .watch_state import PortStatus, condition, line, summary

# However fast bytes come, nobody reads faster.
_INTERVAL = 0.2
# A line full of noise is rejected many times a second.
_SAYING_INTERVAL = 1.0

type _Show = Callable[[PortStatus, list[Telegram]], None]
"""Shows what is known, and the telegrams that came since the last time."""


async def watch_port(url: str, decoder: Decoder) -> None:
    """Show the telegrams of the port at `url` until cancelled."""
    known = PortStatus(redact_port(url))
    telegrams: list[Telegram] = []

    def on_data(data: bytes) -> None:
        events = decoder.feed(data)
        known.receive(len(data), events, time.monotonic())
        if found := [event for event in events if isinstance(event, Telegram)]:
            link.confirm()
            telegrams.extend(found)

    link = Link(url, on_data, known.lose, on_open=lambda: known.open(time.monotonic()))
    if watching := asyncio.current_task():
        with suppress(NotImplementedError):  # Windows
            # A program that a script starts in the background ignores SIGINT.
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, watching.cancel)
    with _live() if _has_live_view() else nullcontext(_plain()) as show:
        running = asyncio.create_task(link.run())
        try:
            while not running.done():
                show(known, telegrams)
                telegrams.clear()
                await asyncio.wait([running], timeout=_INTERVAL)
            await running
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


def _has_live_view() -> bool:
    if not sys.stdout.isatty() or os.environ.get("TERM", "dumb") in ("dumb", "unknown"):
        return False
    with suppress(ImportError):
        import rich  # noqa: F401, PLC0415 - an extra

        return True
    sys.stderr.write("smarty-p1: for a live view: pip install rich\n")
    return False


@contextmanager
def _live() -> Iterator[_Show]:
    from rich.console import Console  # noqa: PLC0415
    from rich.live import Live  # noqa: PLC0415

    from .watch_view import view  # noqa: PLC0415

    console = Console(file=sys.stdout)
    live = Live(None, console=console, screen=True, auto_refresh=False, redirect_stderr=False)
    last = ""

    def show(known: PortStatus, _telegrams: list[Telegram]) -> None:
        nonlocal last
        now = time.monotonic()
        last = summary(known, now)
        # The window's size now, and not the one that the environment still claims.
        width, height = os.get_terminal_size(sys.stdout.fileno())
        console.size = (width or 80, height or 24)
        live.update(view(known, now, console.width, console.height), refresh=True)

    try:
        with live:
            yield show
    finally:
        # The terminal is as it was before; the last state of the port remains.
        sys.stdout.write(f"{last}\n")


def _plain() -> _Show:
    said: object = None
    said_at = -math.inf

    def show(known: PortStatus, telegrams: list[Telegram]) -> None:
        nonlocal said, said_at
        now = time.monotonic()
        sys.stdout.writelines(f"{line(telegram)}\n" for telegram in telegrams)
        news = condition(known, now), known.rejected.total()
        if news != said and now >= said_at + _SAYING_INTERVAL:
            said, said_at = news, now
            sys.stdout.write(f"{summary(known, now)}\n")
        sys.stdout.flush()

    return show
