"""What a battery would be worth: a year of equal days by hand, and what nobody can do better."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from math import nan
from pathlib import Path

import pytest

from smartyp1.tariff import (
    LEAST_DAYS,
    Battery,
    Contract,
    Day,
    Demand,
    EstimatedQuarterHour,
    Month,
    QuarterHour,
    Shared,
    WhatIf,
    WhatIfError,
    WhatIfRefusal,
    YearCosts,
    bill,
    compare,
    what_if,
)
from smartyp1.tariff.battery import DayEnergies, DayWithBattery, run_battery
from smartyp1.tariff.what_if_year import KnownDay
from tests.lib.tariff.best_battery import Prices, least_cost
from tests.lib.tariff.months import local
from tests.lib.tariff.years import demand_after, energies_of, household, quarter_hours

CONTRACT = Contract(reference_kw=7, energy_price=0.15, feed_in_price=0.06)
# 0.15 + 0.0510, and 0.0765, with 8 % of VAT
PRICES = Prices(drawn=0.21708, above=0.08262, fed_in=0.06)
BATTERY = Battery(10, 6, 0.81)


def equal_days(_day: int, n: int) -> tuple[float, float]:
    """Return 1 kWh an hour of sun at noon for an hour, 6 kW for an hour, and 400 W otherwise."""
    if 40 <= n < 44:
        return 0, 1000
    return (1500, 0) if 72 <= n < 76 else (100, 0)


@cache
def equal_year() -> list[QuarterHour]:
    return quarter_hours(equal_days)


def tried(
    quarters: Sequence[QuarterHour], contract: Contract = CONTRACT, battery: Battery = BATTERY
) -> WhatIf:
    return what_if(demand_after(quarters, contract), quarters, battery)


def refused(quarters: Sequence[QuarterHour], contract: Contract = CONTRACT) -> WhatIfError:
    with pytest.raises(WhatIfError) as error:
        tried(quarters, contract)
    return error.value


def months_of(demand: Demand) -> tuple[Month, ...]:
    return demand.earlier_months


def test_a_year_of_equal_days() -> None:
    found = tried(equal_year())

    # Days of 25 and 23 hours make up for each other: 365 * (88 * 0.1 + 4 * 1.5) = 5402 kWh are
    # drawn, 1460 fed in, and 1095 are above 3 kW. Fixed: 12 * (12.84 or 7.42, + 5.72) * 1.08.
    three, seven = found.classes[3], found.classes[7]
    assert three.without == pytest.approx((1172.67, 90.47, -87.60, 170.29, 1345.83), abs=0.15)
    assert seven.without == pytest.approx((1172.67, 0, -87.60, 240.54, 1325.61), abs=0.15)
    # At 7 kW, the sun gives 1460 * 0.81 = 1182.6 kWh.
    assert seven.with_battery == pytest.approx((915.95, 0, 0, 240.54, 1156.49), abs=0.15)
    # At 3 kW, the first evening has 440 Wh of the sun for what is above, of which 2560 remain. From
    # then on 3000 / 0.9 are kept, and 5.8 kWh a day given, with 5.8 / 0.81 - 4 kWh from the grid:
    # 5402 - 364 * 2.6395 + (4 - 0.2963 - 3.24) = 4441.68 kWh
    assert three.with_battery == pytest.approx((964.20, 0.21, 0, 170.29, 1134.70), abs=0.15)
    assert three.cycles == pytest.approx((364 * 5.8 + 3.24) / 0.9 / 10)
    assert seven.cycles == pytest.approx(365 * 3.24 / 0.9 / 10)
    assert (three.stored_share, seven.stored_share) == (1, 1)

    assert (found.reference_kw, found.cheapest_without, found.cheapest_with) == (7, 7, 3)
    assert found.saving_low == pytest.approx(1325.61 - 1134.70, abs=0.3)
    # Nothing was drawn and fed in within one quarter-hour, and all is known.
    assert found.saving_high == found.saving_low
    assert found.measured_days == 365
    assert (f"{found.start:%Y-%m-%d}", f"{found.end:%Y-%m-%d}") == ("2025-11-01", "2026-11-01")
    assert list(found.classes) == [3, 7, 12, 17, 27, 43, 70, 100, 150, 200]


def test_without_a_battery_it_is_what_the_bills_and_the_comparison_say() -> None:
    quarters = quarter_hours(
        household(1, sun_kw=6, car_kw=7, heat_kw=1), "2026-01-01", "2027-01-01"
    )
    contract = replace(
        CONTRACT,
        reference_kw=8,
        network_fixed=14.0,
        energy_fee=2.0,
        discount=1.0,
        second_price=0.1,
        second_hours="22:00-06:00 sun",
        has_levies=True,
        # As it is when the year has ended, at whose prices a battery is judged.
        compensation=-0.001,
        replaces_variable=True,
    )
    demand = demand_after(quarters, contract, "2027-01-01")
    found = what_if(demand, quarters, BATTERY)

    def total(contract: Contract) -> float:
        changed = demand_after(quarters, contract, "2027-01-01")
        return sum(
            bill(each, changed.contracts, each.end).total or 0.0 for each in months_of(changed)
        )

    own = found.classes[8].without
    assert own.total == pytest.approx(total(contract))
    assert sum(own[:4]) == pytest.approx(own.total)
    comparison = compare(months_of(demand), demand.contracts, demand.until)
    for kw in (3, 12):
        without = found.classes[kw].without
        assert without.total == pytest.approx(
            total(replace(contract, reference_kw=kw, network_fixed=None))
        )
        # Beside the energy at the variable price, which is the same for all.
        costs = [month.classes[kw] for month in comparison.decisive]
        fixed, others = sum(each.fixed or 0 for each in costs), 12 * (5.72 + 2 - 1)
        assert without.fixed == pytest.approx(fixed + others * 1.08, abs=0.2)


def test_whole_euros_add_up() -> None:
    assert YearCosts(100.4, 0.4, -20.4, 50.0, 130.4).whole == (100, 0, -20, 50, 130)
    assert YearCosts(100.5, 10.5, -20.4, 50.4, 141.0).whole == (101, 10, -20, 50, 141)
    assert YearCosts(100.6, 10.6, -0.5, 50.5, 161.2).whole == (101, 11, -1, 50, 161)
    assert YearCosts(99.6, 0.0, 0.0, 50.4, 150.0).whole == (100, 0, 0, 50, 150)


def test_what_is_drawn_and_fed_in_at_once_makes_a_range() -> None:
    def powers(_day: int, n: int) -> tuple[float, float]:
        return (300, 500) if n < 10 else (0, 0)

    found = tried(quarter_hours(powers), battery=Battery(10, 6, 1))
    year = found.classes[3]
    # 10 * 200 Wh a day are stored. There is nothing else to give them to: 300 are drawn in
    # each of these quarter-hours.
    assert year.with_battery.feed_in == pytest.approx(year.without.feed_in + 10 * 0.06, abs=0.1)
    assert found.saving_low == pytest.approx(-10 * 0.06, abs=0.1)
    # With all of it, 300 Wh come back ten times a day.
    assert found.saving_high == pytest.approx(
        365 * 10 * 0.3 * (PRICES.drawn - 0.06) - 10 * 0.06, rel=0.01
    )


def test_days_that_are_not_known_are_nothing_or_like_the_others() -> None:
    gap = quarter_hours(equal_days, "2025-11-01", "2026-02-01")
    gap += quarter_hours(equal_days, "2026-03-01", "2026-11-01")
    found = tried(gap, battery=Battery(4, 6, 0.81))
    # 28 of 365 days; of February there is no bill, so eleven months stand for twelve.
    assert found.measured_days == 337
    assert found.classes[7].without.fixed == pytest.approx(240.54, abs=0.1)
    assert found.saving_high == pytest.approx(found.saving_low, abs=0.1)

    holes = [each for each in equal_year() if each.start.hour != 3]
    found = tried(holes, battery=Battery(4, 6, 0.81))
    assert found.measured_days == 365
    assert found.saving_high == pytest.approx(found.saving_low * 24 / 23, rel=0.001)


def test_prices_are_those_that_hold_now() -> None:
    # Two months of 2025, at the prices of 2026.
    assert tried(equal_year()).classes[3].without.fixed == pytest.approx(170.29, abs=0.1)


def test_a_second_price() -> None:
    contract = replace(CONTRACT, second_price=0.05, second_hours="18:00-19:00")
    found = tried(equal_year(), contract, Battery(4, 6, 0.81)).classes[7]
    # The 6 kW are between 18:00 and 19:00, but on the two days on which the clock changes, when it
    # is 0.4 kW then: 2190 - 12 + 0.8 kWh at 0.05.
    assert found.without.energy == pytest.approx(1172.67 - 2178.8 * 0.1 * 1.08, abs=0.1)
    # Of the 3.24 kWh a day, 2.8 come before and 0.44 within.
    assert found.without.energy - found.with_battery.energy == pytest.approx(
        365 * (3.24 * PRICES.drawn - 0.44 * 0.1 * 1.08), abs=0.3
    )


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"reference_kw": None}, WhatIfRefusal.NO_REFERENCE_POWER),
        ({"energy_price": None}, WhatIfRefusal.NO_ENERGY_PRICE),
        ({"feed_in_price": None}, WhatIfRefusal.NO_FEED_IN_PRICE),
        ({"reference_kw": 8}, WhatIfRefusal.NO_NETWORK_PRICE),
        ({"has_levies": True, "consumer_category": "B"}, WhatIfRefusal.NO_NETWORK_PRICE),
        ({"energy_margin": 0.1}, WhatIfRefusal.TOO_FEW_PRICED_DAYS),
        ({"feed_in_margin": 0.1}, WhatIfRefusal.TOO_FEW_PRICED_DAYS),
    ],
)
def test_what_is_missing_is_said(change: dict[str, object], reason: WhatIfRefusal) -> None:
    assert refused(equal_year(), replace(CONTRACT, **change)).reason is reason  # type: ignore[arg-type]


def test_who_feeds_nothing_in_needs_no_price_of_it() -> None:
    quarters = [each._replace(exported_kwh=None) for each in equal_year()]
    found = tried(quarters, replace(CONTRACT, feed_in_price=None)).classes[3]
    assert (found.without.feed_in, found.stored_share) == (0, None)


@pytest.mark.parametrize("days", [LEAST_DAYS - 1, LEAST_DAYS])
def test_fewer_days_than_needed_are_refused(days: int) -> None:
    quarters = equal_year()[-days * 96 - 4 :]
    if days < LEAST_DAYS:
        error = refused(quarters)
        assert (error.reason, error.days) == (WhatIfRefusal.TOO_FEW_DAYS, days)
    else:
        assert tried(quarters).measured_days == days


def test_market_prices_and_what_was_shared_are_by_the_mean_of_the_day() -> None:
    day = Day(
        start=local("2026-06-01"),
        imported_wh=2000,
        exported_wh=500,
        market_wh=2000,
        market_cost=0.4,
        market_exported_wh=500,
        market_revenue=0.02,
        shared=Shared(known_wh=2000, layer_1_wh=800),
    )
    known = KnownDay(day, DayEnergies([1000, 600], [0, 500]), [])
    # Of 2000 Wh, 500 are not drawn; of 500, 100 are stored.
    found = known.changed(DayWithBattery([1000, 100], 100), 3, None)
    assert (found.imported_wh, found.exported_wh) == (1500, 400)
    assert (found.market_wh, found.market_exported_wh) == (1500, 400)
    assert found.market_cost == pytest.approx(0.3)
    assert found.market_revenue == pytest.approx(0.016)
    assert found.shared
    assert found.shared.layer_1_wh == 600
    # 250 above 3 kW
    assert found.above[3] == (1, 250)


def test_what_counts_as_a_measured_day() -> None:
    first, last = equal_year()[: 66 * 96], equal_year()[66 * 96 :]
    # What the operator has estimated is on the bill, and is not measured.
    assert refused([*map(EstimatedQuarterHour._make, first), *last]).days == 299
    # The sun would be missing.
    assert refused([*(each._replace(exported_kwh=None) for each in first), *last]).days == 299
    # An hour at noon, and four hours.
    for hours, count in ((2, 365), (3, 0)):
        quarters = [each for each in equal_year() if not 1 <= each.start.hour < 1 + hours]
        if count:
            assert tried(quarters).measured_days == count
        else:
            assert refused(quarters).days == count


def test_the_running_month_and_what_is_older_than_a_year_do_not_count() -> None:
    quarters = quarter_hours(equal_days, "2025-09-01", "2026-11-06")
    found = tried(quarters)
    assert found.classes[7].without.total == pytest.approx(1325.61, abs=0.15)
    assert refused([each for each in quarters if f"{each.start:%Y-%m}" < "2026-08"]).days == 273


def test_a_battery_that_cannot_be_is_an_error() -> None:
    with pytest.raises(ValueError, match="no such battery"):
        tried(equal_year(), battery=Battery(nan, 1))


PAGE = (Path(__file__).parents[3] / "docs" / "what-if.md").read_text(encoding="utf-8")
HOUSEHOLDS = {
    "sun": {"sun_kw": 8, "car_kw": 0, "heat_kw": 0},
    "sun and car": {"sun_kw": 8, "car_kw": 7, "heat_kw": 0},
    "car": {"sun_kw": 0, "car_kw": 11, "heat_kw": 0},
    "heat pump": {"sun_kw": 0, "car_kw": 0, "heat_kw": 2},
    "sun, car and heat pump": {"sun_kw": 10, "car_kw": 7, "heat_kw": 2},
}
SIZES = [Battery(3, 1.5), Battery(10, 5), Battery(25, 4, 0.8)]


@pytest.mark.parametrize("start", [0, 170])
@pytest.mark.parametrize("battery", SIZES)
def test_nobody_does_better_than_the_best(battery: Battery, start: int) -> None:
    powers = household(start, sun_kw=8, car_kw=7, heat_kw=2)
    days = [
        DayEnergies(*zip(*(powers(day, n) for n in range(96)), strict=True))
        for day in range(start, start + 21)
    ]
    drawn = [wh / 1000 for day in days for wh in day.imported_wh]
    fed = [wh / 1000 for day in days for wh in day.exported_wh]
    for reference_kw in (3, 7):
        least = least_cost(battery, reference_kw, drawn, fed, PRICES)
        for is_both_at_once in (False, True):
            run = run_battery(
                days, battery, reference_kw, may_charge=True, is_both_at_once=is_both_at_once
            )
            after = [wh / 1000 for day in run.days for wh in day.imported_wh]
            above = sum(max(0, kwh - reference_kw / 4) for kwh in after)
            cost = PRICES.drawn * sum(after) + PRICES.above * above
            cost -= PRICES.fed_in * (sum(fed) - run.stored_wh / 1000)
            assert cost >= least - 0.001
            assert min(after) >= 0


@pytest.mark.slow
@pytest.mark.parametrize("name", HOUSEHOLDS)
def test_how_far_a_year_is_from_the_best(name: str) -> None:
    quarters = quarter_hours(household(7, **HOUSEHOLDS[name]))
    drawn, fed = energies_of(quarters)
    demand = demand_after(quarters, CONTRACT)
    for battery in SIZES:
        found = what_if(demand, quarters, battery)
        best = min(
            least_cost(battery, kw, drawn, fed, PRICES) + found.classes[kw].without.fixed
            for kw in (3, 7, 12)
        )
        without = found.classes[found.cheapest_without].without.total
        # Each line of twelve bills is rounded to a cent.
        assert found.saving_low <= found.saving_high <= without - best + 0.5
        shares = [f"{100 * each / (without - best):.0f} %" for each in found[-2:]]
        efficiency = "" if battery.efficiency == 0.9 else f", {100 * battery.efficiency:.0f} %"
        size = f"{battery.kwh} kWh, {battery.kw} kW{efficiency}"
        row = " | ".join([name, size, *shares, f"{without - best:.0f} \N{EURO SIGN}"])
        assert f"| {row} |" in PAGE
