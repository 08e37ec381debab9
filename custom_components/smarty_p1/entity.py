"""Base class of the entities of a meter, and the descriptions of their devices."""

from collections.abc import Callable, Iterable, Sequence
from datetime import tzinfo
from math import isfinite
from typing import Any, override

from homeassistant.const import STATE_UNKNOWN, EntityCategory, Platform
from homeassistant.core import State, callback
from homeassistant.core_config import DATA_CUSTOMIZE
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity import FLOAT_PRECISION, Entity, EntityDescription
from homeassistant.helpers.update_coordinator import CoordinatorEntity
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .coordinator import has_records, has_telegrams
from .coordinator.entry_types import known_meters
from .coordinator.meter_coordinator import MeterCoordinator
from .lib.entities.deadband import Shown
from .lib.entities.devices import MBUS_MODEL_ID, METER_MODEL, maker, mbus_model, short_serial
from .lib.entities.entity_description import EntitySpec, local_times
from .lib.entities.leneda_and_sharing_sensors import day_sums_of
from .lib.json_types import JsonMapping
from .lib.meter.meter_reader import Reading


def described_as[D: EntityDescription](
    make: Callable[..., D], spec: EntitySpec[Any], **fields: object
) -> D:
    """Return Home Assistant's description of an entity: what all have in common, and `fields`."""
    category = spec.entity_category
    return make(
        key=spec.key,
        translation_key=spec.translation_key,
        entity_category=EntityCategory(category) if category else None,
        entity_registry_enabled_default=spec.entity_registry_enabled_default,
        **fields,
    )


def _number_of(coordinator: MeterCoordinator, serial_number: str | None) -> str:
    """Return the suffix in the name of a meter's device. The first meter has an empty suffix.

    An existing device keeps its suffix, even if other meters are removed.
    """
    entry = coordinator.config_entry
    device = dr.async_get(coordinator.hass).async_get_device_by_identifier(
        (DOMAIN, coordinator.meter_id), config_entry_id=entry.entry_id
    )
    if device and device.name:
        return device.name.partition(" ")[2]
    earlier = [
        meter
        for meter in known_meters(coordinator.hass)
        if has_records(meter) and meter.created_at < entry.created_at
    ]
    return number_of_new(serial_number, earlier)


def number_of_new(serial_number: str | None, earlier: Sequence[object]) -> str:
    """Return the suffix for the name of a new meter. It is empty if there are no `earlier` meters.

    The suffix is a short form of the serial number. If the serial number is unknown, the suffix is
    a sequential number. The id of such a meter may be the code of a metering point, so a name must
    not show the id.
    """
    if not earlier:
        return ""
    return str(len(earlier) + 1) if serial_number is None else short_serial(serial_number)


def meter_device(coordinator: MeterCoordinator) -> DeviceInfo:
    """Return the description of the electricity meter's device."""
    serial_number = coordinator.meter_id if has_telegrams(coordinator.config_entry) else None
    number = _number_of(coordinator, serial_number)
    return DeviceInfo(
        identifiers={(DOMAIN, coordinator.meter_id)},
        translation_key="another_meter" if number else "meter",
        translation_placeholders={"serial": number},
        manufacturer=serial_number and maker(coordinator.data.telegram, serial_number),
        model=METER_MODEL,
        serial_number=serial_number,
    )


def mbus_device_id(coordinator: MeterCoordinator, identity: str) -> str:
    """Return the identifier of the device of the M-Bus meter with this identity."""
    return f"{coordinator.meter_id}_{identity}"


def mbus_device(coordinator: MeterCoordinator, identity: str) -> dr.DeviceEntry | None:
    """Return the device of the M-Bus meter with this identity. Return None if it has no device."""
    return dr.async_get(coordinator.hass).async_get_device_by_identifier(
        (DOMAIN, mbus_device_id(coordinator, identity)),
        config_entry_id=coordinator.config_entry.entry_id,
    )


def _mbus_device_info(coordinator: MeterCoordinator, identity: str) -> DeviceInfo:
    meter = coordinator.data.telegram.channels[coordinator.data.channels[identity]]
    return DeviceInfo(
        identifiers={(DOMAIN, mbus_device_id(coordinator, identity))},
        translation_key=meter.type,
        translation_placeholders={"serial": short_serial(identity)},
        model=mbus_model(meter.type),
        model_id=MBUS_MODEL_ID,
        serial_number=meter.serial_number,
        via_device_id=dr.async_get_device_id_by_identifier(
            coordinator.hass,
            (DOMAIN, coordinator.meter_id),
            config_entry_id=coordinator.config_entry.entry_id,
        ),
    )


def is_in_telegram(coordinator: MeterCoordinator, device: dr.DeviceEntry) -> bool:
    """Return whether a device belongs to the electricity meter or to a current M-Bus meter.

    A current M-Bus meter is a meter in the last telegram.
    """
    current = {coordinator.meter_id}
    current.update(mbus_device_id(coordinator, identity) for identity in coordinator.data.channels)
    return any((DOMAIN, identifier) in device.identifiers for identifier in current)


