"""Files of quarter-hours from Leneda, the national platform. They are kept for 25 months.

There is a file for each OBIS code and month of Luxembourg's calendar. A line is a quarter-hour:
start in UTC, mean power in kW, 1 if measured or 0 if estimated, and version. The first line ends
with the number of the others and their checksum, so that a lost line is noticed. One more file has
the names of all files, so that a lost file is noticed. A file is rewritten when one of its
quarter-hours changes. A damaged file is kept as `….unreadable`, and its readable lines replace it,
until its quarter-hours are stored again.

The files never contain the name of a metering point, only a digest of the name. A household has one
metering point of consumption. It can have several metering points of production. Their energies are
added up. The file names of the first metering point of a code contain no digest. The file names of
all other points contain the beginning of the point's digest.

If the user changes a metering point of the Leneda account, the files of the former metering point
are renamed, because the former point was wrong. They are removed when the statistics have lost its
hours. The files of all other points stay.
"""

import hashlib
import json
import re
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import STORAGE_DIR
from homeassistant.util import dt as dt_util

from ...const import DOMAIN, LOGGER
from ...lib.data_retention import KEPT_TIME, oldest_kept
from ...lib.history.luxembourg_time import LUXEMBOURG, month_end
from ...lib.history.month_file_lines import month_name
from ...lib.leneda.measured_and_estimated_rows import (
    MAX_VERSION,
    LenedaRow,
    LenedaRows,
    added_up,
    newest,
)
from ...lib.leneda.series_codes import REGISTERS, is_of_production
from ...lib.stored_json import load
from ...lib.stored_values import checked_count, checked_number
from ..stored.month_files import MAX_FILE_SIZE, replace_file
from .client import Points

_HEADER = re.compile(rb"start,kw,is_measured,version(?:,([0-9]{1,6}),([0-9a-f]{8}))?")
"""A file that a person has mended may lack number and checksum."""
_FILE_NAME = re.compile(
    r"([0-9]{4}-(?:0[1-9]|1[0-2]))\.([0-9]+-[0-9]+)_([0-9.]+)((?:~[0-9a-f]{16})?)\.csv"
)
_DIGEST = re.compile(r"[0-9a-f]{64}")
_COLUMNS = 4
_MAX_KW = 1e6
MAX_POINTS = 4
"""Maximum number of a household's metering points of production."""
_MAX_FILES = 26 * len(REGISTERS) * MAX_POINTS
_ASIDE = ".unreadable"
_FORMER = ".former"
_POINTS = "points.json"
_NAMES = "names.json"
_ACCOUNT_PRODUCTION = "account_production"
"""Key of one digest in the file of digests: the account's metering point of production."""
_MAX_POINTS_SIZE = 10_000
_MAX_NAMES_SIZE = 200_000


class _File(NamedTuple):
    path: Path
    month: str
    code: str
    point: str
    """Suffix of the file's name for the metering point, empty for the first point of a code."""


