"""Sensors of the electricity meter, of its M-Bus meters, of pulse readers, tanks and loads."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, override

from homeassistant.components.sensor import SensorDeviceClass, SensorEntity
from homeassistant.const import MATCH_ALL, Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from ..const import DOMAIN, SUBENTRY_BATTERY
from ..coordinator import SmartyConfigEntry, has_telegrams, is_live
from ..coordinator.meter_coordinator import MeterCoordinator
from ..coordinator.pulse_coordinator import PulseCoordinator
from ..coordinator.tank_coordinator import TankCoordinator
from ..coordinator.telegram_source import TelegramMeter
from ..entities.load_entity import add_load_entities, add_plan_entity
from ..entity import (
    SmartyEntity,
    StateWriter,
    find_new,
    mbus_device,
    mbus_device_id,
    on_new_objects,
)
from ..lib.entities.deadband import DeadbandFilter, Shown, limited
from ..lib.entities.entity_description import MeterSensorSpec, SensorSpec
from ..lib.entities.leneda_and_sharing_sensors import LENEDA_SENSORS
from ..lib.entities.mbus_sensors import sensors_of_mbus_meter
from ..lib.entities.meter_entities import METER_SENSORS
from ..lib.entities.meter_sensors import TEXT, sends_decimals
from ..lib.entities.quarter_hour_power_sensors import MEASURED_SINCE, UNTIL_QUARTER_HOUR_ENDS
from ..lib.entities.reception_sensors import CONNECTION, RECEPTION_SENSORS
from ..lib.entities.tariff_sensors import UNRECORDED_ATTRIBUTES
from ..lib.json_types import JsonMapping
from ..lib.meter.meter_reader import Reading
from .board_sensors import pulse_sensors, tank_sensors
from .load_sensors import PlanSavingSensor, battery_sensors, load_sensors
from .sensor_description import describe_sensor

PARALLEL_UPDATES = 0


async def async_setup_entry(
    _hass: HomeAssistant,
    entry: SmartyConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Create the sensors of a meter, a tank or a pulse reader."""
    match coordinator := entry.runtime_data:
        case MeterCoordinator():
            specs = METER_SENSORS if is_live(entry) else LENEDA_SENSORS
            _add_meter_sensors(coordinator, async_add_entities, specs)
            if has_telegrams(entry):
                async_add_entities(_status_sensors(entry.runtime_data))
            add_load_entities(coordinator, async_add_entities, load_sensors)
            add_load_entities(coordinator, async_add_entities, battery_sensors, SUBENTRY_BATTERY)
            add_plan_entity(coordinator, async_add_entities, PlanSavingSensor, Platform.SENSOR)
        case TankCoordinator():
            async_add_entities(tank_sensors(coordinator))
        case PulseCoordinator():
            async_add_entities(pulse_sensors(coordinator))


class MeterSensor(SmartyEntity, SensorEntity):
    """Sensor of the electricity meter, or of a gas, water or heat meter.

    With a deadband, it shows a new number only after a sufficient change.
    """

    # The event entity already records the text of a message. So do not record the text here, too.
    _unrecorded_attributes = frozenset(
        {MEASURED_SINCE, UNTIL_QUARTER_HOUR_ENDS, TEXT, *UNRECORDED_ATTRIBUTES}
    )
    described: SensorSpec[Any]

    def __init__(
        self,
        coordinator: MeterCoordinator,
        described: SensorSpec[Any],
        identity: str | None = None,
        source: Callable[[], object] | None = None,
    ) -> None:
        description = describe_sensor(described)
        super().__init__(coordinator, described, description, identity, source)
        if description.device_class is SensorDeviceClass.CURRENT and sends_decimals(
            coordinator.data.telegram, described.references
        ):
            self._attr_suggested_display_precision = 1
        self._follower = described.follow and DeadbandFilter(described.follow)
        has_details = described.attributes_fn or described.last_reset_fn or described.limit_fn
        self._writer = StateWriter(
            self,
            (lambda: (self.details, self.last_reset, described.limit_fn and self._value()))
            if has_details
            else None,
            described.native_unit_of_measurement,
        )

    @property
    @override
    def last_reset(self) -> datetime | None:
        """Return the start of the month, for a total that restarts from 0 every month."""
        last_reset_fn = self.described.last_reset_fn
        return last_reset_fn and last_reset_fn(self._source())

    @property
    @override
    def native_value(self) -> Shown:
        """Return the value, or the number that the deadband shows, but at most the limit."""
        value, limit_fn = self._value(), self.described.limit_fn
        return limited(value, limit_fn(self.coordinator.data)) if limit_fn else value

    def _value(self) -> Shown:
        value: Shown = self.described.value_fn(self._source())
        return self._follower.shown(value, self.coordinator.data.time) if self._follower else value

    @property
    @override
    def extra_state_attributes(self) -> JsonMapping | None:
        """Return the attributes. If the sensor limits its value, add the unlimited value.

        Return None if there are no attributes.
        """
        attributes = super().extra_state_attributes
        if self.described.limit_fn is None:
            return attributes
        return {**(attributes or {}), UNTIL_QUARTER_HOUR_ENDS: self._value()}

    @override
    @callback
    def _handle_coordinator_update(self) -> None:
        """Write the state. After an interruption, show the next number without a deadband."""
        if self.available:
            self._writer.write(self.native_value)
            return
        if self._follower:
            self._follower.begin_anew()
        super()._handle_coordinator_update()


