"""Base of what the gateway writes to the disk: a failed write is tried again until it succeeds."""

import asyncio
import logging
import sqlite3

from smartyp1.connection_outage import Outage

_RETRY_DELAY_S = 2.0


class DiskWriter:
    """Writer of new data, which wait in memory. `lost_text` and `back_text` are for the log."""

    def __init__(self, lost_text: str, back_text: str) -> None:
        self._has_new = asyncio.Event()
        self._outage = Outage(
            lost_text,
            back_text,
            first=_RETRY_DELAY_S,
            longest=_RETRY_DELAY_S,
            severity=logging.ERROR,
        )

    def is_writable(self) -> bool:
        """Return whether the last write succeeded."""
        return not self._outage.is_lost

    async def write(self) -> None:
        """Write new data as fast as the disk permits, until this task is cancelled."""
        while True:
            await self._has_new.wait()
            self._has_new.clear()
            try:
                await self._write_new()
            except sqlite3.Error as err:
                self._outage.note_failure(err)
                self._on_failure()
                await self._outage.wait()
                self._has_new.set()

    async def _write_new(self) -> None:
        """Write what waits. Raises sqlite3.Error."""
        raise NotImplementedError

    def _on_failure(self) -> None:
        """Tell others that a write has failed."""
