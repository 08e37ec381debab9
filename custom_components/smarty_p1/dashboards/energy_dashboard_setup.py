"""Addition of a new meter's sources to the Energy dashboard, if the dashboard lacks them.

Electricity and gas are shown by the meter's hourly statistics, water and all powers by entities.
Sources are added once, after the meter's first set-up, because entity ids do not exist earlier.
Sources that the user has entered never change here.
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, cast

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.start import async_at_started

from ..const import CONF_FILL_ENERGY, CONF_GAS_POINT, CONF_PRODUCTION_POINT, DOMAIN, SECTION_LENEDA
from ..coordinator import RecordsConfigEntry, has_telegrams, is_live
from ..coordinator.background_tasks import SupervisedTask
from ..coordinator.entered_gas_prices import gas_prices
from ..coordinator.meter_coordinator import MeterCoordinator
from ..coordinator.statistics.hourly_statistics import Hours
from ..coordinator.statistics.statistic_ids import (
    StatisticKind,
    statistic_id,
    statistics_key,
    wanted_kinds,
)
from ..coordinator.statistics.statistics_writer import StatisticsWriter
from ..energy_dashboard.house_sources import async_energy_manager, stored_sources
from ..entity import mbus_device_id
from ..lib.entities.entity_description import MeterSensorSpec
from ..lib.entities.leneda_and_sharing_sensors import LENEDA_SENSORS
from ..lib.entities.mbus_sensors import sensors_of_mbus_meter
from ..lib.entities.meter_sensors import SENSORS
from ..lib.entities.tariff_sensors import TARIFF_SENSORS
from ..lib.json_types import JsonDict, JsonMapping, without
from ..lib.meter.meter_reader import Reading
from .energy_sources import EXPORT, IMPORT, RATE, SIDES

if TYPE_CHECKING:
    from homeassistant.components.energy.data import (
        EnergyManager,
        EnergyPreferencesUpdate,
        SourceType,
    )

type Sensors = dict[str, MeterSensorSpec]
type Statistics = dict[str, StatisticKind]

ENERGY_URL = "/config/energy"
# Shortest and longest delay in seconds before a failed addition is tried again.
DELAY_S, MAX_DELAY_S = 60.0, 3600.0
_MAX_LOOKS, _LOOK_INTERVAL_S = 10, 1.0
# Seconds until the option CONF_FILL_ENERGY is removed. Home Assistant saves changed preferences to
# the disk within half of this time.
_FORGET_DELAY_S = 120

_GRID: Mapping[str, str] = {
    IMPORT.energy: "energy_imported",
    EXPORT.energy: "energy_exported",
    RATE: "power_net",
}
# Units of a gas meter whose gas is counted in m³. The unit is unknown before the first capture.
_GAS_UNITS = {"m3", None}
_CONSUMED: Mapping[str, str] = {IMPORT.energy: "index", RATE: "flow_rate"}
_CONSUMED_KINDS = ("gas", "water")


@dataclass(frozen=True)
class EnergySource:
    """Source of the Energy dashboard: its kind, and the statistic or sensor of each of its fields.

    `identity` is the identity of the M-Bus meter that has the sensors, or None for the electricity
    meter.
    """

    kind: str
    statistics: Mapping[str, StatisticKind]
    sensors: Mapping[str, MeterSensorSpec]
    identity: str | None = None


async def async_missing_sources(
    hass: HomeAssistant, reading: Reading, options: JsonMapping, *, is_live: bool
) -> tuple[list[EnergySource], bool] | None:
    """Return the sources that the dashboard lacks, and whether the dashboard has a grid source.

    A source is missing only if the dashboard has no source of the same kind. `is_live` means that
    the meter has current values, not only Leneda's past days. Return None if Home Assistant has no
    Energy dashboard.
    """
    if (manager := await async_energy_manager(hass)) is None:
        return None
    sources = _sources(hass, reading, options, is_live=is_live)
    has_grid = any(source["type"] == "grid" for source in stored_sources(manager))
    return _lacking(manager, sources), has_grid


def _lacking(manager: EnergyManager, sources: Iterable[EnergySource]) -> list[EnergySource]:
    kinds = {source["type"] for source in stored_sources(manager)}
    return [source for source in sources if source.kind not in kinds]


@callback
def async_fill_when_known(hass: HomeAssistant, entry: RecordsConfigEntry) -> None:
    """Add the meter's sources to the Energy dashboard once the meter has data.

    The first reading, or the first days from Leneda, may come long after the set-up. The recorder
    creates statistics only when Home Assistant has started, and the start waits for tasks of
    entries. So wait for both in the background.
    """
    is_known, is_started = asyncio.Event(), asyncio.Event()

    @callback
    def look() -> None:
        if not is_known.is_set() and _known_sources(hass, entry):
            is_known.set()

    @callback
    def note_start(_hass: HomeAssistant) -> None:
        is_started.set()

    async def fill() -> None:
        await is_started.wait()
        await is_known.wait()
        await _async_fill(hass, entry)

    look()
    entry.async_on_unload(entry.runtime_data.async_add_listener(look))
    entry.async_on_unload(async_at_started(hass, note_start))
    SupervisedTask(
        hass, entry, fill, "Energy dashboard", first=DELAY_S, longest=MAX_DELAY_S
    ).start()


def _known_sources(hass: HomeAssistant, entry: RecordsConfigEntry) -> list[EnergySource]:
    """Return the sources of a meter. Return [] if the meter has no data yet."""
    coordinator = entry.runtime_data
    if not has_telegrams(entry) and coordinator.records.household_state is None:
        return []
    options = coordinator.records.wanted_options
    return _sources(hass, coordinator.data, options, is_live=is_live(entry))


async def _async_fill(hass: HomeAssistant, entry: RecordsConfigEntry) -> None:
    """Add the sources that the Energy dashboard lacks."""
    if (manager := await async_energy_manager(hass)) is None:
        return
    coordinator = entry.runtime_data
    sources = _known_sources(hass, entry)
    await _async_until_registered(coordinator, sources)
    await _async_create(hass, entry, _lacking(manager, sources))
    # Do not await anything between reading and updating the preferences. Otherwise, a change that
    # the user makes between them would be lost.
    new = [_filled_in(coordinator, source) for source in _lacking(manager, sources)]
    if any(new):
        update = {"energy_sources": [*stored_sources(manager), *filter(None, new)]}
        await manager.async_update(cast("EnergyPreferencesUpdate", update))

    # Home Assistant writes the preferences to the disk after a delay. Keep the option
    # CONF_FILL_ENERGY until then. If a power failure loses the preferences, the next start of Home
    # Assistant adds the sources again. Sources that the dashboard already has are not added twice.
    @callback
    def forget(_now: datetime) -> None:
        options = without(entry.options, {CONF_FILL_ENERGY})
        hass.config_entries.async_update_entry(entry, options=options)

    entry.async_on_unload(async_call_later(hass, _FORGET_DELAY_S, forget))


def _sources(
    hass: HomeAssistant, reading: Reading, options: JsonMapping, *, is_live: bool
) -> list[EnergySource]:
    """Return the sources of a meter. Return [] if the reading has no energy."""
    grid = _existing(_GRID, SENSORS if is_live else LENEDA_SENSORS, reading, options)
    if IMPORT.energy not in grid:
        return []
    statistics = _grid_statistics(grid, reading, options, is_live=is_live)
    sources = [EnergySource("grid", _wanted(hass, statistics), _only_rate(grid))]
    flows: dict[str, Sensors] = {}
    for identity, channel in reading.channels.items():
        meter = reading.telegram.channels[channel]
        sensors = _existing(_CONSUMED, sensors_of_mbus_meter(identity, meter), reading, options)
        if meter.type == "gas" and meter.unit in _GAS_UNITS:
            flows[identity] = _only_rate(sensors)
        elif meter.type in _CONSUMED_KINDS and IMPORT.energy in sensors:
            sources.append(EnergySource(meter.type, {}, sensors, identity))
    if flows or CONF_GAS_POINT in options.get(SECTION_LENEDA, {}):
        sources.insert(1, _gas_source(hass, options, flows))
    return sources


def _gas_source(
    hass: HomeAssistant, options: JsonMapping, flows: Mapping[str, Sensors]
) -> EnergySource:
    """Return the source of gas. `flows` has the flow rate of each gas meter on the M-Bus."""
    statistics = {IMPORT.energy: StatisticKind.GAS_VOLUME}
    if gas_prices(options):
        statistics[IMPORT.cost] = StatisticKind.GAS_COST
    # Several gas meters have one statistic together, but a flow rate each.
    identity, sensors = next(iter(flows.items())) if len(flows) == 1 else (None, {})
    return EnergySource("gas", _wanted(hass, statistics), sensors, identity)


def _grid_statistics(
    grid: Sensors, reading: Reading, options: JsonMapping, *, is_live: bool
) -> Statistics:
    """Return the statistics of a grid connection. `grid` has the sensors that exist."""
    prices = {spec.key for spec in TARIFF_SENSORS if spec.is_wanted(options)}
    statistics = {IMPORT.energy: StatisticKind.IMPORTED}
    if "price_import" in prices:
        statistics[IMPORT.cost] = StatisticKind.COST
    # The dialog cannot know yet whether Leneda has exported energy, so it names this statistic.
    has_point = CONF_PRODUCTION_POINT in options.get(SECTION_LENEDA, {})
    may_export = not is_live and (has_point or reading.demand is None)
    if may_export or EXPORT.energy in grid:
        statistics[EXPORT.energy] = StatisticKind.EXPORTED
        if "price_export" in prices:
            statistics[EXPORT.cost] = StatisticKind.COMPENSATION
    return statistics


def _wanted(hass: HomeAssistant, statistics: Statistics) -> Statistics:
    """Return the statistics without amounts in another currency than Home Assistant's."""
    kinds = wanted_kinds(hass, (*statistics.values(),))
    return {name: kind for name, kind in statistics.items() if kind in kinds}


