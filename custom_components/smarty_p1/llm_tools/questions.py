"""Questions that assistants can ask about a meter, each with its fields and its answer."""

from collections.abc import Awaitable, Callable, Mapping
from copy import copy
from functools import partial
from typing import Any

import voluptuous as vol
from homeassistant.core import ServiceCall
from homeassistant.util import dt as dt_util

from ..computed_answers.answer_queue import async_aside
from ..computed_answers.usual_day import async_usual
from ..const import DOMAIN
from ..coordinator.counted_household import data_version, household_state_of
from ..coordinator.loads.entered_loads import entered_loads
from ..coordinator.loads.shown_plans import LOAD_PLANS, planned_loads
from ..coordinator.meter_coordinator import MeterCoordinator
from ..lib.answers.assistant_facts import (
    best_start_facts,
    bill_facts,
    class_facts,
    compared_month,
    load_facts,
    today_facts,
    what_if_facts,
    year_facts,
    years_of,
)
from ..lib.answers.bills import classes_report, shown_bill
from ..lib.answers.what_if import KINDS
from ..lib.answers.what_if_changes import FIELDS, KWH_PRICE
from ..lib.history.luxembourg_time import LUXEMBOURG
from ..lib.history.month_file_lines import month_name
from ..lib.messages.monthly_report import cost_change, cost_change_so_far
from ..services import best_start, what_if
from ..services.bill import ATTR_MONTH, month_named
from ..services.meter_of_call import async_in_turn, async_readable_meter
from ..user_requests.request_fields import CHANGES, LOAD, SchemaFields, number_schema, schema_of
from .meter_tool import Answer, MeterQuestion, RefusalError

_TEXT = vol.All(str, vol.Length(max=40))
_YEARS = 1999, 2100
_CHANGES_TEXT = (
    "contract: energy_price, feed_in_price, energy_fee a month in EUR; car: kwh a night, kw, "
    "begin_hour; heat_pump: kwh a year; panels: kwp, direction in degrees, tilt; battery: kwh, kw, "
    "efficiency in %, reserve in %, standby in W; sharing_key: kwp, key in %, price in EUR; plan "
    "(of a car): kwh a night, kw, begin_hour, end_hour"
)
# Fields that need a text beside them, such as a time or an entity, are left to the action.
_LEFT_OUT = {"second_energy_price", "energy_margin", "feed_in_margin"}
_CHANGE_FIELDS = [
    name
    for name in dict.fromkeys(name for fields in FIELDS.values() for name in fields.amounts)
    if name not in _LEFT_OUT
]
type _Facts = Mapping[str, Any]


def _in_turn(
    answer: Callable[[ServiceCall, MeterCoordinator], Awaitable[_Facts]],
    version: Callable[[MeterCoordinator], object] = lambda _: None,
) -> Answer:
    """Return a function that checks the user's rights, waits for the turn, and answers.

    The answer is cached as long as `version` returns the same value.
    """

    async def in_turn(call: ServiceCall) -> _Facts:
        meter = await async_readable_meter(call)
        make = partial(answer, call, meter)
        return await async_in_turn(call, meter, make, partial(version, meter))

    return in_turn


@_in_turn
async def _async_bill(call: ServiceCall, meter: MeterCoordinator) -> _Facts:
    household = household_state_of(meter)
    month = month_named(household, call.data.get(ATTR_MONTH))
    return bill_facts(await async_aside(call.hass, shown_bill, month, household))


@_in_turn
async def _async_months(call: ServiceCall, meter: MeterCoordinator) -> _Facts:
    household = household_state_of(meter)
    ended = {month_name(month.start): month for month in household.earlier_months}
    months = {**ended, month_name(household.month.start): household.month}
    names = [*months]
    name = call.data.get(ATTR_MONTH, names[-2:][0])
    place = names.index(name) if name in months else 0
    before = call.data.get("before", names[place - 1] if place else "")
    if name not in months or before not in ended or before == name:
        raise RefusalError(
            "month_unknown",
            f"Name two of these months, the second one an ended one: {', '.join(names)}",
        )
    is_running = name not in ended
    pair = months[name], ended[before]
    if is_running:
        change = await async_aside(call.hass, cost_change_so_far, *pair, household.until)
    else:
        change = await async_aside(call.hass, cost_change, *pair, {})
    if change is None:
        raise RefusalError(
            "price_unknown",
            "A price of one of the months is unknown, or no day of the month has ended.",
        )
    end, end_before = change.ends
    return {
        "month": compared_month(months[name], change.now, end),
        "before": compared_month(ended[before], change.before, end_before),
        **({"only_days_before": f"{end:%Y-%m-%d}"} if is_running else {}),
        "difference_eur": change.difference,
        "causes_eur": dict(change.causes),
    }


