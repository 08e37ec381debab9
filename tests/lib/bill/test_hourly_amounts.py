"""Hours of energy and cost: their content, and their sums in months and bills.

The house draws a power that depends on the hour only, so the energy of each hour is known without
the program. Prices are those in 2026: the grid takes 0.051 a kWh, and 0.0765 more above the
reference power, with 8 % of VAT.
"""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from smartyp1.bill.bill import monthly_lines
from smartyp1.bill.daily_bills import bills_by_day
from smartyp1.bill.hourly_amounts import HourlyAmounts, amounts_by_hour
from smartyp1.bill.household import Household
from smartyp1.bill.household_state import HouseholdState
from smartyp1.bill.leneda_days import LenedaDays
from smartyp1.bill.month import Month
from smartyp1.history.market_prices import MarketPrices
from smartyp1.prices.contract import Contract
from tests.lib.bill.lives import DAY, FIXED, HOUR, JUNE, MARKET, QUARTER, SECOND, Life
from tests.lib.bill.support import Disk, change_contract
from tests.random_examples import examples

LIFE = Life()
feed, leneda, market, sharing, kw = LIFE.feed, LIFE.leneda, LIFE.market, LIFE.sharing, LIFE.kw
CONTRACTS = pytest.mark.parametrize("contract", [FIXED, MARKET, SECOND])


def amounts(meter: Household) -> tuple[HourlyAmounts, list[Month], HouseholdState]:
    """Return all hours of a meter, and the months from which they come."""
    demand = meter.newest
    assert demand
    months = [*demand.earlier_months, demand.known_month]
    starts = [month.start for month in months]
    return amounts_by_hour(demand.ledger, starts, demand.until), months, demand


def total(hours: dict[datetime, float], month: Month) -> float:
    """Return the sum of the hours of a month."""
    return sum(value for hour, value in hours.items() if month.start <= hour < month.end)


def checked(meter: Household) -> HourlyAmounts:
    """Return the hours of a meter, after a comparison with its months and bills."""
    found, months, demand = amounts(meter)
    assert all(hour + HOUR <= demand.until for hours in found for hour in hours)
    for month in months:
        if month.end <= demand.until:
            assert total(found.imported, month) == pytest.approx(month.imported_kwh, abs=2e-4)
            assert total(found.exported, month) == pytest.approx(month.exported_kwh, abs=2e-4)
            due = month.bill().total
            if due is not None:
                assert total(found.total, month) == pytest.approx(due, abs=1e-6)
    return found


def is_full_hour(time: datetime) -> bool:
    """Return whether an hour has just ended: each of the first two days, then every 13th."""
    is_chosen = time < JUNE + 2 * DAY or time.timestamp() // 3600 % 13 == 0
    return time.minute == 0 and is_chosen


@CONTRACTS
def test_the_total_is_the_bill_at_each_hour(contract: Contract) -> None:
    meter = Household(contract)
    kwh, time, last = 1000.0, JUNE - 2 * HOUR, 0.0
    while time < JUNE + 31 * DAY:
        end = time + QUARTER
        kwh = feed(meter, time, end, kwh=kwh)
        time = end
        if not is_full_hour(time):
            continue
        found, months, demand = amounts(meter)
        month = months[-1]
        due = month.bill(demand.until).total
        if due is None:
            continue
        last = total(found.total, month)
        assert last == pytest.approx(due, abs=0.005)
    assert last > 0.2  # of July
    checked(meter)


@CONTRACTS
@pytest.mark.parametrize("minutes", [0, 560, 1416, 1430])
def test_fixed_prices_of_the_first_day_count_from_the_first_reading(
    contract: Contract, minutes: int
) -> None:
    meter, begin = Household(contract), JUNE + timedelta(minutes=minutes)
    end = begin - begin.minute % 15 * timedelta(minutes=1) + QUARTER
    kwh = feed(meter, begin, end)
    for hours in (1, 2, 40):
        kwh = feed(meter, end, end + hours * HOUR, kwh=kwh)
        end += hours * HOUR
        found, months, demand = amounts(meter)
        [month] = months
        due, until = month.bill(demand.until), demand.until.replace(minute=0)
        since = month.since or month.start
        assert begin - QUARTER < since <= begin
        days = [*bills_by_day(*month, demand.until)]
        assert days[0].start == since
        # 13.14 EUR of the grid, without the supplier's fee, and 8 % of VAT
        days_of_june = (demand.until - since) / DAY
        expected = (13.14 + (contract.energy_fee or 0)) * 1.08 * days_of_june / 30
        assert due.amount(*monthly_lines()) == pytest.approx(expected, abs=0.011)
        if due.total is not None and contract.energy_margin is None:
            assert sum(day.cost or 0 for day in days) == pytest.approx(due.total, abs=1e-6)
            at_hour = month.ledger.between(month.start, until)
            due_at_hour = Month(at_hour, month.start).bill(until).total
            assert total(found.total, month) == pytest.approx(due_at_hour, abs=0.005)


