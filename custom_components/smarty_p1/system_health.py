"""System information page: the port of each meter, and the age of its last telegram."""

import re

from homeassistant.components.diagnostics import REDACTED
from homeassistant.components.system_health import SystemHealthRegistration
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

from .coordinator import has_records
from .coordinator.entity_source import EntitySource
from .coordinator.entry_types import AnyConfigEntry, known_meters
from .coordinator.leneda_source import LenedaSource
from .coordinator.meter_coordinator import MeterCoordinator
from .coordinator.mqtt_port import PREFIX
from .lib.json_types import JsonDict

# Serial number of a USB cable, or name of a topic.
_NAMING = re.compile(rf"(/dev/serial/by-id/|^{PREFIX}).+")


@callback
def async_register(_hass: HomeAssistant, register: SystemHealthRegistration) -> None:
    """Register the function that returns this integration's part of the system information."""
    register.async_register_info(_async_describe)


async def _async_describe(hass: HomeAssistant) -> JsonDict:
    """Return the number of loaded meters, and a description of each entry.

    The descriptions are keyed by the entry's number and title.
    """
    entries = known_meters(hass)
    loaded = [entry for entry in entries if entry.state is ConfigEntryState.LOADED]
    described = {"meters": sum(has_records(entry) for entry in loaded)}
    return described | {
        _name(entry, number): _describe(entry) for number, entry in enumerate(entries, start=1)
    }


def _name(entry: AnyConfigEntry, number: int) -> str:
    """Return number and title of an entry.

    The serial number is shortened, because users may publish this page.
    """
    serial_number = str(entry.unique_id)
    shortened = f"…{serial_number[-4:]}"
    title = re.sub(re.escape(serial_number), lambda _: shortened, entry.title, flags=re.IGNORECASE)
    return f"{number}: {title}"


def _describe(entry: AnyConfigEntry) -> str:
    if entry.state is not ConfigEntryState.LOADED:
        return ", ".join(filter(None, [entry.state.value, entry.error_reason_translation_key]))
    coordinator = entry.runtime_data
    described = []
    if line := coordinator.line:
        described = [
            _NAMING.sub(rf"\1{REDACTED}", line.shown_port),
            "open" if line.is_open else "closed",
        ]
    source = isinstance(coordinator, MeterCoordinator) and coordinator.source
    if isinstance(source, EntitySource):
        described.append(f"entities of {source.integration}, not verified")
    if isinstance(source, LenedaSource):
        household = coordinator.records.household_state
        until = f"{dt_util.as_local(household.until):%Y-%m-%d}" if household else "nothing yet"
        described.append(f"Leneda without a cable, {until}")
    elif source:
        described.append(_describe_latest(coordinator))
    # Ignore case, because host names of gateways contain the serial number in lower case.
    private = re.escape(str(entry.unique_id))
    return re.sub(private, REDACTED, ", ".join(described), flags=re.IGNORECASE)


def _describe_latest(coordinator: MeterCoordinator) -> str:
    if coordinator.latest is None:
        condition = coordinator.condition
        return f"no telegram yet, {condition.obstacle or condition.state}"
    age = (dt_util.utcnow() - coordinator.latest.received_at).total_seconds()
    return f"last telegram {age:.0f} s ago"
