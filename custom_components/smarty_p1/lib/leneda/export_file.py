"""A file as the platform's portal exports it: one metering point, one code, a row a quarter-hour.

Its columns are known by what is in them, as their names differ by language. The value is in the one
whose name holds the code, or else in the only one with decimals. Whatever is not sure is refused:
a file that a spreadsheet has saved anew has lost from when its times are.
"""

import csv
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import chain, islice
from typing import NamedTuple

from ..tariff import QUARTER_HOUR, REFERENCE_POWERS
from .export_refusals import ExportError, ExportRefusal
from .export_row import (
    CODE,
    DECIMAL,
    DECIMAL_COMMA,
    INTEGER,
    INTERVAL,
    POINT,
    TIME,
    TIME_WITHOUT_OFFSET,
    UNIT,
    Columns,
    RefusedRowError,
    read_row,
)
from .registers import REGISTERS, is_gas, is_in_its_unit
from .rows import Row, is_measured, newest

MAX_EXPORT_SIZE = 20_000_000
"""In bytes: a year has 3.9 million."""
_MAX_ROWS = 200_000
_MAX_COLUMNS = 20
_MAX_LINE = 1_000
_FIRST_LINES = 3
_LEAST_COMMAS = 4
_HEAD = 100
_INTERVAL_AND_VERSION = 2
# What a value is tested for that seems to be an energy.
_LEAST_ROWS = 16
_HIGH_MEAN_KW = 20
# In all five languages.
_MINUTES = re.compile(r"\bmin", re.IGNORECASE)
_SHOWN_NAME = re.compile(r"[\w .:()/%-]{1,40}")


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


def read_export(data: bytes, now: datetime) -> Export:
    """Return what a file of the portal holds. Raises ExportError for any other one.

    It takes a moment: a year has 35,040 rows.
    """
    lines = _lines(data)
    is_unended = not data.endswith((b"\n", b"\r"))
    _check_begin(lines, is_unended=is_unended)
    table = _table(lines)
    head = list(islice(table, _HEAD))
    names = [] if not head or any(map(CODE.fullmatch, head[0][1])) else head.pop(0)[1]
    if not head:
        raise ExportError(ExportRefusal.EMPTY)
    if is_unended and len(head) == 1 and (len(head[0][1]) < len(names) or not head[0][1][-1]):
        raise ExportError(ExportRefusal.TRUNCATED)
    columns = _columns(names, [cells for _, cells in head])
    example = head[0][1]
    code = example[columns.code]
    _check_register(code, example[columns.unit])
    latest = (now - QUARTER_HOUR).astimezone(UTC)
    rows = []
    highest, highest_line = 0.0, 0
    for number, cells in chain(head, table):
        if cells == names:
            continue
        try:
            row = read_row(cells, example, columns, latest)
        except RefusedRowError as err:
            if number == len(lines) and (is_unended or len(cells) < len(example)):
                raise ExportError(ExportRefusal.TRUNCATED, line=str(number)) from None
            raise ExportError(err.reason, line=str(number), **err.placeholders) from None
        rows.append(row)
        if row and row.kw > highest:
            highest, highest_line = row.kw, number
    found = newest(row for row in rows if row)
    if not found:
        raise ExportError(ExportRefusal.EMPTY)
    if _are_watt_hours(found):
        raise ExportError(
            ExportRefusal.WATT_HOURS,
            line=str(highest_line),
            value=f"{highest:g}",
            unit=example[columns.unit],
        )
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
    return lines


def _check_begin(lines: Sequence[str], *, is_unended: bool) -> None:
    """Refuse what is no file of the portal by how it begins."""
    begin = "\n".join(lines[:_FIRST_LINES])
    if POINT.search(begin) and CODE.search(begin):
        if lines[0].count(",") < _LEAST_COMMAS <= max(map(lines[0].count, ";\t")):
            raise ExportError(ExportRefusal.SPREADSHEET)
        return
    of_header = [ExportRefusal.EMPTY, *([ExportRefusal.TRUNCATED] if is_unended else [])]
    is_header = CODE.search(lines[0]) and len(lines) <= len(of_header)
    raise ExportError(of_header[len(lines) - 1] if is_header else ExportRefusal.NO_EXPORT)


