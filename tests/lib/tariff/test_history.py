"""Missing telegrams, other meters, registers that fall and clocks that are set."""

from datetime import timedelta

import pytest

from smartyp1.tariff import Energies, QuarterHour
from tests.lib.tariff.support import Connection, at, cost


def test_telegrams_missing_at_the_boundary() -> None:
    house = Connection("2026-07-15T11:45:00S", reference_kw=3)
    house.read()
    house.draw(10, 20)  # until 11:55, 200 Wh

    # 12 minutes until 12:07 with 1200 Wh: 5 of them, 500 Wh, before noon, and 700 Wh after.
    demand = house.after(12 * 60, 1200)

    # 200 + 500 = 700 Wh -> 2.8 kW, and 0.7 kWh in 7 minutes are 6 kW.
    assert demand.last_quarter == QuarterHour(at("2026-07-15T11:45:00S"), 2.8)
    assert demand.running_kw == 6.0
    # 700 + 8 * 100 = 1500 Wh -> 6 kW
    assert house.draw(8, 100).last_quarter == QuarterHour(at("2026-07-15T12:00:00S"), 6.0)


def test_a_gap_of_a_quarter_hour_is_bridged() -> None:
    house = Connection("2026-07-15T12:00:00S")
    house.read()
    house.draw(1, 60)

    # 12:01 to 12:16: 14 of 15 minutes, 840 of 900 Wh, belong to the first.
    demand = house.after(900, 900)

    assert demand.last_quarter == QuarterHour(at("2026-07-15T12:00:00S"), 3.6)  # 60 + 840 Wh
    assert demand.running_kw == 3.6


def test_a_longer_gap_gives_nothing_for_the_quarter_hours_it_touches() -> None:
    house = Connection("2026-07-15T11:45:00S", reference_kw=3)
    house.read()
    house.draw(16, 20)  # until 12:01

    # 12:01 to 12:16:01, at 60 kW: no peak, nothing above.
    demand = house.after(901, 15_000, 2.0)
    assert demand.measured_since == at("2026-07-15T12:16:01S")
    assert demand.last_quarter == demand.peak == QuarterHour(at("2026-07-15T11:45:00S"), 1.2)
    assert demand.excess_kwh == 0
    house.after(59, 100)
    demand = house.draw(13, 100)  # until 12:30
    assert demand.last_quarter == demand.peak == QuarterHour(at("2026-07-15T11:45:00S"), 1.2)

    # 12:30 to 12:45 is whole again.
    demand = house.draw(15, 40)
    assert demand.last_quarter == demand.peak == QuarterHour(at("2026-07-15T12:30:00S"), 2.4)


def test_a_gap_from_boundary_to_boundary_touches_only_what_is_between() -> None:
    house = Connection("2026-07-15T12:00:00S")
    house.read()
    house.draw(15, 20)
    assert house.after(1800, 5000).last_quarter == QuarterHour(at("2026-07-15T12:00:00S"), 1.2)

    assert house.draw(15, 50).last_quarter == QuarterHour(at("2026-07-15T12:45:00S"), 3.0)
    assert len(house.quarters) == 2


def test_reading_begins_within_a_quarter_hour() -> None:
    house = Connection("2026-07-15T12:05:00S", reference_kw=3)

    # Nothing is known before 12:05: what is known counts as 10 minutes of their own.
    demand = house.read(4.0)
    assert demand.quarter_start == at("2026-07-15T12:00:00S")
    assert demand.measured_since == at("2026-07-15T12:05:00S")
    assert demand.running_kw == demand.projected_kw == 4.0
    assert demand.available_kw == 3.0
    # 12:10, 400 Wh: 0.4 kWh * 12 = 4.8 kW; with 3 kW, 0.25 kWh more: 0.65 kWh * 6 = 3.9 kW;
    # 3 kW for 10 minutes are 500 Wh, 100 Wh are left for 5 minutes: 1.2 kW
    demand = house.after(300, 400, 3.0)
    assert demand.running_kw == 4.8
    assert demand.projected_kw == 3.9
    assert demand.will_exceed is True
    assert demand.available_kw == 1.2

    # It is not complete, the next one is.
    demand = house.draw(5, 1000)
    assert (demand.last_quarter, demand.peak, demand.excess_kwh) == (None, None, 0)
    assert house.draw(15, 50).last_quarter == QuarterHour(at("2026-07-15T12:15:00S"), 3.0)


