"""Descriptions of a meter's events: the grid operator's messages, and disturbances of the grid."""

from collections.abc import Iterator, Mapping

from ..json_types import JsonDict
from ..meter.meter_reader import Reading
from ..p1.obis import VOLTAGE_COUNTERS
from .entity_description import EventSpec, are_sent

EVENT_MESSAGE = "message"
ATTR_TEXT = "text"
ATTR_COUNT = "count"
ATTR_PHASES = "phases"
# OBIS references of the counters, keyed by kind and phase. A counter for all phases together has an
# empty text as its phase.
_COUNTERS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "power_failure": {"": ("0-0:96.7.21",)},
    **VOLTAGE_COUNTERS,
}
_COUNTER_REFERENCES = tuple(
    references for kind in _COUNTERS.values() for references in kind.values()
)
_COUNTER_NAMES = {
    reference: f"{kind} {phase}"
    for kind, phases in _COUNTERS.items()
    for phase, references in phases.items()
    for reference in references
}


def _message(key: str, reference: str, *, enabled: bool = False) -> EventSpec:
    references = ((reference,),)
    return EventSpec(
        key=key,
        event_types=(EVENT_MESSAGE,),
        entity_registry_enabled_default=enabled,
        references=references,
        exists_fn=are_sent(references),
        value_fn=lambda reading: reading.telegram.objects.get(reference),
    )


def _counts(reading: Reading) -> dict[str, int]:
    """Return the values of the counters that the meter sends. A negative value is left out.

    A key is a counter's kind and phase, separated by a space.
    """
    get = reading.telegram.objects.get
    return {
        name: value
        for reference, name in _COUNTER_NAMES.items()
        if isinstance(value := get(reference), int) and value >= 0
    }


def _has_counts(reading: Reading) -> bool:
    return not reading.telegram.objects.keys().isdisjoint(_COUNTER_NAMES)


EVENTS: tuple[EventSpec, ...] = (
    _message("message", "0-0:96.13.0", enabled=True),
    _message("channel_message_1", "0-0:96.13.1"),
    _message("channel_message_2", "0-0:96.13.2"),
    _message("channel_message_3", "0-0:96.13.3"),
    _message("channel_message_4", "0-0:96.13.4"),
    _message("channel_message_5", "0-0:96.13.5"),
)
DISTURBANCE = EventSpec(
    key="disturbance",
    event_types=tuple(_COUNTERS),
    references=_COUNTER_REFERENCES,
    exists_fn=_has_counts,
    value_fn=_counts,
)


def disturbances(
    before: Mapping[str, int], now: Mapping[str, int]
) -> Iterator[tuple[str, JsonDict]]:
    """Yield the event type and the details of each kind of disturbance whose counter has risen.

    `before` and `now` are results of `_counts` for two readings. A counter that is new or has
    fallen is ignored.
    """
    for kind, phases in _COUNTERS.items():
        rises = {
            phase: rise
            for phase in phases
            if (name := f"{kind} {phase}") in now
            and (rise := now[name] - before.get(name, now[name])) > 0
        }
        if rises:
            details: JsonDict = {ATTR_COUNT: sum(rises.values())}
            if any(rises):
                details[ATTR_PHASES] = list(rises)
            yield kind, details
