"""Sensors: what the meter counts, measures and says, and the indexes of its M-Bus meters."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, override

from homeassistant.components.sensor import SensorEntity
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.typing import StateType

from ..const import DOMAIN
from ..coordinator import SmartyConfigEntry
from ..coordinator.meter_coordinator import SmartyCoordinator
from ..coordinator.tank_coordinator import TankCoordinator
from ..entity import MBusEntity, SmartyEntity, add_what_is_sent, mbus_device_id
from .board_sensors import pulse_sensors, tank_sensors
from .demand_sensors import demand_sensors
from .meter_sensors import (
    MBUS_INDEX,
    MBUS_SENSORS,
    MBUS_UNITS,
    RECEPTION_SENSORS,
    SENSORS,
    MBusSensorDescription,
    ReceptionSensorDescription,
    SmartySensorDescription,
    mbus_index,
)

PARALLEL_UPDATES = 0


async def async_setup_entry(
    _hass: HomeAssistant,
    entry: SmartyConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Create the sensors of what the entry reads."""
    match coordinator := entry.runtime_data:
        case SmartyCoordinator():
            _add_meter_sensors(coordinator, async_add_entities)
        case TankCoordinator():
            async_add_entities(tank_sensors(coordinator))
        case _:
            async_add_entities(pulse_sensors(coordinator))


def _add_meter_sensors(
    coordinator: SmartyCoordinator, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the sensors of what the telegram holds, also of what later telegrams add."""
    add_what_is_sent(coordinator, SENSORS, SmartySensor, async_add_entities)
    add_what_is_sent(coordinator, RECEPTION_SENSORS, ReceptionSensor, async_add_entities)
    _add_mbus_sensors(coordinator, async_add_entities)
    async_add_entities(demand_sensors(coordinator.config_entry))


class SmartySensor(SmartyEntity, SensorEntity):
    """A sensor that shows objects of the electricity meter."""

    entity_description: SmartySensorDescription

    def __init__(
        self, coordinator: SmartyCoordinator, description: SmartySensorDescription
    ) -> None:
        """Take the description that makes this sensor."""
        super().__init__(coordinator, description.key)
        self.entity_description = description

    @property
    @override
    def native_value(self) -> StateType | datetime:
        """Return the value in the last telegram, None when it is missing or empty."""
        description = self.entity_description
        return description.convert(*description.values(self.coordinator.data))

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any] | None:
        """Return what does not fit into the state."""
        description = self.entity_description
        if description.attributes is None:
            return None
        return dict(description.attributes(*description.values(self.coordinator.data)))


class ReceptionSensor(SmartyEntity, SensorEntity):
    """A sensor that shows how telegrams are received."""

    entity_description: ReceptionSensorDescription

    def __init__(
        self, coordinator: SmartyCoordinator, description: ReceptionSensorDescription
    ) -> None:
        """Take the description that makes this sensor."""
        super().__init__(coordinator, description.key)
        self.entity_description = description

    @property
    @override
    def available(self) -> bool:
        """Return True without telegrams for what is worth knowing just then."""
        return self.entity_description.is_always_available or super().available

    @property
    @override
    def native_value(self) -> StateType | datetime:
        """Return the present value."""
        return self.entity_description.value(self.coordinator)

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any] | None:
        """Return what the value is made of."""
        attributes = self.entity_description.attributes
        return None if attributes is None else dict(attributes(self.coordinator))


class MBusSensor(MBusEntity, SensorEntity):
    """A sensor that shows an object of a gas, water, heat or other meter."""

    entity_description: MBusSensorDescription

    def __init__(
        self, coordinator: SmartyCoordinator, identity: str, description: MBusSensorDescription
    ) -> None:
        """Take what identifies the meter, and the description that makes this sensor."""
        super().__init__(coordinator, identity, description.key)
        self.entity_description = description

    @property
    @override
    def native_value(self) -> StateType | datetime:
        """Return the value in the last telegram, None when it is missing or empty."""
        description = self.entity_description
        reference = f"0-{self.channel}:{description.field}"
        return description.convert(self.coordinator.data.objects.get(reference))


class MBusIndexSensor(MBusEntity, SensorEntity):
    """The index of a gas, water, heat or other meter."""

    def __init__(self, coordinator: SmartyCoordinator, identity: str) -> None:
        """Take what identifies a meter whose unit is known."""
        reading = coordinator.data.channels[coordinator.channels[identity]]
        self.entity_description = mbus_index(reading)
        super().__init__(coordinator, identity, self.entity_description.key)
        self._unit = reading.unit

    @property
    @override
    def native_value(self) -> StateType:
        """Return the last captured index, None rather than an index in another unit."""
        reading = self.reading
        return reading.value if reading and reading.unit == self._unit else None


def _add_mbus_sensors(
    coordinator: SmartyCoordinator, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the sensors of the meters on the M-Bus channels, whenever they appear."""
    missing: dict[str, list[MBusSensorDescription | None]] = {}  # None: the index
    present: set[str] = set()

    @callback
    def add_new_sensors() -> None:
        for identity in coordinator.channels.keys() - present:
            # Also for a meter that was away meanwhile, and whose device the user has deleted.
            if identity not in missing or not _has_device(coordinator, identity):
                missing[identity] = [None, *MBUS_SENSORS]
        present.clear()
        present.update(coordinator.channels)
        if sensors := [*_sent_sensors(coordinator, missing)]:
            async_add_entities(sensors)

    add_new_sensors()
    coordinator.config_entry.async_on_unload(coordinator.async_add_listener(add_new_sensors))


def _sent_sensors(
    coordinator: SmartyCoordinator, missing: dict[str, list[MBusSensorDescription | None]]
) -> Iterator[SensorEntity]:
    """Yield the sensors whose objects the telegram holds; they are missing no more."""
    telegram = coordinator.data
    for identity, channel in coordinator.channels.items():
        for description in tuple(missing[identity]):
            field = description.field if description else MBUS_INDEX
            if f"0-{channel}:{field}" not in telegram.objects:
                continue
            if description:
                yield MBusSensor(coordinator, identity, description)
            elif telegram.channels[channel].unit in MBUS_UNITS:
                yield MBusIndexSensor(coordinator, identity)
            else:
                continue
            missing[identity].remove(description)


def _has_device(coordinator: SmartyCoordinator, identity: str) -> bool:
    device = dr.async_get(coordinator.hass).async_get_device_by_identifier(
        (DOMAIN, mbus_device_id(coordinator, identity)),
        config_entry_id=coordinator.config_entry.entry_id,
    )
    return device is not None
