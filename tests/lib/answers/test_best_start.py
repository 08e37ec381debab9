"""Best start of one load, compared with the costs of a usual day, added up another way.

Prices of 2026 (tests/prices.py): grid 0.051, surcharge 0.0765, 8 % of VAT. There are no levies.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from smartyp1.answers.outlook import FORMAT_JSON
from smartyp1.answers.plan import PLAN_FORMATS, best_start_report
from smartyp1.history.market_prices import NO_PRICES, MarketPrices
from smartyp1.history.quarter_hour import Origin, QuarterHour
from smartyp1.plan.coming_quarters import PlanLack
from smartyp1.plan.house_request import LoadWish, PlannedHouse, PlanQuestion, planned_house
from smartyp1.prices.contract import Contracts
from tests.lib.bill.months import agreed, local

ZONE = ZoneInfo("Europe/Luxembourg")
QUARTER = timedelta(minutes=15)
NOW = local("2026-06-23T18:44:00")
TERMS = {
    "reference_kw": 5,
    "energy_price": 0.15,
    "second_price": 0.09,
    "second_hours": "22:00-06:00",
    "has_levies": False,
}
UNPAID, TWO_PRICES = agreed(**TERMS), agreed(**TERMS, feed_in_price=0.06)
# A kWh above the reference power costs the surcharge instead of the grid's price.
INSTEAD = agreed(**TERMS, feed_in_price=0.06, replaces_variable=True)
MARKET = agreed(reference_kw=5, energy_margin=0.02, feed_in_price=0.04, has_levies=False)

type Market = Callable[[datetime], MarketPrices]


def month(days: int = 30, *, sun: bool = True) -> list[QuarterHour]:
    """Return the quarter-hours of the last days: a base, sun at noon, a stove in the evening."""
    random = Random(7)  # noqa: S311 - no secret
    start = local("2026-06-23T00:00:00") - timedelta(days=days)
    quarters = []
    for n in range(days * 96):
        hour = n % 96 / 4
        used = 0.1 + (random.uniform(0.4, 1.3) if 18 <= hour < 20 else 0.0)
        made = random.uniform(0, 0.9) if sun and 10 <= hour < 15 else 0.0
        net = used - made
        kw, exported = max(net, 0.0) * 4, max(-net, 0.0)
        quarters.append(QuarterHour(start + n * QUARTER, kw, exported))
    return quarters


def market_at(time: datetime) -> MarketPrices:
    """Return the market prices of each day: low at 3:00, high at 19:00."""
    return MarketPrices({3: -0.02, 19: 0.31}.get(time.astimezone(ZONE).hour, 0.1))


def no_market(_time: datetime) -> MarketPrices:
    return NO_PRICES


def report(  # noqa: PLR0913, PLR0917 - one for each part of a question
    kw: float,
    hours: float,
    contracts: Contracts,
    past: Sequence[QuarterHour],
    market: Market = no_market,
    now: datetime = NOW,
    by: datetime | None = None,
) -> Any:  # noqa: ANN401 - JSON or a lack
    wish = LoadWish("", kw * hours, hours=hours, by=by)
    planned = planned_house(PlanQuestion(now, contracts, market, past, [wish]))
    return best_start_report(planned, wish, now)


def by_hand(
    contracts: Contracts,
    kw: float,
    hours: float,
    start: datetime,
    of_times: dict[datetime, QuarterHour],
) -> float:
    """Return the cost of a usual day with the load, minus its cost without it.

    A usual day has the mean import of 28 days, minus the mean export of seven days. `of_times` has
    the quarter-hours of the past by their local time.
    """
    paid_feed_in = 0.04 if contracts is MARKET else 0.06
    feed_in = 0.0 if contracts is UNPAID else paid_feed_in
    excess_price = 0.0255 if contracts is INSTEAD else 0.0765
    today = NOW.astimezone(ZONE).date()

    def cost(net: float, price: float) -> float:
        surcharge = max(0.0, net - 1.25) * excess_price * 1.08
        return net * price + surcharge if net > 0 else net * feed_in

    total, time, minutes = 0.0, start, hours * 60
    while minutes > 0:
        at = time.astimezone(ZONE)
        same = [
            of_times[datetime.combine(today - timedelta(days=back), at.time())]
            for back in range(1, 29)
        ]
        net = sum(quarter.mean_kw / 4 for quarter in same) / 28
        net -= sum(quarter.exported_kwh or 0.0 for quarter in same[:7]) / 7
        kwh = kw * min(minutes, 15) / 60
        energy = 0.09 if at.hour >= 22 or at.hour < 6 else 0.15
        if contracts is MARKET:
            energy = (market_at(time).energy or 0.0) + 0.02
        price = (energy + 0.051) * 1.08
        total += cost(net + kwh, price) - cost(net, price)
        minutes -= 15
        time += QUARTER
    return total


@pytest.mark.parametrize(
    ("contracts", "market"),
    [(TWO_PRICES, no_market), (UNPAID, no_market), (INSTEAD, no_market), (MARKET, market_at)],
)
@pytest.mark.parametrize(("kw", "hours"), [(1.0, 2.0), (5.5, 3.0), (2.0, 0.9)])
def test_the_start_is_the_first_within_a_cent_of_the_lowest_cost(
    contracts: Contracts, market: Market, kw: float, hours: float
) -> None:
    past, first = month(), local("2026-06-23T18:30:00")
    count = int((local("2026-06-25T00:00:00") - first - timedelta(hours=hours)) / QUARTER) + 1
    of_times = {quarter.start.astimezone(ZONE).replace(tzinfo=None): quarter for quarter in past}
    costs = [by_hand(contracts, kw, hours, first + n * QUARTER, of_times) for n in range(count)]
    best = next(n for n, cost in enumerate(costs) if cost <= min(costs) + 0.01 + 1e-9)
    found = report(kw, hours, contracts, past, market)
    assert datetime.fromisoformat(found["start"]) == first + best * QUARTER
    end = first + best * QUARTER + timedelta(hours=hours)
    assert abs(datetime.fromisoformat(found["end"]) - end) < timedelta(milliseconds=1)
    assert found["cost"] == pytest.approx(costs[best], abs=0.0051)
    assert found["saving"] == pytest.approx(costs[0] - costs[best], abs=0.0051)
    assert found["is_worth_waiting"] is (found["saving"] >= 0.05)


def test_the_reason_is_the_largest_part_of_the_saving() -> None:
    one_price = agreed(reference_kw=5, energy_price=0.15, feed_in_price=0.06, has_levies=False)
    sunny = report(1.0, 2.0, one_price, month())
    # The sun gives 0.45 kWh a quarter-hour on average, of which 0.1 are used: most of the load.
    assert sunny["reason"] == "sun"
    assert 10 <= datetime.fromisoformat(sunny["start"]).astimezone(ZONE).hour <= 13
    assert 1.0 < sunny["own_kwh"] < 2.0
    assert report(1.0, 2.0, MARKET, month(sun=False), market_at)["reason"] == "price"
    assert report(3.0, 2.0, one_price, month(sun=False))["reason"] == "reference_power"


@pytest.mark.parametrize(("has_sun", "reason"), [(True, "sun"), (False, "reference_power")])
def test_a_car_names_the_reason_for_its_wait(reason: str, *, has_sun: bool) -> None:
    contracts = agreed(reference_kw=3, energy_price=0.15, feed_in_price=0.17, has_levies=False)
    # At once, the surcharge is dearer than the lost sun. At night, there is no surcharge.
    past, car = month(sun=has_sun), LoadWish("car", 4.0, 11.0)
    question = PlanQuestion(NOW, contracts, no_market, past, [car])
    planned = planned_house(question)
    assert isinstance(planned, PlannedHouse)
    [load] = PLAN_FORMATS[FORMAT_JSON](planned)["loads"]
    assert load["reason"] == reason


def test_without_a_week_or_a_price_no_start_is_known() -> None:
    assert report(1, 2, TWO_PRICES, month(6)) is PlanLack.DAYS
    assert report(1, 2, MARKET, month()) is PlanLack.PRICE
    # A day with a gap, and one that the operator has estimated, do not count.
    past = month(7)
    assert isinstance(report(1, 2, TWO_PRICES, past), dict)
    assert report(1, 2, TWO_PRICES, past[1:]) is PlanLack.DAYS
    past[0] = past[0]._replace(origin=Origin.LENEDA_ESTIMATED)
    assert report(1, 2, TWO_PRICES, past) is PlanLack.DAYS


@pytest.mark.parametrize(
    ("by", "start", "is_late", "reason"),
    [
        # The cheap hours begin at 22:00: a later end does not matter, an earlier one does.
        ("2026-06-24T12:00", "2026-06-23T22:00", False, "price"),
        ("2026-06-24T00:00", "2026-06-23T22:00", False, "price"),
        ("2026-06-23T23:59", "2026-06-23T21:45", False, "price"),
        # At 18:44, a start at 18:45 ends at 20:45.
        ("2026-06-23T20:45", "2026-06-23T18:45", False, None),
        ("2026-06-23T20:44", "2026-06-23T18:30", False, "deadline"),
        ("2026-06-23T20:43", "2026-06-23T18:30", True, "deadline"),
        ("2026-06-20T20:44", "2026-06-23T18:30", True, "deadline"),
    ],
)
def test_a_load_ends_in_time(by: str, start: str, reason: str | None, *, is_late: bool) -> None:
    found = report(1.0, 2.0, TWO_PRICES, month(sun=False), by=local(f"{by}:00"))
    starts = {local(f"{start}:00"), *([] if reason else [NOW - timedelta(minutes=14)])}
    assert datetime.fromisoformat(found["start"]) in starts
    assert found["is_late"] is is_late
    assert reason in {None, found["reason"]}


@pytest.mark.parametrize("past", [[], month()])
def test_a_load_that_must_start_now_needs_no_price(past: list[QuarterHour]) -> None:
    assert report(1.0, 2.0, MARKET, past, by=NOW + timedelta(hours=3)) in [*PlanLack]
    found = report(1.0, 2.0, MARKET, past, by=NOW + timedelta(hours=2))
    assert datetime.fromisoformat(found["start"]) == local("2026-06-23T18:30:00")
    assert (found["cost"], found["own_kwh"]) == (None, None)
