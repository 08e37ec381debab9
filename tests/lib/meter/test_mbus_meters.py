"""Meters on the channels of the M-Bus, with identifiers that appear, change and disappear."""

from collections.abc import Iterable, Mapping
from datetime import timedelta

import pytest

from smartyp1.bill.household import Household
from smartyp1.entities.devices import short_serial
from smartyp1.meter.meter_memory import MeterMemory
from smartyp1.meter.meter_reader import MeterReader
from smartyp1.p1.telegram import Telegram
from smartyp1.p1.value_converters import MBusReading
from tests.json_copy import through_json
from tests.times import utc

NOON = utc("2025-07-03 10:00")

type Shown = dict[str, float | None]


def meter(
    value: float | None,
    minutes: int = 0,
    name: str | None = None,
    kind: str = "gas",
    unit: str | None = "m3",
) -> MBusReading:
    """Return a meter with an index captured `minutes` minutes after noon, or never."""
    time = None if value is None else NOON + timedelta(minutes=minutes)
    return MBusReading(type=kind, serial_number=name, value=value, unit=unit, time=time, valve=0)


def water(value: float, minutes: int = 0, name: str | None = None) -> MBusReading:
    """Return a water meter."""
    return meter(value, minutes, name, "water")


def restarted(memory: MeterMemory) -> MeterMemory:
    """Return the memory as a file gives it back."""
    stored = memory.as_dict() | {"demand": memory.demand_meter.as_dict()}
    again = MeterMemory.from_dict(through_json(stored))
    assert not again.damaged
    return again


def read(reader: MeterReader, *channels: MBusReading | None) -> Shown:
    """Return the indexes by identity, after a telegram with meters on the first channels."""
    on = {number: each for number, each in enumerate(channels, 1) if each}
    newest = max((each.time for each in on.values() if each.time), default=NOON)
    reading = reader.read_telegram(Telegram("Lux5", "SAG1", newest, {}, on), newest)
    return {
        identity: found.value for identity in reading.channels if (found := reading.meter(identity))
    }


def shown(telegrams: Iterable[tuple[MBusReading | None, ...]], *, restart: bool) -> list[Shown]:
    """Return the shown indexes after each telegram, with or without restarts in between."""
    reader = MeterReader()
    result = []
    for telegram in telegrams:
        if restart:
            reader = MeterReader(restarted(reader.memory))
        result.append(read(reader, *telegram))
    return result


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize(
    ("telegrams", "expected"),
    [
        # An identifier comes later, and the index goes on. Then it is missing, and comes back.
        (
            [(meter(9.0),), (meter(9.1, 60, "G1"),), (meter(9.1, 60),), (meter(9.3, 120, "G1"),)],
            [{"channel_1": value} for value in (9.0, 9.1, 9.1, 9.3)],
        ),
        # The identifier comes with the same capture, or before the next capture.
        ([(meter(9.0),), (meter(9.0, 0, "G1"),)], [{"channel_1": 9.0}] * 2),
        (
            [(meter(9.0),), (meter(None, 0, "G1"),), (meter(9.1, 60, "G1"),)],
            [{"channel_1": 9.0}, {"channel_1": None}, {"channel_1": 9.1}],
        ),
        # The identifier disappears for good.
        (
            [(meter(9.0, 0, "G1"),), (meter(9.1, 60),), (meter(9.2, 120),)],
            [{"G1": 9.0}, {"G1": 9.1}, {"G1": 9.2}],
        ),
        # With it, the meter can move to any channel.
        (
            [(meter(9.0),), (meter(9.1, 60, "G1"),), (None, meter(9.2, 120, "G1"))],
            [{"channel_1": 9.0}, {"channel_1": 9.1}, {"channel_1": 9.2}],
        ),
        # The index fell, or the unit is another: another meter.
        (
            [(meter(9.0),), (meter(1.0, 60, "G1"),), (meter(1.1, 120, "G1"),)],
            [{"channel_1": 9.0}, {"G1": 1.0}, {"G1": 1.1}],
        ),
        (
            [(meter(9.0, unit="MWh", kind="heat"),), (meter(9.1, 60, "H", "heat", "GJ"),)],
            [{"channel_1": 9.0}, {"H": 9.1}],
        ),
        # Without an identifier, a restarted index is of the same meter, once it is confirmed.
        (
            [(meter(9.0),), (meter(0.0, 60),), (meter(0.1, 120),)],
            [{"channel_1": 9.0}, {"channel_1": 9.0}, {"channel_1": 0.1}],
        ),
        # Two types are never one meter, by channel or by identifier, and may come back.
        (
            [(meter(9.0),), (water(9.1, 60),), (meter(9.2, 120),), (water(9.3, 180),)],
            [
                {"channel_1": 9.0},
                {"channel_1_water": 9.1},
                {"channel_1": 9.2},
                {"channel_1_water": 9.3},
            ],
        ),
        (
            [(meter(9.0, 0, "1"), water(5.0, 5, "1")), (water(5.1, 60, "1"), meter(9.1, 65, "1"))],
            [{"1": 9.0, "water_1": 5.0}, {"1": 9.1, "water_1": 5.1}],
        ),
        # A missing type is no other type.
        (
            [(meter(9.0),), (meter(9.1, 60, kind="unknown"),), (meter(9.2, 120),)],
            [{"channel_1": 9.0}, {"channel_1": 9.1}, {"channel_1": 9.2}],
        ),
        (
            [(meter(9.0, kind="unknown"),), (meter(9.1, 60, "G1"),), (water(9.2, 120),)],
            [{"channel_1": 9.0}, {"channel_1": 9.1}, {"channel_1_water": 9.2}],
        ),
        # Channels swap: of two types, or of one.
        (
            [(meter(9.0), water(5.0)), (water(5.1, 60), meter(9.1, 60))],
            [{"channel_1": 9.0, "channel_2": 5.0}, {"channel_1": 9.1, "channel_2": 5.1}],
        ),
        (
            [(meter(900.0), meter(5.0)), (meter(5.1, 60), meter(900.2, 60))],
            [{"channel_1": 900.0, "channel_2": 5.0}, {"channel_1": 900.2, "channel_2": 5.1}],
        ),
    ],
)
def test_a_meter_keeps_its_identity(
    telegrams: list[tuple[MBusReading | None, ...]], expected: list[Shown], *, restart: bool
) -> None:
    assert shown(telegrams, restart=restart) == expected


