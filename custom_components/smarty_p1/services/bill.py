"""Actions that return the bill of a month, and the costs at other reference powers."""

from functools import partial

import voluptuous as vol
from homeassistant.core import ServiceCall, ServiceResponse
from homeassistant.helpers import config_validation as cv

from ..computed_answers.answer_queue import async_aside
from ..computed_answers.planned_classes import PlannedClasses
from ..coordinator.counted_household import data_version, household_state_of
from ..lib.advice.what_if_year import WhatIfError, WhatIfRefusal
from ..lib.answers.bills import CURRENT_PRICES, bill_answer, comparison_report
from ..lib.bill.household_state import HouseholdState
from ..lib.bill.month import Month
from ..lib.data_retention import KEPT_MONTHS
from ..lib.history.month_file_lines import month_name
from ..lib.json_types import JsonDict
from ..user_requests.request_fields import PLANNED_CAR, planned_car, whole_number_up_to
from .meter_of_call import METER, async_in_turn, async_readable_meter, invalid
from .what_if import REFUSED, refusal_error

ATTR_MONTH = "month"
ATTR_MONTHS = "months"
BILL_SCHEMA = vol.Schema(
    {
        **METER,
        vol.Optional(ATTR_MONTH): cv.string,
        vol.Optional(ATTR_MONTHS): whole_number_up_to(KEPT_MONTHS + 1),
    }
)
ATTR_PRICES = "prices"
COMPARISON_SCHEMA = vol.Schema(
    {
        **METER,
        vol.Optional(ATTR_PRICES, default=CURRENT_PRICES): vol.In([CURRENT_PRICES, "each_month"]),
        **PLANNED_CAR,
    }
)

# Maximum number of characters of the entered month that an error message shows.
_MAX_SHOWN = 40


async def get_bill(call: ServiceCall) -> ServiceResponse:
    """Return the bill of `month` (such as "2026-06"), or the bills of the last `months` months.

    By default, return the bill of the current month. docs/tariff-actions.md describes a bill.

    Raises ServiceValidationError if the meter or the month does not exist, if both fields are
    filled in, or if the user has too many questions in the queue. Raises Unauthorized if the user
    may not read the meter.
    """
    coordinator = await async_readable_meter(call)
    if {ATTR_MONTH, ATTR_MONTHS} <= call.data.keys():
        raise invalid(translation_key="month_and_months")

    async def answer() -> ServiceResponse:
        household, count = household_state_of(coordinator), call.data.get(ATTR_MONTHS)
        name = call.data.get(ATTR_MONTH)
        asked = household.months[-count:] if count else [month_named(household, name)]
        bills = await async_aside(
            call.hass, lambda: [bill_answer(month, household) for month in asked]
        )
        return {"months": [*bills]} if count else bills[0]

    return await async_in_turn(call, coordinator, answer)


def month_named(household: HouseholdState, name: str | None) -> Month:
    """Return the month with a name such as "2026-06", or the current month for None.

    Raises ServiceValidationError if the month is unknown.
    """
    months = {month_name(month.start): month for month in household.months}
    if name is None:
        return household.month
    if name not in months:
        shown = name[:_MAX_SHOWN]
        raise invalid(translation_key="month_unknown", month=shown, months=", ".join(months))
    return months[name]


async def compare_reference_powers(call: ServiceCall) -> ServiceResponse:
    """Return the costs of known months at each reference power, with a planned car if asked.

    Raises the same errors as `get_bill`, and as `what_if` for a planned car.
    """
    coordinator = await async_readable_meter(call)

    async def answer() -> JsonDict:
        prices, household = call.data[ATTR_PRICES], household_state_of(coordinator)
        return await async_aside(call.hass, comparison_report, household, prices)

    compared = await async_in_turn(call, coordinator, answer, partial(data_version, coordinator))
    if (typed := planned_car(call.data)) is None:
        return compared
    asked = PlannedClasses.of_entered_car(coordinator, typed)
    try:
        planned = await async_in_turn(
            call, coordinator, asked.make, asked.version, question=asked.question
        )
    except WhatIfError as err:
        raise refusal_error(err, coordinator, REFUSED | {WhatIfRefusal.NO_CAR: "no_car"}) from None
    return {**compared, "with_plan": planned}
