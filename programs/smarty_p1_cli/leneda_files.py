"""Reader of files from Leneda: exports of the portal (CSV) and answers of the API (JSON)."""

import json
from collections.abc import Collection, Iterable
from datetime import datetime
from itertools import chain
from pathlib import Path

from smartyp1.history.luxembourg_time import day_start
from smartyp1.leneda.api_response import AnswerRefusal, ResponseError, read_time_series
from smartyp1.leneda.measured_and_estimated_rows import (
    LenedaRow,
    LenedaRows,
    RowsByCode,
    added_up,
    newest,
)
from smartyp1.leneda.portal_file import read_export
from smartyp1.leneda.portal_file_refusals import ExportError, ExportRefusal
from smartyp1.leneda.series_codes import REGISTERS, is_gas_code, is_of_production
from smartyp1.p1.obis import is_reference
from smartyp1.prices.contract import BEGINNING

from .answer_texts import text_of_error
from .connection_files import ConnectionLineError, is_connection_file, leneda_rows, read_connections
from .parser import raise_usage_error, shown

_MAX_POINT_CHARS = 64
_REFUSED = {
    AnswerRefusal.UNKNOWN_POINT: "Leneda knew no such metering point, or refused this OBIS code",
    AnswerRefusal.MALFORMED: "it is no answer of Leneda's API with a time series",
    AnswerRefusal.WRONG_UNIT: "its values are not the mean power of quarter-hours in kW or kvar",
    AnswerRefusal.WRONG_INTERVAL: "its values are not of quarter-hours (PT15M)",
}

type _Series = dict[tuple[str, str], tuple[LenedaRow, ...]]
"""Rows by OBIS code and metering point. The name of an unknown point is empty."""


def rows_of_files(files: Iterable[tuple[str, bytes]], now: datetime) -> RowsByCode:
    """Return the rows before today in files, which are pairs of a name and the content.

    Of a quarter-hour that two files have, the newer version counts. Several metering points of
    production are added up. Raises UsageError for a file that is refused.
    """
    series: _Series = {}
    today = day_start(now)
    read = chain.from_iterable(_read(name, data, now) for name, data in files)
    for code, point, rows in read:
        before = (row for row in rows if row.start < today)
        series[code, point] = newest(series.get((code, point), ()), before)
    _check_points({point for code, point in series if point and not is_of_production(code)})
    return {code: _joined(code, series) for code in dict.fromkeys(code for code, _ in series)}


def _check_points(points: Collection[str]) -> None:
    if len(points) > 1:
        raise_usage_error(
            f"the consumption is of {len(points)} metering points: give the files of one household"
        )


def _joined(code: str, series: _Series) -> LenedaRows:
    """Return the rows of a code, those of several metering points added up."""
    rows = {point: of_point for (other, point), of_point in series.items() if other == code}
    if unnamed := rows.pop("", ()):
        # A file that does not name its point is taken for a file of the first point.
        first = next(iter(rows), "")
        rows[first] = newest(rows.get(first, ()), unnamed)
    return added_up(*rows.values())


def _read(name: str, data: bytes, now: datetime) -> Iterable[tuple[str, str, LenedaRows]]:
    """Return OBIS code, metering point and rows of each series of a file. Raises UsageError."""
    try:
        if is_connection_file(data):
            return [
                (code, connection, rows)
                for connection, of in read_connections(data).items()
                for code, rows in leneda_rows(of).items()
            ]
        if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"[")):
            return [_read_answer(data, now)]
        export = read_export(data, now)
    except ConnectionLineError as err:
        raise_usage_error(f"{shown(name)}: line {err} cannot be read")
    except ResponseError as err:
        raise_usage_error(f"{shown(name)}: {_REFUSED[err.reason]}")
    except ExportError as err:
        raise_usage_error(f"{shown(name)}: {text_of_error(err.reason, **err.placeholders)}")
    return [(export.code, export.point, export.rows)]


def _read_answer(data: bytes, now: datetime) -> tuple[str, str, LenedaRows]:
    try:
        answer = json.loads(data)
    except ValueError, RecursionError:
        raise ResponseError(AnswerRefusal.MALFORMED) from None
    code = answer.get("obisCode") if isinstance(answer, dict) else None
    if not isinstance(code, str):
        raise ResponseError(AnswerRefusal.MALFORMED)
    if code not in REGISTERS:
        if not is_reference(code):
            raise ResponseError(AnswerRefusal.MALFORMED)
        raise ExportError(
            ExportRefusal.GAS if is_gas_code(code) else ExportRefusal.UNKNOWN_CODE, code=code
        )
    point = answer.get("meteringPointCode")
    name = point[:_MAX_POINT_CHARS] if isinstance(point, str) else ""
    return code, name, read_time_series(answer, code, BEGINNING, day_start(now))


def read_file(path: str, max_bytes: int) -> bytes:
    """Return the content of a file, at most a byte more than `max_bytes`. Raises UsageError."""
    try:
        with Path(path).open("rb") as file:
            return file.read(max_bytes + 1)
    except OSError as err:
        raise_usage_error(f"cannot read {shown(path)}: {err.strerror}")
