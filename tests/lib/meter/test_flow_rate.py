"""The flow of gas, water and heat from successive captures, without Home Assistant."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from smartyp1.meter.flow_rate import FlowRates
from smartyp1.meter.meter_reader import MeterReader
from smartyp1.p1.telegram import Telegram
from smartyp1.p1.value_converters import MBusReading
from tests.json_copy import through_json
from tests.times import utc

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


ANYTHING = -1.0
BEGIN = [(0, 100.0, 0, None), (5, 100.1, 5, 1.2)]  # 0.1 m³ in a twelfth of an hour
THREE = [*BEGIN, (10, 100.2, 10, 1.2), (15, 100.3, 15, 1.2)]
RESTART = (0, 0, 0, None)
# The minute of a telegram, its index, the minute of the capture, and the shown flow.
STORIES: dict[str, list[tuple[float, float, float, float | None]]] = {
    "a flow stays until the next capture": [
        (0, 100.0, 0, None),
        (4, 100.0, 0, None),
        (5, 100.1, 5, 1.2),
        (9, 100.1, 5, 1.2),
        (10, 100.15, 10, 0.6),
    ],
    "an index that stands while its time moves": [*BEGIN, (10, 100.1, 10, 0), (15, 100.2, 15, 1.2)],
    # The last capture is repeated; then comes the mean over half an hour.
    "silence of more than two usual intervals": [
        *THREE,
        *((25, 100.3, 15, 1.2), (25.1, 100.3, 15, 0), (40, 100.3, 15, 0), (45, 100.35, 45, 0.1)),
    ],
    "one long gap does not change what is usual": [
        *THREE,
        (315, 105.3, 315, 1),
        (326, 105.3, 315, 0),
    ],
    "captures that arrive late are no silence": [
        *((n * 5, 100.0 + n / 10, n * 5 - 45, None if n == 1 else 1.2) for n in range(1, 5)),
        (29, 100.4, -25, 1.2),
    ],
    # A litre in this minute, whenever it was.
    "captures of each telegram are taken by the minute": [
        (n / 6, 100.0 + 0.001 * (n >= 4), n / 6, None if n < 6 else 0.06 if n < 12 else 0)
        for n in range(13)
    ],
    # The fall is held back until it is confirmed.
    "an index that falls": [
        *BEGIN,
        (10, 50.0, 10, ANYTHING),
        (15, 50.1, 15, None),
        (20, 50.2, 20, 1.2),
    ],
    "a time that goes back": [*BEGIN, (6, 100.1, 4, None), (10, 100.2, 9, 1.2)],
    "a restart does not end a flow": [
        *((0, 100.0, 0, None), RESTART, (1, 100.0, 0, None), (60, 100.25, 60, 0.25), RESTART),
        *((61, 100.25, 60, 0.25), RESTART, (121, 100.75, 120, 0.5)),
    ],
    "a silence goes on over a restart": [
        *(*BEGIN, RESTART, (15, 100.1, 5, 1.2), RESTART, (16, 100.1, 5, 0)),
    ],
    "the mean of a long absence is not the flow after it": [
        *(*BEGIN, RESTART, (606, 112.0, 605, None), (610, 112.05, 610, 0.6)),
    ],
}


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
def test_the_flows_of_telegrams(
    house: House, story: list[tuple[float, float, float, float | None]]
) -> None:
    for telegram in story:
        minutes, value, captured, expected = telegram
        if telegram is RESTART:
            house.restart()
            continue
        flow = house.gas(minutes, value, captured)
        assert expected in (ANYTHING, flow), telegram


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