def test_an_hour_by_hand() -> None:
    meter = Household(replace(FIXED, energy_fee=None))
    feed(meter, JUNE - HOUR, JUNE + 31 * DAY)

    found = checked(meter)

    noon, evening, night = (JUNE + 9 * DAY + n * HOUR for n in (14, 20, 4))  # 12, 18 and 2 UTC
    assert found.imported[noon] == pytest.approx(0.64)
    assert found.exported[noon] == pytest.approx(0.3)
    assert found.cost[noon] == pytest.approx(0.64 * 0.201 * 1.08)
    assert found.compensation[noon] == pytest.approx(0.3 * 0.08)
    assert found.cost[evening] == pytest.approx(4.76 * 0.201 * 1.08)
    # 1.76 kWh above 3 kW; fixed prices of 7.42 and 5.72 in 720 hours; cents of rounding.
    fixed = 13.14 / 720 * 1.08
    own = found.cost[evening] + 1.76 * 0.0765 * 1.08
    assert found.total[evening] == pytest.approx(own + fixed, abs=0.001)
    assert found.total[night] == pytest.approx(found.cost[night] + fixed, abs=0.001)
    assert (found.total[noon] - found.total[night]) == pytest.approx(
        found.cost[noon] - found.compensation[noon] - found.cost[night]
    )


def test_the_second_price_begins_at_its_hour() -> None:
    meter = Household(SECOND)
    feed(meter, JUNE - HOUR, JUNE + 3 * DAY)
    found, _, _ = amounts(meter)
    before, after = JUNE + 45 * HOUR, JUNE + 46 * HOUR  # 21 and 22 o'clock
    assert found.cost[before] / found.imported[before] == pytest.approx(0.251 * 1.08)
    assert found.cost[after] / found.imported[after] == pytest.approx(0.151 * 1.08)


def test_a_market_price_is_that_of_its_hour() -> None:
    meter = Household(MARKET)
    feed(meter, JUNE - HOUR, JUNE + 3 * DAY)
    found, _, _ = amounts(meter)
    for hour in (JUNE + 31 * HOUR, JUNE + 38 * HOUR, JUNE + 40 * HOUR):
        of_market = 0.05 + 0.01 * (hour.hour % 7)
        price = (of_market + 0.02 + 0.051) * 1.08
        assert found.cost[hour] == pytest.approx(found.imported[hour] * price, abs=2e-4)
        assert found.compensation[hour] == pytest.approx(found.exported[hour] * 0.03, abs=1e-6)


def without(*days: int) -> Callable[[datetime], MarketPrices]:
    """Return prices of the market that are unknown on some days."""
    return lambda time: MarketPrices() if time.day in days else market(time)


def test_missing_market_prices_are_a_days_mean() -> None:
    meter = Household(MARKET)

    def price(time: datetime) -> MarketPrices:
        day = (time + 2 * HOUR).day
        energy = 0.30 if day == 4 else 0.05 + day / 1000
        return MarketPrices() if day == 5 else MarketPrices(energy, 0.04)

    feed(meter, JUNE - HOUR, JUNE + 31 * DAY, price=price)
    found = checked(meter)
    # No quarter-hour of the fifth has a price, so all of them have the mean of the fourth.
    hours = [JUNE + 4 * DAY + n * HOUR for n in range(24)]
    prices = [found.cost[hour] / found.imported[hour] for hour in hours]
    # 0.3 of the market, 0.02 of the supplier and 0.051 of the grid. Wh of the register are rounded.
    assert prices == pytest.approx([0.371 * 1.08] * 24, abs=1e-4)


def test_a_month_with_few_market_prices_has_no_costs() -> None:
    meter = Household(MARKET)
    feed(meter, JUNE - HOUR, JUNE + 31 * DAY, price=without(*range(5, 20)))
    found = checked(meter)
    assert JUNE + 11 * DAY not in found.cost
    assert not any(JUNE + 5 * DAY <= hour < JUNE + 30 * DAY for hour in found.total)
    # The operator pays for energy with a price only.
    assert found.compensation[JUNE + 11 * DAY + 13 * HOUR] == 0
    assert found.compensation[JUNE + 25 * DAY + 13 * HOUR] == pytest.approx(0.3 * 0.03)
    meter = Household(MARKET)
    feed(meter, JUNE - HOUR, JUNE + DAY, price=without(*range(32)))
    found, _, _ = amounts(meter)
    assert set(found.compensation.values()) == {0}


