"""How it is said once what there is to show: to Home Assistant, on MQTT, and in docs/entities.md.

The fields and their words are those of Home Assistant's descriptions of entities.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import lru_cache
from typing import Any

from ..meter import Reading
from .deadband import Follow

CURRENCY = "EUR"
"""The tariff is Luxembourg's, whatever currency a Home Assistant is set to."""
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
    """What is shown of `D`, a reading for most."""

    key: str
    value_fn: Callable[[D], Any]
    translation_key: str = ""
    """The same as `key`, unless it is said."""
    device_class: str | None = None
    entity_category: str | None = None
    entity_registry_enabled_default: bool = True
    attributes_fn: Callable[[D], Mapping[str, Any]] | None = None
    """The times among the attributes are shown by `local_times`."""
    last_reset_fn: Callable[[D], datetime | None] | None = None
    exists_fn: Callable[[D], bool] = lambda _: True
    """Whether there is something to show, be it empty. What exists once stays."""
    needed_options: tuple[NeededOption, ...] = ()
    """The options that the user must have set; of those in a tuple, one."""
    references: References = ()
    """The objects that are shown, each by the references that meters send it under."""
    is_main: bool = False
    """Whether it is what its device is there for, and so is called as the device is."""

    def __post_init__(self) -> None:
        """Call it as its key."""
        if not self.translation_key:
            object.__setattr__(self, "translation_key", self.key)

    def is_wanted(self, options: Mapping[str, Any]) -> bool:
        """Return whether the options of a meter ask for it."""
        return all(
            option in options if isinstance(option, str) else not options.keys().isdisjoint(option)
            for option in self.needed_options
        )


@dataclass(frozen=True, kw_only=True)
class SensorSpec[D](EntitySpec[D]):
    """A sensor."""

    native_unit_of_measurement: str | None = None
    state_class: str | None = None
    suggested_display_precision: int | None = None
    options: tuple[str, ...] | None = None
    records_attributes: bool = True
    """Whether the recorder keeps the attributes, and not only the state."""
    follow: Follow | None = None
    """How a number follows what the meter sends, None when it is always shown."""


@dataclass(frozen=True, kw_only=True)
class BinarySensorSpec(EntitySpec[Reading]):
    """Something that is so or not."""


@dataclass(frozen=True, kw_only=True)
class EventSpec(EntitySpec[Reading]):
    """Something that happens, and what of a reading says so."""

    event_types: tuple[str, ...]


def are_sent(references: References) -> Callable[[Reading], bool]:
    """Return a function that returns whether the meter sends some objects, be they empty."""
    return lambda reading: all(
        any(reference in reading.telegram.objects for reference in each) for each in references
    )


def local_times(attributes: Mapping[str, Any], zone: tzinfo) -> dict[str, Any]:
    """Return attributes with the times among them as texts, in a time zone."""
    return {
        # As times, the two hours from 2 to 3 of October are equal, and the first would stay.
        name: _text_in(zone, value) if isinstance(value, datetime) else value
        for name, value in attributes.items()
    }


@lru_cache(maxsize=64)  # with every telegram the same ones
def _text_in(zone: tzinfo, time: datetime) -> str:
    return time.astimezone(zone).isoformat()
