"""Command `watch`. It shows a port's telegrams as a live view, or as one line per telegram."""

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

from .watch_state import PortStatus
from .watch_texts import condition, line, summary

# Seconds between two updates. With more updates, the screen would be unreadable.
_UPDATE_INTERVAL_S = 0.2
# Minimum seconds between two status lines. A noisy line can cause many rejections a second, and one
# line for each rejection could not be read.
_STATUS_INTERVAL_S = 1.0

type _Show = Callable[[PortStatus, list[Telegram]], None]
"""Function that shows the port's status, and the telegrams since its last call."""


async def watch_port(url: str, decoder: Decoder) -> None:
    """Show the telegrams of the port at `url` until cancelled."""
    status = PortStatus(redact_port(url))
    telegrams: list[Telegram] = []

    def on_data(data: bytes) -> None:
        events = decoder.feed(data)
        status.receive(len(data), events, time.monotonic())
        if new_telegrams := [event for event in events if isinstance(event, Telegram)]:
            link.confirm()
            telegrams.extend(new_telegrams)

    link = Link(url, on_data, status.lose, on_open=lambda: status.open(time.monotonic()))
    if watching := asyncio.current_task():
        with suppress(NotImplementedError):  # Windows has no signal handlers
            # A script may start this program in the background. The program then ignores SIGINT, so
            # it must handle SIGTERM.
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, watching.cancel)
    with _live() if _has_live_view() else nullcontext(_plain()) as show:
        running = asyncio.create_task(link.run())
        try:
            while not running.done():
                show(status, telegrams)
                telegrams.clear()
                await asyncio.wait([running], timeout=_UPDATE_INTERVAL_S)
            await running
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


def _has_live_view() -> bool:
    if not sys.stdout.isatty() or os.environ.get("TERM", "dumb") in ("dumb", "unknown"):
        return False
    with suppress(ImportError):
        import rich  # noqa: F401, PLC0415 - an optional dependency

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

    def show(status: PortStatus, _telegrams: list[Telegram]) -> None:
        nonlocal last
        now = time.monotonic()
        last = summary(status, now)
        # Ask the terminal itself for its size, because the environment variables only have its size
        # at the start.
        width, height = os.get_terminal_size(sys.stdout.fileno())
        console.size = (width or 80, height or 24)
        live.update(view(status, now, console.width, console.height), refresh=True)

    try:
        with live:
            yield show
    finally:
        # The live view disappears at its end. So write the last status to the screen.
        sys.stdout.write(f"{last}\n")


def _plain() -> _Show:
    status_shown: object = None
    status_shown_at = -math.inf

    def show(status: PortStatus, telegrams: list[Telegram]) -> None:
        nonlocal status_shown, status_shown_at
        now = time.monotonic()
        sys.stdout.writelines(f"{line(telegram)}\n" for telegram in telegrams)
        news = condition(status, now), status.rejected.total()
        if news != status_shown and now >= status_shown_at + _STATUS_INTERVAL_S:
            status_shown, status_shown_at = news, now
            sys.stdout.write(f"{summary(status, now)}\n")
        sys.stdout.flush()

    return show
