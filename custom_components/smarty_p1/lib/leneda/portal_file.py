"""Reader of a file of Leneda's portal.

A file has the series of one metering point and OBIS code, with a row per quarter-hour.

The columns are recognised by their contents, because their names differ by language. The value is
in the column whose name contains the code, or else in the only column with decimals. A spreadsheet
program that saves a file again drops the UTC offsets of the times. So a file that looks changed is
refused.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import chain, islice
from typing import NamedTuple

from ..history.luxembourg_time import QUARTER_HOUR
from ..prices.published_prices import REFERENCE_POWERS
from .measured_and_estimated_rows import LenedaRow, LenedaRows, is_measured, newest
from .portal_file_cells import (
    CODE,
    DECIMAL,
    DECIMAL_COMMA,
    INTEGER,
    INTERVAL,
    TIME,
    TIME_WITHOUT_OFFSET,
    UNIT,
    ColumnPositions,
    read_row,
)
from .portal_file_refusals import ExportError, ExportRefusal
from .series_codes import POINT, REGISTERS, is_gas_code, is_in_its_unit

MAX_EXPORT_SIZE = 20_000_000
"""In bytes. A file of one year has 3.9 million bytes."""
_MAX_ROWS = 200_000
_MAX_COLUMNS = 20
_MAX_LINE = 1_000
_FIRST_LINES = 3
_MIN_COMMAS = 4
_HEAD = 100
_INTERVAL_AND_VERSION = 2
# Patterns that recognise columns by their cells, in the order in which the columns are searched.
_BY_PATTERN = (POINT, CODE, UNIT, TIME)
# A file can have energies in Wh although it says that its values are powers in kW. Values count as
# energies only if at least _MIN_ROWS values are above 0, and the mean of these values is above
# _HIGH_MEAN_KW.
_MIN_ROWS = 16
_HIGH_MEAN_KW = 20
# Beginning of the word for minutes in English, German, French, Luxembourgish and Portuguese.
_MINUTES = re.compile(r"\bmin", re.IGNORECASE)
_SHOWN_NAME = re.compile(r"[\w .:()/%-]{1,40}")


class Export(NamedTuple):
    """Content of a file of the portal. It has at least one row."""

    point: str
    """Name of the metering point, which is private."""
    code: str
    """OBIS code of the series, a key of `REGISTERS`."""
    rows: tuple[LenedaRow, ...]
    """Rows in the order of time, without repetitions."""
    repeated: tuple[datetime, ...]
    """Start of each row that was replaced by a later row with the same start."""

    @property
    def holes(self) -> int:
        """Return the number of quarter-hours without a value between the first row and the last."""
        return (self.rows[-1].start - self.rows[0].start) // QUARTER_HOUR + 1 - len(self.rows)

    @property
    def estimated(self) -> int:
        """Return the number of rows that were not measured."""
        return sum(not row.is_measured for row in self.rows)


def read_export(data: bytes, now: datetime) -> Export:
    """Return the content of `data`, a file of the portal. Raises ExportError for any other file.

    A year of 35,040 rows takes several hundred milliseconds.
    """
    lines = _lines(data)
    is_unended = not data.endswith((b"\n", b"\r"))
    _check_begin(lines, is_unended=is_unended)
    table = _table(lines)
    head = _read_head(table, is_unended=is_unended)
    columns = _columns(head)
    code, unit = head.example[columns.code], head.example[columns.unit]
    _check_register(code, unit)
    latest = (now - QUARTER_HOUR).astimezone(UTC)
    rows: list[tuple[int, LenedaRow | None]] = []
    for number, cells in chain(head.numbered, table):
        if cells == head.names:
            continue
        try:
            rows.append((number, read_row(cells, head.example, columns, latest)))
        except ExportError as err:
            if number == len(lines) and (is_unended or len(cells) < len(head.example)):
                raise ExportError(ExportRefusal.TRUNCATED, line=str(number)) from None
            raise ExportError(err.reason, line=str(number), **err.placeholders) from None
    return _export(rows, head.example[columns.point], code, unit)


def _export(
    numbered: Sequence[tuple[int, LenedaRow | None]], point: str, code: str, unit: str
) -> Export:
    """Return the content of a file. `numbered` has its rows with their line numbers.

    Raises ExportError if no row has a value, or if the values are in Wh.
    """
    valued = [(number, row) for number, row in numbered if row]
    rows = newest(row for _, row in valued)
    if not rows:
        raise ExportError(ExportRefusal.EMPTY)
    if _are_watt_hours(rows):
        number, highest = max(valued, key=lambda pair: pair[1].kw)
        value = f"{highest.kw:g}"
        raise ExportError(ExportRefusal.WATT_HOURS, line=str(number), value=value, unit=unit)
    repeated = Counter(row.start for _, row in valued) - Counter(row.start for row in rows)
    return Export(point, code, rows, tuple(repeated.elements()))


class _Head(NamedTuple):
    """First rows of a file with their line numbers, and the names of its columns.

    `names` is empty if the file has no names.
    """

    names: list[str]
    numbered: list[tuple[int, list[str]]]

    @property
    def example(self) -> list[str]:
        """Return the cells of the first row, as an example for all rows."""
        return self.numbered[0][1]

    def name_of(self, column: int) -> str:
        """Return the name of a column. Return "" if it has no name."""
        return self.names[column] if column < len(self.names) else ""

    def has(self, pattern: re.Pattern[str], column: int) -> bool:
        """Return whether one of the first rows has a text in `column` that matches `pattern`."""
        return any(pattern.fullmatch(cell) for cell in self.cells(column))

    def cells(self, column: int) -> list[str]:
        """Return the cells of `column` in the first rows."""
        return [cells[column] for _, cells in self.numbered if column < len(cells)]


def _read_head(table: Iterator[tuple[int, list[str]]], *, is_unended: bool) -> _Head:
    """Return the names of the columns and the first rows.

    Raises ExportError if no row is complete.
    """
    numbered = list(islice(table, _HEAD))
    has_names = bool(numbered) and not any(map(CODE.fullmatch, numbered[0][1]))
    names = numbered.pop(0)[1] if has_names else []
    if not numbered:
        raise ExportError(ExportRefusal.EMPTY)
    head = _Head(names, numbered)
    is_cut = len(head.example) < len(names) or not head.example[-1]
    if is_unended and len(numbered) == 1 and is_cut:
        raise ExportError(ExportRefusal.TRUNCATED)
    return head


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
        # A spreadsheet program may have changed the encoding. Read on, so that a later error can
        # name the spreadsheet program as the cause.
        text = data.decode("latin-1")
    lines = text.rstrip("\r\n").split("\n")
    if len(lines) > _MAX_ROWS:
        raise ExportError(ExportRefusal.TOO_LARGE)
    if max(map(len, lines)) > _MAX_LINE:
        raise ExportError(ExportRefusal.NOT_CSV)
    return lines


def _check_begin(lines: Sequence[str], *, is_unended: bool) -> None:
    """Raise ExportError unless the first lines look like the beginning of a portal file.

    With `is_unended`, the file ends without a line break, so its last line may be incomplete.
    """
    begin = "\n".join(lines[:_FIRST_LINES])
    if POINT.search(begin) and CODE.search(begin):
        # In countries where spreadsheet programs expect semicolons between cells, a program takes
        # each line for a single cell, and saves this cell with doubled quotes. Then `"",""` is
        # between the names of the columns, instead of a comma.
        names = lines[0].replace('"",""', ";")
        if names.count(",") < _MIN_COMMAS <= max(map(names.count, ";\t")):
            raise ExportError(ExportRefusal.SPREADSHEET)
        return
    of_header = [ExportRefusal.EMPTY, *([ExportRefusal.TRUNCATED] if is_unended else [])]
    is_header = CODE.search(lines[0]) and len(lines) <= len(of_header)
    raise ExportError(of_header[len(lines) - 1] if is_header else ExportRefusal.NO_EXPORT)


def _table(lines: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield the cells of each row, with the number of its line. Raises ExportError for bad CSV."""
    reader = csv.reader(lines, strict=True)
    try:
        for cells in reader:
            if cells:
                yield reader.line_num, cells
    except csv.Error as err:
        if reader.line_num <= 1:
            raise ExportError(ExportRefusal.NO_EXPORT) from err
        is_cut = reader.line_num == len(lines)
        raise ExportError(
            ExportRefusal.TRUNCATED if is_cut else ExportRefusal.DAMAGED_LINE,
            line=str(reader.line_num),
        ) from err


