"""Days of the platform, joined to measured days: own quarter-hours count everywhere."""

from collections.abc import Iterable
from datetime import date, timedelta

import pytest

from smartyp1.advice.class_comparison import compare
from smartyp1.advice.month_forecast import Estimate, estimate_month, estimated
from smartyp1.answers.days import days_report
from smartyp1.bill.household_table import table_and_refused
from smartyp1.bill.leneda_days import NO_LENEDA_DAYS, LenedaDays
from smartyp1.bill.month import Month
from smartyp1.bill.quarter_hour_views import quarter_hours_between, with_reactive
from smartyp1.history.market_prices import MarketPrices
from smartyp1.history.quarter_hour import Origin, QuarterHour
from smartyp1.history.register_amounts import Amounts
from smartyp1.history.spans import Span, SpanKind
from smartyp1.prices.contract import Contract
from tests.lib.bill.months import LUXEMBOURG, agreed, changing, days_of, lines, local, months_of
from tests.lib.bill.support import Connection, platform, row_of

QUARTER_HOUR = timedelta(minutes=15)
CONTRACT = Contract(reference_kw=7, energy_price=0.15)


def estimates(start: str, end: str, kw: float) -> list[QuarterHour]:
    """Return estimates of the platform."""
    return [each._replace(origin=Origin.LENEDA_ESTIMATED) for each in platform(start, end, kw)]


def set_leneda_days(house: Connection, quarters: Iterable[QuarterHour]) -> None:
    house.meter.set_leneda_days(LenedaDays(quarters))


def added(start: str, contract: Contract = CONTRACT) -> Connection:
    house = Connection(start)
    house.change(contract)
    house.read()
    return house


def day_of(month: Month, text: str) -> tuple[float, float, float, float]:
    """Return the energy of a day and of its gaps, its quarter-hours, and the platform's ones."""
    [day] = [each for each in days_of(month) if each.start == local(text)]
    return day.imported_wh, day.gap_wh, day.sums.quarter_hours, day.sums.leneda


def test_a_meter_that_was_added_on_the_21st_knows_the_days_before() -> None:
    house = added("2026-11-21T10:05:00W")
    house.draw(10, 20)
    house.draw_hours(2)
    assert house.read().month.since == local("2026-11-21T10:00")

    set_leneda_days(house, platform("2026-11-01", "2026-11-21T10:15", 0.4))

    demand = house.after(10, 0)
    month = demand.month
    assert month.since is None
    # 20 days of 9.6 kWh, 40 quarter-hours of 0.1 kWh, and one in which the register rose by 0.2
    # kWh after 10:05; then 8 of 300 Wh of one's own.
    assert day_of(month, "2026-11-01") == (9_600, 0, 96, 96)
    assert month.imported_kwh == pytest.approx(20 * 9.6 + 40 * 0.1 + 0.2 + 2.4)
    assert month.sums.leneda == 20 * 96 + 41
    assert month.sums.quarter_hours == 20 * 96 + 41 + 8
    # A single quarter-hour of 1,969 was changed by more than 50 Wh.
    assert month.measured_share(local("2026-11-21T12:15")) == 0.9995
    due = month.bill(local("2026-11-21"))
    # 20 of 30 days of 12.84
    assert [line for line in lines(due) if line[0] == "network_fixed"] == [
        ("network_fixed", 0.666667, 12.84, 8.56)
    ]


def test_a_year_decides_which_class_is_the_cheapest_and_has_a_peak() -> None:
    house = added("2026-11-21T10:05:00W")
    peak = local("2026-02-03T18:00")
    year = platform("2025-11-01", "2026-11-21", lambda time: 9.0 if time == peak else 0.4)

    set_leneda_days(house, year)

    demand = house.read()
    assert len(demand.earlier_months) == 12
    comparison = compare(
        demand.ledger, [each.start for each in demand.earlier_months], demand.until
    )
    assert [month.measured_share for month in comparison.decisive] == [1.0] * 12
    # (9 - 3) / 4 and (9 - 7) / 4 kWh above
    february = comparison.months[3]
    assert [february.classes[kw].excess_kwh for kw in (3, 7, 12)] == [1.5, 0.5, 0]
    assert comparison.cheapest == 3
    found = [month.peak for month in demand.earlier_months][3]
    assert found is not None
    assert found == QuarterHour(peak, 9.0, origin=Origin.LENEDA)
    # Both changes of the clock: 743 and 745 hours.
    by_name = {f"{month.start:%Y-%m}": month for month in demand.earlier_months}
    assert by_name["2026-03"].sums.quarter_hours == 743 * 4
    assert by_name["2026-10"].sums.quarter_hours == 745 * 4
    assert day_of(by_name["2026-03"], "2026-03-29") == (9_200, 0, 92, 92)
    assert day_of(by_name["2026-10"], "2026-10-25") == (10_000, 0, 100, 100)
    last_year = estimate_month(demand.month, demand.until)
    assert isinstance(last_year, Estimate)


