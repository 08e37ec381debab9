"""Kinds of config entries: meters, pulse readers and tanks. Each kind has its own coordinator."""

from typing import TypeGuard

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant

from ..const import CONF_KIND, KIND_METER, KIND_PULSE, KIND_TANK, PLATFORMS
from .entry_types import AnyConfigEntry
from .meter_books import MeterBooks
from .meter_coordinator import MeterConfigEntry, SmartyCoordinator
from .port_connection import Line
from .pulse_coordinator import PulseCoordinator
from .pulse_counter import PulseCounter
from .tank_coordinator import TankCoordinator

type Coordinator = SmartyCoordinator | PulseCoordinator | TankCoordinator
type SmartyConfigEntry = ConfigEntry[Coordinator]


def kind_of(entry: AnyConfigEntry) -> str:
    """Return the kind of a config entry: meter, pulse reader or tank."""
    kind: str = entry.data.get(CONF_KIND, KIND_METER)
    return kind


def is_meter(entry: AnyConfigEntry) -> TypeGuard[MeterConfigEntry]:
    """Return whether a config entry reads a meter. Other entries read pulses or a tank."""
    return kind_of(entry) == KIND_METER


def platforms_of(entry: AnyConfigEntry) -> tuple[Platform, ...]:
    """Return the platforms of the entities that a config entry creates."""
    return PLATFORMS if is_meter(entry) else (Platform.SENSOR,)


def make_coordinator(hass: HomeAssistant, entry: AnyConfigEntry) -> Coordinator:
    """Return a new coordinator for the entry's kind."""
    kind = kind_of(entry)
    if kind == KIND_TANK:
        return TankCoordinator(hass, entry)
    return PulseCoordinator(hass, entry) if kind == KIND_PULSE else SmartyCoordinator(hass, entry)


def line_of(coordinator: Coordinator) -> Line | None:
    """Return the port reader of a coordinator.

    None if it reads pulses of an entity or MQTT topic.
    """
    if isinstance(coordinator, PulseCoordinator):
        return coordinator.source.line
    return coordinator.line


async def async_forget(hass: HomeAssistant, entry: AnyConfigEntry) -> None:
    """Remove all stored files of a config entry of any kind."""
    await MeterBooks(hass, entry).async_remove()
    await PulseCounter(hass, entry).async_remove()
