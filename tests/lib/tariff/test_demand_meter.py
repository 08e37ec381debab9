"""Days computed by hand: the arithmetic stands beside the numbers."""

from dataclasses import replace

import pytest

from smartyp1.tariff import Contract, Energies, QuarterHour
from tests.lib.tariff.support import PRICE, Connection, at, cost


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


def test_the_power_available_in_the_last_minute_is_that_for_a_minute() -> None:
    house = Connection("2026-07-15T12:00:00S", reference_kw=3)
    house.read()

    # At a steady 3 kW, 3 kW are available: 50 Wh in each minute, 5 Wh in 6 s.
    assert house.draw(14, 50).available_kw == 3.0
    for _ in range(9):
        assert house.after(6, 5, 3.0).available_kw == pytest.approx(3.0)
    assert house.after(6, 5, 3.0).available_kw == 3.0

    # 3 kW are 750 Wh. After 13:50 minutes 600 Wh are used: 150 Wh in 70 s are 7.71 kW, in the last
    # minute 9 kW, and no more in 10 s; after 30 Wh of them, 120 Wh in a minute are 7.2 kW.
    assert house.after(13 * 60 + 50, 600).available_kw == pytest.approx(7.714286)
    assert house.after(10).available_kw == 9.0
    assert house.after(50).available_kw == 9.0
    assert house.after(9, 30).available_kw == pytest.approx(7.2)
    # The next quarter-hour begins with its own 750 Wh.
    assert house.after(1).available_kw == 3.0

    # 10 Wh are 12 kW for the last 3 s, and 0.6 kW for a minute: 3 kW do no harm.
    assert house.after(14 * 60 + 57, 740).available_kw == 3.0


def test_the_resolution_of_the_register_takes_no_power_away() -> None:
    # 3 kW, of which the register counts whole watt-hours, from just below the next one on.
    house = Connection("2026-07-15T12:00:00S", reference_kw=3)
    house.read()
    shown = [0]
    for second in range(1, 900):
        shown.append(int(0.9 + second * 3000 / 3600))
        demand = house.after(1, shown[-1] - shown[-2], 3.0)
        assert demand.available_kw is not None
        assert demand.available_kw >= 3.0

    # What is really too much is: 2 Wh above, 5 s before the end, are 1.44 kW less.
    house = Connection("2026-07-15T12:00:00S", reference_kw=3)
    house.read()
    house.after(500, 400)
    assert house.after(395, 348).available_kw == pytest.approx(1.44)  # 2 Wh are left for 5 s
    assert house.after(4, 3).available_kw == 0


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
    ("before", "first", "month", "next_month"),
    [
        ("2026-07-31T23:40:00S", "2026-07-31T23:45:00S", "2026-07-01T00:00:00S", "08-01T00:00:00S"),
        ("2026-10-31T23:40:00W", "2026-10-31T23:45:00W", "2026-10-01T00:00:00S", "11-01T00:00:00W"),
        ("2026-03-31T23:40:00S", "2026-03-31T23:45:00S", "2026-03-01T00:00:00W", "04-01T00:00:00S"),
    ],
    ids=["july", "october", "march"],
)
def test_months_begin_at_midnight_in_luxembourg(
    before: str, first: str, month: str, next_month: str
) -> None:
    house = Connection(before, reference_kw=3, price=PRICE)
    house.read()
    house.draw(19, 100)  # until 23:59

    # The last quarter-hour of the month, 15 * 100 Wh -> 6 kW: (6 - 3) * 0.25 = 0.75 kWh.
    demand = house.draw(1, 100)
    assert demand.quarter_start == at("2026-" + next_month)
    assert demand.month_start == at(month)
    assert demand.month_start.isoformat() == at(month).isoformat()
    assert demand.last_quarter == demand.peak == QuarterHour(at(first), 6.0)
    assert (demand.excess_kwh, cost(demand)) == (0.75, pytest.approx(0.085425))

    # The next month begins at nothing.
    demand = house.draw(1, 60)
    assert demand.month_start == at("2026-" + next_month)
    assert demand.month_start.isoformat() == at("2026-" + next_month).isoformat()
    assert demand.last_quarter == QuarterHour(at(first), 6.0)
    assert demand.peak is None
    assert (demand.excess_kwh, cost(demand)) == (0, 0)

    # Its first quarter-hour: 15 * 60 Wh -> 3.6 kW, (3.6 - 3) * 0.25 = 0.15 kWh.
    demand = house.draw(14, 60)
    assert demand.peak == QuarterHour(at("2026-" + next_month), 3.6)
    assert demand.excess_kwh == 0.15


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
