"""A warning in time: the running quarter-hour will end above the reference power."""

from dataclasses import dataclass
from typing import override

from homeassistant.components.binary_sensor import (
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import CONF_REFERENCE_POWER
from .coordinator.meter_coordinator import MeterConfigEntry
from .entity import Described, SmartyEntity, find_new
from .lib.meter import Reading
from .sensor.demand_sensors import measured_since

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class DescribedBinarySensor(Described[Reading], BinarySensorEntityDescription):
    """A binary sensor, and what it shows of a reading."""


BINARY_SENSORS = (
    DescribedBinarySensor(
        key="demand_will_exceed",
        translation_key="demand_will_exceed",
        device_class=BinarySensorDeviceClass.PROBLEM,
        value_fn=lambda reading: reading.demand and reading.demand.will_exceed,
        attributes_fn=measured_since(lambda demand: demand.will_exceed),
        needed_options=(CONF_REFERENCE_POWER,),
    ),
)


async def async_setup_entry(
    _hass: HomeAssistant,
    entry: MeterConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Create the binary sensors that the options ask for."""
    coordinator = entry.runtime_data
    find = find_new(coordinator, Platform.BINARY_SENSOR, BINARY_SENSORS, MeterBinarySensor)
    async_add_entities(find(coordinator.data))  # what exists does not depend on the reading


class MeterBinarySensor(SmartyEntity, BinarySensorEntity):
    """A binary sensor of the electricity meter."""

    entity_description: DescribedBinarySensor

    @property
    @override
    def is_on(self) -> bool | None:
        """Return whether the warning is on, None while that is unknown."""
        is_on: bool | None = self.entity_description.value_fn(self.coordinator.data)
        return is_on
