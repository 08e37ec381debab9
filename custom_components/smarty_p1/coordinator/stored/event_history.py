"""History of a meter's events in the last 400 days: disturbances, switching, and messages.

Switching means that the breaker or a relay has changed its state. The meter counts events without
their times. So an event is only known to lie between two successive readings: the earlier reading
does not show the event, and the later reading shows it.
"""

import json
from collections import deque
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Self

from ...lib.entities.events import DISTURBANCE, EVENTS, disturbances
from ...lib.entities.meter_sensors import SENSORS
from ...lib.guarded_clock import oldest_kept
from ...lib.meter.meter_reader import Reading
from ...lib.publish.messages import LastEvents
from ...lib.stored_values import (
    Stored,
    checked_count,
    checked_list,
    checked_mapping,
    checked_text,
    checked_time,
)

KEPT = timedelta(days=400)
# Maximum number of stored events of each kind. A relay that switches twice a day makes 800 events
# in 400 days.
_MAX_EVENTS = {"disturbance": 1000, "switch": 1000, "message": 50}
_MAX_TEXT_CHARS = 1024
_SWITCHES = tuple(sensor for sensor in SENSORS if sensor.key in {"breaker", "relay_1", "relay_2"})
_WATCHED = tuple(
    reference
    for description in (DISTURBANCE, *EVENTS, *_SWITCHES)
    for references in description.references
    for reference in references
)


class Event(NamedTuple):
    """Event that happened after the time `after`, and not later than `time`.

    `after` is the time of the previous reading. It is None if there was no previous reading.
    """

    time: datetime
    after: datetime | None
    kind: str
    details: Mapping[str, Any]


class EventHistory:
    """Disturbances, switching and messages of a meter, each sorted by time.

    `counts` has the meter's counts of disturbances in the last reading. `before_start` has the
    counts and messages of the last reading before the restart.
    """

    def __init__(self) -> None:
        self.groups = {name: deque[Event](maxlen=limit) for name, limit in _MAX_EVENTS.items()}
        self.counts: dict[str, int] = {}
        self.before_start = LastEvents()
        self._states: dict[str, str] = {}
        self._last: datetime | None = None
        self._seen: tuple[object, ...] = ()

    def note(self, reading: Reading) -> bool:
        """Add the events that a reading shows. Return whether an event was added."""
        seen = tuple(map(reading.telegram.objects.get, _WATCHED))
        after, self._last = self._last, reading.received_at
        if seen == self._seen:
            return False
        self._seen = seen
        events = [*self._disturbances(reading), *self._changes(reading)]
        for group, kind, details in events:
            self.groups[group].append(Event(reading.received_at, after, kind, details))
        # Without a time in the telegram, there is no second clock. So forget nothing then: the
        # number of events is limited in any case.
        if time := reading.telegram.time:
            self._forget(oldest_kept(KEPT, reading.received_at, time))
        return bool(events)

    def _disturbances(self, reading: Reading) -> Iterable[tuple[str, str, dict[str, Any]]]:
        counts: dict[str, int] = DISTURBANCE.value_fn(reading)
        events = list(disturbances(self.counts, counts))
        self.counts |= counts
        return [("disturbance", kind, details) for kind, details in events]

    def _changes(self, reading: Reading) -> Iterable[tuple[str, str, dict[str, Any]]]:
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
        for events in self.groups.values():
            while events and events[0].time < oldest:
                events.popleft()

    def as_dict(self) -> dict[str, Stored]:
        """Return the history as JSON values. Each event is a string on one line."""
        return {
            "counts": self.counts,
            "states": self._states,
            "last": self._last and self._last.isoformat(),
            **{name: [_as_text(event) for event in events] for name, events in self.groups.items()},
        }

    @classmethod
    def from_dict(cls, stored: Stored) -> Self:
        """Return the history from the result of `as_dict`. Raises ValueError for malformed data."""
        history = cls()
        data = checked_mapping(stored)
        history.counts = {
            name: checked_count(count) for name, count in checked_mapping(data["counts"]).items()
        }
        history._states = {
            name: checked_text(state) for name, state in checked_mapping(data["states"]).items()
        }
        history._last = data["last"] and checked_time(data["last"])
        if history._last:
            known = history._states
            texts = {event.key: known[event.key] or None for event in EVENTS if event.key in known}
            history.before_start = LastEvents(dict(history.counts), texts)
        for name, limit in _MAX_EVENTS.items():
            history.groups[name].extend(map(_parsed, checked_list(data[name], limit)))
        return history


_NAMED = (
    *(("switch", switch, "state") for switch in _SWITCHES),
    *(("message", message, "text") for message in EVENTS),
)


def _as_text(event: Event) -> str:
    time, after, kind, details = event
    return json.dumps([time.isoformat(), after and after.isoformat(), kind, details])


def _parsed(stored: Stored) -> Event:
    time, after, kind, details = checked_list(json.loads(checked_text(stored)), 4)
    checked_count(checked_mapping(details).get("count", 0))
    return Event(
        checked_time(time).astimezone(UTC),
        None if after is None else checked_time(after).astimezone(UTC),
        checked_text(kind),
        checked_mapping(details),
    )
