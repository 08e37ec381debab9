"""What stands between the brackets becomes values; what is empty or unreadable becomes None."""

import json
import string
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from dev.encoder import KEY, frame, telegram
from smartyp1.p1 import OBJECTS, Capture, Decoder, MBusReading, Telegram, Value

CAPTURED = datetime(2025, 7, 3, 8, 30, tzinfo=UTC)


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
        ("0-0:1.0.0(250703103000W)", datetime(2025, 7, 3, 9, 30, tzinfo=UTC)),
        ("0-0:1.0.0(251332103000S)", None),
        ("0-0:1.0.0(250703103000)", None),
        ("0-1:24.2.1(250703103000S)(1)(2)", Capture(CAPTURED, None, None)),
    ],
)  # fmt: skip
def test_values(line: str, expected: Value) -> None:
    found = value(line)

    assert found == expected
    assert type(found) is type(expected)


def test_both_hours_of_the_october_night() -> None:
    times = [
        value(f"0-0:1.0.0({text})")
        for text in ("251026015959S", "251026020000S", "251026025959S", "251026020000W")
    ]

    clocks = [f"{time.astimezone(UTC):%T}" for time in times if isinstance(time, datetime)]
    assert clocks == ["23:59:59", "00:00:00", "00:59:59", "01:00:00"]
    assert read("0-0:1.0.0(251026023000S)").time == datetime(2025, 10, 26, 0, 30, tzinfo=UTC)
    assert read("0-0:1.0.0(251026023000W)").time == datetime(2025, 10, 26, 1, 30, tzinfo=UTC)


def test_time_and_name_may_be_missing() -> None:
    nothing = read(name=None)

    assert (nothing.time, nothing.serial_number, nothing.channels) == (None, None, {})
    assert read("0-0:42.0.0()", name=None).serial_number is None
    assert read("0-0:42.0.0(00FF)", name=None).serial_number == "00FF"
    assert read("0-0:1.0.0(632525252525S)").time is None


def test_channels() -> None:
    channels = read(
        "0-1:24.1.0(003)",
        "0-1:96.1.0(47415331)",
        "0-1:24.2.1(250703103000S)(00678.901*m3)",
        "0-1:24.4.0(1)",
        "0-2:24.1.0(007)",
        "0-2:96.1.0()",
        "0-2:24.2.1(632525252525S)(00000.000)",
        "0-2:24.4.0(1)",
        "0-3:24.2.1(250703103000S)(0012*GJ)",
        "0-3:96.1.0(860073012D2C340C)",
        "0-3:24.1.0(012)",
        "0-4:24.1.0(003)",
        "0-4:96.1.0(47415332)",
        "0-4:24.2.1(250703100000S)(00000.000)",
    ).channels

    assert channels == {
        1: MBusReading(
            type="gas", serial_number="GAS1", value=678.901, unit="m3", time=CAPTURED, valve=1
        ),
        3: MBusReading(
            type="heat_inlet",
            serial_number="860073012D2C340C",
            value=12.0,
            unit="GJ",
            time=CAPTURED,
            valve=None,
        ),
        4: MBusReading(
            type="gas",
            serial_number="GAS2",
            value=0.0,
            unit="m3",
            time=CAPTURED - timedelta(minutes=30),
            valve=None,
        ),
    }


def test_an_index_that_was_never_captured_is_unknown() -> None:
    channels = read(
        "0-1:24.1.0(007)",
        "0-1:96.1.0(57415431)",
        "0-1:24.2.1(632525252525S)(00000.000)",
    ).channels

    assert channels[1].serial_number == "WAT1"
    assert channels[1].value is None
    assert channels[1].time is None


def test_a_device_type_nobody_knows() -> None:
    channels = read(
        "0-1:24.1.0(099)", "0-1:96.1.0(58)", "0-1:24.2.1(250703103000S)(1.5*L)"
    ).channels

    assert (channels[1].type, channels[1].value, channels[1].unit) == ("unknown", 1.5, "L")


def test_lines_that_are_no_objects_are_passed_over() -> None:
    found = read("garbage", "1-0:1.8.0", "1-0:1.8.0(1*kWh", "1-0:1.8(1)", "(1)", "", "1-0:2.8.0(2)")

    assert dict(found.objects) == {
        "1-3:0.2.8": "42",
        "0-0:42.0.0": "SAG1030790002574",
        "1-0:2.8.0": 2.0,
    }


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


def test_line_ends_without_carriage_returns() -> None:
    text = telegram("1-0:1.8.0(1*kWh)").replace(b"\r\n", b"\n")

    [event] = Decoder(KEY).feed(frame(1, text))

    assert isinstance(event, Telegram)
    assert event.objects["1-0:1.8.0"] == 1.0