def _columns(head: _Head) -> ColumnPositions:
    """Return the positions of the columns, recognised by the first rows."""
    example = head.example
    left = list(range(min(len(example), _MAX_COLUMNS)))
    point, code, unit, time = (_take(pattern, example, left) for pattern in _BY_PATTERN)
    value = _value_column(head, left, example[code])
    left.remove(value)
    numbers = [n for n in left if INTEGER.fullmatch(example[n])]
    words = [n for n in left if n not in numbers]
    if len(numbers) < _INTERVAL_AND_VERSION or not words:
        raise ExportError(ExportRefusal.NO_EXPORT)
    interval = _interval_column(head, numbers)
    version = [n for n in numbers if n != interval][-1]
    kind = _kind_column(head, words)
    return ColumnPositions(point, code, unit, time, value, interval, version, kind)


def _take(pattern: re.Pattern[str], example: Sequence[str], left: list[int]) -> int:
    """Return the column whose cell in `example` matches `pattern`, and remove it from `left`.

    `left` has the columns that are not recognised yet. Raises ExportError if no column matches.
    """
    for column in left:
        if pattern.fullmatch(example[column]):
            left.remove(column)
            return column
    is_saved = pattern is TIME and any(map(TIME_WITHOUT_OFFSET.fullmatch, example))
    raise ExportError(ExportRefusal.SPREADSHEET if is_saved else ExportRefusal.NO_EXPORT)