def _existing(
    fields: Mapping[str, str],
    described: Iterable[MeterSensorSpec],
    reading: Reading,
    options: JsonMapping,
) -> Sensors:
    """Return the sensors of `fields` that the meter has and that are enabled by default."""
    by_key = {
        spec.key: spec
        for spec in described
        if spec.entity_registry_enabled_default
        and spec.is_wanted(options)
        and spec.exists_fn(reading)
    }
    return {name: by_key[key] for name, key in fields.items() if key in by_key}


def _only_rate(sensors: Sensors) -> Sensors:
    return {RATE: sensors[RATE]} if RATE in sensors else {}


async def _async_until_registered(
    coordinator: MeterCoordinator, sources: Iterable[EnergySource]
) -> None:
    """Wait until Home Assistant has added the entities of `sources`, a few seconds at most.

    The entities are added after the reading that shows them.
    """
    for _ in range(_MAX_LOOKS):
        if all(all(_entity_ids(coordinator, source).values()) for source in sources):
            return
        await asyncio.sleep(_LOOK_INTERVAL_S)


def _entity_ids(coordinator: MeterCoordinator, source: EnergySource) -> dict[str, str | None]:
    """Return the entity of each field of `source`. It is None if it is not registered."""
    registry = er.async_get(coordinator.hass)
    identity = source.identity
    device_id = mbus_device_id(coordinator, identity) if identity else coordinator.meter_id
    return {
        name: registry.async_get_entity_id(Platform.SENSOR, DOMAIN, f"{device_id}_{described.key}")
        for name, described in source.sensors.items()
    }


