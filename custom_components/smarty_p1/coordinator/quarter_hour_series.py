"""The files of a meter's row, kept for 25 months: one file a month in Luxembourg.

A line is a span (`lib/tariff/span_lines.py`). It is appended when the span has ended and its clock
is sure. So little is written to a memory card, and a kill costs one line at most; the registers of
the lines around it tell its energy.
"""

import asyncio
import os
import re
import shutil
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import BinaryIO

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.storage import STORAGE_DIR
from homeassistant.util import dt as dt_util

from ..const import DOMAIN, LOGGER
from ..lib.backoff import Outage
from ..lib.tariff import (
    HEADER,
    REMOVED,
    Files,
    Span,
    UnknownVersionError,
    line_of,
    lines_of_file,
    month_name,
    with_removed,
)

# The longest possible 25 months.
KEPT = timedelta(days=762)
# Four days of a full disk.
MAX_PENDING = 384
# A month takes less than half of this; the rest is for quarter-hours that a clock repeats.
MAX_FILE_SIZE = 1_000_000
# 26 months are kept; the other files come from wrong clocks.
MAX_FILES = 28

_MAX_LINE = 4_096
_FILE_NAME = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])\.csv")
_ASIDE = ".unreadable"
_LOST = "Quarter-hours cannot be stored in %s: %s"
_BACK = "Quarter-hours are stored in %s again"


class QuarterHourSeries:
    """Row of one config entry: the folder of its files."""

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        self._hass = hass
        self.folder = Path(hass.config.path(STORAGE_DIR, f"{DOMAIN}.{entry_id}.quarter_hours"))
        self._removed = self.folder / f"{REMOVED}.txt"
        self._pending: list[Span] = []
        self._lock = asyncio.Lock()
        self._outage = Outage(LOGGER, _LOST, _BACK, self.folder)
        self._is_closed = False

    @callback
    def append(self, spans: Iterable[Span]) -> None:
        """Append new spans."""
        new = [*spans]
        if not new or self._is_closed:
            return
        self._pending += new
        del self._pending[:-MAX_PENDING]
        self._hass.async_create_task(self._async_write(), f"{DOMAIN} quarter-hours")

    async def async_files(self) -> Files:
        """Return the content of the files, None for an unreadable file."""
        return await self._hass.async_add_executor_job(self._read_files)

    async def async_replace(self, spans: Sequence[Span]) -> None:
        """Replace all files by files of some spans. Raises OSError."""
        await self._hass.async_add_executor_job(self._replace, spans)

    async def async_close(self) -> None:
        """Write the pending spans, for the last time."""
        self._is_closed = True
        await self._async_write()

    async def async_remove(self) -> None:
        """Remove all files."""
        await self._hass.async_add_executor_job(
            lambda: shutil.rmtree(self.folder, ignore_errors=True)
        )

    async def _async_write(self) -> None:
        async with self._lock:
            pending = [*self._pending]
            if not pending:
                return
            try:
                await self._hass.async_add_executor_job(self._write, pending)
            except OSError as err:
                # The pending spans are written together with the next one.
                self._outage.note(err.strerror)
                return
            self._outage.end()
            last = pending[-1].number
            self._pending = [span for span in self._pending if span.number > last]

    def _write(self, spans: list[Span]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        for path, group in groupby(spans, lambda span: self._path(span.start)):
            is_new = not path.exists()
            if not is_new:
                _prepare(path)
            with path.open("a+b") as file:
                _cut_torn_line(file)
                header = [] if file.tell() else [HEADER]
                file.write("".join([*header, *map(line_of, group)]).encode())
                file.flush()
                os.fsync(file.fileno())
            if is_new:
                _sync_folder(self.folder)
                self._remove_old(path, spans[-1].start)

    def _replace(self, spans: Sequence[Span]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        old_paths = {*self._files()}
        for path, group in groupby(spans, lambda span: self._path(span.start)):
            _write_anew(path, "".join([HEADER, *map(line_of, group)]).encode())
            old_paths.discard(path)
        for path in old_paths:
            path.unlink()
        _sync_folder(self.folder)

    def _read_files(self) -> Files:
        contents: dict[str, bytes | None] = {}
        for path in (self._removed, *self._files()):
            try:
                contents[path.stem] = _content(path)
            except OSError as err:
                LOGGER.warning("%s cannot be read: %s", path, err.strerror)
                contents[path.stem] = None
        return contents

    def _remove_old(self, new: Path, newest: datetime) -> None:
        """Remove files that are too old, both by the meter's clock and by Home Assistant's.

        Of too many files, the smallest are removed: they come from wrong clocks.
        """
        oldest = self._path(min(newest, dt_util.utcnow()) - KEPT)
        paths = [path for path in self._files() if path != new]
        too_old = [path for path in paths if path < oldest]
        rest = sorted(set(paths) - set(too_old), key=lambda path: path.stat().st_size)
        for path in (*too_old, *rest[: max(0, len(rest) + 1 - MAX_FILES)]):
            # Store the numbers first: the lines of a missing file count as lost otherwise.
            removed = with_removed(_content(self._removed), path.stem, _content(path))
            _write_anew(self._removed, removed)
            path.unlink()

    def _files(self) -> list[Path]:
        with suppress(FileNotFoundError):
            return [path for path in self.folder.iterdir() if _FILE_NAME.fullmatch(path.name)]
        return []

    def _path(self, time: datetime) -> Path:
        return self.folder / f"{month_name(time)}.csv"


def _content(path: Path) -> bytes:
    """Return a file, or the end of a file that is too large; nothing for a missing file."""
    with suppress(FileNotFoundError), path.open("rb") as file:
        return _tail(file)
    return b""


def _prepare(path: Path) -> None:
    """Put a file of an unknown version aside, and shorten a file that is too large.

    The registers of the other lines tell the energy of the removed lines.
    """
    with path.open("rb") as file:
        try:
            lines_of_file(file.readline(_MAX_LINE))
        except UnknownVersionError:
            path.replace(path.with_name(path.name + _ASIDE))
            return
        size = file.seek(0, os.SEEK_END)
        if size <= MAX_FILE_SIZE:
            return
        file.seek(size - MAX_FILE_SIZE // 2)
        _torn, *lines = file.read().split(b"\n")
    _write_anew(path, b"\n".join([HEADER.rstrip().encode(), *lines]))


def _write_anew(path: Path, content: bytes) -> None:
    new = path.with_suffix(".new")
    with new.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def _cut_torn_line(file: BinaryIO) -> None:
    """Cut off a line that a kill has torn, and seek to the end."""
    tail = _tail(file)
    file.truncate(file.tell() - (len(tail) - tail.rfind(b"\n") - 1))
    file.seek(0, os.SEEK_END)


def _tail(file: BinaryIO) -> bytes:
    """Return the content of an open file, or the end of a file that is too large."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 2 * MAX_FILE_SIZE))
    return file.read()


def _sync_folder(folder: Path) -> None:
    """Write the names of new files to the disk, so that they survive a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
