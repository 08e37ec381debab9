"""The meter as another Home Assistant on the same broker finds it: devices, entities, states.

Every device has one discovery message, and one topic with the states of its entities as JSON.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, cast

from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity import EntityDescription
from homeassistant.helpers.icon import async_get_icons
from homeassistant.helpers.translation import async_get_translations
from homeassistant.loader import async_get_integration

from ..binary_sensor import BINARY_SENSORS
from ..const import DOCUMENTATION_URL, DOMAIN
from ..coordinator.meter_coordinator import SmartyCoordinator
from ..entity import Described, meter_device, short_serial
from ..event import ATTR_TEXT, EVENT_MESSAGE, EVENTS
from ..lib.meter import Reading, Reception
from ..lib.p1 import MBusReading
from ..sensor.demand_sensors import DEMAND_SENSORS
from ..sensor.mbus_sensors import mbus_sensors
from ..sensor.meter_sensors import SENSORS
from ..sensor.reception_sensors import RECEPTION_SENSORS
from ..sensor.sensor_description import DescribedSensor
from .mqtt_topics import level

STATES = "states"
EVENT_TOPICS = "events"

# Home Assistant takes less in the ids of discovery than MQTT in a topic.
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]")
_ENTITIES: Mapping[Platform, tuple[Described[Reading], ...]] = {
    Platform.SENSOR: (*SENSORS, *DEMAND_SENSORS),
    Platform.BINARY_SENSOR: BINARY_SENSORS,
    Platform.EVENT: EVENTS,
}


class State(NamedTuple):
    """An entity and what it shows."""

    platform: Platform
    description: Described[Any]
    value: Any
    attributes: Mapping[str, Any] | None
    last_reset: datetime | None


@dataclass(frozen=True)
class Device:
    """A device, its entities and what they show; `identity` is that of an M-Bus meter."""

    identity: str | None
    meter: MBusReading | None
    states: list[State]

    @property
    def shape(self) -> object:
        """Return what the discovery message depends on."""
        keys = tuple(state.description.key for state in self.states)
        return self.identity, self.meter and (self.meter.type, self.meter.unit), keys


def devices(reading: Reading, reception: Reception, options: Mapping[str, Any]) -> Iterator[Device]:
    """Yield the meter and the meters on its M-Bus channels, as the options ask for them."""
    states = [*_states(Platform.SENSOR, RECEPTION_SENSORS, reception, options)]
    for platform, descriptions in _ENTITIES.items():
        states += _states(platform, descriptions, reading, options)
    yield Device(None, None, states)
    for identity in reading.channels:
        if meter := reading.meter(identity):
            sensors = mbus_sensors(identity, meter)
            states = [*_states(Platform.SENSOR, sensors, reading, options)]
            yield Device(identity, meter, states)


def _states[D](
    platform: Platform, descriptions: Iterable[Described[D]], data: D, options: Mapping[str, Any]
) -> Iterator[State]:
    for each in descriptions:
        if each.is_wanted(options) and each.exists_fn(data):
            attributes = each.attributes_fn and each.attributes_fn(data)
            last_reset = each.last_reset_fn and each.last_reset_fn(data)
            yield State(platform, each, each.value_fn(data), attributes, last_reset)


def states_topic(root: str, device: Device) -> str:
    """Return the topic with the states of a device's entities."""
    return f"{root}/{STATES}" + (f"/{_safe(device.identity)}" if device.identity else "")


def event_topic(root: str, event: EntityDescription) -> str:
    """Return the topic of an event."""
    return f"{root}/{EVENT_TOPICS}/{event.key}"


def states_payload(device: Device) -> dict[str, Any]:
    """Return the states of a device's entities by their keys."""
    payload: dict[str, Any] = {}
    for state in device.states:
        if state.platform is Platform.EVENT:
            continue
        key = state.description.key
        payload[key] = _as_json(state.value)
        if state.attributes is not None:
            payload[f"{key}_attributes"] = dict(state.attributes)
        if state.description.last_reset_fn:
            payload[f"{key}_last_reset"] = _as_json(state.last_reset)
    return payload


def new_texts(
    reading: Reading, before: Reading | None
) -> Iterator[tuple[EntityDescription, dict[str, str]]]:
    """Yield the events of the messages that differ from those of the reading before."""
    for event in EVENTS if before else ():
        text = event.value_fn(reading)
        if text and before and text != event.value_fn(before):
            yield event, {"event_type": EVENT_MESSAGE, ATTR_TEXT: str(text)}


