"""Diagnostics download: configuration, port and last telegram, with private values redacted."""

import re
from dataclasses import asdict
from typing import Any, cast

from homeassistant.components.diagnostics import REDACTED, async_redact_data
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_API_KEY, CONF_PORT
from homeassistant.core import HomeAssistant, split_entity_id, valid_entity_id
from homeassistant.helpers import entity_registry as er

from .const import (
    CONF_AUTHENTICATION_KEY,
    CONF_CONSUMPTION_POINT,
    CONF_ENCRYPTION_KEY,
    CONF_ENERGY_ID,
    CONF_GAS_POINT,
    CONF_PATH,
    CONF_PRODUCTION_POINT,
    CONF_RECIPIENTS,
    CONF_TOPIC,
)
from .coordinator import Coordinator, SmartyConfigEntry
from .coordinator.entity_source import EntitySource
from .coordinator.loads.entered_loads import MOST
from .coordinator.loads.ordered_entities import entity_of
from .coordinator.meter_coordinator import MeterCoordinator
from .coordinator.mqtt_port import PREFIX
from .coordinator.telegram_source import TelegramSource
from .lib.bill.household_state import HouseholdState
from .lib.json_types import JsonDict, JsonMapping
from .lib.meter.meter_reader import Reception
from .lib.p1.obis import CHANNELS, DEVICE_NAME, MESSAGES, OBJECTS, mbus_reference
from .lib.p1.telegram import Telegram
from .lib.port.address_masking import redact_port
from .lib.stored_json import dump
from .sinks import PRIVATE_FIELDS
from .sinks.shown_clients import clients_of

# Fields whose values are redacted. Topics, paths in their messages, and recipients are private,
# too, because they contain the serial number or a name chosen by the user.
_PRIVATE_FIELDS = {
    *(CONF_ENCRYPTION_KEY, CONF_AUTHENTICATION_KEY, CONF_TOPIC, CONF_PATH, CONF_RECIPIENTS),
    *PRIVATE_FIELDS,
    *(CONF_API_KEY, CONF_ENERGY_ID),
    *(CONF_CONSUMPTION_POINT, CONF_PRODUCTION_POINT, CONF_GAS_POINT),
}
_NAMING = re.compile(rf"(/dev/serial/by-id/|^{PREFIX}).+")
# Objects whose values are redacted: serial numbers, and the grid operator's messages to the
# household.
_PRIVATE_REFERENCES = {
    DEVICE_NAME,
    *(mbus_reference(channel, "equipment_identifier") for channel in CHANNELS),
    *MESSAGES,
}


async def async_get_config_entry_diagnostics(
    _hass: HomeAssistant, entry: SmartyConfigEntry
) -> JsonDict:
    """Return the configuration, condition, counters and last reading of an entry as JSON values."""
    data = async_redact_data(dict(entry.data), _PRIVATE_FIELDS)
    if CONF_PORT in data:
        data[CONF_PORT] = redact_names(redact_port(data[CONF_PORT]))
    content = {
        "data": data,
        "options": async_redact_data(dict(entry.options), _PRIVATE_FIELDS),
        "state": entry.state.value,
        "reason": entry.error_reason_translation_key,
    }
    if entry.state is ConfigEntryState.LOADED:
        content |= _describe(entry.runtime_data)
    return redact_text(content, str(entry.unique_id))


def redact_names(port: str) -> str:
    """Return a port without the serial number of a USB cable or the name of a topic."""
    return _NAMING.sub(rf"\1{REDACTED}", port)


def redact_text[T](content: T, private: str) -> T:
    """Return the content with `private` redacted in every string and key. Case is ignored."""
    result: Any = content
    match content:
        case dict():
            result = dict(redact_text([*content.items()], private))
        case list() | tuple():
            result = [redact_text(value, private) for value in content]
        case str():
            # Ignore case, because host names of gateways contain the serial number in lower case.
            result = re.sub(re.escape(private), REDACTED, content, flags=re.IGNORECASE)
    return cast("T", result)