def test_outages_an_exchange_and_a_clock_set_back() -> None:
    meter = Household(FIXED)
    first = JUNE + 4 * DAY + timedelta(hours=3, minutes=20)
    kwh = feed(meter, JUNE - HOUR, first, minutes=5)
    second = JUNE + 6 * DAY + timedelta(hours=7, minutes=7)
    kwh = feed(meter, second, JUNE + 9 * DAY, minutes=1, kwh=kwh + 250)
    kwh = feed(meter, JUNE + 9 * DAY + 2 * HOUR, JUNE + 14 * DAY, kwh=3.0, serial="B")
    # The clock was an hour ahead, and is set right for good.
    feed(meter, JUNE + 14 * DAY - HOUR, JUNE + 31 * DAY, kwh=kwh, serial="B")

    found = checked(meter)

    # 250 kWh in 51.8 hours, at any hour; no energy while the meters were exchanged.
    outage = JUNE + 4 * DAY + 20 * HOUR
    assert found.imported[outage] == pytest.approx(250 * (HOUR / (second - first)), abs=0.01)
    # The energy is 4.8 kW, but the power of no quarter-hour is known.
    before = outage - 18 * HOUR
    rests = [found.total[hour] - found.cost[hour] for hour in (before, outage)]
    assert rests[1] == pytest.approx(rests[0])
    assert found.imported.get(JUNE + 9 * DAY + HOUR, 0.0) == 0.0
    assert JUNE + 9 * DAY + HOUR in found.total
    # Both measurements of the hour count.
    assert found.imported[JUNE + 14 * DAY - HOUR] == pytest.approx(2 * 0.82, abs=0.03)
    assert min(found.imported.values()) >= 0


@pytest.mark.parametrize(("midnight", "hours"), [("2026-03-29", 23), ("2026-10-25", 25)])
@CONTRACTS
def test_a_day_on_which_the_clocks_change(contract: Contract, midnight: str, hours: int) -> None:
    begin = datetime.fromisoformat(f"{midnight}T00:00+00:00") - (1 if hours == 23 else 2) * HOUR
    meter = Household(contract)
    feed(meter, begin - 30 * DAY, begin + 8 * DAY)
    found = checked(meter)
    assert all(begin + n * HOUR in found.total for n in range(hours + 1))
    prices = {n: found.cost[begin + n * HOUR] / found.imported[begin + n * HOUR] for n in range(26)}
    if contract is SECOND:
        # The second price ends at 6 o'clock, and begins at 22 o'clock.
        six = 5 if hours == 23 else 7
        changes = [n for n in range(1, 26) if abs(prices[n] - prices[n - 1]) > 0.01]
        assert changes == [six, six + 16]


def test_contracts_entered_late_and_the_vat_switched() -> None:
    meter = Household()
    feed(meter, JUNE - HOUR, JUNE + 40 * DAY)
    found, _, _ = amounts(meter)
    assert (found.total, found.cost, found.compensation) == ({}, {}, {})

    change_contract(meter, FIXED, date(2026, 6, 10))
    change_contract(meter, FIXED, date(2026, 5, 1))
    gross = checked(meter)
    assert gross.cost[JUNE + 2 * DAY + 14 * HOUR] == pytest.approx(0.64 * 0.201 * 1.08)

    change_contract(meter, replace(FIXED, has_vat=False))
    net = checked(meter)
    assert net.cost[JUNE + 2 * DAY + 14 * HOUR] == pytest.approx(0.64 * 0.201)


def test_a_price_of_last_year_entered_late() -> None:
    meter = Household(replace(FIXED, energy_price=0.25))
    year = datetime(2025, 12, 31, 23, tzinfo=UTC)
    feed(meter, year - 70 * DAY, year + 45 * DAY)
    before = checked(meter)

    change_contract(meter, replace(FIXED, energy_price=0.35), date(2025, 11, 10))
    change_contract(meter, replace(FIXED, energy_price=0.25), date(2026, 1, 10))
    after = checked(meter)

    since, until = datetime(2025, 11, 9, 23, tzinfo=UTC), datetime(2026, 1, 9, 23, tzinfo=UTC)
    assert after.imported == before.imported
    for hour, kwh in after.imported.items():
        dearer = kwh * 0.1 * 1.08 if since <= hour < until else 0.0
        assert after.cost[hour] - before.cost[hour] == pytest.approx(dearer, abs=1e-9), hour
    assert since - HOUR in after.total
    assert until in after.total


