"""Store of small JSON contents by name. The contents survive a restart.

They are stored in the file of the frame queue.
"""

import asyncio
import json
import logging
import sqlite3
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from smartyp1.fault_log import FaultLog
from smartyp1.outage import Outage

from .queue.frame_queue_on_disk import as_text

LOGGER = logging.getLogger(__name__)

_RETRY_DELAY_S = 2.0
_LOST = "Nothing can be stored, so no values are published: %s"
_BACK = "It can be stored again, and values are published"
# Seconds to wait for the lock of the file. Another thread writes the frame queue to the same file.
_LOCK_TIMEOUT_S = 10.0
# With NORMAL, a killed process loses no committed transaction. A power cut may lose the latest one.
# See frame_queue_on_disk.py.
_SETTINGS = """
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS memory (name TEXT PRIMARY KEY, content TEXT NOT NULL) WITHOUT ROWID;
"""
_WRITE = "INSERT OR REPLACE INTO memory VALUES (?, ?)"

type Content = dict[str, Any]


def to_json(content: object) -> str:
    """Return `content` as compact JSON."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


class JsonStorage:
    """Store of JSON contents by name. A thread writes the contents as fast as the disk permits.

    Of several contents with the same name, only the last one is written.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "memory")
        self._new: dict[str, Callable[[], Content]] = {}
        self._has_new = asyncio.Event()
        # `_next` is the event for the end of the next write, and `_current` for the end of the
        # write that is running now.
        self._next = asyncio.Event()
        self._current: asyncio.Event | None = None
        self._stored: dict[str, str] = {}
        self._faults = FaultLog("Stored contents")
        self._outage = Outage(
            _LOST,
            _BACK,
            first=_RETRY_DELAY_S,
            longest=_RETRY_DELAY_S,
            severity=logging.ERROR,
        )
        self._database: sqlite3.Connection

    async def _in_thread[T](self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def open(self, path: Path) -> None:
        """Load the stored contents from the file of the frame queue. Raises sqlite3.Error.

        The frame queue must be open already, because opening it replaces a damaged file.
        """
        self._stored = await self._in_thread(partial(self._read, path))

    def _read(self, path: Path) -> dict[str, str]:
        self._database = sqlite3.connect(path, timeout=_LOCK_TIMEOUT_S)
        self._database.text_factory = as_text
        self._database.executescript(_SETTINGS)
        return dict(self._database.execute("SELECT name, content FROM memory").fetchall())

    def names(self) -> list[str]:
        """Return the names of stored contents that were not read yet."""
        return [*self._stored]

    def read[T](self, name: str, parse: Callable[[Any], T]) -> T | None:
        """Return the content `name` of an earlier run. Return None if it is missing or damaged.

        `parse` converts the content.
        """
        try:
            stored = self._stored.pop(name, None)
            return None if stored is None else parse(json.loads(stored))
        except Exception as err:  # noqa: BLE001 - a file may contain anything
            # The error's text may quote private content. So log only its type.
            LOGGER.error(  # noqa: TRY400
                "What is stored of %s cannot be read (%s), and is begun anew",
                name,
                type(err).__name__,
            )
            return None

    def put(self, name: str, make: Callable[[], Content]) -> None:
        """Store the content that `make` returns.

        `make` is called just before the content is written.
        """
        self._new[name] = make
        self._has_new.set()

    def is_writable(self) -> bool:
        """Return whether the last write succeeded."""
        return not self._outage.is_lost

    async def written(self) -> bool:
        """Wait until all contents so far are written. Return whether this succeeded."""
        waiting = self._next if self._new else self._current
        if waiting:
            await waiting.wait()
        return self.is_writable()

    async def write(self) -> None:
        """Write new contents until this task is cancelled."""
        while True:
            await self._has_new.wait()
            self._has_new.clear()
            try:
                await self._write_all()
            except sqlite3.Error as err:
                self._outage.note(err)
                await self._outage.wait()
                self._has_new.set()

    async def _write_all(self) -> None:
        while makers := dict(self._new):
            self._new.clear()
            self._current, self._next = self._next, asyncio.Event()
            made = {name: self._faults.call(make) for name, make in makers.items()}
            contents = {name: content for name, content in made.items() if content is not None}
            try:
                await asyncio.shield(self._in_thread(partial(self._commit, contents)))
            except sqlite3.Error:
                self._new = makers | self._new
                raise
            else:
                self._outage.end()
            finally:
                self._current.set()

    def _commit(self, contents: Mapping[str, Content]) -> None:
        rows = [(name, to_json(content)) for name, content in contents.items()]
        with self._database:
            self._database.executemany(_WRITE, rows)

    async def close(self) -> None:
        """Write the remaining contents, and close the file."""
        try:
            await self._write_all()
        except sqlite3.Error as err:
            LOGGER.error("What was new could not be stored: %s", err)  # noqa: TRY400
        await self._in_thread(self._database.close)
        self._thread.shutdown()
