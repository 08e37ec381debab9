"""Action that returns the current telegram of a meter."""

import voluptuous as vol
from homeassistant.core import ServiceCall, ServiceResponse
from homeassistant.exceptions import ServiceValidationError
from homeassistant.util import dt as dt_util

from .meter_of_call import METER, telegrams_of

SCHEMA = vol.Schema(METER)


async def get_telegram(call: ServiceCall) -> ServiceResponse:
    """Return the current telegram of a meter as JSON values.

    Raises ServiceValidationError if the meter does not exist, or if no telegrams come.
    """
    coordinator = telegrams_of(call)
    reading = coordinator.latest
    if reading is None or not coordinator.last_update_success:
        raise coordinator.explain(ServiceValidationError)
    return {
        "received_at": dt_util.as_local(reading.received_at).isoformat(),
        "verification": reading.telegram.verification.value,
        **reading.telegram.as_dict(),
    }
