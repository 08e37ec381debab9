"""State of all messages of a meter, which a restart must not lose."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import date, datetime
from typing import Annotated, Any, Self, get_args, get_type_hints

from ..history.luxembourg_time import local_day
from ..json_types import JsonDict
from ..stored_json import Size
from .excess_warning import ExcessState
from .goal_watch import GoalState
from .grid_watch import GridState
from .message import Kind
from .outbox import Outbox
from .phase_watch import PhaseState
from .plan_watch import FailuresTold, PlansTold
from .silence_watch import SilenceState
from .sun_watch import SunState
from .voltage_watch import VoltageState
from .water_watch import WaterNights


@dataclass(frozen=True)
class MessageState:
    """State of messages: a part for each decision, with the kind of its messages.

    `since` has the time at which each switch was turned on.
    """

    since: Annotated[Mapping[Kind, datetime], Size(len(Kind))] = field(default_factory=dict)
    outbox: Outbox = field(default_factory=Outbox)
    silence: Annotated[SilenceState, Kind.SILENT] = field(default_factory=SilenceState)
    excess: Annotated[ExcessState, Kind.SOON_ABOVE] = field(default_factory=ExcessState)
    goal: Annotated[GoalState, Kind.ABOVE_GOAL] = field(default_factory=GoalState)
    grid: Annotated[GridState, Kind.GRID] = field(default_factory=GridState)
    voltage: Annotated[VoltageState, Kind.GRID] = field(default_factory=VoltageState)
    phases: Annotated[PhaseState, Kind.GRID] = field(default_factory=PhaseState)
    water: Annotated[WaterNights, Kind.WATER_AT_NIGHT] = field(default_factory=dict)
    sun: Annotated[SunState, Kind.NO_SUN] = ()
    plans: Annotated[PlansTold, Kind.PLAN_OF_DAY] = field(default_factory=dict)
    failures: Annotated[FailuresTold, Kind.FAILED_LOAD] = field(default_factory=dict)
    reported_in: date | None = None
    """First day of the month in which the last report was sent, or the switch was turned on.

    It is None before the first choice.
    """

    def switched(self, kinds: Iterable[Kind], now: datetime) -> Self:
        """Return the state after the user's choice of `kinds`. Other kinds are forgotten."""
        since = {kind: self.since.get(kind, now) for kind in kinds}
        waiting = tuple(m for m in self.outbox.waiting if m.rule.kind in since)
        kept = replace(self, since=since, outbox=replace(self.outbox, waiting=waiting))
        fresh = type(self)()
        parts = {
            name: getattr(self if kind in since else fresh, name) for name, kind in PARTS.items()
        }
        is_reporting = Kind.MONTHLY_REPORT in since
        reported_in = self.reported_in or local_day(now).replace(day=1) if is_reporting else None
        return replace(kept, **parts, reported_in=reported_in)

    def part(self, part: str) -> Any | None:  # noqa: ANN401 - the state of any decision
        """Return a part. Return None if the switch is off."""
        return getattr(self, part) if PARTS[part] in self.since else None

    def with_part(self, part: str, state: Any) -> Self:  # noqa: ANN401 - as in `part`
        """Return the state with a changed part."""
        return replace(self, **{part: state})

    def after(self, older: Self) -> Self:
        """Return this state as it would be if it had followed `older`, which was read too late."""
        if not self.since:
            return older
        now = max(self.since.values())
        older, begun = older.switched(self.since, now), type(self)().switched(self.since, now)
        if self.goal.month not in {None, older.goal.month}:
            older = replace(older, goal=begun.goal)
        merged: Self = _after(older, self, begun)
        outbox = self.outbox.after(older.outbox)
        return replace(merged, since=older.since, outbox=outbox)


PARTS: Mapping[str, Kind] = {
    name: limit
    for name, hint in get_type_hints(MessageState, include_extras=True).items()
    for limit in get_args(hint)
    if isinstance(limit, Kind)
}
"""Kind of the messages that each part of the state is about."""


def _after(older: Any, newer: Any, begun: Any) -> Any:  # noqa: ANN401 - states of one class
    """Return `older` with the fields of `newer` that have changed since `begun`."""
    changes: JsonDict = {}
    for name in [attribute.name for attribute in fields(newer)]:
        before, value, start = (getattr(state, name) for state in (older, newer, begun))
        if value != start:
            changes[name] = _after(before, value, start) if is_dataclass(value) else value
    return replace(older, **changes)
