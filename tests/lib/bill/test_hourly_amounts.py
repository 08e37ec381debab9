"""Hours of energy and cost: the sums of their rows, and their sums in months and bills."""

import random
from collections import defaultdict
from datetime import datetime, timedelta
from itertools import product
from math import nan

import numpy as np
import pytest

from dev.testing.random_examples import each, examples
from smartyp1.bill.bill import monthly_lines
from smartyp1.bill.daily_bills import bills_by_day
from smartyp1.bill.hourly_amounts import HourlyAmounts, amounts_by_hour
from smartyp1.bill.household import Household
from smartyp1.bill.household_state import HouseholdState
from smartyp1.bill.leneda_days import LenedaDays
from smartyp1.bill.month import Month
from smartyp1.energy_table.wall_clock import time_of
from smartyp1.history.luxembourg_time import day_start
from smartyp1.history.market_prices import MarketPrices
from smartyp1.prices.agreed_prices import AgreedPrices
from smartyp1.prices.contract import Contract
from smartyp1.prices.kwh_price import price_of_kwh
from tests.lib.bill.lives import DAY, FIXED, HOUR, JUNE, MARKET, QUARTER, SECOND, Life
from tests.lib.bill.support import Disk

LIFE = Life()
feed, leneda, kw = LIFE.feed, LIFE.leneda, LIFE.kw
CONTRACTS = pytest.mark.parametrize("contract", [FIXED, MARKET, SECOND])


def amounts(meter: Household) -> tuple[HourlyAmounts, list[Month], HouseholdState]:
    """Return all hours of a meter, and the months from which they come."""
    household = meter.newest
    assert household
    months = [*household.earlier_months, household.known_month]
    starts = [month.start for month in months]
    return amounts_by_hour(household.ledger, starts, household.until), months, household


def total(hours: dict[datetime, float], month: Month) -> float:
    """Return the sum of the hours of a month."""
    return sum(value for hour, value in hours.items() if month.start <= hour < month.end)


def checked(meter: Household) -> HourlyAmounts:
    """Return the hours of a meter, after a comparison with its rows, months and bills."""
    found, months, household = amounts(meter)
    assert all(hour + HOUR <= household.until for hours in found for hour in hours)
    for month in months:
        check_rows(found, month, household)
        if month.end <= household.until:
            assert total(found.imported, month) == pytest.approx(month.imported_kwh, abs=2e-4)
            assert total(found.exported, month) == pytest.approx(month.exported_kwh, abs=2e-4)
            due = month.bill().total
            if due is not None:
                assert total(found.total, month) == pytest.approx(due, abs=1e-6)
    return found


def has_stand_ins(month: Month) -> bool:
    """Return whether nine tenths of the energy that is sold to the market have a price."""
    table, contracts = month.ledger.between(month.start, month.end).table, month.ledger.contracts
    margins = [contracts.at(time_of(number)).feed_in_margin for number in table.quarter.tolist()]
    sold = np.nan_to_num(table.exported) * [margin is not None for margin in margins]
    return bool(sold[~np.isnan(table.true_prices[1])].sum() >= 0.9 * sold.sum())


