"""Outlook of the month's goal."""

from datetime import date, datetime, timedelta

from smartyp1.bill.household import Household
from smartyp1.history.register_amounts import Energies
from smartyp1.messages.goal_watch import GoalOutlook, GoalState, goal_outlook, watch_goal
from smartyp1.prices.contract import Contract


def test_an_outage_over_new_year_does_not_show_the_old_month_as_the_new_one() -> None:
    """The old month is shown as it was before the outage until the outage's energy counts."""
    meter = Household(Contract(reference_kw=3.0, energy_price=0.15))
    before: GoalOutlook | None = None
    after: list[GoalOutlook | None] = []
    for minute in range(60):
        now = datetime.fromisoformat("2026-12-14T18:00+01:00") + timedelta(minutes=minute)
        meter.count_telegram(now, Energies(500 + minute / 100, 0.0), 0.6, "1")
        household = meter.snapshot
        before = goal_outlook(household, 5.0) if household else None
    for minute in range(60):
        now = datetime.fromisoformat("2027-01-01T07:20+01:00") + timedelta(minutes=minute)
        meter.count_telegram(now, Energies(590 + minute / 100, 0.0), 0.6, "1")
        household = meter.snapshot
        after.append(goal_outlook(household, 5.0) if household else None)
    assert before
    assert before.so_far < before.goal
    # The first whole quarter-hour ends at 7:45. The new month is shown with the next telegram.
    assert after[:25] == [before] * 25
    assert after[25] is None
    assert all(look and look.day == date(2027, 1, 1) for look in after[26:])
    assert all(look and look.so_far < look.goal for look in after[26:])


def test_without_an_outlook_nothing_changes() -> None:
    assert watch_goal(GoalState(), None) == (GoalState(), None)