class UnrecordedSensor(MeterSensor):
    """Sensor whose attributes are too large for the recorder."""

    _unrecorded_attributes = frozenset({MATCH_ALL})


def _make_sensor(coordinator: MeterCoordinator, described: MeterSensorSpec) -> MeterSensor:
    return (MeterSensor if described.records_attributes else UnrecordedSensor)(
        coordinator, described
    )


def _add_meter_sensors(
    coordinator: MeterCoordinator,
    async_add_entities: AddConfigEntryEntitiesCallback,
    specs: Sequence[MeterSensorSpec],
) -> None:
    """Add the sensors of all objects in the reading. Later readings add sensors of new objects."""
    find = find_new(coordinator, Platform.SENSOR, specs, _make_sensor)
    find_mbus = _find_new_of_mbus(coordinator)

    def add_new(reading: Reading) -> None:
        async_add_entities([*find(reading), *find_mbus(reading)])

    on_new_objects(coordinator, add_new)


def _status_sensors(coordinator: TelegramMeter) -> Iterable[SensorEntity]:
    """Return the sensors of the connection and the reception."""
    yield MeterSensor(coordinator, CONNECTION, source=lambda: coordinator.condition)
    for spec in RECEPTION_SENSORS:
        yield MeterSensor(coordinator, spec, source=lambda: coordinator.source.reception)


def _find_new_of_mbus(coordinator: MeterCoordinator) -> Callable[[Reading], list[MeterSensor]]:
    """Return a function that creates the new sensors for the M-Bus meters in a reading.

    The sensors of an index in m³ are created at once. The index of a heat meter has one of several
    units, and the telegram has no unit before the first capture (the meter's first reading over
    M-Bus). So the sensors of such an index are created with the first capture, or earlier if they
    are already registered.
    """
    registry = er.async_get(coordinator.hass)
    added: dict[str, set[str]] = {}
    current: set[str] = set()

    def find(reading: Reading) -> list[MeterSensor]:
        for identity in sorted(reading.channels.keys() - current):
            # The previous reading lacked this M-Bus meter. If the user has deleted the meter's
            # device, create the meter's sensors again.
            if mbus_device(coordinator, identity) is None:
                added[identity] = set()
        current.clear()
        current.update(reading.channels)
        new = []
        for identity, channel in reading.channels.items():
            keys = added.setdefault(identity, set())
            meter = reading.telegram.channels[channel]
            for spec in sensors_of_mbus_meter(identity, meter):
                if spec.key in keys or not spec.exists_fn(reading):
                    continue
                unique_id = f"{mbus_device_id(coordinator, identity)}_{spec.key}"
                if (
                    meter.time
                    or meter.unit == "m3"
                    or spec.native_unit_of_measurement is None
                    or registry.async_get_entity_id(Platform.SENSOR, DOMAIN, unique_id)
                ):
                    keys.add(spec.key)
                    new.append(MeterSensor(coordinator, spec, identity))
        return new

    return find
