"""The meter as another Home Assistant on the same broker finds it: devices, entities, states.

Every device has one discovery message, and one topic with the states of its entities as JSON.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, cast

from homeassistant.components.sensor import SensorDeviceClass, SensorEntityDescription
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity import EntityDescription
from homeassistant.helpers.icon import async_get_icons
from homeassistant.helpers.translation import async_get_translations
from homeassistant.loader import async_get_integration

from ..binary_sensor import WARNING
from ..const import CONF_REFERENCE_POWER, DOCUMENTATION_URL, DOMAIN
from ..coordinator.meter_coordinator import SmartyCoordinator
from ..entity import meter_device
from ..event import EVENT_MESSAGE, EVENTS, MessageEventDescription
from ..lib.meter.channels import CHANNEL_PREFIX
from ..lib.p1 import MBusReading, Telegram
from ..sensor.demand_sensors import DEMAND_SENSORS, DemandSensorDescription, wanted_demand_sensors
from ..sensor.meter_sensors import (
    MBUS_INDEX,
    MBUS_SENSORS,
    MBUS_UNITS,
    RECEPTION_SENSORS,
    SENSORS,
    mbus_index,
)
from .mqtt_topics import level

STATES = "states"
EVENT_TOPICS = "events"

# Home Assistant takes less in the ids of discovery than MQTT in a topic.
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]")
_SHORT_SERIAL_SIZE = 4


class State(NamedTuple):
    """An entity and what it shows."""

    platform: Platform
    description: EntityDescription
    value: Any
    attributes: Mapping[str, Any] | None = None
    last_reset: datetime | None = None


@dataclass(frozen=True)
class Device:
    """A device, its entities and what they show; `identity` is that of an M-Bus meter."""

    identity: str | None
    reading: MBusReading | None
    states: list[State] = field(default_factory=list)

    @property
    def shape(self) -> object:
        """Return what the discovery message depends on."""
        keys = tuple(state.description.key for state in self.states)
        return self.identity, self.reading and (self.reading.type, self.reading.unit), keys


def devices(coordinator: SmartyCoordinator, telegram: Telegram) -> list[Device]:
    """Return the meter and the meters on its M-Bus channels, as the telegram shows them."""
    found = [Device(None, None, [*_meter_states(coordinator, telegram)])]
    for identity, channel in coordinator.channels.items():
        if reading := telegram.channels.get(channel):
            found.append(Device(identity, reading, [*_mbus_states(telegram, channel, reading)]))
    return found


def _meter_states(coordinator: SmartyCoordinator, telegram: Telegram) -> Iterator[State]:
    for each in SENSORS:
        if each.is_sent(telegram):
            values = each.values(telegram)
            attributes = each.attributes(*values) if each.attributes else None
            yield State(Platform.SENSOR, each, each.convert(*values), attributes)
    for reception in RECEPTION_SENSORS:
        if reception.is_sent(telegram):
            attributes = reception.attributes(coordinator) if reception.attributes else None
            yield State(Platform.SENSOR, reception, reception.value(coordinator), attributes)
    demand = coordinator.demand.demand
    options = coordinator.config_entry.options
    for wanted in wanted_demand_sensors(options):
        value = wanted.value_fn(demand) if demand else None
        last_reset = demand.month_start if demand and wanted.is_monthly else None
        yield State(Platform.SENSOR, wanted, value, last_reset=last_reset)
    if CONF_REFERENCE_POWER in options:
        yield State(Platform.BINARY_SENSOR, WARNING, demand.will_exceed if demand else None)
    for event in EVENTS:
        if event.is_sent(telegram):
            yield State(Platform.EVENT, event, None)


def _mbus_states(telegram: Telegram, channel: int, reading: MBusReading) -> Iterator[State]:
    if reading.unit in MBUS_UNITS and f"0-{channel}:{MBUS_INDEX}" in telegram.objects:
        yield State(Platform.SENSOR, mbus_index(reading), reading.value)
    for each in MBUS_SENSORS:
        reference = f"0-{channel}:{each.field}"
        if reference in telegram.objects:
            value = each.convert(telegram.objects[reference])
            yield State(Platform.SENSOR, each, value)


def states_topic(root: str, device: Device) -> str:
    """Return the topic with the states of a device's entities."""
    return f"{root}/{STATES}" + (f"/{_safe(device.identity)}" if device.identity else "")


def event_topic(root: str, event: EntityDescription) -> str:
    """Return the topic on which an event is told."""
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
        if isinstance(state.description, DemandSensorDescription) and state.description.is_monthly:
            payload[f"{key}_last_reset"] = _as_json(state.last_reset)
    return payload


def new_texts(
    telegram: Telegram, before: Telegram | None
) -> Iterator[tuple[MessageEventDescription, dict[str, str]]]:
    """Yield the events of the messages that are others than in the telegram before."""
    for event in EVENTS if before else ():
        text = telegram.objects.get(event.reference)
        if text and before and text != before.objects.get(event.reference):
            yield event, {"event_type": EVENT_MESSAGE, "text": str(text)}


def _as_json(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


def _safe(text: str) -> str:
    return _UNSAFE.sub("_", level(text))


class Announcer:
    """Makes the discovery messages of one meter."""

    def __init__(
        self, coordinator: SmartyCoordinator, root: str, prefix: str, lifetime: float
    ) -> None:
        """Take the root of the meter's topics, and for how many seconds states are good."""
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
        """Tell whether a topic is one of this meter's discovery messages."""
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
        """Return what takes back the components that the options may have asked for before.

        One that is only left out would stay in the other Home Assistant, with its last state.
        """
        options = self._coordinator.config_entry.options
        wanted = wanted_demand_sensors(options)
        unwanted: list[tuple[Platform, EntityDescription]] = [
            (Platform.SENSOR, each) for each in DEMAND_SENSORS if each not in wanted
        ]
        if CONF_REFERENCE_POWER not in options:
            unwanted.append((Platform.BINARY_SENSOR, WARNING))
        return {f"{platform}_{each.key}": {"platform": platform} for platform, each in unwanted}

    def _device_id(self, device: Device) -> str:
        return f"{self._id}_{_safe(device.identity)}" if device.identity else self._id

    def _device(self, device: Device) -> dict[str, Any]:
        described: dict[str, Any] = {"identifiers": [self._device_id(device)]}
        if device.identity is None or device.reading is None:
            meter = meter_device(self._coordinator)
            return described | {
                "name": self._coordinator.config_entry.title,
                "manufacturer": meter["manufacturer"],
                "model": meter["model"],
                "serial_number": self._coordinator.serial_number,
            }
        name = self._names[f"component.{DOMAIN}.device.{device.reading.type}.name"]
        serial = device.identity.removeprefix(CHANNEL_PREFIX)[-_SHORT_SERIAL_SIZE:]
        described |= {"name": name.format(serial=serial), "via_device": self._id}
        if device.reading.serial_number:
            described["serial_number"] = device.reading.serial_number
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
                component |= self._sensor(cast("SensorEntityDescription", description))
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
            # Whoever is gone without a word would seem to be there for ever.
            "expire_after": round(self._lifetime),
        }

    def _sensor(self, description: SensorEntityDescription) -> dict[str, Any]:
        unit = description.native_unit_of_measurement
        if description.device_class is SensorDeviceClass.MONETARY:
            unit = self._coordinator.hass.config.currency
        sensor: dict[str, Any] = {
            "unit_of_measurement": unit,
            "state_class": description.state_class,
            "suggested_display_precision": description.suggested_display_precision,
            "options": description.options,
        }
        if isinstance(description, DemandSensorDescription) and description.is_monthly:
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
