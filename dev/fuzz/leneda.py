"""Fuzz properties of the readers of data from the platform Leneda.

The inputs are almost valid files of Leneda's portal, and almost valid answers of its API.
"""

from collections.abc import Callable
from datetime import UTC, datetime

from hypothesis import strategies as st

from smartyp1.leneda.api_response import ResponseError, read_time_series
from smartyp1.leneda.measured_and_estimated_rows import LenedaRow
from smartyp1.leneda.portal_file import read_export
from smartyp1.leneda.portal_file_refusals import ExportError
from smartyp1.leneda.series_codes import REGISTERS

_NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
_CODE = "1-1:1.29.0"
_POINT = "LU0000012345678901234000000000001"
_HEADER = ("Metering point", "OBIS code", "Unit", "At", f"Value ({_CODE})", "Min", "Kind", "V")
_ROWS = tuple(
    (_POINT, _CODE, "kW", started_at, value, "15", kind, version)
    for started_at, value, kind, version in (
        ("2025-10-26T02:30:00+02:00", "0.412", "Measured", "1"),
        ("2025-10-26T02:45:00+02:00", "0.408", "Measured", "1"),
        ("2025-10-26T02:00:00+01:00", "0.400", "Estimated", "28"),
    )
)
_TIMES = ("2026-11-18T23:00:00Z", "2026-11-18T23:00:01Z", "2026-11-19T24:00:00Z", "0001-01-01T00Z")
_cells = st.text(max_size=9) | st.sampled_from(
    [
        *_TIMES,
        *("2025-13-01T00:00:00+02:00", "0001-01-01T00:00:00+02:00", "9999-12-31T23:45:00+01:00"),
        *("2025-10-26T24:00:00+02:00", "2025-10-26T02:45:00+14:00", "2025-10-26T02:45", "26.10.25"),
        *("", "0,4", "-1.0", "NaN", "inf", "1e9", "1000.1", "9" * 9, "9" * 10, "٣.٣", "60", "kWh"),
        *("1-1:2.29.0", "7-1:99.23.15", f"{_POINT[:-1]}7", "LU", '"', '""', ",", "\n", "\0"),
    ]
)
_pieces = st.binary(max_size=3) | st.sampled_from([b'"', b",", b"\n", b";", b"\xef\xbb\xbf"])


@st.composite
def _files(draw: st.DrawFn) -> bytes:
    rows = [list(row) for row in (_HEADER, *_ROWS)]
    for _ in range(draw(st.integers(0, 2))):
        rows[draw(st.integers(0, len(rows) - 1))][draw(st.integers(0, 7))] = draw(_cells)
    data = bytearray("".join(f'"{'","'.join(row)}"\n' for row in rows).encode())
    for _ in range(draw(st.integers(0, 2))):
        place = draw(st.integers(0, len(data)))
        data[place : place + draw(st.integers(0, 9))] = draw(_pieces)
    return bytes(data)


files = st.binary(max_size=300) | _files()

_odd: st.SearchStrategy[object] = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(_TIMES)
    | st.text(max_size=9)
    | st.lists(st.none(), max_size=2)
    | st.just({})
)


def _changed(good: dict[str, object]) -> st.SearchStrategy[dict[str, object]]:
    """Return a strategy for copies of the valid object `good`, with up to two changed fields."""
    changes = st.dictionaries(st.sampled_from(sorted(good)), _odd, max_size=2)
    return changes.map(lambda odd: good | odd)


_item: dict[str, object] = {"value": 0.412, "startedAt": _TIMES[0], "type": "Actual", "version": 2}
_answer: dict[str, object] = {
    "obisCode": _CODE,
    "intervalLength": "PT15M",
    "unit": "kW",
    "items": [],
}
answers = _odd | st.builds(
    lambda answer, items: {**answer, "items": answer["items"] or items},
    _changed(_answer),
    st.lists(_changed(_item) | _odd, max_size=4),
)


def check_file(data: bytes) -> None:
    """Check that reading a file with the content `data` returns valid rows or raises ExportError.

    The error must not contain the metering point.
    """

    def read() -> tuple[LenedaRow, ...]:
        export = read_export(data, _NOW)
        assert export.code in REGISTERS
        assert export.rows
        return export.rows

    _check(read, ExportError)


def check_answer(answer: object) -> None:
    """Check that reading an answer of Leneda's API returns valid rows or raises ResponseError."""
    start = datetime(2026, 11, 18, 23, tzinfo=UTC)
    _check(lambda: read_time_series(answer, _CODE, start, _NOW), ResponseError)


def _check(read: Callable[[], tuple[LenedaRow, ...]], refused: type[Exception]) -> None:
    try:
        rows = read()
    except refused as error:
        assert _POINT not in repr(error)
        return
    starts = [row.start for row in rows]
    assert starts == sorted(set(starts))
    assert all(0 <= row.kw <= 1000 and row.start < _NOW for row in rows)