def test_a_gap_within_a_day_is_filled_and_its_energy_counts_once() -> None:
    house = added("2026-11-20T00:00:00W")
    house.draw_hours(10)
    # Off from 10:07 to 14:53: 4.8 kWh, and 100 Wh in each part before and after.
    house.after(420, 140)
    house.after(4 * 3600 + 46 * 60, 5_725)
    house.after(420, 140)
    house.draw_hours(9)
    before = house.read().month
    # 40 + 36 own ones; 24 kWh of the register. The quarter-hours of 5.725 are unknown.
    assert day_of(before, "2026-11-20") == (76 * 300 + 280 + 5_725, 5_725, 76, 0)

    set_leneda_days(house, platform("2026-11-20", "2026-11-21", 2.0))

    month = house.read().month
    # The 20 quarter-hours from 10:00 to 15:00 are the platform's. The platform has 500 Wh for each,
    # but the registers have 6,005 Wh in all.
    assert day_of(month, "2026-11-20") == (76 * 300 + 6_005, 0, 96, 20)
    changed = QuarterHour(local("2026-11-20T10:00"), 1.201, origin=Origin.LENEDA_ESTIMATED)
    assert month.peak == house.demand.values.peak == changed
    assert (month.sums.estimated, before.sums.estimated) == (20, 0)
    house.meter.set_leneda_days(NO_LENEDA_DAYS)
    assert house.read().month.sums == before.sums


def test_of_a_gap_that_is_filled_in_part_the_rest_stays_unknown() -> None:
    house = added("2026-11-20T00:00:00W")
    house.draw_hours(10)
    house.after(5 * 3600, 6_000)
    house.draw_hours(9)
    set_leneda_days(house, platform("2026-11-20T10:00", "2026-11-20T14:00", 1.2))
    # 16 of 20 quarter-hours: 4.8 of 6 kWh
    assert day_of(house.read().month, "2026-11-20") == (76 * 300 + 6_000, 1_200, 92, 16)
    # The platform cannot have more than the register counted.
    set_leneda_days(house, platform("2026-11-20T10:00", "2026-11-20T14:00", 2.0))
    assert day_of(house.read().month, "2026-11-20") == (76 * 300 + 6_000, 0, 92, 16)


def test_own_quarter_hours_count_everywhere() -> None:
    house = added("2026-11-20T00:00:00W")
    house.draw_hours(24)
    before = house.read().month
    set_leneda_days(house, platform("2026-11-20", "2026-11-21", 9.0))
    month = house.read().month
    assert month.sums == before.sums
    assert month.peak == QuarterHour(local("2026-11-20"), 1.2)


def test_estimates_of_the_platform_count_and_are_not_measured() -> None:
    house = added("2026-11-21T10:05:00W")
    quarters = [
        each._replace(origin=Origin.LENEDA_ESTIMATED) if each.start >= local("2026-10-31") else each
        for each in platform("2026-10-01", "2026-11-21", 0.4)
    ]
    quarters = [*quarters, QuarterHour(local("2026-11-21"), 5.0, origin=Origin.LENEDA_ESTIMATED)]
    set_leneda_days(house, quarters)
    demand = house.read()
    [october] = demand.earlier_months
    assert (october.sums.leneda, october.sums.estimated) == (745 * 4, 96)
    assert october.imported_kwh == pytest.approx(74.5 * 4)
    # 96 of 2,980 were not
    assert october.measured_share(october.end) == 0.9678
    assert october.known_share(october.end) == 1.0
    compared = compare(demand.ledger, [each.start for each in demand.earlier_months], demand.until)
    assert ([month.measured_share for month in compared.months], compared.decisive) == (
        [0.9678],
        (),
    )
    assert demand.values.peak is not None
    assert (demand.values.peak.mean_kw, demand.values.peak.origin) == (5.0, Origin.LENEDA_ESTIMATED)


