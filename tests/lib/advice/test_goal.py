"""Goal of a month, and the budget of a day: computed by hand.

A day of 10 kWh costs 2.17 EUR, and 1.3712 EUR of fixed prices in June: with VAT, 300 kWh cost 65.12
+ 20.05 = 85.17 EUR.
"""

from datetime import date, datetime

import pytest

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


def test_a_goal_gives_the_budget_of_each_remaining_day() -> None:
    # 85.17 / 3 = 28.39 so far; 20 days are left, with fixed prices of 20.05 * 2 / 3 = 13.37:
    # (85 - 28.39 - 13.37) / 20 = 2.16, rounded down
    found = goal(85, MAY, JUNE)
    assert (found.total, found.day_budget, found.passed_on) == (85, 2.1, None)
    # Energy of the last 28 days, without fixed prices
    assert found.recent_day == 2.17


@pytest.mark.parametrize(
    ("choice", "budget", "can_be_met"),
    # 28.39 so far, and 13.37 of fixed prices to come
    [(45, 0.1, True), (42, 0.0, True), (41.75, 0.0, True), (41.74, None, False)],
)
def test_a_goal_below_the_fixed_prices_to_come_cannot_be_met(
    choice: float, budget: float | None, *, can_be_met: bool
) -> None:
    found = goal(choice, MAY, JUNE)
    assert (found.day_budget, found.can_be_met, found.passed_on) == (budget, can_be_met, None)
    # A month that is paid for its energy can still become cheaper.
    sunny = alike_days("2026-06", 10, 10, 0.1)
    contracts = agreed(reference_kw=7, energy_price=0.15, feed_in_price=0.05)
    sold = goal_of(choice, months_under(contracts, MAY, sunny), UNTIL)
    assert sold is not None
    assert sold.can_be_met


def test_days_within_the_budget_meet_the_goal() -> None:
    for choice in (50, 60, 70, 85):
        found = goal(choice, MAY, JUNE)
        assert found.day_budget is not None
        # A kWh costs 0.15 + 0.051, and 8 % of VAT.
        kwh = found.day_budget / 0.201 / 1.08
        rest = [day(f"2026-06-{n:02}", kwh) for n in range(11, 31)]
        whole = months_under(CONTRACTS, month("2026-06", *JUNE.days, *rest))[0].bill().total
        assert whole is not None
        assert choice - 20 * 0.1 - 0.02 <= whole <= choice + 0.01


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
    # An outage from 5 May to 3 June: only the seven days after it, of 2.17 EUR each, are recent.
    after = month("2026-06", *(day(f"2026-06-{n:02}", 10) for n in range(4, 11)))
    assert goal(85, alike_days("2026-05", 5, 30), after).recent_day == 2.17
    # A month in which nothing was read is no month before.
    assert goal(85, alike_days("2026-04", 30, 30), after).recent_day == 2.17


def test_a_revenue_is_not_passed_from_the_first_day_on() -> None:
    found = goal(-50, MAY, JUNE)
    assert (found.day_budget, found.passed_on) == (None, None)
    assert not found.can_be_met


def test_the_last_day_has_no_budget() -> None:
    whole = alike_days("2026-06", 30, 10)
    assert goal(90, MAY, whole, until=local("2026-06-30T06:00")).day_budget is None
