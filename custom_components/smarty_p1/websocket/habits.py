"""Commands that return habits of a household.

The habits are the usual energies and cost until this time of the day, the highest powers of a
month, and the power that is always on.
"""

import voluptuous as vol
from homeassistant.helpers import config_validation as cv

from ..answer_queue import async_known_quarter_hours, demand_of
from ..coordinator import BooksCoordinator
from ..lib.answers import highlights_report, usual_report
from .requests import Request, async_rendered, meter_command


@meter_command("usual", is_kept=lambda *_: True)
async def answer_usual(coordinator: BooksCoordinator, _msg: Request) -> bytes:
    """Return the usual energies, peak and cost from midnight to this time of the day.

    They are means of the same weekday in the last four weeks.
    """
    demand = demand_of(coordinator)
    known = await async_known_quarter_hours(coordinator, demand)
    return await async_rendered(coordinator.hass, usual_report, demand, known)


@meter_command("highlights", {vol.Optional("day"): cv.date}, is_kept=lambda *_: True)
async def answer_highlights(coordinator: BooksCoordinator, msg: Request) -> bytes:
    """Return the highest powers of the month of `day`, and the power that is always on.

    If the request has no day, return the highest powers of the running month.
    """
    demand = demand_of(coordinator)
    known = await async_known_quarter_hours(coordinator, demand)
    day = msg.get("day")
    return await async_rendered(coordinator.hass, highlights_report, demand, known, day)
