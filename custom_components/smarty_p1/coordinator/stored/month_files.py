"""Files with the energy of a meter, one for each month of Luxembourg's calendar, for 25 months.

A line is a span: a quarter-hour, a part of a quarter-hour, or a gap
(`lib/history/month_file_lines.py`). A line is appended when its span has ended and the meter's
clock is confirmed. Appending spares memory cards. A crash loses one line at most. Even then, no
energy is lost, because the lines before and after the lost line have the registers.
"""

import asyncio
import os
import re
import shutil
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import BinaryIO

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.storage import STORAGE_DIR
from homeassistant.util import dt as dt_util

from ...const import DOMAIN
from ...lib.connection_outage import Outage
from ...lib.data_retention import KEPT_TIME, oldest_kept
from ...lib.history.month_file_lines import (
    HEADER,
    Files,
    UnknownVersionError,
    lines_of_file,
    month_name,
    span_line,
)
from ...lib.history.month_file_reader import REMOVED, with_removed
from ...lib.history.spans import Span
from ...lib.prices.contract import BEGINNING
from .throttled_store import UnreadableNowError

# Maximum number of spans that wait while the disk is full: the quarter-hours of 16 days (16 * 96).
# After many breaks in the readings, the spans of a whole week can be confirmed at once. So the
# limit must be well above a week.
MAX_PENDING = 1_536
# Maximum size of a file in bytes. The lines of a month take less than half of this. But a file has
# more lines after the clock was set back, because the same quarter-hours are written again.
MAX_FILE_SIZE = 1_000_000
# Maximum number of files, one for each month. 25 months touch 26 calendar months, and a wrong clock
# may create two more files.
MAX_FILES = 28

_MAX_LINE = 4_096
_FILE_NAME = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])\.csv")
_ASIDE = ".unreadable"
_LOST = "Quarter-hours cannot be stored in %s: %s"
_BACK = "Quarter-hours are stored in %s again"


class MonthFiles:
    """Folder with the monthly files of one meter's quarter-hours."""

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        self._hass = hass
        self.folder = Path(hass.config.path(STORAGE_DIR, f"{DOMAIN}.{entry_id}.quarter_hours"))
        self._removed = self.folder / f"{REMOVED}.txt"
        self._writer = MonthFileWriter(
            hass, HEADER, _prepare, self._remove_old, Outage(_LOST, _BACK, self.folder), MAX_PENDING
        )
        self._newest = BEGINNING
        """Start of the newest span."""
        self._is_closed = False

    @callback
    def append(self, spans: Iterable[Span]) -> None:
        """Append new spans to their files in the background. Do nothing after `async_close`."""
        new = [*spans]
        if not new or self._is_closed:
            return
        self._newest = new[-1].start
        self._writer.append((self._path(span.start), span_line(span)) for span in new)

    async def async_files(self) -> Files:
        """Return the content of each file, keyed by the file's name without ".csv".

        Raises UnreadableNowError if the folder or a file cannot be read now.
        """
        return await self._hass.async_add_executor_job(self._read_files)

    async def async_close(self) -> None:
        """Write the spans that wait to be written, and ignore later spans."""
        self._is_closed = True
        await self.async_write()

    async def async_remove(self) -> None:
        """Remove all files of the meter."""
        await self._hass.async_add_executor_job(
            lambda: shutil.rmtree(self.folder, ignore_errors=True)
        )

    async def async_write(self) -> None:
        """Write the spans that wait to be written. If they cannot be written, they wait on."""
        await self._writer.async_write()

    def _read_files(self) -> Files:
        path = self.folder
        try:
            paths = (self._removed, *files_in(self.folder))
            return {(path := file).stem: content_of(file) for file in paths}
        except OSError as err:
            raise UnreadableNowError(path) from err

    def _remove_old(self, new: Path) -> None:
        """Remove the files that are too old by both the meter's clock and Home Assistant's clock.

        If more than MAX_FILES are left, remove the smallest files. A wrong clock has created them,
        so they have only a few lines.
        """
        oldest = self._path(oldest_kept(KEPT_TIME, dt_util.utcnow(), self._newest))
        paths = [path for path in files_in(self.folder) if path != new]
        too_old = [path for path in paths if path < oldest]
        rest = sorted(set(paths) - set(too_old), key=lambda path: path.stat().st_size)
        for path in (*too_old, *rest[: max(0, len(rest) + 1 - MAX_FILES)]):
            # Every line has a number. Store the numbers of this file's lines before the file is
            # removed. Otherwise, these lines would count as lost.
            removed = with_removed(content_of(self._removed), path.stem, content_of(path))
            replace_file(self._removed, removed)
            path.unlink()

    def _path(self, time: datetime) -> Path:
        return self.folder / f"{month_name(time)}.csv"


