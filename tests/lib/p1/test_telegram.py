"""Texts in brackets become values; an empty or unreadable text becomes None."""

from dataclasses import astuple
from datetime import UTC, datetime, timedelta

import pytest

from dev.encoder import KEY, frame, telegram
from dev.testing.times import utc
from smartyp1.p1.decoder import Decoder
from smartyp1.p1.telegram import Telegram
from smartyp1.p1.value_converters import Capture, Value
from tests.json_copy import through_json

CAPTURED = utc("2025-07-03 08:30")


def read(*lines: str, name: str | None = "SAG1030790002574") -> Telegram:
    """Decode one telegram of these lines."""
    [event] = Decoder(KEY).feed(frame(1, telegram(*lines, name=name)))
    assert isinstance(event, Telegram)
    return event


def value(line: str) -> Value:
    """Decode one line."""
    return read(line).objects[line.partition("(")[0]]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("1-0:1.8.0(000025.653*kWh)", 25.653),
        ("1-0:1.8.0(000000.000*kWh)", 0.0),
        ("1-0:1.8.0(000025.653)", 25.653),
        ("1-0:1.8.0(25653*Wh)", 25.653),
        ("1-0:1.7.0(000000286*W)", 0.286),
        ("1-0:1.8.0(25.653*kvarh)", None),
        *((f"1-0:3.8.0(025.653*{unit})", 25.653) for unit in ("kvarh", "kVArh", "KVARH")),
        *((f"1-0:3.7.0(00.286*{unit})", 0.286) for unit in ("kvar", "kVAr", "kVAR")),
        ("1-0:3.8.0(25653*VArh)", 25.653),
        ("1-0:1.8.0()", None),
        ("1-0:1.8.0(*kWh)", None),
        ("1-0:1.8.0(nan*kWh)", None),
        ("1-0:1.8.0(1e5*kWh)", None),
        ("1-0:1.8.0(1_0*kWh)", None),
        ("1-0:1.8.0(1)(2)", None),
        (f"1-0:1.8.0({400 * '9'}*kWh)", None),
        ("1-0:31.7.0(004*A)", 4.0),
        ("1-0:31.7.0(004.37*A)", 4.37),
        ("1-0:32.7.0(233.1*V)", 233.1),
        ("0-0:17.0.0(77.376)", 77.376),
        ("0-0:17.0.0(069.0*kVA)", 69.0),
        ("1-1:31.4.0(100*A)(-063*A)", (100.0, -63.0)),
        ("1-1:34.4.0(040*A)(-040*A)", (40.0, -40.0)),
        ("1-1:31.4.0(100*A)()", (100.0, None)),
        ("0-0:96.3.10(1)", 1),
        ("0-1:96.3.10(0)", 0),
        ("0-2:96.3.10(2)", 2),
        ("0-0:96.3.10()", None),
        ("0-0:96.7.21(00099)", 99),
        ("1-0:52.32.0(00003)", 3),
        ("0-0:52.32.0(00003)", 3),
        ("1-3:0.2.8(42)", "42"),
        ("0-0:96.13.0()", None),
        ("0-0:96.13.0(5AC3A4686C6572)", "Zähler"),
        ("0-0:96.13.2(5AE4686C6572)", "Zähler"),
        ("0-0:96.13.5(not hexadecimal)", "not hexadecimal"),
        ("0-0:96.13.0(5A00E40068006C0065007200)", "Zähler"),
        ("0-0:96.13.0(610A62091B5B33316D8563)", "a\nb\t[31mc"),
        ("0-0:96.13.0(007F1B20)", None),
        ("0-0:96.13.0(not\0hexadecimal)", "nothexadecimal"),
        ("1-3:0.2.8(4\x002)", "42"),
        ("0-1:96.1.0(12345678)", "12345678"),
        ("9-9:99.99.99(made up)", "made up"),
        ("9-9:99.99.99(made up)(2)(3*kX)", ("made up", "2", "3*kX")),
        ("9-9:99.99.99()", None),
        ("0-0:1.0.0(250703103000S)", CAPTURED),
        ("0-0:1.0.0(250703103000W)", utc("2025-07-03 09:30")),
        ("0-0:1.0.0(251332103000S)", None),
        ("0-0:1.0.0(250703103000)", CAPTURED),
        ("0-0:1.0.0(251703103000)", None),
        ("0-0:1.0.0(2507031030)", None),
        ("0-0:1.0.0(250703103000X)", None),
        ("0-0:1.0.0(251225120000)", utc("2025-12-25 11:00")),
        ("0-0:1.0.0(260329013000)", utc("2026-03-29 00:30")),
        ("0-0:1.0.0(260329033000)", utc("2026-03-29 01:30")),
        ("0-1:24.2.1(250703103000)(1*m3)", Capture(CAPTURED, 1.0, "m3")),
        ("0-1:24.2.1(250703103000)(1*M3)", Capture(CAPTURED, 1.0, "m3")),
        ("0-1:24.2.1(250703103000)(1*mwh)", Capture(CAPTURED, 1.0, "MWh")),
        ("0-1:24.2.1(250703103000)(1*Btu)", Capture(CAPTURED, 1.0, "Btu")),
        ("0-1:24.2.1(250703103000S)(1)(2)", Capture(CAPTURED, None, None)),
    ],
)  # fmt: skip
def test_values(line: str, expected: Value) -> None:
    found = value(line)

    assert found == expected
    assert type(found) is type(expected)


