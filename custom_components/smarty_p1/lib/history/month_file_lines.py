"""Conversion of spans to lines of plain text and back. Each month has a file of such lines.

Lines are only added to a file. A line has these cells:

- the start of the span, in UTC;
- the kind and the end of the span, empty for a quarter-hour;
- the energies;
- the registers at the end of the span;
- the number of the span, and a checksum of all other cells.

A line without a checksum is accepted, so that users can mend lines by hand. The first line of a
file has the names of the columns and the version of the format.
"""

import re
from binascii import crc_hqx
from collections.abc import Mapping
from datetime import UTC, datetime

from ..stored_values import utc_time
from .luxembourg_time import LUXEMBOURG, QUARTER_HOUR, quarter_start
from .register_amounts import DECIMALS, Amounts
from .spans import Span, SpanKind

HEADER = (
    "start,span,imported_wh,exported_wh,reactive_imported_varh,reactive_exported_varh,"
    "imported_register_wh,exported_register_wh,number,check,version=3\n"
)
_COLUMNS = 9
_MAX_WH = 1e9
_MAX_REGISTER_WH = 1e13
_MAX_NUMBER = 10**12
LATE = "~"
"""Mark of inexact exported energy: a part may be from before the quarter-hour."""
_VERSION = re.compile(rb"version=([0-9]+)")


type Files = Mapping[str, bytes]
"""Content of month files by name, such as "2026-06".

The file "removed" has the numbers of removed lines (`month_file_reader.py`).
"""


class UnknownVersionError(ValueError):
    """Error for a file whose header names an unknown version of the format."""


def month_name(time: datetime) -> str:
    """Return the year and month that contain `time` in Luxembourg, such as "2026-06"."""
    return f"{time.astimezone(LUXEMBOURG):%Y-%m}"


def as_decimal(value: float | None, decimals: int = DECIMALS) -> str:
    """Return a number as text with up to `decimals` decimals, no exponent. Return "" for None."""
    if value is None:
        return ""
    text = f"{value:.{decimals}f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def span_line(span: Span) -> str:
    """Return the line of a span, including the line break."""
    amounts, is_quarter = span.amounts, span.kind is SpanKind.QUARTER_HOUR
    exported_wh: float | None = amounts.exported_wh
    late = ""
    if not amounts.is_exported_exact:
        late, exported_wh = (LATE, exported_wh) if exported_wh else ("", None)
    cells = (
        utc_text(span.start),
        "" if is_quarter else f"{span.kind} {utc_text(span.end)}",
        as_decimal(amounts.imported_wh),
        late + as_decimal(exported_wh),
        *(map(as_decimal, amounts[3:5]) if is_quarter else ("", "")),
        as_decimal(span.imported_register_wh),
        as_decimal(span.exported_register_wh),
        str(span.number),
    )
    text = ",".join(cells)
    return f"{text},{checksum(text)}\n"


def utc_text(time: datetime) -> str:
    """Return a time in UTC as text, such as `2026-06-01T00:15Z`."""
    utc = time.astimezone(UTC)
    whole = not utc.second and not utc.microsecond
    return utc.isoformat(timespec="minutes" if whole else "auto").replace("+00:00", "Z")


def checksum(text: str) -> str:
    """Return the checksum of a line: "x" and the CRC-16 of `text`, the line's other cells.

    No number contains "x". So a line that has lost the comma before the checksum is malformed, and
    is not mistaken for a line without a checksum.
    """
    return f"x{crc_hqx(text.encode(), 0):04x}"


def split_line(line: str) -> tuple[list[str], bool]:
    """Return the cells of a line, and whether the line has a checksum.

    The checksum is not among the returned cells. Raises ValueError for a wrong checksum.
    """
    text, _, check = line.rstrip("\r").rpartition(",")
    if check[:1] == "x":
        if check != checksum(text):
            raise ValueError
        return text.split(","), True
    cells = line.split(",")
    return cells[:-1] if len(cells) > _COLUMNS and not check else cells, False


def span_of_cells(cells: list[str], *, is_numbered: bool = True) -> Span:
    """Return the span of a line's cells. Raises ValueError for malformed cells.

    If `is_numbered` is false, the line is not in a file yet, so its number must be 0.
    """
    if len(cells) != _COLUMNS:
        raise ValueError
    start = utc_time(cells[0])
    kind, _, end_text = cells[1].partition(" ")
    end = utc_time(end_text) if kind else start + QUARTER_HOUR
    if end < start or (not kind and start != quarter_start(start)):
        raise ValueError
    amounts = _amounts_of(cells)
    number = int(cells[8])
    if bool(number) is not is_numbered or not 0 <= number <= _MAX_NUMBER:
        raise ValueError
    imported_wh, exported_wh = (_known_amount(cell, _MAX_REGISTER_WH) for cell in cells[6:8])
    return Span(start, end, SpanKind(kind), amounts, imported_wh, exported_wh, number)


def _amounts_of(cells: list[str]) -> Amounts:
    exported = cells[3]
    return Amounts(
        _amount(cells[2]),
        _amount(exported.removeprefix(LATE) or "0"),
        exported != "" and not exported.startswith(LATE),
        _known_amount(cells[4]),
        _known_amount(cells[5]),
    )


def _amount(text: str, maximum: float = _MAX_WH) -> float:
    number = float(text)
    if not 0 <= number <= maximum:
        raise ValueError
    return number


def _known_amount(text: str, maximum: float = _MAX_WH) -> float | None:
    return _amount(text, maximum) if text else None


def lines_of_file(data: bytes) -> list[bytes]:
    """Return the complete lines of a file without its header. An incomplete last line is left out.

    Raises UnknownVersionError if the header names a different version than 3.
    """
    header, *lines = data.split(b"\n")
    version = _VERSION.search(header)
    if version and version[1] != b"3":
        raise UnknownVersionError
    if lines and not header.startswith(b"start,"):
        # The header is lost, so the first line is perhaps a span. Return it with the other lines.
        lines.insert(0, header)
    return lines[:-1]
