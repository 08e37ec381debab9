"""What is kept of a month, computed by hand: the arithmetic stands beside the numbers."""

from datetime import UTC, datetime, timedelta

import pytest

from smartyp1.tariff import (
    LUXEMBOURG,
    ClassExcess,
    Contract,
    Day,
    Demand,
    DemandMeter,
    Energies,
    MarketPrices,
    Month,
    QuarterHour,
    compute_bill,
)
from tests.lib.tariff.support import SERIAL, Connection, at


def month_of(house: Connection, number: int = -1) -> Month:
    """Return a month that is known, the one that is shown by default."""
    demand = house.meter.snapshot
    assert demand
    return (*demand.earlier_months, demand.month)[number]


def days_of(month: Month) -> dict[str, Day]:
    """Return the days of a month by the day and time in UTC at which they begin."""
    return {f"{day.start:%m-%d %H:%M}": day for day in month.days}


def test_a_quarter_hour_is_above_every_class_that_it_exceeds() -> None:
    house = Connection("2026-07-15T12:00:00S", reference_kw=5)
    house.read()
    house.draw(15, 200)  # 3000 Wh, 12 kW
    house.draw(15, 90)  # 1350 Wh, 5.4 kW
    house.draw(15, 50)  # 750 Wh, 3 kW: not above 3

    # Above 3 kW, 750 Wh: 2250 and 600; above 5 kW, 1250 Wh: 1750 and 100; above 7 kW, 1750 Wh:
    # 1250; above 12 kW, 3000 Wh: nothing.
    month = month_of(house)
    assert month.above(3) == ClassExcess(2, 2850)
    assert month.above(5) == ClassExcess(2, 1850)
    assert month.above(7) == ClassExcess(1, 1250)
    assert month.above(12) == month.above(200) == ClassExcess(0, 0)
    assert month.imported_kwh == 5.1
    assert month.quarter_hours == 3
    assert month.peak == QuarterHour(at("2026-07-15T12:00:00S"), 12.0)


def test_the_running_quarter_hour_is_in_the_month() -> None:
    house = Connection("2026-07-15T12:00:00S", reference_kw=3)
    house.read()
    assert house.draw(1, 70).month.imported_kwh == 0.07
    demand = house.draw(16, 100)
    assert demand.month.imported_kwh == pytest.approx(1.67)
    # Of 5 minutes that began before midnight, 2 are of the day before.
    house = Connection("2026-07-15T23:58:00S")
    house.read()
    assert [day.imported_wh for day in house.after(300, 500).month.days] == [200, 300]


def test_a_quarter_hour_that_is_not_whole_counts_its_energy_alone() -> None:
    house = Connection("2026-07-15T12:05:00S", reference_kw=3)
    house.read()
    demand = house.draw(25, 100)  # from 12:05 to 12:15, and to 12:30

    assert demand.month.imported_kwh == 2.5
    assert demand.month.quarter_hours == 1
    assert demand.month.days[0].gap_wh == 0


def test_a_gap_within_a_day_is_booked_when_the_clock_has_proved_itself() -> None:
    house = Connection("2026-07-15T12:00:00S", reference_kw=3)
    house.read()
    house.draw(20, 100)  # until 12:20
    house.after(3 * 3600, 5000)  # until 15:20
    demand = house.draw(24, 100)  # until 15:44
    assert demand.month.imported_kwh == 2.0 + 2.4

    demand = house.draw(1, 100)  # 15:30 to 15:45 is whole
    assert demand.month.imported_kwh == 2.0 + 5.0 + 2.5
    assert demand.month.days[0].gap_wh == 5000
    # 12:00 and 15:30: 1500 Wh each, 750 Wh above
    assert demand.month.quarter_hours == 2
    assert demand.month.above(3) == ClassExcess(2, 1500)


def test_a_gap_over_days_and_months_is_shared_by_time() -> None:
    house = Connection("2026-07-30T18:00:00S")
    house.read()
    # 60 hours: 6 on 30 July, 24 on the 31st, 24 on 1 August, 6 on the 2nd.
    house.after(60 * 3600, 6000)
    demand = house.draw(15, 10)

    august, july = demand.month, demand.earlier_months[-1]
    assert {day: each.imported_wh for day, each in days_of(july).items()} == {
        "07-29 22:00": pytest.approx(600),
        "07-30 22:00": pytest.approx(2400),
    }
    assert {day: each.gap_wh for day, each in days_of(august).items()} == {
        "07-31 22:00": pytest.approx(2400),
        "08-01 22:00": pytest.approx(600),
    }
    assert august.imported_kwh == pytest.approx(3.15)
    assert (july.quarter_hours, august.quarter_hours) == (0, 1)


