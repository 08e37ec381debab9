"""Lines that the demo prints: its steps, and a sign of life while a step takes long."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

_MAX_SILENCE_S = 9.0
_CHECK_INTERVAL_S = 1.0


@dataclass
class _Step:
    """Step of the demo. `usual` says how long it takes."""

    text: str = ""
    usual: str = ""
    since: float = field(default_factory=time.monotonic)


class Progress:
    """Printer of the demo's lines."""

    def __init__(self) -> None:
        self._step: _Step | None = None
        self._printed_at = 0.0

    def say(self, text: str) -> None:
        """Print a line. It ends the current step."""
        self._step = None
        self._print(text)

    def begin(self, text: str, usual: str = "") -> None:
        """Print the first line of a step that can take long."""
        self._step = _Step(text, usual)
        self._print(f"{text} (usually {usual})" if usual else text)

    @contextlib.asynccontextmanager
    async def signs_of_life(self) -> AsyncIterator[None]:
        """Print a line at least every ten seconds during a step, while the context is active."""
        repeating = asyncio.create_task(self._repeat())
        try:
            yield
        finally:
            repeating.cancel()

    async def _repeat(self) -> None:
        while True:
            await asyncio.sleep(_CHECK_INTERVAL_S)
            step = self._step
            if step and time.monotonic() - self._printed_at >= _MAX_SILENCE_S:
                usual = f", usually {step.usual}" if step.usual else ""
                self._print(f"... {step.text}: {time.monotonic() - step.since:.0f} s{usual}")

    def _print(self, text: str) -> None:
        self._printed_at = time.monotonic()
        print(f"demo: {text}", flush=True)
