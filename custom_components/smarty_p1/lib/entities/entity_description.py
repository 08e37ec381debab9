"""Classes that describe entities, for Home Assistant, MQTT discovery and docs/entities.md.

Fields and values have the same names as in Home Assistant's own descriptions of entities.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import Any

from ..json_types import JsonDict, JsonMapping
from ..meter.meter_reader import Reading
from .deadband import Follow

CURRENCY = "EUR"
"""Currency of Luxembourg's tariffs. The currency set in Home Assistant does not matter."""
DIAGNOSTIC = "diagnostic"
MEASUREMENT = "measurement"
TOTAL = "total"
TOTAL_INCREASING = "total_increasing"
KILOWATT = "kW"
KILOWATT_HOUR = "kWh"

type References = tuple[tuple[str, ...], ...]
type NeededOption = str | tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class EntitySpec[D]:
    """Description of an entity.

    `D` is the type of the data from which the entity's value is computed. It is mostly Reading.
    """

    key: str
    value_fn: Callable[[D], Any]
    translation_key: str = ""
    """Key of the entity's name in the translations. If empty, `key` is used."""
    device_class: str | None = None
    entity_category: str | None = None
    entity_registry_enabled_default: bool = True
    attributes_fn: Callable[[D], Mapping[str, Any]] | None = None
    """Function that returns the attributes. `local_times` converts datetimes in attributes."""
    last_reset_fn: Callable[[D], datetime | None] | None = None
    exists_fn: Callable[[D], bool] = lambda _: True
    """Function that returns whether to create the entity: `D` has its value, which may be empty.
    An existing entity stays even if a later `D` lacks the value."""
    outlives_readings_fn: Callable[[D], bool] = lambda _: False
    """Function that returns whether the value is right even while no readings come."""
    needed_options: tuple[NeededOption, ...] = ()
    """Options that the user must have set. Of the options in a tuple, one suffices."""
    needs_household: bool = False
    """Whether a meter alone, without options, never has the value."""
    references: References = ()
    """Objects that the entity shows. For each object, all OBIS references that meters use."""
    is_main: bool = False
    """Whether the entity is the main entity of its device, and so has the device's name."""

    def __post_init__(self) -> None:
        """Set `translation_key` to `key` if it is empty."""
        if not self.translation_key:
            object.__setattr__(self, "translation_key", self.key)

    def is_wanted(self, options: JsonMapping | None) -> bool:
        """Return whether a meter's options include all options that the entity needs.

        `options` is None for a meter alone: a gateway knows no household.
        """
        if options is None:
            return not self.needs_household and not self.needed_options
        return all(
            option in options if isinstance(option, str) else not options.keys().isdisjoint(option)
            for option in self.needed_options
        )


@dataclass(frozen=True, kw_only=True)
class SensorSpec[D](EntitySpec[D]):
    """Description of a sensor."""

    native_unit_of_measurement: str | None = None
    state_class: str | None = None
    suggested_display_precision: int | None = None
    options: tuple[str, ...] | None = None
    records_attributes: bool = True
    """Whether the recorder stores the attributes with every state."""
    follow: Follow | None = None
    """Deadband of the sensor's number, None if every change is shown."""
    limit_fn: Callable[[D], float | None] | None = None
    """Function that returns an upper limit for the shown number of a sensor with a deadband.

    The attribute UNTIL_QUARTER_HOUR_ENDS has the number without this limit.
    """


type MeterSensorSpec = SensorSpec[Reading]


@dataclass(frozen=True, kw_only=True)
class BinarySensorSpec(EntitySpec[Reading]):
    """Description of a binary sensor."""


@dataclass(frozen=True, kw_only=True)
class EventSpec(EntitySpec[Reading]):
    """Description of an event entity. An event occurs when the value of `value_fn` changes."""

    event_types: tuple[str, ...]


def are_sent(references: References) -> Callable[[Reading], bool]:
    """Return a function that says whether a telegram has all objects in `references`.

    `references` has a tuple for each object, because meters use different OBIS references for the
    same object. One reference of the tuple suffices. An object counts even if its value is empty.
    """
    return lambda reading: all(
        any(reference in reading.telegram.objects for reference in names) for names in references
    )


def local_times(attributes: JsonMapping, zone: tzinfo) -> JsonDict:
    """Return `attributes` with each datetime replaced by its ISO 8601 text in the time zone."""
    return {
        # In October, the local time 2:30 exists twice. Home Assistant considers the two datetimes
        # equal, and would not show the change from one to the other. The texts differ, because they
        # contain the UTC offset.
        name: _text_in(zone, value.astimezone(UTC)) if isinstance(value, datetime) else value
        for name, value in attributes.items()
    }


# Successive telegrams often have the same times. The cache takes them in UTC, because it could not
# tell apart the two datetimes of 2:30.
@lru_cache(maxsize=64)
def _text_in(zone: tzinfo, time: datetime) -> str:
    return time.astimezone(zone).isoformat()
