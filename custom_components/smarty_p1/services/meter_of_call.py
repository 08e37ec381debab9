"""The meter that an action is about."""

from typing import Any

import voluptuous as vol
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import service

from ..const import DOMAIN
from ..coordinator import is_meter
from ..coordinator.meter_coordinator import SmartyCoordinator

ATTR_CONFIG_ENTRY = "config_entry"
METER: dict[vol.Marker, Any] = {vol.Optional(ATTR_CONFIG_ENTRY): str}
"""The part of a schema that says which meter, unless there is only one."""


def coordinator_of(call: ServiceCall) -> SmartyCoordinator:
    """Return the coordinator of the meter.

    Raises ServiceValidationError when there is no such meter, or it is not running.
    """
    entry_id = call.data.get(ATTR_CONFIG_ENTRY) or _only_meter(call.hass)
    entry = service.async_get_config_entry(call.hass, DOMAIN, entry_id)
    if not is_meter(entry):
        raise invalid(translation_key="no_telegrams", title=entry.title)
    return entry.runtime_data


def invalid(*, translation_key: str, **placeholders: str) -> ServiceValidationError:
    """Return the error that tells what is wrong with a call."""
    return ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key=translation_key,
        translation_placeholders=placeholders,
    )


def _only_meter(hass: HomeAssistant) -> str | None:
    """Return the meter that need not be named: there is no other."""
    meters = [
        entry.entry_id
        for entry in hass.config_entries.async_loaded_entries(DOMAIN)
        if is_meter(entry)
    ]
    return meters[0] if len(meters) == 1 else None
