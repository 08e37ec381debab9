"""Action that returns the start at which a load costs least."""

from collections.abc import Mapping
from datetime import datetime, time

import voluptuous as vol
from homeassistant.core import ServiceCall, ServiceResponse
from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util

from ..computed_answers.planned_house import async_planned_house
from ..coordinator.meter_coordinator import MeterCoordinator
from ..lib.answers.plan import best_start_report
from ..lib.history.luxembourg_time import next_moment
from ..lib.plan.coming_quarters import PlanLack
from ..lib.plan.house_request import LoadWish
from ..lib.plan.usual_house import MIN_DAYS
from ..user_requests.request_fields import LOAD
from .loads_of_call import ATTR_LOADS, LOADS, async_readable_loads
from .meter_of_call import (
    METER,
    async_in_turn,
    async_market_of_call,
    async_readable_meter,
    checked_call_time,
    invalid,
)

ATTR_BY = "by"
TIME_OR_DATE = vol.Any(cv.time, cv.datetime)
SCHEMA = vol.Schema({**METER, **LOAD, **LOADS, vol.Optional(ATTR_BY): TIME_OR_DATE})

_REFUSED: Mapping[PlanLack, str] = {
    PlanLack.DAYS: "too_few_whole_days",
    PlanLack.PRICE: "coming_price_missing",
}


async def get_best_start(call: ServiceCall) -> ServiceResponse:
    """Return the start of one unnamed load that runs through, from its plan.

    With `by`, the load ends in time. If it then must start now, the answer needs no prices.

    Raises ServiceValidationError if the meter does not exist, if days or prices are missing, if the
    year of `by` is not possible, if a load has no statistics, or if the user has too many questions
    in the queue. Raises Unauthorized if the user may not read the meter or a load.
    """
    coordinator = await async_readable_meter(call)
    loads = (*await async_readable_loads(call, call.data[ATTR_LOADS]),)
    now, hours = dt_util.utcnow(), call.data["hours"]
    by = next_time(call.data.get(ATTR_BY), now)
    wish = LoadWish("", call.data["kw"] * hours, hours=hours, by=by, others=loads)
    market = await async_market_of_call(call, coordinator, now)

    async def answer() -> ServiceResponse:
        planned = await async_planned_house(coordinator, now, market, [wish])
        return known_plan(coordinator, best_start_report(planned, wish, now))

    return await async_in_turn(call, coordinator, answer)


def known_plan[T](coordinator: MeterCoordinator, plan: T | PlanLack) -> T:
    """Return `plan`. Raises ServiceValidationError if days or prices are missing."""
    if isinstance(plan, PlanLack):
        raise invalid(
            translation_key=_REFUSED[plan],
            title=coordinator.config_entry.title,
            least=str(MIN_DAYS),
        )
    return plan


def next_time(time: time | datetime | None, now: datetime) -> datetime | None:
    """Return a time in UTC. A time of day is the next one, by Luxembourg's clock.

    Raises ServiceValidationError if the year is not possible.
    """
    if time is None:
        return None
    if isinstance(time, datetime):
        return checked_call_time(time)
    return next_moment(time, now)
