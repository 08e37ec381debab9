"""Goal of a month, and what a day may cost: computed by hand.

A day of 10 kWh costs 2.17 EUR, and 1.3712 EUR of fixed prices in June: with VAT, 300 kWh cost
65.12 + 20.05 = 85.17 EUR.
"""

from datetime import date, datetime

from smartyp1.advice.goal import LAST_YEAR, Goal, goal_of, last_year_total
from tests.lib.bill.months import Known, agreed, alike_days, day, local, month, months_under

CONTRACTS = agreed(reference_kw=7, energy_price=0.15)
UNTIL = local("2026-06-11T00:00")


MAY = alike_days("2026-05", 31, 10)
JUNE = alike_days("2026-06", 10, 10)


def goal(choice: str | float, *months: Known, until: datetime = UNTIL) -> Goal:
    found = goal_of(choice, months_under(CONTRACTS, *months), until)
    assert found is not None
    return found


def test_a_goal_says_what_each_day_that_is_left_may_cost() -> None:
    # 85.17 / 3 = 28.39 so far; 20 days are left: (85 - 28.39) / 20 = 2.83, rounded down
    found = goal(85, MAY, JUNE)
    assert (found.total, found.day_budget, found.passed_on) == (85, 2.8, None)
    # The last 28 days: ten of June, 2.839, and 18 of May, 2.17 + 20.05 / 31 = 2.8175
    assert found.recent_day == 2.83


def test_nothing_is_left_of_a_passed_goal() -> None:
    # Each day costs 2.84: 14.20 after five days, 17.03 after six.
    found = goal(17, MAY, JUNE)
    assert (found.day_budget, found.passed_on) == (None, date(2026, 6, 6))


def test_as_last_year_is_the_cost_of_the_same_month() -> None:
    last_year = alike_days("2025-06", 30, 12)
    # In 2025, 360 * (0.15 + 0.0759) + 19.27 + 5.90 = 106.49; 8.52 of VAT
    assert last_year_total(months_under(CONTRACTS, last_year, MAY, JUNE)[-1]) == 115.01
    assert goal(LAST_YEAR, last_year, MAY, JUNE).total == 115.01
    # Without nine tenths of that month, there is no goal.
    for months in ((alike_days("2025-06", 26, 12), MAY, JUNE), (MAY, JUNE)):
        assert goal_of(LAST_YEAR, months_under(CONTRACTS, *months), UNTIL) is None


def test_a_day_has_no_usual_cost_before_a_week_has_ended() -> None:
    found = goal(85, alike_days("2026-06", 6, 10), until=local("2026-06-07T12:00"))
    assert found.recent_day is None


def test_days_of_unknown_cost_are_not_recent_days() -> None:
    # An outage from 5 May to 3 June: only the seven days after it, of 2.839 EUR each, are recent.
    after = month("2026-06", *(day(f"2026-06-{n:02}", 10) for n in range(4, 11)))
    assert goal(85, alike_days("2026-05", 5, 30), after).recent_day == 2.84
    # A month in which nothing was read is no month before.
    assert goal(85, alike_days("2026-04", 30, 30), after).recent_day == 2.84


def test_a_revenue_is_not_passed_from_the_first_day_on() -> None:
    found = goal(-50, MAY, JUNE)
    assert (found.day_budget, found.passed_on) == (None, None)


def test_the_last_day_has_no_budget() -> None:
    whole = alike_days("2026-06", 30, 10)
    assert goal(90, MAY, whole, until=local("2026-06-30T06:00")).day_budget is None
