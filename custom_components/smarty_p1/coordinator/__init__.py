"""Kinds of config entries, such as meters and tanks. Each kind has its own coordinator."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeGuard

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback

from ..const import (
    CONF_KIND,
    KIND_ENTITIES,
    KIND_LENEDA,
    KIND_METER,
    KIND_PULSE,
    KIND_TANK,
    SUBENTRY_LOAD,
)
from .entity_source import EntitySource
from .entry_types import AnyConfigEntry
from .leneda_source import LenedaSource
from .loads.limit_enforcer import LimitEnforcer
from .loads.load_records import LoadRecords
from .loads.ordered_entities import async_all_off
from .meter_coordinator import MeterCoordinator
from .meter_records import MeterRecords
from .pulse_coordinator import PulseCoordinator
from .stored.pulse_count_file import PulseCounter
from .tank_coordinator import TankCoordinator
from .telegram_source import LINE_REPORTS, MeterConfigEntry, TelegramSource

type LiveCoordinator = MeterCoordinator | PulseCoordinator
"""Coordinator of a meter or pulse reader, with its power of the last hour."""
type RecordsConfigEntry = ConfigEntry[MeterCoordinator]
type Coordinator = LiveCoordinator | TankCoordinator
type SmartyConfigEntry = ConfigEntry[Coordinator]

_COORDINATORS: Mapping[str, Callable[[HomeAssistant, AnyConfigEntry], Coordinator]] = {
    KIND_METER: partial(MeterCoordinator, TelegramSource),
    KIND_LENEDA: partial(MeterCoordinator, LenedaSource),
    KIND_ENTITIES: partial(MeterCoordinator, EntitySource),
    KIND_PULSE: PulseCoordinator,
    KIND_TANK: TankCoordinator,
}


def kind_of(entry: AnyConfigEntry) -> str:
    """Return the kind of a config entry, a key of `_COORDINATORS`."""
    kind: str = entry.data.get(CONF_KIND, KIND_METER)
    return kind


def has_records(entry: AnyConfigEntry) -> TypeGuard[RecordsConfigEntry]:
    """Return whether a config entry is an electricity meter with quarter-hours, months and bills.

    The data of such a meter come from a port, from entities of another integration, or from the
    platform Leneda.
    """
    return kind_of(entry) in {KIND_METER, KIND_LENEDA, KIND_ENTITIES}


def has_pulses(entry: AnyConfigEntry) -> TypeGuard[ConfigEntry[PulseCoordinator]]:
    """Return whether a config entry is a pulse reader. It knows only energy and power."""
    return kind_of(entry) == KIND_PULSE


def has_telegrams(entry: AnyConfigEntry) -> TypeGuard[MeterConfigEntry]:
    """Return whether a config entry reads the telegrams of an electricity meter at a port."""
    return kind_of(entry) == KIND_METER


def is_live(entry: AnyConfigEntry) -> bool:
    """Return whether a config entry gets current values of an electricity meter.

    The values come from a port or from entities. Leneda sends only the values of past days.
    """
    return kind_of(entry) in {KIND_METER, KIND_ENTITIES}


def has_no_cable(entry: AnyConfigEntry) -> TypeGuard[RecordsConfigEntry]:
    """Return whether a config entry is an electricity meter that is not read at a port."""
    return has_records(entry) and not has_telegrams(entry)


@callback
def loaded_meter(entry: AnyConfigEntry) -> MeterCoordinator | None:
    """Return the coordinator of a meter's entry. Return None while the entry is not loaded."""
    if entry.state is ConfigEntryState.LOADED and not entry.disabled_by and has_records(entry):
        return entry.runtime_data
    return None


@callback
def loaded_live(entry: AnyConfigEntry) -> LiveCoordinator | None:
    """Return the coordinator of a meter or pulse reader. Return None while it is not loaded."""
    if entry.state is ConfigEntryState.LOADED and not entry.disabled_by and has_pulses(entry):
        return entry.runtime_data
    return loaded_meter(entry)


def platforms_of(entry: AnyConfigEntry) -> tuple[Platform, ...]:
    """Return the platforms of the entities that a config entry creates now.

    Home Assistant's calendar is an item of the sidebar, so a meter without loads has none.
    """
    if not is_live(entry):
        return (Platform.SENSOR,)
    has_loads = any(entry.get_subentries_of_type(SUBENTRY_LOAD))
    return (
        Platform.BINARY_SENSOR,
        Platform.BUTTON,
        *([Platform.CALENDAR] if has_loads else []),
        *([Platform.EVENT] if has_telegrams(entry) else []),
        Platform.SENSOR,
        Platform.TIME,
    )


def make_coordinator(hass: HomeAssistant, entry: AnyConfigEntry) -> Coordinator:
    """Return a new coordinator for the entry's kind."""
    return _COORDINATORS[kind_of(entry)](hass, entry)


async def async_forget(hass: HomeAssistant, entry: AnyConfigEntry) -> None:
    """Remove all stored files of a config entry of any kind, and the report about its port."""
    hass.data.get(LINE_REPORTS, {}).pop(entry.entry_id, None)
    await MeterRecords(hass, entry).async_remove()
    loads = LoadRecords(hass, entry.entry_id)
    await loads.async_load()
    await async_all_off(hass, loads)
    await loads.async_remove()
    await LimitEnforcer(hass, entry, loads).async_remove()
    await PulseCounter(hass, entry).async_remove()
