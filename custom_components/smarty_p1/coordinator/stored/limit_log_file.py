"""File with the log of the grid operator's limits: a line for each event, which is appended."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.storage import STORAGE_DIR
from homeassistant.util.json import json_loads_object

from ...const import DOMAIN
from ...lib.fault_log import FaultLog
from ...lib.plan.limit_log import (
    LimitLog,
    LoggedEvent,
    LoggedLimit,
    compacted,
    events_of,
    events_of_limits,
    line_of,
    logged_limits,
)
from ...lib.stored_json import load
from .month_files import replace_file

_MAX_EVENTS = 100_000


class LimitLogFile:
    """Log of the limits of a meter's loads. It is compacted at each start."""

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        self._hass = hass
        self._path = Path(hass.config.path(STORAGE_DIR, f"{DOMAIN}.{entry_id}.limits.jsonl"))
        self._earlier = Path(hass.config.path(STORAGE_DIR, f"{DOMAIN}.{entry_id}.loads"))
        self._faults = FaultLog(f"Limits of {entry_id}")
        self._events: list[LoggedEvent] = []
        self._waiting: list[LoggedEvent] = []

    @property
    def limits(self) -> LimitLog:
        """Return all limits, in the order of their begin."""
        return logged_limits(self._events)

    async def async_load(self) -> None:
        """Read the file, or the log of an earlier version. What came before stays at its end."""
        stored = await self._hass.async_add_executor_job(self._read)
        self._events = [*stored, *self._events]

    @callback
    def append(self, event: LoggedEvent) -> None:
        """Append an event to the log."""
        self._events.append(event)
        self._waiting.append(event)
        writing = self._faults.attempt(self.async_write)
        self._hass.async_create_task(writing, f"{DOMAIN} limits")

    async def async_write(self) -> None:
        """Write the events that wait to be written. Those of a full disk wait for the next one."""
        waiting, self._waiting = self._waiting, []
        try:
            await self._hass.async_add_executor_job(self._append, waiting)
        except OSError:
            self._waiting = [*waiting, *self._waiting][-_MAX_EVENTS:]
            raise

    async def async_remove(self) -> None:
        """Remove the file."""
        await self._hass.async_add_executor_job(lambda: self._path.unlink(missing_ok=True))

    def _read(self) -> list[LoggedEvent]:
        try:
            lines = self._path.read_text(encoding="utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            if events := self._read_earlier():
                self._append(events)
            return events
        events = events_of(lines)
        kept = compacted(events)
        if len(kept) < len(lines):
            replace_file(self._path, "".join(map(line_of, kept)).encode())
        return kept

    def _read_earlier(self) -> list[LoggedEvent]:
        """Return the events of the log that an earlier version has stored with the loads."""
        try:
            stored: Any = json_loads_object(self._earlier.read_bytes())["data"]
            return events_of_limits(load(tuple[LoggedLimit, ...], stored["limit_log"]))
        except FileNotFoundError, KeyError, TypeError, ValueError:
            return []

    def _append(self, events: Iterable[LoggedEvent]) -> None:
        """Append events to the file. A line that a crash has torn ends before them."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        # Other users of the machine must not read when a household is limited.
        with open(self._path, "a+b", opener=_open_private) as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - 1))
            start = "\n" if file.read(1) not in {b"", b"\n"} else ""
            file.write((start + "".join(map(line_of, events))).encode())
            file.flush()
            os.fsync(file.fileno())


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
