"""Inverters and batteries that supply a house, and their energy by hour.

The user has entered the devices in the settings of the Energy dashboard. Home Assistant's
statistics give the energy.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from homeassistant.components.recorder.statistics import StatisticsRow, statistics_during_period
from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.const import Platform
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.recorder import get_instance

from ..const import CONF_HOUSE_DEVICES, CONF_SUN_SOURCES
from ..coordinator import has_records, loaded_meter
from ..coordinator.chosen_entity_ids import chosen_statistics, current_ids, note_registry_ids
from ..coordinator.entry_types import AnyConfigEntry, active_meters, known_meters
from ..coordinator.garbage_collection import without_collection
from ..coordinator.meter_coordinator import MeterCoordinator
from ..coordinator.statistics.load_energy import energy_by_quarter
from ..lib.advice.energy_shares import HouseDevice
from ..lib.advice.solar_house import (
    Supply,
    SupplyKind,
    grid_hours,
    home_difference,
    with_home_meter,
)
from ..lib.history.luxembourg_time import HOUR, QUARTER_HOUR

if TYPE_CHECKING:
    from homeassistant.components.energy.data import EnergyManager, EnergyPreferences, SourceType

ENERGY = "energy"
SOLAR, BATTERY = "solar", "battery"
# Home Assistant 2026.11 introduced this source.
HOME = "home"
MAX_SOURCES = 20
_MAX_DEVICES = 20
_MAX_NAME_CHARS = 64
# Statistics are read from this long before the first requested day. The additional hours show how
# much energy is normal for an hour.
_BEFORE = timedelta(days=31)
_SAME = 1e-6


async def async_energy_manager(hass: HomeAssistant) -> EnergyManager | None:
    """Return the manager of the Energy dashboard.

    Return None if Home Assistant has no such dashboard.
    """
    if ENERGY not in hass.config.components:
        return None
    # Import here, because Home Assistant may have no Energy dashboard.
    from homeassistant.components.energy.data import async_get_manager  # noqa: PLC0415

    return await async_get_manager(hass)


def stored_sources(manager: EnergyManager) -> list[SourceType]:
    """Return the sources that the user has entered for the Energy dashboard."""
    return list((manager.data or manager.default_preferences())["energy_sources"])


async def async_preferences(hass: HomeAssistant) -> EnergyPreferences:
    """Return the settings of the Energy dashboard, empty ones without it or its recorder."""
    if manager := await async_energy_manager(hass):
        return manager.data or manager.default_preferences()
    return {"energy_sources": [], "device_consumption": [], "device_consumption_water": []}


@callback
def entity_name(hass: HomeAssistant, entity_id: str) -> str:
    """Return the name of an entity, or its id while it has no state."""
    state = hass.states.get(entity_id)
    return state.name if state else entity_id


async def async_device_powers(hass: HomeAssistant, entry: AnyConfigEntry) -> list[str]:
    """Return the power entities of at most 20 devices of the Energy dashboard."""
    devices = (await async_preferences(hass))["device_consumption"]
    powers = [device.get("stat_rate") for device in devices]
    return [*current_ids(hass, entry, filter(None, powers)).values()][:_MAX_DEVICES]


@callback
def async_follow_sources(hass: HomeAssistant) -> None:
    """Note which entities of the Energy dashboard are renamed. Home Assistant keeps the listener.

    The dashboard keeps the old id, so the entity could not be found by it after a restart.
    """

    async def async_note(event: Event[er.EventEntityRegistryUpdatedData]) -> None:
        old, new = str(event.data.get("old_entity_id")), event.data["entity_id"]
        entity, stored = er.async_get(hass).async_get(new), await async_preferences(hass)
        is_listed = old in _listed_ids(stored)
        for entry in known_meters(hass):
            if entity and is_listed:
                note_registry_ids(hass, entry, {old: entity.id})
            if coordinator := loaded_meter(entry):
                for powers in coordinator.records.house_powers.values():
                    powers[:] = [new if power == old else power for power in powers]

    hass.bus.async_listen(
        er.EVENT_ENTITY_REGISTRY_UPDATED,
        async_note,
        event_filter=callback(lambda data: "old_entity_id" in data),
    )


def _listed_ids(stored: EnergyPreferences) -> set[str]:
    """Return the ids of all statistics and entities in the settings of the Energy dashboard."""
    listed: list[Mapping[str, object]] = [*stored["energy_sources"], *stored["device_consumption"]]
    return {value for part in listed for value in part.values() if isinstance(value, str)}


class HouseSource(NamedTuple):
    """Inverter or battery of the Energy dashboard. The id `listed` identifies it.

    All other ids are current: they differ from those of the dashboard after a rename.
    """

    kind: str
    listed: str
    """Id of the statistic `delivered` in the settings of the dashboard."""
    delivered: str
    """Id of the statistic with the produced or discharged energy."""
    charged: str | None
    power: str | None
    """Entity of the current power. The power is negative while a battery is charged."""
    name: str
    capacity_kwh: float | None = None

    @property
    def statistics(self) -> dict[str, SupplyKind]:
        """Return the ids of the source's statistics, each with its kind of energy."""
        kind = SupplyKind.PRODUCED if self.kind == SOLAR else SupplyKind.DISCHARGED
        return {self.delivered: kind} | ({self.charged: SupplyKind.CHARGED} if self.charged else {})


