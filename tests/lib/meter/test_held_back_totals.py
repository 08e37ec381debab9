"""Registers and indexes whose values fall or leap are held back, each by itself."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from smartyp1.clock_verdict import ClockVerdict
from smartyp1.meter.held_back_totals import REGISTERS, Totals
from smartyp1.meter.mbus_meters import MBusMeters
from smartyp1.p1.telegram import Telegram
from smartyp1.p1.value_converters import Capture, MBusReading, Value
from tests.json_copy import through_json

ENERGY = "1-0:1.8.0"
INDEX = "0-1:24.2.1"
A_YEAR = 365 * 24 * 60
NOON = datetime.fromisoformat("2025-07-03T12:00:00+02:00")


def telegram(
    objects: dict[str, Value] | None = None, channels: dict[int, MBusReading] | None = None
) -> Telegram:
    """Return a telegram with these objects, and with the captures of the channels."""
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
    """Return an index captured `minutes` minutes after noon."""
    return MBusReading(
        type="gas",
        serial_number=serial_number,
        value=value,
        unit=unit,
        time=None if minutes is None else NOON + timedelta(minutes=minutes),
        valve=1,
    )


def settle(totals: Totals, sent: Telegram, at: datetime) -> Telegram:
    return totals.settle(sent, at, MBusMeters().identify(sent)).telegram


def registers(totals: Totals, values: Iterable[Value]) -> list[Value]:
    """Return the shown value for each value of a register, one telegram each."""
    return [settle(totals, telegram({ENERGY: value}), NOON).objects[ENERGY] for value in values]


def indexes(totals: Totals, captures: Iterable[tuple[float | None, int | None]]) -> list[Value]:
    """Return the shown value for each capture, in a telegram that comes when it is captured.

    Repeated captures come every 10 seconds, and those of a clock that is a year ahead come now.
    """
    shown: list[Value] = []
    for number, capture in enumerate(captures):
        minutes = max(capture[1] or 0, 0) % A_YEAR
        at = NOON + timedelta(minutes=minutes, seconds=10 * number)
        sent = replace(telegram(channels={1: gas(*capture)}), time=at)
        shown.append(settle(totals, sent, at).channels[1].value)
    return shown


def test_a_telegram_without_falls_is_passed_on_as_it_is() -> None:
    totals = Totals()
    for energy in (0.0, 0.001):
        each = telegram({ENERGY: energy, "1-0:1.7.0": 2.0 - energy}, {1: gas(0.0, 0)})
        assert settle(totals, each, NOON) is each
    assert not totals.falls


@pytest.mark.parametrize(
    ("values", "shown", "falls"),
    [
        ([5.0, 0.0, 5.001, 5.002], [5.0, 5.0, 5.001, 5.002], 1),
        # A missing or empty value changes nothing, and a count stays a whole number.
        ([None, 5.0, None, 4.0, None, 5.5, 1.0], [None, 5.0, None, 5.0, None, 5.5, 5.5], 2),
        ([40, 0], [40, 40], 1),
        # A single value that is far too high is not shown, and does not confirm a fall.
        ([5.0, 999_999.999, 5.001, 5.002], [5.0, 5.0, 5.001, 5.002], 1),
        ([5.0, 20.0, 40.0, 21.0], [5.0, 20.0, 20.0, 21.0], 1),
    ],
)
def test_a_register_falls_or_leaps(values: list[Value], shown: list[Value], falls: int) -> None:
    totals = Totals()
    assert list(map(repr, registers(totals, values))) == list(map(repr, shown))
    assert totals.falls == {ENERGY: falls}
    assert ENERGY not in settle(totals, telegram(), NOON).objects


@pytest.mark.parametrize("reference", REGISTERS)
@pytest.mark.parametrize(
    "others",
    [dict.fromkeys(REGISTERS, 8), dict.fromkeys(REGISTERS, 7), {}],
    ids=["rise", "stay", "are missing"],
)
def test_each_register_falls_by_itself(reference: str, others: dict[str, Value]) -> None:
    totals = Totals()
    settle(totals, telegram(dict.fromkeys(REGISTERS, 7)), NOON)

    settled = settle(totals, telegram({**others, reference: 0}), NOON)

    assert settled.objects == {**others, reference: 7}
    assert totals.falls == {reference: 1}


@pytest.mark.parametrize(
    ("captures", "shown"),
    [
        # A repeated capture confirms nothing.
        ([(9.0, 0), *[(0.0, 5)] * 100, (9.1, 10)], [*[9.0] * 101, 9.1]),
        # Older captures confirm nothing.
        ([(9.0, 0), *[(5.0, -5 * n) for n in range(900)]], [9.0] * 901),
        # A capture repeated by a clock that is a year ahead confirms nothing.
        ([(9.0, 0), *[(0.0, A_YEAR)] * 9, (0.1, A_YEAR + 60)], [9.0] * 11),
        # A large rise after a long time is no leap.
        ([(9.0, 0), *[(99_999.0, 5)] * 9, (9.1, 10)], [*[9.0] * 10, 9.1]),
        ([(9.0, 0), (35.0, 60), (35.1, 120)], [9.0, 9.0, 9.0]),
        ([(9.0, 0), (35.0, 120), (0.0, 180)], [9.0, 35.0, 35.0]),
        # An index without a capture changes nothing.
        (
            [(None, None), (9.0, 0), (None, None), (None, 5), (0.0, 10)],
            [None, 9.0, None, None, 9.0],
        ),
    ],
)
def test_an_index_falls_or_leaps(
    captures: list[tuple[float | None, int | None]], shown: list[Value]
) -> None:
    totals = Totals()
    assert indexes(totals, captures) == shown
    assert totals.falls == {INDEX: 1}


@pytest.mark.parametrize(("unit", "most"), [("Wh", 250_000), ("MWh", 0.25), ("l", 1e12)])
def test_how_much_an_index_may_rise_depends_on_its_unit(unit: str, most: float) -> None:
    def shown_after(rise: float) -> float | None:
        totals = Totals()
        settle(totals, telegram(channels={1: gas(9.0, 0, unit=unit)}), NOON)
        then = telegram(channels={1: gas(9.0 + rise, 5, unit=unit)})
        return settle(totals, then, NOON).channels[1].value

    assert shown_after(most) == 9.0 + most
    assert shown_after(most * 2) == (9.0 if unit != "l" else 9.0 + most * 2)


@pytest.mark.parametrize("is_stored", [False, True])
@pytest.mark.parametrize(("hours", "shown"), [(1, 5.1), (24, 5000.0)])
def test_a_register_may_rise_by_what_a_gap_explains(
    hours: int, shown: float, *, is_stored: bool
) -> None:
    totals = Totals()
    registers(totals, [5.0, 5.1])
    if is_stored:
        totals = Totals.from_dict(through_json(totals.as_dict()))
    at = NOON + timedelta(hours=hours)
    later = replace(telegram({ENERGY: 5000.0}), time=at)
    assert settle(totals, later, at).objects[ENERGY] == shown


@pytest.mark.parametrize("is_stored", [False, True])
def test_a_register_that_has_not_moved_for_a_year_may_not_leap(*, is_stored: bool) -> None:
    totals = Totals()
    for days in range(0, 365, 5):
        at = NOON + timedelta(days=days)
        settle(totals, replace(telegram({ENERGY: 5.0}), time=at), at)
    if is_stored:
        totals = Totals.from_dict(through_json(totals.as_dict()))
    at += timedelta(minutes=1)
    later = replace(telegram({ENERGY: 5000.0}), time=at)
    assert settle(totals, later, at).objects[ENERGY] == 5.0


@pytest.mark.parametrize(
    ("first", "then", "shown", "falls"),
    [
        # The index is held back with its capture time, also on another channel.
        ({1: gas(9.0, 0)}, {1: gas(0.0, 5)}, {1: gas(9.0, 0)}, {INDEX: 1}),
        ({1: gas(9.0, 0)}, {3: gas(0.0, 5)}, {3: gas(9.0, 0)}, {"0-3:24.2.1": 1}),
        # A meter without an identifier is its channel.
        (
            {n: gas(9.0, 0, serial_number=None) for n in (1, 2)},
            {2: gas(0.0, 5, serial_number=None)},
            {2: gas(9.0, 0, serial_number=None)},
            {"0-2:24.2.1": 1},
        ),
        # Another meter, another type and another unit are no fall.
        ({1: gas(9.0, 0)}, {1: replace(gas(1.0, 5), type="water")}, None, {}),
        (
            {1: gas(9.0, 0, serial_number=None)},
            {1: replace(gas(1.0, 5, serial_number=None), type="heat")},
            None,
            {},
        ),
        ({1: gas(9.0, 0)}, {1: gas(0.0, 5, serial_number="GAS2")}, None, {}),
        ({1: gas(9.0, 0)}, {1: gas(0.1, 5, unit="GJ")}, None, {}),
    ],
)
def test_whose_index_falls(
    first: dict[int, MBusReading],
    then: dict[int, MBusReading],
    shown: dict[int, MBusReading] | None,
    falls: dict[str, int],
) -> None:
    totals = Totals()
    settle(totals, telegram(channels=first), NOON)
    settled = settle(totals, telegram(channels=then), NOON)
    assert settled == telegram(channels=then if shown is None else shown)
    assert totals.falls == falls


@given(st.lists(st.integers(0, 3), min_size=1, max_size=30))
def test_a_restart_between_any_two_telegrams_changes_nothing(values: list[int]) -> None:
    def message(value: int, minutes: int) -> Telegram:
        return telegram({ENERGY: float(value)}, {1: gas(float(value), minutes)})

    always, stored = Totals(), Totals()
    for minutes, value in enumerate(values):
        stored = Totals.from_dict(through_json(stored.as_dict()))
        each = message(value, minutes)
        assert settle(stored, each, NOON) == settle(always, each, NOON)
        assert stored.falls == always.falls


def test_a_clock_that_has_lost_its_time_holds_no_index_back_for_ever() -> None:
    totals, shown = Totals(), list[float | None]()
    for hour in range(28):
        received_at = NOON + timedelta(hours=hour)
        deviation = -10 * timedelta(days=365) if hour else timedelta()
        capture = gas(hour / 10 if hour else 9.0, hour * 60)
        assert capture.time
        capture = replace(capture, time=capture.time + deviation)
        # Each capture comes in two telegrams.
        for at in (received_at, received_at + timedelta(minutes=1)):
            sent = replace(telegram(channels={1: capture}), time=at + deviation)
            settled = totals.settle(
                sent, at, MBusMeters().identify(sent), clock=ClockVerdict(deviation)
            )
        shown.append(settled.telegram.channels[1].value)
    assert shown == [*[9.0] * 25, 11.4, 11.5, 11.6]


@pytest.mark.parametrize("time", [None, datetime.fromisoformat("2099-11-24T11:05:00+01:00")])
def test_a_capture_of_the_far_future_does_not_hold_an_index_for_ever(
    time: datetime | None,
) -> None:
    totals = Totals()
    ahead = round((datetime.fromisoformat("2099-11-24T11:00:00+01:00") - NOON).total_seconds() / 60)
    forged = replace(telegram(channels={1: gas(99_000.0, ahead)}), time=time)
    settle(totals, forged, NOON)
    for after in (totals, Totals.from_dict(totals.as_dict())):
        shown = []
        for day in range(1, 6):
            at = NOON + timedelta(days=day)
            true = replace(telegram(channels={1: gas(100.0 + day, day * 1440)}), time=at)
            shown.append(settle(after, true, at).channels[1].value)
        assert shown[-2:] == [99_003.0, 99_004.0]