def on_new_objects(coordinator: MeterCoordinator, add_new: Callable[[Reading], None]) -> None:
    """Call `add_new` with the current reading, and with later readings that may need new entities.

    A later reading may need new entities if its objects, its M-Bus meters or its day sums from
    Leneda differ from those of the previous reading.
    """
    seen = coordinator.data
    add_new(coordinator.data)

    @callback
    def look() -> None:
        nonlocal seen
        before, seen = seen, coordinator.data
        now, last = seen.telegram, before.telegram
        if (
            now.objects.keys() != last.objects.keys()
            or now.channels != last.channels
            or day_sums_of(seen) is not day_sums_of(before)
        ):
            add_new(seen)

    coordinator.config_entry.async_on_unload(coordinator.async_add_listener(look))


def find_new[D: EntitySpec[Reading], E: Entity](
    coordinator: MeterCoordinator,
    platform: Platform,
    descriptions: Iterable[D],
    make: Callable[[MeterCoordinator, D], E],
) -> Callable[[Reading], list[E]]:
    """Return a function that creates the entities for a reading's new objects.

    Entities that the options exclude are never created, and are removed from the registry.
    """
    registry = er.async_get(coordinator.hass)
    missing: list[D] = []
    for description in descriptions:
        unique_id = f"{coordinator.meter_id}_{description.key}"
        if description.is_wanted(coordinator.records.wanted_options):
            missing.append(description)
        elif entity_id := registry.async_get_entity_id(platform, DOMAIN, unique_id):
            registry.async_remove(entity_id)

    def find(reading: Reading) -> list[E]:
        new = [description for description in missing if description.exists_fn(reading)]
        for description in new:
            missing.remove(description)
        return [make(coordinator, description) for description in new]

    return find


class SmartyEntity(CoordinatorEntity[MeterCoordinator]):
    """Entity of the electricity meter or of an M-Bus meter.

    Both kinds of meter share this class. Python runs Home Assistant's code faster if all objects
    have the same class. The values are computed from the last reading, or from what `source`
    returns, even if no readings come.
    """

    _attr_has_entity_name = True

    def __init__(
        self,
        coordinator: MeterCoordinator,
        described: EntitySpec[Any],
        description: EntityDescription,
        identity: str | None = None,
        source: Callable[[], object] | None = None,
    ) -> None:
        super().__init__(coordinator)
        self.described = described
        self.entity_description = description
        self._identity = identity
        self._source = source or (lambda: coordinator.data)
        self._needs_reading = source is None
        if identity is None:
            device_id, device = coordinator.meter_id, meter_device(coordinator)
        else:
            device_id = mbus_device_id(coordinator, identity)
            device = _mbus_device_info(coordinator, identity)
        self._attr_unique_id = f"{device_id}_{described.key}"
        self._attr_device_info = device
        if described.is_main:
            self._attr_name = None

    @property
    @override
    def available(self) -> bool:
        """Return whether the entity has current values.

        The coordinator must receive readings, unless the value does not need them. The last reading
        must contain the M-Bus meter of the entity, if the entity belongs to one.
        """
        coordinator, identity = self.coordinator, self._identity
        return (
            coordinator.last_update_success
            or not self._needs_reading
            or self.described.outlives_readings_fn(coordinator.data)
        ) and (identity is None or identity in coordinator.data.channels)

    @property
    @override
    def extra_state_attributes(self) -> JsonMapping | None:
        """Return the attributes that the entity's description defines.

        Return None if it defines none.
        """
        attributes, zone = self.details
        return None if attributes is None else local_times(attributes, zone)

    @property
    def details(self) -> tuple[JsonMapping | None, tzinfo]:
        """Return the attributes, and the time zone of their texts. Texts take longer to compare."""
        attributes_fn = self.described.attributes_fn
        attributes = attributes_fn and attributes_fn(self._source())
        return attributes, dt_util.get_default_time_zone()


def _text_of(state: Shown) -> str:
    if state is None:
        return STATE_UNKNOWN
    return f"{state:.{FLOAT_PRECISION}}" if isinstance(state, float) else str(state)


class StateWriter:
    """Writer of an entity's state. It writes only what has changed, which is much faster.

    `details_of` returns what the attributes depend on. `unit` is the unit of a value that is a
    number, None for a count: while Home Assistant shows this unit, the number is written as it is.
    """

    def __init__(
        self, entity: Entity, details_of: Callable[[], object] | None, unit: str | None = ""
    ) -> None:
        self._entity, self._unit, self._details_of = entity, unit, details_of
        self._written: State | None = None
        self._details: tuple[object, ...] = ()
        self._value: Shown = None
        self._has_unit = False

    @callback
    def write(self, value: Shown) -> None:
        """Write the state, or report again that it has not changed. A number keeps attributes."""
        entity, entity_id, states = self._entity, self._entity.entity_id, self._entity.hass.states
        details = self._details_of and self._details_of(), entity.hass.data.get(DATA_CUSTOMIZE)
        before, self._value = self._value, value
        # Another program, or a changed entry in the registry, may have written the state since.
        if (written := states.get(entity_id)) is None or (
            written is not self._written or details != self._details
        ):
            entity.async_write_ha_state()
            self._details, self._has_unit = details, entity.unit_of_measurement == self._unit
        elif value == before:
            state, attributes, context = written.state, written.attributes, written.context
            states.async_set(entity_id, state, attributes, context=context)
            return
        else:
            is_plain = self._has_unit and isinstance(value, float | int) and isfinite(value)
            state = _text_of(value if is_plain else entity.state)
            attributes, info = written.attributes, written.state_info
            states.async_set(entity_id, state, attributes, state_info=info)
        self._written = states.get(entity_id)
