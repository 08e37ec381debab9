"""A total follows the meter, over faults, new bases, restarts and the counter's end."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings, strategies as st

from dev.testing.random_examples import examples
from dev.testing.table import rows
from dev.testing.times import utc
from smartyp1.bill.household import Household
from smartyp1.meter.held_back_totals import Totals
from smartyp1.meter.meter_memory import MeterMemory
from smartyp1.meter.meter_reader import MeterReader, Reading
from smartyp1.p1.telegram import Telegram
from smartyp1.p1.value_converters import MBusReading
from tests.json_copy import through_json

START = utc("2026-01-15 12:00")
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
ENERGY = "1-0:1.8.0"


class House:
    """A meter with a gas meter, whose telegrams come one after the other."""

    def __init__(self, unit: str = "m3", identity: str = "GAS1") -> None:
        self.unit, self.identity = unit, identity
        self.household = Household()
        self.reader = MeterReader(MeterMemory(self.household))
        self.now = START
        self.energy: list[float] = []
        self.gas: list[float] = []
        self.late: list[tuple[datetime, float]] = []

    def send(
        self, after: timedelta, energy: float | None = None, gas: float | None = None
    ) -> Reading:
        """Send a telegram with a new index of gas or of imported energy."""
        self.now += after
        channels = {}
        if gas is not None:
            meter = MBusReading(
                type="gas", serial_number=self.identity, value=gas, unit=self.unit, time=self.now
            )
            channels = {1: meter}
        objects = {} if energy is None else {ENERGY: energy}
        reading = self.reader.read_telegram(
            Telegram("Lux5", "SAG1", self.now, objects, channels), self.now
        )
        shown = reading.telegram.objects.get(ENERGY)
        if isinstance(shown, float):
            self.energy.append(shown)
        meter_now = reading.meter(self.identity)
        if meter_now and meter_now.value is not None:
            self.gas.append(meter_now.value)
        for late in reading.late_captures.get(self.identity, ()):
            assert late.time
            assert late.value is not None
            self.late.append((late.time, late.value))
        return reading

    def restart(self) -> None:
        """Begin anew with the stored totals."""
        memory = self.reader.memory
        memory.totals = Totals.from_dict(through_json(memory.totals.as_dict()))
        self.reader = MeterReader(memory)

    @property
    def imported_wh(self) -> float:
        """Return the energy of all quarter-hours and other spans, and of the running one."""
        meter = self.household.meter
        assert meter.segment
        [month] = meter.columns.values()
        loose = sum(span.amounts.imported_wh for span in month.loose)
        return (
            sum(wh for wh in month.imported if wh > 0) + loose + meter.segment.amounts.imported_wh
        )


def recorded(values: Sequence[float]) -> float:
    """Return what Home Assistant adds up: a fall below nine tenths is a new meter, from 0 on."""
    return round(
        sum(
            after if after < 0.9 * before else after - before for before, after in pairwise(values)
        ),
        6,
    )


@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize(
    ("captures", "used"),
    rows("""
