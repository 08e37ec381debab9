"""Store of small JSON contents by name. The contents survive a restart.

They are stored in the file of the frame queue.
"""

import asyncio
import json
import logging
import sqlite3
from collections.abc import Callable
from functools import partial
from typing import Any, override

from smartyp1.fault_log import FaultLog
from smartyp1.json_types import JsonDict

from .disk_writer import DiskWriter
from .queue.async_frame_queue import AsyncFrameQueue
from .queue.frame_queue_on_disk import FrameQueue

LOGGER = logging.getLogger(__name__)

_LOST = "Nothing can be stored, so no values are published: %s"
_BACK = "It can be stored again, and values are published"


def compact_json(content: object) -> str:
    """Return `content` as compact JSON."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


class JsonStorage(DiskWriter):
    """Store of JSON contents by name. The thread of the frame queue writes them.

    Of several contents with the same name, only the last one is written.
    """

    def __init__(self, queue: AsyncFrameQueue) -> None:
        super().__init__(_LOST, _BACK)
        self._queue = queue
        self._new: dict[str, Callable[[], JsonDict]] = {}
        # `_next` is the event for the end of the next write, and `_current` for the end of the
        # write that is running now.
        self._next = asyncio.Event()
        self._current: asyncio.Event | None = None
        self._stored: dict[str, str] = {}
        self._faults = FaultLog("Stored contents")

    async def open(self) -> None:
        """Load the stored contents from the frame queue, which is open. Raises sqlite3.Error."""
        self._stored = await self._queue.run_in_thread(FrameQueue.contents)

    def names(self) -> list[str]:
        """Return the names of stored contents that were not taken yet."""
        return [*self._stored]

    def take_content[T](self, name: str, parse: Callable[[Any], T]) -> T | None:
        """Return and forget the content `name` of an earlier run.

        Return None if the content is missing or damaged. `parse` converts the content.
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

    def put_content(self, name: str, make: Callable[[], JsonDict]) -> None:
        """Store the content that `make` returns.

        `make` is called just before the content is written.
        """
        self._new[name] = make
        self._has_new.set()

    async def written(self) -> bool:
        """Wait until all contents so far are written. Return whether this succeeded."""
        waiting = self._next if self._new else self._current
        if waiting:
            await waiting.wait()
        return self.is_writable()

    @override
    async def _write_new(self) -> None:
        while makers := dict(self._new):
            self._new.clear()
            self._current, self._next = self._next, asyncio.Event()
            made = {name: self._faults.call(make) for name, make in makers.items()}
            rows = (
                (name, compact_json(content))
                for name, content in made.items()
                if content is not None
            )
            try:
                await asyncio.shield(
                    self._queue.run_in_thread(partial(FrameQueue.store_contents, contents=rows))
                )
            except sqlite3.Error:
                self._new = makers | self._new
                raise
            else:
                self._outage.end()
            finally:
                self._current.set()

    async def close(self) -> None:
        """Write the remaining contents. Call this before the frame queue is closed."""
        try:
            await self._write_new()
        except sqlite3.Error as err:
            LOGGER.error("What was new could not be stored: %s", err)  # noqa: TRY400