async def async_all_sources(hass: HomeAssistant, entry: AnyConfigEntry) -> list[HouseSource]:
    """Return the solar and battery sources of the Energy dashboard."""
    stored = await async_preferences(hass)
    current = current_ids(hass, entry, sorted(_listed_ids(stored)))
    sources = [source for source in stored["energy_sources"] if source["type"] in {SOLAR, BATTERY}]
    return [_house_source(hass, {**source}, current) for source in sources[:MAX_SOURCES]]


@callback
def _house_source(
    hass: HomeAssistant, stored: Mapping[str, object], current: Mapping[str, str]
) -> HouseSource:
    listed = str(stored["stat_energy_from"])
    delivered = current[listed]
    charged, power = (
        current.get(str(stored.get(name))) for name in ("stat_energy_to", "stat_rate")
    )
    capacity = stored.get("capacity")
    return HouseSource(
        str(stored["type"]),
        listed,
        delivered,
        charged,
        power or _power_beside(hass, delivered),
        str(stored.get("name") or entity_name(hass, delivered)),
        float(capacity) if isinstance(capacity, int | float) else None,
    )


@callback
def is_only_meter(hass: HomeAssistant, entry: AnyConfigEntry) -> bool:
    """Return whether Home Assistant reads no other electricity meter."""
    return all(other is entry for other in active_meters(hass) if has_records(other))


@callback
def chosen_ids(
    hass: HomeAssistant, entry: AnyConfigEntry, sources: Sequence[HouseSource]
) -> list[str]:
    """Return the ids of the sources that supply the house behind a meter.

    If the user has not chosen sources yet, the result depends on the number of meters. If Home
    Assistant reads only one meter, return the ids of all sources. Otherwise, return no ids.
    """
    current = {source.listed: source.delivered for source in sources}
    if CONF_SUN_SOURCES not in entry.options:
        return [*current] if is_only_meter(hass, entry) else []
    return chosen_statistics(hass, entry, CONF_SUN_SOURCES, current)


async def async_house_sources(hass: HomeAssistant, entry: AnyConfigEntry) -> list[HouseSource]:
    """Return the sources that supply the house behind a meter."""
    sources = await async_all_sources(hass, entry)
    ids = chosen_ids(hass, entry, sources)
    return [source for source in sources if source.listed in ids]


async def async_devices(
    hass: HomeAssistant,
    entry: AnyConfigEntry,
    start: datetime,
    until: datetime,
    quarters: Sequence[datetime] = (),
) -> list[HouseDevice]:
    """Return the devices of the Energy dashboard with their hourly energy in a period.

    They also have the energies of the quarter-hours that begin at `quarters`. The recorder deletes
    the five-minute statistics of older quarter-hours: these are absent.
    """
    names = await async_house_devices(hass, entry)
    if not names:
        return []
    kinds = dict.fromkeys(current_ids(hass, entry, names).values(), SupplyKind.PRODUCED)
    recorder = get_instance(hass)
    hours = await recorder.async_add_executor_job(_read, hass, kinds, start, until)
    of_quarters = await recorder.async_add_executor_job(_read_quarters, hass, [*kinds], quarters)
    return [
        HouseDevice(name, supply.kwh, quarter_kwh)
        for name, supply, quarter_kwh in zip(names.values(), hours, of_quarters, strict=True)
    ]


async def async_house_devices(hass: HomeAssistant, entry: AnyConfigEntry) -> dict[str, str]:
    """Return the names of at most 20 devices of the house by the ids that the dashboard lists.

    A device whose energy is included in another device is left out. With several meters, only the
    chosen devices belong to the house behind this one.
    """
    names = await async_all_devices(hass, entry)
    if not is_only_meter(hass, entry):
        chosen = chosen_devices(hass, entry, names)
        names = {name: shown for name, shown in names.items() if name in chosen}
    return dict([*names.items()][:_MAX_DEVICES])


@callback
def chosen_devices(hass: HomeAssistant, entry: AnyConfigEntry, listed: Iterable[str]) -> list[str]:
    """Return the `listed` statistics of devices that the user has chosen for this meter."""
    current = current_ids(hass, entry, listed)
    return chosen_statistics(hass, entry, CONF_HOUSE_DEVICES, current)


async def async_all_devices(hass: HomeAssistant, entry: AnyConfigEntry) -> dict[str, str]:
    """Return the names of the devices of the Energy dashboard by the ids that it lists."""
    stored = (await async_preferences(hass))["device_consumption"]
    current = current_ids(hass, entry, (device["stat_consumption"] for device in stored))
    names: dict[str, str] = {}
    for device in stored:
        name = device["stat_consumption"]
        if device.get("included_in_stat") not in current:
            shown = device.get("name") or entity_name(hass, current[name])
            names[name] = str(shown)[:_MAX_NAME_CHARS]
    return names


