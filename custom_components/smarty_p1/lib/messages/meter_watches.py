"""Watches of a meter: each decides at some moments whether a message is due.

`MessageState` has the state of each watch, which a restart must not lose.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import date, datetime, timedelta
from typing import Annotated, Any, NamedTuple, Self, get_args, get_type_hints

from ..advice.period_costs import usual_evening_cost
from ..bill.household_state import HouseholdState
from ..entities.events import DISTURBANCE, EVENTS
from ..entities.meter_sensors import VOLTAGE_LIMITS
from ..failure_detection import Condition, FailureState, ReadingProblem
from ..fault_log import FaultLog
from ..history.luxembourg_time import local_day
from ..json_types import JsonDict
from ..meter.meter_reader import MIN_CONNECTED_VOLTS, Reading
from ..p1.obis import is_water
from ..problem import Problem
from ..stored_json import Size, dump
from .excess_warning import ExcessState, quarter_hour_ahead, warn_of_excess, with_evening
from .goal_watch import GoalOutlook, GoalState, watch_goal
from .grid_watch import GridState, ReadingTimes, watch_exchanges, watch_grid
from .message import HouseholdMessage, Kind
from .outbox import Outbox
from .phase_watch import PhaseState, read_phases, watch_phases
from .plan_watch import FailuresTold, PlansTold, WatchedPlan, watch_failed_loads, watch_plan
from .silence_remedy import remedy_for
from .silence_watch import Listening, SilenceState, watch_silence
from .sun_watch import Panels, SunState, watch_sun
from .voltage_watch import VoltageState, watch_voltage
from .water_watch import WaterCapture, WaterNights, watch_water

_VOLTAGES = {"L1": "1-0:32.7.0", "L2": "1-0:52.7.0", "L3": "1-0:72.7.0"}
_LITRES = 1000


class AtReading(NamedTuple):
    """Facts at a reading. They must be cheap: there is one every ten seconds."""

    reading: Reading
    before: Reading | None
    """The reading of the last look."""
    times: tuple[datetime | None, datetime]
    """When the reading before came, None if that is unknown, and when this one came."""
    household: Callable[[], HouseholdState | None]
    may_send: bool
    """Whether news that are not urgent may be sent now."""


class InMinute(NamedTuple):
    """Facts of a minute."""

    now: datetime
    silent_for: timedelta
    """Time since the last reading, or since the beginning, by a clock that nobody sets."""
    has_heard: bool
    """Whether a reading has come since the beginning."""
    last_reading: datetime | None
    condition: Condition
    exchanged: Mapping[str, str]
    """Type of each gas, water or heat meter that was exchanged, by its identity."""
    plan: Callable[[], WatchedPlan]
    since: Mapping[Kind, datetime]
    """When each switch was turned on."""
    may_send: bool


class OnDay(NamedTuple):
    """Facts of a day: the energy of each inverter, by its id, until `now`."""

    inverters: Mapping[str, Panels]
    now: datetime


type Facts = AtReading | InMinute | GoalOutlook | OnDay
type Decision[S] = tuple[S, HouseholdMessage | Sequence[HouseholdMessage] | None]
"""New state of a watch, and the messages that are due."""


def _excess(state: ExcessState, facts: AtReading) -> Decision[ExcessState]:
    """Decide about the running quarter-hour."""
    reading = facts.reading
    if reading.demand is None:
        return state, None
    # A warning that may not be sent is not decided: it must not delay a later one.
    price = reading.money.excess_price if reading.money else None
    ahead = quarter_hour_ahead(reading.demand, price) if facts.may_send else None
    state, message = warn_of_excess(state, ahead)
    if message is None or price is None or (household := facts.household()) is None:
        return state, None
    return state, with_evening(message, usual_evening_cost(household.ledger, household.time, price))


def _grid(state: GridState, facts: AtReading) -> Decision[GridState]:
    """Decide about texts of the operator and disturbances. An empty text is no message."""
    reading = facts.reading
    texts = {
        event.key: event.value_fn(reading) or "" for event in EVENTS if event.exists_fn(reading)
    }
    return watch_grid(state, texts, DISTURBANCE.value_fn(reading), ReadingTimes(*facts.times))


def _voltage(state: VoltageState, facts: AtReading) -> Decision[VoltageState]:
    """Decide about a voltage out of the permitted range."""
    lowest, highest = VOLTAGE_LIMITS
    outside = {
        phase: volts
        for phase, volts in _voltages(facts.reading).items()
        if volts >= MIN_CONNECTED_VOLTS and not lowest <= volts <= highest
    }
    return watch_voltage(state, outside, facts.reading.received_at)


def _phases(state: PhaseState, facts: AtReading) -> Decision[PhaseState]:
    """Decide about a phase without voltage."""
    _, now = facts.times
    voltages = _voltages(facts.reading)
    has_voltage = {phase: volts >= MIN_CONNECTED_VOLTS for phase, volts in voltages.items()}
    return watch_phases(read_phases(state, has_voltage, now), now)


def _water(state: WaterNights, facts: AtReading) -> Decision[WaterNights]:
    """Decide about the last captures of water meters."""
    reading, before = facts.reading, facts.before
    if before and before.telegram.channels == reading.telegram.channels:
        return state, None
    captures = {
        name: WaterCapture(meter.time, meter.value * _LITRES)
        for name in reading.channels
        if (meter := reading.meter(name))
        and is_water(meter.type, meter.unit)
        and meter.time
        and meter.value is not None
    }
    return watch_water(state, captures)


def _silence(state: SilenceState, facts: InMinute) -> Decision[SilenceState]:
    """Decide about the time since the last reading."""
    condition = facts.condition
    listening = Listening(
        facts.silent_for,
        facts.has_heard,
        facts.last_reading,
        remedy_for(condition.obstacle),
        needs_key=condition.state is FailureState.FAILING
        and bool(condition.repairs.keys() & {ReadingProblem.WRONG_KEY, Problem.SECURITY_ON}),
    )
    return watch_silence(state, listening, facts.now)


def _plans(told: PlansTold, facts: InMinute) -> Decision[PlansTold]:
    """Decide about the planned runs. A message that may not be sent now is not decided."""
    return watch_plan(told, facts.plan(), facts.now) if facts.may_send else (told, None)


def _failures(told: FailuresTold, facts: InMinute) -> Decision[FailuresTold]:
    """Decide about loads that fail their plan, by tasks since the switch was turned on."""
    since, may_send = facts.since[Kind.FAILED_LOAD], facts.may_send
    return watch_failed_loads(told, facts.plan(), facts.now, since=since, may_send=may_send)


def _voltages(reading: Reading) -> dict[str, float]:
    """Return the known voltages in V, by phase."""
    return {
        phase: volts
        for phase, name in _VOLTAGES.items()
        if isinstance(volts := reading.telegram.objects.get(name), int | float)
    }


def _exchanges(state: GridState, facts: InMinute) -> Decision[GridState]:
    """Decide about exchanged gas, water and heat meters."""
    return watch_exchanges(state, facts.exchanged)


def _lost_phases(state: PhaseState, facts: InMinute) -> Decision[PhaseState]:
    """Decide about phases that lost their voltage at an earlier reading."""
    return watch_phases(state, facts.now)


def _sun(state: SunState, facts: OnDay) -> Decision[SunState]:
    """Decide about the panels."""
    return watch_sun(state, facts.inverters, facts.now)


@dataclass(frozen=True, eq=False)
class _Watch:
    """Kind of the messages of a watch, and its decisions by the facts that it asks for."""

    kind: Kind
    decisions: Mapping[type, Callable[[Any, Any], Decision[Any]]]


@dataclass(frozen=True)
class MessageState:
    """State of messages: a part for each watch.

    `since` has the time at which each switch was turned on.
    """

    since: Annotated[Mapping[Kind, datetime], Size(len(Kind))] = field(default_factory=dict)
    outbox: Outbox = field(default_factory=Outbox)
    silence: Annotated[SilenceState, _Watch(Kind.SILENT, {InMinute: _silence})] = field(
        default_factory=SilenceState
    )
    excess: Annotated[ExcessState, _Watch(Kind.SOON_ABOVE, {AtReading: _excess})] = field(
        default_factory=ExcessState
    )
    goal: Annotated[GoalState, _Watch(Kind.ABOVE_GOAL, {GoalOutlook: watch_goal})] = field(
        default_factory=GoalState
    )
    grid: Annotated[GridState, _Watch(Kind.GRID, {AtReading: _grid, InMinute: _exchanges})] = field(
        default_factory=GridState
    )
    voltage: Annotated[VoltageState, _Watch(Kind.GRID, {AtReading: _voltage})] = field(
        default_factory=VoltageState
    )
    phases: Annotated[
        PhaseState, _Watch(Kind.GRID, {AtReading: _phases, InMinute: _lost_phases})
    ] = field(default_factory=PhaseState)
    water: Annotated[WaterNights, _Watch(Kind.WATER_AT_NIGHT, {AtReading: _water})] = field(
        default_factory=dict
    )
    sun: Annotated[SunState, _Watch(Kind.NO_SUN, {OnDay: _sun})] = ()
    plans: Annotated[PlansTold, _Watch(Kind.PLAN_OF_DAY, {InMinute: _plans})] = field(
        default_factory=dict
    )
    failures: Annotated[FailuresTold, _Watch(Kind.FAILED_LOAD, {InMinute: _failures})] = field(
        default_factory=dict
    )
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
            name: getattr(self if watch.kind in since else fresh, name)
            for name, watch in _WATCHES.items()
        }
        is_reporting = Kind.MONTHLY_REPORT in since
        reported_in = self.reported_in or local_day(now).replace(day=1) if is_reporting else None
        return replace(kept, **parts, reported_in=reported_in)

    def part(self, part: str) -> Any | None:  # noqa: ANN401 - the state of any decision
        """Return a part. Return None if the switch is off."""
        return getattr(self, part) if _WATCHES[part].kind in self.since else None

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


_WATCHES: Mapping[str, _Watch] = {
    name: watch
    for name, hint in get_type_hints(MessageState, include_extras=True).items()
    for watch in get_args(hint)
    if isinstance(watch, _Watch)
}


def decide_messages(
    state: MessageState, facts: Facts, faults: FaultLog
) -> tuple[MessageState, Sequence[HouseholdMessage], bool]:
    """Return the state after these facts, the messages that are due, and whether to store it.

    Only the watches of the switches that are on decide. A watch that fails costs no message of
    another: its error is noted in `faults`, and its state stays.
    """
    due, is_to_store = list[HouseholdMessage](), False
    for part, watch in _WATCHES.items():
        decide, before = watch.decisions.get(type(facts)), state.part(part)
        if decide is None or before is None:
            continue
        after, told = faults.call(decide, before, facts) or (before, None)
        if after is not before:
            state = replace(state, **{part: after})
            is_to_store = is_to_store or dump(after) != dump(before)
        due += (told,) if isinstance(told, HouseholdMessage) else told or ()
    return state, due, is_to_store


def _after(older: Any, newer: Any, begun: Any) -> Any:  # noqa: ANN401 - states of one class
    """Return `older` with the fields of `newer` that have changed since `begun`."""
    changes: JsonDict = {}
    for name in [attribute.name for attribute in fields(newer)]:
        before, value, start = (getattr(state, name) for state in (older, newer, begun))
        if value != start:
            changes[name] = _after(before, value, start) if is_dataclass(value) else value
    return replace(older, **changes)
