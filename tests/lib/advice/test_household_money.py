"""Costs after a reading are those of the month's bill, made anew."""

import gc
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from weakref import ref

import pytest

from smartyp1.advice.household_money import HouseholdMoney
from smartyp1.bill.household import Household
from smartyp1.bill.household_state import HouseholdState
from smartyp1.bill.leneda_days import LenedaDays
from smartyp1.history.luxembourg_time import HOUR, QUARTER_HOUR, quarter_start
from smartyp1.history.register_amounts import Energies
from smartyp1.prices.contract import BEGINNING, Contracts
from smartyp1.prices.market_price_series import PriceSeries, PriceSources, QuarterPrice
from tests.lib.bill.lives import FIXED, MARKET, SECOND, Life

# The end of a month, the day of new published prices, and the day of another contract
MIDNIGHTS = [
    datetime(2026, 5, 31, 22, tzinfo=UTC),
    datetime(2025, 12, 31, 23, tzinfo=UTC),
    datetime(2026, 6, 13, 22, tzinfo=UTC),
]


@pytest.mark.parametrize("seed", range(6, 12))
def test_costs_of_each_reading_are_those_of_the_bill_made_anew(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311
    midnight = MIDNIGHTS[seed % 3]
    market = PriceSeries()
    before, after = chance.sample([FIXED, MARKET, replace(SECOND, feed_in_price=0.05)], 2)
    house = Household(Contracts(((BEGINNING, before), (midnight, after))))
    house.set_prices([PriceSources(BEGINNING, market, market)])
    money_of, time, kwh, kw = HouseholdMoney(house), midnight - 2 * HOUR, 1000.0, 0.2
    last, bills = time, set[float | None]()
    while time < midnight + 1.5 * HOUR:
        house.count_telegram(time, Energies(round(kwh, 3), round(kwh / 3, 3)), 0.5, "A")
        found, household = money_of(), house.snapshot
        assert found
        assert household
        bill, attributes = household.month.bill(household.until), found.cost_total.attributes
        feed_in = bill.amount("feed_in")
        assert (
            found.cost_total.value,
            found.cost_energy.value,
            found.cost_network.value,
            found.feed_in.value,
            found.quarter_hours_above.value,
            attributes.get("unpriced_kwh", 0),
            found.feed_in.attributes.get("unpriced_kwh", 0),
            attributes.get("missing", ()),
            attributes.get("since"),
            attributes["measured_share"],
        ) == (
            bill.total,
            bill.part("energy", "levies"),
            bill.part("network"),
            None if feed_in is None else abs(feed_in) and -feed_in,
            bill.energy.above,
            bill.unpriced_kwh,
            bill.unpriced_exported_kwh,
            bill.missing,
            household.month.since,
            household.month.measured_share(household.until),
        ), f"seed {seed}, {time}"
        bills.add(bill.subtotal)
        # Some readings come at the very end of a quarter-hour, some long after the last one.
        steps = [
            quarter_start(time) + QUARTER_HOUR - time,
            *(timedelta(seconds=n) for n in (10, 10, 10, 90)),
            HOUR,
        ]
        last, time = time, time + chance.choices(steps, [2, 4, 4, 4, 4, 0.2])[0]
        if last < midnight < time:
            time = midnight
        if chance.random() < 0.2:
            kw = chance.choice([0.2, 5.0, 30.0])
        kwh += (time - last) / HOUR * kw
        if chance.random() < 0.1:
            market.running = QuarterPrice(quarter_start(time), 0.07)
        if chance.random() < 0.2:
            market.add_price(QuarterPrice(quarter_start(time), chance.choice([0.04, -0.3])))
        if chance.random() < 0.03:
            start = quarter_start(time) - chance.randrange(-8, 300) * QUARTER_HOUR
            house.set_leneda_days(LenedaDays(Life().leneda(start, start + 30 * HOUR)))
    assert len(bills) > 10


def test_ended_quarter_hours_leave_no_household_to_the_garbage_collector() -> None:
    house = Household(replace(FIXED, energy_fee=2.0))
    money_of, states, now = HouseholdMoney(house), list[ref[HouseholdState]](), MIDNIGHTS[0]
    gc.disable()
    try:
        for n in range(10 * 90):
            house.count_telegram(
                now + n * timedelta(seconds=10), Energies(1000 + n / 600), 6.0, "A"
            )
            found = money_of()
            assert found
            assert found.cost_total.value is not None
            assert found.cost_month_end.attributes
            assert found.cheapest_reference_power.attributes
            assert house.snapshot
            states.append(ref(house.snapshot))
        del found
        # That of the last reading, and that of the quarter-hour's first one
        assert len([state for state in states if state()]) <= 2
    finally:
        gc.enable()
