"""Binary sensor that warns if a quarter-hour's mean power will exceed the reference power."""

from collections.abc import Mapping
from typing import Any, override

from homeassistant.components.binary_sensor import (
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import CONF_REFERENCE_POWER
from .coordinator import BooksConfigEntry, BooksCoordinator
from .entity import SmartyEntity, category_of, find_new
from .lib.entities.entity_description import BinarySensorSpec
from .lib.entities.quarter_hour_power_sensors import BINARY_SENSORS, MEASURED_SINCE

PARALLEL_UPDATES = 0


async def async_setup_entry(
    _hass: HomeAssistant,
    entry: BooksConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Create the binary sensors that the options enable."""
    coordinator = entry.runtime_data
    find = find_new(coordinator, Platform.BINARY_SENSOR, BINARY_SENSORS, MeterBinarySensor)
    # All binary sensors exist after the set-up, so no listener has to look for new ones.
    async_add_entities(find(coordinator.data))


class MeterBinarySensor(SmartyEntity, BinarySensorEntity):
    """Binary sensor of the electricity meter."""

    _unrecorded_attributes = frozenset({MEASURED_SINCE})
    described: BinarySensorSpec

    def __init__(self, coordinator: BooksCoordinator, described: BinarySensorSpec) -> None:
        device_class = described.device_class
        description = BinarySensorEntityDescription(
            key=described.key,
            translation_key=described.translation_key,
            device_class=BinarySensorDeviceClass(device_class) if device_class else None,
            entity_category=category_of(described),
            entity_registry_enabled_default=described.entity_registry_enabled_default,
        )
        super().__init__(coordinator, described, description)

    @property
    @override
    def is_on(self) -> bool | None:
        """Return whether the warning is on. Return None if the forecast is unknown."""
        is_on: bool | None = self.described.value_fn(self.coordinator.data)
        return is_on

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """Return the attributes of the entity, and the reference power of the contract in kW.

        A gauge card can use the reference power as its maximum.
        """
        if demand := self.coordinator.data.demand:
            reference_power = demand.reference_kw
        else:
            reference_power = self.coordinator.books.wanted_options[CONF_REFERENCE_POWER]
        return {**(super().extra_state_attributes or {}), CONF_REFERENCE_POWER: reference_power}
