"""Event loop that handles the events of several ports together."""

import asyncio
import time
from selectors import DefaultSelector, SelectorKey
from typing import override

# Seconds for which events are gathered. Waking up for a single frame costs more than reading it and
# writing it to the disk.
_BATCH_S = 0.25


class BatchingSelector(DefaultSelector):
    """Selector that, after the first event, waits for _BATCH_S for further events."""

    @override
    def select(self, timeout: float | None = None) -> list[tuple[SelectorKey, int]]:
        events = super().select(timeout)
        if not events or timeout == 0:
            return events
        time.sleep(_BATCH_S)
        return super().select(0)


def new_batching_loop() -> asyncio.AbstractEventLoop:
    """Return a new event loop with a BatchingSelector."""
    return asyncio.SelectorEventLoop(BatchingSelector())
