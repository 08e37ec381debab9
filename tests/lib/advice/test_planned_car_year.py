"""A year with a planned car costs the bills of nights that were planned by hand."""

import time
from datetime import datetime, time as time_of_day
from functools import cache

import pytest

from smartyp1.advice.battery_simulation import Battery
from smartyp1.advice.planned_car_year import PlannedCar
from smartyp1.advice.what_if import Changes, ClassYears, WhatIf, compare_years, few_classes
from smartyp1.advice.what_if_year import WhatIfError, YearCosts
from smartyp1.answers.what_if import WhatIfQuestion, what_if_report
from smartyp1.bill.household_state import HouseholdState
from smartyp1.history.quarter_hour import QuarterHour
from smartyp1.json_types import JsonDict
from smartyp1.plan.usual_house import LoadEnergy
from smartyp1.prices.contract import Contract
from smartyp1.prices.published_prices import REFERENCE_POWERS
from tests.lib.advice.test_what_if import partly_shared
from tests.lib.advice.years import household, household_after, quarter_hours

CAR = PlannedCar(9.0, 11.0, 18, 7)
TERMS: JsonDict = {"energy_fee": 2.0, "feed_in_price": 0.06, "has_levies": False}
FIXED = Contract(reference_kw=3, energy_price=0.15, **TERMS)
NIGHT = Contract(
    reference_kw=12, energy_price=0.15, second_price=0.09, second_hours="22:00-06:00", **TERMS
)
# The surcharge of 2026, with VAT.
SURCHARGE = 0.0765 * 1.08


@cache
def compared(contract: Contract, car: PlannedCar) -> WhatIf:
    """Return the year of a house that takes 0.4 kW at all times."""
    state = household_after(quarter_hours(lambda _day, _quarter: (100.0, 0.0)), contract)
    return compare_years(state, Changes(car=car, is_of_few=True))


def changed_years(of_class: ClassYears) -> tuple[object, ...]:
    return of_class.at_once, of_class.then, of_class.energies


def at_once(of_class: ClassYears) -> YearCosts:
    assert of_class.at_once
    return of_class.at_once


def test_a_plan_uses_the_cheap_hours() -> None:
    of_class = compared(NIGHT, CAR).classes[12]
    saved = at_once(of_class).energy - of_class.then.energy
    assert saved == pytest.approx(365 * 9 * 0.06 * 1.08, rel=0.003)


def test_a_car_with_a_minimum_power_exceeds_a_small_reference_power() -> None:
    free, bound = (compared(FIXED, CAR._replace(min_kw=kw)).classes for kw in (0.0, 4.1))
    # Eight quarter-hours take 1.025 kWh, and one the rest, beside the house's 0.1 kWh.
    above = 8 * (1.025 + 0.1 - 0.75) + (0.8 + 0.1 - 0.75)
    assert free[3].then.surcharge == 0
    assert bound[3].then.surcharge == pytest.approx(365 * above * SURCHARGE, rel=0.003)
    assert bound[7].then.surcharge == 0


@pytest.mark.parametrize(
    ("own", "cheapest", "expected"),
    [
        (12, 12, [3, 7, 12, 17]),
        (3, 12, [3, 7, 12, 17]),
        (7, 3, [3, 7]),
        (200, 3, [3, 7, 200]),
        (3, 200, [3, 100, 150, 200]),
        (17, 70, [17, 43, 70, 100]),
        (8.5, 7, [3, 7, 8.5]),
    ],
)
def test_at_most_four_classes_are_compared(
    own: float, cheapest: float, expected: list[float]
) -> None:
    powers = sorted({*REFERENCE_POWERS, own})
    costs = {kw: YearCosts(0, 0, 0, 0, abs(kw - cheapest)) for kw in powers}
    assert few_classes(costs, own) == expected


@pytest.fixture(scope="module")
def sunny() -> HouseholdState:
    """Return a year of a house with panels."""
    return household_after(quarter_hours(household(3, sun_kw=5, car_kw=0, heat_kw=0)), NIGHT)


