"""A row of a file of the portal, by its columns."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from ..tariff import MAX_POWER_KW
from .export_refusals import ExportRefusal
from .rows import MAX_VERSION, Row, is_measured

_FIRST_YEAR = 1999
_INTERVAL = "15"
_OFFSETS = ("+01:00", "+02:00")

POINT = re.compile(r"LU[0-9]{31}")
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
DECIMAL = re.compile(r"-?[0-9]{1,9}\.[0-9]{1,9}")
DECIMAL_COMMA = re.compile(r"-?[0-9.]{1,9},[0-9]{1,9}")
INTEGER = re.compile(r"[0-9]{1,9}")

# What all rows have in common.
_SAME = (
    (POINT, ExportRefusal.SEVERAL_POINTS),
    (CODE, ExportRefusal.SEVERAL_CODES),
    (UNIT, ExportRefusal.DAMAGED_LINE),
)


class Columns(NamedTuple):
    """Where in a row what stands."""

    point: int
    code: int
    unit: int
    time: int
    value: int
    interval: int
    version: int
    kind: int


class RefusedRowError(Exception):
    """A row for which the whole file is refused."""

    def __init__(self, reason: ExportRefusal) -> None:
        super().__init__(reason)
        self.reason = reason


def read_row(
    cells: Sequence[str], example: Sequence[str], columns: Columns, latest: datetime
) -> Row | None:
    """Return a row, None for one without a value. Raises RefusedRowError.

    `latest` is when the last quarter-hour that is complete began, in UTC.
    """
    if len(cells) != len(example):
        raise RefusedRowError(ExportRefusal.DAMAGED_LINE)
    for column, (pattern, reason) in zip(columns[:3], _SAME, strict=True):
        if cells[column] != example[column]:
            is_other = pattern.fullmatch(cells[column])
            raise RefusedRowError(reason if is_other else ExportRefusal.DAMAGED_LINE)
    start = _start(cells[columns.time], latest)
    interval, version = cells[columns.interval], cells[columns.version]
    value = cells[columns.value]
    if interval != _INTERVAL:
        is_other = INTEGER.fullmatch(interval)
        reason = ExportRefusal.WRONG_INTERVAL if is_other else ExportRefusal.DAMAGED_LINE
        raise RefusedRowError(reason)
    if not INTEGER.fullmatch(version) or int(version) > MAX_VERSION:
        raise RefusedRowError(ExportRefusal.DAMAGED_LINE)
    if not value:
        return None
    return Row(start, _value(value), is_measured(cells[columns.kind]), int(version))


def _start(text: str, latest: datetime) -> datetime:
    if not TIME.fullmatch(text):
        is_saved = TIME_WITHOUT_OFFSET.fullmatch(text)
        raise RefusedRowError(ExportRefusal.SPREADSHEET if is_saved else ExportRefusal.DAMAGED_LINE)
    try:
        time = datetime.fromisoformat(text)
    except ValueError as err:
        raise RefusedRowError(ExportRefusal.DAMAGED_LINE) from err
    if not text.endswith(_OFFSETS):
        raise RefusedRowError(ExportRefusal.WRONG_OFFSET)
    if time.minute % 15 or time.second:
        raise RefusedRowError(ExportRefusal.NO_QUARTER_HOUR)
    if time.year < _FIRST_YEAR:
        raise RefusedRowError(ExportRefusal.TOO_OLD)
    start = time.astimezone(UTC)
    if start > latest:
        raise RefusedRowError(ExportRefusal.FUTURE)
    return start


def _value(text: str) -> float:
    if not _NUMBER.fullmatch(text):
        is_saved = DECIMAL_COMMA.fullmatch(text)
        raise RefusedRowError(ExportRefusal.SPREADSHEET if is_saved else ExportRefusal.WRONG_VALUE)
    kw = float(text)
    if not kw <= MAX_POWER_KW:
        raise RefusedRowError(ExportRefusal.WRONG_VALUE)
    return kw