FILLERS = [
    *("00", "0000000000000000", "30303030303030303030303030303030", 96 * "F", 8 * "ff", 8 * "20"),
    *("2D2D2D2D", "3F3F3F3F", "2E2E2E2E", "302D302D", "20FF00FF", "3030FF2D2E3F0020", "C3BFC3BF"),
    *("4646464646464646", "0", "000", "-", "----", "?????", "...", "0.0", " ", "     ", "- - -"),
    *("\xff", 40 * "\xff", "0\xff?", "\0\0\0", "FFF", "FF FF FF", "00-00-00"),
]


@pytest.mark.parametrize("filler", FILLERS)
def test_filler_is_nothing(filler: str) -> None:
    assert value(f"0-0:96.13.0({filler})") is None
    assert value(f"0-0:96.13.3({filler})") is None
    assert value(f"0-2:96.1.0({filler})") is None
    found = read(
        *(f"0-1:96.1.0({filler})", "0-1:24.1.0(003)", "0-1:24.2.1(250703103000S)(00678.901*m3)"),
        *(f"0-2:96.1.0({filler})", "0-2:24.1.0(007)", "0-2:24.2.1(632525252525S)(00000.000)"),
    )
    # The second channel has no meter, because only filler names one.
    assert [*found.channels] == [1]
    assert (found.channels[1].serial_number, found.channels[1].value) == (None, 678.901)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("0-0:96.13.0(31)", "1"),
        ("0-0:96.13.0(1)", "1"),
        ("0-0:96.13.0(3230)", "20"),
        ("0-0:96.13.0(4F6B3F)", "Ok?"),
        ("0-0:96.13.0(2D2D2041202D2D)", "-- A --"),
        ("0-0:96.13.0(46)", "F"),
        ("0-0:96.13.0(5AC3A4686C6572FFFFFF)", "Zähler"),
        ("0-0:96.13.0(00005AE4686C6572FF00)", "Zähler"),
        ("0-0:96.13.0(c'est fini\xff\xff)", "c'est fini"),
        ("0-1:96.1.0(47303033FFFFFF)", "G003"),
        ("0-1:96.1.0(4730303300202000)", "G003"),
        ("0-1:96.1.0(G003   )", "G003"),
        ("0-1:96.1.0(47302D303F)", "G0-0?"),
        ("0-1:96.1.0(3030303030303031)", "00000001"),
        ("0-1:96.1.0(3230323032303230)", "20202020"),
        ("0-1:96.1.0(00000001)", "00000001"),
    ],
)
def test_a_value_beside_filler_is_read(line: str, expected: str) -> None:
    assert value(line) == expected


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("30303030", "0000"),
        ("FFFFFFFF", "FFFFFFFF"),
        ("3F3F3F", "???"),
        ("----", "----"),
        ("534147FFFF", "534147FFFF"),
    ],
)
def test_filler_can_be_the_name_of_the_meter(sent: str, name: str) -> None:
    assert read(f"0-0:42.0.0({sent})", name=None).serial_number == name


def test_both_hours_of_the_october_night() -> None:
    times = [
        value(f"0-0:1.0.0({text})")
        for text in ("251026015959S", "251026020000S", "251026025959S", "251026020000W")
    ]

    clocks = [f"{time.astimezone(UTC):%T}" for time in times if isinstance(time, datetime)]
    assert clocks == ["23:59:59", "00:00:00", "00:59:59", "01:00:00"]
    assert read("0-0:1.0.0(251026023000S)").time == utc("2025-10-26 00:30")
    assert read("0-0:1.0.0(251026023000W)").time == utc("2025-10-26 01:30")


def test_time_and_name_may_be_missing() -> None:
    nothing = read(name=None)

    assert (nothing.time, nothing.serial_number, nothing.channels) == (None, None, {})
    assert read("0-0:42.0.0()", name=None).serial_number is None
    assert read("0-0:42.0.0(00FF)", name=None).serial_number == "00FF"
    assert read("0-0:1.0.0(632525252525S)").time is None


