"""Command that returns days, each with its energies, peak and costs."""

from datetime import date

import voluptuous as vol
from homeassistant.helpers import config_validation as cv

from ..answer_queue import async_known_quarter_hours, demand_of
from ..coordinator import BooksCoordinator
from ..lib.answers import days_report
from ..lib.tariff import LUXEMBOURG
from .requests import Request, async_rendered, meter_command


def _is_past(coordinator: BooksCoordinator, msg: Request) -> bool:
    """Return whether all requested days are over, so that the answer can be cached."""
    end: date = msg.get("end", date.max)
    return end <= demand_of(coordinator).until.astimezone(LUXEMBOURG).date()


@meter_command(
    "days", {vol.Optional("start"): cv.date, vol.Optional("end"): cv.date}, is_kept=_is_past
)
async def answer_days(coordinator: BooksCoordinator, msg: Request) -> bytes:
    """Return the days from `start` to the day before `end`. The default is the running month."""
    hass = coordinator.hass
    demand = demand_of(coordinator)
    series = await async_known_quarter_hours(coordinator, demand)
    start = msg.get("start", demand.month.start.date())
    return await async_rendered(hass, days_report, demand, series, start, msg.get("end", date.max))
