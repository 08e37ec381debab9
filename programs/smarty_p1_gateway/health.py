"""Health and readiness of a program, for /health, /ready and systemd's watchdog."""

import asyncio
import os
import socket
import time
from contextlib import suppress

from .metrics import ProgramMetrics

_BEAT_INTERVAL_S = 5.0
# Maximum delay of the event loop in seconds. A busy machine may cause shorter delays. A longer
# delay counts as a fault.
_MAX_SILENCE_S = 20.0
_MAX_NAMED_PORTS = 20


class Health:
    """Heartbeat of the event loop. Any thread can read it."""

    def __init__(self, metrics: ProgramMetrics) -> None:
        """Record a first heartbeat. `metrics` knows the problems of the program."""
        self.metrics = metrics
        self._beat_at = time.monotonic()

    async def beat(self) -> None:
        """Record that the event loop runs, and notify systemd's watchdog, until cancelled."""
        _tell_systemd("READY=1")
        interval = min(_BEAT_INTERVAL_S, _watchdog_time() / 3)
        while True:
            self._beat_at = time.monotonic()
            _tell_systemd("WATCHDOG=1")
            await asyncio.sleep(interval)

    def liveness_problems(self) -> list[str]:
        """Return a line if the event loop hangs. Return an empty list if it runs."""
        silence = time.monotonic() - self._beat_at
        if silence <= _MAX_SILENCE_S:
            return []
        return [f"the program has hung for {silence:.0f} s: it is to be restarted"]

    def readiness_problems(self) -> list[str]:
        """Return the reasons why the program is not ready. Return an empty list if it is ready."""
        lines = self.liveness_problems() or list(self.metrics.current_problems())
        left_out = len(lines) - _MAX_NAMED_PORTS
        return [*lines[:_MAX_NAMED_PORTS], *([f"and {left_out} more"] if left_out > 0 else [])]


def _watchdog_time() -> float:
    """Return systemd's watchdog interval in seconds, or infinity if WATCHDOG_USEC is not set."""
    with suppress(ValueError):
        return int(os.environ.get("WATCHDOG_USEC", "")) / 1e6 or float("inf")
    return float("inf")


def _tell_systemd(state: str) -> None:
    """Send `state`, such as "READY=1", to systemd. Do nothing without NOTIFY_SOCKET."""
    path = os.environ.get("NOTIFY_SOCKET", "")
    if not path.startswith(("/", "@")):
        return
    # A path that begins with "@" is a socket in the abstract namespace, which has no file. Its
    # address begins with a zero byte instead of "@".
    address = f"\0{path[1:]}" if path.startswith("@") else path
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
        out.settimeout(0)
        out.sendto(state.encode(), address)
