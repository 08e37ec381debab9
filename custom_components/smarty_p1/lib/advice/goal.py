"""Goal for the cost of a month, and what a day may cost within it.

All amounts are in EUR, with VAT if the contract has VAT, as on the bill.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from math import floor
from statistics import fmean
from typing import NamedTuple

from ..bill.bill import more
from ..bill.daily_bills import PeriodBills, bills_by_day
from ..bill.ledger import Ledger
from ..bill.month import Month
from ..history.luxembourg_time import DAY, day_start, local_day
from .month_forecast import same_month_of_last_year

LAST_YEAR = "last_year"
"""Choice of a goal that is the cost of the same month of last year, and so changes each month."""

type GoalChoice = str | float
"""`LAST_YEAR`, or the cost of each month."""

_RECENT_DAYS = 28
_MIN_RECENT_DAYS = 7
# A budget is rounded down to 0.10 EUR: whoever keeps the shown amount stays within the goal.
_BUDGET_STEPS = 10


class Goal(NamedTuple):
    """Goal of the current month."""

    total: float
    """Highest cost of the whole month."""
    day_budget: float | None
    """Cost of the energy of each day that is left, without fixed prices. None if less than a day is
    left, if the goal cannot be met, or if a cost is unknown."""
    can_be_met: bool
    """False if the cost so far and the fixed prices to come are above the goal. A household that
    is paid for energy may still meet it."""
    recent_day: float | None
    """Mean cost of the energy of the last 28 whole days, without fixed prices. None if fewer than
    seven of them have a known cost."""
    passed_on: date | None
    """Day on which the cost passed the goal."""


def last_year_total(month: Month) -> float | None:
    """Return the cost of the same month of last year.

    Return None if a price of last year's month is missing, or if less than 90 % of it was measured.
    """
    last_year = same_month_of_last_year(month)
    return None if last_year is None else last_year.bill().total


def goal_of(choice: GoalChoice, months: Sequence[Month], until: datetime) -> Goal | None:
    """Return the goal of the current month, the last of `months`, which is measured up to `until`.

    Return None if the goal is last year's cost, and this cost is unknown.
    """
    month = months[-1]
    total = last_year_total(month) if choice == LAST_YEAR else float(choice)
    if total is None:
        return None
    days = [day for last in months[-2:] for day in bills_by_day(*last, until)]
    of_month = [day for day in days if day.start >= month.start]
    # The bill of the whole month has the energy so far, and all fixed prices.
    due = month.bill()
    left = more(due.total, total)
    return Goal(
        total,
        _day_budget(left, (month.end - until) / DAY),
        left is None or left >= 0 or bool(due.amount("feed_in")),
        _recent_day(days, month.ledger, until),
        _passed_on(of_month, total),
    )


def _day_budget(left: float | None, days: float) -> float | None:
    """Return the amount in EUR for each day, rounded down. Return None if nothing is left."""
    if left is None or left < 0 or days < 1:
        return None
    return floor(left / days * _BUDGET_STEPS) / _BUDGET_STEPS


def _recent_day(days: Sequence[PeriodBills], ledger: Ledger, until: datetime) -> float | None:
    today = day_start(until)
    # One of the days may have 25 hours.
    first = today - timedelta(days=_RECENT_DAYS, hours=1)
    # The energy of a long outage belongs to none of its days.
    ended = [
        day for day in days if first <= day.start < today and ledger.has_rows(day.start, day.end)
    ]
    costs = [cost for day in ended if (cost := day.cost_of_energy) is not None]
    return round(fmean(costs), 2) if len(costs) >= _MIN_RECENT_DAYS else None


def _passed_on(days: Sequence[PeriodBills], total: float) -> date | None:
    """Return the first day since whose end the cost has been above `total`.

    Return None if `total` is a revenue, because each month begins above it.
    """
    passed_on = None
    if total <= 0:
        return None
    for start, _, _, due in days:
        is_above = due.total is not None and due.total > total
        passed_on = (passed_on or local_day(start)) if is_above else None
    return passed_on
