"""A quarter-hour without a market price has a stand-in price, which its later days never change."""

import random
from datetime import datetime, timedelta
from itertools import pairwise
from math import inf, nan

import numpy as np
import pytest

from dev.testing.random_examples import examples
from smartyp1.bill.daily_bills import bills_by_day
from smartyp1.bill.hourly_amounts import HourlyAmounts, amounts_by_hour
from smartyp1.bill.ledger import Ledger, RunningPrices
from smartyp1.bill.month import Month
from smartyp1.energy_table.filled_market_prices import filled, stand_ins_of_today
from smartyp1.energy_table.table import Table
from smartyp1.energy_table.wall_clock import number_from
from smartyp1.history.luxembourg_time import day_start, month_start
from smartyp1.history.market_prices import NO_PRICES
from smartyp1.history.register_amounts import Amounts
from smartyp1.prices.contract import BEGINNING, Contract
from tests.lib.bill.months import agreed, changing, ledger_of, local
from tests.lib.bill.tables import DayRows, table_of_days

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("days", "today", "expected"),
    [
        # The own day's mean counts after its end, (1 * 0.1 + 3 * 0.2) / 4; until then, the last
        # day's.
        ([[(1, 0.1), (3, 0.2), (5, nan)]], 1, [0.175]),
        ([[(1, 0.3)], [(1, 0.1), (5, nan)]], 2, [0.1]),
        ([[(1, 0.3)], [(1, 0.1), (5, nan)]], 1, [0.3]),
        ([[(1, 0.3)], [(2, nan)], [(1, 0.1), (5, nan)]], 2, [0.3, 0.3]),
        # A day whose priced quarter-hours have no energy has no mean.
        ([[(1, 0.3)], [(0, 0.9), (5, nan)]], inf, [0.3]),
        # The first mean counts for days before it. Without any mean: the first price.
        ([[(2, nan)], [(3, nan)], [(1, 0.1), (1, 0.2)]], inf, [0.15, 0.15]),
        ([[(2, nan)], [(1, 0.1), (1, 0.2)]], 1, [0.1]),
        ([[(0, 0.4), (2, nan)], [(0, 0.2)]], inf, [0.4]),
        ([[(2, nan)]], inf, [nan]),
        ([[(1, -0.05), (5, nan)]], inf, [-0.05]),
    ],
)
def test_the_stand_in_price(
    days: list[list[tuple[float, float]]], today: float, expected: list[float]
) -> None:
    wh, price = np.array([row for of_day in days for row in of_day], float).T
    count = [len(of_day) for of_day in days]
    table = table_of_days({f"2026-06-{n + 1:02}": DayRows(0.0) for n in range(len(days))})
    of_day = [96 * n + place for n, most in enumerate(count) for place in range(most)]
    table = table.where(np.array(of_day))._replace(imported=wh, market=price)
    until = None if today == inf else local(f"2026-06-{int(today) + 1:02}T12:00")
    found = filled(table, [BEGINNING], until)
    assert found.market[np.isnan(price)].tolist() == pytest.approx(expected, nan_ok=True)
    assert found.is_market_filled.tolist() == (np.isnan(price) & ~np.isnan(found.market)).tolist()
    assert found.market[~np.isnan(price)].tolist() == price[~np.isnan(price)].tolist()
    assert np.isnan(found.feed_in).all()
    assert filled(found, [BEGINNING], until).market.tolist() == pytest.approx(
        found.market.tolist(), nan_ok=True
    )


CONTRACTS = changing(
    ("2020-01-01", Contract(reference_kw=3, energy_margin=0.02, feed_in_margin=-0.01)),
    (
        "2026-11-05",
        Contract(reference_kw=7, energy_margin=0.03, energy_fee=2.5, feed_in_price=0.05),
    ),
)
FIRST, END = local("2026-10-30"), local("2026-11-12")