@pytest.fixture(scope="module")
def few(sunny: HouseholdState) -> tuple[WhatIf, float]:
    """Return the plan of that year at few classes, and the CPU time that it took."""
    begin = time.process_time()
    found = compare_years(sunny, Changes(car=CAR, is_of_few=True))
    return found, time.process_time() - begin


def test_a_plan_at_few_classes_takes_seconds_and_costs_the_same(
    sunny: HouseholdState, few: tuple[WhatIf, float]
) -> None:
    found, seconds = few
    assert seconds < 15
    assert len(found.classes) <= 4
    every = compare_years(sunny, Changes(car=CAR)).classes
    assert found.classes == {kw: every[kw] for kw in found.classes}


def test_a_car_has_its_energy_before_each_of_its_deadlines() -> None:
    """At the weekend, the car rests: from Friday evening to Sunday evening."""
    ends = (7.0, 7.0, 7.0, 7.0, 7.0, None, None)
    of_class = compared(FIXED, CAR._replace(end_hours=ends)).classes[3]
    every, without = compared(FIXED, CAR).classes[3], 365 * 9.6
    nights = (of_class.energies.imported - without) / 9
    assert (every.energies.imported - without) / 9 == pytest.approx(364.5, abs=1)
    assert nights == pytest.approx(261, abs=1)
    # With a plan, nothing is above. At once, each night is.
    above = 3 * (2.75 + 0.1 - 0.75) + (0.75 + 0.1 - 0.75)
    assert of_class.then.surcharge == 0
    assert at_once(of_class).surcharge == pytest.approx(nights * above * SURCHARGE, rel=0.001)


def test_the_measured_car_is_taken_out_of_the_year() -> None:
    """A car that took 4 kWh from 2:00 to 3:00 (UTC) is planned as in a house without it."""
    without = quarter_hours(lambda _day, _quarter: (100.0, 0.0))
    true = [
        quarter._replace(mean_kw=quarter.mean_kw + 4 * (quarter.start.hour == 2))
        for quarter in without
    ]
    hours = {quarter.start: 4.0 for quarter in true if quarter.start.hour == 2}
    known = {start: kwh for start, kwh in hours.items() if not start.minute}
    state = household_after(true, FIXED)
    changes = Changes(car=CAR, own_car=[LoadEnergy(known, {})], is_of_few=True)
    found, of_without = (
        compare_years(household, changes).classes
        for household, changes in (
            (state, changes),
            (household_after(without, FIXED), changes._replace(own_car=())),
        )
    )
    assert [*map(changed_years, found.values())] == [*map(changed_years, of_without.values())]
    # Now is the year as it was, with all that the car took.
    as_it_was = compare_years(state, Changes()).classes
    assert all(of_class.now == as_it_was[kw].now for kw, of_class in found.items())


def sum_of_nights(kwh: dict[datetime, float]) -> float:
    return sum(taken for start, taken in kwh.items() if start.hour == 2)


