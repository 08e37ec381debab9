"""The actions of the integration."""

import voluptuous as vol
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import service
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .coordinator import is_meter

ATTR_CONFIG_ENTRY = "config_entry"
GET_TELEGRAM = "get_telegram"
_SCHEMA = vol.Schema({vol.Optional(ATTR_CONFIG_ENTRY): str})


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register the actions."""
    # A telegram holds serial numbers, messages of the grid operator, and what nobody knows.
    service.async_register_admin_service(
        hass, DOMAIN, GET_TELEGRAM, _get_telegram, _SCHEMA, SupportsResponse.ONLY
    )


async def _get_telegram(call: ServiceCall) -> ServiceResponse:
    """Return the current telegram of a meter as data.

    Raises ServiceValidationError when there is no such meter, or no current telegram.
    """
    entry_id = call.data.get(ATTR_CONFIG_ENTRY) or _only_meter(call.hass)
    entry = service.async_get_config_entry(call.hass, DOMAIN, entry_id)
    if not is_meter(entry):
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="no_telegrams",
            translation_placeholders={"title": entry.title},
        )
    coordinator = entry.runtime_data
    if not coordinator.last_update_success:
        raise coordinator.explain(ServiceValidationError)
    received_at = coordinator.last_telegram_at
    return {
        "received_at": received_at and dt_util.as_local(received_at).isoformat(),
        "verification": coordinator.latest.verification.value,
        **coordinator.latest.as_dict(),
    }


def _only_meter(hass: HomeAssistant) -> str | None:
    """Return the meter that need not be named: there is no other."""
    meters = [
        entry.entry_id
        for entry in hass.config_entries.async_loaded_entries(DOMAIN)
        if is_meter(entry)
    ]
    return meters[0] if len(meters) == 1 else None
