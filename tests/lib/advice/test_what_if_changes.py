"""A year with changes costs the bills of quarter-hours that were changed one by one."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache, partial
from math import isnan, nan

import numpy as np
import pytest

from smartyp1.advice.battery_simulation import Battery
from smartyp1.advice.solar_yield import solar_wh
from smartyp1.advice.what_if import Changes, NewContract, Sharing, WhatIf, compare_years
from smartyp1.advice.what_if_tables import LoadProfile, car, heat_pump, panels, with_load
from smartyp1.advice.what_if_year import WhatIfError, WhatIfRefusal
from smartyp1.bill.bill import bill_of
from smartyp1.bill.energy_sharing import QuarterHourSharing
from smartyp1.bill.household_state import HouseholdState
from smartyp1.energy_table.table import RowSource, Table
from smartyp1.energy_table.wall_clock import Floats, quarter_number, wall_clock
from smartyp1.history.luxembourg_time import LUXEMBOURG, month_end, month_start
from smartyp1.history.quarter_hour import QuarterHour
from smartyp1.json_types import JsonMapping
from smartyp1.prices.contract import BEGINNING, Contract
from smartyp1.prices.market_price_series import PriceSeries, PriceSources, QuarterPrice
from tests.lib.advice.years import high, household, household_after, low, quarter_hours
from tests.lib.bill.months import local
from tests.lib.bill.tables import DayRows, table_of_days

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
NIGHT: JsonMapping = {
    "energy_price": 0.17,
    "second_price": 0.09,
    "second_hours": "22:00-06:00 sun",
    "discount": None,
    "replaces_variable": True,
}
DYNAMIC: JsonMapping = {
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
        series.add_price(
            QuarterPrice(quarter.start, 0.05 + 0.01 * (n % 4) + 0.006 * abs(hour - 13))
        )
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
    return household_after(quarters, contract, END, sharing, prices)


@cache
def measured(kw: int = 7) -> HouseholdState:
    return state_of(year(), replace(CONTRACT, reference_kw=kw))


def compared(changes: Changes, state: HouseholdState | None = None) -> WhatIf:
    return compare_years(state or measured(), changes, PriceSources(BEGINNING))


def bills_of(state: HouseholdState) -> float:
    bills = [bill_of(state.ledger, start, month_end(start)) for start in MONTHS]
    return sum(bill.total_with_community or 0.0 for bill in bills)


def changed_by_hand(quarter: QuarterHour, more_wh: float) -> QuarterHour:
    drawn, fed = quarter.mean_kw * 250, (quarter.exported_kwh or 0.0) * 1000
    if more_wh > 0:
        # The load takes the energy that was exported, besides the energy that was imported, too.
        by_sun = min(more_wh, max(0.0, fed - drawn))
        drawn, fed = drawn + more_wh - by_sun, fed - by_sun
    else:
        own = min(-more_wh, max(0.0, drawn - fed))
        drawn, fed = drawn - own, fed - more_wh - own
    return quarter._replace(mean_kw=drawn / 250, exported_kwh=fed / 1000)


def car_by_hand(kwh: float, kw: float, begin_hour: int, quarter: QuarterHour) -> float:
    """Return the energy that a car takes: from the begin on, until it is full."""
    local_start = quarter.start.astimezone(LUXEMBOURG)
    begin = local_start.replace(hour=begin_hour, minute=0, fold=0)
    if begin > local_start:
        begin = datetime.fromordinal(local_start.toordinal() - 1).replace(
            hour=begin_hour, tzinfo=LUXEMBOURG
        )
    hours = (quarter.start.timestamp() - begin.timestamp()) / 3600
    return max(0.0, min(kw / 4, kwh - hours * kw)) * 1000


def heat_by_hand(kwh_a_year: float, quarter: QuarterHour) -> float:
    """Return the energy of a heat pump, by 18 degrees minus the mean temperature of the month."""
    missing = (16.6, 15.8, 12.3, 8.4, 4.5, 0, 0, 0, 3.7, 8.1, 12.8, 15.7)
    lengths = (31, 28.25, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    degree_days = sum(kelvins * days for kelvins, days in zip(missing, lengths, strict=True))
    month = quarter.start.astimezone(LUXEMBOURG).month
    return kwh_a_year * 1000 * missing[month - 1] / degree_days / 96


def sun_by_hand(kwp: float, direction: float, tilt: float, quarter: QuarterHour) -> float:
    """Return the energy of panels, which is subtracted. The yield has a test of its own."""
    return -kwp * sun_of_year(direction, tilt)[quarter.start]


@cache
def sun_of_year(direction: float, tilt: float) -> dict[datetime, float]:
    starts = [quarter.start for quarter in year()]
    found = solar_wh(np.array([*map(quarter_number, starts)]), direction, tilt)
    return dict(zip(starts, found.tolist(), strict=True))


CAR: tuple[LoadProfile, ByHand] = car(8, 11), partial(car_by_hand, 8, 11, 22)
SLOW_CAR: tuple[LoadProfile, ByHand] = car(30, 3.7, 23), partial(car_by_hand, 30, 3.7, 23)
CAR_AT_NOON: tuple[LoadProfile, ByHand] = car(5, 2.3, 12), partial(car_by_hand, 5, 2.3, 12)
HEAT_PUMP: tuple[LoadProfile, ByHand] = heat_pump(4000), partial(heat_by_hand, 4000)
PANELS: tuple[LoadProfile, ByHand] = panels(4), partial(sun_by_hand, 4, 180, 30)
TO_THE_WEST: tuple[LoadProfile, ByHand] = panels(9.6, 270, 15), partial(sun_by_hand, 9.6, 270, 15)


@pytest.mark.parametrize(
    ("terms", "loads"),
    [
        ({}, [SLOW_CAR]),
        pytest.param({}, [HEAT_PUMP], marks=pytest.mark.slow),
        ({}, [TO_THE_WEST]),
        pytest.param(NIGHT, [], marks=pytest.mark.slow),
        pytest.param(DYNAMIC, [], marks=pytest.mark.slow),
        (NIGHT, [CAR_AT_NOON, PANELS]),
        (DYNAMIC, [CAR, HEAT_PUMP, PANELS]),
    ],
)
def test_a_year_with_changes_is_its_bills(
    terms: JsonMapping, loads: Sequence[tuple[LoadProfile, ByHand]]
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
        now = bills_of(measured(kw))
        assert found.classes[kw].now.total == pytest.approx(now, abs=0.005)
    imported = sum(quarter.imported_kwh for quarter in quarters)
    assert found.classes[7].energies.imported == pytest.approx(imported, abs=0.01)
    # Every quarter-hour is known.
    assert low(found) == high(found)
    assert found.then.hourly_share == (1 if terms is DYNAMIC else None)


@pytest.mark.parametrize("loads", [[], [CAR]])
def test_a_year_with_a_sharing_key_is_its_bills(
    loads: Sequence[tuple[LoadProfile, ByHand]],
) -> None:
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
    kw = found.now.reference_kw
    more = found.classes[kw].then.total - contract_only.classes[kw].then.total
    assert high(found) - low(found) == pytest.approx(more / 11, rel=0.001)
    assert found.saving == high(found)
    # A contract also counts for the energy of unknown quarter-hours.
    assert low(contract_only) == high(contract_only)


def test_a_load_changes_each_known_import_and_a_battery_needs_the_exports() -> None:
    # The exports of two of 24 hours are unknown, and all imports are known.
    quarters = [
        quarter._replace(exported_kwh=None) if quarter.start.hour in {2, 3} else quarter
        for quarter in year()
    ]
    state = state_of(quarters, CONTRACT)
    assert any(quarter.exported_kwh for quarter in quarters)
    load = compared(Changes(loads=[HEAT_PUMP[0]]), state)
    assert low(load) == high(load)
    battery = compared(Changes(battery=Battery(5, 3)), state)
    effect = battery.classes[7].now.total - battery.classes[7].then.total
    assert high(battery) - low(battery) == pytest.approx(effect / 11, rel=0.001)


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
        half.add_price(QuarterPrice(quarter.start, 0.1))
    dynamic = Changes(contract=NewContract(DYNAMIC, half))
    assert refusal(dynamic, CONTRACT, year()) is WhatIfRefusal.TOO_FEW_PRICED_DAYS


def test_real_days_of_sun_are_not_mean_days() -> None:
    table = measured().ledger.table
    real = panels(6)(table.quarter).reshape(365, 96)
    month = wall_clock(table.quarter).month.reshape(365, 96)[:, 48]
    mean = np.array([real[month == of_day].mean(axis=0) for of_day in month])

    def own_use(days: Floats) -> float:
        return float(table.imported.sum() - with_load(table, lambda _: days.ravel()).imported.sum())

    assert mean.sum() == pytest.approx(real.sum())
    assert own_use(real) < 0.97 * own_use(mean)


def test_which_rows_change() -> None:
    days = {
        "2026-06-01": DayRows(9.6, nan, shared_kwh=4.8),
        "2026-06-02": DayRows(0, 9.6),
    }
    gap = table_of_days({"2026-06-03": 9.6}, RowSource.GAP)
    repeated = table_of_days({"2026-06-02": DayRows(0, 9.6)})
    table = table_of_days(days).joined(repeated).joined(gap)

    def day_sums(changed: Table) -> list[list[float | None]]:
        columns = (changed.imported, changed.exported, changed.shared.sum(axis=0))
        days = zip(*(np.split(column, [96, 288]) for column in columns), strict=True)
        sums = [[float(energies.sum()) for energies in day] for day in days]
        return [[None if isnan(wh) else round(wh, 6) for wh in day] for day in sums]

    assert day_sums(table) == [[9600, None, 4800], [0, 19_200, 0], [9600, 0, 0]]
    # Unknown energies and gaps stay. The last row of a repeated quarter-hour changes.
    changed = with_load(table, lambda numbers: np.full(len(numbers), 150.0))
    assert day_sums(changed) == [[24_000, None, 4800], [4800, 9600, 0], [9600, 0, 0]]
    # At most the imported energy is shared. Produced energy beyond the need is exported.
    changed = with_load(table, lambda numbers: np.full(len(numbers), -70.0))
    assert day_sums(changed) == [[2880, None, 2880], [0, 25_920, 0], [9600, 0, 0]]
    changed = with_load(table, lambda numbers: np.full(len(numbers), -130.0))
    assert day_sums(changed) == [[0, 2880, 0], [0, 31_680, 0], [9600, 0, 0]]
