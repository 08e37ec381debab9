"""Commands for the cards about bills, days, habits and quarter-hours.

The habits are the usual energies and cost until this time of the day, the highest powers of a
month, and the base load (the power that the household draws at all times).
"""

from datetime import date, datetime, timedelta
from typing import Any

import voluptuous as vol
from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util

from ..answer_queue import async_aside, async_known_quarter_hours, demand_of
from ..const import CONF_GOAL
from ..coordinator import BooksCoordinator
from ..lib.answers.bills import bills_report, classes_report
from ..lib.answers.days import days_report
from ..lib.answers.habits import highlights_report, usual_report
from ..lib.answers.quarter_hours import quarter_hours_report
from ..lib.history.calendar import KEPT_MONTHS, LUXEMBOURG, day_start
from .house import async_supplied_house
from .requests import Request, async_rendered, meter_command

# Maximum number of months: the current month, and all earlier months that are kept.
_MAX_MONTHS = KEPT_MONTHS + 1
# The usual values come from the same weekday of the last four weeks.
_USUAL_SPAN = timedelta(weeks=4)


@meter_command(
    "bill",
    {vol.Optional("months", default=1): vol.All(int, vol.Range(min=1, max=_MAX_MONTHS))},
)
async def answer_bills(coordinator: BooksCoordinator, msg: Request) -> bytes:
    """Return the bills of the last months sorted by time. The current month is the last."""
    goal = coordinator.config_entry.options.get(CONF_GOAL)
    return await async_rendered(
        coordinator.hass, bills_report, demand_of(coordinator), msg["months"], goal
    )


@meter_command("classes", is_kept=lambda *_: True)
async def answer_classes(coordinator: BooksCoordinator, _msg: Request) -> bytes:
    """Return the costs at each reference power of the tariff, at current prices."""
    return await async_rendered(coordinator.hass, classes_report, demand_of(coordinator))


def _is_leneda(coordinator: BooksCoordinator, msg: Request) -> bool:
    """Return whether all requested days are over. If so, the answer can be cached."""
    end: date = msg.get("end", date.max)
    return end <= demand_of(coordinator).until.astimezone(LUXEMBOURG).date()


@meter_command(
    "days", {vol.Optional("start"): cv.date, vol.Optional("end"): cv.date}, is_kept=_is_leneda
)
async def answer_days(coordinator: BooksCoordinator, msg: Request) -> bytes:
    """Return the energies and costs of each day from `start` to the day before `end`.

    By default, return the days of the current month.
    """
    hass = coordinator.hass
    demand = demand_of(coordinator)
    series = await async_known_quarter_hours(coordinator, demand)
    start = msg.get("start", demand.month.start.date())
    return await async_rendered(hass, days_report, demand, series, start, msg.get("end", date.max))


@meter_command("usual", is_kept=lambda *_: True, is_until_now=True)
async def answer_usual(coordinator: BooksCoordinator, _msg: Request) -> bytes:
    """Return the usual energies, highest power and cost of a day until the current time of day.

    A usual value is the mean over the last four days that were the same weekday as today. If fewer
    than two of these days are known completely, the key `usual` of the answer is None. The answer
    also has the reason of today's difference.
    """
    usual = await async_usual(coordinator)
    return await async_rendered(coordinator.hass, lambda: usual)


async def async_usual(coordinator: BooksCoordinator) -> dict[str, Any]:
    """Return the usual values of `usual_report`, for cards and assistants."""
    demand = demand_of(coordinator)
    house = await async_supplied_house(coordinator, day_start(demand.time - _USUAL_SPAN))
    return await async_aside(coordinator.hass, usual_report, demand, house)


@meter_command("highlights", {}, is_kept=lambda *_: True)
async def answer_highlights(coordinator: BooksCoordinator, _msg: Request) -> bytes:
    """Return the base load of the household."""
    demand = demand_of(coordinator)
    known = await async_known_quarter_hours(coordinator, demand)
    return await async_rendered(coordinator.hass, highlights_report, demand, known)


_YEARS = range(1999, 2101)
_QUANTITIES = ("imported", "exported", "net", "larger")


def checked_time(value: object) -> datetime:
    """Return `value` as a time in UTC.

    Raises vol.Invalid if `value` is not a time, or if its year is not in _YEARS.
    """
    time = cv.datetime(value)
    if time.year not in _YEARS:
        text = "the year is not possible"
        raise vol.Invalid(text)
    return dt_util.as_utc(time)


@meter_command(
    "quarter_hours",
    {
        vol.Required("start"): checked_time,
        vol.Optional("end"): checked_time,
        vol.Optional("quantity", default="imported"): vol.In(_QUANTITIES),
        vol.Optional("encoding", default="list"): vol.In(("list", "base64")),
    },
    lambda *_: True,
)
async def answer_quarter_hours(coordinator: BooksCoordinator, msg: Request) -> bytes:
    """Return the energy of each known quarter-hour from `start` to `end`.

    The request names one of the quantities in `_QUANTITIES`.
    """
    demand = demand_of(coordinator)
    series = await async_known_quarter_hours(coordinator, demand)
    return await async_rendered(coordinator.hass, quarter_hours_report, series, demand, msg)
