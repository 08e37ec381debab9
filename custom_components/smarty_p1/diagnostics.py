"""The diagnostics download: the last telegram and how it came, without what is private."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from homeassistant.components.diagnostics import REDACTED, async_redact_data
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_PORT
from homeassistant.core import HomeAssistant

from .const import CONF_AUTHENTICATION_KEY, CONF_ENCRYPTION_KEY
from .coordinator import SmartyConfigEntry, SmartyCoordinator
from .p1 import CHANNELS, DEVICE_NAME, MESSAGES, OBJECTS, Telegram, redact_port

_SECRETS = {CONF_ENCRYPTION_KEY, CONF_AUTHENTICATION_KEY}
# What names the meters, and what the grid operator writes to the household.
_PRIVATE_REFERENCES = {
    DEVICE_NAME,
    *(f"0-{channel}:96.1.0" for channel in CHANNELS),
    *MESSAGES,
}


async def async_get_config_entry_diagnostics(
    _hass: HomeAssistant, entry: SmartyConfigEntry
) -> dict[str, Any]:
    """Return what helps to understand a problem with a meter."""
    data = async_redact_data(dict(entry.data), _SECRETS)
    data[CONF_PORT] = redact_port(data[CONF_PORT])
    told = {"data": data, "options": dict(entry.options), "state": entry.state.value}
    if entry.state is ConfigEntryState.LOADED:
        told |= _describe(entry.runtime_data)
    return told


def _describe(coordinator: SmartyCoordinator) -> dict[str, Any]:
    demand = coordinator.demand.demand
    return {
        "is_available": coordinator.last_update_success,
        "received_at": coordinator.received_at.isoformat(),
        "telegrams": coordinator.readings,
        "rejections": {str(reason): count for reason, count in coordinator.rejections.items()},
        "telegrams_of_other_meters": coordinator.other_meters.total(),
        "totals_held_back": dict(coordinator.falls),
        "demand": asdict(demand) if demand else None,
        "telegram": _describe_telegram(coordinator.data),
    }


def _describe_telegram(telegram: Telegram) -> dict[str, Any]:
    content = telegram.as_dict()
    return {
        "time": content["time"],
        "frame_counter": content["frame_counter"],
        "objects": _redact_objects(content["objects"]),
        "channels": async_redact_data(content["channels"], {"serial_number"}),
    }


def _redact_objects(objects: Mapping[str, Any]) -> dict[str, Any]:
    """Hide what is private, and what nobody knows the meaning of; what is empty stays empty."""
    return {
        reference: REDACTED
        if value is not None and (reference in _PRIVATE_REFERENCES or reference not in OBJECTS)
        else value
        for reference, value in objects.items()
    }