def household(chance: random.Random) -> Table:
    """Return a table of two weeks, with gaps of the prices and quarter-hours without energy."""
    days = {}
    for n in range(13):
        count, gaps = 96, chance.choice([0.0, 0.02, 0.08])
        market = [round(chance.uniform(-0.05, 0.4), 5) for _ in range(count)]
        feed_in = [price if chance.random() > gaps else nan for price in market]
        if chance.random() < 0.3:
            begin = chance.randrange(96)
            market[begin : begin + 3] = [nan] * len(market[begin : begin + 3])
        days[f"{FIRST + timedelta(days=n, hours=3):%Y-%m-%d}"] = DayRows(
            [chance.choice([0.0, round(chance.random(), 3)]) for _ in range(count)],
            [chance.choice([0.0, round(chance.random(), 3)]) for _ in range(count)],
            [price if chance.random() > gaps else nan for price in market],
            feed_in,
        )
    return table_of_days(days)


def known_at(table: Table, time: datetime) -> Ledger:
    """Return the ledger at a time."""
    return ledger_of(table.between(BEGINNING, time), CONTRACTS, is_begun=False, until=time)


@pytest.mark.parametrize("seed", range(examples(4)))
def test_gaps_of_prices(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311
    table = household(chance)
    whole = known_at(table, END)
    assert not np.isnan(whole.table.market).any()
    hours = hours_of(whole, END)
    for day in range(3, 13):
        until = FIRST + timedelta(days=day) + chance.randrange(1, 24) * HOUR
        ledger, start = known_at(table, until), month_start(until)
        count = int(table.quarter.searchsorted(number_from(day_start(until))))
        for early, late in zip(ledger.table.prices, whole.table.prices, strict=True):
            # A finished day's prices never change when later days come.
            assert early[:count].tolist() == late[:count].tolist()
        found = hours_of(ledger, until)
        pairs = (found.cost, hours.cost), (found.compensation, hours.compensation)
        for by_hour, later in pairs:
            finished = {hour: eur for hour, eur in by_hour.items() if hour < day_start(until)}
            assert finished == {hour: later[hour] for hour in finished}
        # Hours, days and the bill are the same.
        due = Month(ledger, start).bill(until)
        if due.missing:
            assert due.unpriced_kwh > due.energy.imported_wh / 10_000
            continue
        total = sum(value for hour, value in found.total.items() if hour >= start)
        assert total == pytest.approx(due.total, abs=1e-6)
        bills = [*bills_by_day(ledger, start, until)]
        assert bills[-1].due.total == due.total
        assert all(one.due.total == other.before.total for one, other in pairwise(bills))
        times = sorted({start, until, *chance.choices(sorted(found.cost), k=5)})
        parts = [
            ledger.total(*bounds) for bounds in pairwise(time for time in times if time >= start)
        ]
        assert [*map(sum, zip(*parts, strict=True))] == ledger.total(start, until)


def hours_of(ledger: Ledger, until: datetime) -> HourlyAmounts:
    """Return the hours of all months of a ledger."""
    return amounts_by_hour(ledger, ledger.months, until)


def test_the_running_quarter_hour_has_the_mean_of_the_last_ended_day() -> None:
    days = {"2026-06-01": DayRows(9.6, market=0.1), "2026-06-02": DayRows(9.6, market=0.3)}
    table, contracts = table_of_days(days), agreed(energy_margin=0.0)
    for until, mean in (("2026-06-02T12:00", 0.1), ("2026-06-03T00:00", 0.3)):
        time = local(until)
        ledger = ledger_of(table.between(BEGINNING, time), contracts, until=time)
        before = ledger.sums(time, END)
        prices = RunningPrices(NO_PRICES, stand_ins_of_today(ledger.table, BEGINNING, time))
        sums = ledger.with_running(time, Amounts(500.0, 100.0), prices).sums(time, END)
        assert (before.filled_wh, sums.filled_wh, sums.priced_wh) == (0, 500, 0)
        assert sums.filled_cost == pytest.approx(mean / 2)
        assert (sums.filled_exported_wh, sums.filled_revenue) == (0, 0)