@pytest.mark.parametrize("contract", [FIXED, MARKET])
def test_sharing_that_comes_five_weeks_late(contract: Contract) -> None:
    meter = Household(replace(contract, community_price=0.09))
    feed(meter, JUNE - HOUR, JUNE + 38 * DAY)
    before = checked(meter)

    shared = sharing(JUNE + 2 * DAY + 4 * HOUR, 12, 50.0)
    meter.set_leneda_days(LenedaDays([], shared))
    after = checked(meter)

    assert after.imported == before.imported
    differing = {h for h, cost in before.cost.items() if abs(cost - after.cost[h]) > 1e-9}
    assert differing == {start.replace(minute=0) for start in shared}
    hour = JUNE + 2 * DAY + 5 * HOUR
    kwh, price = before.imported[hour], before.cost[hour] / before.imported[hour]
    # 0.2 kWh cost the grid and the community, whose own bill is not a part of the bill.
    paid = (kwh - 0.2) * price + 0.2 * (0.051 * 1.08 + 0.09)
    assert after.cost[hour] == pytest.approx(paid)
    less = before.total[hour] - after.total[hour]
    assert less == pytest.approx(0.2 * (price - 0.051 * 1.08), abs=0.001)


def test_the_running_quarter_hour_is_in_no_hour() -> None:
    sums = []
    for minutes in (0, 44):
        meter = Household(FIXED)
        feed(meter, JUNE, JUNE + timedelta(days=1, hours=18, minutes=minutes), minutes=1)
        found = checked(meter)
        last = JUNE + timedelta(days=1, hours=17)
        assert max(found.imported) == max(found.total) == last
        sums.append(sum(eur for hour, eur in found.total.items() if hour >= JUNE + DAY))
    # Only cents of rounding are shared anew.
    assert sums[0] == pytest.approx(sums[1], abs=0.03)


def test_leneda_alone_then_a_cable() -> None:
    meter = Household()
    change_contract(meter, FIXED, date(2026, 4, 1))
    meter.set_leneda_days(LenedaDays(leneda(JUNE - 60 * DAY, JUNE + 10 * DAY)))
    alone = checked(meter)
    assert len(alone.imported) == 70 * 24

    feed(meter, JUNE + 10 * DAY + timedelta(hours=5, minutes=20), JUNE + 32 * DAY, minutes=5)
    meter.set_leneda_days(LenedaDays(leneda(JUNE - 60 * DAY, JUNE + 11 * DAY)))
    both = checked(meter)

    hours = sorted(both.imported)
    assert len(hours) == (hours[-1] - hours[0]) / HOUR + 1  # none is missing
    for hour, kwh in both.imported.items():
        assert kwh == pytest.approx(kw(hour), abs=1e-3)
    assert all(both.imported[hour] == pytest.approx(kwh) for hour, kwh in alone.imported.items())
    meter.set_leneda_days(LenedaDays([]))
    assert min(amounts(meter)[0].imported) == JUNE + 10 * DAY + 5 * HOUR


def test_leneda_in_an_outage_changes_only_its_hours() -> None:
    meter = Household(FIXED)
    begin, end = JUNE + 4 * DAY + 5 * HOUR, JUNE + 6 * DAY + 9 * HOUR
    kwh = feed(meter, JUNE - HOUR, begin)
    drawn = sum(kw(begin + n * QUARTER) / 4 for n in range((end - begin) // QUARTER))
    feed(meter, end, JUNE + 31 * DAY, kwh=kwh + drawn)
    before = checked(meter)

    days = leneda(JUNE + 4 * DAY, JUNE + 6 * DAY)
    meter.set_leneda_days(LenedaDays(days))
    after = checked(meter)

    for hour, kwh in after.imported.items():
        if begin <= hour < JUNE + 6 * DAY:
            assert kwh == pytest.approx(kw(hour), abs=1e-3)
        elif not begin <= hour < end:
            assert kwh == before.imported[hour]
    # The operator corrects a single quarter-hour.
    days[100] = days[100]._replace(mean_kw=2.0)
    meter.set_leneda_days(LenedaDays(days))
    corrected = checked(meter)
    hour = days[100].start.replace(minute=0)
    assert corrected.imported[hour] == pytest.approx(kw(hour) * 0.75 + 0.5)


@pytest.mark.parametrize("seed", range(examples(8)))
def test_the_hours_of_any_life_add_up(seed: int) -> None:
    [*_, meter] = LIFE.parts(random.Random(seed))  # noqa: S311
    found, disk = checked(meter), Disk()
    disk.write(meter)
    restored = Household.from_dict(meter.as_dict(), meter._contracts, disk.files)
    restored.set_prices(meter.price_sources)
    restored.set_leneda_days(meter.leneda)
    for hours, before in zip(checked(restored), found, strict=True):
        assert hours == pytest.approx(before, abs=1e-6)
