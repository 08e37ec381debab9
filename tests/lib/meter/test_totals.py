"""Totals that fall are held back until that is confirmed."""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from smartyp1.meter import CONFIRMATIONS, REGISTERS, Totals
from smartyp1.p1 import Capture, MBusReading, Telegram, Value

ENERGY = "1-0:1.8.0"
INDEX = "0-1:24.2.1"
NOON = datetime.fromisoformat("2025-07-03T12:00:00+02:00")


def telegram(
    objects: dict[str, Value] | None = None, channels: dict[int, MBusReading] | None = None
) -> Telegram:
    """Return a telegram with these objects, and those of the channels."""
    channels = channels or {}
    captures = {
        f"0-{channel}:24.2.1": Capture(reading.time, reading.value, reading.unit)
        for channel, reading in channels.items()
    }
    return Telegram(
        identification="Lux5",
        serial_number="SAG1030790002574",
        time=NOON,
        objects={**(objects or {}), **captures},
        channels=channels,
    )


def gas(
    value: float | None,
    minutes: int | None,
    *,
    serial_number: str | None = "GAS 079000257401",
    unit: str = "m3",
) -> MBusReading:
    """Return an index captured so many minutes after noon."""
    return MBusReading(
        type="gas",
        serial_number=serial_number,
        value=value,
        unit=unit,
        time=None if minutes is None else NOON + timedelta(minutes=minutes),
        valve=1,
    )


def registers(totals: Totals, values: Iterable[Value]) -> list[Value]:
    """Return what is shown for the values of a register, one telegram each."""
    return [totals.settle(telegram({ENERGY: value})).objects[ENERGY] for value in values]


def indexes(totals: Totals, captures: Iterable[tuple[float | None, int | None]]) -> list[Value]:
    """Return what is shown for the values and minutes of captures, one telegram each."""
    return [
        totals.settle(telegram(channels={1: gas(*capture)})).channels[1].value
        for capture in captures
    ]


def test_a_telegram_without_falls_is_passed_on_as_it_is() -> None:
    totals = Totals()
    first = telegram({ENERGY: 0.0}, {1: gas(0.0, 0)})
    second = telegram({ENERGY: 0.001}, {1: gas(0.0, 0)})

    assert totals.settle(first) is first
    assert totals.settle(second) is second
    assert not totals.falls


def test_a_zero_in_one_telegram_is_held_back() -> None:
    totals = Totals()

    assert registers(totals, [5.0, 0.0, 5.001, 5.002]) == [5.0, 5.0, 5.001, 5.002]
    assert totals.falls == {ENERGY: 1}


def test_a_fall_is_accepted_when_the_next_telegrams_confirm_it() -> None:
    totals = Totals()
    lower = [1.0 + n / 1000 for n in range(CONFIRMATIONS + 2)]

    shown = registers(totals, [5.0, *lower])

    assert shown == [5.0] * (1 + CONFIRMATIONS) + lower[-2:]
    assert totals.falls == {ENERGY: 1}


def test_a_second_fall_begins_anew() -> None:
    totals = Totals()
    falling = [5.0, *[1.0] * CONFIRMATIONS, *[0.5] * CONFIRMATIONS]

    assert registers(totals, falling) == [5.0] * len(falling)
    assert registers(totals, [0.5]) == [0.5]
    assert totals.falls == {ENERGY: 1}


def test_a_true_value_in_between_starts_the_confirmation_anew() -> None:
    totals = Totals()
    half = [1.0] * CONFIRMATIONS

    assert registers(totals, [5.0, *half, 5.0, *half]) == [5.0] * (2 + 2 * CONFIRMATIONS)
    assert totals.falls == {ENERGY: 2}


def test_missing_and_empty_values_say_nothing() -> None:
    totals = Totals()

    assert registers(totals, [None, 5.0, None, 4.0, None, 5.5]) == [None, 5.0, None, 5.0, None, 5.5]
    assert ENERGY not in totals.settle(telegram()).objects
    assert registers(totals, [1.0]) == [5.5]


def test_a_count_stays_a_whole_number() -> None:
    totals = Totals()
    totals.settle(telegram({"1-0:32.32.0": 40}))

    shown = totals.settle(telegram({"1-0:32.32.0": 0})).objects["1-0:32.32.0"]

    assert repr(shown) == "40"


@pytest.mark.parametrize("reference", REGISTERS)
def test_each_register_falls_by_itself(reference: str) -> None:
    totals = Totals()
    totals.settle(telegram(dict.fromkeys(REGISTERS, 7)))

    settled = totals.settle(telegram({**dict.fromkeys(REGISTERS, 8), reference: 0}))

    assert settled.objects == {**dict.fromkeys(REGISTERS, 8), reference: 7}
    assert totals.falls == {reference: 1}


