"""Log of the grid operator's limits: when each load was limited, and how soon it obeyed.

    line_of(event)                                         # a line of the file, which is appended
    limits = logged_limits(events_of(lines))

Nothing is ever removed by age, because a wrong clock would remove all. The file is compacted by the
number of limits of each relay.
"""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated, NamedTuple

from ..stored_json import Size, dump, load
from .limit_guard import LimitEventKind

MAX_LIMITS = 400
"""Number of limits of a relay that are kept: the newest ones."""

_MAX_TEXT = 255


@dataclass(frozen=True)
class LoggedLimit:
    """Limit of a load by the operator. Powers are in kW, None if they are unknown.

    Without an end, it lasts, also after a restart.
    """

    load_id: Annotated[str, Size(_MAX_TEXT)]
    load: Annotated[str, Size(_MAX_TEXT)]
    """Name of the load."""
    limit_kw: float
    begin: datetime
    kw_before: float | None
    end: datetime | None = None
    kw_after: float | None = None
    """Highest power since it obeyed."""
    obeyed_after: float | None = None
    """Seconds until its power was seen within the limit. None if this was not seen."""


class LoggedEvent(NamedTuple):
    """Event of a limit, as a line of the file has it."""

    event: LimitEventKind
    at: datetime
    """Time of the computer's clock."""
    metered_at: datetime | None
    """Time of the meter's clock, None if it is unknown."""
    relay: Annotated[str, Size(_MAX_TEXT)]
    load_id: Annotated[str, Size(_MAX_TEXT)]
    load: Annotated[str, Size(_MAX_TEXT)]
    limit_kw: float
    kw: float | None
    bounces: int = 0
    """Number of times that the relay was free for less than two minutes."""


type LimitLog = tuple[LoggedLimit, ...]
"""Limits in the order of their begin."""


def line_of(event: LoggedEvent) -> str:
    """Return an event as a line of the file."""
    return json.dumps(dump(event), ensure_ascii=False) + "\n"


def events_of(lines: Iterable[str]) -> list[LoggedEvent]:
    """Return the events in the lines of a file. A line that a crash has torn is left out."""
    events = []
    for line in lines:
        try:
            events.append(load(LoggedEvent, json.loads(line)))
        except ValueError, RecursionError:
            continue
    return events


def compacted(events: Iterable[LoggedEvent]) -> list[LoggedEvent]:
    """Return the events of the newest `MAX_LIMITS` limits of each relay."""
    kept, begins = list[LoggedEvent](), Counter[str]()
    for event in reversed([*events]):
        if begins[event.relay] < MAX_LIMITS:
            kept.append(event)
            begins[event.relay] += event.event is LimitEventKind.BEGIN
    return kept[::-1]


def logged_limits(events: Iterable[LoggedEvent]) -> LimitLog:
    """Return the limits of which the events tell."""
    limits = list[LoggedLimit]()
    opened = dict[str, int]()
    for event in events:
        number = opened.get(event.load_id)
        if event.event is LimitEventKind.BEGIN:
            if number is None:
                opened[event.load_id] = len(limits)
                limits.append(
                    LoggedLimit(event.load_id, event.load, event.limit_kw, event.at, event.kw)
                )
        elif number is not None:
            limits[number] = _after(limits[number], event)
            if event.event is LimitEventKind.END:
                del opened[event.load_id]
    return (*limits,)


def _after(limit: LoggedLimit, event: LoggedEvent) -> LoggedLimit:
    if event.event is LimitEventKind.END:
        return replace(limit, end=max(limit.begin, event.at))
    after = limit.obeyed_after
    if after is None:
        after = max(0.0, (event.at - limit.begin).total_seconds())
    return replace(limit, kw_after=event.kw, obeyed_after=after)


def events_of_limits(limits: Iterable[LoggedLimit]) -> list[LoggedEvent]:
    """Return the events of limits that an earlier version has stored, without relay and bounces."""
    events = []
    for at in limits:
        event = LoggedEvent(
            LimitEventKind.BEGIN, at.begin, None, "", at.load_id, at.load, at.limit_kw, at.kw_before
        )
        events.append(event)
        after = event._replace(kw=at.kw_after)
        if at.obeyed_after is not None:
            obeyed_at = at.begin + timedelta(seconds=at.obeyed_after)
            events.append(after._replace(event=LimitEventKind.OBEYED, at=obeyed_at))
        if at.end is not None:
            events.append(after._replace(event=LimitEventKind.END, at=at.end))
    return events
