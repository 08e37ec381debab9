"""Reader of one row in a file from Leneda's portal."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from ..history.gap_clock_and_power_limits import MAX_POWER_KW
from ..history.luxembourg_time import LUXEMBOURG
from .measured_and_estimated_rows import MAX_VERSION, LenedaRow, is_measured
from .portal_file_refusals import ExportError, ExportRefusal
from .series_codes import POINT

_FIRST_YEAR = 1999
INTERVAL = "15"

CODE = re.compile(r"[0-9]{1,3}-[0-9]{1,3}:[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}")
UNIT = re.compile(r"[kM]?(W|VAr)h?|N?m[3³]", re.IGNORECASE)
TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?(Z|[+-][0-9]{2}:[0-9]{2})"
)
TIME_WITHOUT_OFFSET = re.compile(
    r"([0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}|[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{2,4})"
    r"([T ,]+[0-9]{1,2}:[0-9]{2}(:[0-9]{2})?( ?[AaPp][Mm])?)?"
)
_NUMBER = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")
# The message about a refused file quotes a wrong value only if the value matches this pattern. So
# the message contains no long or strange text.
_SHOWN = re.compile(r"[-+.,0-9A-Za-z]{1,12}")
DECIMAL = re.compile(r"-?[0-9]{1,9}\.[0-9]{1,9}")
DECIMAL_COMMA = re.compile(r"-?[0-9.]{1,9},[0-9]{1,9}")
INTEGER = re.compile(r"[0-9]{1,9}")

# Columns that must have the same cell in all rows. Each column has the pattern of a valid cell, and
# a reason to refuse the file. If a cell differs from the first row and matches the pattern, the
# file is refused for this reason. If the cell differs and does not match, the file is refused
# because of a damaged line.
_SAME = (
    (POINT, ExportRefusal.SEVERAL_POINTS),
    (CODE, ExportRefusal.SEVERAL_CODES),
    (UNIT, ExportRefusal.DAMAGED_LINE),
)


class ColumnPositions(NamedTuple):
    """Positions of the columns in a row of the file."""

    point: int
    code: int
    unit: int
    time: int
    value: int
    interval: int
    version: int
    kind: int


def read_row(
    cells: Sequence[str], example: Sequence[str], columns: ColumnPositions, latest: datetime
) -> LenedaRow | None:
    """Return the row in `cells`. Return None if the row has no value.

    `example` are the cells of the first row. `latest` is the start of the last complete
    quarter-hour, in UTC. Raises ExportError if the row makes the file invalid.
    """
    if len(cells) != len(example):
        raise ExportError(ExportRefusal.DAMAGED_LINE)
    for column, (pattern, reason) in zip(columns[:3], _SAME, strict=True):
        if cells[column].casefold() != example[column].casefold():
            is_other = pattern.fullmatch(cells[column])
            raise ExportError(reason if is_other else ExportRefusal.DAMAGED_LINE)
    start = _start(cells[columns.time], latest)
    interval, version = cells[columns.interval], cells[columns.version]
    value = cells[columns.value]
    if interval != INTERVAL:
        if INTEGER.fullmatch(interval):
            raise ExportError(ExportRefusal.WRONG_INTERVAL, minutes=interval)
        raise ExportError(ExportRefusal.DAMAGED_LINE)
    if not INTEGER.fullmatch(version) or int(version) > MAX_VERSION:
        raise ExportError(ExportRefusal.DAMAGED_LINE)
    if not value:
        return None
    kw = _value(value, cells[columns.unit])
    return LenedaRow(start, kw, is_measured(cells[columns.kind]), int(version))


def _start(text: str, latest: datetime) -> datetime:
    match = TIME.fullmatch(text)
    if not match:
        is_saved = TIME_WITHOUT_OFFSET.fullmatch(text)
        raise ExportError(ExportRefusal.SPREADSHEET if is_saved else ExportRefusal.DAMAGED_LINE)
    try:
        time = datetime.fromisoformat(text)
    except ValueError as err:
        raise ExportError(ExportRefusal.DAMAGED_LINE) from err
    if time.minute % 15 or time.second:
        raise ExportError(ExportRefusal.NO_QUARTER_HOUR)
    # Check the year first, because `astimezone` may raise OverflowError in the years 1 and 9999.
    if time.year < _FIRST_YEAR:
        raise ExportError(ExportRefusal.TOO_OLD)
    if time.year > latest.year + 1:
        raise ExportError(ExportRefusal.FUTURE)
    local = time.astimezone(LUXEMBOURG)
    if local.utcoffset() != time.utcoffset():
        raise ExportError(ExportRefusal.WRONG_OFFSET, found=match[2], expected=f"{local:%:z}")
    start = time.astimezone(UTC)
    if start > latest:
        raise ExportError(ExportRefusal.FUTURE)
    return start


def _value(text: str, unit: str) -> float:
    if not _NUMBER.fullmatch(text):
        if DECIMAL_COMMA.fullmatch(text):
            raise ExportError(ExportRefusal.SPREADSHEET)
        shown = text if _SHOWN.fullmatch(text) and not text.startswith("LU") else "?"
        raise ExportError(ExportRefusal.WRONG_VALUE, value=shown)
    kw = float(text)
    if not kw <= MAX_POWER_KW:
        raise ExportError(ExportRefusal.WATT_HOURS, value=text, unit=unit)
    return kw