def test_contracts_divide_a_day() -> None:
    contracts = changing(
        ("2026-01-01", Contract(reference_kw=7, energy_price=0.1)),
        (
            "2026-06-10T12:00",
            Contract(
                reference_kw=4,
                energy_price=0.2,
                second_price=0.1,
                second_hours="22:00-06:00",
            ),
        ),
    )
    [june] = months_of(
        {}, LenedaDays(platform("2026-06-10", "2026-06-12", 6.0)), contracts
    ).values()
    noon, end = local("2026-06-10T12:00"), local("2026-06-12")
    parts = [june.ledger.sums(june.start, noon), june.ledger.sums(noon, end)]
    assert [(part.imported_wh, part.above, part.above_wh) for part in parts] == [
        (72_000, 0, 0),
        (216_000, 144, 144 * 500),
    ]
    # From 22:00 to midnight, and 8 hours of the next day.
    assert [part.second_wh for part in parts] == [0, 60_000]
    due = june.bill()
    found = {(name, price): quantity for name, quantity, price, _ in lines(due)}
    assert (found["energy", 0.1], found["energy", 0.2]) == (72, 156)
    assert found["energy_second", 0.1] == 60


def test_the_past_has_no_market_price() -> None:
    house = Connection("2026-11-20T00:00:00W")
    house.change(Contract(reference_kw=7, energy_margin=0.01))
    house.market = MarketPrices(energy=0.09)
    house.read(1.2)
    house.draw_hours(10)
    house.after(5 * 3600, 6_000, 1.2)
    house.draw_hours(9)
    past = platform("2026-11-01", "2026-11-21", 0.8)
    house.meter.set_leneda_days(LenedaDays(past))
    demand = house.demand
    due = demand.month.bill(local("2026-11-21"))
    # 76 quarter-hours of 0.3 kWh had a price, and the first quarter-hour of the outage. No other
    # energy had a price: 19 days of 0.8 kW, and the outage's 6 kWh.
    assert due.missing == ("energy",)
    assert due.unpriced_kwh == pytest.approx(19 * 19.2 + 6 - 0.3)


def test_the_exported_energy_comes_with_the_production() -> None:
    contracts = agreed(feed_in_price=0.08)
    past = LenedaDays(platform("2026-06-01", "2026-07-01", 0.4, 0.25))
    [june] = months_of({}, past, contracts).values()
    assert june.exported_kwh == 30 * 96 * 0.25
    # Without the production, the register's energy of a gap stays.
    times = local("2026-06-03"), local("2026-06-04")
    row = row_of([], Span(*times, SpanKind.GAP, Amounts(9_000, 5_000)))
    past = LenedaDays(platform("2026-06-03", "2026-06-04", 0.4))
    [june] = months_of(row.months, past, contracts).values()
    assert june.exported_kwh == 5
    assert day_of(june, "2026-06-03") == (9_000, 0, 96, 96)
    # With half of the production, the registers give the other half.
    past = LenedaDays(platform("2026-06-03", "2026-06-03T12:00", 0.4, 0.03))
    [june] = months_of(row.months, past, contracts).values()
    assert (june.imported_kwh, june.exported_kwh) == (9, 5)


def test_a_quarter_hour_of_the_platform_keeps_its_reactive_energy() -> None:
    start = local("2026-06-02")
    quarters = [QuarterHour(start, 0.4321, 0.05, 0.01, 0.02, Origin.LENEDA)]
    past = LenedaDays(quarters)
    found = quarter_hours_between(table_and_refused({}, past)[0], start, start + QUARTER_HOUR)
    assert [*with_reactive(found, {}, past)] == quarters


def test_days_around_the_past_stay_in_their_order() -> None:
    days = ("2026-06-02", "2026-06-04", "2026-06-09", "2026-06-25")
    row = row_of(QuarterHour(local(day) + n * QUARTER_HOUR, 0.1) for day in days for n in range(96))
    past = LenedaDays(
        [
            *platform("2026-06-01", "2026-06-02", 0.4),
            *platform("2026-06-03", "2026-06-05", 0.4),
            *platform("2026-06-20", "2026-06-21", 0.4),
        ]
    )
    [june] = months_of(row.months, past).values()
    assert [(day.start.astimezone(LUXEMBOURG).day, day.sums.leneda) for day in days_of(june)] == [
        (1, 96),
        (2, 0),
        (3, 96),
        (4, 0),
        (9, 0),
        (20, 96),
        (25, 0),
    ]


