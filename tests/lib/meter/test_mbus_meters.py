"""Meters on the channels of the M-Bus, with identifiers that appear, change and disappear."""

from datetime import timedelta

import pytest

from dev.testing.table import rows
from dev.testing.times import utc
from smartyp1.bill.household import Household
from smartyp1.entities.devices import short_serial
from smartyp1.meter.meter_memory import MeterMemory
from smartyp1.meter.meter_reader import MeterReader
from smartyp1.p1.telegram import Telegram
from smartyp1.p1.value_converters import MBusReading
from tests.json_copy import through_json

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


def written(text: str) -> list[MBusReading | None]:
    """Return the meters of a telegram, by channel: index, minutes, and what is not usual.

    `-, 9.1 @60 G1` is no meter on the first channel, and a gas meter G1 with 9.1 m³ at 13:00.
    """
    found: list[MBusReading | None] = []
    for each in text.split(", "):
        index, *words = each.split()
        kind, unit = ({*words} & {"water", "heat", "unknown"}), ({*words} & {"MWh", "GJ"})
        minutes = {word for word in words if word.startswith("@")}
        name = next(iter({*words} - kind - unit - minutes), None)
        value = None if index in {"-", "none"} else float(index)
        at = int("".join(minutes).removeprefix("@") or 0)
        known = meter(value, at, name, "".join(kind) or "gas", "".join(unit) or "m3")
        found.append(None if index == "-" else known)
    return found


def indexes(text: str) -> Shown:
    """Return the indexes by identity, such as `channel_1 9.1, G2 none`."""
    pairs = (pair.split() for pair in text.split(", ") if pair)
    return {name: None if index == "none" else float(index) for name, index in pairs}


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


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize(
    ("telegrams", "expected"),
    rows("""
# An identifier comes later, and the index goes on. Then it is missing, and comes back.
9; 9.1 @60 G1; 9.1 @60; 9.3 @120 G1 | channel_1 9; channel_1 9.1; channel_1 9.1; channel_1 9.3
# The identifier comes with the same capture, or before the next capture.
9; 9 G1 | channel_1 9; channel_1 9
9; none G1; 9.1 @60 G1 | channel_1 9; channel_1 none; channel_1 9.1
# The identifier disappears for good.
9 G1; 9.1 @60; 9.2 @120 | G1 9; G1 9.1; G1 9.2
# With it, the meter can move to any channel.
9; 9.1 @60 G1; -, 9.2 @120 G1 | channel_1 9; channel_1 9.1; channel_1 9.2
# The index fell, or the unit is another: another meter.
9; 1 @60 G1; 1.1 @120 G1 | channel_1 9; G1 1; G1 1.1
9 heat MWh; 9.1 @60 H heat GJ | channel_1 9; H 9.1
# Without an identifier, a restarted index is of the same meter, and goes on after a day.
9; 0 @60; 0.1 @120; 0.2 @180; 2.4 @1500; 2.5 @1560 | \
    channel_1 9; channel_1 9; channel_1 9; channel_1 9; channel_1 11.4; channel_1 11.5
9; 0 @60; 0.1 @120; 0.2 @180; 2.4 @1500; 2.5 @1560 G1 | \
    channel_1 9; channel_1 9; channel_1 9; channel_1 9; channel_1 11.4; channel_1 11.5
# Two types are never one meter, by channel or by identifier, and may come back.
9; 9.1 @60 water; 9.2 @120; 9.3 @180 water | \
    channel_1 9; channel_1_water 9.1; channel_1 9.2; channel_1_water 9.3
9 1, 5 @5 1 water; 5.1 @60 1 water, 9.1 @65 1 | 1 9, water_1 5; 1 9.1, water_1 5.1
# A missing type is no other type.
9; 9.1 @60 unknown; 9.2 @120 | channel_1 9; channel_1 9.1; channel_1 9.2
9 unknown; 9.1 @60 G1; 9.2 @120 water | channel_1 9; channel_1 9.1; channel_1_water 9.2
# Channels swap: of two types, or of one.
9, 5 water; 5.1 @60 water, 9.1 @60 | channel_1 9, channel_2 5; channel_1 9.1, channel_2 5.1
900, 5; 5.1 @60, 900.2 @60 | channel_1 900, channel_2 5; channel_1 900.2, channel_2 5.1
    """),
)
def test_a_meter_keeps_its_identity(telegrams: str, expected: str, *, restart: bool) -> None:
    reader = MeterReader()
    for telegram, shown in zip(telegrams.split("; "), expected.split("; "), strict=True):
        if restart:
            reader = MeterReader(restarted(reader.memory))
        assert read(reader, *written(telegram)) == indexes(shown)


@pytest.mark.parametrize(
    ("before", "doubtful", "then", "expected"),
    rows("""
        # An index of 0, or a far too high one, may be an error.
        9    | 0 @60 G1   | 9.1 @120 G1   | channel_1 9.1
        9    | 0 @60 G1   | 0.1 @120 G1   | G1 0.1
        9    | 0 @60 G1   | 0 @60 G1      |
        9    | 999 @60 G1 | 9.1 @120 G1   | channel_1 9.1
        9    | 999 @60 G1 | 999.1 @120 G1 | G1 999.1
        9    | 999 @60 G1 | 999.1 @120 G2 |
        # The disappearance of the identifier needs a confirmation, too.
        9 G1 | 0 @60      | 9.1 @120      | G1 9.1
        9 G1 | 0 @60      | 0.1 @120      | channel_1 0.1
    """),
)
def test_an_index_that_may_be_an_error_must_be_confirmed(
    before: str, doubtful: str, then: str, expected: str
) -> None:
    reader = MeterReader()
    read(reader, *written(before))
    assert read(reader, *written(doubtful)) == {}
    assert read(reader, *written(then)) == indexes(expected)


@pytest.mark.parametrize(
    ("telegrams", "old", "new"),
    rows("""
        9 G1; 1 @60 G2          | G1        | G2
        9; 1 @60 G2             | channel_1 | G2
        9; 9.1 @60 G1; 1 @90 G2 | channel_1 | G2
        # No exchange: the same meter, another meter beside it, another type, a meter that is back.
        9; 9.1 @60 G1           | |
        9 G1; 1 @60 G2, 9 G1    | |
        9 G1; 1 @60 W1 water    | |
        9 G1; 1 @60 G2; 9 @90 G1 | |
    """),
)
def test_which_meters_were_exchanged(telegrams: str, old: str, new: str) -> None:
    reader = MeterReader()
    for telegram in telegrams.split("; "):
        read(reader, *written(telegram))
    assert restarted(reader.memory).mbus_meters.exchanged == ({old: new} if old else {})
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
