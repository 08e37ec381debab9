"""Costs after a reading are those of the month's bill, made anew."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from smartyp1.advice.household_money import HouseholdMoney
from smartyp1.bill.household import Household
from smartyp1.bill.leneda_days import LenedaDays
from smartyp1.history.luxembourg_time import HOUR, QUARTER_HOUR, quarter_start
from smartyp1.history.register_amounts import Energies
from smartyp1.prices.contract import BEGINNING, Aid, AidVat, Contracts
from smartyp1.prices.market_price_series import PriceSeries, PriceSources, QuarterPrice
from tests.lib.bill.lives import FIXED, MARKET, SECOND, Life

# The end of a month, the day of new published prices, and the day of another contract
MIDNIGHTS = [
    datetime(2026, 5, 31, 22, tzinfo=UTC),
    datetime(2025, 12, 31, 23, tzinfo=UTC),
    datetime(2026, 6, 13, 22, tzinfo=UTC),
]


@pytest.mark.parametrize("seed", range(6))
def test_costs_of_each_reading_are_those_of_the_bill_made_anew(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311
    midnight = MIDNIGHTS[seed % 3]
    day, market = midnight.date() + timedelta(days=1), PriceSeries()
    aid = Aid("aid", day, day, 3.0, chance.choice(["kWh", "month"]), chance.choice([*AidVat]))
    before, after = chance.sample([FIXED, MARKET, SECOND], 2)
    house = Household(Contracts(((BEGINNING, before), (midnight, after)), (aid,)))
    house.set_prices([PriceSources(BEGINNING, market, market)])
    money_of, time, kwh = HouseholdMoney(house), midnight - 2 * HOUR, 1000.0
    last, bills = time, set[float | None]()
    while time < midnight + 1.5 * HOUR:
        house.update(time, Energies(round(kwh, 3), round(kwh / 3, 3)), 0.5, "A")
        found, demand = money_of(), house.snapshot
        assert found, f"seed {seed}"
        assert demand
        bill, month, at = demand.month.bill(demand.until), demand.month, f"seed {seed}, {time}"
        total, feed_in = found.cost_total, bill.amount("feed_in")
        assert total.value == bill.total, at
        assert total.attributes.get("unpriced_kwh", 0) == bill.unpriced_kwh, at
        assert total.attributes.get("missing", ()) == bill.missing, at
        assert total.attributes.get("since") == month.since, at
        assert total.attributes["measured_share"] == month.measured_share(demand.until), at
        assert found.cost_energy.value == bill.part("energy", "levies"), at
        assert found.cost_network.value == bill.part("network"), at
        assert found.feed_in.value == (None if feed_in is None else abs(feed_in) and -feed_in), at
        assert found.quarter_hours_above.value == bill.energy.above, at
        for name, value in (("network", found.cost_network), ("energy", found.cost_energy)):
            older = bill.older_prices(name)
            assert bool(older) == ("prices_of" in value.attributes), at
        bills.add(bill.subtotal)
        # Some readings come at the very end of a quarter-hour, some long after the last one.
        steps = [quarter_start(time) + QUARTER_HOUR - time, *(timedelta(seconds=90),) * 4, HOUR]
        last, time = time, time + chance.choices(steps, [2, 4, 4, 4, 4, 0.2])[0]
        kwh += (time - last) / HOUR * chance.choice([0.2, 5.0, 30.0])
        if chance.random() < 0.1:
            market.running = QuarterPrice(quarter_start(time), 0.07)
        if chance.random() < 0.4:
            market.put(QuarterPrice(quarter_start(time), chance.choice([0.04, -0.3])))
        if chance.random() < 0.03:
            start = quarter_start(time) - chance.randrange(-8, 300) * QUARTER_HOUR
            house.set_leneda_days(LenedaDays(Life().leneda(start, start + 30 * HOUR)))
    assert len(bills) > 10
