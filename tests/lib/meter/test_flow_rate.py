"""The flow of gas, water and heat from successive captures, without Home Assistant."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from dev.testing.table import rows
from dev.testing.times import utc
from smartyp1.meter.flow_rate import FlowRates
from smartyp1.meter.meter_reader import MeterReader
from smartyp1.p1.telegram import Telegram
from smartyp1.p1.value_converters import MBusReading
from tests.json_copy import through_json

START = utc("2026-01-15 12:00")
MINUTE = timedelta(minutes=1)
GAS = MBusReading(type="gas", serial_number="GAS1", value=100.0, unit="m3", time=START, valve=None)


class House:
    """A meter that sends each telegram of a test."""

    def __init__(self) -> None:
        self._reader = MeterReader()

    def restart(self) -> None:
        """Begin anew with the stored flow rates."""
        stored = through_json(self._reader.memory.flow_rates.as_list())
        self._reader = MeterReader()
        self._reader.memory.flow_rates = FlowRates.from_list(stored)

    def flows(self, now: datetime, *meters: MBusReading) -> dict[str, float]:
        """Return the flows after a telegram with these meters."""
        telegram = Telegram("Lux5", "SAG1", now, {}, dict(enumerate(meters, start=1)))
        return dict(self._reader.read_telegram(telegram, now).flows)

    def gas(
        self,
        minutes: float,
        value: float,
        captured: float | None = None,
        *,
        serial_number: str = "GAS1",
        unit: str = "m3",
    ) -> float | None:
        """Return the gas flow after a telegram; its index was captured then, or at `captured`."""
        time = START + (minutes if captured is None else captured) * MINUTE
        meter = replace(GAS, serial_number=serial_number, value=value, unit=unit, time=time)
        return self.flows(START + minutes * MINUTE, meter).get(serial_number)


@pytest.fixture
def house() -> House:
    """Return a house without any known flow."""
    return House()


BEGIN = "0 100 0 -; 5 100.1 5 1.2"  # 0.1 m³ in a twelfth of an hour
THREE = f"{BEGIN}; 10 100.2 10 1.2; 15 100.3 15 1.2"
# Of each telegram: its minute, its index, the minute of the capture, and the shown flow.
STORIES = [
    *rows("""
a flow stays until the next capture | 0 100 0 -; 4 100 0 -; 5 100.1 5 1.2; 9 100.1 5 1.2; \
    10 100.15 10 0.6
an index that stands while its time moves | BEGIN; 10 100.1 10 0; 15 100.2 15 1.2
# The last capture is repeated; then comes the mean over half an hour.
silence of more than two usual intervals | THREE; 25 100.3 15 1.2; 25.1 100.3 15 0; \
    40 100.3 15 0; 45 100.35 45 0.1
one long gap does not change what is usual | THREE; 315 105.3 315 1; 326 105.3 315 0
captures that arrive late are no silence | 5 100.1 -40 -; 10 100.2 -35 1.2; \
    15 100.3 -30 1.2; 20 100.4 -25 1.2; 29 100.4 -25 1.2
# The fall is held back.
an index that falls | BEGIN; 10 50 10 1.2; 15 50.1 15 1.2; 20 100.2 20 0.4
a time that goes back | BEGIN; 6 100.1 4 -; 10 100.2 9 1.2
a restart does not end a flow | 0 100 0 -; restart; 1 100 0 -; 60 100.25 60 0.25; restart; \
    61 100.25 60 0.25; restart; 121 100.75 120 0.5
a silence goes on over a restart | BEGIN; restart; 15 100.1 5 1.2; restart; 16 100.1 5 0
the mean of a long absence is not the flow after it | \
    BEGIN; restart; 606 112 605 -; 610 112.05 610 0.6
    """),
    # A litre in this minute, whenever it was.
    (
        "captures of each telegram are taken by the minute",
        "; ".join(
            f"{n / 6} {100.0 + 0.001 * (n >= 4)} {n / 6} {'-' if n < 6 else 0.06 * (n < 12)}"
            for n in range(13)
        ),
    ),
]


@pytest.mark.parametrize(("name", "story"), STORIES)
def test_the_flows_of_telegrams(house: House, name: str, story: str) -> None:
    for telegram in story.replace("BEGIN", BEGIN).replace("THREE", THREE).split("; "):
        if telegram == "restart":
            house.restart()
            continue
        *numbers, expected = telegram.split()
        flow = house.gas(*map(float, numbers))
        assert flow == (None if expected == "-" else float(expected)), name


def test_another_meter_and_another_unit_begin_anew(house: House) -> None:
    house.gas(0, 100.0)
    house.gas(5, 100.1)
    assert house.gas(10, 900.0, serial_number="GAS2") is None
    assert house.gas(15, 900.1, serial_number="GAS2") == 1.2
    assert house.gas(20, 900.2, serial_number="GAS2", unit="kWh") is None
    assert house.gas(25, 900.3, serial_number="GAS2", unit="kWh") == 1.2


def test_an_index_without_value_or_time_gives_no_flow(house: House) -> None:
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


def test_two_meters_have_a_flow_each(house: House) -> None:
    water = replace(GAS, type="water", serial_number="WATER1", value=7.0)
    house.flows(START, GAS, water)
    later = START + 5 * MINUTE
    flows = house.flows(
        later, replace(GAS, time=later, value=100.1), replace(water, time=later, value=7.01)
    )
    assert flows == {"GAS1": 1.2, "WATER1": 0.12}


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
def test_malformed_flows_are_not_restored(stored: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - of whatever check
        FlowRates.from_list(stored)
