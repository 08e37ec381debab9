"""The Energy dashboard of Home Assistant: what it is to show of a meter that is added.

Only what is missing there is entered, once, after the first set-up of a meter: before that, its
entities have no names. What the user has entered is never changed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.event import async_call_later

from ..const import CONF_FILL_ENERGY, DOMAIN
from ..coordinator.meter_coordinator import MeterConfigEntry, SmartyCoordinator
from ..entity import mbus_device_id
from ..lib.entities import SENSORS, TARIFF_SENSORS, SensorSpec, sensors_of_mbus_meter
from ..lib.meter import Reading

if TYPE_CHECKING:
    from homeassistant.components.energy.data import (
        EnergyManager,
        EnergyPreferencesUpdate,
        SourceType,
    )

ENERGY_URL = "/config/energy"
_ENERGY = "energy"
# Home Assistant writes the preferences to the disk a minute after they have changed.
_WRITTEN_AFTER = 120

# The fields of a grid connection, and the sensors in them.
_GRID: Mapping[str, str] = {
    "stat_energy_from": "energy_imported",
    "stat_energy_to": "energy_exported",
    "stat_rate": "power_net",
    "entity_energy_price": "price_import",
    "entity_energy_price_export": "price_export",
}
# Without it, there is nothing to show.
_COUNTED = "stat_energy_from"
_CONSUMED: Mapping[str, str] = {"stat_energy_from": "index", "stat_rate": "flow_rate"}
_CONSUMED_KINDS = ("gas", "water")
# What the Energy dashboard wants to be said, if only that there is none.
_LEFT_OPEN: Mapping[str, Mapping[str, Any]] = {
    "grid": {
        "stat_energy_to": None,
        "stat_cost": None,
        "entity_energy_price": None,
        "number_energy_price": None,
        "stat_compensation": None,
        "entity_energy_price_export": None,
        "number_energy_price_export": None,
        "cost_adjustment_day": 0.0,
    },
    **{
        kind: {"stat_cost": None, "entity_energy_price": None, "number_energy_price": None}
        for kind in _CONSUMED_KINDS
    },
}


@dataclass(frozen=True)
class EnergySource:
    """A source of the Energy dashboard: its fields, and the sensors in them.

    Those of a meter on the M-Bus have its identity.
    """

    kind: str
    sensors: Mapping[str, SensorSpec[Reading]]
    identity: str | None = None


async def async_missing_sources(
    hass: HomeAssistant, reading: Reading, options: Mapping[str, Any]
) -> tuple[list[EnergySource], bool] | None:
    """Return what the Energy dashboard does not show yet, and whether it shows a grid.

    What is there of a kind is enough of it. None where Home Assistant has no Energy dashboard.
    """
    if _ENERGY not in hass.config.components:
        return None
    there = {source["type"] for source in _stored(await _async_manager(hass))}
    missing = [source for source in _sources(reading, options) if source.kind not in there]
    return missing, "grid" in there


async def async_fill_energy(hass: HomeAssistant, entry: MeterConfigEntry) -> None:
    """Enter what is missing, as was asked for when the meter was added; later if it cannot be."""
    if _ENERGY not in hass.config.components:
        return
    coordinator = entry.runtime_data
    wanted = [
        _filled_in(coordinator, source) for source in _sources(coordinator.data, entry.options)
    ]
    if not wanted:
        return  # before the first telegram ever
    manager = await _async_manager(hass)
    # Nothing waits between this and the update, so that nothing is lost of what a user enters.
    stored = _stored(manager)
    there = {source["type"] for source in stored}
    new = [source for source in wanted if source and source["type"] not in there]
    if new:
        update = {"energy_sources": [*stored, *new]}
        await manager.async_update(cast("EnergyPreferencesUpdate", update))

    # Were it forgotten now, a power failure within this minute would leave nothing entered. Once
    # the sources are on the disk, being asked again enters nothing: their kinds are there.
    @callback
    def forget(_now: datetime) -> None:
        options = {name: it for name, it in entry.options.items() if name != CONF_FILL_ENERGY}
        hass.config_entries.async_update_entry(entry, options=options)

    entry.async_on_unload(async_call_later(hass, _WRITTEN_AFTER, forget))


def _sources(reading: Reading, options: Mapping[str, Any]) -> list[EnergySource]:
    """Return what a meter has for the Energy dashboard, with the sensors that are enabled."""

    def existing(
        fields: Mapping[str, str], described: Iterable[SensorSpec[Reading]]
    ) -> dict[str, SensorSpec[Reading]]:
        by_key = {
            each.key: each
            for each in described
            if each.entity_registry_enabled_default
            and each.is_wanted(options)
            and each.exists_fn(reading)
        }
        return {name: by_key[key] for name, key in fields.items() if key in by_key}

    sources = [EnergySource("grid", existing(_GRID, (*SENSORS, *TARIFF_SENSORS)))]
    for identity, channel in reading.channels.items():
        meter = reading.telegram.channels[channel]
        if meter.type in _CONSUMED_KINDS:
            sensors = existing(_CONSUMED, sensors_of_mbus_meter(identity, meter))
            sources.append(EnergySource(meter.type, sensors, identity))
    return [source for source in sources if _COUNTED in source.sensors]


def _filled_in(coordinator: SmartyCoordinator, source: EnergySource) -> SourceType | None:
    """Return a source with the names of its entities; None if what it counts is disabled."""
    registry = er.async_get(coordinator.hass)
    identity = source.identity
    device_id = mbus_device_id(coordinator, identity) if identity else coordinator.serial_number
    fields = {}
    for name, described in source.sensors.items():
        unique_id = f"{device_id}_{described.key}"
        entity_id = registry.async_get_entity_id(Platform.SENSOR, DOMAIN, unique_id)
        if entity_id and not registry.entities[entity_id].disabled:
            fields[name] = entity_id
    filled_in = {"type": source.kind, **_LEFT_OPEN[source.kind], **fields}
    return cast("SourceType", filled_in) if _COUNTED in fields else None


async def _async_manager(hass: HomeAssistant) -> EnergyManager:
    # Not before it is known that there is an Energy dashboard.
    from homeassistant.components.energy.data import async_get_manager  # noqa: PLC0415

    return await async_get_manager(hass)


def _stored(manager: EnergyManager) -> list[SourceType]:
    return list((manager.data or manager.default_preferences())["energy_sources"])
