"""Whether a program lives, and whether it can do its work: for /health, /ready and systemd."""

import asyncio
import os
import socket
import time
from collections.abc import Callable, Iterable
from contextlib import suppress

_BEAT_INTERVAL = 5.0
# Longer than a busy machine keeps the event loop waiting.
_MAX_SILENCE_S = 20.0
_MAX_NAMED_PORTS = 20


class Health:
    """What the event loop shows of itself, and others may ask in any thread."""

    def __init__(self, current_problems: Callable[[], Iterable[str]] = tuple) -> None:
        """Begin; `current_problems` yields a line for each thing that the work is missing."""
        self._current_problems = current_problems
        self._beat_at = time.monotonic()

    async def beat(self) -> None:
        """Show, until cancelled, that the event loop runs; systemd's watchdog sees it, too."""
        _tell_systemd("READY=1")
        interval = min(_BEAT_INTERVAL, _watchdog_time() / 3)
        while True:
            self._beat_at = time.monotonic()
            _tell_systemd("WATCHDOG=1")
            await asyncio.sleep(interval)

    def liveness_problems(self) -> list[str]:
        """Return that the event loop stands still, nothing if it runs."""
        silence = time.monotonic() - self._beat_at
        if silence <= _MAX_SILENCE_S:
            return []
        return [f"the program has hung for {silence:.0f} s: it is to be restarted"]

    def readiness_problems(self) -> list[str]:
        """Return why it cannot do its work: some lines, none if it can."""
        lines = self.liveness_problems() or list(self._current_problems())
        left_out = len(lines) - _MAX_NAMED_PORTS
        return [*lines[:_MAX_NAMED_PORTS], *([f"and {left_out} more"] if left_out > 0 else [])]


def _watchdog_time() -> float:
    """Return within how many seconds systemd wants to be told; endless if it does not."""
    with suppress(ValueError):
        return int(os.environ.get("WATCHDOG_USEC", "")) / 1e6 or float("inf")
    return float("inf")


def _tell_systemd(state: str) -> None:
    """Send a state to who has started this program, if it asks for that."""
    path = os.environ.get("NOTIFY_SOCKET", "")
    if not path.startswith(("/", "@")):
        return
    # One that begins with @ has no file.
    address = f"\0{path[1:]}" if path.startswith("@") else path
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
        out.settimeout(0)
        out.sendto(state.encode(), address)
