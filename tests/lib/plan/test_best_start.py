"""Costs of a load by its start, compared with a usual day's, added up another way.

Prices of 2026 (tests/prices.py): grid 0.051, surcharge 0.0765, 8 % of VAT. There are no levies.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest

from smartyp1.history.market_prices import NO_PRICES, MarketPrices
from smartyp1.history.quarter_hour import Origin, QuarterHour
from smartyp1.plan.added_cost import PlanReason
from smartyp1.plan.best_start import (
    BestStart,
    ConstantLoad,
    StartCosts,
    best_start,
    costs_by_start,
)
from smartyp1.plan.coming_quarters import PlanLack
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


def month(days: int = 30, *, sun: bool = True, base_kw: float = 0.4) -> list[QuarterHour]:
    """Return the quarter-hours of the last days: a base, sun at noon, a stove in the evening."""
    random = Random(7)  # noqa: S311 - no secret
    start = local("2026-06-23T00:00:00") - timedelta(days=days)
    quarters = []
    for n in range(days * 96):
        hour = n % 96 / 4
        used = base_kw / 4 + (random.uniform(0.4, 1.3) if 18 <= hour < 20 else 0.0)
        made = random.uniform(0, 0.9) if sun and 10 <= hour < 15 else 0.0
        net = used - made
        kw, exported = max(net, 0.0) * 4, max(-net, 0.0)
        quarters.append(QuarterHour(start + n * QUARTER, kw, exported))
    return quarters


def market_at(time: datetime) -> MarketPrices:
    """Return the market prices: low at 3:00, high at 19:00, unknown from 24 June 23:00 on."""
    if time >= local("2026-06-24T23:00:00"):
        return NO_PRICES
    hour = time.astimezone(ZONE).hour
    return MarketPrices({3: -0.02, 19: 0.31}.get(hour, 0.1))


def no_market(_time: datetime) -> MarketPrices:
    return NO_PRICES


def kwh_price(contracts: Contracts, time: datetime) -> float:
    """Return the price of a kWh with VAT, by hand."""
    hour = time.astimezone(ZONE).hour
    if contracts is MARKET:
        energy = (market_at(time).energy or 0.0) + 0.02
    else:
        energy = 0.09 if hour >= 22 or hour < 6 else 0.15
    return (energy + 0.051) * 1.08


def by_hand(
    contracts: Contracts, load: ConstantLoad, start: datetime, past: list[QuarterHour]
) -> float:
    """Return the cost of a usual day with the load, minus its cost without it.

    A usual day has the mean import of 28 days, minus the mean export of seven days.
    """
    feed_in = 0.0 if contracts is UNPAID else 0.04 if contracts is MARKET else 0.06
    excess_price = 0.0255 if contracts is INSTEAD else 0.0765
    of_times = {quarter.start.astimezone(ZONE).replace(tzinfo=None): quarter for quarter in past}
    today = NOW.astimezone(ZONE).date()

    def cost(net: float, price: float) -> float:
        surcharge = max(0.0, net - 1.25) * excess_price * 1.08
        return net * price + surcharge if net > 0 else net * feed_in

    total, time, minutes = 0.0, start, load.hours * 60
    while minutes > 0:
        clock = time.astimezone(ZONE).time()
        same = [
            of_times[datetime.combine(today - timedelta(days=back), clock)] for back in range(1, 29)
        ]
        net = sum(quarter.mean_kw / 4 for quarter in same) / 28
        net -= sum(quarter.exported_kwh or 0.0 for quarter in same[:7]) / 7
        kwh = load.kw * min(minutes, 15) / 60
        price = kwh_price(contracts, time)
        total += cost(net + kwh, price) - cost(net, price)
        minutes -= 15
        time += QUARTER
    return total


@pytest.mark.parametrize(
    ("contracts", "market"),
    [(TWO_PRICES, no_market), (UNPAID, no_market), (INSTEAD, no_market), (MARKET, market_at)],
)
@pytest.mark.parametrize(
    "load", [ConstantLoad(1.0, 2.0), ConstantLoad(5.5, 3.0), ConstantLoad(2.0, 0.9)]
)
def test_each_cost_is_that_of_the_past_with_the_load_less_that_without(
    contracts: Contracts, market: Callable[[datetime], MarketPrices], load: ConstantLoad
) -> None:
    past = month()
    costs = costs_by_start(load, NOW, contracts, market, past)
    assert isinstance(costs, StartCosts)
    assert costs.start == local("2026-06-23T18:30:00")
    expected = [
        by_hand(contracts, load, costs.start + n * QUARTER, past) for n in range(len(costs.costs))
    ]
    assert costs.costs == pytest.approx(expected, abs=1e-5)
    lowest = min(expected)
    first = next(n for n, cost in enumerate(expected) if cost <= lowest + 0.01)
    assert costs.best.start == costs.start + first * QUARTER
    assert costs.best.end == costs.best.start + timedelta(hours=load.hours)
    assert costs.best.saving == pytest.approx(expected[0] - expected[first], abs=1e-5)
    # The last load ends with the last known price, or with tomorrow.
    end = local("2026-06-24T23:00:00" if market is market_at else "2026-06-25T00:00:00")
    assert (
        end - QUARTER
        < costs.start + len(costs.costs) * QUARTER - QUARTER + timedelta(hours=load.hours)
        <= end
    )


def best(load: ConstantLoad, contracts: Contracts, past: list[QuarterHour]) -> BestStart:
    costs = costs_by_start(load, NOW, contracts, market_at, past)
    assert isinstance(costs, StartCosts)
    return costs.best


def test_the_reason_is_the_largest_part_of_the_saving() -> None:
    one_price = agreed(reference_kw=5, energy_price=0.15, feed_in_price=0.06, has_levies=False)
    sunny = best(ConstantLoad(1.0, 2.0), one_price, month())
    # The sun gives 0.45 kWh a quarter-hour on average. The house uses 0.1 of it: the rest is most
    # of the load.
    assert sunny.reason is PlanReason.SUN
    assert 10 <= sunny.start.astimezone(ZONE).hour <= 13
    assert 1.0 < (sunny.own_kwh or 0.0) < 2.0
    assert best(ConstantLoad(1.0, 2.0), MARKET, month(sun=False)).reason is PlanReason.PRICE
    assert (
        best(ConstantLoad(3.0, 2.0), one_price, month(sun=False)).reason
        is PlanReason.REFERENCE_POWER
    )


def test_one_price_without_sun_and_far_from_the_reference_power_makes_no_difference() -> None:
    one_price = agreed(reference_kw=12, energy_price=0.15, has_levies=False)
    costs = costs_by_start(ConstantLoad(1.0, 2.0), NOW, one_price, no_market, month(sun=False))
    assert isinstance(costs, StartCosts)
    assert not costs.can_differ
    assert (costs.best.start, costs.best.saving) == (costs.start, 0)
    assert costs.best.cost == pytest.approx(2 * 0.201 * 1.08)


def test_without_a_week_or_a_price_nothing_is_known() -> None:
    assert costs_by_start(ConstantLoad(1, 2), NOW, TWO_PRICES, no_market, month(6)) is PlanLack.DAYS
    assert costs_by_start(ConstantLoad(1, 2), NOW, MARKET, no_market, month()) is PlanLack.PRICE
    # A day with a gap, and a day that the operator has estimated, do not count.
    past = month(7)
    assert isinstance(
        costs_by_start(ConstantLoad(1, 2), NOW, TWO_PRICES, no_market, past), StartCosts
    )
    assert costs_by_start(ConstantLoad(1, 2), NOW, TWO_PRICES, no_market, past[1:]) is PlanLack.DAYS
    past[0] = past[0]._replace(origin=Origin.LENEDA_ESTIMATED)
    assert costs_by_start(ConstantLoad(1, 2), NOW, TWO_PRICES, no_market, past) is PlanLack.DAYS


def test_the_clocks_may_change_on_the_way() -> None:
    now = datetime(2026, 10, 24, 20, tzinfo=UTC)
    start = datetime(2026, 9, 30, 22, tzinfo=UTC)
    past = [QuarterHour(start + n * QUARTER, 0.4, 0.0) for n in range(23 * 96)]
    costs = costs_by_start(ConstantLoad(1, 2), now, TWO_PRICES, no_market, past)
    assert isinstance(costs, StartCosts)
    # From 22:00 until 24:00 of the day with 25 hours: 27 hours, and the load needs two of them.
    assert len(costs.costs) == 4 * (27 - 2) + 1


@pytest.mark.parametrize(
    ("by", "start", "is_late", "reason"),
    [
        # The cheap hours begin at 22:00: a later end does not matter, an earlier one does.
        ("2026-06-24T12:00", "2026-06-23T22:00", False, PlanReason.PRICE),
        ("2026-06-24T00:00", "2026-06-23T22:00", False, PlanReason.PRICE),
        ("2026-06-23T23:59", "2026-06-23T21:45", False, PlanReason.PRICE),
        # At 18:44, a start at 18:45 ends at 20:45.
        ("2026-06-23T20:45", "2026-06-23T18:45", False, None),
        ("2026-06-23T20:44", "2026-06-23T18:30", False, PlanReason.DEADLINE),
        ("2026-06-23T20:43", "2026-06-23T18:30", True, PlanReason.DEADLINE),
        ("2026-06-20T20:44", "2026-06-23T18:30", True, PlanReason.DEADLINE),
    ],
)
def test_a_load_ends_in_time(
    by: str, start: str, reason: PlanReason | None, *, is_late: bool
) -> None:
    load = ConstantLoad(1.0, 2.0, local(f"{by}:00"))
    best = best_start(load, NOW, costs_by_start(load, NOW, TWO_PRICES, no_market, month(sun=False)))
    assert isinstance(best, BestStart)
    assert best.start in {
        local(f"{start}:00"),
        *([NOW - timedelta(minutes=14)] if not reason else []),
    }
    assert best.is_late is is_late
    assert reason in {None, best.reason}


@pytest.mark.parametrize("past", [[], month()])
def test_a_load_that_must_start_now_needs_no_price(past: list[QuarterHour]) -> None:
    def no_price(load: ConstantLoad) -> BestStart | PlanLack:
        return best_start(load, NOW, costs_by_start(load, NOW, MARKET, no_market, past))

    assert no_price(ConstantLoad(1.0, 2.0, NOW + timedelta(hours=3))) in [*PlanLack]
    best = no_price(ConstantLoad(1.0, 2.0, NOW + timedelta(hours=2)))
    assert isinstance(best, BestStart)
    assert (best.start, best.cost, best.own_kwh) == (local("2026-06-23T18:30:00"), None, None)


def test_an_automation_that_asks_each_quarter_hour_starts_before_each_deadline() -> None:
    past = month()
    for minutes in range(0, 24 * 60, 165):
        ready = NOW + timedelta(minutes=minutes)
        by = ready + timedelta(hours=11)
        now = ready
        while True:
            load = ConstantLoad(2.0, 1.55, by)
            best = best_start(load, now, costs_by_start(load, now, MARKET, market_at, past))
            if isinstance(best, BestStart) and best.start <= now:
                break
            now += QUARTER
        assert now + timedelta(hours=load.hours) <= by
