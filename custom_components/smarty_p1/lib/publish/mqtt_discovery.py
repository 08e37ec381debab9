"""MQTT discovery: devices, entities and states of a meter for another Home Assistant.

Every device has one discovery message. Every device has one topic with the states of its entities
as JSON.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import Any, NamedTuple

from ..entities.deadband import DeadbandFilter, Shown, limited
from ..entities.devices import MBUS_MODEL_ID, METER_MODEL, maker, mbus_model, short_serial
from ..entities.entity_description import (
    BinarySensorSpec,
    EntitySpec,
    EventSpec,
    SensorSpec,
    local_times,
)
from ..entities.events import ATTR_TEXT, EVENT_MESSAGE, EVENTS
from ..entities.mbus_sensors import sensors_of_mbus_meter
from ..entities.meter_entities import METER_ENTITIES
from ..entities.quarter_hour_power_sensors import UNTIL_QUARTER_HOUR_ENDS
from ..entities.reception_sensors import CONNECTION, RECEPTION_SENSORS
from ..json_types import JsonDict, JsonMapping
from ..meter.meter_reader import Reading, Reception
from ..p1.value_converters import MBusReading
from .publish_format import DOMAIN
from .topics import DISCOVERY_END, level

STATES = "states"
EVENT_TOPICS = "events"

_SENSOR = "sensor"
_EVENT = "event"
# Characters that an id in a discovery message must not contain.
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]")


class DiscoveryNames(NamedTuple):
    """Names and icons of entities and devices, for discovery messages.

    `names` has the texts of one language. The keys are their dotted paths in the translations, such
    as "device.gas.name". `icons` has the icons, keyed by platform and translation key.
    """

    names: Mapping[str, str]
    icons: Mapping[str, Mapping[str, Any]]


class MeterAnnounced(NamedTuple):
    """Meter as its discovery messages describe it.

    The user's `options` decide which entities exist. They are None for a meter alone, which has no
    household. Times in attributes are shown in the time zone `zone`.
    """

    serial_number: str
    title: str
    options: Mapping[str, Any] | None
    zone: tzinfo


class AnnouncedState(NamedTuple):
    """State of one entity: its description, value, attributes and last reset."""

    platform: str
    spec: EntitySpec[Any]
    value: Any
    attributes: Mapping[str, Any] | None
    last_reset: datetime | None


@dataclass(frozen=True)
class Device:
    """Device with the states of its entities. `identity` is None for the electricity meter."""

    identity: str | None
    meter: MBusReading | None
    maker: str
    states: list[AnnouncedState]

    @property
    def shape(self) -> object:
        """Return an object that changes when the discovery message must be sent again."""
        keys = tuple(state.spec.key for state in self.states)
        return self.identity, self.meter and (self.meter.type, self.meter.unit), keys


def states_topic(root: str, device: Device) -> str:
    """Return the topic with the states of a device's entities. `root` is the meter's root topic."""
    return f"{root}/{STATES}" + (f"/{_safe(device.identity)}" if device.identity else "")


def event_topic(root: str, event: EventSpec) -> str:
    """Return the topic of an event entity. `root` is the meter's root topic."""
    return f"{root}/{EVENT_TOPICS}/{event.key}"


def states_payload(device: Device) -> JsonDict:
    """Return the states of a device's entities as JSON values, keyed by the entities' keys."""
    payload: JsonDict = {}
    for state in device.states:
        if state.platform == _EVENT or state.spec is CONNECTION:
            continue  # it has a topic of its own
        key = state.spec.key
        payload[key] = _as_json(state.value)
        if state.attributes is not None:
            payload[f"{key}_attributes"] = dict(state.attributes)
        if state.spec.last_reset_fn:
            payload[f"{key}_last_reset"] = _as_json(state.last_reset)
    return payload


def texts_of(reading: Reading) -> JsonDict:
    """Return the grid operator's messages in a reading, keyed by the keys of their events.

    An empty message is None. A message whose object is missing is left out.
    """
    return {event.key: event.value_fn(reading) for event in EVENTS if event.exists_fn(reading)}


def new_texts(before: JsonMapping, now: JsonMapping) -> Iterator[tuple[EventSpec, JsonDict]]:
    """Yield an event for each message of the grid operator that `before` did not have.

    `before` and `now` are results of `texts_of`.
    """
    for event in EVENTS:
        text = now.get(event.key)
        if text and text != before.get(event.key):
            yield event, {"event_type": EVENT_MESSAGE, ATTR_TEXT: str(text)}