def test_what_one_telegram_leaves_out_is_not_taken_from_the_last_one() -> None:
    decoder = Decoder(KEY)
    texts = [
        telegram("1-0:1.8.0(1*kWh)", "1-0:2.8.0(2*kWh)", "0-1:96.1.0(58)", "0-1:24.1.0(003)"),
        telegram("1-0:1.8.0(3*kWh)", "0-1:24.1.0(003)", "0-1:96.1.0(58)"),
        telegram("1-0:1.8.0(4)", "1-0:1.8.0(5)", "0-1:96.1.0()"),
        telegram("1-0:1.8.0(6)", "1-0:1.8.0(5)", "0-1:96.1.0()"),
        telegram("1-0:1.8.0(6*X)", "1-0:2.8.0(7*Wh)", "0-1:96.1.0()"),
        telegram("1-0:1.8.0(6*kWh)", "1-0:2.8.0(7*kWh)", "0-1:96.1.0()"),
    ]

    events = decoder.feed(b"".join(frame(counter, text) for counter, text in enumerate(texts)))

    found = [
        (event.objects.get("1-0:1.8.0"), event.objects.get("1-0:2.8.0"), set(event.channels))
        for event in events
        if isinstance(event, Telegram)
    ]
    assert found == [
        (1.0, 2.0, {1}),
        (3.0, None, {1}),
        (5.0, None, set()),
        (5.0, None, set()),
        (None, 0.007, set()),
        (6.0, 7.0, set()),
    ]


def test_a_zero_in_another_unit_does_not_fix_the_unit() -> None:
    decoder = Decoder(KEY)

    events = decoder.feed(
        b"".join(
            frame(counter, telegram(f"1-0:1.8.0({number}*Wh)", f"1-0:1.7.0({number}*W)"))
            for counter, number in enumerate(("0", "25653", "000000000", "000001500"))
        )
    )

    found = [event.objects["1-0:1.8.0"] for event in events if isinstance(event, Telegram)]
    assert found == [0.0, 25.653, 0.0, 1.5]


def test_a_changed_telegram_does_not_change_the_next_one() -> None:
    decoder = Decoder(KEY)
    [first] = decoder.feed(frame(1, telegram("1-0:1.8.0(1*kWh)", "0-1:24.1.0(003)")))
    assert isinstance(first, Telegram)
    first.objects.clear()  # type: ignore[attr-defined]  # against its type

    [second] = decoder.feed(frame(2, telegram("1-0:1.8.0(1*kWh)", "0-1:24.1.0(003)")))

    assert isinstance(second, Telegram)
    assert second.objects["1-0:1.8.0"] == 1.0


def test_as_dict_is_json() -> None:
    found = read(
        "0-0:1.0.0(250703103000S)",
        "1-1:31.4.0(100*A)(-063*A)",
        "0-1:24.1.0(003)",
        "0-1:96.1.0(47415331)",
        "0-1:24.2.1(250703101500S)(00678.901*m3)",
    )

    assert json.loads(json.dumps(found.as_dict())) == {
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


numbers = st.builds(
    "{}{}{}".format,
    st.sampled_from(["0", "000", "00.000", "1", "25653", "000025.653", "-1", ""]),
    st.sampled_from(["*", ""]),
    st.sampled_from(["kWh", "Wh", "kW", "W", "kvar", "var", "A", "V", "m3", ""]),
)
texts = st.text(string.ascii_letters + string.digits + " .:*-_/ä()", max_size=30)
brackets = st.one_of(numbers, texts)
references = st.one_of(
    st.sampled_from(sorted(OBJECTS)),
    st.builds("{}-{}:{}.{}.{}".format, *5 * [st.integers(0, 255)]),
)
lines = st.builds("{}({})".format, references, brackets)


@given(st.lists(lines, max_size=20), st.lists(lines, max_size=20))
def test_any_telegram_reads_the_same_after_any_other(first: list[str], second: list[str]) -> None:
    """What is remembered of the last telegram must not show in the next one."""
    alone, after = Decoder(KEY), Decoder(KEY)
    after.feed(frame(1, telegram(*first)))

    [expected] = alone.feed(frame(2, telegram(*second)))
    [found] = after.feed(frame(2, telegram(*second)))

    assert found == expected
    assert isinstance(found, Telegram)
    json.dumps(found.as_dict(), allow_nan=False)


@given(st.integers(0, 999_999_999))
def test_registers_keep_every_digit(watt_hours: int) -> None:
    text = f"{watt_hours // 1000:06d}.{watt_hours % 1000:03d}"

    found = value(f"1-0:1.8.0({text}*kWh)")

    assert isinstance(found, float)
    assert f"{found:010.3f}" == text
    assert round(found * 1000) == watt_hours
