"""Telegrams as lines, expected as the line protocol's description has them."""

from datetime import UTC, datetime

import pytest

from dev.encoder import KEY, frame, telegram
from smarty_p1_fleet.store.register_selection import RegisterSelection
from smarty_p1_fleet.store.series_line_protocol import make_sample
from smartyp1.p1.decoder import Decoder
from smartyp1.p1.obis import OBJECTS
from smartyp1.p1.telegram import Telegram
from smartyp1.publish.topics import items

CLOCK = "0-0:1.0.0(260115130000W)"
NOON = datetime(2026, 1, 15, 12, 0, tzinfo=UTC).timestamp()


def decoded(*lines: str, name: str | None = "SAG1030790002574") -> Telegram:
    [event] = Decoder(KEY).feed(frame(1, telegram(*lines, name=name)))
    assert isinstance(event, Telegram)
    return event


def rendered(*lines: str, name: str = "M1") -> list[str]:
    return make_sample(decoded(CLOCK, *lines, name=name), arrived=NOON).text.splitlines()


def test_numbers_are_written_as_they_were_sent_and_texts_are_not() -> None:
    assert rendered(
        "1-0:1.8.0(123456.789*kWh)",
        "1-0:2.7.0(00.000*kW)",
        "0-0:96.7.21(00012)",
        "0-0:96.3.10(1)",
        "1-1:31.4.0(100*A)(-063*A)",
        "0-0:96.13.0(486f6c61)",
        "1-0:32.7.0()",
    ) == [
        (
            "smarty_p1,meter=M1 active_energy_imported=123456.789,active_power_exported=0.0,"
            "power_failures=12,breaker_control_state=1,current_limit_imported=100.0,"
            "current_limit_exported=-63.0,storage_delay=0.0 1768478400000"
        )
    ]


@pytest.mark.parametrize("filler", ["", "3030303030303030", "FFFFFFFF", "-----"])
def test_meters_behind_a_meter_have_lines_of_their_own(filler: str) -> None:
    _, *channels = rendered(
        "0-1:24.1.0(003)",
        "0-1:96.1.0(4741532031)",
        "0-1:24.2.1(260115125500W)(00112.384*m3)",
        "0-1:24.4.0(1)",
        "0-2:24.1.0(007)",
        f"0-2:96.1.0({filler})",
        "0-2:24.2.1(260115125500W)(00001.000*m3)",
    )
    assert channels == [
        r"smarty_p1,meter=M1,channel=1,type=gas,device=GAS\ 1 index=112.384,valve=1 1768478400000",
        "smarty_p1,meter=M1,channel=2,type=water index=1.0 1768478400000",
    ]


def test_the_names_are_those_of_the_topics_on_mqtt() -> None:
    # Every object that holds one number, and the objects with two.
    lines = [
        f"{reference}(1)"
        for reference, known in OBJECTS.items()
        if known.convert("1") in (1, 1.0) and known.convert("a") is None
    ]
    telegram = decoded(CLOCK, *lines, "1-1:31.4.0(1*A)(1*A)")
    names = {item.name for item in items(telegram) if item.text == "1"}
    sample = make_sample(telegram)
    found = {field.partition("=")[0] for field in sample.text.split(" ")[1].split(",") if field}
    assert len(found) > 40
    assert found == {name for name in names if not name.startswith("channel_")}


@pytest.mark.parametrize(
    ("clock", "expected"),
    [
        ("260115135959W", NOON + 3599),
        ("250116130000W", NOON - 364 * 86400),
        ("200101000000W", 1577833200.0),
    ],
)
def test_the_time_is_the_telegrams_own(clock: str, expected: float) -> None:
    telegram = decoded(f"0-0:1.0.0({clock})")
    [line] = make_sample(telegram, arrived=NOON).text.splitlines()
    assert line.endswith(f" {int(expected) * 1000}")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("1-0:1.8.0(1*kWh)", ["smarty_p1,meter=M1 active_energy_imported=1.0 1768478400000"]),
        ("0-0:96.13.0(486f6c61)", []),
    ],
)
def test_a_copy_of_a_frame_has_no_other_delay(line: str, expected: list[str]) -> None:
    sample = make_sample(decoded("0-0:1.0.0(260115130000W)", line, name="M1"))
    assert sample.text.splitlines() == expected


@pytest.mark.parametrize(
    ("name", "tag"),
    [("A B,C=D", r"A\ B\,C\=D"), ("back\\", "back\\\\"), ("x" * 100, "x" * 64)],
)
def test_a_serial_number_cannot_leave_its_tag(name: str, tag: str) -> None:
    [line] = rendered("1-0:1.7.0(1*kW)", name=name)
    assert line.startswith(f"smarty_p1,meter={tag} active_power_imported=1.0,")


def test_unknown_objects_count_when_they_are_surely_numbers() -> None:
    [line] = rendered(
        "1-0:99.1.0(001.5*kW)", "1-0:99.2.0(0012)", "1-0:99.3.0(abc)", "1-0:99.4.0(7.0)"
    )
    assert line.startswith("smarty_p1,meter=M1 1_0_99_1_0=1.5,1_0_99_4_0=7.0,storage_delay=")


@pytest.mark.parametrize(
    ("wanted", "fields", "channel"),
    [
        (["all"], "active_energy_imported=1.0,active_power_imported=2.0,voltage_l1=230.0,", True),
        (["billing"], "active_energy_imported=1.0,", True),
        (["voltage_*", "*_power_*"], "active_power_imported=2.0,voltage_l1=230.0,", False),
        (["index"], "", True),
        (["current_limit_exported"], "current_limit_exported=-63.0,", False),
        (["1_0_99_*"], "1_0_99_7_0=4.5,", False),
    ],
)
def test_unwanted_registers_are_not_stored(
    wanted: list[str], fields: str, *, channel: bool
) -> None:
    lines = [
        "0-0:1.0.0(260115130000W)",
        "1-0:1.8.0(1*kWh)",
        "1-0:1.7.0(2*kW)",
        "1-0:32.7.0(230*V)",
        "0-1:24.1.0(003)",
        "0-1:24.2.1(260115125500W)(00112.384*m3)",
        "0-1:24.4.0(1)",
    ]
    if wanted[0] != "all":
        lines += ["1-1:31.4.0(100*A)(-063*A)", "1-0:99.7.0(4.5*kW)"]
    telegram = decoded(*lines, name="M1")
    sample = make_sample(telegram, RegisterSelection(wanted), arrived=NOON)
    first, *others = sample.text.splitlines()
    assert first == f"smarty_p1,meter=M1 {fields}storage_delay=0.0 1768478400000"
    valve = ",valve=1" if wanted == ["all"] else ""
    assert (
        others
        == [f"smarty_p1,meter=M1,channel=1,type=gas index=112.384{valve} 1768478400000"] * channel
    )
