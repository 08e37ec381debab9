"""Diagnostics download: configuration, condition and report of the port, with no private text."""

import re
from dataclasses import asdict
from enum import StrEnum
from functools import cache
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_PORT, STATE_OFF, STATE_ON
from homeassistant.core import HomeAssistant, split_entity_id
from homeassistant.helpers import entity_registry as er

from . import const
from .coordinator import Coordinator, SmartyConfigEntry
from .coordinator.entity_source import EntitySource
from .coordinator.loads.entered_loads import MOST
from .coordinator.loads.order_sender import entity_of
from .coordinator.meter_coordinator import MeterCoordinator
from .coordinator.mqtt_port import PREFIX
from .coordinator.telegram_source import LINE_REPORTS, TelegramSource
from .lib.bill.household_state import HouseholdState
from .lib.json_types import JsonDict
from .lib.meter.meter_reader import Reception
from .lib.p1.line_report import Substitutes, new_substitutes, telegram_facts
from .lib.p1.obis import OBJECTS
from .lib.prices.contract_terms import CONTRACT_TERMS, Choice
from .lib.stored_json import dump
from .sinks.shown_clients import clients_of

_is_field = re.compile(r"[a-z][a-z_]*").fullmatch
_is_time = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}[0-9:.+-]*)?|[0-9]{2}:[0-9]{2}(:[0-9]{2})?"
).fullmatch
_SCHEMES = ("socket://", "tcp://", "rfc2217://", "esphome://", "/dev/", PREFIX)


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: SmartyConfigEntry
) -> JsonDict:
    """Return the configuration, condition, counters and last telegram of an entry as JSON values.

    Texts are left out: each is replaced by a substitute, which is random for each download. So the
    content can be published. Words of this program, times and numbers stay.
    """
    names = new_substitutes()
    data = dict(entry.data)
    port = str(data.pop(CONF_PORT, ""))
    content: JsonDict = {"data": data, "options": dict(entry.options)}
    facts: JsonDict = {}
    if report := hass.data.get(LINE_REPORTS, {}).get(entry.entry_id):
        facts = report.facts(hass.loop.time(), names)
    if entry.state is ConfigEntryState.LOADED:
        coordinator = entry.runtime_data
        content |= _describe(coordinator)
        if isinstance(coordinator, MeterCoordinator) and isinstance(
            coordinator.source, EntitySource
        ):
            facts = {"telegram": telegram_facts(coordinator.data.telegram, names)}
    return {
        **_without_texts(hass, dump(content), names),
        "meter": names[entry.unique_id],
        "port": next(filter(port.startswith, _SCHEMES), None),
        "state": entry.state.value,
        "reason": entry.error_reason_translation_key,
        **facts,
    }


@cache
def _words() -> frozenset[str]:
    """Return the words of this program that options and states can have as values."""
    choices = (term.texts for term in CONTRACT_TERMS.values() if isinstance(term, Choice))
    listed = (kind for kind in StrEnum.__subclasses__() if kind.__module__.startswith(__package__))
    constants = (value for value in vars(const).values() if isinstance(value, str))
    return frozenset((STATE_ON, STATE_OFF, *constants)).union(*choices, *listed)


def _without_texts(hass: HomeAssistant, value: Any, names: Substitutes) -> Any:  # noqa: ANN401 - JSON
    """Return the value with substitutes for texts.

    An entity becomes its domain and integration.
    """
    match value:
        case dict():
            return {
                name if _is_field(name) or name in OBJECTS else names[name]: _without_texts(
                    hass, item, names
                )
                for name, item in value.items()
            }
        case list():
            return [_without_texts(hass, item, names) for item in value]
        case str() if value not in _words() and not _is_time(value):
            entity_id = entity_of(hass, value)
            entity = er.async_get(hass).async_get(entity_id)
            if entity or hass.states.get(entity_id):
                return [split_entity_id(entity_id)[0], entity and entity.platform]
            return names[value]
    return value


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
        }
    return content


def _describe_meter(coordinator: MeterCoordinator, reception: Reception) -> JsonDict:
    content: JsonDict = {
        "telegrams": reception.telegrams,
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
    }


def _describe_loads(coordinator: MeterCoordinator) -> list[JsonDict]:
    """Return loads and batteries, with their records."""
    stored = coordinator.load_records.state
    records = stored.loads | stored.batteries
    return [
        {
            "number": number,
            "entered": dict(subentry.data),
            "record": dump(records.get(subentry.subentry_id)),
        }
        for number, subentry in enumerate(coordinator.config_entry.subentries.values(), 1)
        if subentry.subentry_type in MOST
    ]


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
