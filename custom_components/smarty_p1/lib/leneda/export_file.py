"""A file as the platform's portal exports it: one metering point, one code, a row a quarter-hour.

Its columns are known by what is in them, as their names differ by language. The value is in the one
whose name holds the code, or else in the only one with decimals. Whatever is not sure is refused:
a file that a spreadsheet has saved anew has lost from when its times are.
"""

import csv
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import chain, islice
from typing import NamedTuple

from ..tariff import MAX_POWER_KW, QUARTER_HOUR
from .registers import REGISTERS, is_gas, is_in_its_unit
from .rows import MAX_VERSION, Row, is_measured, newest

MAX_EXPORT_SIZE = 20_000_000
"""In bytes: a year has 3.9 million."""
_MAX_ROWS = 200_000
_MAX_COLUMNS = 20
_MAX_LINE = 1_000
_LEAST_COMMAS = 4
_HEAD = 100
_INTERVAL = "15"
_INTERVAL_AND_VERSION = 2
_FIRST_YEAR = 1999
_OFFSETS = {timedelta(hours=1), timedelta(hours=2)}

_POINT = re.compile(r"LU[0-9]{31}")
_CODE = re.compile(r"[0-9]{1,3}-[0-9]{1,3}:[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}")
_UNIT = re.compile(r"[kM]?(W|VAr)h?|N?m[3³]", re.IGNORECASE)
_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?(Z|[+-][0-9]{2}:[0-9]{2})"
)
_TIME_WITHOUT_OFFSET = re.compile(
    r"([0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}|[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{2,4})"
    r"([T ,]+[0-9]{1,2}:[0-9]{2}(:[0-9]{2})?( ?[AaPp][Mm])?)?"
)
_NUMBER = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")
_DECIMAL = re.compile(r"-?[0-9]{1,9}\.[0-9]{1,9}")
_DECIMAL_COMMA = re.compile(r"-?[0-9.]{1,9},[0-9]{1,9}")
_INTEGER = re.compile(r"[0-9]{1,9}")


class ExportRefusal(StrEnum):
    """Why a file cannot be read."""

    TOO_LARGE = "too_large"
    EMPTY = "empty"
    """Nothing is in it, or no row."""
    NOT_CSV = "not_csv"
    SPREADSHEET = "spreadsheet"
    """A spreadsheet has saved it anew."""
    NO_EXPORT = "no_export"
    """It is some other table."""
    SEVERAL_POINTS = "several_points"
    SEVERAL_CODES = "several_codes"
    GAS = "gas"
    UNKNOWN_CODE = "unknown_code"
    WRONG_UNIT = "wrong_unit"
    WRONG_INTERVAL = "wrong_interval"
    WRONG_OFFSET = "wrong_offset"
    NO_QUARTER_HOUR = "no_quarter_hour"
    """A time lies within one."""
    FUTURE = "future"
    TOO_OLD = "too_old"
    WRONG_VALUE = "wrong_value"
    DAMAGED_LINE = "damaged_line"
    TRUNCATED = "truncated"
    """The last line is not whole."""


# What all rows have in common.
_SAME = (
    (_POINT, ExportRefusal.SEVERAL_POINTS),
    (_CODE, ExportRefusal.SEVERAL_CODES),
    (_UNIT, ExportRefusal.WRONG_UNIT),
)


