"""Files of the portal: their content, and the reasons of refusals."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dev.leneda.export_file import (
    CONSUMPTION,
    HEADER,
    NOW,
    POINT,
    PRODUCTION,
    export,
    file,
    quarters,
    row,
)
from dev.testing.table import rows
from smartyp1.leneda.measured_and_estimated_rows import LenedaRow
from smartyp1.leneda.portal_file import MAX_EXPORT_SIZE, Export, read_export
from smartyp1.leneda.portal_file_refusals import ExportError, ExportRefusal
from smartyp1.leneda.series_codes import REGISTERS, Quantity

AUTUMN = (
    HEADER.format(CONSUMPTION)
    + f"""\
"{POINT}","1-1:1.29.0","kW","2025-10-26T02:30:00+02:00","0.412","15","Measured","1"
"{POINT}","1-1:1.29.0","kW","2025-10-26T02:45:00+02:00","0.408","15","Measured","1"
"{POINT}","1-1:1.29.0","kW","2025-10-26T02:00:00+01:00","0.400","15","Estimated","1"
"{POINT}","1-1:1.29.0","kW","2025-10-26T02:15:00+01:00","3.960","15","Measured","2"
"""
)


def refusal(data: bytes) -> tuple[str, str | None]:
    """Return why a file is refused, and the line that is named."""
    with pytest.raises(ExportError) as caught:
        read_export(data, NOW)
    assert POINT not in f"{caught.value!r}{caught.value.placeholders}"
    return caught.value.reason.name.lower(), caught.value.placeholders.get("line")


def test_the_hour_that_october_repeats() -> None:
    rows = (
        LenedaRow(datetime(2025, 10, 26, 0, 30, tzinfo=UTC), 0.412, is_measured=True, version=1),
        LenedaRow(datetime(2025, 10, 26, 0, 45, tzinfo=UTC), 0.408, is_measured=True, version=1),
        LenedaRow(datetime(2025, 10, 26, 1, 0, tzinfo=UTC), 0.4, is_measured=False, version=1),
        LenedaRow(datetime(2025, 10, 26, 1, 15, tzinfo=UTC), 3.96, is_measured=True, version=2),
    )
    found = read_export(AUTUMN.encode(), NOW)
    assert found == Export(POINT, CONSUMPTION, rows, repeated=())
    assert (found.holes, found.estimated) == (0, 1)


@pytest.mark.parametrize(
    ("midnight", "count", "following"),
    [
        ("2025-03-30T00:00:00+01:00", 92, datetime(2025, 3, 30, 22, tzinfo=UTC)),
        ("2025-10-26T00:00:00+02:00", 100, datetime(2025, 10, 26, 23, tzinfo=UTC)),
        ("2025-11-02T00:00:00+01:00", 96, datetime(2025, 11, 2, 23, tzinfo=UTC)),
    ],
)
def test_a_day_of_a_clock_change(midnight: str, count: int, following: datetime) -> None:
    found = read_export(export(midnight, [f"{n}.250" for n in range(count)]), NOW)
    assert [each.start for each in found.rows] == quarters(midnight, count)
    assert [each.kw for each in found.rows] == [n + 0.25 for n in range(count)]
    assert found.rows[-1].start + timedelta(minutes=15) == following
    assert (found.holes, found.repeated, found.estimated) == (0, (), 0)


def test_columns_are_known_by_their_content() -> None:
    german = (
        "Wert (1-1:1.29.0),Art,Zählpunkt,OBIS-Code,Intervall,Beginn,Einheit,Bemerkung,Version\n"
        f"0.412,Gemessen,{POINT},1-1:1.29.0,15,2025-06-01T00:00:00+02:00,kW,frei,3\n"
        f"1,Geschätzt,{POINT},1-1:1.29.0,15,2025-06-01T00:15:00+02:00,kW,frei,3\n"
    )
    for data in (german.encode(), b"\xef\xbb\xbf" + german.replace("\n", "\r\n").encode()):
        found = read_export(data, NOW)
        assert [each[1:] for each in found.rows] == [(0.412, True, 3), (1, False, 3)]


def test_without_a_name_the_value_is_the_only_decimal_number() -> None:
    found = read_export(
        AUTUMN.replace("Value (1-1:1.29.0)", "Valeur").replace("Measured", "Mesuré").encode(), NOW
    )
    assert [each.kw for each in found.rows] == [0.412, 0.408, 0.4, 3.96]
    assert [each.is_measured for each in found.rows] == [True, True, False, True]


def test_versions_repeated_rows_holes_and_no_order() -> None:
    data = file(
        row("2025-06-01T01:00:00+02:00", "4.000"),
        row("2025-06-01T00:00:00+02:00", "1.000", version="2"),
        row("2025-06-01T00:00:00+02:00", "9.000", version="1"),
        row("2025-06-01T00:15:00+02:00", "2.000", version="3"),
        row("2025-06-01T00:15:00+02:00", "2.500", "Edited", version="3"),
        row("2025-06-01T00:30:00+02:00", ""),
    )
    found = read_export(data, NOW)
    assert [(each.kw, each.version) for each in found.rows] == [(1.0, 2), (2.5, 3), (4.0, 1)]
    assert found.repeated == (found.rows[0].start, found.rows[1].start)
    assert (found.holes, found.estimated) == (2, 1)


def test_a_time_may_be_written_with_a_space_and_without_seconds() -> None:
    data = AUTUMN.replace("26T02", "26 02").replace(":00+", "+")
    assert read_export(data.encode(), NOW) == read_export(AUTUMN.encode(), NOW)


def test_two_files_of_one_register_one_after_the_other() -> None:
    assert len(read_export(AUTUMN.encode() * 2, NOW).rows) == 4


def test_each_series_of_electricity() -> None:
    for code, register in REGISTERS.items():
        data = AUTUMN.replace("1-1:1.29.0", code)
        if register.unit != "kW":
            data = data.replace('"kW"', '"kVAR"').replace('"kVAR"', '"kVAr"', 1)
        assert read_export(data.encode(), NOW).code == code
    assert REGISTERS[PRODUCTION].quantity is Quantity.EXPORTED
    assert REGISTERS["1-65:1.29.3"].quantity is Quantity.COVERED_2
    assert REGISTERS["1-65:1.29.2"].quantity is Quantity.COVERED_3


SECOND = '"2025-10-26T02:45:00+02:00","0.408","15","Measured","1"'
# Changes in the second row, and the reason to refuse each.
IN_SECOND = [
    *rows("""
        15                     | 30                     | wrong_interval
        +02:00                 | +00:00                 | wrong_offset
        +02:00                 | Z                      | wrong_offset
        # Each offset is Luxembourg's, on another day.
        2025-10-26T02:45:00+02 | 2025-07-01T02:45:00+01 | wrong_offset
        2025-10-26             | 2025-12-01             | wrong_offset
        # At 2:45 of this day there was no clock in Luxembourg that showed it.
        2025-10-26T02:45:00+02 | 2025-03-30T02:45:00+01 | wrong_offset
        2025-10-26T02:45:00+02 | 9999-12-31T23:45:00-23 | future
        02:45:00               | 02:46:00               | no_quarter_hour
        02:45:00               | 02:45:01               | no_quarter_hour
        2025-10-26             | 1998-10-26             | too_old
        2025-10-26             | 0001-01-01             | too_old
        2025-10-26             | 9999-12-31             | future
        2025-10-26             | 2025-13-26             | damaged_line
        0.408                  | -0.408                 | wrong_value
        0.408                  | NaN                    | wrong_value
        0.408                  | inf                    | wrong_value
        0.408                  | 1e3                    | wrong_value
        0.408                  | 1000.001               | watt_hours
        "1"                    | "9999999"              | damaged_line
        "1"                    | ""                     | damaged_line
        "1"                    | "1","more"             | damaged_line
    """),
    ("0.408", "9" * 800, "wrong_value"),
]
# Changes in the whole file, the reason to refuse each, and the line that it names.
WHOLE = rows("""
    "15","Measured"           | "Measured"          | no_export      |
    2025-10-26T02:30:00+02:00 | half past two       | no_export      |
    "kW","2025-10-26T02:30:00+02:00" | "-","2025-10-26T02:30:00" | no_export |
    ","                       | ";"                 | spreadsheet    |
    ","                       | "",""               | spreadsheet    |
    0.412                     | 0,412               | spreadsheet    | 2
    0.408                     | 0,408               | spreadsheet    | 3
    2025-10-26T02:30:00+02:00 | 2025-10-26T02:30:00 | spreadsheet    |
    2025-10-26T02:45:00+02:00 | 2025-10-26T02:45:00 | spreadsheet    | 3
    2025-10-26T02:45:00+02:00 | 26.10.2025 02:45    | spreadsheet    | 3
    2025-10-26T02:30:00+02:00 | 10/26/25 2:30 AM    | spreadsheet    |
    "kW"                      | "kWh"               | wrong_unit     |
    "kW"                      | "W"                 | wrong_unit     |
    1-1:1.29.0                | 7-1:99.23.15        | gas            |
    1-1:1.29.0                | 1-1:9.29.0          | unknown_code   |
    "15"                      | "60"                | wrong_interval | 2