def test_a_gap_over_the_change_of_the_clock_is_shared_by_its_25_hours() -> None:
    house = Connection("2026-10-24T22:00:00S")
    house.read()
    house.after(29 * 3600, 2900)  # 2 hours, 25, and 2
    assert house.time == at("2026-10-26T02:00:00W")
    demand = house.draw(15, 0)

    assert [day.imported_wh for day in demand.month.days] == pytest.approx([200, 2500, 200])


@pytest.mark.parametrize(("days", "known"), [(40, True), (41, False)])
def test_a_gap_of_more_than_forty_days_is_unknown(days: int, known: bool) -> None:  # noqa: FBT001
    house = Connection("2026-03-02T12:00:00W")
    house.read()
    house.after(days * 86400, 400_000)
    demand = house.draw(15, 10)

    months = (*demand.earlier_months, demand.month)
    total = sum(month.imported_kwh for month in months)
    assert total == pytest.approx(400.15 if known else 0.15)


def test_the_exported_and_the_reactive_energy() -> None:
    meter = DemandMeter()

    def read(minute: int, *kwh: float | None) -> QuarterHour | None:
        time = at("2026-07-15T12:00:00S") + timedelta(minutes=minute)
        demand = meter.update(time, Energies(*kwh), None, SERIAL)
        return demand.last_quarter if demand else None

    read(0, 100.0, 50.0, 10.0, 20.0)
    read(5, 100.1, 50.0, 10.0, 20.1)
    # 12:10 to 12:20, half of it before 12:15: 100 of 200 Wh, 150 of 300 Wh, 5 of 10, 20 of 40 varh
    read(10, 100.2, 50.2, 10.2, 20.2)
    last = read(20, 100.4, 50.5, 10.21, 20.24)
    assert last
    assert last[:5] == (
        at("2026-07-15T12:00:00S"),
        1.2,  # 300 Wh
        0.35,
        0.205,
        0.22,
    )
    # A telegram lacks the registers: what was exported meanwhile is not lost, but the quarter-hour
    # does not know it.
    read(25, 100.5)
    last = read(30, 100.6, 51.5, 10.3, 20.3)
    assert last == QuarterHour(at("2026-07-15T12:15:00S"), 1.2)
    last = read(45, 100.6, 52.5, 10.3, 20.3)
    assert last == QuarterHour(at("2026-07-15T12:30:00S"), 0, 1, 0, 0)
    assert meter.snapshot
    assert meter.snapshot.month.exported_kwh == 2.5
    assert meter.snapshot.month.imported_kwh == pytest.approx(0.6)


def test_the_markets_prices_are_those_of_the_moment() -> None:
    meter = DemandMeter()
    wh = [100_000, 50_000]

    def read(minute: float, imported: int, exported: int, *prices: float | None) -> Day:
        wh[0] += imported
        wh[1] += exported
        time = at("2026-07-15T12:00:00S") + timedelta(minutes=minute)
        energies = Energies(wh[0] / 1000, wh[1] / 1000)
        demand = meter.update(time, energies, None, SERIAL, None, MarketPrices(*prices))
        assert demand
        return demand.month.days[0] if demand.month.days else Day(start=time)

    read(0, 0, 0, 0.10, 0.05)
    day = read(10, 400, 100, 0.10, 0.05)
    assert (day.market_cost, day.market_wh) == pytest.approx((0.04, 400))
    # 12:10 to 12:20: half at the old price, half at the new one.
    day = read(20, 200, 100, 0.30, -0.10)
    assert day.market_cost == pytest.approx(0.04 + 0.1 * 0.10 + 0.1 * 0.30)
    assert day.market_revenue == pytest.approx(0.15 * 0.05 - 0.05 * 0.10)
    # Unknown, and known again: the rest stays without a price.
    read(25, 500, 0, None, None)
    day = read(28, 100, 0, 0.20, None)
    assert (day.imported_wh, day.market_wh) == pytest.approx((1200, 700))
    assert day.market_cost == pytest.approx(0.08 + 0.1 * 0.20)
    assert day.market_exported_wh == pytest.approx(200)
    # What came in a gap has no price.
    read(28 + 120, 1000, 0, 0.20, None)
    day = read(28 + 135, 0, 0, 0.20, None)
    day = read(28 + 150, 0, 0, 0.20, None)
    assert (day.imported_wh, day.gap_wh, day.market_wh) == pytest.approx((2200, 1000, 700))


