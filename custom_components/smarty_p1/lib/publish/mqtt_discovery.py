"""The meter as another Home Assistant on the same broker finds it: devices, entities, states.

Every device has one discovery message, and one topic with the states of its entities as JSON.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, NamedTuple

from ..entities import (
    ATTR_TEXT,
    BINARY_SENSORS,
    DEMAND_SENSORS,
    DISTURBANCE,
    EVENT_MESSAGE,
    EVENTS,
    MBUS_MODEL,
    METER_MODEL,
    RECEPTION_SENSORS,
    SENSORS,
    TARIFF_SENSORS,
    BinarySensorSpec,
    DeadbandFilter,
    EntitySpec,
    EventSpec,
    SensorSpec,
    disturbances,
    local_times,
    maker,
    sensors_of_mbus_meter,
    short_serial,
)
from ..meter import Reading, Reception
from ..p1 import MBusReading
from .publish_format import DOMAIN
from .topics import level

STATES = "states"
EVENT_TOPICS = "events"

_SENSOR = "sensor"
_BINARY_SENSOR = "binary_sensor"
_EVENT = "event"
# Home Assistant takes less in the ids of discovery than MQTT in a topic.
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]")
_ENTITIES: Mapping[str, tuple[EntitySpec[Reading], ...]] = {
    _SENSOR: (*SENSORS, *DEMAND_SENSORS, *TARIFF_SENSORS),
    _BINARY_SENSOR: BINARY_SENSORS,
    _EVENT: (*EVENTS, DISTURBANCE),
}


class DiscoveryNames(NamedTuple):
    """What entities and devices are called, and look like.

    `names` are those of a language by their dotted paths in its translations, such as
    "device.gas.name"; `icons` are by platform and translation key.
    """

    names: Mapping[str, str]
    icons: Mapping[str, Mapping[str, Any]]


class MeterAnnounced(NamedTuple):
    """What is said of one meter.

    `options` decide which entities there are. Times are those of `zone`.
    """

    serial_number: str
    title: str
    options: Mapping[str, Any]
    zone: tzinfo


class State(NamedTuple):
    """An entity and what it shows."""

    platform: str
    described: EntitySpec[Any]
    value: Any
    attributes: Mapping[str, Any] | None
    last_reset: datetime | None


@dataclass(frozen=True)
class Device:
    """A device, its entities and what they show; `identity` is that of an M-Bus meter."""

    identity: str | None
    meter: MBusReading | None
    maker: str
    states: list[State]

    @property
    def shape(self) -> object:
        """Return what the discovery message depends on."""
        keys = tuple(state.described.key for state in self.states)
        return self.identity, self.meter and (self.meter.type, self.meter.unit), keys


def states_topic(root: str, device: Device) -> str:
    """Return the topic with the states of a device's entities."""
    return f"{root}/{STATES}" + (f"/{_safe(device.identity)}" if device.identity else "")


def event_topic(root: str, event: EventSpec) -> str:
    """Return the topic of an event."""
    return f"{root}/{EVENT_TOPICS}/{event.key}"


def states_payload(device: Device) -> dict[str, Any]:
    """Return the states of a device's entities by their keys."""
    payload: dict[str, Any] = {}
    for state in device.states:
        if state.platform is _EVENT:
            continue
        key = state.described.key
        payload[key] = _as_json(state.value)
        if state.attributes is not None:
            payload[f"{key}_attributes"] = dict(state.attributes)
        if state.described.last_reset_fn:
            payload[f"{key}_last_reset"] = _as_json(state.last_reset)
    return payload


def new_disturbances(
    before: Mapping[str, int], now: Mapping[str, int]
) -> Iterator[tuple[EventSpec, dict[str, Any]]]:
    """Yield the events of what the meter has counted since then."""
    for kind, details in disturbances(before, now):
        yield DISTURBANCE, {"event_type": kind, **details}


def new_texts(
    reading: Reading, before: Reading | None
) -> Iterator[tuple[EventSpec, dict[str, Any]]]:
    """Yield the events of the messages that differ from those of the reading before."""
    for event in EVENTS if before else ():
        text = event.value_fn(reading)
        if text and before and text != event.value_fn(before):
            yield event, {"event_type": EVENT_MESSAGE, ATTR_TEXT: str(text)}