3461.6 3462.1 0 0 3463 3463.5 3464 3464.5 | 2.9
500 500.5 1001 501.5 501.9 | 1.9
500 500.5 1001 1001.5 501.9 502.4 | 2.4
500 0 600 0 700 0 501 | 1
    """),
)
def test_a_faulty_index_is_no_use(captures: str, used: str, *, restarts: bool) -> None:
    house = House()
    for value in captures.split():
        house.send(HOUR, gas=float(value))
        if restarts:
            house.restart()
    assert recorded(house.gas) == float(used)


@pytest.mark.parametrize(("step", "faulty"), [(10 * SECOND, 8), (SECOND, 7), (MINUTE, 600)])
def test_a_register_at_0_for_a_while_is_no_use(step: timedelta, faulty: int) -> None:
    house = House()
    values = [5000.0 + n / 1000 for n in range(faulty + 20)]
    for n, value in enumerate(values):
        house.send(step, energy=0.0 if 10 <= n < 10 + faulty else value)
    assert recorded(house.energy) == round(values[-1] - values[0], 6)


@pytest.mark.parametrize("base", [0.0, 3000.0, 3900.0])
def test_a_new_base_counts_after_a_day_with_its_captures(base: float) -> None:
    house = House()
    house.send(HOUR, gas=3461.6)
    house.send(HOUR, gas=3462.1)
    begin = house.now + HOUR
    for n in range(24):
        house.send(HOUR, gas=base + n / 2)
        assert house.gas[-1] == 3462.1
        if n % 5 == 0:
            house.restart()
    house.send(HOUR, gas=base + 12)
    assert house.gas[-1] == 3474.1
    assert house.late == [(begin + n * HOUR, 3462.1 + n / 2) for n in range(24)]


def test_a_day_of_two_captures_is_no_new_base() -> None:
    house = House()
    house.send(HOUR, gas=3462.1)
    for n in range(3):
        house.send(24 * HOUR, gas=n * 2.0)
        assert house.gas[-1] == 3462.1
    house.send(24 * HOUR, gas=6.0)
    assert house.gas[-1] == 3468.1


@pytest.mark.parametrize(
    ("unit", "step", "values", "used"),
    [
        # A boiler house: its first fast hours count once three more have the same pace.
        ("m3", HOUR, [0.0, 40, 80, 120, 160, 200], 200),
        ("m3", HOUR, [0.0, 40, 80, 120, 160, 161, 162, 230], 230),
        # An index in whole MWh, and one that is captured once a day.
        ("MWh", HOUR, [7.0, 7, 8, 8, 9], 2),
        ("m3", 24 * HOUR, [100.0, 350, 600, 610], 510),
        # A counter that was full.
        ("m3", HOUR, [99999.5, 0.5, 1.5, 2.5, 3.5], 4.0),
        ("m3", HOUR, [9999.5, 0.0, 0.0, 0.0, 0.0, 10000.5], 1.0),
    ],
)
def test_true_use_counts(unit: str, step: timedelta, values: list[float], used: float) -> None:
    house = House(unit)
    for value in values:
        house.send(step, gas=value)
    assert recorded(house.gas) == used


def test_the_energy_of_a_new_base_is_in_its_quarter_hours() -> None:
    house = House()
    for n in range(60):
        house.send(MINUTE, energy=5000 + n / 100)
    for n in range(24 * 60 + 62):
        house.send(MINUTE, energy=20 + n / 100)
    assert house.energy[-1] == pytest.approx(5000.59 + (24 * 60 + 61) / 100)
    [month] = house.household.meter.columns.values()
    assert month.quarter_hours >= 25 * 4
    assert house.imported_wh == pytest.approx(1000 * recorded(house.energy))


def test_another_meter_begins_at_once() -> None:
    house = House()
    house.send(HOUR, energy=5000.0, gas=3462.1)
    house.identity = "GAS2"
    house.send(HOUR, gas=2.0)
    assert house.gas == [3462.1, 2.0]
    telegram = Telegram("Lux5", "SAG2", house.now + HOUR, {ENERGY: 1.5}, {})
    reading = house.reader.read_telegram(telegram, house.now + HOUR)
    assert reading.telegram.objects[ENERGY] == 1.5


def test_a_backup_in_the_middle_of_a_fault_goes_on() -> None:
    house = House()
    for value in (500.0, 500.5, 0.0):
        house.send(HOUR, gas=value)
    stored = through_json(house.reader.memory.totals.as_dict())
    for value in (501.0, 501.5, 502.0):
        house.send(HOUR, gas=value)
    house.reader.memory.totals = Totals.from_dict(stored)
    house.send(HOUR, gas=502.5)
    assert house.gas == [500.0, 500.5, 500.5, 501.0, 501.5, 502.0, 502.5]


def test_totals_of_the_first_release_go_on() -> None:
    totals = Totals.from_dict(
        {
            "falls": {ENERGY: 2},
            "registers": {ENERGY: [5000.0, 3, 0.0]},
            "indexes": [
                ["GAS1", "m3", 500.0, START.isoformat(), 1, 0.0, START.isoformat(), "gas"],
            ],
        }
    )
    house = House()
    house.reader.memory.totals = totals
    house.send(HOUR, energy=0.0, gas=0.0)
    house.send(HOUR, energy=5000.5, gas=500.5)
    assert (house.energy, house.gas) == ([5000.0, 5000.5], [500.0, 500.5])


@dataclass(frozen=True)
class _Fault:
    """Captures from `begin` on that are wrong, or `is_base`: from then on, the index is another."""

    begin: int
    length: int
    offset: float
    is_base: bool


_FAULTS = st.builds(
    _Fault,
    st.integers(1, 30),
    st.integers(1, 40),
    st.sampled_from([-1e9, -2000.0, 500.0, 70_000.0]),
    st.booleans(),
)


@settings(max_examples=examples(150), print_blob=True)
@given(
    uses=st.lists(st.integers(0, 6), min_size=32, max_size=32),
    faults=st.lists(_FAULTS, max_size=3).filter(lambda of: sum(one.is_base for one in of) < 2),
    restarts=st.sets(st.integers(0, 200)),
)
def test_no_total_jumps_and_nothing_used_is_lost(
    uses: list[int], faults: list[_Fault], restarts: set[int]
) -> None:
    """A meter has some faults, then a good day, one after the other."""
    house, index, shift, true = House(), 3461.0, 0.0, 0.0
    house.send(HOUR, gas=index)
    count = 0

    def capture(use: float, *, offset: float = 0.0) -> None:
        nonlocal true, count
        true += use
        value = index + shift + true
        house.send(HOUR, gas=round(max(0.0, value + offset) if offset else value, 3))
        # A wrong index adds nothing that was not used.
        assert house.gas[-1] <= round(index + true, 3)
        count += 1
        if count in restarts:
            house.restart()

    for fault in faults:
        for use in uses[: fault.begin]:
            capture(use / 10)
        if fault.is_base:
            base = max(0.0, index + shift + true + fault.offset)
            shift = base - index - true
            capture(0.0)
        else:
            for n in range(fault.length):
                capture(uses[n % 32] / 10, offset=fault.offset)
        for use in [*uses, *uses]:
            capture(use / 10)
    for use in uses:
        capture(use / 10)
    assert house.gas == sorted(house.gas)
    assert house.gas[-1] == pytest.approx(index + true)