def _as_json(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


def _safe(text: str) -> str:
    return _UNSAFE.sub("_", level(text))


class Announcer:
    """Makes the discovery messages of one meter."""

    def __init__(
        self, coordinator: SmartyCoordinator, root: str, prefix: str, lifetime: float
    ) -> None:
        self._coordinator = coordinator
        self._root = root
        self._prefix = prefix
        self._lifetime = lifetime
        self._id = f"{DOMAIN}_{_safe(coordinator.serial_number)}"
        self._names: Mapping[str, str] = {}
        self._icons: Mapping[str, Any] = {}
        self._origin: dict[str, str] = {}

    async def async_load(self) -> None:
        """Load names and icons."""
        hass: HomeAssistant = self._coordinator.hass
        for category in ("device", "entity"):
            names = await async_get_translations(hass, "en", category, {DOMAIN})
            self._names = {**self._names, **names}
        icons: dict[str, Any] = await async_get_icons(hass, "entity", {DOMAIN})
        self._icons = icons.get(DOMAIN, {})
        integration = await async_get_integration(hass, DOMAIN)
        self._origin = {
            "name": DOMAIN,
            "sw_version": str(integration.version),
            "support_url": DOCUMENTATION_URL,
        }

    def owns(self, topic: str) -> bool:
        """Return whether a topic is one of this meter's discovery messages."""
        return topic.startswith(f"{self._prefix}/device/{self._id}")

    def topic(self, device: Device) -> str:
        """Return the topic of a device's discovery message."""
        return f"{self._prefix}/device/{self._device_id(device)}/config"

    def message(self, device: Device, availability_topic: str) -> dict[str, Any]:
        """Return a device's discovery message."""
        return {
            "device": self._device(device),
            "origin": self._origin,
            "availability_topic": availability_topic,
            "components": {
                **({} if device.identity else self._unwanted()),
                **{
                    f"{state.platform}_{state.description.key}": self._component(device, state)
                    for state in device.states
                },
            },
        }

    def _unwanted(self) -> dict[str, dict[str, Any]]:
        """Return what removes the components that the options may have asked for before.

        One that is only left out would stay in the other Home Assistant, with its last state.
        """
        options = self._coordinator.config_entry.options
        return {
            f"{platform}_{each.key}": {"platform": platform}
            for platform, descriptions in _ENTITIES.items()
            for each in descriptions
            if not each.is_wanted(options)
        }

    def _device_id(self, device: Device) -> str:
        return f"{self._id}_{_safe(device.identity)}" if device.identity else self._id

    def _device(self, device: Device) -> dict[str, Any]:
        described: dict[str, Any] = {"identifiers": [self._device_id(device)]}
        if device.identity is None or device.meter is None:
            meter = meter_device(self._coordinator)
            return described | {
                "name": self._coordinator.config_entry.title,
                "manufacturer": meter["manufacturer"],
                "model": meter["model"],
                "serial_number": self._coordinator.serial_number,
            }
        name = self._names[f"component.{DOMAIN}.device.{device.meter.type}.name"]
        serial = short_serial(device.identity)
        described |= {"name": name.format(serial=serial), "via_device": self._id}
        if device.meter.serial_number:
            described["serial_number"] = device.meter.serial_number
        return described

    def _component(self, device: Device, state: State) -> dict[str, Any]:
        description = state.description
        key = description.key
        component: dict[str, Any] = {
            "platform": state.platform,
            "unique_id": f"{self._device_id(device)}_{state.platform}_{key}",
            "name": self._name(state),
            "icon": self._icon(state),
            "device_class": description.device_class,
            "entity_category": description.entity_category,
            "enabled_by_default": description.entity_registry_enabled_default,
        }
        # By platform: Home Assistant's own descriptions are not instances of their own classes.
        match state.platform:
            case Platform.EVENT:
                component["state_topic"] = event_topic(self._root, description)
                component["event_types"] = [EVENT_MESSAGE]
            case Platform.BINARY_SENSOR:
                component |= self._stated(device, key)
                on, off = "'ON' if value_json", "else 'OFF'"
                component["value_template"] = (
                    f"{{{{ None if value_json.{key} is none else {on}.{key} {off} }}}}"
                )
            case _:
                component |= self._stated(device, key)
                component |= self._sensor(cast("DescribedSensor[Any]", description))
        if state.attributes is not None:
            component["json_attributes_topic"] = component["state_topic"]
            component["json_attributes_template"] = (
                f"{{{{ value_json.{key}_attributes | tojson }}}}"
            )
        return {name: value for name, value in component.items() if value is not None}

    def _stated(self, device: Device, key: str) -> dict[str, Any]:
        return {
            "state_topic": states_topic(self._root, device),
            "value_template": f"{{{{ value_json.{key} }}}}",
            # Without an end, who is gone without a word would seem to be there for ever.
            "expire_after": round(self._lifetime),
        }

    def _sensor(self, description: DescribedSensor[Any]) -> dict[str, Any]:
        unit = description.native_unit_of_measurement
        if description.device_class is SensorDeviceClass.MONETARY:
            unit = self._coordinator.hass.config.currency
        sensor: dict[str, Any] = {
            "unit_of_measurement": unit,
            "state_class": description.state_class,
            "suggested_display_precision": description.suggested_display_precision,
            "options": description.options,
        }
        if description.last_reset_fn:
            sensor["last_reset_value_template"] = (
                f"{{{{ value_json.{description.key}_last_reset or '' }}}}"
            )
        return sensor

    def _name(self, state: State) -> str:
        key = f"entity.{state.platform}.{state.description.translation_key}.name"
        return self._names[f"component.{DOMAIN}.{key}"]

    def _icon(self, state: State) -> str | None:
        icons: Mapping[str, Any] = self._icons.get(state.platform, {})
        icon: str | None = icons.get(str(state.description.translation_key), {}).get("default")
        return icon