def test_another_meter_begins_anew_and_the_month_stays() -> None:
    house = Connection("2026-07-15T12:00:00S", reference_kw=3)
    house.read()
    house.draw(20, 100)

    house.serial = "SAG1030790009999"
    house.imported_wh = 12
    demand = house.after(10)

    assert demand.measured_since == house.time
    assert demand.excess_kwh == 0.75  # (6 - 3) / 4
    demand = house.after(290, 100)
    demand = house.draw(5, 100)  # until 12:30: no value
    assert demand.peak == demand.last_quarter == QuarterHour(at("2026-07-15T12:00:00S"), 6.0)
    demand = house.draw(15, 200)
    assert demand.peak == QuarterHour(at("2026-07-15T12:30:00S"), 12.0)
    assert demand.excess_kwh == 3.0  # 0.75 + (12 - 3) / 4


def test_another_meter_whose_register_is_higher_begins_anew() -> None:
    house = Connection("2026-07-15T12:00:00S")
    house.read()
    house.serial = "SAG1030790009999"

    assert house.after(10, 50).measured_since == house.time


def test_a_telegram_without_serial_number_is_of_the_same_meter() -> None:
    house = Connection("2026-07-15T12:00:00S")
    house.serial = None
    house.read()
    for serial in (None, "SAG1030790002574", None, "SAG1030790002574"):
        house.serial = serial
        assert house.after(60, 60).measured_since == at("2026-07-15T12:00:00S")


def test_a_register_that_falls_begins_anew() -> None:
    house = Connection("2026-07-15T12:00:00S", reference_kw=3)
    house.read()
    house.draw(5, 20)

    demand = house.after(10, -1)
    assert demand.measured_since == house.time
    assert demand.running_kw is None
    assert demand.available_kw == 3.0
    assert house.after(10, 5).running_kw == 1.8  # 5 Wh in 10 s
    assert house.after(570, 0).last_quarter is None


def test_a_register_that_is_0_once_is_no_peak() -> None:
    house = Connection("2026-07-15T12:00:00S", reference_kw=3)
    house.read()
    house.draw(5, 20)
    house.meter.update(house.time, Energies(0.0), 1.2, house.serial)

    demand = house.draw(10, 20)
    assert demand.measured_since == demand.quarter_start == at("2026-07-15T12:15:00S")
    assert (demand.last_quarter, demand.peak, demand.excess_kwh) == (None, None, 0)
    assert house.draw(15, 20).peak == QuarterHour(at("2026-07-15T12:15:00S"), 1.2)


@pytest.mark.parametrize("seconds", [1, 5, 60])
def test_a_clock_set_back_a_little_waits_until_it_has_caught_up(seconds: int) -> None:
    house = Connection("2026-07-15T12:00:00S")
    house.read()
    house.draw(15, 50)  # until 12:15:00, 750 Wh

    # The clock is corrected over the boundary: 12:14:59 comes again, the quarter-hour does not.
    house.pass_by(-seconds)
    for _ in range(seconds):
        demand = house.after(1, 1)
        assert demand.time == at("2026-07-15T12:15:00S")
        assert demand.last_quarter == QuarterHour(at("2026-07-15T12:00:00S"), 3.0)
    # What was used meanwhile is not lost: in the first 10 s after it.
    demand = house.after(10, 10)
    assert demand.running_kw == pytest.approx((seconds + 10) / 1000 * 360)
    assert len(house.quarters) == 1


def test_a_clock_corrected_forward_is_followed() -> None:
    house = Connection("2026-07-15T12:00:00S")
    house.read()
    house.draw(14, 50)

    # 12:14:00 to 12:15:04, with 32 Wh: 60 of 64 s before the boundary, 30 Wh, and 2 Wh after.
    demand = house.after(64, 32)
    assert demand.last_quarter == QuarterHour(at("2026-07-15T12:00:00S"), 2.92)  # 700 + 30 Wh
    assert demand.running_kw == 1.8  # 2 Wh in 4 s


@pytest.mark.parametrize("seconds", [61, 3600, 10_000_000])
def test_a_clock_set_back_begins_anew(seconds: int) -> None:
    house = Connection("2026-07-15T12:07:00S", reference_kw=3)
    house.read()
    house.draw(23, 100)
    demand = house.after(-seconds, 50)

    assert demand.measured_since == house.time
    assert demand.last_quarter == demand.peak == QuarterHour(at("2026-07-15T12:15:00S"), 6.0)
    assert demand.excess_kwh == 0.75
    assert demand.month_start == at("2026-07-01T00:00:00S")


