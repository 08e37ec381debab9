"""History of a meter's events in the last 400 days: disturbances, switching, and messages.

Switching means that the breaker or a relay has changed its state. The meter counts events without
their times. So an event is only known to lie between two successive readings: the earlier reading
does not show the event, and the later reading shows it.
"""

import json
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, NamedTuple, Self

from ...lib.data_retention import KEPT_EVENTS, oldest_kept
from ...lib.entities.events import DISTURBANCE, EVENTS, disturbances
from ...lib.entities.meter_sensors import SENSORS
from ...lib.json_types import JsonDict
from ...lib.meter.meter_reader import Reading
from ...lib.publish.mqtt_messages import LastEvents
from ...lib.stored_json import Size, dump, load
from ...lib.stored_values import Stored

# Maximum number of stored events of each kind. A relay that switches twice a day makes 800 events
# in 400 days.
_MAX_EVENTS = {"disturbance": 1000, "switch": 1000, "message": 50}
_MAX_TEXT_CHARS = 1024
# The detail that the events of each kind are shown with, and its type.
_SHOWN = {"disturbance": ("count", int), "switch": ("state", str), "message": ("text", str)}
_SWITCHES = tuple(sensor for sensor in SENSORS if sensor.key in {"breaker", "relay_1", "relay_2"})
_WATCHED = tuple(
    reference
    for description in (DISTURBANCE, *EVENTS, *_SWITCHES)
    for references in description.references
    for reference in references
)


class PastEvent(NamedTuple):
    """Event that happened after the time `after`, and not later than `time`.

    `after` is the time of the previous reading. It is None if there was no previous reading.
    """

    time: datetime
    after: datetime | None
    kind: str
    details: Mapping[str, str | int | list[str]]


@dataclass(frozen=True)
class _Stored:
    """Content of the file. Each event is a text, so that it takes one line of the file."""

    counts: dict[str, int]
    states: dict[str, str]
    last: datetime | None
    disturbance: Annotated[list[str], Size(_MAX_EVENTS["disturbance"])]
    switch: Annotated[list[str], Size(_MAX_EVENTS["switch"])]
    message: Annotated[list[str], Size(_MAX_EVENTS["message"])]


class EventHistory:
    """Disturbances, switching and messages of a meter, each in the order of arrival.

    `counts` has the meter's counts of disturbances in the last reading. `before_start` has the
    counts and messages of the last reading before the restart.
    """

    def __init__(self) -> None:
        self.groups = {name: deque[PastEvent](maxlen=limit) for name, limit in _MAX_EVENTS.items()}
        self.counts: dict[str, int] = {}
        self.before_start = LastEvents()
        self._states: dict[str, str] = {}
        self._last: datetime | None = None
        self._seen: tuple[object, ...] = ()

    def note_reading(self, reading: Reading) -> bool:
        """Add the events that a reading shows. Return whether an event was added."""
        seen = tuple(map(reading.telegram.objects.get, _WATCHED))
        after, self._last = self._last, reading.received_at
        if seen == self._seen:
            return False
        self._seen = seen
        events = [*self._disturbances(reading), *self._changes(reading)]
        for group, kind, details in events:
            self.groups[group].append(PastEvent(reading.received_at, after, kind, details))
        # Without a time in the telegram, there is no second clock. So forget nothing then: the
        # number of events is limited in any case.
        if time := reading.telegram.time:
            self._forget(oldest_kept(KEPT_EVENTS, reading.received_at, time))
        return bool(events)

    def join_newer(self, newer: Self, first: Reading | None) -> Self:
        """Add the events of a history that began without this one. Return this one.

        `first` is the first reading of `newer`, which does not know the reading before it.
        """
        if first:
            self.note_reading(first)
        for name, events in newer.groups.items():
            # `note_reading` has just added the events of the first reading, as far as they are new.
            self.groups[name] += [event for event in events if event.after]
        self.counts |= newer.counts
        self._states |= newer._states
        self._last = newer._last or self._last
        self._seen = newer._seen
        return self

    def _disturbances(self, reading: Reading) -> Iterable[tuple[str, str, JsonDict]]:
        counts: dict[str, int] = DISTURBANCE.value_fn(reading)
        events = list(disturbances(self.counts, counts))
        self.counts |= counts
        return [("disturbance", kind, details) for kind, details in events]

    def _changes(self, reading: Reading) -> Iterable[tuple[str, str, JsonDict]]:
        """Return changed states of breaker and relays, and new messages of the grid operator."""
        for group, described, name in _NAMED:
            value = described.value_fn(reading)
            if group == "message" and described.exists_fn(reading):
                # Store an empty message, too. If the meter sends the same text again after an empty
                # message, the text then counts as a new message.
                value = value or ""
            before = self._states.get(described.key)
            if value is None or value == before:
                continue
            self._states[described.key] = value
            if value and (group == "message" or before is not None):
                yield group, described.key, {name: value[:_MAX_TEXT_CHARS]}

    def _forget(self, oldest: datetime) -> None:
        # An event from a time when the clock was ahead comes before earlier events. So check all.
        for name, events in self.groups.items():
            kept = (event for event in events if event.time >= oldest)
            self.groups[name] = deque(kept, events.maxlen)

    def as_dict(self) -> dict[str, Stored]:
        """Return the history as JSON values. Each event is a string on one line."""
        return {
            "counts": self.counts,
            "states": self._states,
            "last": self._last and self._last.isoformat(),
            **{
                name: [json.dumps(dump(event)) for event in events]
                for name, events in self.groups.items()
            },
        }

    @classmethod
    def from_dict(cls, stored: Stored) -> Self:
        """Return the history from the result of `as_dict`. Raises ValueError for malformed data."""
        history = cls()
        data = load(_Stored, stored)
        history.counts, history._states, history._last = data.counts, data.states, data.last
        if history._last:
            known = history._states
            texts = {event.key: known[event.key] or None for event in EVENTS if event.key in known}
            history.before_start = LastEvents(dict(history.counts), texts)
        for name in _MAX_EVENTS:
            history.groups[name].extend(map(partial(_parsed, name), getattr(data, name)))
        return history


_NAMED = (
    *(("switch", switch, "state") for switch in _SWITCHES),
    *(("message", message, "text") for message in EVENTS),
)


def _parsed(group: str, text: str) -> PastEvent:
    time, after, kind, details = load(PastEvent, json.loads(text))
    name, value_type = _SHOWN[group]
    if type(details.get(name)) is not value_type:
        raise ValueError
    return PastEvent(time.astimezone(UTC), after and after.astimezone(UTC), kind, details)