def test_the_ledger_is_the_same_until_there_is_something_new() -> None:
    house = added("2026-10-30T00:00:00W")
    house.draw_hours(60)
    set_leneda_days(house, platform("2026-09-01", "2026-10-30", 0.4))
    first = house.after(10)
    again = house.after(10)
    assert again.ledger is first.ledger
    house.draw_hours(1)
    later = house.read()
    assert later.ledger is not first.ledger
    assert len(later.earlier_months) == 2


def test_estimates_of_the_platform_are_enough_for_a_forecast() -> None:
    house = added("2026-11-04T10:00:00W")
    house.read()
    last_year = estimates("2025-11-01", "2025-12-01", 1.0)
    days = estimates("2026-11-01", "2026-11-04T10:00", 0.4)
    set_leneda_days(house, [*last_year, *days])
    demand = house.read()
    assert demand.month.measured_share(demand.until) == 0
    found = estimate_month(demand.month, demand.until)
    # 9.6 kWh a day: 288 kWh, 43.20 + 14.69 + 12.84 + 5.72 = 76.45; 6.12 of VAT. Last year's 24 kWh
    # a day are long ago.
    assert isinstance(found, Estimate)
    assert found.total == pytest.approx(82.57, rel=0.1)


def silent(until: str) -> Connection:
    """Return a house that a cable read at 1.2 kW until noon of 10 November, then Leneda."""
    house = added("2026-10-01T00:00:00S")
    while house.time < local("2026-11-10T12:07"):
        house.after(420, 140)
        house.after(480, 160)
    set_leneda_days(house, platform("2026-11-10", until, 1.2))
    return house


def test_while_nothing_reads_the_meter_the_bill_ends_with_the_platforms_days() -> None:
    demand = silent("2026-11-21").meter.newest
    assert demand
    assert demand.until == demand.quarter_start == local("2026-11-21")
    assert demand.month.imported_kwh == pytest.approx(20 * 28.8)
    # 20 of 30 days of 12.84 EUR. The forecast adds 10 such days, and some Wh, because one Sunday
    # had 25 hours. 864 kWh: 129.60 + 44.06 + 12.84 + 5.72 = 192.22; 15.38 of VAT
    due = demand.month.bill(demand.until)
    assert ("network_fixed", 0.666667, 12.84, 8.56) in lines(due)
    found = estimated(demand)
    assert isinstance(found, Estimate)
    assert found.total == pytest.approx(207.60, abs=0.1)
    days = days_report(demand, date(2026, 11, 1), date.max)["days"]
    assert len(days) == 20
    assert sum(day["cost"] for day in days) == pytest.approx(due.total)


def test_a_month_that_ends_while_nothing_reads_the_meter() -> None:
    house = silent("2026-12-01")
    demand = house.meter.newest
    assert demand
    assert (demand.month_start, demand.until) == (local("2026-11-01"), local("2026-12-01"))
    set_leneda_days(house, platform("2026-11-10", "2026-12-09", 1.2))
    demand = house.meter.newest
    assert demand
    assert demand.month_start == local("2026-12-01")
    assert demand.month.imported_kwh == pytest.approx(8 * 28.8)
    assert demand.earlier_months[-1].imported_kwh == pytest.approx(30 * 28.8)
    # The sensors' statistics get all of November before December, and answers stay in December.
    house.pass_by((local("2026-12-09T10:05") - house.time).total_seconds(), 28_850 * 29)
    sensors, newest = house.read(), house.meter.newest
    assert newest
    assert sensors.month_start == local("2026-11-01")
    assert sensors.month.imported_kwh == pytest.approx(30 * 28.8)
    # The platform's values count. The energy since then counts after a whole quarter-hour.
    assert (newest.month_start, newest.until) == (local("2026-12-01"), local("2026-12-09"))
    sensors = house.draw(30, 20)
    assert sensors.month_start == local("2026-12-01")
    assert sensors is house.meter.newest


def test_a_slow_clock_does_not_divide_the_bill() -> None:
    house = silent("2026-11-21")
    for _ in range(8):
        demand = house.after(900, 300)
    assert demand.until == local("2026-11-21")
    assert demand.until > house.time
