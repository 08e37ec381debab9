"""Command that returns the energies of quarter-hours, up to 400 days in one answer."""

from datetime import datetime

import voluptuous as vol
from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util

from ..answer_queue import async_known_quarter_hours, demand_of
from ..coordinator import BooksCoordinator
from ..lib.answers import quarter_hours_report
from .requests import Request, async_rendered, meter_command

_QUANTITIES = ("imported", "exported", "net", "larger")
_YEARS = range(1999, 2101)


def checked_time(value: object) -> datetime:
    """Return `value` as a time in UTC. Raises vol.Invalid for other values or impossible years."""
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