class QuarterHourFiles:
    """Folder with the files of one config entry. Call its methods in an executor, one at a time."""

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        name = f"{DOMAIN}.{entry_id}.imported_quarter_hours"
        self.folder = Path(hass.config.path(STORAGE_DIR, name))

    def read_rows(
        self,
        until: datetime,
        since: datetime | None = None,
        points: Points | None = None,
    ) -> dict[str, LenedaRows]:
        """Return the quarter-hours that start before `until`, keyed by code, sorted by time.

        Files of the months before `since` are not read. If a code has several metering points,
        their energies are added up, unless `points` has the one point to read for each code. Raises
        OSError if a file exists but cannot be read.
        """
        names = points and {code: self._name_of(code, point) for code, point in points.items()}
        codes: dict[str, list[tuple[LenedaRow, ...]]] = {}
        for (code, name), rows in self._by_point(until, since=since).items():
            if names is None or names.get(code) == name:
                codes.setdefault(code, []).append(rows)
        return {code: added_up(*series) for code, series in codes.items()}

    def read_others(self, code: str, point: str, until: datetime) -> tuple[LenedaRow, ...]:
        """Return a code's quarter-hours, added up over all its metering points except `point`.

        Raises OSError if a file exists but cannot be read.
        """
        name = self._name_of(code, point)
        series = self._by_point(until, code)
        return added_up(*(rows for (_, file_point), rows in series.items() if file_point != name))

    def _by_point(
        self, until: datetime, only_code: str = "", since: datetime | None = None
    ) -> dict[tuple[str, str], tuple[LenedaRow, ...]]:
        """Return the quarter-hours before `until`, keyed by code and the suffix of the file's name.

        The suffix stands for the metering point. Files of the months before `since` are not read.
        If `only_code` is not empty, only quarter-hours of this code are returned.
        """
        files = sorted(self._files())
        newest_month, oldest = month_name(until), _oldest_month(until, files, since)
        series: dict[tuple[str, str], list[LenedaRow]] = {}
        for file in files:
            if oldest <= file.month <= newest_month and only_code in {"", file.code}:
                rows = series.setdefault((file.code, file.point), [])
                rows += (row for row in _read(file.path) if row.start < until)
        return {key: newest(rows) for key, rows in series.items() if rows}

    def add(self, code: str, rows: Iterable[LenedaRow], point: str = "") -> None:
        """Store quarter-hours of a code at a metering point.

        A stored row is replaced unless it has a higher version than the new row for the same
        quarter-hour. Raises OSError if a file cannot be written. The files of earlier months may
        have been written by then.
        """
        name, noted = self._name_of(code, point), self._noted_names()
        self.folder.mkdir(parents=True, exist_ok=True)
        for month, group in groupby(rows, lambda row: month_name(row.start)):
            path = self.folder / f"{month}.{code.replace(':', '_')}{name}.csv"
            stored_rows = tuple(_read(path))
            if (joined := newest(stored_rows, group)) != stored_rows:
                _write(path, joined)
            _remove_replaced(path, joined)
        files = self._files()
        oldest = _oldest_month(dt_util.utcnow(), files)
        self._note_names(noted, lambda name: name >= oldest)
        for file in files:
            if file.month < oldest:
                file.path.unlink(missing_ok=True)

    def newest_end(self) -> datetime | None:
        """Return the end of the newest stored month. Return None if no month is stored."""
        return max((_end(file.month) for file in self._files()), default=None)

    def is_of_other_point(self, code: str, point: str) -> bool:
        """Return whether an imported file must be refused because of its metering point `point`.

        The file has quarter-hours of `code`. A household has only one metering point of
        consumption. So a file of consumption is refused if a different point of consumption is
        stored. It is accepted if it has no point. The energies of several metering points of
        production are added up. So a file of production is refused only if MAX_POINTS other points
        already have files.
        """
        if not is_of_production(code):
            stored = {
                digest
                for key, digest in self._digests().items()
                if key != _ACCOUNT_PRODUCTION and not is_of_production(key)
            }
            return bool(point and stored - {digest_of(point)})
        name = self._name_of(code, point)
        points = {file.point for file in self._files() if file.code == code}
        return name not in points and len(points) >= MAX_POINTS

    def note_point(self, code: str, point: str) -> None:
        """Store the digest of `point`, the first metering point of `code`.

        If a digest of `code` is stored already, keep that digest. Raises OSError if the digest
        cannot be stored.
        """
        self._write_digests({code: digest_of(point), **self._digests()})

    def has_former_points(self, points: Points) -> bool:
        """Return whether there are files that `use_points` would remove."""
        return bool(self._of_former_points(points))

    def use_points(self, points: Points) -> None:
        """Store the metering points of the account. Rename the files of its former metering points.

        `points` has the account's metering point of each code. A point is a former point if its
        stored digest differs from the digest of the point in `points`. If no digest is stored, all
        files of the code stay. Raises OSError if a file cannot be renamed, or if the digests cannot
        be stored.
        """
        former = self._of_former_points(points)
        if names := {file.path.name for file in former}:
            self._note_names(self._noted_names(), lambda name: name not in names)
        for file in former:
            file.path.replace(file.path.with_name(file.path.name + _FORMER))
        digests = {
            _ACCOUNT_PRODUCTION if is_of_production(code) else code: digest_of(point)
            for code, point in points.items()
        }
        self._write_digests({**self._digests(), **digests})

    def months(self) -> frozenset[datetime]:
        """Return the starts of all months that have a file."""
        return frozenset(_start(file.month) for file in self._files())

    def damaged_months(self) -> frozenset[datetime]:
        """Return the starts of the months that have a damaged file, which was renamed, or lost one.

        A month is no longer damaged when the renamed file is gone: removed by the user, or because
        as many quarter-hours were stored again. A lost file must be stored again.
        """
        lost = {name for name in self._noted_names() if not (self.folder / name).exists()}
        return self._months_of_renamed(_ASIDE) | {_start(name[:7]) for name in lost}

    def former_months(self) -> frozenset[datetime]:
        """Return the starts of the months of former metering points."""
        return self._months_of_renamed(_FORMER)

    def remove_former(self) -> None:
        """Remove the files of former metering points. Raises OSError."""
        for path, _ in self._named(_FORMER):
            path.unlink(missing_ok=True)

    def _months_of_renamed(self, ending: str) -> frozenset[datetime]:
        return frozenset(_start(match[1]) for _, match in self._named(ending))

    def _named(self, ending: str) -> list[tuple[Path, re.Match[str]]]:
        """Return the files whose name has `ending` behind that of a file of quarter-hours."""
        with suppress(FileNotFoundError):
            return [
                (path, match)
                for path in self.folder.iterdir()
                if path.name.endswith(ending)
                and (match := _FILE_NAME.fullmatch(path.name.removesuffix(ending)))
            ]
        return []

    def forget_points(self) -> None:
        """Forget the metering point of each OBIS code that has no file.

        Call this if there is no Leneda account. Raises OSError if the remaining digests cannot be
        stored.
        """
        codes = {file.code for file in self._files()}
        if any(map(is_of_production, codes)):
            codes.add(_ACCOUNT_PRODUCTION)
        digests = self._digests().items()
        self._write_digests({key: digest for key, digest in digests if key in codes})

    def is_empty(self) -> bool:
        """Return whether neither a file nor the digest of a metering point's name is stored.

        Raises OSError.
        """
        return not self._files() and not self._digests()

    def _of_former_points(self, points: Points) -> list[_File]:
        stored = self._digests()
        files = []
        for file in self._files():
            key = _ACCOUNT_PRODUCTION if is_of_production(file.code) else file.code
            digest = digest_of(points[file.code])
            former = stored.get(key, digest)
            if former != digest and file.point == _suffix(former, stored.get(file.code)):
                files.append(file)
        return files

    def _name_of(self, code: str, point: str) -> str:
        """Return the suffix for a metering point in file names.

        The suffix of the code's first point is empty.
        """
        return _suffix(digest_of(point), self._digests().get(code)) if point else ""

    def remove(self) -> None:
        """Remove all files of the entry, and unreadable files that were renamed."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _digests(self) -> dict[str, str]:
        """Return the stored digests of metering points, keyed by code.

        The digest of a code belongs to the code's first metering point. The digest under the key
        _ACCOUNT_PRODUCTION belongs to the metering point of production in the Leneda account.
        Return {} if there is no file of the digests. A malformed one is renamed. Raises OSError.
        """
        path = self.folder / _POINTS
        try:
            with path.open("rb") as file:
                content = file.read(_MAX_POINTS_SIZE)
            digests = load(dict[str, str], json.loads(content))
        except FileNotFoundError:
            return {}
        except ValueError, RecursionError:
            path.replace(path.with_name(path.name + _ASIDE))
            LOGGER.warning("%s cannot be read, and is begun anew", path)
            return {}
        keys = {*REGISTERS, _ACCOUNT_PRODUCTION}
        return {
            key: digest
            for key, digest in digests.items()
            if key in keys and _DIGEST.fullmatch(digest)
        }

    def _write_digests(self, digests: Mapping[str, str]) -> None:
        if digests != self._digests():
            self.folder.mkdir(parents=True, exist_ok=True)
            replace_file(self.folder / _POINTS, json.dumps(digests).encode())

    def _noted_names(self) -> set[str]:
        """Return the names of all files, also of lost ones. Return none if they are not readable.

        Raises OSError.
        """
        try:
            with (self.folder / _NAMES).open("rb") as file:
                names = load(list[str], json.loads(file.read(_MAX_NAMES_SIZE)))
        except FileNotFoundError, ValueError, RecursionError:
            return set()
        return {name for name in names if _FILE_NAME.fullmatch(name)}

    def _note_names(self, noted: set[str], is_kept: Callable[[str], bool]) -> None:
        """Store the kept names of all files, and of the lost files in `noted`. Raises OSError."""
        names = noted | {file.path.name for file in self._files()}
        if (kept := {*filter(is_kept, names)}) != noted:
            replace_file(self.folder / _NAMES, json.dumps(sorted(kept)).encode())

    def _files(self) -> list[_File]:
        files = []
        for path, match in self._named(""):
            month, first, second, point = match.groups()
            if (code := f"{first}:{second}") in REGISTERS:
                files.append(_File(path, month, code, point))
        return files[:_MAX_FILES]


def _start(month: str) -> datetime:
    return datetime.fromisoformat(f"{month}-01").replace(tzinfo=LUXEMBOURG)


def _end(month: str) -> datetime:
    return month_end(_start(month))


def _oldest_month(now: datetime, files: Sequence[_File], since: datetime | None = None) -> str:
    """Return the oldest month of `files` that is kept at `now`, or the month of `since`.

    The month of the newest file is the second clock. Return "" if there are no files.
    """
    if since or not files:
        return month_name(since) if since else ""
    newest_month = max(file.month for file in files)
    return month_name(oldest_kept(KEPT_TIME, now, _end(newest_month)))


def _read(path: Path) -> list[LenedaRow]:
    """Return the quarter-hours in a file, none if there is no file. Raises OSError.

    Damaged lines are skipped, and a file that has any is put aside.
    """
    try:
        with path.open("rb") as file:
            header, *lines = file.read(MAX_FILE_SIZE).split(b"\n")
    except FileNotFoundError:
        return []
    rows = []
    match = _HEADER.fullmatch(header)
    is_damaged = not match or lines[-1:] != [b""]
    if match and match[1]:
        checked = len(lines) - 1, f"{crc32(b'\n'.join(lines)):08x}"
        is_damaged |= checked != (int(match[1]), match[2].decode())
    for line in lines[:-1]:
        try:
            rows.append(_parse(line.decode("ascii").split(",")))
        except ValueError:  # includes UnicodeDecodeError, if a byte is not ASCII
            is_damaged = True
    if is_damaged:
        _put_aside(path, rows)
    return rows


def _parse(cells: list[str]) -> LenedaRow:
    if len(cells) != _COLUMNS or cells[2] not in {"0", "1"}:
        raise ValueError
    start = datetime.fromisoformat(cells[0])
    if start.tzinfo is None:
        raise ValueError
    kw = checked_number(float(cells[1]), 0, _MAX_KW)
    version = checked_count(int(cells[3]), MAX_VERSION)
    return LenedaRow(start.astimezone(UTC), kw, cells[2] == "1", version)


def _put_aside(path: Path, rows: Iterable[LenedaRow]) -> None:
    """Copy a damaged file, and replace it by its readable quarter-hours. Raises OSError."""
    aside = path.with_name(path.name + _ASIDE)
    shutil.copy(path, aside)
    _write(path, rows)
    LOGGER.warning(
        "Some of what is stored in %s cannot be read, and is left out; it is kept as %s",
        path,
        aside,
    )


def _remove_replaced(path: Path, rows: LenedaRows) -> None:
    """Remove a damaged file that was renamed, if its new file has as many quarter-hours."""
    aside = path.with_name(path.name + _ASIDE)
    with suppress(OSError):
        header, *lines = aside.read_bytes()[:MAX_FILE_SIZE].split(b"\n")
        match = _HEADER.fullmatch(header)
        count = int(match[1]) if match and match[1] else len(lines) - 1
        if len(rows) >= max(1, count):
            aside.unlink()


def _write(path: Path, rows: Iterable[LenedaRow]) -> None:
    lines = [
        f"{row.start.astimezone(UTC):%Y-%m-%dT%H:%MZ},{row.kw!r},{int(row.is_measured)},{row.version}\n"
        for row in rows
    ]
    body = "".join(lines).encode()
    header = f"start,kw,is_measured,version,{len(lines)},{crc32(body):08x}\n"
    replace_file(path, header.encode() + body)


def digest_of(point: str) -> str:
    """Return the digest by which a metering point is identified in stored data."""
    return hashlib.sha256(point.encode()).hexdigest()


def _suffix(digest: str, first: str | None) -> str:
    """Return the suffix in file names for the metering point with the digest `digest`.

    Files belong to an OBIS code and a metering point. `first` is the digest of the first metering
    point that had files of this code. It is None if the code has no files yet.
    """
    return "" if first in {None, digest} else f"~{digest[:16]}"
