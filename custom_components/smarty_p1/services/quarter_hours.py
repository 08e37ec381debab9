"""Action that returns the quarter-hours of a period, as JSON or CSV.

Times are in Luxembourg's time zone. A quarter-hour that is not known from start to end is left out.
An energy that the meter does not send is null in JSON and an empty cell in CSV. A quarter-hour that
Leneda measured or estimated has an `origin`. Shared energy is included if Leneda knows it. JSON has
1 MB at most, but CSV may have the whole period.
"""

from datetime import timedelta

import voluptuous as vol
from homeassistant.core import ServiceCall, ServiceResponse
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import config_validation as cv

from ..computed_answers.answer_queue import async_aside
from ..const import DOMAIN
from ..lib.answers.outlook import FORMAT_JSON
from ..lib.answers.quarter_hours import TooLongError, quarter_hours_as_csv, quarter_hours_as_json
from ..lib.bill.quarter_hour_series import quarter_hours_between, with_reactive
from ..lib.history.luxembourg_time import local_text
from .meter_of_call import METER, async_in_turn, async_readable_meter, checked_call_time, invalid

ATTR_START = "start"
ATTR_END = "end"
ATTR_FORMAT = "format"
FORMAT_CSV = "csv"

SCHEMA = vol.Schema(
    {
        **METER,
        vol.Required(ATTR_START): cv.datetime,
        vol.Required(ATTR_END): cv.datetime,
        vol.Optional(ATTR_FORMAT, default=FORMAT_JSON): vol.In([FORMAT_JSON, FORMAT_CSV]),
    }
)

_MAX_DAYS = 400
# In autumn, the change of the clock makes a period of whole days an hour longer. So allow this
# hour.
_MAX_PERIOD = timedelta(days=_MAX_DAYS, hours=1)


async def get_quarter_hours(call: ServiceCall) -> ServiceResponse:
    """Return the quarter-hours of a meter that start in a period, sorted by time.

    Raises ServiceValidationError if the meter does not exist, if the period is empty, too long or
    not in the years from 1999 to 2100, if JSON would be longer than 1 MB, if too many
    requests of the user wait for an answer, or if the user has received too many bytes. Raises
    Unauthorized if the user may not read the meter, and HomeAssistantError if the
    imported files cannot be read.
    """
    coordinator = await async_readable_meter(call)
    start, end = (checked_call_time(call.data[name]) for name in (ATTR_START, ATTR_END))
    if end <= start:
        raise invalid(translation_key="end_before_start")
    if end - start > _MAX_PERIOD:
        raise invalid(translation_key="period_too_long", days=str(_MAX_DAYS))
    render = quarter_hours_as_csv if call.data[ATTR_FORMAT] == FORMAT_CSV else quarter_hours_as_json

    async def answer() -> ServiceResponse:
        shared = await coordinator.records.leneda.async_shared_power(start, end)
        household = coordinator.records.household
        quarters = quarter_hours_between(household.table, start, end)
        rows = with_reactive(quarters, household.meter.columns, household.leneda)
        return await async_aside(call.hass, render, rows, shared)

    try:
        return await async_in_turn(call, coordinator, answer)
    except TooLongError as err:
        raise invalid(
            translation_key="json_too_long", start=local_text(start), end=local_text(err.end)
        ) from None
    except OSError as err:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="quarter_hours_unreadable",
            translation_placeholders={"error": str(err.strerror)},
        ) from err