def _filled_in(coordinator: MeterCoordinator, source: EnergySource) -> SourceType | None:
    """Return `source` with the ids of its statistics and entities.

    Return None if the entity that counts the energy is missing or disabled.
    """
    registry = er.async_get(coordinator.hass)
    key = statistics_key(coordinator.config_entry)
    fields = {name: statistic_id(key, kind) for name, kind in source.statistics.items()}
    fields |= {
        name: entity_id
        for name, entity_id in _entity_ids(coordinator, source).items()
        if entity_id and not registry.entities[entity_id].disabled
    }
    filled_in = {"type": source.kind, **_empty_fields(source.kind), **fields}
    return cast("SourceType", filled_in) if IMPORT.energy in fields else None


def _empty_fields(kind: str) -> JsonDict:
    """Return the fields that the Energy dashboard requires of a source, with their empty values."""
    fields = {name: None for side in SIDES.get(kind, (IMPORT,)) for name in side}
    return fields | {"cost_adjustment_day": 0.0} if kind == "grid" else fields


async def _async_create(
    hass: HomeAssistant, entry: RecordsConfigEntry, sources: Iterable[EnergySource]
) -> None:
    """Create the statistics of sources without rows, unless they exist.

    A new meter gets its first rows when an hour has ended. Until then, the settings of the Energy
    dashboard would report that the statistics are not defined.
    """
    kinds = tuple(kind for source in sources for kind in source.statistics.values())
    no_hours: Mapping[str, Hours] = {kind: {} for kind in kinds}
    await StatisticsWriter(hass, entry).async_write(kinds, no_hours, is_expected=lambda _: True)