def test_a_contract_from_now_on_parts_the_day() -> None:
    house = Connection("2026-07-15T12:00:00S", reference_kw=3)
    house.read()
    house.draw(20, 100)  # until 12:20, 6 kW
    house.change(Contract(reference_kw=7))
    demand = house.draw(25, 200)  # until 12:45

    # 12:00 is of the old one: 1500 Wh, 750 above 3 kW. From 12:15 on, 500 + 2000 = 2500 Wh are 750
    # above 7 kW, and 12:30 with 3000 Wh is 1250 above.
    before, after = demand.month.days
    assert (before.start, after.start) == (
        at("2026-07-14T00:00:00S") + timedelta(days=1),
        at("2026-07-15T12:15:00S"),
    )
    assert demand.contracts.at(before.start).reference_kw == 3
    assert demand.contracts.at(after.start).reference_kw == 7
    assert (before.imported_wh, after.imported_wh) == (1500, 5500)
    assert before.above[3] == ClassExcess(1, 750)
    assert after.above[7] == ClassExcess(2, 2000)
    assert demand.excess_kwh == 2.75


def test_a_contract_with_a_day_holds_for_the_days_since_then() -> None:
    house = Connection("2026-07-14T23:30:00S", reference_kw=3)
    house.read()
    house.draw(60, 200)  # 12 kW until 00:30
    house.change(Contract(reference_kw=7), "2026-07-15")

    assert house.meter.snapshot
    # 2 * (3000 - 750) above 3 kW on the 14th, 2 * (3000 - 1750) above 7 kW on the 15th.
    assert house.meter.snapshot.excess_kwh == 4.5 + 2.5
    assert len(house.meter.snapshot.month.days) == 2
    # The same again is no change, also after a restart.
    before = house.meter.snapshot.contracts
    house.restart()
    assert house.meter.snapshot.contracts == before
    # One for the future waits; one without a day takes its place.
    house.change(Contract(reference_kw=12), "2026-07-20")
    assert house.draw(15, 200).excess_kwh == 7.0 + 1.25
    house.change(Contract(reference_kw=3))
    contracts = house.draw(1, 0).contracts
    assert contracts.at(at("2026-07-21T00:00:00S")).reference_kw == 3
    assert contracts.at(at("2026-07-15T00:10:00S")).reference_kw == 7


@pytest.mark.parametrize(
    "first",
    [
        Contract(reference_kw=7, energy_price=0.1),
        Contract(reference_kw=7, energy_price=0.1, has_vat=False, replaces_variable=True),
    ],
)
def test_what_is_entered_first_holds_for_all_that_is_known(first: Contract) -> None:
    house = Connection("2026-06-30T23:30:00S")
    house.read()
    house.draw(75, 200)  # until 00:45: 2 quarter-hours in June, 3 in July, of 12 kW
    house.change(first)

    contracts = house.draw(5, 200).contracts
    assert contracts.at(at("2026-06-30T23:30:00S")) == first
    assert contracts.at(at("2026-07-01T00:00:00S")) == first
    demand = house.meter.snapshot
    assert demand
    assert demand.excess_kwh == 3 * 1.25
    assert compute_bill(demand.month, demand.contracts, demand.time).missing == ()
    assert compute_bill(demand.earlier_months[0], demand.contracts, demand.time).missing == ()