def test_the_energy_of_each_measured_night_is_planned_and_that_of_the_day_stays() -> None:
    """A car took 4 or 2 kWh from 2:00 to 3:00 (UTC) each night, and 1 kWh at noon."""
    kwh: dict[datetime, float] = {}
    true: list[QuarterHour] = []
    for quarter in quarter_hours(lambda _day, _quarter: (100.0, 0.0)):
        start = quarter.start
        taken = (4 - start.day % 2 * 2) if start.hour == 2 else float(start.hour == 12)
        kwh[start.replace(minute=0)] = taken
        true.append(quarter._replace(mean_kw=quarter.mean_kw + taken))
    car, own = CAR._replace(kwh=None, kw=0.5), [LoadEnergy(kwh, {})]
    for contract in (FIXED, NIGHT):
        state = household_after(true, contract)
        year = compare_years(state, Changes(car=car, own_car=own, is_of_few=True))
        as_it_was = compare_years(state, Changes()).classes
        for kw, of_class in year.classes.items():
            assert of_class.now == as_it_was[kw].now
            assert of_class.energies.imported == pytest.approx(
                year.now.energies_a_year.imported, rel=1e-6
            )
            # All nights are at one price, and noon is not moved into them. At once is from 18:00.
            by_day = 0.06 if contract is NIGHT else 0.0
            dearer = at_once(of_class).energy - of_class.now.energy
            assert dearer == pytest.approx(sum_of_nights(kwh) * by_day * 1.08, abs=0.4)
            assert of_class.then.energy == pytest.approx(of_class.now.energy, abs=0.05)
        above = sum(4 * 0.35 for start, taken in kwh.items() if start.hour == 2 and taken == 4)
        assert year.classes[3].now.surcharge == pytest.approx(above * SURCHARGE, rel=0.005)
        assert year.classes[3].then.surcharge == 0
    nothing = [LoadEnergy(dict.fromkeys(kwh, 0.0), {})]
    with pytest.raises(WhatIfError, match="no_car"):
        compare_years(state, Changes(car=car, own_car=nothing))


def test_a_car_that_charges_by_day_keeps_its_shared_energy() -> None:
    """A car took 3 kWh of a community's energy at noon. The plan moves none of it."""
    true = [
        quarter._replace(mean_kw=quarter.mean_kw + 3 * (quarter.start.hour == 11))
        for quarter in quarter_hours(lambda _day, _quarter: (100.0, 0.0))
    ]
    kwh = {quarter.start: 3.0 for quarter in true if quarter.start.time() == time_of_day(11)}
    state = partly_shared(household_after(true, FIXED), 0.9)
    changes = Changes(car=CAR._replace(kwh=None), own_car=[LoadEnergy(kwh, {})], is_of_few=True)
    year = compare_years(state, changes)
    assert year.now.energies_a_year.shared > 2000
    for of_class in year.classes.values():
        assert of_class.then == of_class.at_once == of_class.now
        assert of_class.energies == year.now.energies_a_year


def test_a_battery_counts_with_the_plan(sunny: HouseholdState, few: tuple[WhatIf, float]) -> None:
    both = compare_years(sunny, Changes(car=CAR, battery=Battery(5, 3), is_of_few=True))
    assert both.saving > few[0].saving
    planned, with_battery = few[0].classes[12], both.classes[12]
    assert planned.then.total < at_once(planned).total
    assert with_battery.then.total < at_once(with_battery).total < at_once(planned).total


def test_a_plan_beside_a_car_plans_that_car() -> None:
    """At once, the year is that of *Car* alone. The plan moves its energy and adds none."""
    state = household_after(quarter_hours(lambda _day, _quarter: (100.0, 0.0)), NIGHT)
    car = {"kind": "car", "kwh": 8.0, "kw": 7.4, "begin_hour": 17.0}
    plan = {"kind": "plan", "kwh": 9.0, "kw": 11.0, "begin_hour": 20.0}

    def report(*changes: JsonDict) -> JsonDict:
        return what_if_report(state, WhatIfQuestion(changes, None, None, {}))

    alone, both = report(car), report(car, plan)
    assert both["energies"] == alone["energies"]
    assert both["energies"]["then"]["imported"] - both["energies"]["now"]["imported"] == 8 * 365
    for kw, of_class in both["classes"].items():
        assert of_class["now"] == alone["classes"][kw]["now"]
        assert of_class["at_once"] == alone["classes"][kw]["then"]
    own = both["classes"]["12"]
    assert both["saving"]["low"] == own["now"]["total"] - own["then"]["total"]
    assert own["at_once"]["total"] - own["then"]["total"] > 8 * 365 * 0.06
    # The same car, entered as a plan, has the same answer.
    assert report({**car, "kind": "plan"})["classes"] == both["classes"]