def _as_json(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


def _safe(text: str) -> str:
    return _UNSAFE.sub("_", level(text))


class Discovery(NamedTuple):
    """Settings for the discovery of all meters.

    `origin` describes the program that announces the meters.
    """

    texts: DiscoveryNames
    origin: Mapping[str, str]
    prefix: str
    lifetime: float
    """Seconds for which a state stays valid."""


class MqttAnnouncer:
    """Announcer of one meter. It makes the discovery messages and the states of the entities."""

    def __init__(self, meter: MeterAnnounced, discovery: Discovery, root: str) -> None:
        self._meter = meter
        self._discovery = discovery
        self._root = root
        self.meter_device = f"{DOMAIN}_{_safe(meter.serial_number)}"
        """Identifier of the meter's device in the discovery messages."""
        self._followers: dict[str, DeadbandFilter] = {}
        self._announced: set[tuple[str | None, str, str]] = set()
        self._units: dict[str, str | None] = {}

    def begin_anew(self) -> None:
        """Forget the shown numbers, so that the next numbers are shown without a deadband."""
        self._followers.clear()

    def devices(self, reading: Reading, reception: Reception) -> Iterator[Device]:
        """Yield the meter's devices: the electricity meter and every meter on its M-Bus.

        An entity without an object in `reading` stays in its device, and its value is None.
        """
        made_by = maker(reading.telegram, self._meter.serial_number)
        states = [AnnouncedState(_SENSOR, CONNECTION, None, None, None)]
        states += self._states(None, _SENSOR, RECEPTION_SENSORS, reception)
        for platform, specs in METER_ENTITIES.items():
            states += self._states(None, platform, specs, reading)
        yield Device(None, None, made_by, states)
        for identity in reading.channels:
            if meter := reading.meter(identity):
                if meter.time is None and meter.unit != "m3":
                    # The unit of a captured index can differ from the default unit of the meter's
                    # type. So announce the index of heat only from its first capture on.
                    meter = replace(meter, unit=self._units.get(identity))
                self._units[identity] = meter.unit
                sensors = sensors_of_mbus_meter(identity, meter)
                yield Device(
                    identity, meter, "", [*self._states(identity, _SENSOR, sensors, reading)]
                )

    def _states[D](
        self, identity: str | None, platform: str, specs: Iterable[EntitySpec[D]], data: D
    ) -> Iterator[AnnouncedState]:
        options, zone = self._meter.options, self._meter.zone
        for spec in specs:
            entity = identity, platform, spec.key
            if spec.is_wanted(options) and (entity in self._announced or spec.exists_fn(data)):
                self._announced.add(entity)
                attributes = spec.attributes_fn and local_times(spec.attributes_fn(data), zone)
                last_reset = spec.last_reset_fn and spec.last_reset_fn(data)
                value = self._value(spec, data)
                if isinstance(spec, SensorSpec) and spec.limit_fn:
                    attributes = {**(attributes or {}), UNTIL_QUARTER_HOUR_ENDS: value}
                    value = limited(value, spec.limit_fn(data))
                yield AnnouncedState(platform, spec, value, attributes, last_reset)

    def _value[D](self, spec: EntitySpec[D], data: D) -> Shown:
        """Return the value to show for an entity. If the entity has a deadband, apply it."""
        value: Shown = spec.value_fn(data)
        if not isinstance(spec, SensorSpec) or spec.follow is None or not isinstance(data, Reading):
            return value
        if (follower := self._followers.get(spec.key)) is None:
            follower = self._followers[spec.key] = DeadbandFilter(spec.follow)
        return follower.shown(value, data.time)

    def owns(self, topic: str) -> bool:
        """Return whether `topic` is for a discovery message of this meter or its M-Bus meters."""
        return topic.startswith(f"{self._discovery.prefix}/device/{self.meter_device}")

    def topic(self, device: Device) -> str:
        """Return the topic of the device's discovery message."""
        return f"{self._discovery.prefix}/device/{self._device_id(device)}{DISCOVERY_END}"

    def message(self, device: Device, availability_topic: str, connection_topic: str) -> JsonDict:
        """Return the device's discovery message."""
        of_connection = self._of_connection(availability_topic, connection_topic)
        return {
            "device": self._device(device),
            "origin": self._discovery.origin,
            "availability": [{"topic": availability_topic}],
            "components": {
                **({} if device.identity else self._unwanted()),
                **{
                    f"{state.platform}_{state.spec.key}": self._component(device, state)
                    | (of_connection if state.spec is CONNECTION else {})
                    for state in device.states
                },
            },
        }

    def _unwanted(self) -> dict[str, JsonDict]:
        """Return entries that remove the entities which the meter's options exclude.

        Without such an entry, an entity would stay in the other Home Assistant and keep its last
        state.
        """
        options = self._meter.options
        return {
            f"{platform}_{spec.key}": {"platform": platform}
            for platform, specs in METER_ENTITIES.items()
            for spec in specs
            if not spec.is_wanted(options)
        }

    def _device_id(self, device: Device) -> str:
        return (
            f"{self.meter_device}_{_safe(device.identity)}"
            if device.identity
            else self.meter_device
        )

    def _device(self, device: Device) -> JsonDict:
        info: JsonDict = {"identifiers": [self._device_id(device)]}
        if device.identity is None or device.meter is None:
            return info | {
                "name": self._meter.title,
                "manufacturer": device.maker,
                "model": METER_MODEL,
                "serial_number": self._meter.serial_number,
            }
        name = self._discovery.texts.names[f"device.{device.meter.type}.name"]
        serial = short_serial(device.identity)
        info |= {"name": name.format(serial=serial), "via_device": self.meter_device}
        info |= {"model": mbus_model(device.meter.type), "model_id": MBUS_MODEL_ID}
        if device.meter.serial_number:
            info["serial_number"] = device.meter.serial_number
        return info

    def _component(self, device: Device, state: AnnouncedState) -> JsonDict:
        spec = state.spec
        key = spec.key
        component: JsonDict = {
            "platform": state.platform,
            "unique_id": f"{self._device_id(device)}_{state.platform}_{key}",
            "name": self._name(state),
            "icon": self._icon(state),
            "device_class": spec.device_class,
            "entity_category": spec.entity_category,
            "enabled_by_default": spec.entity_registry_enabled_default,
        }
        match spec:
            case EventSpec():
                component["state_topic"] = event_topic(self._root, spec)
                component["event_types"] = list(spec.event_types)
            case BinarySensorSpec():
                component |= self._stated(device, key)
                states = "{true: 'ON', false: 'OFF'}"
                component["value_template"] = f"{{{{ {states}.get(value_json.get('{key}')) }}}}"
            case SensorSpec():
                component |= self._stated(device, key)
                component |= self._sensor(spec)
        if state.attributes is not None:
            component["json_attributes_topic"] = component["state_topic"]
            component["json_attributes_template"] = (
                f"{{{{ value_json.get('{key}_attributes', {{}}) | tojson }}}}"
            )
        # Keep a name of None, because Home Assistant then uses the name of the device.
        return {
            name: value for name, value in component.items() if value is not None or name == "name"
        }

    def _stated(self, device: Device, key: str) -> JsonDict:
        return {
            "state_topic": states_topic(self._root, device),
            # After a restart of this program, the telegram can lack the entity's object. The state
            # is then unknown. Without `get`, the Home Assistant that receives the message would
            # keep the last state.
            "value_template": f"{{{{ value_json.get('{key}') }}}}",
            # If this program crashes, it cannot report that it is offline. So let the states
            # expire.
            "expire_after": round(self._discovery.lifetime),
        }

    def _of_connection(self, availability_topic: str, topic: str) -> JsonDict:
        """Return what the connection has of its own: it is available while its publisher is.

        The last will of a publisher is the meter's `offline`. A publisher that only gets no
        telegram sends its connection after that.
        """
        template = "{{ 'offline' if value == 'offline' else 'online' }}"
        return {
            "state_topic": topic,
            "value_template": "{{ None if value == 'offline' else value }}",
            "availability": [
                {"topic": availability_topic},
                {"topic": topic, "value_template": template},
            ],
            "availability_mode": "latest",
        }

    def _sensor(self, spec: SensorSpec[Any]) -> JsonDict:
        sensor: JsonDict = {
            "unit_of_measurement": spec.native_unit_of_measurement,
            "state_class": spec.state_class,
            "suggested_display_precision": spec.suggested_display_precision,
            "options": spec.options,
        }
        if spec.last_reset_fn:
            sensor["last_reset_value_template"] = (
                f"{{{{ value_json.get('{spec.key}_last_reset') or '' }}}}"
            )
        return sensor

    def _name(self, state: AnnouncedState) -> str | None:
        if state.spec.is_main:
            return None
        key = f"entity.{state.platform}.{state.spec.translation_key}.name"
        return self._discovery.texts.names[key]

    def _icon(self, state: AnnouncedState) -> str | None:
        icons = self._discovery.texts.icons.get(state.platform, {})
        icon: str | None = icons.get(state.spec.translation_key, {}).get("default")
        return icon