def test_one_wrong_time_does_not_wipe_the_month_out() -> None:
    house = Connection("2026-07-15T12:00:00S", reference_kw=3)
    house.read()
    house.draw(15, 100)

    for wrong in ("2000-01-01T00:00:00W", "2099-12-31T23:59:59W"):
        right, house.time = house.time, at(wrong)
        assert house.read().month_start == at("2026-07-01T00:00:00S")
        house.time = right
        demand = house.draw(5, 100)
        assert demand.month_start == at("2026-07-01T00:00:00S")
        assert demand.peak == QuarterHour(at("2026-07-15T12:00:00S"), 6.0)
        assert demand.excess_kwh == 0.75


WRONG = [
    "2000-01-01T00:00:00W",
    "2026-05-03T10:00:00S",
    "2027-07-15T12:20:00S",
    "2099-12-31T23:00:00W",
]


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("minutes", [1, 20, 45, 3 * 24 * 60])
@pytest.mark.parametrize("has_restarts", [False, True])
def test_a_clock_that_was_lost_goes_on_in_the_right_month(
    wrong: str, minutes: int, *, has_restarts: bool
) -> None:
    house = Connection("2026-07-15T12:00:00S", reference_kw=3, price=0.1)
    house.read()
    house.draw(15, 100)  # 6 kW: 0.75 kWh above, 0.075 EUR

    right, house.time = house.time, at(wrong)
    house.read()
    house.draw(minutes, 10)
    if has_restarts:
        house.restart()
    house.time = right + timedelta(minutes=minutes)
    house.after(60)
    if has_restarts:
        house.restart()
    demand = house.after(60)

    assert demand.month_start == at("2026-07-01T00:00:00S")
    assert demand.peak == QuarterHour(at("2026-07-15T12:00:00S"), 6.0)
    assert (demand.excess_kwh, cost(demand)) == (0.75, 0.075)
    while house.time.minute % 15:
        house.after(60)
    assert house.draw(15, 100).excess_kwh == 1.5


def test_two_telegrams_of_a_lost_clock_show_no_other_month() -> None:
    house = Connection("2026-07-15T12:00:00S", reference_kw=3)
    house.read()
    house.draw(15, 100)

    house.time = at("2000-01-01T00:00:00W")
    house.read()
    for _ in range(5):
        assert house.after(10).month_start == at("2026-07-01T00:00:00S")
    # Nor do quarter-hours, before a day of them has been measured.
    assert house.draw(24 * 60 - 1, 10).month_start == at("2026-07-01T00:00:00S")
    assert house.draw(1, 10).month_start == at("2000-01-01T00:00:00W")


def test_a_month_that_a_lost_clock_interrupts_at_its_end() -> None:
    house = Connection("2026-07-31T23:30:00S", reference_kw=3)
    house.read()
    house.draw(15, 100)
    house.time = at("2000-01-01T00:00:00W")
    house.read()
    house.draw(40, 10)

    house.time = at("2026-08-01T00:10:00S")
    house.read()
    house.draw(5, 10)
    demand = house.draw(15, 200)  # 12 kW: 2.25 kWh above
    assert demand.month_start == at("2026-08-01T00:00:00S")
    assert demand.excess_kwh == 2.25


@pytest.mark.parametrize("minutes", [2, 30, 90])
@pytest.mark.parametrize("is_once", [True, False])
@pytest.mark.parametrize("gaps", [1, 2])
def test_a_clock_set_back_soon_after_a_gap_costs_nothing(
    minutes: int, gaps: int, *, is_once: bool
) -> None:
    house = Connection("2026-07-15T08:00:00S", reference_kw=3)
    house.read()
    house.draw(60, 100)  # four quarter-hours of 6 kW: 4 * 0.75 kWh above
    for _ in range(gaps):
        house.pass_by(2 * 3600)
        house.read()
        house.draw(60, 100)
    assert house.draw(60, 100).excess_kwh == 6.0 + gaps * 3.0  # each hour has four

    right = house.time
    house.time -= timedelta(minutes=minutes)
    house.read()
    if is_once:
        house.time = right
    demand = house.draw(30, 10)

    assert demand.excess_kwh == 6.0 + gaps * 3.0
    # The hours at 6 kW, and half an hour at 0.6 kW, of which the last quarter-hour may run.
    assert demand.month.imported_kwh == pytest.approx(12.3 + gaps * 6.0, abs=0.15)