""")
LAST = '"3.960","15","Measured","2"\n'
CUTS = ['"3.96', *(LAST[:end] for end in (7, 24, 25, 26))]


@pytest.mark.parametrize(
    ("old", "new", "reason", "line"),
    [
        (AUTUMN, "", "empty", None),
        (AUTUMN, "\r\n \n", "empty", None),
        (AUTUMN, HEADER.format(CONSUMPTION), "empty", None),
        (AUTUMN, "PK\x03\x04\0\0", "not_csv", None),
        (AUTUMN, "hello", "no_export", None),
        (AUTUMN, "start,1-1:1.29.0 (kW)\n2025-06-01T00:00:00+02:00,0.4\n", "no_export", None),
        (AUTUMN, "a;b;c;d;e\n1;2;3;4;5\n", "no_export", None),
        (AUTUMN, 'x"y" z,"a"b\n' * 3, "no_export", None),
        (AUTUMN, f'{{"meteringPointCode": "{POINT}", "items": []}}', "no_export", None),
        ('","', "\t", "spreadsheet", None),
        *((old, new, reason, line or None) for old, new, reason, line in WHOLE),
        (
            f'"{POINT}","1-1:1.29.0","kW",{SECOND}',
            f'"{POINT[:-1]}7","1-1:1.29.0","kW",{SECOND}',
            "several_points",
            "3",
        ),
        (f'"1-1:1.29.0","kW",{SECOND}', f'"1-1:2.29.0","kW",{SECOND}', "several_codes", "3"),
        (f'"kW",{SECOND}', f'"kWh",{SECOND}', "damaged_line", "3"),
        *((SECOND, SECOND.replace(a, b), reason, "3") for a, b, reason in IN_SECOND),
        (SECOND, SECOND[:20], "damaged_line", "4"),
        (SECOND, '"2026-11-22T02:45:00+01:00","0.408","15","Measured","1"', "future", "3"),
        *((LAST, cut, "truncated", "5") for cut in CUTS),
        (SECOND, "x" * 1001, "not_csv", None),
    ],
)
def test_another_file_is_refused(old: str, new: str, reason: str, line: str | None) -> None:
    assert old in AUTUMN
    assert refusal(AUTUMN.replace(old, new).encode()) == (reason, line)


def found_in(data: bytes) -> tuple[str, dict[str, str]]:
    """Return the reason of a refusal, and the placeholders of its message."""
    with pytest.raises(ExportError) as caught:
        read_export(data, NOW)
    return caught.value.reason.name.lower(), caught.value.placeholders


def test_the_offset_must_be_that_of_the_day() -> None:
    # The hour that a file of a fixed +01:00 is off begins with summer time.
    times = ["2026-03-29T01:45:00+01:00", "2026-03-29T02:00:00+01:00"]
    reason, said = found_in(file(*map(row, times)))
    assert reason == "wrong_offset"
    assert said == {"line": "3", "found": "+01:00", "expected": "+02:00"}
    assert len(read_export(file(row(times[0]), row("2026-03-29T03:00:00+02:00")), NOW).rows) == 2
    utc = file(row("2026-11-01T00:00:00Z"))
    assert found_in(utc)[1] == {"line": "2", "found": "Z", "expected": "+01:00"}


ROW = f'"{POINT}","1-1:1.29.0","kW","2025-11-26T02:30:00+01:00",'
NAMES = HEADER.format(CONSUMPTION)


@pytest.mark.parametrize(
    ("data", "columns"),
    [
        (
            f'{NAMES}{ROW}"0.412","3","Measured","15"\n',
            ("Interval length (min)", "3", "Version", "15"),
        ),
        (
            f'{NAMES}{ROW}"15","0.412","Measured","3"\n',
            ("Value (1-1:1.29.0)", "15", "Interval length (min)", "0.412"),
        ),
        (
            f'{NAMES}{ROW}"3","15","Measured","0.412"\n',
            ("Value (1-1:1.29.0)", "3", "Version", "0.412"),
        ),
        (f'{ROW}"0.412","3","Measured","15"\n', ("6", "3", "8", "15")),
        (
            NAMES.replace("Version", "<b>") + f'{ROW}"0.412","3","Measured","15"\n',
            ("Interval length (min)", "3", "8", "15"),
        ),
        (
            NAMES.replace("Version", POINT) + f'{ROW}"0.412","3","Measured","15"\n',
            ("Interval length (min)", "3", "8", "15"),
        ),
    ],
)
def test_the_refusal_of_swapped_columns_shows_their_content(
    data: str, columns: tuple[str, ...]
) -> None:
    names = ("first", "first_value", "second", "second_value")
    assert found_in(data.encode()) == ("swapped_columns", dict(zip(names, columns, strict=True)))


def test_columns_in_another_order_are_read_by_their_names() -> None:
    names = NAMES.replace("Interval length (min)", "Version").replace('"Version"\n', '"Minuten"\n')
    data = f'{names}{ROW}"0.412","60","Measured","15"\n'
    assert read_export(data.encode(), NOW).rows[0][1:] == (0.412, True, 60)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        # 60 to 1,560 Wh.
        ([f"{60 + 100 * n}.000" for n in range(16)], ("12", "1060.000")),
        # 60 to 360 Wh: less than the limit of any connection, as if it were kW.
        ([str(60 + 20 * n) for n in range(16)], ("17", "360")),
        (["0.000", "350.250"] * 16, ("3", "350.25")),
    ],
)
def test_watt_hours_are_distinguished_from_kilowatts(
    values: list[str], said: tuple[str, str]
) -> None:
    reason, found = found_in(export("2026-06-01T00:00:00+02:00", values))
    assert reason == "watt_hours"
    assert (found["line"], found["value"], found["unit"]) == (*said, "kW")


@pytest.mark.parametrize(
    "values",
    [
        # Current transformers count in steps of 0.4 kW; and 4 kW all the time is possible.
        [f"{0.4 * n:.3f}" for n in range(60, 160)],
        ["4.000"] * 96,
        # Too few rows to be sure.
        ["60"] * 15,
    ],
)
def test_high_power_is_no_energy(values: list[str]) -> None:
    assert len(read_export(export("2026-06-01T00:00:00+02:00", values), NOW).rows) == len(values)


def test_a_wrong_value_is_shown_unless_it_may_be_private() -> None:
    for value, shown in (("-0.408", "-0.408"), ("NaN", "NaN"), ("9" * 800, "?"), (POINT[:9], "?")):
        data = file(row("2026-06-01T00:00:00+02:00"), row("2026-06-01T00:15:00+02:00", value))
        assert found_in(data) == ("wrong_value", {"line": "3", "value": shown})
    assert found_in(AUTUMN.replace('"kW"', '"kWh"').encode()) == (
        "wrong_unit",
        {"unit": "kWh", "expected": "kW"},
    )


def test_a_file_that_ends_within_its_first_row_is_truncated() -> None:
    whole = "".join(AUTUMN.splitlines(keepends=True)[:2]).encode()
    begin = whole.index(b"\n") + 1
    for end in range(begin + 1, len(whole) - 2):
        assert refusal(whole[:end])[0] == "truncated", whole[:end]
    assert len(read_export(whole[:-1], NOW).rows) == 1


def test_the_running_quarter_hour_is_of_the_future() -> None:
    complete = datetime(2026, 11, 21, 11, 45, tzinfo=UTC)
    data = file(row("2026-11-21T12:45:00+01:00"))
    assert [each.start for each in read_export(data, NOW).rows] == [complete]
    with pytest.raises(ExportError, match="future"):
        read_export(data, NOW - timedelta(seconds=1))


def test_size_and_number_of_rows_are_bounded() -> None:
    assert refusal(b" " * (MAX_EXPORT_SIZE + 1)) == ("too_large", None)
    assert refusal(b"a\n" * 200_001) == ("too_large", None)


def test_each_refusal_is_tested() -> None:
    # In quotes, or as a cell of a table.
    named = re.findall(
        r'["|] ?([a-z_]+)(?:"| *\||$)', Path(__file__).read_text("utf-8"), re.MULTILINE
    )
    assert {each.name.lower() for each in ExportRefusal} - {*named} == set()
