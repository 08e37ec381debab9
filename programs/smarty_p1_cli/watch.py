"""Command `watch`. It writes one line for each telegram of a port, and one for each condition."""

import asyncio
import math
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress

from smartyp1.p1.decoder import Decoder
from smartyp1.p1.telegram import Telegram
from smartyp1.port.address_masking import redact_port
from smartyp1.port.reconnecting_port import ReconnectingPort
from smartyp1.port.serial_port import normalise_port

from .watch_state import WatchState
from .watch_texts import condition, line, summary

# Seconds between two updates.
_UPDATE_INTERVAL_S = 0.2
# Minimum seconds between two status lines. A noisy line can cause many rejections a second, and one
# line for each rejection could not be read.
_STATUS_INTERVAL_S = 1.0

type _Show = Callable[[WatchState, list[Telegram]], None]
"""Function that shows the port's status, and the telegrams since its last call."""


async def watch_port(url: str, decoder: Decoder) -> None:
    """Show the telegrams of the port at `url` until cancelled."""
    url = normalise_port(url)
    status = WatchState(redact_port(url))
    telegrams: list[Telegram] = []

    def on_data(data: bytes) -> None:
        events = decoder.feed(data)
        status.receive(data, events, time.monotonic())
        if new_telegrams := [event for event in events if isinstance(event, Telegram)]:
            link.confirm()
            telegrams.extend(new_telegrams)

    link = ReconnectingPort(
        url, on_data, status.lose, on_open=lambda: status.open(time.monotonic())
    )
    if watching := asyncio.current_task():
        with suppress(NotImplementedError):  # Windows has no signal handlers
            # A script may start this program in the background. The program then ignores SIGINT, so
            # it must handle SIGTERM.
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, watching.cancel)
    show = _writer()
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


def _writer() -> _Show:
    """Return a function that writes what is new since its last call."""
    status_shown: object = None
    status_shown_at = -math.inf

    def show(status: WatchState, telegrams: list[Telegram]) -> None:
        nonlocal status_shown, status_shown_at
        now = time.monotonic()
        sys.stdout.writelines(f"{line(telegram)}\n" for telegram in telegrams)
        news = condition(status, now), status.rejected.total()
        if news != status_shown and now >= status_shown_at + _STATUS_INTERVAL_S:
            status_shown, status_shown_at = news, now
            sys.stdout.write(f"{summary(status, now)}\n")
        sys.stdout.flush()

    return show
