"""Messages about a month whose forecast, and later cost, is above the goal."""

from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple

from ..advice.goal import GoalChoice, goal_of
from ..advice.month_forecast import Estimate, estimated
from ..bill.household_state import HouseholdState
from ..history.luxembourg_time import DAY, local_day
from .message import HouseholdMessage

# The card calls a forecast "above your goal" by the same two limits: in EUR, and relative.
_MIN_ABOVE_EUR = 2.0
_MIN_ABOVE_SHARE = 0.02
_DAYS_RUNNING = 3
_FIRST_DAY = 10


class GoalOutlook(NamedTuple):
    """Goal of a month, its cost so far and its forecast, in EUR, at the end of `day`'s readings."""

    day: date
    goal: float
    so_far: float
    forecast: float | None
    """None while the forecast lacks data."""
    day_budget: float | None
    can_be_met: bool = True

    @property
    def is_above(self) -> bool:
        """Return whether the forecast is clearly above the goal."""
        least = max(_MIN_ABOVE_EUR, _MIN_ABOVE_SHARE * abs(self.goal))
        return self.forecast is not None and self.forecast - self.goal >= least


@dataclass(frozen=True)
class GoalState:
    """Days running with a forecast above the goal, and the messages of the month."""

    last_day: date | None = None
    """Last day whose forecast was counted."""
    days_above: int = 0
    month: date | None = None
    """First day of the month that the two following values are about."""
    is_forecast_told: bool = False
    is_passing_told: bool = False


def goal_outlook(household: HouseholdState, choice: GoalChoice) -> GoalOutlook | None:
    """Return the outlook of the current month. It takes some 10 ms.

    Return None if the goal or the cost so far is unknown. Return None also if the known time does
    not end in the shown month: at a month's end, its last values are shown in the next month.
    """
    if not household.month.start <= household.until < household.month.end:
        return None
    goal = goal_of(choice, household.months, household.until)
    so_far = household.month.bill(household.until).total
    if goal is None or so_far is None:
        return None
    estimate = estimated(household)
    forecast = estimate.total if isinstance(estimate, Estimate) else None
    day = local_day(household.until)
    return GoalOutlook(day, goal.total, so_far, forecast, goal.day_budget, goal.can_be_met)


def watch_goal(
    state: GoalState, outlook: GoalOutlook | None
) -> tuple[GoalState, HouseholdMessage | None]:
    """Return the new state, and the message that is due. Each message comes once a month.

    The first outlook is the one at which the user turned the switch on. If the goal is already
    passed then, no message says so. The cost of a month passes a revenue from its first hour on, so
    only the forecast tells about such a goal.
    """
    if outlook is None:
        return state, None
    month, is_passed = outlook.day.replace(day=1), 0 < outlook.goal < outlook.so_far
    if state.month != month:
        is_told = state.month is None and is_passed
        state = GoalState(state.last_day, state.days_above, month, is_told, is_told)
    state = _counted(state, outlook)
    return (_passed if is_passed else _heading_above)(state, outlook)


def _passed(state: GoalState, outlook: GoalOutlook) -> tuple[GoalState, HouseholdMessage | None]:
    if state.is_passing_told:
        return state, None
    values = {"so_far_eur": outlook.so_far, "goal_eur": outlook.goal}
    told = replace(state, is_forecast_told=True, is_passing_told=True)
    return told, HouseholdMessage("goal_passed", values)


def _heading_above(
    state: GoalState, outlook: GoalOutlook
) -> tuple[GoalState, HouseholdMessage | None]:
    is_due = state.days_above >= _DAYS_RUNNING and outlook.day.day >= _FIRST_DAY
    if state.is_forecast_told or not is_due or not outlook.is_above or outlook.forecast is None:
        return state, None
    values = {
        "forecast_euros": outlook.forecast,
        "above_euros": float(round(outlook.forecast) - round(outlook.goal)),
        "goal_euros": outlook.goal,
        "so_far_euros": outlook.so_far,
    }
    key = "goal_above"
    if not outlook.can_be_met:
        key = "goal_out_of_reach"
    elif outlook.day_budget is not None:
        key, values = "goal_above_budget", {**values, "budget_eur": outlook.day_budget}
    return replace(state, is_forecast_told=True), HouseholdMessage(key, values)


def _counted(state: GoalState, outlook: GoalOutlook) -> GoalState:
    """Return the state with the forecast of the day, if this day was not counted before."""
    if outlook.forecast is None or outlook.day == state.last_day:
        return state
    is_next = state.last_day is not None and outlook.day - state.last_day == DAY
    before = state.days_above if is_next and outlook.day.day > 1 else 0
    return replace(state, last_day=outlook.day, days_above=before + 1 if outlook.is_above else 0)
