"""Repair issues for days on which the meter and the national platform have different energies."""

from homeassistant.core import HomeAssistant, callback

from ..lib.leneda import Cause, Differences
from ..lib.tariff import LUXEMBOURG
from .entry_types import AnyConfigEntry
from .repair_issues import Problem, is_raised, raise_issue, withdraw_issues

_BY_CAUSE = {
    Cause.OTHER_POINT: Problem.LENEDA_OTHER_POINT,
    Cause.PRODUCTION: Problem.LENEDA_PRODUCTION,
    Cause.FACTOR_FOUR: Problem.LENEDA_FACTOR_FOUR,
    Cause.SHIFTED_HOUR: Problem.LENEDA_SHIFTED_HOUR,
}
PROBLEMS = {Problem.LENEDA_DIFFERENCE, *_BY_CAUSE.values()}
"""Repair issues that a difference can raise."""


@callback
def tell_difference(hass: HomeAssistant, entry: AnyConfigEntry, differences: Differences) -> None:
    """Raise the repair issue for the differences between the meter's days and Leneda's days.

    Withdraw all other issues about differences. If all days agree, raise no issue. If no days were
    compared, change nothing.
    """
    if not differences.days:
        return
    outside = [day for day in differences.days if not day.is_within]
    problem = Problem.LENEDA_DIFFERENCE if outside else None
    if differences.cause:
        problem = _BY_CAUSE[differences.cause]
    withdraw_issues(hass, entry, PROBLEMS - {problem})
    if problem is None or is_raised(hass, entry, problem):
        return
    day = (outside or differences.days)[-1]
    raise_issue(
        hass,
        entry,
        problem,
        day=f"{day.start.astimezone(LUXEMBOURG):%Y-%m-%d}",
        own=f"{day.own_wh / 1000:.3f}",
        platform=f"{day.platform_wh / 1000:.3f}",
    )