def _as_json(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


def _safe(text: str) -> str:
    return _UNSAFE.sub("_", level(text))


class Discovery(NamedTuple):
    """What all meters have in common: `origin` says who announces, states are good for a time."""

    texts: DiscoveryNames
    origin: Mapping[str, str]
    prefix: str
    lifetime: float
    """Seconds."""


class Announcer:
    """Makes the discovery messages of one meter, and finds out what its entities show."""

    def __init__(self, meter: MeterAnnounced, discovery: Discovery, root: str) -> None:
        self._meter = meter
        self._discovery = discovery
        self._root = root
        self._id = f"{DOMAIN}_{_safe(meter.serial_number)}"
        self._followers: dict[str, DeadbandFilter] = {}

    def begin_anew(self) -> None:
        """Show what comes next, however little it has moved."""
        self._followers.clear()

    def devices(self, reading: Reading, reception: Reception) -> Iterator[Device]:
        """Yield the meter and the meters on its M-Bus channels, as the options ask for them."""
        made_by = maker(reading.telegram, self._meter.serial_number)
        states = [*self._states(_SENSOR, RECEPTION_SENSORS, reception)]
        for platform, described in _ENTITIES.items():
            states += self._states(platform, described, reading)
        yield Device(None, None, made_by, states)
        for identity in reading.channels:
            if meter := reading.meter(identity):
                sensors = sensors_of_mbus_meter(identity, meter)
                yield Device(identity, meter, "", [*self._states(_SENSOR, sensors, reading)])

    def _states[D](
        self, platform: str, described: Iterable[EntitySpec[D]], data: D
    ) -> Iterator[State]:
        options, zone = self._meter.options, self._meter.zone
        for each in described:
            if each.is_wanted(options) and each.exists_fn(data):
                attributes = each.attributes_fn and local_times(each.attributes_fn(data), zone)
                last_reset = each.last_reset_fn and each.last_reset_fn(data)
                yield State(platform, each, self._value(each, data), attributes, last_reset)

    def _value[D](self, described: EntitySpec[D], data: D) -> object:
        """Return what an entity shows: what follows in steps here does so there."""
        value = described.value_fn(data)
        if (
            not isinstance(described, SensorSpec)
            or described.follow is None
            or not isinstance(data, Reading)
        ):
            return value
        if (follower := self._followers.get(described.key)) is None:
            follower = self._followers[described.key] = DeadbandFilter(described.follow)
        return follower.shown(value, data.time)

    def owns(self, topic: str) -> bool:
        """Return whether a topic is one of this meter's discovery messages."""
        return topic.startswith(f"{self._discovery.prefix}/device/{self._id}")

    def topic(self, device: Device) -> str:
        """Return the topic of a device's discovery message."""
        return f"{self._discovery.prefix}/device/{self._device_id(device)}/config"

    def message(self, device: Device, availability_topic: str) -> dict[str, Any]:
        """Return a device's discovery message."""
        return {
            "device": self._device(device),
            "origin": self._discovery.origin,
            "availability_topic": availability_topic,
            "components": {
                **({} if device.identity else self._unwanted()),
                **{
                    f"{state.platform}_{state.described.key}": self._component(device, state)
                    for state in device.states
                },
            },
        }

    def _unwanted(self) -> dict[str, dict[str, Any]]:
        """Return what removes the components that the options may have asked for before.

        One that is only left out would stay in the other Home Assistant, with its last state.
        """
        options = self._meter.options
        return {
            f"{platform}_{each.key}": {"platform": platform}
            for platform, described in _ENTITIES.items()
            for each in described
            if not each.is_wanted(options)
        }

    def _device_id(self, device: Device) -> str:
        return f"{self._id}_{_safe(device.identity)}" if device.identity else self._id

    def _device(self, device: Device) -> dict[str, Any]:
        described: dict[str, Any] = {"identifiers": [self._device_id(device)]}
        if device.identity is None or device.meter is None:
            return described | {
                "name": self._meter.title,
                "manufacturer": device.maker,
                "model": METER_MODEL,
                "serial_number": self._meter.serial_number,
            }
        name = self._discovery.texts.names[f"device.{device.meter.type}.name"]
        serial = short_serial(device.identity)
        described |= {"name": name.format(serial=serial), "via_device": self._id}
        described["model"] = MBUS_MODEL
        if device.meter.serial_number:
            described["serial_number"] = device.meter.serial_number
        return described

    def _component(self, device: Device, state: State) -> dict[str, Any]:
        described = state.described
        key = described.key
        component: dict[str, Any] = {
            "platform": state.platform,
            "unique_id": f"{self._device_id(device)}_{state.platform}_{key}",
            "name": self._name(state),
            "icon": self._icon(state),
            "device_class": described.device_class,
            "entity_category": described.entity_category,
            "enabled_by_default": described.entity_registry_enabled_default,
        }
        match described:
            case EventSpec():
                component["state_topic"] = event_topic(self._root, described)
                component["event_types"] = list(described.event_types)
            case BinarySensorSpec():
                component |= self._stated(device, key)
                on, off = "'ON' if value_json", "else 'OFF'"
                component["value_template"] = (
                    f"{{{{ None if value_json.{key} is none else {on}.{key} {off} }}}}"
                )
            case SensorSpec():
                component |= self._stated(device, key)
                component |= self._sensor(described)
        if state.attributes is not None:
            component["json_attributes_topic"] = component["state_topic"]
            component["json_attributes_template"] = (
                f"{{{{ value_json.{key}_attributes | tojson }}}}"
            )
        # Home Assistant calls an entity of no name as its device.
        return {
            name: value for name, value in component.items() if value is not None or name == "name"
        }

    def _stated(self, device: Device, key: str) -> dict[str, Any]:
        return {
            "state_topic": states_topic(self._root, device),
            "value_template": f"{{{{ value_json.{key} }}}}",
            # Without an end, who is gone without a word would seem to be there for ever.
            "expire_after": round(self._discovery.lifetime),
        }

    def _sensor(self, described: SensorSpec[Any]) -> dict[str, Any]:
        sensor: dict[str, Any] = {
            "unit_of_measurement": described.native_unit_of_measurement,
            "state_class": described.state_class,
            "suggested_display_precision": described.suggested_display_precision,
            "options": described.options,
        }
        if described.last_reset_fn:
            sensor["last_reset_value_template"] = (
                f"{{{{ value_json.{described.key}_last_reset or '' }}}}"
            )
        return sensor

    def _name(self, state: State) -> str | None:
        if state.described.is_main:
            return None
        key = f"entity.{state.platform}.{state.described.translation_key}.name"
        return self._discovery.texts.names[key]

    def _icon(self, state: State) -> str | None:
        icons = self._discovery.texts.icons.get(state.platform, {})
        icon: str | None = icons.get(state.described.translation_key, {}).get("default")
        return icon
