"""State of all messages of a meter, which a restart must not lose."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Self

from ..history import LUXEMBOURG
from ..stored_values import Stored, checked_mapping, checked_text, checked_time
from .excess_warning import ExcessState
from .goal_watch import GoalState
from .grid_watch import GridState
from .message import Kind
from .outbox import Outbox
from .silence_watch import SilenceState
from .voltage_watch import VoltageState
from .water_watch import WaterState


@dataclass(frozen=True)
class MessageState:
    """State of each kind of messages. `since` has the time at which each switch was turned on."""

    since: Mapping[Kind, datetime] = field(default_factory=dict)
    outbox: Outbox = field(default_factory=Outbox)
    silence: SilenceState = field(default_factory=SilenceState)
    excess: ExcessState = field(default_factory=ExcessState)
    goal: GoalState = field(default_factory=GoalState)
    grid: GridState = field(default_factory=GridState)
    voltage: VoltageState = field(default_factory=VoltageState)
    water: WaterState = field(default_factory=WaterState)
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
        silence, excess, goal, grid, water = [
            self if kind in since else fresh
            for kind in (
                Kind.SILENT,
                Kind.SOON_ABOVE,
                Kind.ABOVE_GOAL,
                Kind.GRID,
                Kind.WATER_AT_NIGHT,
            )
        ]
        is_reporting = Kind.MONTHLY_REPORT in since
        reported_in = self.reported_in or _month_of(now) if is_reporting else None
        return replace(
            kept,
            silence=silence.silence,
            excess=excess.excess,
            goal=goal.goal,
            grid=grid.grid,
            voltage=grid.voltage,
            water=water.water,
            reported_in=reported_in,
        )

    def as_dict(self) -> dict[str, Stored]:
        """Return the state as JSON values."""
        return {
            "since": {kind.value: time.isoformat() for kind, time in self.since.items()},
            "outbox": self.outbox.as_dict(),
            "silence": self.silence.as_dict(),
            "excess": self.excess.as_dict(),
            "goal": self.goal.as_dict(),
            "grid": self.grid.as_dict(),
            "voltage": self.voltage.as_dict(),
            "water": self.water.as_dict(),
            "reported_in": self.reported_in and self.reported_in.isoformat(),
        }

    @classmethod
    def from_dict(cls, stored: Stored) -> Self:
        """Return the state from the result of `as_dict`. Raises ValueError if it is malformed."""
        data = checked_mapping(stored)
        since = checked_mapping(data["since"], len(Kind))
        return cls(
            {Kind(name): checked_time(time) for name, time in since.items()},
            Outbox.from_dict(data["outbox"]),
            SilenceState.from_dict(data["silence"]),
            ExcessState.from_dict(data["excess"]),
            GoalState.from_dict(data["goal"]),
            GridState.from_dict(data["grid"]),
            # The first files had none of these.
            VoltageState.from_dict(data.get("voltage", {"told_on": None})),
            WaterState.from_dict(data.get("water", {})),
            _checked_month(data.get("reported_in")),
        )


def _month_of(now: datetime) -> date:
    return now.astimezone(LUXEMBOURG).date().replace(day=1)


def _checked_month(value: Stored) -> date | None:
    return None if value is None else date.fromisoformat(checked_text(value))
