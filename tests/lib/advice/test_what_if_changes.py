"""A year with changes costs the bills of quarter-hours that were changed one by one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from typing import Any

import numpy as np
import pytest

from smartyp1.advice.solar_yield import solar_wh
from smartyp1.advice.what_if import Changes, NewContract, Sharing, WhatIf, compare_years
from smartyp1.advice.what_if_tables import Load, car, heat_pump, panels
from smartyp1.advice.what_if_year import WhatIfError, WhatIfRefusal
from smartyp1.bill.bill import bill_of
from smartyp1.bill.household import Household
from smartyp1.bill.household_state import HouseholdState
from smartyp1.bill.leneda_days import LenedaDays
from smartyp1.bill.sharing import QuarterHourSharing
from smartyp1.history.calendar import LUXEMBOURG, month_end, month_start
from smartyp1.history.quarter_hour import QuarterHour
from smartyp1.history.register_amounts import Energies
from smartyp1.past.wall_clock import number_of
from smartyp1.prices.contract import BEGINNING, Contract
from smartyp1.prices.price_series import PriceSeries, PriceSources, QuarterPrice
from tests.lib.advice.years import high, household, low, quarter_hours
from tests.lib.bill.months import local

from .test_what_if_tables import car_by_hand, changed_by_hand, heat_by_hand

END = "2027-01-01"
MONTHS = [month_start(local(f"2026-{n:02}-01")) for n in range(1, 13)]
CONTRACT = Contract(
    reference_kw=7,
    energy_price=0.15,
    energy_fee=2.0,
    discount=1.0,
    feed_in_price=0.06,
    has_levies=True,
    # The levies are those at the end of the year.
    levies=(("compensation", -0.001),),
)
NIGHT: Mapping[str, Any] = {
    "energy_price": 0.17,
    "second_price": 0.09,
    "second_hours": "22:00-06:00 sun",
    "discount": None,
}
DYNAMIC: Mapping[str, Any] = {
    "energy_price": None,
    "energy_margin": 0.02,
    "energy_fee": 4.5,
    "feed_in_price": None,
    "feed_in_margin": -0.01,
}

type ByHand = Callable[[QuarterHour], float]
"""Returns the Wh that a load takes in a quarter-hour."""


@cache
def year() -> list[QuarterHour]:
    return quarter_hours(household(4, sun_kw=5, car_kw=0, heat_kw=1), "2026-01-01", END)


@cache
def spot() -> PriceSeries:
    """Return prices that differ in each quarter-hour."""
    series = PriceSeries()
    for n, quarter in enumerate(year()):
        hour = quarter.start.astimezone(LUXEMBOURG).hour
        series.put(QuarterPrice(quarter.start, 0.05 + 0.01 * (n % 4) + 0.006 * abs(hour - 13)))
    return series


def state_of(
    quarters: Sequence[QuarterHour],
    contract: Contract,
    prices: PriceSeries | None = None,
    shared_by: ByHand | None = None,
) -> HouseholdState:
    """Return the state of a meter after these quarter-hours."""
    sharing = {}
    if shared_by:
        for quarter in quarters:
            sharing[quarter.start] = QuarterHourSharing((shared_by(quarter), 0.0, 0.0, 0.0))
    meter = Household(contract)
    meter.set_prices([PriceSources(BEGINNING, prices, prices)])
    meter.set_leneda_days(LenedaDays(tuple(quarters), sharing))
    meter.update(
        local(END) + (local("2026-01-06") - local("2026-01-01")), Energies(1.0, 0.0), None, "S"
    )
    assert meter.snapshot
    return meter.snapshot


@cache
def measured() -> HouseholdState:
    return state_of(year(), CONTRACT)


def compared(changes: Changes, state: HouseholdState | None = None) -> WhatIf:
    return compare_years(state or measured(), changes, PriceSources(BEGINNING))


def bills_of(state: HouseholdState) -> float:
    bills = [bill_of(state.ledger, start, month_end(start)) for start in MONTHS]
    return sum(bill.total_with_community or 0.0 for bill in bills)


def sun_by_hand(kwp: float, quarter: QuarterHour) -> float:
    return -kwp * float(solar_wh(np.array([number_of(quarter.start)]), 180, 30)[0])


CAR: tuple[Load, ByHand] = car(8, 11), partial(car_by_hand, 8, 11, 22)
HEAT_PUMP: tuple[Load, ByHand] = heat_pump(4000), partial(heat_by_hand, 4000)
PANELS: tuple[Load, ByHand] = panels(4), cache(partial(sun_by_hand, 4))


@pytest.mark.parametrize(
    ("terms", "loads"),
    [
        ({}, [CAR]),
        ({}, [HEAT_PUMP]),
        ({}, [PANELS]),
        (NIGHT, []),
        (DYNAMIC, []),
        (NIGHT, [CAR, PANELS]),
        (DYNAMIC, [CAR, HEAT_PUMP, PANELS]),
    ],
)
def test_a_year_with_changes_is_its_bills(
    terms: Mapping[str, Any], loads: Sequence[tuple[Load, ByHand]]
) -> None:
    new = NewContract(terms, spot()) if terms else None
    found = compared(Changes(contract=new, loads=[load for load, _ in loads]))
    quarters = year()
    for _, by_hand in loads:
        quarters = [changed_by_hand(quarter, by_hand(quarter)) for quarter in quarters]
    for kw in (3, 7, 12):
        contract = replace(CONTRACT, **terms, reference_kw=kw)
        then = found.classes[kw].then
        assert then.total == pytest.approx(
            bills_of(state_of(quarters, contract, spot())), abs=0.005
        )
        assert sum(then[:4]) == pytest.approx(then.total)
        now = bills_of(state_of(year(), replace(CONTRACT, reference_kw=kw)))
        assert found.classes[kw].now.total == pytest.approx(now, abs=0.005)
    imported = sum(quarter.imported_kwh for quarter in quarters)
    assert found.classes[7].energies.imported == pytest.approx(imported, abs=0.01)
    # Every quarter-hour is known.
    assert low(found) == high(found)
    assert found.then.hourly_share == (1 if terms is DYNAMIC else None)


@pytest.mark.parametrize("loads", [[], [CAR]])
def test_a_year_with_a_sharing_key_is_its_bills(loads: Sequence[tuple[Load, ByHand]]) -> None:
    sharing = Sharing(kwp=40, key=0.1, price=0.11)
    found = compared(Changes(loads=[load for load, _ in loads], sharing=sharing))
    quarters = year()
    for _, by_hand in loads:
        quarters = [changed_by_hand(quarter, by_hand(quarter)) for quarter in quarters]

    def shared(quarter: QuarterHour) -> float:
        return min(quarter.mean_kw * 250, -PANELS[1](quarter))

    contract = replace(CONTRACT, community_price=0.11)
    expected = bills_of(state_of(quarters, contract, shared_by=shared))
    assert found.classes[7].then.total == pytest.approx(expected, abs=0.005)
    kwh = sum(map(shared, quarters)) / 1000
    assert found.classes[7].energies.shared == pytest.approx(kwh, abs=0.01)


def test_unknown_quarter_hours_are_like_the_others_or_nothing() -> None:
    # Two of 24 hours of each day are unknown.
    holes = [quarter for quarter in year() if quarter.start.hour not in {2, 3}]
    state = state_of(holes, CONTRACT)
    found = compared(Changes(contract=NewContract(NIGHT), loads=[HEAT_PUMP[0]]), state)
    contract_only = compared(Changes(contract=NewContract(NIGHT)), state)
    kw = found.cheapest_then
    more = found.classes[kw].then.total - contract_only.classes[kw].then.total
    assert high(found) - low(found) == pytest.approx(more / 11, rel=0.001)
    assert found.saving == high(found)
    # A contract also counts for the energy of unknown quarter-hours.
    assert low(contract_only) == high(contract_only)


def test_the_refusal_names_the_missing_part_of_a_change() -> None:
    def refusal(changes: Changes, contract: Contract, quarters: Sequence[QuarterHour]) -> str:
        with pytest.raises(WhatIfError) as refused:
            compared(changes, state_of(quarters, contract))
        return refused.value.reason

    consumer = [quarter._replace(exported_kwh=None) for quarter in year()]
    contract = replace(CONTRACT, feed_in_price=None)
    roof = Changes(loads=[PANELS[0]])
    assert refusal(roof, contract, consumer) is WhatIfRefusal.NO_FEED_IN_PRICE
    assert compared(roof._replace(feed_in_price=0.05), state_of(consumer, contract)).saving > 0

    half = PriceSeries()
    for quarter in year()[::2]:
        half.put(QuarterPrice(quarter.start, 0.1))
    dynamic = Changes(contract=NewContract(DYNAMIC, half))
    assert refusal(dynamic, CONTRACT, year()) is WhatIfRefusal.TOO_FEW_PRICED_DAYS