def files_in(folder: Path) -> list[Path]:
    """Return the monthly files in a folder. Return none if there is no such folder."""
    with suppress(FileNotFoundError):
        return [path for path in folder.iterdir() if _FILE_NAME.fullmatch(path.name)]
    return []


def content_of(path: Path) -> bytes:
    """Return the last 2 * MAX_FILE_SIZE bytes of a file. Return b"" if there is no file."""
    with suppress(FileNotFoundError), path.open("rb") as file:
        return _tail(file)
    return b""


def _prepare(path: Path) -> None:
    """Rename a file of an unknown version. If a file is too large, remove its oldest lines.

    No energy is lost with these lines, because each remaining line has the registers.
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
    replace_file(path, b"\n".join([HEADER.rstrip().encode(), *lines]))


def replace_file(path: Path, content: bytes) -> None:
    """Replace a file by `content`. A crash leaves the old or the new content. Raises OSError."""
    new = path.with_suffix(".new")
    with new.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


class MonthFileWriter:
    """Writer of lines to monthly files. Lines that cannot be written now wait for the next ones.

    `prepare` mends an existing file before a line is appended. `remove_old` removes old files,
    because a new file was made. While the disk is full, the newest `max_pending` lines wait.
    """

    def __init__(  # noqa: PLR0913, PLR0917
        self,
        hass: HomeAssistant,
        header: str,
        prepare: Callable[[Path], None],
        remove_old: Callable[[Path], None],
        outage: Outage,
        max_pending: int,
    ) -> None:
        self._hass = hass
        self._header = header
        self._prepare = prepare
        self._remove_old = remove_old
        self._outage = outage
        self._max_pending = max_pending
        self._pending: list[tuple[Path, str]] = []
        self._lock = asyncio.Lock()

    @callback
    def append(self, lines: Iterable[tuple[Path, str]]) -> None:
        """Append lines to their files in the background."""
        self._pending += lines
        self._hass.async_create_task(self.async_write(), f"{DOMAIN} month files")

    async def async_write(self) -> None:
        """Write the lines that wait to be written. If they cannot be written, they wait on."""
        async with self._lock:
            if not (pending := [*self._pending]):
                return
            try:
                await self._hass.async_add_executor_job(self._write, pending)
            except OSError as err:
                # Keep the lines. If some of them were written, their file has them twice, which is
                # harmless.
                self._outage.note_failure(err.strerror)
                del self._pending[: -self._max_pending]
                return
            self._outage.end()
            del self._pending[: len(pending)]

    def _write(self, lines: list[tuple[Path, str]]) -> None:
        for path, group in groupby(sorted(lines, key=itemgetter(0)), itemgetter(0)):
            if self._append_to(path, [line for _, line in group]):
                self._remove_old(path)

    def _append_to(self, path: Path, lines: list[str]) -> bool:
        """Append lines to a file, and write them to the disk. Return whether the file is new."""
        if is_new := not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
        else:
            self._prepare(path)
        with path.open("a+b") as file:
            _cut_torn_line(file)
            first = [] if file.tell() else [self._header]
            file.write("".join([*first, *lines]).encode())
            file.flush()
            os.fsync(file.fileno())
        if is_new:
            _sync_folder(path.parent)
        return is_new


def _cut_torn_line(file: BinaryIO) -> None:
    """Cut off an incomplete last line, which a crash has left. Then seek to the end of the file."""
    tail = _tail(file)
    file.truncate(file.tell() - (len(tail) - tail.rfind(b"\n") - 1))
    file.seek(0, os.SEEK_END)


def _tail(file: BinaryIO) -> bytes:
    """Return the content of an open file, but at most its last 2 * MAX_FILE_SIZE bytes."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 2 * MAX_FILE_SIZE))
    return file.read()


def _sync_folder(folder: Path) -> None:
    """Write the entries of the folder to the disk, so that new files survive a power failure."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