def test_what_was_left_open_holds_for_the_running_month() -> None:
    house = Connection("2026-06-30T23:30:00S")
    house.change(Contract(reference_kw=7, has_vat=False))
    house.read()
    house.draw(75, 200)
    # As the options did that were saved before VAT was one.
    house.change(Contract(reference_kw=7, energy_price=0.2))

    contracts = house.draw(5, 200).contracts
    assert contracts.at(at("2026-06-30T23:59:00S")).energy_price is None
    assert not contracts.at(at("2026-06-30T23:59:00S")).has_vat
    assert contracts.at(at("2026-07-01T00:00:00S")).energy_price == 0.2


@pytest.mark.parametrize(
    ("month", "quarter_hours"),
    [
        ("2026-03-01T00:00:00W", 2972),
        ("2026-10-01T00:00:00S", 2980),
        ("2026-02-01T00:00:00W", 2688),
    ],
)
def test_a_month_that_is_measured_from_start_to_end(month: str, quarter_hours: int) -> None:
    house = Connection(month)
    house.read()
    # March has 31 * 96 - 4 quarter-hours, October 31 * 96 + 4, February 28 * 96.
    for _ in range(quarter_hours):
        demand = house.after(900, 100)

    assert demand.month.start == at(month)
    assert demand.quarter_start == demand.month.end
    assert demand.month.quarter_hours == quarter_hours
    assert demand.month.imported_kwh == pytest.approx(quarter_hours / 10)
    assert demand.month.measured_share(demand.time) == 1
    assert len(demand.month.days) in (28, 31)


def test_the_share_is_of_the_quarter_hours_that_have_ended() -> None:
    house = Connection("2026-07-01T12:00:00S")
    house.read()
    house.draw(24 * 60 + 10, 10)  # until 2 July, 12:10: 96 quarter-hours of 144
    month = month_of(house)

    assert month.measured_share(house.time) == 0.6667
    # 31 * 96 = 2976
    assert month.measured_share(at("2026-09-01T00:00:00S")) == 0.0323
    assert month.measured_share(at("2026-06-01T00:00:00S")) == 0
    assert month.measured_share(at("2026-07-01T00:10:00S")) == 0


@pytest.mark.parametrize(("quarter_hours", "share"), [(2975, 0.9997), (1, 0.0003)])
def test_one_quarter_hour_of_a_month_shows(quarter_hours: int, share: float) -> None:
    # A month that lacks one says so, and so does one of which there is but one: 1 / 2976.
    start = at("2026-07-01T00:00:00S")
    month = Month(
        start=start.astimezone(LUXEMBOURG), days=(Day(start=start, quarter_hours=quarter_hours),)
    )
    assert month.measured_share(at("2026-08-01T00:00:00S")) == share


def test_another_meter_goes_on_in_the_same_month() -> None:
    house = Connection("2026-07-15T12:00:00S")
    house.read()
    house.draw(20, 100)
    house.serial, house.imported_wh = "SAG1030790009999", 7
    house.after(10)
    demand = house.draw(60, 50)

    assert demand.month.imported_kwh == pytest.approx(5.0)  # 20 * 100 Wh and 60 * 50 Wh
    house.restart()
    assert house.draw(1, 50).month.imported_kwh == pytest.approx(5.05)


def test_a_telegram_of_another_meter_in_between_loses_nothing() -> None:
    house = Connection("2026-07-15T12:00:00S")
    house.read()
    house.draw(20, 100)
    house.meter.update(house.time + timedelta(seconds=5), Energies(99_999.0), None, "SAG2")
    house.after(10, 30)
    demand = house.draw(30, 100)

    assert demand.month.imported_kwh == pytest.approx(2.0 + 0.03 + 3.0)


def test_a_clock_that_is_days_ahead_for_hours_leaves_nothing_behind() -> None:
    house = Connection("2026-07-30T12:00:00S", reference_kw=3)
    house.read()
    house.draw(60, 10)
    right = house.time
    house.time += timedelta(days=3)
    house.after(60, 10)
    demand = house.draw(6 * 60, 100)  # 6 kW
    assert demand.month_start == at("2026-07-01T00:00:00S")
    house.restart()

    house.time = right + timedelta(minutes=6 * 60 + 2)
    house.imported_wh += 10
    house.read()
    demand = house.draw(33, 10)

    assert demand.month_start == at("2026-07-01T00:00:00S")
    # 60 * 10 + 10 + 360 * 100 + 10 + 33 * 10 Wh, of which nothing is known to have been above.
    assert demand.month.imported_kwh == pytest.approx(36.95)
    assert demand.month.days[0].gap_wh == pytest.approx(36_020)
    assert demand.month.above(3) == ClassExcess(0, 0)
    assert demand.month.peak == QuarterHour(at("2026-07-30T12:00:00S"), 0.6)
    assert demand.earlier_months == ()