@pytest.mark.parametrize("never", ["632525252525S", "700101010000W", "991231235959W"])
def test_channels(never: str) -> None:
    channels = read(
        "0-1:24.1.0(003)",
        "0-1:96.1.0(47415331)",
        "0-1:24.2.1(250703103000S)(00678.901*m3)",
        "0-1:24.4.0(1)",
        "0-2:24.1.0(007)",
        "0-2:96.1.0()",
        f"0-2:24.2.1({never})(00000.000)",
        "0-2:24.4.0(1)",
        "0-3:24.2.1(250703103000S)(0012*GJ)",
        "0-3:96.1.0(860073012D2C340C)",
        "0-3:24.1.0(012)",
        "0-4:24.1.0(003)",
        "0-4:96.1.0(47415332)",
        "0-4:24.2.1(250703100000S)(00000.000)",
    ).channels

    assert {number: astuple(each) for number, each in channels.items()} == {
        1: ("gas", "GAS1", 678.901, "m3", CAPTURED, 1),
        3: ("heat_inlet", "860073012D2C340C", 12.0, "GJ", CAPTURED, None),
        4: ("gas", "GAS2", 0.0, "m3", CAPTURED - timedelta(minutes=30), None),
    }


def test_lines_that_are_no_objects_are_passed_over() -> None:
    found = read("garbage", "1-0:1.8.0", "1-0:1.8.0(1*kWh", "1-0:1.8(1)", "(1)", "", "1-0:2.8.0(2)")

    assert dict(found.objects) == {
        "1-3:0.2.8": "42",
        "0-0:42.0.0": "SAG1030790002574",
        "1-0:2.8.0": 2.0,
    }


def test_the_first_of_repeated_objects_counts() -> None:
    # Last month's registers, behind today's registers.
    found = read(
        "1-0:1.8.0(012345.681*kWh)",
        "0-1:24.1.0(003)",
        "0-1:96.1.0(473031)",
        "0-1:24.2.1(250703101500S)(00100.500*m3)",
        "0-0:96.13.0(4869)",
        "9-9:1.2.3(now)",
        "1-0:2.8.0()",
        "1-0:1.8.0 (000007.000*kWh)",
        "1-0:1.8.0(000001.000*kWh)",
        "1-0:1.8.0(000002.000*kWh)",
        "0-1:24.1.0(007)",
        "0-1:96.1.0(473032)",
        "0-1:24.2.1(250630235900S)(00001.000*m3)",
        "0-0:96.13.0(4279)",
        "9-9:1.2.3(then)",
        "1-0:2.8.0(000003.000*kWh)",
        "0-0:42.0.0(4142)",
    )
    assert found.objects["1-0:1.8.0"] == 12345.681
    assert found.objects["0-0:96.13.0"] == "Hi"
    assert found.objects["9-9:1.2.3"] == "now"
    # An empty value is unknown, and the value of last month does not replace it.
    assert found.objects["1-0:2.8.0"] is None
    assert found.serial_number == "SAG1030790002574"
    gas = found.channels[1]
    assert (gas.type, gas.serial_number, gas.value) == ("gas", "G01", 100.5)
    repeated = "1-0:1.8.0 0-1:24.1.0 0-1:96.1.0 0-1:24.2.1 0-0:96.13.0 9-9:1.2.3 1-0:2.8.0"
    assert found.repeated == (*repeated.split(), "0-0:42.0.0")
    assert read("1-0:1.8.0(1*kWh)").repeated == ()


def test_a_telegram_of_thousands_of_lines_is_cut() -> None:
    lines = [f"9-{number // 200}:{number % 200}.0.0(1)" for number in range(1500)]

    objects = read("1-0:1.8.0(1*kWh)", *lines).objects

    assert list(objects)[:4] == ["1-3:0.2.8", "0-0:42.0.0", "1-0:1.8.0", "9-0:0.0.0"]
    assert len(objects) == 512 - 2  # the identification, and the empty line behind it


@pytest.mark.parametrize("reference", ["9-9:99.99.99", "1-1:31.4.0"])
def test_an_object_of_thousands_of_values_is_cut(reference: str) -> None:
    values = value(f"{reference}({')('.join(5000 * ['1'])})")

    assert isinstance(values, tuple)
    assert len(values) == 16


def test_as_dict_is_json() -> None:
    found = read(
        "0-0:1.0.0(250703103000S)",
        "1-1:31.4.0(100*A)(-063*A)",
        "0-1:24.1.0(003)",
        "0-1:96.1.0(47415331)",
        "0-1:24.2.1(250703101500S)(00678.901*m3)",
    )

    assert through_json(found.as_dict()) == {
        "identification": "Lux5\\253694471_M",
        "serial_number": "SAG1030790002574",
        "time": "2025-07-03T10:30:00+02:00",
        "frame_counter": 1,
        "objects": {
            "1-3:0.2.8": "42",
            "0-0:42.0.0": "SAG1030790002574",
            "0-0:1.0.0": "2025-07-03T10:30:00+02:00",
            "1-1:31.4.0": [100.0, -63.0],
            "0-1:24.1.0": 3,
            "0-1:96.1.0": "GAS1",
            "0-1:24.2.1": ["2025-07-03T10:15:00+02:00", 678.901, "m3"],
        },
        "channels": {
            "1": {
                "type": "gas",
                "serial_number": "GAS1",
                "value": 678.901,
                "unit": "m3",
                "time": "2025-07-03T10:15:00+02:00",
                "valve": None,
            }
        },
    }