def _table(lines: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows, each with the number of its line."""
    reader = csv.reader(lines, strict=True)
    try:
        for cells in reader:
            if cells:
                yield reader.line_num, cells
    except csv.Error as err:
        if reader.line_num <= 1:
            raise ExportError(ExportRefusal.NO_EXPORT) from err
        is_cut = reader.line_num == len(lines)
        reason = ExportRefusal.TRUNCATED if is_cut else ExportRefusal.DAMAGED_LINE
        raise ExportError(reason, line=str(reader.line_num)) from err


def _columns(names: Sequence[str], head: Sequence[Sequence[str]]) -> Columns:
    """Return what stands where, as the first rows say it."""
    example = head[0]
    left = list(range(min(len(example), _MAX_COLUMNS)))

    def take(pattern: re.Pattern[str]) -> int | None:
        found = next((n for n in left if pattern.fullmatch(example[n])), None)
        if found is not None:
            left.remove(found)
        return found

    point, code, unit, time = map(take, (POINT, CODE, UNIT, TIME))
    if point is None or code is None or unit is None:
        raise ExportError(ExportRefusal.NO_EXPORT)
    if time is None:
        is_saved = any(map(TIME_WITHOUT_OFFSET.fullmatch, example))
        raise ExportError(ExportRefusal.SPREADSHEET if is_saved else ExportRefusal.NO_EXPORT)
    values = [n for n in left if n < len(names) and f"({example[code]})" in names[n]]
    values = values or [n for n in left if any(_is(DECIMAL, row, n) for row in head)]
    if len(values) != 1:
        is_saved = any(_is(DECIMAL_COMMA, row, n) for row in head for n in left)
        raise ExportError(ExportRefusal.SPREADSHEET if is_saved else ExportRefusal.NO_EXPORT)
    _check_value_column(values[0], left, names, head)
    left.remove(values[0])
    numbers = [n for n in left if INTEGER.fullmatch(example[n])]
    words = [n for n in left if n not in numbers]
    if len(numbers) < _INTERVAL_AND_VERSION or not words:
        raise ExportError(ExportRefusal.NO_EXPORT)
    named = [n for n in numbers if n < len(names) and _MINUTES.search(names[n])]
    interval = (named or numbers)[0]
    others = [n for n in numbers if n != interval]
    if example[interval] != INTERVAL:
        for other in others:
            if all(row[other : other + 1] == [INTERVAL] for row in head):
                raise _swapped(interval, other, names, example)
    known = [n for n in words if any(n < len(row) and is_measured(row[n]) for row in head)]
    return Columns(
        point, code, unit, time, values[0], interval, others[-1], kind=(known or words)[-1]
    )


def _check_value_column(
    value: int, others: Sequence[int], names: Sequence[str], head: Sequence[Sequence[str]]
) -> None:
    """Refuse a file whose decimal numbers are in another column than that of the values."""
    decimals = [n for n in others if any(_is(DECIMAL, row, n) for row in head)]
    is_number = _is(INTEGER, head[0], value)
    if value not in decimals and is_number and len(decimals) == 1:
        raise _swapped(value, decimals[0], names, head[0])


def _swapped(one: int, other: int, names: Sequence[str], example: Sequence[str]) -> ExportError:
    """Return what says of two columns what is in them."""
    return ExportError(
        ExportRefusal.SWAPPED_COLUMNS,
        first=_column_name(one, names),
        first_value=example[one],
        second=_column_name(other, names),
        second_value=example[other],
    )


def _column_name(column: int, names: Sequence[str]) -> str:
    """Return the name of a column, or its number where that cannot be shown."""
    name = names[column] if column < len(names) else ""
    is_shown = _SHOWN_NAME.fullmatch(name) and not POINT.search(name)
    return name if is_shown else str(column + 1)


def _are_watt_hours(rows: Sequence[Row]) -> bool:
    """Return whether values look like energies in Wh although the unit is kW.

    A meter counts in watt-hours: as mean power in kW, its values have decimals. As energy they have
    none, and those of a household are in the hundreds.
    """
    powers = [row.kw for row in rows if row.kw]
    if len(powers) < _LEAST_ROWS:
        return False
    mean_kw = sum(powers) / len(powers)
    return mean_kw > REFERENCE_POWERS[-1] or (
        mean_kw > _HIGH_MEAN_KW and all(kw.is_integer() for kw in powers)
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