@pytest.mark.parametrize("minutes", [1, 10, 15])
def test_however_rare_telegrams_are_a_clock_that_was_a_month_ahead_costs_nothing(
    minutes: int,
) -> None:
    house = Connection("2026-07-15T12:00:00S")
    house.read()

    def run(hours: int) -> Demand:
        return [house.after(minutes * 60, minutes * 10) for _ in range(hours * 60 // minutes)][-1]

    run(2)
    for _ in range(2):
        house.time += timedelta(days=31)
        run(3)
        house.time -= timedelta(days=31)
        demand = run(2)

    assert demand.month.imported_kwh == pytest.approx(0.6 * (2 + 2 * (3 + 2)))
    assert demand.earlier_months == ()


def test_a_clock_that_is_set_right_for_good_is_believed_after_a_day() -> None:
    house = Connection("2026-07-15T12:00:00S")
    house.read()
    house.draw(60, 10)
    house.time = at("2028-01-10T12:00:00W")
    house.after(60, 10)
    house.draw(23 * 60, 10)
    assert len(house.meter.as_dict()["stretches"]) == 2
    house.draw(75, 10)

    stored = house.meter.as_dict()
    assert len(stored["stretches"]) == 1
    demand = house.meter.snapshot
    assert demand
    assert [f"{month.start:%Y-%m}" for month in demand.earlier_months] == ["2026-07"]
    assert demand.earlier_months[0].imported_kwh == 0.6
    assert demand.month.imported_kwh == pytest.approx(14.56)


def test_a_repeated_hour_is_not_counted_twice() -> None:
    house = Connection("2026-07-15T00:00:00S")
    house.read()
    house.draw(12 * 60, 10)
    house.time -= timedelta(hours=3)
    house.after(60, 10)
    demand = house.draw(14 * 60 + 59, 10)  # until midnight, and for more than half a day

    assert demand.month.quarter_hours <= 96
    assert demand.month.imported_kwh == pytest.approx(7.2 + 0.01 + 8.99)


def test_a_repeated_day_is_stored_like_any_other() -> None:
    house = Connection("2026-07-15T00:00:00S")
    house.read()
    for _ in range(3):
        house.draw(25 * 60 + 30, 100)
        house.time -= timedelta(days=1)
        house.after(60, 100)
    house.draw(25 * 60 + 30, 100)
    expected = house.meter.snapshot
    assert expected
    for day in expected.month.days:
        assert max(day.quarter_hours, day.above[3].quarter_hours) <= 96

    house.restart()
    assert house.meter.snapshot
    assert house.meter.snapshot.month == expected.month


def test_a_contract_for_each_quarter_hour_is_stored_like_any_other() -> None:
    house = Connection("2026-07-01T00:00:00S")
    house.read()
    for number in range(210):
        house.after(300, 100)
        house.set_price(-number / 100)
        house.after(600, 100)
    house.restart()

    assert house.meter.snapshot
    month = house.meter.snapshot.month
    # Those that are forgotten no longer divide what was before.
    assert len(month.days) == 201
    assert month.imported_kwh == pytest.approx(42)
    assert len(house.meter.snapshot.contracts.entries) == 200


def test_times_of_a_month_are_in_luxembourgs_time() -> None:
    month = Month(start=at("2026-10-01T00:00:00S"))
    assert month.end.isoformat() == "2026-11-01T00:00:00+01:00"
    assert month.end == datetime(2026, 10, 31, 23, tzinfo=UTC)


def test_the_share_is_known_when_the_first_quarter_hour_has_ended() -> None:
    start = at("2026-07-01T00:00:00S")
    month = Month(start=start.astimezone(LUXEMBOURG), days=(Day(start=start, quarter_hours=1),))
    assert month.measured_share(at("2026-07-01T00:14:59S")) == 0
    assert month.measured_share(at("2026-07-01T00:15:00S")) == 1
    assert month.measured_share(at("2026-07-01T00:30:00S")) == 0.5