@_in_turn
async def _async_today(call: ServiceCall, meter: MeterCoordinator) -> _Facts:
    usual, today = await async_usual(meter), dt_util.utcnow().astimezone(LUXEMBOURG).date()
    return await async_aside(call.hass, today_facts, household_state_of(meter), usual, today)


async def _async_best_start(call: ServiceCall) -> _Facts:
    answer = await best_start.get_best_start(_as_action(call, "get_best_start", best_start.SCHEMA))
    return best_start_facts(answer or {})


async def _async_plan(call: ServiceCall) -> _Facts:
    entry = (await async_readable_meter(call)).config_entry
    planned = planned_loads(call.hass, entry.entry_id)
    return {
        "estimated": True,
        "loads": [
            load_facts(entered.name, LOAD_PLANS.value_of(call.hass, name), planned.get(name, {}))
            for name, entered in entered_loads(entry).items()
        ],
    }


async def _async_what_if(call: ServiceCall) -> _Facts:
    # This schema refuses wrong amounts in English. The action does so in the user's language.
    first, *others = CHANGES(call.data["changes"])
    data = {**call.data, **first, "changes": others}
    asked = ServiceCall(call.hass, DOMAIN, call.service, data, call.context)
    return what_if_facts(await what_if.what_if(_as_action(asked, "what_if", what_if.SCHEMA)) or {})


def _as_action(call: ServiceCall, name: str, schema: vol.Schema) -> ServiceCall:
    """Return a question as a call of the action that answers it. Raises vol.Invalid."""
    return ServiceCall(call.hass, DOMAIN, name, schema(dict(call.data)), call.context)


@partial(_in_turn, version=data_version)
async def _async_classes(call: ServiceCall, meter: MeterCoordinator) -> _Facts:
    household = household_state_of(meter)
    return class_facts(await async_aside(call.hass, classes_report, household))


@_in_turn
async def _async_year(call: ServiceCall, meter: MeterCoordinator) -> _Facts:
    household, year = household_state_of(meter), int(call.data.get("year", 0))
    years = years_of(household)
    if year and year not in years:
        raise RefusalError("year_unknown", f"Known years: {', '.join(map(str, years))}")
    return await async_aside(call.hass, year_facts, household, year)


def _described(fields: SchemaFields, descriptions: Mapping[str, str]) -> SchemaFields:
    """Return fields of an action, with descriptions for a language model."""
    described = {}
    for marker, check in fields.items():
        copied = copy(marker)
        copied.description = descriptions[marker.schema]
        described[copied] = check
    return described


QUESTIONS = (
    MeterQuestion(
        "bill",
        "Electricity bill of a month: total, parts, lines in EUR; energy in kWh. The current month "
        "so far, with a forecast of its end.",
        {vol.Optional(ATTR_MONTH, description="YYYY-MM, default: current month"): _TEXT},
        _async_bill,
    ),
    MeterQuestion(
        "compare_months",
        "Why a month cost more or less than another: causes in EUR that add up. The current month "
        "so far, with the same days of the other.",
        {
            vol.Optional(ATTR_MONTH, description="YYYY-MM, default: last month"): _TEXT,
            vol.Optional("before", description="default: the month before"): _TEXT,
        },
        _async_months,
    ),
    MeterQuestion(
        "today",
        "Electricity cost of today so far, compared with usual days until now, and why.",
        {},
        _async_today,
    ),
    MeterQuestion(
        "best_start",
        "Start until tomorrow's end at which an appliance costs least.",
        {
            **_described(LOAD, {"kw": "mean power in kW", "hours": "duration"}),
            vol.Optional(best_start.ATTR_BY, description="latest end, HH:MM or ISO time"): _TEXT,
        },
        _async_best_start,
    ),
    MeterQuestion(
        "plan",
        "Plan of the car and other loads: when each runs, and why not now.",
        {},
        _async_plan,
    ),
    MeterQuestion(
        "reference_powers",
        "Cost of each reference power (class of the grid tariff) in the last whole months: fixed "
        "price plus surcharge for energy above it.",
        {},
        _async_classes,
    ),
    MeterQuestion(
        "what_if",
        "Electricity cost of the last 12 months now, and with another contract, car, heat pump, "
        "panels, battery or energy sharing.",
        {
            vol.Required("changes", description=_CHANGES_TEXT): vol.All(
                [
                    {
                        vol.Required("kind"): vol.In(KINDS),
                        **{vol.Optional(name): vol.Coerce(float) for name in _CHANGE_FIELDS},
                    }
                ],
                vol.Length(min=1, max=len(KINDS)),
            ),
            vol.Optional("feed_in_price", description="EUR/kWh"): schema_of(KWH_PRICE),
        },
        _async_what_if,
    ),
    MeterQuestion(
        "year",
        "Electricity cost and energy of each month of a year.",
        {
            vol.Optional("year", description="default: last 12 months and this one"): number_schema(
                *_YEARS
            )
        },
        _async_year,
    ),
)
