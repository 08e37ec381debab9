"""Descriptions of entities, for Home Assistant, MQTT discovery and docs/entities.md alike.

Fields and their values are named as in Home Assistant's descriptions of entities.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import lru_cache
from typing import Any

from ..meter import Reading
from .deadband import Follow

CURRENCY = "EUR"
"""Currency of Luxembourg's tariff, independent of the currency set in Home Assistant."""
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
    """Description of an entity, whose value is taken from `D`, mostly a reading."""

    key: str
    value_fn: Callable[[D], Any]
    translation_key: str = ""
    """Key of the translated name; the same as `key` if empty."""
    device_class: str | None = None
    entity_category: str | None = None
    entity_registry_enabled_default: bool = True
    attributes_fn: Callable[[D], Mapping[str, Any]] | None = None
    """Function of the attributes; `local_times` converts the times among them."""
    last_reset_fn: Callable[[D], datetime | None] | None = None
    exists_fn: Callable[[D], bool] = lambda _: True
    """Whether the entity has something to show, even empty. An entity stays once it exists."""
    needed_options: tuple[NeededOption, ...] = ()
    """Options that the user must have set; of a tuple, one option suffices."""
    references: References = ()
    """Objects that the entity shows, each with all references that meters use for it."""
    is_main: bool = False
    """Whether the entity is the main entity of its device, and has the device's name."""

    def __post_init__(self) -> None:
        """Set the default of the translation key."""
        if not self.translation_key:
            object.__setattr__(self, "translation_key", self.key)

    def is_wanted(self, options: Mapping[str, Any]) -> bool:
        """Return whether the options of a meter include all needed options."""
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
    """Whether the recorder stores the attributes, and not only the state."""
    follow: Follow | None = None
    """Deadband of a number, None if every number is shown."""


@dataclass(frozen=True, kw_only=True)
class BinarySensorSpec(EntitySpec[Reading]):
    """Description of a binary sensor."""


@dataclass(frozen=True, kw_only=True)
class EventSpec(EntitySpec[Reading]):
    """Description of an event entity, and of the value whose changes are events."""

    event_types: tuple[str, ...]


def are_sent(references: References) -> Callable[[Reading], bool]:
    """Return a function: whether the meter sends all these objects, empty or not."""
    return lambda reading: all(
        any(reference in reading.telegram.objects for reference in names) for names in references
    )


def local_times(attributes: Mapping[str, Any], zone: tzinfo) -> dict[str, Any]:
    """Return attributes whose times are replaced by texts in a time zone."""
    return {
        # 2:30 exists twice in October. Both datetimes are equal, so the first would stay shown.
        name: _text_in(zone, value) if isinstance(value, datetime) else value
        for name, value in attributes.items()
    }


@lru_cache(maxsize=64)  # successive telegrams have the same times
def _text_in(zone: tzinfo, time: datetime) -> str:
    return time.astimezone(zone).isoformat()
