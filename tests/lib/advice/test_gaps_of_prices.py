"""Differences of bills, with days without market prices at any place of a month.

The prices are filled here by hand, from the whole past, and the bills are sums of quarter-hours.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random
from typing import NamedTuple

import pytest

from dev.testing.random_examples import examples
from smartyp1.advice.device_advice import saving_below
from smartyp1.advice.plan_saving import MeasuredLoad, plan_saving
from smartyp1.advice.what_if import Changes, NewContract, compare_years
from smartyp1.advice.what_if_tables import always
from smartyp1.bill.household_state import HouseholdState
from smartyp1.messages.monthly_report import ReportedMonths, cost_change, monthly_report
from smartyp1.plan.daily_load import DailyLoad
from smartyp1.plan.usual_house import LoadEnergy
from smartyp1.prices.contract import BEGINNING, Contract
from smartyp1.prices.market_price_series import PriceSeries, PriceSources, QuarterPrice
from tests.lib.advice.years import household_after, quarter_hours
from tests.lib.bill.months import LUXEMBOURG, local

QUARTER = timedelta(minutes=15)
LONG_AGO = local("2020-01-01")
MARGIN, SOLD_MARGIN = 0.02, -0.01
CONTRACT = Contract(reference_kw=7, energy_margin=MARGIN, feed_in_margin=SOLD_MARGIN)
BOILER = DailyLoad("Boiler", 4.0, 2.0)

type Kwh = Mapping[datetime, float]


class Past(NamedTuple):
    """Quarter-hours of a house in kWh, and the known prices of its market."""

    drawn: Kwh
    fed: Kwh
    prices: Kwh


def day_of(start: datetime) -> date:
    return start.astimezone(LUXEMBOURG).date()


def filled(kwh: Kwh, prices: Kwh) -> Kwh:
    """Return a price for each quarter-hour in `kwh`: its own, or a mean as the page says."""
    cost, priced = defaultdict[date, float](float), defaultdict[date, float](float)
    for start in kwh.keys() & prices.keys():
        cost[day_of(start)] += prices[start] * kwh[start]
        priced[day_of(start)] += kwh[start]
    days = sorted({day_of(start) for start in kwh})
    last = next(cost[day] / priced[day] for day in days if priced[day])
    of_day = {day: (last := cost[day] / priced[day] if priced[day] else last) for day in days}
    return {start: prices.get(start, of_day[day_of(start)]) for start in kwh}


def euros(past: Past, changed: Past, begin: str, end: str, kw: float = 7) -> float:
    """Return the bill of changed quarter-hours minus that of the true ones."""
    bought, sold = filled(past.drawn, past.prices), filled(past.fed, past.prices)

    def cost(of: Past) -> float:
        return sum(
            1.08 * of.drawn[start] * (bought[start] + MARGIN + 0.0510)
            + 1.08 * max(0.0, of.drawn[start] - kw / 4) * 0.0765
            - of.fed[start] * (sold[start] + SOLD_MARGIN)
            for start in past.drawn
            if local(begin) <= start < local(end)
        )

    return cost(changed) - cost(past)


def past_of(random: Random, first: str, end: str, price_at: Callable[[date], float]) -> Past:
    """Return a house with some days without prices, often at the start or end of a month."""
    months = [(n // 12, n % 12 + 1) for n in range(2025 * 12, 2027 * 12)]
    silent = {date(*month, day) for month in months for day in random.sample((1, 2, 14, 27, 28), 2)}
    drawn, fed, prices = dict[datetime, float](), dict[datetime, float](), dict[datetime, float]()
    start = local(first)
    while start < local(end):
        sun = max(0.0, random.uniform(-2, 1)) if 10 <= start.hour < 16 else 0.0
        used = random.choice((0.1, 0.2, 0.4, 2.45))
        drawn[start], fed[start] = max(0.0, used - sun), max(0.0, sun - used)
        if day_of(start) not in silent and random.random() > 0.002:
            prices[start] = price_at(day_of(start)) + random.choice((0.0, 0.03, -0.02))
        start += QUARTER
    return Past(drawn, fed, prices)


def series_of(prices: Kwh) -> PriceSeries:
    series = PriceSeries()
    for start, price in prices.items():
        series.add_price(QuarterPrice(start, round(price, 6)))
    return series


def household_state_of(
    past: Past, first: str, end: str, contract: Contract = CONTRACT
) -> HouseholdState:
    wh = zip(past.drawn.values(), past.fed.values(), strict=True)
    pairs = ((drawn * 1000, fed * 1000) for drawn, fed in wh)
    quarters = quarter_hours(lambda _day, _n: next(pairs), first, end)
    return household_after(quarters, contract, end, prices=series_of(past.prices))


def with_more(past: Past, more: Kwh) -> Past:
    """Return the house with other energies. Exported energy is used first."""
    net = {s: kwh - past.fed[s] + more.get(s, 0.0) for s, kwh in past.drawn.items()}
    drawn = {start: max(0.0, kwh) for start, kwh in net.items()}
    return past._replace(drawn=drawn, fed={start: max(0.0, -kwh) for start, kwh in net.items()})


@pytest.mark.parametrize("seed", range(examples(3)))
def test_differences_of_a_month(seed: int) -> None:
    random = Random(seed)  # noqa: S311
    past = past_of(random, "2026-05-01", "2026-07-01", lambda day: 0.16 if day.month < 6 else 0.06)
    household = household_state_of(past, "2026-05-01", "2026-07-01")
    may, june = household.earlier_months[-2:]
    # The energy above 7 kW keeps its prices but for the surcharge.
    above = sum(max(0.0, kwh - 1.75) for s, kwh in past.drawn.items() if s >= local("2026-06-01"))
    assert saving_below(june) == pytest.approx(above * 0.0765 * 1.08, abs=0.03)
    # A boiler, in any quarter-hours of each day, against the same energy from midnight on.
    boiler: dict[datetime, float] = {}
    at_once: dict[datetime, float] = {}
    starts = [start for start in past.drawn if start >= local("2026-06-01")]
    for start in starts:
        boiler[start] = min(0.4, past.drawn[start]) if random.random() < 0.1 else 0.0
    for n in range(30):
        of_day = starts[n * 96 : n * 96 + 96]
        left = sum(boiler[start] for start in of_day)
        for start in of_day:
            at_once[start] = min(0.5, left)
            left -= at_once[start]
    moved = {start: at_once[start] - boiler[start] for start in starts}
    saved = euros(past, with_more(past, moved), "2026-06-01", "2026-07-01")
    load = MeasuredLoad(BOILER, LoadEnergy({}, boiler), LONG_AGO)
    assert plan_saving(june, [load]) == pytest.approx(saved, abs=0.03)
    # A boiler that ran at once anyway has saved nothing.
    load = MeasuredLoad(BOILER, LoadEnergy({}, at_once), LONG_AGO)
    house = with_more(past, moved)
    [june] = household_state_of(house, "2026-05-01", "2026-07-01").earlier_months[-1:]
    assert plan_saving(june, [load]) == 0
    # The terms have not changed, so no price has.
    change = cost_change(june, may, {})
    assert change
    assert not {cause for cause, _ in change.causes} & {"higher_prices", "lower_prices"}


def test_the_first_of_a_month_without_prices() -> None:
    """0.16 EUR/kWh in May, 0.06 in June, and no price on 1 June."""
    drawn = dict.fromkeys(quarter_starts("2026-05-01", "2026-07-01"), 0.1)
    peaks = [start for start in drawn if start >= local("2026-06-01")][40:44]
    drawn |= dict.fromkeys(peaks, 1.75 + 0.7)
    prices = {s: 0.16 if s < local("2026-06-01") else 0.06 for s in drawn}
    prices = {s: price for s, price in prices.items() if day_of(s) != date(2026, 6, 1)}
    past = Past(drawn, dict.fromkeys(drawn, 0.0), prices)
    household = household_state_of(past, "2026-05-01", "2026-07-01")
    may, june = household.earlier_months[-2:]
    assert saving_below(june) == pytest.approx(2.8 * 0.0765 * 1.08, abs=0.01)
    report = monthly_report([("House", ReportedMonths([may, june], {}, None))])
    assert not {line.key for line in report.lines} & {"advice_above", "advice_device"}


def quarter_starts(first: str, end: str) -> Iterator[datetime]:
    start = local(first)
    while start < local(end):
        yield start
        start += QUARTER


@pytest.mark.parametrize("seed", range(examples(1)))
def test_differences_of_a_year(seed: int) -> None:
    """The year is the last one of the past, and a market's prices are filled from all of it."""
    random = Random(seed)  # noqa: S311
    first, end, begin = "2025-09-20", "2026-11-01", "2025-11-01"
    past = past_of(random, first, end, lambda day: 0.05 + 0.01 * day.month)
    household = household_state_of(past, first, end)
    more = dict.fromkeys(past.drawn, 0.3)
    found = compare_years(household, Changes(loads=[always(1.2)]))
    of_class = found.classes[7]
    difference = euros(past, with_more(past, more), begin, end)
    assert of_class.then.total - of_class.now.total == pytest.approx(difference, abs=0.4)
    # The other market has 0.1 more, and lacks other days.
    other = past_of(Random(seed + 1), first, end, lambda day: 0.15 + 0.01 * day.month)  # noqa: S311
    market = series_of(other.prices)
    terms = {"energy_margin": MARGIN, "energy_price": None}
    sources = PriceSources(BEGINNING, *[series_of(past.prices)] * 2)
    changes = Changes(NewContract(terms, market), loads=[always(1.2)])
    found = compare_years(household, changes, sources)
    of_market = found.classes[7].then.energy
    changed, bought = with_more(past, more).drawn, filled(past.drawn, other.prices)
    now = filled(past.drawn, past.prices)
    expected = 1.08 * sum(
        kwh * (bought[start] + MARGIN + 0.0510) - past.drawn[start] * (now[start] + MARGIN + 0.0510)
        for start, kwh in changed.items()
        if start >= local(begin)
    )
    difference = of_market - found.classes[7].now.energy
    assert difference == pytest.approx(expected, abs=0.4)
    fixed = household_state_of(
        past, first, end, replace(CONTRACT, energy_price=0.2, energy_margin=None)
    )
    found = compare_years(fixed, changes, sources._replace(energy=None))
    assert found.classes[7].then.energy == pytest.approx(of_market, abs=0.02)
