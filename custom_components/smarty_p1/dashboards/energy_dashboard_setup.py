"""Addition of a new meter's sources to the Energy dashboard, if the dashboard lacks them.

Sources are added once, after the meter's first set-up, because entity ids do not exist earlier.
Sources that the user has entered never change.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from homeassistant.const import Platform
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.event import async_call_later

from ..const import CONF_FILL_ENERGY, DOMAIN
from ..coordinator import BooksConfigEntry, BooksCoordinator, has_telegrams, is_live
from ..coordinator.house_sources import async_energy_manager, stored_sources
from ..entity import mbus_device_id
from ..lib.entities import (
    PAST_SENSORS,
    SENSORS,
    TARIFF_SENSORS,
    SensorSpec,
    sensors_of_mbus_meter,
)
from ..lib.meter import Reading

if TYPE_CHECKING:
    from homeassistant.components.energy.data import EnergyPreferencesUpdate, SourceType

type GridSensors = tuple[SensorSpec[Reading], ...]

ENERGY_URL = "/config/energy"
# Seconds until the option CONF_FILL_ENERGY is removed. Home Assistant saves changed preferences to
# the disk within half of this time.
_FORGET_DELAY_S = 120

# Fields of a grid source in the Energy dashboard, each with the key of the sensor that fills it.
_GRID: Mapping[str, str] = {
    "stat_energy_from": "energy_imported",
    "stat_energy_to": "energy_exported",
    "stat_rate": "power_net",
    "entity_energy_price": "price_import",
    "entity_energy_price_export": "price_export",
}
# The Energy dashboard shows nothing for a source without this field. Such a source is not added.
_COUNTED = "stat_energy_from"
_CONSUMED: Mapping[str, str] = {"stat_energy_from": "index", "stat_rate": "flow_rate"}
_CONSUMED_KINDS = ("gas", "water")
# Fields that the Energy dashboard requires for each kind of source, with their empty values.
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
    """Source of the Energy dashboard: its kind, and the sensor for each of its fields.

    `identity` is the identity of an M-Bus meter, or None for the electricity meter.
    """

    kind: str
    sensors: Mapping[str, SensorSpec[Reading]]
    identity: str | None = None


async def async_missing_sources(
    hass: HomeAssistant, reading: Reading, options: Mapping[str, Any], described: GridSensors
) -> tuple[list[EnergySource], bool] | None:
    """Return the sources that the dashboard lacks, and whether the dashboard has a grid source.

    A source is missing only if the dashboard has no source of the same kind. Return None if Home
    Assistant has no Energy dashboard.
    """
    if (manager := await async_energy_manager(hass)) is None:
        return None
    kinds = {source["type"] for source in stored_sources(manager)}
    missing = [
        source for source in _sources(reading, options, described) if source.kind not in kinds
    ]
    return missing, "grid" in kinds


@callback
def async_fill_when_known(hass: HomeAssistant, entry: BooksConfigEntry) -> None:
    """Add the meter's sources to the Energy dashboard once the meter has data.

    A new meter without a cable has no data at first. So wait for the first days from Leneda, or for
    the first reading from entities.
    """
    coordinator = entry.runtime_data

    @callback
    def fill() -> None:
        if has_telegrams(entry) or coordinator.books.demand is not None:
            entry.async_create_task(
                hass, _async_fill(hass, entry), f"{entry.title} Energy dashboard"
            )
            if remove:
                remove()

    remove: CALLBACK_TYPE | None = None
    fill()
    if not has_telegrams(entry) and coordinator.books.demand is None:
        remove = coordinator.async_add_listener(fill)


async def _async_fill(hass: HomeAssistant, entry: BooksConfigEntry) -> None:
    """Add the sources that the Energy dashboard lacks.

    If this fails, the next start of Home Assistant tries again.
    """
    if (manager := await async_energy_manager(hass)) is None:
        return
    coordinator = entry.runtime_data
    described = grid_sensors(is_live=is_live(entry))
    sources = _sources(coordinator.data, entry.options, described)
    wanted = [_filled_in(coordinator, source) for source in sources]
    if not wanted:
        return  # no telegram has ever arrived, so the sources are unknown
    # Do not await anything between reading and updating the preferences. Otherwise, a change that
    # the user makes between them would be lost.
    stored = stored_sources(manager)
    kinds = {source["type"] for source in stored}
    new = [source for source in wanted if source and source["type"] not in kinds]
    if new:
        update = {"energy_sources": [*stored, *new]}
        await manager.async_update(cast("EnergyPreferencesUpdate", update))

    # Home Assistant writes the preferences to the disk after a delay. Keep the option
    # CONF_FILL_ENERGY until then. If a power failure loses the preferences, the next start of Home
    # Assistant adds the sources again. Sources that the dashboard already has are not added twice.
    @callback
    def forget(_now: datetime) -> None:
        options = {
            name: option for name, option in entry.options.items() if name != CONF_FILL_ENERGY
        }
        hass.config_entries.async_update_entry(entry, options=options)

    entry.async_on_unload(async_call_later(hass, _FORGET_DELAY_S, forget))


def grid_sensors(*, is_live: bool) -> GridSensors:
    """Return the descriptions of the sensors for the grid source of the Energy dashboard.

    `is_live` means that the meter has current values. A meter that has only Leneda's past days has
    other sensors.
    """
    return (*SENSORS, *TARIFF_SENSORS) if is_live else PAST_SENSORS


def _sources(reading: Reading, options: Mapping[str, Any], grid: GridSensors) -> list[EnergySource]:
    """Return the sources of a meter, with those sensors that are enabled by default."""

    def existing(
        fields: Mapping[str, str], described: Iterable[SensorSpec[Reading]]
    ) -> dict[str, SensorSpec[Reading]]:
        by_key = {
            spec.key: spec
            for spec in described
            if spec.entity_registry_enabled_default
            and spec.is_wanted(options)
            and spec.exists_fn(reading)
        }
        return {name: by_key[key] for name, key in fields.items() if key in by_key}

    sources = [EnergySource("grid", existing(_GRID, grid))]
    for identity, channel in reading.channels.items():
        meter = reading.telegram.channels[channel]
        if meter.type in _CONSUMED_KINDS:
            sensors = existing(_CONSUMED, sensors_of_mbus_meter(identity, meter))
            sources.append(EnergySource(meter.type, sensors, identity))
    return [source for source in sources if _COUNTED in source.sensors]


def _filled_in(coordinator: BooksCoordinator, source: EnergySource) -> SourceType | None:
    """Return `source` with entity ids in place of sensors.

    Return None if the entity that counts the energy is missing or disabled.
    """
    registry = er.async_get(coordinator.hass)
    identity = source.identity
    device_id = mbus_device_id(coordinator, identity) if identity else coordinator.meter_id
    fields = {}
    for name, described in source.sensors.items():
        unique_id = f"{device_id}_{described.key}"
        entity_id = registry.async_get_entity_id(Platform.SENSOR, DOMAIN, unique_id)
        if entity_id and not registry.entities[entity_id].disabled:
            fields[name] = entity_id
    filled_in = {"type": source.kind, **_LEFT_OPEN[source.kind], **fields}
    return cast("SourceType", filled_in) if _COUNTED in fields else None
