"""The quarter-hours of a connection, kept for 25 months: a file of a month each, in Luxembourg.

A line is a quarter-hour: when it started, in UTC, and its energies in Wh and varh. It is appended
when the quarter-hour has ended, so that a memory card is written to little and a kill costs nothing
but the line that was being written. Of two lines about one quarter-hour the later one counts.
"""

import asyncio
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import groupby
from math import isfinite
from pathlib import Path
from typing import BinaryIO

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.storage import STORAGE_DIR
from homeassistant.util import dt as dt_util

from ..const import DOMAIN, LOGGER
from ..lib.backoff import Outage
from ..lib.tariff import LUXEMBOURG, QuarterHour

# The longest 25 months.
KEPT = timedelta(days=762)
# Four days without room on the disk.
MAX_PENDING = 384
# A month is less than a fifth of that. The rest is for quarter-hours that come twice.
MAX_FILE_SIZE = 1_000_000
# 26 months are kept; the others are what a wrong clock leaves behind.
MAX_FILES = 28

_HEADER = b"start,imported_wh,exported_wh,reactive_imported_varh,reactive_exported_varh\n"
_FILE_NAME = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])\.csv")
_COLUMNS = 5
_MAX_WH = 1e9
_LOST = "Quarter-hours cannot be stored in %s: %s"
_BACK = "Quarter-hours are stored in %s again"


class QuarterHourSeries:
    """The quarter-hours of one config entry, and the folder of their files."""

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        self._hass = hass
        self._folder = Path(hass.config.path(STORAGE_DIR, f"{DOMAIN}.{entry_id}.quarter_hours"))
        self._pending: dict[datetime, QuarterHour] = {}
        self._last: QuarterHour | None = None
        self._lock = asyncio.Lock()
        self._outage = Outage(LOGGER, _LOST, _BACK, self._folder)
        self._is_closed = False

    @callback
    def append(self, quarter: QuarterHour | None) -> None:
        """Append the last complete quarter-hour, unless that has been done.

        The first one is appended at each start: a kill may have come in between.
        """
        if quarter is None or quarter == self._last or self._is_closed:
            return
        self._last = quarter
        self._pending.pop(quarter.start, None)
        self._pending[quarter.start] = quarter
        while len(self._pending) > MAX_PENDING:
            del self._pending[next(iter(self._pending))]
        self._hass.async_create_task(self._async_write(), f"{DOMAIN} quarter-hours")

    async def async_read(self, start: datetime, end: datetime) -> list[QuarterHour]:
        """Return the known quarter-hours that start in a period, in the order of their time.

        Raises OSError when a file is there and cannot be read.
        """
        # Before anything is awaited: what is written meanwhile is then known twice, not lost.
        pending = dict(self._pending)
        return await self._hass.async_add_executor_job(self._read, start, end, pending)

    async def async_close(self) -> None:
        """Write what is waiting, for the last time."""
        self._is_closed = True
        await self._async_write()

    async def async_remove(self) -> None:
        """Remove all files."""
        await self._hass.async_add_executor_job(
            lambda: shutil.rmtree(self._folder, ignore_errors=True)
        )

    async def _async_write(self) -> None:
        async with self._lock:
            pending = list(self._pending.values())
            if not pending:
                return
            try:
                await self._hass.async_add_executor_job(self._write, pending)
            except OSError as err:
                # They are written with the next one.
                self._outage.note(err.strerror)
                return
            self._outage.end()
            for quarter in pending:
                if self._pending.get(quarter.start) is quarter:
                    del self._pending[quarter.start]

    def _write(self, quarters: list[QuarterHour]) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        for path, group in groupby(quarters, lambda quarter: self._path(quarter.start)):
            is_new = not path.exists()
            if not is_new and path.stat().st_size > MAX_FILE_SIZE:
                _write_once_each(path)
            with path.open("a+b") as file:
                _cut_torn_line(file)
                lines = map(_line, group)
                file.write(b"".join(lines) if file.tell() else b"".join([_HEADER, *lines]))
                file.flush()
                os.fsync(file.fileno())
            if is_new:
                _sync_folder(self._folder)
                self._remove_old(path, quarters[-1].start)

    def _read(
        self, start: datetime, end: datetime, pending: Mapping[datetime, QuarterHour]
    ) -> list[QuarterHour]:
        found = {}
        for path in self._files():
            if self._path(start) <= path <= self._path(end):
                with path.open("rb") as file:
                    found.update({quarter.start: quarter for quarter in _parse(_tail(file))})
        found.update(pending)
        return [found[time] for time in sorted(found) if start <= time < end]

    def _remove_old(self, new: Path, newest: datetime) -> None:
        """Remove what is too old, both by the meter's clock and by Home Assistant's."""
        oldest = self._path(min(newest, dt_util.utcnow()) - KEPT)
        others = [path for path in self._files() if path != new]
        too_old = [path for path in others if path < oldest]
        rest = sorted(set(others) - set(too_old), key=lambda path: path.stat().st_size)
        for path in (*too_old, *rest[: max(0, len(rest) + 1 - MAX_FILES)]):
            path.unlink()

    def _files(self) -> list[Path]:
        with suppress(FileNotFoundError):
            return [path for path in self._folder.iterdir() if _FILE_NAME.fullmatch(path.name)]
        return []

    def _path(self, time: datetime) -> Path:
        return self._folder / f"{time.astimezone(LUXEMBOURG):%Y-%m}.csv"