def test_what_a_clock_says_that_leaps_ahead_for_a_while_does_not_count() -> None:
    house = Connection("2026-07-15T08:00:00S", reference_kw=3)
    house.read()
    house.draw(60, 100)
    house.time += timedelta(days=1)
    assert house.draw(120, 100).excess_kwh == 8.25  # the first quarter-hour began in the gap
    house.time -= timedelta(days=1)

    demand = house.draw(30, 10)

    # Now it is a gap from 9 until 11.
    assert demand.excess_kwh == 3.0
    assert demand.month.imported_kwh == pytest.approx(18.3, abs=0.15)
    assert [day.quarter_hours for day in demand.month.days] == [5]


def known_months(house: Connection) -> list[str]:
    """Return the months that are known, the one that is shown last."""
    demand = house.meter.snapshot
    assert demand
    return [f"{month.start:%Y-%m}" for month in (*demand.earlier_months, demand.month)]


def test_25_months_are_kept_whatever_a_clock_says_in_between() -> None:
    house = Connection("2026-01-01T00:00:00W", reference_kw=3)
    real = [(2026 + n // 12, n % 12 + 1) for n in range(25)]
    for year, month in real:
        # A day of each, and then a clock that is lost again and again.
        house.time = at(f"{year}-{month:02}-02T00:00:00W")
        house.read()
        house.draw(24 * 60 + 15, 100)
        for _ in range(3):
            house.time = at(f"{2040 + house.imported_wh % 50}-{month:02}-02T00:00:00W")
            house.read()
            house.draw(30, 10)

    house.time = at("2028-01-03T01:00:00W")
    house.read()
    house.draw(30, 10)
    assert known_months(house) == [f"{year}-{month:02}" for year, month in real]


def test_two_telegrams_of_a_wrong_clock_leave_nothing_behind() -> None:
    house = Connection("2026-07-15T12:00:00S", reference_kw=3)
    house.read()
    house.draw(15, 100)
    for month in (8, 9, 11):
        right, house.time = house.time, at(f"2026-{month:02}-15T12:00:00S")
        house.read()
        house.after(10)
        house.time = right
        house.after(10)
        house.after(10)

    assert known_months(house) == ["2026-07"]


def test_what_a_wrong_clock_left_is_forgotten_in_time() -> None:
    house = Connection("2000-01-01T00:00:00W", reference_kw=3)
    house.read()
    house.draw(30, 10)
    for month in range(40):
        house.time = at(f"{2026 + month // 12}-{month % 12 + 1:02}-02T00:00:00W")
        house.read()
        house.draw(30, 100)

    assert known_months(house) == [f"{2026 + n // 12}-{n % 12 + 1:02}" for n in range(15, 40)]


def test_a_gap_over_the_end_of_a_month() -> None:
    house = Connection("2026-07-31T12:00:00S", reference_kw=3)
    house.read()
    house.draw(15, 100)

    house.after(24 * 3600, 9000)
    demand = house.after(10)

    assert demand.month_start == at("2026-08-01T00:00:00S")
    assert demand.peak is None
    assert demand.excess_kwh == 0


def test_telegrams_of_the_same_second_count_once() -> None:
    house = Connection("2026-07-15T12:00:00S")
    house.read()
    house.after(60, 60)
    demand = house.after(0, 0, 2.0)
    assert demand.running_kw == 3.6
    assert demand.projected_kw == pytest.approx((0.060 + 2.0 * 14 / 60) * 4)

    # Energy that came within the second is in the next reading.
    assert house.after(0, 3).running_kw == 3.6
    assert house.after(60, 57).running_kw == 3.6
    assert house.draw(13, 60).last_quarter == QuarterHour(at("2026-07-15T12:00:00S"), 3.6)


def test_of_months_that_were_measured_the_oldest_is_forgotten() -> None:
    house = Connection("2026-01-01T00:00:00W", reference_kw=3)
    names = [f"{2026 + n // 12}-{n % 12 + 1:02}" for n in range(40)]
    for name in names:
        house.time = at(f"{name}-02T00:00:00W")
        house.read()
        # A day and more; the least of all in one that is not the oldest.
        for _ in range(97 if name == "2027-08" else 120):
            house.after(900, 100)

    assert known_months(house) == names[-25:]
    assert len(house.meter.columns) == 36
