"""A port's telegrams in the terminal: a live view of them, or one line per telegram."""

import asyncio
import math
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Protocol

from smartyp1.p1 import Decoder, Telegram
from smartyp1.port import Link, LinkError, redact_port

from .watch_state import Condition, Known, condition, line, summary

if TYPE_CHECKING:
    from rich.console import Console

_INTERVAL = 1.0
# However fast bytes come, nobody reads faster.
_SHORTEST_INTERVAL = 0.1
_USUAL_SIZE = os.terminal_size((80, 24))


class _Show(Protocol):
    """Shows what is known, and the telegrams that came since the last time."""

    def __call__(self, known: Known, telegrams: Sequence[Telegram], /) -> None: ...


async def watch(url: str, decoder: Decoder) -> None:
    """Show the telegrams of the port at `url` until cancelled."""
    known = Known(redact_port(url))
    telegrams: list[Telegram] = []
    changed = asyncio.Event()

    def on_open() -> None:
        known.open(time.monotonic())
        changed.set()

    def on_lost(error: LinkError) -> None:
        known.lose(error)
        changed.set()

    def on_data(data: bytes) -> None:
        events = decoder.feed(data)
        known.receive(len(data), events, time.monotonic())
        found = [event for event in events if isinstance(event, Telegram)]
        if found:
            link.confirm()
            telegrams.extend(found)
        if events:
            changed.set()

    link = Link(url, on_data, on_lost, on_open=on_open)
    with _live() if _has_live_view() else _plain() as show, _signals(changed):
        running = asyncio.create_task(link.run())
        try:
            while not running.done():
                show(known, telegrams)
                telegrams.clear()
                await asyncio.sleep(_SHORTEST_INTERVAL)
                with suppress(TimeoutError):
                    await asyncio.wait_for(changed.wait(), _INTERVAL)
                changed.clear()
            await running
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


def _has_live_view() -> bool:
    if not sys.stdout.isatty() or os.environ.get("TERM", "dumb") in ("dumb", "unknown"):
        return False
    try:
        import rich  # noqa: F401, PLC0415 - an extra
    except ImportError:
        sys.stderr.write("smarty-p1: for a live view: pip install rich\n")
        return False
    return True


@contextmanager
def _live() -> Iterator[_Show]:
    from rich.console import Console  # noqa: PLC0415
    from rich.live import Live  # noqa: PLC0415

    from .watch_view import view  # noqa: PLC0415

    console = Console(file=sys.stdout)
    live = Live(
        console=console,
        screen=True,
        auto_refresh=False,
        redirect_stdout=False,
        redirect_stderr=False,
    )
    last = ""

    def show(known: Known, _telegrams: Sequence[Telegram]) -> None:
        nonlocal last
        now = time.monotonic()
        last = summary(known, now)
        _fit(console)
        live.update(view(known, now, console.width, console.height), refresh=True)

    try:
        with live:
            yield show
    finally:
        # The terminal is as it was before; how the port did remains.
        sys.stdout.write(f"{last}\n")


def _fit(console: Console) -> None:
    """Follow the window, whatever size the environment still claims."""
    size = os.get_terminal_size(sys.stdout.fileno())
    console.size = (size.columns or _USUAL_SIZE.columns, size.lines or _USUAL_SIZE.lines)


@contextmanager
def _plain() -> Iterator[_Show]:
    said: Condition | None = None
    rejected = 0
    said_at = -math.inf

    def show(known: Known, telegrams: Sequence[Telegram]) -> None:
        nonlocal said, rejected, said_at
        now = time.monotonic()
        for telegram in telegrams:
            sys.stdout.write(f"{line(telegram)}\n")
        state = condition(known, now)
        is_news = state != said or known.rejected.total() > rejected
        # A line full of noise is rejected many times a second.
        if is_news and now >= said_at + _INTERVAL:
            said, rejected, said_at = state, known.rejected.total(), now
            sys.stdout.write(f"{summary(known, now)}\n")
        sys.stdout.flush()

    yield show


@contextmanager
def _signals(changed: asyncio.Event) -> Iterator[None]:
    """Draw anew at once when the window changes; leave the terminal tidy when terminated."""
    resized = getattr(signal, "SIGWINCH", None)
    if resized is None:  # no such signals here
        yield
        return
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(resized, changed.set)
    # Not by SIGINT: whoever was started in the background of a script ignores that.
    if watching := asyncio.current_task():
        loop.add_signal_handler(signal.SIGTERM, watching.cancel)
    try:
        yield
    finally:
        loop.remove_signal_handler(resized)
        loop.remove_signal_handler(signal.SIGTERM)