def _value_column(head: _Head, left: Sequence[int], code: str) -> int:
    decimals = [n for n in left if head.has(DECIMAL, n)]
    values = [n for n in left if f"({code})" in head.name_of(n)] or decimals
    if len(values) != 1:
        is_saved = any(head.has(DECIMAL_COMMA, n) for n in left)
        raise ExportError(ExportRefusal.SPREADSHEET if is_saved else ExportRefusal.NO_EXPORT)
    _check_value_column(head, values[0], decimals)
    return values[0]


def _check_value_column(head: _Head, value: int, decimals: Sequence[int]) -> None:
    """Raise ExportError if the column `value` is swapped with another column.

    The columns count as swapped if `value` has only whole numbers, and exactly one other column has
    decimals.
    """
    is_number = INTEGER.fullmatch(head.example[value])
    if is_number and value not in decimals and len(decimals) == 1:
        raise _swapped(value, decimals[0], head)


def _kind_column(head: _Head, words: Sequence[int]) -> int:
    columns = [n for n in words if any(map(is_measured, head.cells(n)))]
    return (columns or words)[-1]


def _interval_column(head: _Head, numbers: Sequence[int]) -> int:
    interval = next((n for n in numbers if _MINUTES.search(head.name_of(n))), numbers[0])
    if head.example[interval] != INTERVAL:
        for other in numbers:
            if head.cells(other) == [INTERVAL] * len(head.numbered):
                raise _swapped(interval, other, head)
    return interval


def _swapped(first: int, second: int, head: _Head) -> ExportError:
    """Return the error for a file in which the columns `first` and `second` are swapped."""
    return ExportError(
        ExportRefusal.SWAPPED_COLUMNS,
        first=_column_name(first, head),
        first_value=head.example[first],
        second=_column_name(second, head),
        second_value=head.example[second],
    )


def _column_name(column: int, head: _Head) -> str:
    """Return the name of a column, or the column's number if the name is not safe to show."""
    name = head.name_of(column)
    is_shown = _SHOWN_NAME.fullmatch(name) and not POINT.search(name)
    return name if is_shown else str(column + 1)


def _are_watt_hours(rows: LenedaRows) -> bool:
    """Return whether the values look like energies in Wh although the file says kW.

    A household uses several hundred Wh in a quarter-hour, at a mean power of a few kW. A meter
    counts whole Wh, so energies in Wh have no decimals, but powers in kW have decimals. The values
    count as energies if their mean is above the highest reference power, or if they are whole
    numbers with a mean above _HIGH_MEAN_KW.
    """
    powers = [row.kw for row in rows if row.kw]
    if len(powers) < _MIN_ROWS:
        return False
    mean_kw = sum(powers) / len(powers)
    return mean_kw > REFERENCE_POWERS[-1] or (
        mean_kw > _HIGH_MEAN_KW and all(kw.is_integer() for kw in powers)
    )


def _check_register(code: str, unit: str) -> None:
    register = REGISTERS.get(code)
    if register is None:
        raise ExportError(
            ExportRefusal.GAS if is_gas_code(code) else ExportRefusal.UNKNOWN_CODE, code=code
        )
    if not is_in_its_unit(register, unit):
        raise ExportError(ExportRefusal.WRONG_UNIT, unit=unit, expected=register.unit)
