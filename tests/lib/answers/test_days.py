"""The days of a month add up to its bill."""

from datetime import date, timedelta

import numpy as np
import pytest

from dev.testing.times import utc
from smartyp1.answers.days import days_report
from smartyp1.bill.daily_bills import bills_by_day
from smartyp1.bill.month import Month
from smartyp1.energy_table.table import RowSource
from smartyp1.history.market_prices import MarketPrices
from smartyp1.prices.agreed_prices import price_file
from smartyp1.prices.contract import Contract
from tests.lib.bill.months import agreed, day, local, month
from tests.lib.bill.support import read_quarter_hours


def test_days_add_up_where_one_has_energy_without_a_market_price() -> None:
    contracts = agreed(reference_kw=7, energy_margin=0.02)
    # 3 of the 100 kWh have no price: too much of the first day, not of the month.
    wh = [7_000, *[10_000] * 9]
    days = [
        day(f"2026-06-{n:02}", 10, market_wh=each, market_cost=each / 10_000)
        for n, each in enumerate(wh, 1)
    ]
    june, until = month("2026-06", *days).within(contracts), local("2026-06-11")

    costs = [
        due.total - before.total
        for _, _, before, due in bills_by_day(*june, until)
        if before.total is not None and due.total is not None
    ]
    assert len(costs) == 10
    assert sum(costs) == pytest.approx(june.bill(until).total)


def test_the_first_feed_in_with_a_price_is_no_consumption() -> None:
    contract = Contract(reference_kw=7, energy_price=0.15, feed_in_margin=-0.01)
    first = utc("2026-06-30 22:00")
    second_day = first + timedelta(days=1)
    _, household = read_quarter_hours(
        contract,
        first,
        first + timedelta(days=3),
        lambda _: (0.1, 0.05),
        # Known from 2 July on.
        lambda time: MarketPrices(feed_in=0.11 if time >= second_day else None),
    )
    days = days_report(household, date(2026, 7, 1), date(2026, 7, 4))["days"]
    # 9.6 kWh at 0.15 and 0.0510, and 8 %; 4.8 kWh at 0.10.
    assert [each["cost_used"] for each in days] == pytest.approx([2.08] * 3, abs=0.03)
    assert [each["feed_in"] for each in days] == [None, -0.48, -0.48]
    assert [each["cost_above"] for each in days] == [0, 0, 0]


@pytest.mark.parametrize("replaces", [False, True], ids=["on top", "instead"])
def test_the_cost_above_is_the_extra_cost_over_the_same_energy_below(
    replaces: bool,  # noqa: FBT001 - a parameter of a test
) -> None:
    contract = Contract(reference_kw=3, energy_price=0.15, replaces_variable=replaces)
    first = utc("2026-06-30 22:00")
    end = first + timedelta(days=3)
    _, household = read_quarter_hours(
        contract, first, end, lambda time: (2.0 if time.hour == 18 else 0.1, 0)
    )
    days = days_report(household, date(2026, 7, 1), date(2026, 7, 4))["days"]
    published = price_file().at(first)
    surcharge, variable = published.price("surcharge"), published.price("variable")
    assert surcharge is not None
    assert variable is not None
    price = surcharge - (variable if replaces else 0.0)
    found = [each["cost_above"] for each in days]
    # 1.25 kWh four times a day.
    assert found == pytest.approx([5 * price * 1.08] * 3, abs=0.011)
    # Parts of quarter-hours are never above the reference power.
    table = household.ledger.table
    below = table._replace(source=np.full(len(table.quarter), RowSource.PART, np.int8))
    before, after = (
        Month(household.ledger.with_table(of), household.month_start).bill(end).total or 0.0
        for of in (table, below)
    )
    assert sum(found) == pytest.approx(before - after, abs=0.011)
