"""Action that returns the plan of a house: when its loads cost least together."""

from datetime import datetime

import voluptuous as vol
from homeassistant.core import ServiceCall, ServiceResponse
from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util

from ..computed_answers.answer_queue import async_aside
from ..computed_answers.planned_house import async_planned_house
from ..lib.answers.outlook import FORMAT_JSON
from ..lib.answers.plan import PLAN_FORMATS
from ..lib.json_types import JsonDict, JsonMapping
from ..lib.plan.house_battery import HouseBattery
from ..lib.plan.house_plan import MAX_LOADS
from ..lib.plan.house_request import BatteryWish, LoadWish
from ..lib.plan.planned_load import MAX_LOAD_HOURS, MAX_LOAD_KW, MIN_LOAD_HOURS, MIN_LOAD_KW
from ..user_requests.request_fields import number_schema
from .best_start import ATTR_BY, TIME_OR_DATE, known_plan, next_time
from .loads_of_call import ATTR_LOADS, async_readable_loads
from .meter_of_call import METER, async_in_turn, async_market_of_call, async_readable_meter

_MAX_KWH = 200.0
_MAX_NAME_CHARS = 60


def _is_possible(load: JsonDict) -> JsonDict:
    """Return a load. Raises Invalid if one that runs through exceeds the highest power."""
    if "hours" in load:
        number_schema(0.0, MAX_LOAD_KW)(load["kwh"] / load["hours"])
    return load


_LOAD = vol.All(
    cv.has_at_least_one_key("max_kw", "hours"),
    {
        vol.Optional("name", default="load"): vol.All(
            cv.string, vol.Length(min=1, max=_MAX_NAME_CHARS)
        ),
        vol.Required("kwh"): number_schema(MIN_LOAD_KW * MIN_LOAD_HOURS, _MAX_KWH),
        vol.Optional("max_kw"): number_schema(MIN_LOAD_KW, MAX_LOAD_KW),
        vol.Optional("min_kw", default=0.0): number_schema(0.0, MAX_LOAD_KW),
        vol.Optional("hours"): number_schema(MIN_LOAD_HOURS, MAX_LOAD_HOURS),
        vol.Optional("from"): TIME_OR_DATE,
        vol.Optional(ATTR_BY): TIME_OR_DATE,
        vol.Optional("entity"): cv.entity_id,
    },
    _is_possible,
)
_BATTERY = {
    vol.Required("kwh"): number_schema(0.5, _MAX_KWH),
    vol.Required("kw"): number_schema(0.1, _MAX_KWH),
    vol.Required("stored_kwh"): number_schema(0.0, _MAX_KWH),
    vol.Optional("efficiency", default=90): number_schema(50, 100),
    vol.Optional("charges_from_grid", default=True): cv.boolean,
}
SCHEMA = vol.Schema(
    {
        **METER,
        vol.Required(ATTR_LOADS): vol.All(
            cv.ensure_list, [_LOAD], vol.Length(min=1, max=MAX_LOADS)
        ),
        vol.Optional("battery"): _BATTERY,
        vol.Optional("format", default=FORMAT_JSON): vol.In([*PLAN_FORMATS]),
    }
)


async def get_plan(call: ServiceCall) -> ServiceResponse:
    """Return the plan of the loads in a call until tomorrow's end, or until the last of them ends.

    docs/plan.md describes the answer. Raises ServiceValidationError if the meter does not exist, if
    days or prices are missing, if a year is not possible, if a load has no statistics, or if the
    user has too many questions in the queue. Raises Unauthorized if the user may not read the meter
    or the entity of a load.
    """
    coordinator, now = await async_readable_meter(call), dt_util.utcnow()
    fields = call.data[ATTR_LOADS]
    await async_readable_loads(call, [load["entity"] for load in fields if "entity" in load])
    market = await async_market_of_call(call, coordinator, now)

    async def answer() -> ServiceResponse:
        battery = call.data.get("battery")
        wishes = [_wish(n, load, fields, now) for n, load in enumerate(fields)]
        planned = await async_planned_house(
            coordinator, now, market, wishes, battery and _battery(battery)
        )
        report = PLAN_FORMATS[call.data["format"]]
        return await async_aside(call.hass, report, known_plan(coordinator, planned))

    return await async_in_turn(call, coordinator, answer)


def _wish(
    number_schema: int, load: JsonMapping, loads: list[JsonMapping], now: datetime
) -> LoadWish:
    """Return a load of the call. If some loads have the same name, each gets its number."""
    name = load["name"]
    has_names = len({other["name"] for other in loads}) == len(loads)
    begin = next_time(load.get("from"), now)
    return LoadWish(
        name if has_names else f"{name} {number_schema + 1}",
        load["kwh"],
        load.get("max_kw", 0.0),
        min(load["min_kw"], load.get("max_kw", 0.0)),
        load.get("hours"),
        begin,
        next_time(load.get(ATTR_BY), begin or now),
        load.get("entity"),
    )


def _battery(fields: JsonMapping) -> BatteryWish:
    """Return the battery of the call. Half of its loss is charging loss."""
    one_way = (fields["efficiency"] / 100) ** 0.5
    stored = min(fields["stored_kwh"], fields["kwh"])
    return BatteryWish(
        HouseBattery(fields["kwh"], fields["kw"], one_way, stored, 0.0, fields["charges_from_grid"])
    )