@pytest.mark.parametrize(
    ("before", "doubtful", "then", "expected"),
    [
        # An index of 0, or a far too high one, may be an error.
        (meter(9.0), meter(0.0, 60, "G1"), meter(9.1, 120, "G1"), {"channel_1": 9.1}),
        (meter(9.0), meter(0.0, 60, "G1"), meter(0.1, 120, "G1"), {"G1": 0.1}),
        (meter(9.0), meter(0.0, 60, "G1"), meter(0.0, 60, "G1"), {}),
        (meter(9.0), meter(999.0, 60, "G1"), meter(9.1, 120, "G1"), {"channel_1": 9.1}),
        (meter(9.0), meter(999.0, 60, "G1"), meter(999.1, 120, "G1"), {"G1": 999.1}),
        (meter(9.0), meter(999.0, 60, "G1"), meter(999.1, 120, "G2"), {}),
        # The disappearance of the identifier needs a confirmation, too.
        (meter(9.0, 0, "G1"), meter(0.0, 60), meter(9.1, 120), {"G1": 9.1}),
        (meter(9.0, 0, "G1"), meter(0.0, 60), meter(0.1, 120), {"channel_1": 0.1}),
    ],
)
def test_an_index_that_may_be_an_error_must_be_confirmed(
    before: MBusReading, doubtful: MBusReading, then: MBusReading, expected: Shown
) -> None:
    reader = MeterReader()
    read(reader, before)
    assert read(reader, doubtful) == {}
    assert read(reader, then) == expected


@pytest.mark.parametrize(
    ("telegrams", "exchanged"),
    [
        ([(meter(9.0, 0, "G1"),), (meter(1.0, 60, "G2"),)], {"G1": "G2"}),
        ([(meter(9.0),), (meter(1.0, 60, "G2"),)], {"channel_1": "G2"}),
        ([(meter(9.0),), (meter(9.1, 60, "G1"),), (meter(1, 90, "G2"),)], {"channel_1": "G2"}),
        # No exchange: the same meter, another meter beside it, another type, a meter that comes
        # back.
        ([(meter(9.0),), (meter(9.1, 60, "G1"),)], {}),
        ([(meter(9.0, 0, "G1"),), (meter(1.0, 60, "G2"), meter(9.0, 0, "G1"))], {}),
        ([(meter(9.0, 0, "G1"),), (water(1.0, 60, "W1"),)], {}),
        ([(meter(9.0, 0, "G1"),), (meter(1.0, 60, "G2"),), (meter(9.0, 90, "G1"),)], {}),
    ],
)
def test_which_meters_were_exchanged(
    telegrams: list[tuple[MBusReading | None, ...]], exchanged: Mapping[str, str]
) -> None:
    reader = MeterReader()
    for telegram in telegrams:
        read(reader, *telegram)
    assert restarted(reader.memory).mbus_meters.exchanged == exchanged
    reader.memory.mbus_meters.forget_exchanged()
    assert not reader.memory.mbus_meters.exchanged


def test_forged_meters_fill_no_memory() -> None:
    memory = MeterMemory(Household())
    for number in range(300):
        # Each reader has new limits, as after a restart.
        read(MeterReader(memory), meter(number, number, f"G{number}"))
    stored = memory.as_dict()["mbus_meters"]
    assert len(stored["meters"]) == 64
    assert len(stored["exchanged"]) == 16
    assert len(restarted(memory).mbus_meters.exchanged) == 16


def test_a_missing_type_or_identifier_is_the_known_one() -> None:
    reader = MeterReader()
    read(reader, meter(9.0, 0, "G1"))
    at = NOON + timedelta(hours=1)
    lacking = Telegram("Lux5", "SAG1", at, {}, {1: meter(9.1, 60, None, "unknown")})
    assert reader.read_telegram(lacking, at).telegram.channels == {1: meter(9.1, 60, "G1")}


def test_the_name_of_a_channel_is_its_number() -> None:
    assert [*map(short_serial, ("channel_1", "channel_2_water", "water_G7401"))] == [
        "1",
        "2",
        "7401",
    ]
