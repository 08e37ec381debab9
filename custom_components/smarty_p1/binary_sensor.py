"""A warning in time: the running quarter-hour will end above the reference power."""

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
from .coordinator.meter_coordinator import MeterConfigEntry, SmartyCoordinator
from .entity import SmartyEntity, forget_entities
from .sensor.demand_sensors import measured_since

PARALLEL_UPDATES = 0

WARNING = BinarySensorEntityDescription(
    key="demand_will_exceed",
    translation_key="demand_will_exceed",
    device_class=BinarySensorDeviceClass.PROBLEM,
)
BINARY_SENSORS = (WARNING,)


async def async_setup_entry(
    _hass: HomeAssistant,
    entry: MeterConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Create the warning, if the user has entered a reference power."""
    if CONF_REFERENCE_POWER in entry.options:
        async_add_entities([ReferencePowerWarning(entry.runtime_data)])
    else:
        forget_entities(entry.runtime_data, Platform.BINARY_SENSOR, [WARNING.key])


class ReferencePowerWarning(SmartyEntity, BinarySensorEntity):
    """On while the projected mean power of the quarter-hour is above the reference power."""

    entity_description = WARNING

    def __init__(self, coordinator: SmartyCoordinator) -> None:
        """Take the coordinator that follows the quarter-hours."""
        super().__init__(coordinator, WARNING.key)

    @property
    @override
    def is_on(self) -> bool | None:
        """Return the forecast, None while it is unknown."""
        demand = self.coordinator.demand.demand
        return demand.will_exceed if demand else None

    @property
    @override
    def extra_state_attributes(self) -> dict[str, str | None]:
        """Return since when that is measured which the forecast is made of."""
        return measured_since(self.coordinator.demand.demand, is_known=self.is_on is not None)