def check_rows(found: HourlyAmounts, month: Month, household: HouseholdState) -> None:
    """Compare the hours of a month with sums of its rows, each at the price of its time."""
    until = min(household.until.replace(minute=0, second=0), month.end)
    ledger, due = month.ledger.between(month.start, until), month.bill(household.until)
    table, contracts = ledger.table, ledger.contracts
    bought = table.true_prices[0] if "energy" in due.missing else table.market
    sold = table.feed_in if has_stand_ins(month) else table.true_prices[1]
    # kWh in, kWh out, cost, compensation, and the same money without the community's bill.
    expected = defaultdict[datetime, list[float]](lambda: [0.0] * 5)
    for n, number in enumerate(table.quarter.tolist()):
        time = time_of(number)
        contract, grid = contracts.at(time), AgreedPrices.of_contract(contracts.at(time), time)
        price = price_of_kwh(contracts, time, MarketPrices(bought[n], sold[n]))
        vat, shared = 1 + (grid.vat_rate or 0.0), table.shared[:, n].sum() / 1000
        kwh, fed = table.imported[n] / 1000, np.nan_to_num(table.exported[n]) / 1000
        of_grid = shared * (grid.variable or 0.0) * vat
        cost = (kwh - shared) * (nan if price.imported is None else price.imported) if kwh else 0.0
        paid = np.nan_to_num(fed * (price.exported or 0.0))
        above = max(0.0, kwh - (contract.reference_kw or 1e9) / 4) * table.is_whole[n]
        row = [kwh, fed, cost + of_grid + shared * (contract.community_price or 0.0), paid]
        row.append(np.nan_to_num(cost + of_grid) - paid + above * (grid.excess or 0.0))
        hour = time.replace(minute=0)
        expected[hour] = [*map(sum, zip(expected[hour], row, strict=True))]
    for hours, column in zip(found[:4], range(4), strict=True):
        of_month = {hour: value for hour, value in hours.items() if hour in expected}
        sums = {hour: row[column] for hour, row in expected.items() if row[column] == row[column]}
        assert of_month == pytest.approx(
            {hour: value for hour, value in sums.items() if hour in of_month}, abs=1e-5
        )
        assert not any(sums[hour] for hour in sums.keys() - of_month.keys())
    # All hours of an ended day have the same part of the monthly prices and the roundings.
    rests = defaultdict[datetime, list[float]](list)
    for hour, eur in found.total.items():
        if month.start <= hour < min(month.end, day_start(household.until)):
            rests[day_start(hour)].append(eur - expected[hour][4])
    for of_day in rests.values():
        assert of_day == pytest.approx([of_day[0]] * len(of_day), abs=1e-5)


def is_full_hour(time: datetime) -> bool:
    """Return whether an hour has just ended: each of the first day, then every 29th."""
    is_chosen = time < JUNE + DAY or time.timestamp() // 3600 % 29 == 0
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
        found, months, household = amounts(meter)
        month = months[-1]
        due = month.bill(household.until).total
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
        found, months, household = amounts(meter)
        [month] = months
        due, until = month.bill(household.until), household.until.replace(minute=0)
        since = month.since or month.start
        assert begin - QUARTER < since <= begin
        days = [*bills_by_day(*month, household.until)]
        assert days[0].start == since
        # 13.14 EUR of the grid, without the supplier's fee, and 8 % of VAT
        days_of_june = (household.until - since) / DAY
        expected = (13.14 + (contract.energy_fee or 0)) * 1.08 * days_of_june / 30
        assert due.amount(*monthly_lines()) == pytest.approx(expected, abs=0.011)
        if due.total is not None and contract.energy_margin is None:
            assert sum(day.cost or 0 for day in days) == pytest.approx(due.total, abs=1e-6)
            at_hour = month.ledger.between(month.start, until)
            due_at_hour = Month(at_hour, month.start).bill(until).total
            assert total(found.total, month) == pytest.approx(due_at_hour, abs=0.005)


CHANGES = ("2026-03-28T23", "2026-10-24T22", "2025-12-31T23")


@pytest.mark.parametrize("case", each(4, [*product(CHANGES, (FIXED, MARKET, SECOND))]))
def test_days_on_which_clocks_or_published_prices_change(case: tuple[str, Contract]) -> None:
    begin, contract = case
    meter, start = Household(contract), datetime.fromisoformat(f"{begin}:00Z")
    feed(meter, start - 30 * DAY, start + 8 * DAY)
    found = checked(meter)
    assert all(start + n * HOUR in found.total for n in range(26))


def test_leneda_alone_then_a_cable() -> None:
    meter = Household(FIXED)
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


@pytest.mark.parametrize("seed", range(examples(2)))
def test_the_hours_of_any_life_add_up(seed: int) -> None:
    [*_, meter] = LIFE.parts(random.Random(seed))  # noqa: S311
    found, disk = checked(meter), Disk()
    disk.write(meter)
    restored = Household.from_dict(meter.as_dict(), meter._contracts, disk.files)
    restored.set_prices(meter.price_sources)
    restored.set_leneda_days(meter.leneda)
    for hours, before in zip(checked(restored), found, strict=True):
        assert hours == pytest.approx(before, abs=1e-6)