async def async_supplies(
    hass: HomeAssistant, sources: Sequence[HouseSource], start: datetime, until: datetime
) -> list[Supply]:
    """Return the hourly energy of `sources` in the period before `until`.

    The period begins a month before `start`. The additional hours show which energies are normal.
    """
    kinds = {name: kind for source in sources for name, kind in source.statistics.items()}
    return await get_instance(hass).async_add_executor_job(_read, hass, kinds, start, until)


class HouseSupplies(NamedTuple):
    """Energy of a house's inverters and batteries, filled and compared by its home meter."""

    supplies: list[Supply]
    home_difference: float | None = None
    """Share by which the home meter counted more. None if it is unknown."""


async def async_house_supplies(
    coordinator: MeterCoordinator, sources: Sequence[HouseSource], start: datetime, until: datetime
) -> HouseSupplies:
    """Return the hourly energy of `sources`, with the hours that only the home meter knows."""
    hass, entry = coordinator.hass, coordinator.config_entry
    supplies = await async_supplies(hass, sources, start, until)
    home_id = await _async_home_statistic(hass, entry)
    if home_id is None or not supplies:
        return HouseSupplies(supplies)
    table = coordinator.records.household.table

    def filled() -> HouseSupplies:
        [home] = _read(hass, {home_id: SupplyKind.PRODUCED}, start, until)
        grid = grid_hours(table, until)
        return HouseSupplies(
            with_home_meter(supplies, home, grid, until),
            home_difference(supplies, home, grid, until),
        )

    return await get_instance(hass).async_add_executor_job(filled)


async def _async_home_statistic(hass: HomeAssistant, entry: AnyConfigEntry) -> str | None:
    """Return the statistic of the home meter, None without one.

    The Energy dashboard has one home meter at most. With several meters, nobody knows to which one
    the home meter belongs.
    """
    if not is_only_meter(hass, entry):
        return None
    listed = [
        str(source["stat_energy_to"])
        for source in map(dict, (await async_preferences(hass))["energy_sources"])
        if source["type"] == HOME
    ]
    return current_ids(hass, entry, listed)[listed[0]] if listed else None


@without_collection
def _read(
    hass: HomeAssistant, kinds: Mapping[str, SupplyKind], start: datetime, until: datetime
) -> list[Supply]:
    ids, units = {*kinds}, {"energy": "kWh"}
    first = start.astimezone(UTC) - _BEFORE
    hour = until.replace(minute=0)
    ended = statistics_during_period(hass, first, hour, ids, "hour", units, {"change", "sum"})
    running = statistics_during_period(hass, hour, until, ids, "5minute", units, {"change"})
    supplies = []
    for name, kind in kinds.items():
        kwh, since = _by_hour(ended.get(name, []), first)
        if rows := running.get(name):
            kwh[hour] = sum(change for row in rows if (change := row.get("change")))
        supplies.append(Supply(kind, kwh, since if name in ended else until))
    return supplies


@without_collection
def _read_quarters(
    hass: HomeAssistant, ids: Sequence[str], quarters: Sequence[datetime]
) -> list[dict[datetime, float]]:
    """Return the energy of each statistic in kWh in the quarter-hours that are known wholly."""
    energies: list[dict[datetime, float]] = [{} for _ in ids]
    for start in quarters:
        rows = statistics_during_period(
            hass, start, start + QUARTER_HOUR, {*ids}, "5minute", {"energy": "kWh"}, {"change"}
        )
        for name, kwh in zip(ids, energies, strict=True):
            kwh.update(energy_by_quarter(rows.get(name, [])))
    return energies


def _by_hour(
    rows: Sequence[StatisticsRow], first: datetime
) -> tuple[dict[datetime, float], datetime]:
    """Return the energy of each hour, and the start of the first hour that was measured completely.

    The energies are keyed by the start of the hour. `rows` are the statistics since `first`.
    """
    kwh: dict[datetime, float] = {}
    since = first
    for n, row in enumerate(rows):
        change, total = row.get("change"), row.get("sum")
        time = datetime.fromtimestamp(row["start"], UTC)
        if change is None or total is None:
            continue
        if n == 0 and abs(change - total) < _SAME:
            # The row's sum equals the energy of its hour, so this row is the first of the
            # statistics. The statistics may have begun in the middle of this hour. So leave out the
            # hour.
            since = time + HOUR
        else:
            kwh[time] = change
    return kwh, since


def _power_beside(hass: HomeAssistant, entity_id: str) -> str | None:
    """Return the power sensor of the device to which an entity belongs.

    Return None if the entity has no device, or if the device has no power sensor or several.
    """
    registry = er.async_get(hass)
    entity = registry.async_get(entity_id)
    if entity is None or entity.device_id is None:
        return None
    powers = [
        other.entity_id
        for other in er.async_entries_for_device(registry, entity.device_id)
        if other.domain == Platform.SENSOR
        and (other.device_class or other.original_device_class) == SensorDeviceClass.POWER
    ]
    return powers[0] if len(powers) == 1 else None
