"""Spans as lines of plain text: one file a month, to which lines are only added.

A line has the start in UTC, the kind and the end of a gap or part of a quarter-hour, the energies,
the money at the market's prices, the registers at the end, a number, and a check of these cells. A
line without a check is accepted, so that lines can be mended by hand. The first line of a file has
the names of the columns and the version of the format. Lines of version 1 have a start and four
energies. Of two such lines with the same quarter-hour, the later line counts.
"""

import re
from binascii import crc_hqx
from collections.abc import Mapping
from datetime import UTC, datetime

from .calendar import LUXEMBOURG, QUARTER_HOUR, quarter_start
from .register_rises import DECIMALS, Amounts
from .spans import Kind, Span

HEADER = (
    "start,span,imported_wh,exported_wh,reactive_imported_varh,reactive_exported_varh,"
    "market_cost,market_wh,market_revenue,market_exported_wh,"
    "imported_register_wh,exported_register_wh,number,check,version=2\n"
)
_COLUMNS, _COLUMNS_1 = 13, 5
_MAX_WH = 1e9
_MAX_REGISTER_WH = 1e13
_MAX_NUMBER = 10**12
_YEARS = range(1999, 2101)
LATE = "~"
"""Mark of inexact exported energy: some of it may have come before the quarter-hour."""
_MIN_MARKET = (-_MAX_WH, 0.0, -_MAX_WH, 0.0)
_VERSION = re.compile(rb"version=([0-9]+)")


type Files = Mapping[str, bytes | None]
"""Content of month files by name, such as "2026-06"; None for an unreadable file.

The file "removed" has the numbers of removed lines (`month_file_reader.py`).
"""


class UnknownVersionError(ValueError):
    """The file has an unknown version of the format."""


def month_name(time: datetime) -> str:
    """Return the year and month of `time` in Luxembourg, such as "2026-06"."""
    return f"{time.astimezone(LUXEMBOURG):%Y-%m}"


def as_decimal(value: float | None) -> str:
    """Return a number as text, with up to 6 decimals and no exponent. Empty for None."""
    if value is None:
        return ""
    text = f"{value:.{DECIMALS}f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def line_of(span: Span) -> str:
    """Return the line of a span, with its line break."""
    amounts, is_quarter = span.amounts, span.kind is Kind.QUARTER_HOUR
    exported_wh: float | None = amounts.exported_wh
    late = ""
    if is_quarter and not amounts.is_exported_exact:
        late, exported_wh = (LATE, exported_wh) if exported_wh else ("", None)
    cells = (
        _time(span.start),
        "" if is_quarter else f"{span.kind} {_time(span.end)}",
        as_decimal(amounts.imported_wh),
        late + as_decimal(exported_wh),
        *(map(as_decimal, amounts[3:5]) if is_quarter else ("", "")),
        *(as_decimal(amount or None) for amount in amounts.market),
        as_decimal(span.imported_register_wh),
        as_decimal(span.exported_register_wh),
        str(span.number),
    )
    text = ",".join(cells)
    return f"{text},{_check(text)}\n"


def _time(time: datetime) -> str:
    utc = time.astimezone(UTC)
    whole = not utc.second and not utc.microsecond
    return utc.isoformat(timespec="minutes" if whole else "auto").replace("+00:00", "Z")


def _check(text: str) -> str:
    """Return the check of a line: "x" and the CRC-16 of its cells.

    No number contains "x". So a line without the comma before the check is malformed, and is not
    taken for a line without a check.
    """
    return f"x{crc_hqx(text.encode(), 0):04x}"


def cells_of(line: str) -> tuple[list[str], bool]:
    """Return the cells of a line without its check, and whether the line has a check.

    Raises ValueError for a wrong check.
    """
    text, _, check = line.rstrip("\r").rpartition(",")
    if check[:1] == "x":
        if check != _check(text):
            raise ValueError
        return text.split(","), True
    cells = line.split(",")
    return cells[:-1] if len(cells) > _COLUMNS and not check else cells, False


def span_of(line: str, *, is_numbered: bool = True) -> Span:
    """Return the span of a line without a line break. Raises ValueError for a malformed line."""
    cells, _ = cells_of(line)
    return span_of_cells(cells, is_numbered=is_numbered)


def span_of_cells(cells: list[str], *, is_numbered: bool = True) -> Span:
    """Return the span of a line's cells. Raises ValueError for malformed cells."""
    if len(cells) == _COLUMNS_1:
        cells = [cells[0], "", *cells[1:], *[""] * 6, "0"]
    elif len(cells) != _COLUMNS or (cells[12] == "0") is is_numbered:
        raise ValueError
    start = parse_time(cells[0])
    kind, _, end_text = cells[1].partition(" ")
    end = parse_time(end_text) if kind else start + QUARTER_HOUR
    if end < start or (not kind and start != quarter_start(start)):
        raise ValueError
    amounts = _amounts_of(cells, is_quarter=not kind)
    number = int(cells[12])
    if not 0 <= number <= _MAX_NUMBER:
        raise ValueError
    imported_wh, exported_wh = (_known_amount(cell, _MAX_REGISTER_WH) for cell in cells[10:12])
    return Span(start, end, Kind(kind), amounts, imported_wh, exported_wh, number)


def _amounts_of(cells: list[str], *, is_quarter: bool) -> Amounts:
    exported = cells[3]
    is_known = exported != "" or not is_quarter
    market = zip(cells[6:10], _MIN_MARKET, strict=True)
    return Amounts(
        _amount(cells[2]),
        _amount(exported.removeprefix(LATE) or "0"),
        is_known and not exported.startswith(LATE),
        _known_amount(cells[4]),
        _known_amount(cells[5]),
        *(_amount(cell or "0", minimum) for cell, minimum in market),
    )


def parse_time(text: str) -> datetime:
    """Return a time in UTC. Raises ValueError for other text, no zone or a year out of range."""
    time = datetime.fromisoformat(text)
    if time.tzinfo is None or time.year not in _YEARS:
        raise ValueError
    return time.astimezone(UTC)


def _amount(text: str, minimum: float = 0.0, maximum: float = _MAX_WH) -> float:
    number = float(text)
    if not minimum <= number <= maximum:
        raise ValueError
    return number


def _known_amount(text: str, maximum: float = _MAX_WH) -> float | None:
    return _amount(text, 0.0, maximum) if text else None


def lines_of_file(data: bytes) -> list[bytes]:
    """Return the lines of a file without the header and without an incomplete last line.

    Raises UnknownVersionError if the header names another version than 2.
    """
    header, *lines = data.split(b"\n")
    version = _VERSION.search(header)
    if version and version[1] != b"2":
        raise UnknownVersionError
    if lines and not header.startswith(b"start,"):
        # The header is lost. The first line may be a span, so keep it.
        lines.insert(0, header)
    return lines[:-1]
