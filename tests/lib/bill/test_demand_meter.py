"""Days computed by hand: the arithmetic stands beside the numbers."""

from dataclasses import replace

import pytest

from smartyp1.history import Energies, QuarterHour
from smartyp1.prices import Contract
from tests.lib.bill.support import PRICE, Connection, at, cost


def test_a_quarter_hour_from_its_start_to_its_end() -> None:
    house = Connection("2026-07-15T12:00:00S", reference_kw=7)

    # 12:00 exactly: no time has passed, so the current power stands in for the mean.
    demand = house.read(2.0)
    assert demand.time == demand.quarter_start == demand.measured_since == house.time
    assert demand.running_kw == 2.0
    assert demand.projected_kw == 2.0
    assert demand.available_kw == 7.0
    assert demand.will_exceed is False
    assert (demand.last_quarter, demand.peak, demand.excess_kwh) == (None, None, 0)

    # 12:05, 500 Wh so far: 0.5 kWh / (1/12 h) = 6 kW; with 9 kW for the 10 minutes left
    # 0.5 + 9 / 6 = 2 kWh -> 8 kW; 7 kW are 1.75 kWh, so 1.25 kWh are left: 1.25 * 6 = 7.5 kW
    demand = house.after(300, 500, 9.0)
    assert demand.running_kw == 6.0
    assert demand.projected_kw == 8.0
    assert demand.will_exceed is True
    assert demand.available_kw == 7.5

    # The same, but with exactly the power that is available: the mean is the reference power.
    demand = house.after(0, 0, 7.5)
    assert demand.projected_kw == 7.0
    assert demand.will_exceed is False

    # 12:10, 1.85 kWh so far are more than 1.75 kWh: nothing may be drawn, and nothing helps.
    demand = house.after(300, 1350, 0.0)
    assert demand.running_kw == 11.1  # 1.85 * 6
    assert demand.projected_kw == 7.4  # 1.85 * 4
    assert demand.will_exceed is True
    assert demand.available_kw == 0

    # 12:15: the next one begins, and this one was 7.4 kW: (7.4 - 7) * 0.25 = 0.1 kWh above.
    demand = house.after(300, 0, 0.0)
    assert demand.quarter_start == demand.measured_since == at("2026-07-15T12:15:00S")
    assert demand.running_kw == 0
    assert demand.last_quarter == demand.peak == QuarterHour(at("2026-07-15T12:00:00S"), 7.4)
    assert demand.excess_kwh == 0.1
    assert cost(demand) is None


def test_the_power_available_is_never_more_than_the_connection_carries() -> None:
    house = Connection("2026-07-15T12:00:00S", reference_kw=30)
    house.threshold_kva = 69.0
    house.read()

    # 30 kW are 7500 Wh: in 7.5 minutes 60 kW, in 5 minutes 90 kW.
    assert house.after(450).available_kw == 60.0
    assert house.after(150).available_kw == 69.0
    house.threshold_kva = None  # not in every telegram
    assert house.after(299).available_kw == 69.0
    # Another meter has another threshold, or says none; the beginning of this quarter-hour is lost.
    house.serial = "SAG1030790009999"
    assert house.after(451).available_kw == 30.0
    assert house.after(380).available_kw == pytest.approx(192.857143)  # 30 kW for 450 s in 70 s
    assert house.after(65).available_kw == 225.0  # and in a minute


def test_the_power_available_without_a_usable_threshold() -> None:
    house = Connection("2026-07-15T12:00:00S", reference_kw=100)
    house.threshold_kva = 0.0
    house.read()

    assert house.after(890).available_kw == 1000.0  # 1500 kW
    house.threshold_kva = 17.3  # less than the reference power: more cannot flow
    assert house.after(10).available_kw == 17.3


def test_a_telegram_without_time_or_energy_changes_nothing() -> None:
    house = Connection("2026-07-15T12:00:00S", reference_kw=3)
    assert house.meter.update(None, Energies(1.0), 1.0, None) is None
    assert house.meter.update(house.time, Energies(None), 1.0, None) is None
    demand = house.read(1.0)

    assert house.meter.update(None, Energies(26000.0), 9.0, None) is demand
    assert house.meter.update(at("2026-07-15T12:00:10S"), Energies(None), 9.0, None) is demand
    assert house.meter.snapshot is demand


@pytest.mark.parametrize(
    ("before", "month", "next_month"),
    [
        ("2026-07-31T23:40:00S", "2026-07-01T00:00:00S", "2026-08-01T00:00:00S"),
        ("2026-10-31T23:40:00W", "2026-10-01T00:00:00S", "2026-11-01T00:00:00W"),
        ("2026-03-31T23:40:00S", "2026-03-01T00:00:00W", "2026-04-01T00:00:00S"),
    ],
)
def test_months_begin_at_midnight_in_luxembourg(before: str, month: str, next_month: str) -> None:
    house = Connection(before, reference_kw=3, price=PRICE)
    house.read()
    # The last quarter-hour of the month, 15 * 100 Wh -> 6 kW: (6 - 3) * 0.25 = 0.75 kWh.
    demand = house.draw(20, 100)
    assert demand.quarter_start == at(next_month)
    assert demand.month_start.isoformat() == at(month).isoformat()
    assert demand.peak
    assert (demand.peak.mean_kw, demand.excess_kwh) == (6.0, 0.75)
    assert cost(demand) == pytest.approx(0.085425)
    # The next month begins at nothing.
    demand = house.draw(1, 60)
    assert demand.month_start.isoformat() == at(next_month).isoformat()
    assert (demand.peak, demand.excess_kwh, cost(demand)) == (None, 0, 0)


def test_another_reference_power_applies_from_then_on() -> None:
    house = Connection("2026-07-15T12:00:00S", reference_kw=3, price=PRICE)
    house.read()
    assert house.draw(15, 100).excess_kwh == 0.75  # (6 - 3) / 4

    # Set in the second half of a quarter-hour, it judges the next one; what was counted stays.
    house.draw(10, 100)
    house.change(replace(house.contract, reference_kw=5))
    assert house.demand.excess_kwh == 0.75
    assert house.demand.available_kw == 0.0  # 750 - 1000 Wh
    assert house.draw(5, 100).excess_kwh == 1.5  # 0.75 + (6 - 3) / 4
    assert house.draw(15, 100).excess_kwh == 1.75  # 1.5 + (6 - 5) / 4
    # Set in the first half, it judges all of it.
    house.draw(5, 100)
    house.change(replace(house.contract, reference_kw=4))
    assert house.demand.available_kw == 3.0  # 1000 - 500 Wh in 10 minutes
    assert house.draw(10, 100).excess_kwh == 2.25  # 1.75 + (6 - 4) / 4

    # Without one, nothing is counted, and nothing lost. The next one holds for the time without.
    house.change(Contract())
    assert house.draw(15, 1000).excess_kwh is None
    house.change(Contract(reference_kw=7))
    assert house.draw(1, 100).excess_kwh == 15.5  # 2.25 + (60 - 7) / 4