def as_decimal(value: float | None) -> str:
    """Return a number as text, with up to 6 decimals and no exponent; nothing for None."""
    return "" if value is None else f"{value:.6f}".rstrip("0").rstrip(".")


def _line(quarter: QuarterHour) -> bytes:
    energies = (
        quarter.imported_kwh,
        quarter.exported_kwh,
        quarter.reactive_imported_kvarh,
        quarter.reactive_exported_kvarh,
    )
    numbers = (as_decimal(None if each is None else each * 1000) for each in energies)
    return f"{quarter.start.astimezone(UTC):%Y-%m-%dT%H:%MZ},{','.join(numbers)}\n".encode()


def _parse(data: bytes) -> Iterator[QuarterHour]:
    """Yield the quarter-hours of a file; what is no line of one is passed over."""
    *lines, _torn = data.split(b"\n")
    for line in lines:
        with suppress(ValueError):  # also what is no text
            yield _parse_line(line.decode("ascii").split(","))


def _parse_line(cells: list[str]) -> QuarterHour:
    if len(cells) != _COLUMNS:
        raise ValueError
    start = datetime.fromisoformat(cells[0])
    imported_wh, *others = map(_parse_number, cells[1:])
    if start.tzinfo is None or imported_wh is None:
        raise ValueError
    energies = (None if each is None else each / 1000 for each in others)
    return QuarterHour(start.astimezone(UTC), imported_wh * 4 / 1000, *energies)


def _parse_number(cell: str) -> float | None:
    if not cell:
        return None
    number = float(cell)
    if not isfinite(number) or not 0 <= number <= _MAX_WH:
        raise ValueError
    return number


def _write_once_each(path: Path) -> None:
    """Write a file that has become too large anew, with one line for each quarter-hour."""
    with path.open("rb") as file:
        known = {quarter.start: quarter for quarter in _parse(_tail(file))}
    new = path.with_suffix(".new")
    with new.open("wb") as file:
        file.write(b"".join([_HEADER, *map(_line, known.values())]))
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def _cut_torn_line(file: BinaryIO) -> None:
    """Cut off what a kill has left of a line, and go to the end."""
    tail = _tail(file)
    file.truncate(file.tell() - (len(tail) - tail.rfind(b"\n") - 1))
    file.seek(0, os.SEEK_END)


def _tail(file: BinaryIO) -> bytes:
    """Return the end of a file, which is the whole of one that is not too large."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 2 * MAX_FILE_SIZE))
    return file.read()


def _sync_folder(folder: Path) -> None:
    """Let the name of a new file survive a loss of power, too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