class ExportError(Exception):
    """A file that cannot be read: why, and what of it is to be named. Never the metering point."""

    def __init__(self, reason: ExportRefusal, **placeholders: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.placeholders = placeholders


class Export(NamedTuple):
    """What a file holds: at least one row."""

    point: str
    """The metering point: it is private."""
    code: str
    """One of `REGISTERS`."""
    rows: tuple[Row, ...]
    """In the order of their time, each once."""
    repeated: int
    """Rows that others took the place of."""
    holes: int
    """Quarter-hours between the first and the last that are missing, or have no value."""
    estimated: int
    """Rows that were not measured."""


class _Columns(NamedTuple):
    """Where in a row what stands."""

    point: int
    code: int
    unit: int
    time: int
    value: int
    interval: int
    version: int
    kind: int


class _RefusedRowError(Exception):
    """A row for which the whole file is refused."""

    def __init__(self, reason: ExportRefusal) -> None:
        super().__init__(reason)
        self.reason = reason


def read_export(data: bytes, now: datetime) -> Export:
    """Return what a file of the portal holds. Raises ExportError for any other one.

    It takes a moment: a year has 35,040 rows.
    """
    lines = _lines(data)
    table = _table(lines)
    head = list(islice(table, _HEAD))
    names = [] if not head or any(map(_CODE.fullmatch, head[0][1])) else head.pop(0)[1]
    if not head:
        raise ExportError(ExportRefusal.EMPTY)
    is_unended = not data.endswith((b"\n", b"\r"))
    if is_unended and len(head) == 1 and (len(head[0][1]) < len(names) or not head[0][1][-1]):
        raise ExportError(ExportRefusal.TRUNCATED)
    columns = _columns(names, [cells for _, cells in head])
    example = head[0][1]
    code = example[columns.code]
    _check_register(code, example[columns.unit])
    rows = []
    for number, cells in chain(head, table):
        if cells == names:
            continue
        try:
            rows.append(_row(cells, example, columns, now))
        except _RefusedRowError as err:
            is_cut = number == len(lines) and (is_unended or len(cells) < len(example))
            reason = ExportRefusal.TRUNCATED if is_cut else err.reason
            raise ExportError(reason, line=str(number)) from None
    found = newest(row for row in rows if row)
    if not found:
        raise ExportError(ExportRefusal.EMPTY)
    return Export(
        point=example[columns.point],
        code=code,
        rows=found,
        repeated=sum(row is not None for row in rows) - len(found),
        holes=(found[-1].start - found[0].start) // QUARTER_HOUR + 1 - len(found),
        estimated=sum(not row.is_measured for row in found),
    )


def _lines(data: bytes) -> list[str]:
    if len(data) > MAX_EXPORT_SIZE:
        raise ExportError(ExportRefusal.TOO_LARGE)
    if not data.strip():
        raise ExportError(ExportRefusal.EMPTY)
    if b"\0" in data:
        raise ExportError(ExportRefusal.NOT_CSV)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        # A spreadsheet may write it: which one of its marks is to be said.
        text = data.decode("latin-1")
    lines = text.rstrip("\r\n").split("\n")
    if len(lines) > _MAX_ROWS:
        raise ExportError(ExportRefusal.TOO_LARGE)
    if max(map(len, lines)) > _MAX_LINE:
        raise ExportError(ExportRefusal.NOT_CSV)
    start = "\n".join(lines[:2])
    if lines[0].count(",") < _LEAST_COMMAS <= max(map(lines[0].count, ";\t")) and _POINT.search(
        start
    ):
        raise ExportError(ExportRefusal.SPREADSHEET)
    return lines


def _table(lines: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows, each with the number of its line."""
    reader = csv.reader(lines, strict=True)
    try:
        for cells in reader:
            if cells:
                yield reader.line_num, cells
    except csv.Error as err:
        if reader.line_num <= 1:
            raise ExportError(ExportRefusal.NOT_CSV) from err
        is_cut = reader.line_num == len(lines)
        reason = ExportRefusal.TRUNCATED if is_cut else ExportRefusal.DAMAGED_LINE
        raise ExportError(reason, line=str(reader.line_num)) from err


def _columns(names: Sequence[str], head: Sequence[Sequence[str]]) -> _Columns:
    """Return what stands where, as the first rows say it."""
    example = head[0]
    left = list(range(min(len(example), _MAX_COLUMNS)))

    def take(pattern: re.Pattern[str]) -> int | None:
        found = next((n for n in left if pattern.fullmatch(example[n])), None)
        if found is not None:
            left.remove(found)
        return found

    point, code, unit, time = map(take, (_POINT, _CODE, _UNIT, _TIME))
    if point is None or code is None or unit is None:
        raise ExportError(ExportRefusal.NO_EXPORT)
    if time is None:
        is_saved = any(map(_TIME_WITHOUT_OFFSET.fullmatch, example))
        raise ExportError(ExportRefusal.SPREADSHEET if is_saved else ExportRefusal.NO_EXPORT)
    values = [n for n in left if n < len(names) and f"({example[code]})" in names[n]]
    values = values or [n for n in left if any(_is(_DECIMAL, row, n) for row in head)]
    if len(values) != 1:
        is_saved = any(_is(_DECIMAL_COMMA, row, n) for row in head for n in left)
        raise ExportError(ExportRefusal.SPREADSHEET if is_saved else ExportRefusal.NO_EXPORT)
    left.remove(values[0])
    numbers = [n for n in left if _INTEGER.fullmatch(example[n])]
    words = [n for n in left if n not in numbers]
    if len(numbers) < _INTERVAL_AND_VERSION or not words:
        raise ExportError(ExportRefusal.NO_EXPORT)
    known = [n for n in words if any(n < len(row) and is_measured(row[n]) for row in head)]
    return _Columns(
        point, code, unit, time, values[0], numbers[0], numbers[-1], kind=(known or words)[-1]
    )


def _is(pattern: re.Pattern[str], cells: Sequence[str], column: int) -> bool:
    return column < len(cells) and pattern.fullmatch(cells[column]) is not None


def _check_register(code: str, unit: str) -> None:
    register = REGISTERS.get(code)
    if register is None:
        reason = ExportRefusal.GAS if is_gas(code) else ExportRefusal.UNKNOWN_CODE
        raise ExportError(reason, code=code)
    if not is_in_its_unit(register, unit):
        raise ExportError(ExportRefusal.WRONG_UNIT, unit=unit, expected=register.unit)


def _row(
    cells: Sequence[str], example: Sequence[str], columns: _Columns, now: datetime
) -> Row | None:
    """Return a row, None for one without a value. Raises _RefusedRowError."""
    if len(cells) != len(example):
        raise _RefusedRowError(ExportRefusal.DAMAGED_LINE)
    for column, (pattern, reason) in zip(columns[:3], _SAME, strict=True):
        if cells[column] != example[column]:
            is_other = pattern.fullmatch(cells[column])
            raise _RefusedRowError(reason if is_other else ExportRefusal.DAMAGED_LINE)
    start = _start(cells[columns.time], now)
    interval, version, value = (
        cells[n] for n in (columns.interval, columns.version, columns.value)
    )
    if interval != _INTERVAL:
        is_other = _INTEGER.fullmatch(interval)
        reason = ExportRefusal.WRONG_INTERVAL if is_other else ExportRefusal.DAMAGED_LINE
        raise _RefusedRowError(reason)
    if not _INTEGER.fullmatch(version) or int(version) > MAX_VERSION:
        raise _RefusedRowError(ExportRefusal.DAMAGED_LINE)
    if not value:
        return None
    return Row(start, _value(value), is_measured(cells[columns.kind]), int(version))


def _start(text: str, now: datetime) -> datetime:
    if not _TIME.fullmatch(text):
        is_saved = _TIME_WITHOUT_OFFSET.fullmatch(text)
        raise _RefusedRowError(
            ExportRefusal.SPREADSHEET if is_saved else ExportRefusal.DAMAGED_LINE
        )
    try:
        time = datetime.fromisoformat(text)
    except ValueError as err:
        raise _RefusedRowError(ExportRefusal.DAMAGED_LINE) from err
    if time.utcoffset() not in _OFFSETS:
        raise _RefusedRowError(ExportRefusal.WRONG_OFFSET)
    if time.minute % 15 or time.second:
        raise _RefusedRowError(ExportRefusal.NO_QUARTER_HOUR)
    if time.year < _FIRST_YEAR:
        raise _RefusedRowError(ExportRefusal.TOO_OLD)
    if time > now - QUARTER_HOUR:
        raise _RefusedRowError(ExportRefusal.FUTURE)
    return time.astimezone(UTC)


def _value(text: str) -> float:
    if not _NUMBER.fullmatch(text):
        is_saved = _DECIMAL_COMMA.fullmatch(text)
        raise _RefusedRowError(ExportRefusal.SPREADSHEET if is_saved else ExportRefusal.WRONG_VALUE)
    kw = float(text)
    if not kw <= MAX_POWER_KW:
        raise _RefusedRowError(ExportRefusal.WRONG_VALUE)
    return kw