def test_values_that_may_fall_do() -> None:
    totals = Totals()
    totals.settle(telegram({"1-0:1.7.0": 2.0}))

    assert totals.settle(telegram({"1-0:1.7.0": 0.0})).objects == {"1-0:1.7.0": 0.0}


def test_an_index_is_held_back_however_often_its_capture_is_repeated() -> None:
    totals = Totals()
    repeated = [(0.0, 5)] * 100

    assert indexes(totals, [(9.0, 0), *repeated, (9.1, 10)]) == [9.0] * 101 + [9.1]
    assert totals.falls == {INDEX: 1}


def test_an_index_is_accepted_when_a_later_capture_confirms_it() -> None:
    totals = Totals()

    assert indexes(totals, [(9.0, 0), (0.0, 5), (0.1, 10), (0.2, 15)]) == [9.0, 9.0, 0.1, 0.2]
    assert totals.falls == {INDEX: 1}


def test_an_index_that_falls_once_more_needs_another_capture() -> None:
    totals = Totals()

    assert indexes(totals, [(9.0, 0), (5.0, 5), (0.0, 10), (0.0, 15)]) == [9.0, 9.0, 9.0, 0.0]


def test_older_captures_confirm_nothing() -> None:
    totals = Totals()

    assert indexes(totals, [(9.0, 0), (5.0, -10), (5.0, -5), (5.0, 0)]) == [9.0] * 4
    assert indexes(totals, [(5.0, 5)]) == [5.0]


def test_a_reading_is_held_back_with_its_capture_time() -> None:
    totals = Totals()
    totals.settle(telegram(channels={1: gas(9.0, 0)}))

    settled = totals.settle(telegram(channels={1: gas(0.0, 5)}))

    assert settled.channels == {1: gas(9.0, 0)}
    assert settled.objects == {INDEX: Capture(NOON, 9.0, "m3")}


def test_an_index_that_was_never_captured_says_nothing() -> None:
    totals = Totals()

    assert indexes(totals, [(None, None), (9.0, 0), (None, None), (None, 5)]) == [
        *(None, 9.0, None, None)
    ]
    assert indexes(totals, [(0.0, 10)]) == [9.0]


def test_another_meter_on_the_channel_is_not_a_fall() -> None:
    totals = Totals()
    totals.settle(telegram(channels={1: gas(9.0, 0)}))
    replaced = telegram(channels={1: gas(0.0, 5, serial_number="GAS 079000257499")})

    assert totals.settle(replaced) is replaced


def test_another_unit_is_not_a_fall() -> None:
    totals = Totals()
    totals.settle(telegram(channels={1: gas(9.0, 0)}))
    in_another_unit = telegram(channels={1: gas(0.1, 5, unit="GJ")})

    assert totals.settle(in_another_unit) is in_another_unit


def test_a_meter_is_followed_to_another_channel() -> None:
    totals = Totals()
    totals.settle(telegram(channels={1: gas(9.0, 0)}))

    settled = totals.settle(telegram(channels={3: gas(0.0, 5)}))

    assert settled.channels == {3: gas(9.0, 0)}
    assert totals.falls == {"0-3:24.2.1": 1}


def test_a_meter_without_identifier_is_its_channel() -> None:
    totals = Totals()
    for channel in (1, 2):
        totals.settle(telegram(channels={channel: gas(9.0, 0, serial_number=None)}))

    settled = totals.settle(telegram(channels={2: gas(0.0, 5, serial_number=None)}))

    assert settled.channels[2].value == 9.0


@given(st.lists(st.integers(0, 3), min_size=1, max_size=80))
def test_registers_fall_only_after_confirmation(values: list[int]) -> None:
    """Compare with the rule, read off the whole history at each telegram."""
    shown = registers(Totals(), values)

    accepted = values[0]
    since = 0  # where the last accepted value stands
    for at, value in enumerate(values):
        window = values[max(since + 1, at - CONFIRMATIONS) : at + 1]
        confirmed = len(window) > CONFIRMATIONS and window == sorted(window)
        if value >= accepted or (confirmed and window[-1] < accepted):
            accepted, since = value, at
        assert shown[at] == accepted


@given(st.lists(st.integers(0, 3), min_size=1, max_size=30))
def test_a_restart_between_any_two_telegrams_changes_nothing(values: list[int]) -> None:
    def message(value: int, minutes: int) -> Telegram:
        return telegram({ENERGY: float(value)}, {1: gas(float(value), minutes)})

    always, stored = Totals(), Totals()
    for minutes, value in enumerate(values):
        stored = Totals.from_dict(json.loads(json.dumps(stored.as_dict())))
        each = message(value, minutes)
        assert stored.settle(each) == always.settle(each)
        assert stored.falls == always.falls
