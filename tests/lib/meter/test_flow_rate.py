"""The flow of gas, water and heat from successive captures, without Home Assistant."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from smartyp1.meter import FlowRates, MeterReader
from smartyp1.p1 import MBusReading, Telegram

START = datetime(2026, 1, 15, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
GAS = MBusReading(type="gas", serial_number="GAS1", value=100.0, unit="m3", time=START, valve=None)


class House:
    """A meter whose telegrams come when they are told to."""

    def __init__(self) -> None:
        self._reader = MeterReader()

    def restart(self) -> None:
        """Begin anew with what was stored."""
        stored = json.loads(json.dumps(self._reader.memory.flow_rates.as_list()))
        self._reader = MeterReader()
        self._reader.memory.flow_rates = FlowRates.from_list(stored)

    def flows(self, now: datetime, *meters: MBusReading) -> dict[str, float]:
        """Return the flows after a telegram with these meters."""
        telegram = Telegram("Lux5", "SAG1", now, {}, dict(enumerate(meters, start=1)))
        return dict(self._reader.read(telegram, now).flows)

    def gas(
        self,
        minutes: float,
        value: float,
        captured: float | None = None,
        *,
        serial_number: str = "GAS1",
        unit: str = "m3",
    ) -> float | None:
        """Return the gas flow after a telegram, with an index captured then or so far before."""
        time = START + (minutes if captured is None else captured) * MINUTE
        meter = replace(GAS, serial_number=serial_number, value=value, unit=unit, time=time)
        return self.flows(START + minutes * MINUTE, meter).get(serial_number)


@pytest.fixture
def house() -> House:
    """Return a house of which nothing is known yet."""
    return House()


def test_two_captures_make_a_flow_that_stays_until_the_next(house: House) -> None:
    assert house.gas(0, 100.0) is None
    assert house.gas(4, 100.0, captured=0) is None
    assert house.gas(5, 100.1) == 1.2  # 0.1 m³ in a twelfth of an hour
    assert house.gas(9, 100.1, captured=5) == 1.2
    assert house.gas(10, 100.15) == 0.6


def test_captures_may_come_every_hour(house: House) -> None:
    house.gas(0, 100.0)
    assert house.gas(60, 100.25) == 0.25
    assert house.gas(119, 100.25, captured=60) == 0.25
    assert house.gas(120, 101.0) == 0.75


def test_an_index_that_stands_while_its_time_moves_is_no_flow(house: House) -> None:
    house.gas(0, 100.0)
    assert house.gas(5, 100.1) == 1.2
    assert house.gas(10, 100.1) == 0
    assert house.gas(15, 100.2) == 1.2


def test_silence_of_more_than_two_usual_intervals_is_no_flow(house: House) -> None:
    for count in range(4):
        house.gas(count * 5, 100.0 + count / 10)
    # The last capture, of minute 15, is repeated.
    assert house.gas(25, 100.3, captured=15) == 1.2
    assert house.gas(25.1, 100.3, captured=15) == 0
    assert house.gas(40, 100.3, captured=15) == 0
    assert house.gas(45, 100.35) == 0.1  # its mean over the half hour


def test_one_long_gap_does_not_change_what_is_usual(house: House) -> None:
    for count in range(4):
        house.gas(count * 5, 100.0 + count / 10)
    assert house.gas(315, 105.3) == 1
    assert house.gas(326, 105.3, captured=315) == 0


def test_captures_that_arrive_late_are_no_silence(house: House) -> None:
    for count in range(1, 5):
        house.gas(count * 5, 100.0 + count / 10, captured=count * 5 - 45)
    assert house.gas(29, 100.4, captured=-25) == 1.2


def test_silence_is_measured_without_a_clock_in_the_telegram() -> None:
    reader = MeterReader()

    def flow(minutes: float, value: float, captured: float) -> float | None:
        meter = replace(GAS, value=value, time=START + captured * MINUTE)
        telegram = Telegram("Lux5", "SAG1", None, {}, {1: meter})
        return reader.read(telegram, START + minutes * MINUTE).flows.get("GAS1")

    flow(0, 100.0, 0)
    assert flow(5, 100.1, 5) == 1.2
    assert flow(16, 100.1, 5) == 0


def test_captures_of_each_telegram_are_taken_by_the_minute(house: House) -> None:
    flows = [house.gas(count / 6, 100.0 + 0.001 * (count >= 4)) for count in range(13)]
    assert flows[:6] == [None] * 6
    assert flows[6:12] == [0.06] * 6  # a litre in this minute, whenever it was
    assert flows[12] == 0


def test_an_index_that_falls_makes_the_flow_unknown(house: House) -> None:
    house.gas(0, 100.0)
    assert house.gas(5, 100.1) == 1.2
    house.gas(10, 50.0)  # held back as long as it is not confirmed
    assert house.gas(15, 50.1) is None
    assert house.gas(20, 50.2) == 1.2


def test_a_time_that_goes_back_makes_the_flow_unknown(house: House) -> None:
    house.gas(0, 100.0)
    house.gas(5, 100.1)
    assert house.gas(6, 100.1, captured=4) is None
    assert house.gas(10, 100.2, captured=9) == 1.2


def test_another_meter_and_another_unit_begin_anew(house: House) -> None:
    house.gas(0, 100.0)
    house.gas(5, 100.1)
    assert house.gas(10, 900.0, serial_number="GAS2") is None
    assert house.gas(15, 900.1, serial_number="GAS2") == 1.2
    assert house.gas(20, 900.2, serial_number="GAS2", unit="kWh") is None
    assert house.gas(25, 900.3, serial_number="GAS2", unit="kWh") == 1.2


def test_a_meter_that_is_away_meanwhile_is_not_forgotten(house: House) -> None:
    house.gas(0, 100.0)
    assert house.flows(START + 2 * MINUTE) == {}
    assert house.gas(5, 100.1) == 1.2


def test_an_index_without_value_or_time_says_nothing(house: House) -> None:
    house.gas(0, 100.0)
    house.gas(5, 100.1)
    for missing in (replace(GAS, value=None), replace(GAS, time=None), replace(GAS, unit=None)):
        assert house.flows(START + 6 * MINUTE, missing) == {}
    assert house.gas(10, 100.2) == 1.2


@pytest.mark.parametrize(
    ("unit", "kilowatts"),
    [("Wh", 0.0001), ("kWh", 0.1), ("MWh", 100), ("MJ", 0.0278), ("GJ", 27.7778)],
)
def test_energy_flows_in_kilowatts(house: House, unit: str, kilowatts: float) -> None:
    house.gas(0, 100.0, unit=unit)
    assert house.gas(60, 100.1, unit=unit) == kilowatts


def test_a_leap_is_no_flow(house: House) -> None:
    house.gas(0, 100.0)
    assert house.gas(5, 99_999.0) is None
    assert house.gas(10, 99_999.1) == 1.2


def test_the_hour_that_october_repeats_is_an_hour_later(house: House) -> None:
    summer, winter = timezone(timedelta(hours=2)), timezone(timedelta(hours=1))
    # From 2:55 in summer time to 2:00 in winter time are 5 minutes.
    first = datetime(2026, 10, 25, 2, 55, tzinfo=summer)
    second = datetime(2026, 10, 25, 2, 0, tzinfo=winter)
    house.flows(first, replace(GAS, time=first))
    assert house.flows(second, replace(GAS, time=second, value=100.1)) == {"GAS1": 1.2}


def test_two_meters_have_a_flow_each(house: House) -> None:
    water = replace(GAS, type="water", serial_number="WATER1", value=7.0)
    house.flows(START, GAS, water)
    later = START + 5 * MINUTE
    flows = house.flows(
        later, replace(GAS, time=later, value=100.1), replace(water, time=later, value=7.01)
    )
    assert flows == {"GAS1": 1.2, "WATER1": 0.12}


def test_a_restart_does_not_end_a_flow(house: House) -> None:
    house.gas(0, 100.0)
    house.restart()
    assert house.gas(1, 100.0, captured=0) is None
    assert house.gas(60, 100.25) == 0.25
    house.restart()
    assert house.gas(61, 100.25, captured=60) == 0.25
    house.restart()
    assert house.gas(121, 100.75, captured=120) == 0.5


def test_a_silence_goes_on_over_a_restart(house: House) -> None:
    house.gas(0, 100.0)
    house.gas(5, 100.1)
    house.restart()
    assert house.gas(15, 100.1, captured=5) == 1.2
    house.restart()
    assert house.gas(16, 100.1, captured=5) == 0


def test_the_mean_of_a_long_absence_is_not_the_flow_after_it(house: House) -> None:
    house.gas(0, 100.0)
    house.gas(5, 100.1)
    house.restart()
    assert house.gas(606, 112.0, captured=605) is None
    assert house.gas(610, 112.05) == 0.6


def test_a_meter_that_was_exchanged_meanwhile_begins_anew(house: House) -> None:
    house.gas(0, 100.0)
    house.gas(5, 100.1)
    house.restart()
    assert house.gas(10, 3.0) is None
    assert house.gas(15, 3.1) == 1.2


@pytest.mark.parametrize(
    "stored",
    [
        {},
        ["GAS1"],
        [["GAS1", "m3"]],
        [["GAS1", "m3", "noon", 1.0, "2026-01-15T12:00:00+00:00", None, []]],
        [["GAS1", "m3", *["2026-01-15T12:00:00+00:00", 1.0] * 2, [1e40]]],
        [["GAS1", "m3", *["2026-01-15T12:00:00+00:00", -1.0] * 2, []]],
        [["GAS1", "m3", *["2026-01-15T12:00:00+00:00", 1.0] * 2, [300] * 1000]],
        [[str(n), "m3", *["2026-01-15T12:00:00+00:00", 1.0] * 2, []] for n in range(1000)],
    ],
)
def test_what_is_malformed_is_not_restored(stored: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - of whatever check
        FlowRates.from_list(stored)


def test_a_silence_after_a_restart_is_one_like_any_other(house: House) -> None:
    house.gas(0, 100.0)
    house.gas(5, 100.1)
    house.restart()
    assert house.gas(6, 100.1, captured=5) == 1.2
    # It was there all the time: so much flowed in ten hours.
    assert house.gas(605, 112.1) == 1.2