def _describe(coordinator: Coordinator) -> JsonDict:
    condition = coordinator.condition
    content: JsonDict = {
        "is_available": coordinator.last_update_success,
        "received_at": coordinator.received_at.isoformat(),
        "condition": condition.state.value,
        "obstacle": condition.obstacle,
        "repairs": [repair.value for repair in condition.repairs],
    }
    if line := coordinator.line:
        content["link"] = {"is_open": line.is_open, "losses": coordinator.health.losses}
    if not isinstance(coordinator, MeterCoordinator):
        return content | {"readings": coordinator.readings, "values": asdict(coordinator.data)}
    source, records = coordinator.source, coordinator.records
    content["loads"] = _describe_loads(coordinator)
    if isinstance(source, TelegramSource):
        return content | _describe_meter(coordinator, source.reception)
    content |= {
        "is_fetching": records.is_fetching,
        "demand": (household := records.household_state) and _describe_demand(household),
    }
    if isinstance(source, EntitySource):
        content |= {
            "readings": coordinator.readings,
            "totals_held_back": dict(records.memory.totals.falls),
            "telegram": _describe_telegram(coordinator.data.telegram),
        }
    return content


def _describe_meter(coordinator: MeterCoordinator, reception: Reception) -> JsonDict:
    content: JsonDict = {
        "telegrams": reception.telegrams,
        "rejections": {str(reason): count for reason, count in reception.rejections.items()},
        "telegrams_of_other_meters": reception.other_meters.total(),
        "ignored": dict(reception.ignored),
        "repeated_objects": dict(reception.repeated_objects),
        "totals_held_back": dict(reception.totals_held_back),
    }
    if clients := clients_of(coordinator.hass, coordinator.config_entry):
        content["virtual_meter_clients"] = [client._asdict() for client in clients]
    if coordinator.latest is None:
        return content | {"received_at": None}
    reading = coordinator.data
    return content | {
        "received_at": reading.received_at.isoformat(),
        "last_telegram_at": coordinator.latest.received_at,
        "demand": (household := coordinator.records.household.snapshot)
        and _describe_demand(household),
        "telegram": _describe_telegram(reading.telegram),
    }


def _describe_loads(coordinator: MeterCoordinator) -> list[JsonDict]:
    """Return loads and batteries with what the plan knows of them, without their names."""
    hass, stored = coordinator.hass, coordinator.load_records.state
    records = stored.loads | stored.batteries
    return [
        {
            "number": number,
            "entered": _without_names(hass, dict(subentry.data)),
            "record": _without_names(hass, dump(records.get(subentry.subentry_id))),
        }
        for number, subentry in enumerate(coordinator.config_entry.subentries.values(), 1)
        if subentry.subentry_type in MOST
    ]


def _without_names(hass: HomeAssistant, value: Any) -> Any:  # noqa: ANN401 - JSON values
    """Return the value with each entity as its domain and integration."""
    match value:
        case dict():
            return {name: _without_names(hass, item) for name, item in value.items()}
        case list():
            return [_without_names(hass, item) for item in value]
        case str() if valid_entity_id(name := entity_of(hass, value)) and name[0].isalpha():
            entity = er.async_get(hass).async_get(name)
            return [split_entity_id(name)[0], entity and entity.platform]
    return value


def _describe_demand(household: HouseholdState) -> JsonDict:
    # Leave out the earlier months, because there are many.
    values = household.values._asdict()
    del values["running"]
    return values | {
        "until": household.until,
        "contracts": asdict(household.contracts),
        "market": household.market,
        "is_begun_here": household.is_begun_here,
        "month": household.month.sums._asdict(),
    }


def _describe_telegram(telegram: Telegram) -> JsonDict:
    content = telegram.as_dict()
    return {
        "time": content["time"],
        "verification": telegram.verification,
        "frame_counter": content["frame_counter"],
        "objects": _redact_objects(content["objects"]),
        "channels": async_redact_data(content["channels"], {"serial_number"}),
    }


def _redact_objects(objects: JsonMapping) -> JsonDict:
    """Return the objects, with private values redacted.

    The value of an object outside the specification (`OBJECTS`) may be private, so it is redacted,
    too. The value None is not redacted.
    """
    return {
        reference: REDACTED
        if value is not None and (reference in _PRIVATE_REFERENCES or reference not in OBJECTS)
        else value
        for reference, value in objects.items()
    }
