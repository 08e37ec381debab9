"""Days of the platform, alone and joined to measured days."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

import pytest

from smartyp1.advice.class_comparison import compare
from smartyp1.advice.month_forecast import Estimate, estimate_month
from smartyp1.bill.household import Household
from smartyp1.bill.household_table import table_and_refused
from smartyp1.bill.leneda_days import LenedaDays
from smartyp1.bill.month import Month
from smartyp1.bill.quarter_hour_series import quarter_hours_between, with_reactive
from smartyp1.history.quarter_hour import Origin, QuarterHour
from smartyp1.prices.contract import Contract
from tests.lib.bill.months import days_of, local
from tests.lib.bill.support import Connection, change_contract, known, platform

QUARTER_HOUR = timedelta(minutes=15)
CONTRACT = Contract(reference_kw=7, energy_price=0.15)


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


def test_a_year_decides_which_class_is_the_cheapest_and_has_a_peak() -> None:
    house = added("2026-11-21T10:05:00W")
    peak = local("2026-02-03T18:00")
    year = platform("2025-11-01", "2026-11-21", lambda time: 9.0 if time == peak else 0.4)

    set_leneda_days(house, year)

    household = house.read()
    assert len(household.earlier_months) == 12
    comparison = compare(
        household.ledger, [each.start for each in household.earlier_months], household.until
    )
    assert [month.measured_share for month in comparison.decisive] == [1.0] * 12
    # (9 - 3) / 4 and (9 - 7) / 4 kWh above
    february = comparison.months[3]
    assert [february.classes[kw].excess_kwh for kw in (3, 7, 12)] == [1.5, 0.5, 0]
    assert comparison.cheapest == 3
    found = [month.peak for month in household.earlier_months][3]
    assert found is not None
    assert found == QuarterHour(peak, 9.0, origin=Origin.LENEDA)
    # Both changes of the clock: 743 and 745 hours.
    by_name = {f"{month.start:%Y-%m}": month for month in household.earlier_months}
    assert by_name["2026-03"].sums.quarter_hours == 743 * 4
    assert by_name["2026-10"].sums.quarter_hours == 745 * 4
    assert day_of(by_name["2026-03"], "2026-03-29") == (9_200, 0, 92, 92)
    assert day_of(by_name["2026-10"], "2026-10-25") == (10_000, 0, 100, 100)
    last_year = estimate_month(household.month, household.until)
    assert isinstance(last_year, Estimate)


def test_estimates_of_the_platform_count_and_are_not_measured() -> None:
    house = added("2026-11-21T10:05:00W")
    quarters = [
        each._replace(origin=Origin.LENEDA_ESTIMATED) if each.start >= local("2026-10-31") else each
        for each in platform("2026-10-01", "2026-11-21", 0.4)
    ]
    quarters = [*quarters, QuarterHour(local("2026-11-21"), 5.0, origin=Origin.LENEDA_ESTIMATED)]
    set_leneda_days(house, quarters)
    household = house.read()
    [october] = household.earlier_months
    assert (october.sums.leneda, october.sums.estimated) == (745 * 4, 96)
    assert october.imported_kwh == pytest.approx(74.5 * 4)
    # 96 of 2,980 were not
    assert october.measured_share(october.end) == 0.9678
    assert october.known_share(october.end) == 1.0
    compared = compare(
        household.ledger, [each.start for each in household.earlier_months], household.until
    )
    assert ([month.measured_share for month in compared.months], compared.decisive) == (
        [0.9678],
        (),
    )
    assert household.values.peak is not None
    assert (household.values.peak.mean_kw, household.values.peak.origin) == (
        5.0,
        Origin.LENEDA_ESTIMATED,
    )


def test_a_quarter_hour_of_the_platform_keeps_its_reactive_energy() -> None:
    start = local("2026-06-02")
    quarters = [QuarterHour(start, 0.4321, 0.05, 0.01, 0.02, Origin.LENEDA)]
    past = LenedaDays(quarters)
    found = quarter_hours_between(table_and_refused({}, past)[0], start, start + QUARTER_HOUR)
    assert [*with_reactive(found, {}, past)] == quarters


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


def test_a_month_that_ends_while_nothing_reads_the_meter() -> None:
    # A cable read the house at 1.2 kW until noon of 10 November, then Leneda alone.
    house = added("2026-11-01T00:00:00W")
    while house.time < local("2026-11-10T12:07"):
        for seconds, wh in ((420, 140), (480, 160)):
            house.pass_by(seconds, wh)
            house.tell()
    set_leneda_days(house, platform("2026-11-10", "2026-12-01", 1.2))
    household = house.meter.newest
    assert household
    assert (household.month_start, household.until) == (local("2026-11-01"), local("2026-12-01"))
    set_leneda_days(house, platform("2026-11-10", "2026-12-09", 1.2))
    household = house.meter.newest
    assert household
    assert household.month_start == local("2026-12-01")
    assert household.month.imported_kwh == pytest.approx(8 * 28.8)
    assert household.earlier_months[-1].imported_kwh == pytest.approx(30 * 28.8)
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


def past_of(contract: Contract) -> Household:
    """Return a meter that was never read, after twenty days at 0.4 kW with 5 kW for a while."""
    calm, oven = platform("2026-11-01", "2026-11-21", 0.4), local("2026-11-10T18:30")
    days = (row._replace(mean_kw=5.0) if row.start == oven else row for row in calm)
    meter = Household(contract)
    meter.set_leneda_days(LenedaDays(days))
    return meter


def test_a_meter_of_the_past_has_past_values_and_no_present_ones() -> None:
    contract = Contract(reference_kw=3, energy_price=0.15)
    assert Household(contract).snapshot is None
    meter = past_of(contract)
    household, stored = known(meter), Household.from_dict(meter.as_dict(), contract)
    # After a restart, the meter is the same with its days of the platform.
    assert stored.snapshot is None
    stored.set_leneda_days(meter.leneda)
    assert stored.snapshot == household
    assert not meter.meter.has_readings
    end = datetime(2026, 11, 20, 23, tzinfo=UTC)
    assert household.time == household.until == household.quarter_start == end
    assert household.month_start == local("2026-11-01")
    now = (
        household.values.running,
        household.values.running_kw,
        household.values.projected_kw,
        household.values.last_quarter,
    )
    assert now == (None, None, None, None)
    assert (household.values.will_exceed, household.values.available_kw) == (None, None)
    assert household.values.peak
    assert (household.values.peak.start, household.values.peak.mean_kw) == (
        local("2026-11-10T18:30"),
        5.0,
    )
    # 2 kW above 3 kW for a quarter of an hour.
    assert household.values.excess_kwh == 0.5
    # 20 days of 9.6 kWh, and 4.6 kW more for a quarter of an hour.
    assert household.month.imported_kwh == pytest.approx(192 + 1.15)
    assert len(days_of(household.month)) == 20
    bill = household.month.bill(household.until)
    [energy] = [line for line in bill.lines if line.name == "energy"]
    # 193.15 kWh at 0.15 EUR
    assert (energy.quantity, energy.amount) == (pytest.approx(193.15), 28.97)
    # Without a reference power, no excess is known. This contract begins only at the end.
    change_contract(meter, Contract(energy_price=0.15), date(2026, 11, 21))
    assert known(meter).values.excess_kwh == 0.5
    assert known(past_of(Contract(energy_price=0.15))).values.excess_kwh is None
