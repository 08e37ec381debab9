"""Record of a load: ready, announced, begun, did not start, wishes of the user, orders.

    record = record.with_presence(now, is_there=True).with_plan(plan, is_running=False)
    record = record.noted(load, now, Noted(kw=0.0, is_ordered=True))

Each method returns the next state. Nothing else is remembered of a load, so a restart goes on.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from enum import StrEnum
from math import inf
from typing import Annotated, NamedTuple

from ..history.luxembourg_time import HOUR, QUARTER_HOUR, next_moment, quarter_start
from ..passed_pause import has_passed
from ..stored_json import Mark, Range, Size
from .commanded import Told
from .daily_load import DailyLoad, LoadPlan, LoadState
from .evidence import Evidence
from .load_control import MAX_UNSEEN, LoadControl

MIN_SHARE = 0.1
"""Share of its power from which on a load runs."""
NOT_STARTED_AFTER = timedelta(minutes=5)
MAX_TRIES = 2
MAX_READY_TIMES = 100
"""Number of times at which it became ready: those of a month."""
# A short pulse is no run.
_STEADY = timedelta(minutes=1)


MIN_MISSING_KWH = 0.5
"""Missing energy from which on a load lacks something."""


class LackCause(StrEnum):
    """Cause of missing energy."""

    LIMITED = "limited"
    """The grid operator limited the load."""
    SWITCHED_OFF = "switched_off"
    """Somebody has switched it off by hand."""
    DISOBEYED = "disobeyed"
    """An entity did not carry out its order."""
    NOT_STARTED = "not_started"
    """The load was on and took nothing."""
    UNAVAILABLE = "unavailable"
    """An entity of the load was unavailable."""
    TOO_SHORT = "too_short"
    """The time until the deadline was too short."""
    TOO_SLOW = "too_slow"
    """The load took less than planned."""


class Hindrance(NamedTuple):
    """Cause for which a load may lack energy, and the time since which it counts."""

    cause: LackCause
    at: datetime


class EndedTask(NamedTuple):
    """Task that has ended with missing energy."""

    by: datetime
    needed_kwh: float
    got_kwh: float
    hindrance: Hindrance


class Noted(NamedTuple):
    """Observation of a load."""

    kw: float | None
    """Measured power, None if it is unknown."""
    is_ordered: bool
    """Whether the plan has the load run now."""
    is_by_hand: bool | None = None
    """Whether somebody else has switched it on. None if only its power can tell."""
    reported_at: datetime | None = None
    """Time of the last report of its power. None: now."""


class Period(NamedTuple):
    """Time in which a load needs its energy once."""

    since: datetime
    by: datetime


class Skip(NamedTuple):
    """Wish that the load needs nothing: the time of the wish, and its end."""

    at: datetime
    until: datetime


class Charge(NamedTuple):
    """Energy that a car needed by its own sensor, which may fall silent."""

    needed_kwh: float
    own_kwh: float
    """Energy that the plan had counted by then."""

    def left_kwh(self, own_kwh: float) -> float:
        """Return the energy that is still needed. The count begins anew after a deadline."""
        return max(0.0, self.needed_kwh - max(0.0, own_kwh - self.own_kwh))


@dataclass(frozen=True)
class LoadRecord:
    """State of a load between two plans. It is stored, so it survives a restart."""

    is_there: bool = False
    """Whether the car is connected or the appliance ready."""
    ready_at: Annotated[tuple[datetime, ...], Size(MAX_READY_TIMES)] = ()
    """Times at which it was connected or ready. The last one begins the present task."""
    announced_start: datetime | None = None
    """Start that was announced. Plans keep it until its quarter-hour ends, or the load runs."""
    is_started_now: bool = False
    """Whether the user wants it to run at once."""
    more_eur: float | None = None
    """Cost of this wish on top of the plan before, None if it is unknown."""
    skipped: Skip | None = None
    once: Period | None = None
    """Deadline that the user has set for once, and the begin of its energy."""
    replaced: datetime | None = None
    """Entered deadline that this one replaces."""
    began: datetime | None = None
    """Begin of the present run of a load that runs through."""
    is_by_hand: bool = False
    is_done: bool = False
    has_run: bool = False
    """Whether it has run by the plan in this task."""
    is_ordered: Annotated[bool, Mark.NOT_STORED] = False
    order_since: Annotated[datetime | None, Mark.NOT_STORED] = None
    """Time since which the plan has it run, or not run."""
    has_power: Annotated[bool | None, Mark.NOT_STORED] = None
    power_since: Annotated[datetime | None, Mark.NOT_STORED] = None
    """Time since which it has power, or none."""
    tries: Annotated[int, Range(0, MAX_TRIES)] = 0
    """Number of times that a load that runs through did not start."""
    evidence: Evidence = field(default_factory=Evidence)
    retry_at: datetime | None = None
    period: datetime | None = None
    """Begin of the present period."""
    charge: Charge | None = None
    """Last charge that was known, None without a sensor of it."""
    hindrance: Hindrance | None = None
    """Last cause for which it may lack energy in this task."""
    ended: EndedTask | None = None
    """Last task whose deadline has passed with missing energy."""
    max_kw: Annotated[float, Mark.NOT_STORED] = inf
    """Power in kW that the operator permits now."""
    top: Annotated[float, Mark.NOT_STORED] = inf
    """Highest value of its number that the operator permits now."""
    control: LoadControl = field(default_factory=LoadControl)
    """What the plan has ordered, and what came of it."""
    plan: LoadPlan = field(default_factory=LoadPlan)
    """Last plan, also of a load whose need is unknown by now."""

    def after(self, earlier: LoadRecord) -> LoadRecord:
        """Return this state, with the past of an earlier one that was read late."""
        ready_at = (*earlier.ready_at, *self.ready_at)[-MAX_READY_TIMES:]
        control = self.control if self.control.entities else earlier.control
        plan = max(earlier.plan, self.plan, key=lambda plan: plan.planned_at)
        return replace(self, ready_at=ready_at, control=control, plan=plan)

    def period_of(self, load: DailyLoad, now: datetime) -> Period:
        """Return the time in which the load needs its energy now."""
        last, once = load.last_deadline(now), self.once
        if once and now < once.by:
            return once
        if once and last <= (counts_until := max(once.by, self.replaced or once.by)):
            return Period(once.by, load.deadline(max(now, counts_until)))
        if load.hours is None or not self.ready_at:
            return Period(last, load.deadline(now))
        ready = self.ready_at[-1]
        if self.skipped and self.skipped.until <= now:
            ready = max(ready, self.skipped.until)
        return Period(ready, load.deadline_after_ready(ready))

    def state(self, load: DailyLoad, now: datetime, *, is_always_there: bool = False) -> LoadState:
        """Return the state of the load, as its plan shows it."""
        rows = (
            (self.is_by_hand or self.control.has_hand, LoadState.BY_HAND),
            (self.began is not None, LoadState.RUNNING),
            (self.skipped_until(load, now) is not None, LoadState.SKIPPED),
            (
                not (self.is_there or is_always_there),
                LoadState.NOT_CONNECTED if load.hours is None else LoadState.NOT_READY,
            ),
            (self.tries >= MAX_TRIES, LoadState.DID_NOT_START),
            (self._takes_nothing(load), LoadState.DID_NOT_START),
            (self.is_done, LoadState.FULL if load.hours is None else LoadState.DONE),
            (self.tries > 0, LoadState.TRIES_AGAIN),
        )
        return next((state for applies, state in rows if applies), LoadState.PLANNED)

    def skipped_until(self, load: DailyLoad, now: datetime) -> datetime | None:
        """Return the time until which the load needs nothing. A new deadline ends it."""
        if self.skipped is None or now >= self.skipped.until:
            return None
        at, until = self.skipped
        return until if until == self._skip_end(load, at) else None

    def _skip_end(self, load: DailyLoad, at: datetime) -> datetime:
        """Return the end of a skip: the first deadline that is at least an hour away."""
        once = [self.once.by] if self.once and self.once.by >= at + HOUR else []
        return min([load.hand_end(at), *once])

    def _takes_nothing(self, load: DailyLoad) -> bool:
        """Return whether a load that may pause has taken nothing. It is tried again and again."""
        is_waiting = load.hours is None and not (self.has_run or self.is_done)
        return is_waiting and self.evidence.tries >= MAX_TRIES

    @property
    def is_at_once(self) -> bool:
        """Return whether it runs now, whatever the plan says."""
        return self.began is not None or self.is_started_now or self.is_by_hand

    @property
    def waits_until(self) -> datetime | None:
        """Return the time before which it does not run: of its next try, or the end of a hand."""
        is_off = self.control.has_hand and not self.control.is_by_hand
        return self.control.hand_until if is_off else self.retry_at

    def rest_hours(self, load: DailyLoad, now: datetime) -> float | None:
        """Return the hours until the end of a load that runs through. Return None if it is off."""
        if self.began is None or load.hours is None:
            return None
        # A load that still has power after its usual time needs at least this quarter-hour.
        left = self.began + timedelta(hours=load.hours) - now
        return max(left, QUARTER_HOUR) / HOUR

    def with_presence(self, now: datetime, *, is_there: bool) -> LoadRecord:
        """Return the state after a load was connected, became ready, or the contrary."""
        if is_there is self.is_there:
            return self
        ready_at = (*self.ready_at, now)[-MAX_READY_TIMES:] if is_there else self.ready_at
        return replace(_anew(self), is_there=is_there, ready_at=ready_at, announced_start=None)

    def with_start_now(self, now: datetime) -> LoadRecord:
        """Return the state after the user has asked for a start at once."""
        if self.began is not None or (self.is_started_now and self.tries < MAX_TRIES):
            return self
        there = _anew(self.with_presence(now, is_there=True))
        return replace(there, is_started_now=True, announced_start=quarter_start(now), skipped=None)

    def with_ready(self, now: datetime) -> LoadRecord:
        """Return the state after the user has said that an appliance is ready."""
        record = replace(self, skipped=None) if self.skipped else self
        if self.is_there and not self.is_done and self.tries < MAX_TRIES:
            return record
        return replace(record, is_there=False).with_presence(now, is_there=True)

    def with_skip(self, load: DailyLoad, now: datetime) -> LoadRecord:
        """Return the state without energy for a day at most. A run goes on to its end."""
        skip = Skip(now, self._skip_end(load, now))
        return replace(self, skipped=skip, is_started_now=False, announced_start=None)

    def with_deadline(self, load: DailyLoad, now: datetime, by: time | None) -> LoadRecord:
        """Return the state with a deadline for once: the next such time. None takes it back."""
        if by is None:
            return replace(self, once=None, replaced=None, skipped=None)
        is_changed = self.once is not None and now < self.once.by
        without = replace(self, once=None, replaced=None, skipped=None)
        period = (without if is_changed else self).period_of(load, now)
        return replace(without, once=Period(period.since, next_moment(by, now)), replaced=period.by)

    def with_plan_again(self, load: DailyLoad) -> LoadRecord:
        """Return the record after the user has taken back each wish and the hand at the switch."""
        is_there = self.is_there and load.hours is None
        there = replace(_anew(self), is_there=is_there, is_by_hand=False, announced_start=None)
        return replace(there, once=None, replaced=None, skipped=None)

    def with_plan(self, plan: LoadPlan, *, is_running: bool) -> LoadRecord:
        """Return the state after a new plan was shown. `is_running` says if the load ran before."""
        present = plan.runs[0].begin if plan.runs_now else None
        is_kept = present is not None and (not is_running or present == self.announced_start)
        announced = present if is_kept else plan.next_start
        control = replace(self.control, left_kwh=plan.left_kwh)
        return replace(self, announced_start=announced, plan=plan, control=control)

    def at_deadline(self, load: DailyLoad, now: datetime) -> LoadRecord:
        """Return the state after a deadline: with the ended task if energy is missing."""
        by, left_kwh = self.plan.by, self.control.left_kwh
        if by is None or now < by or self.is_done or left_kwh < MIN_MISSING_KWH:
            return self
        is_known = self.ended is not None and self.ended.by == by
        if is_known or has_passed(self.control.noted_at, by, MAX_UNSEEN):
            return self
        return replace(self, ended=_ended_task(self, load, by))

    def noted(self, load: DailyLoad, now: datetime, noted: Noted) -> LoadRecord:
        """Return the state after an observation of the load."""
        record = _with_power(_in_period(_by_clock(self, load, now), load, now), load, now, noted)
        if load.hours is None:
            record = _paused(record, now, noted)
        else:
            record = _run_through(record, timedelta(hours=load.hours), now)
        return _hindered(_checked(record, load, now, noted), now)


def _anew(record: LoadRecord) -> LoadRecord:
    return replace(
        record,
        is_started_now=False,
        more_eur=None,
        is_done=False,
        has_run=False,
        tries=0,
        evidence=record.evidence.anew(),
        retry_at=None,
        hindrance=None,
    )


def _ended_task(record: LoadRecord, load: DailyLoad, by: datetime) -> EndedTask:
    left = record.control.left_kwh
    needed = load.kwh if record.charge is None else record.control.own_kwh + left
    hindrance = _present_hindrance(record, by) or record.hindrance or _other_hindrance(record, by)
    return EndedTask(by, needed, max(0.0, needed - left), hindrance)


def _hindered(record: LoadRecord, now: datetime) -> LoadRecord:
    """Return the state with the cause for which the load may lack energy. The last one counts."""
    present, last = _present_hindrance(record, now), record.hindrance
    is_new = present is not None and (last is None or last.cause is not present.cause)
    return replace(record, hindrance=present) if is_new else record


def _present_hindrance(record: LoadRecord, now: datetime) -> Hindrance | None:
    """Return the cause for which the load takes no energy now, None without one."""
    control, evidence = record.control, record.evidence
    if record.max_kw < inf:
        return Hindrance(LackCause.LIMITED, now)
    if control.has_hand and not control.is_by_hand:
        return Hindrance(LackCause.SWITCHED_OFF, now)
    if failing := control.told(now, Told.DOES_NOT_OBEY):
        return Hindrance(LackCause.DISOBEYED, failing[0].failed_at or now)
    if evidence.tries:
        return Hindrance(LackCause.NOT_STARTED, evidence.asked_at or now)
    return None


def _other_hindrance(record: LoadRecord, by: datetime) -> Hindrance:
    """Return the cause of missing energy of a load that was not hindered before its deadline."""
    if any(entity.unused_at is None and entity.state is None for entity in record.control.entities):
        return Hindrance(LackCause.UNAVAILABLE, by)
    was_late = record.plan.missing_kwh >= MIN_MISSING_KWH
    return Hindrance(LackCause.TOO_SHORT if was_late else LackCause.TOO_SLOW, by)


def _by_clock(record: LoadRecord, load: DailyLoad, now: datetime) -> LoadRecord:
    """Return the state after the clock was put back. It was ahead when it noted later times."""
    once, skipped, retry_at = record.once, record.skipped, record.retry_at
    began, ready_at = record.began, record.ready_at
    latest = load.deadline(load.deadline(now))
    if ready_at and ready_at[-1] > now:
        ready_at = tuple(min(at, now) for at in ready_at)
    return replace(
        record,
        ready_at=ready_at,
        began=began and min(began, now),
        retry_at=retry_at and min(retry_at, now + QUARTER_HOUR),
        skipped=None if skipped and skipped.at > now else skipped,
        once=None if once and once.by > latest else once,
    )


def _in_period(record: LoadRecord, load: DailyLoad, now: datetime) -> LoadRecord:
    """Return the state after a deadline has passed: a load that may pause begins anew."""
    since = record.period_of(load, now).since
    if since == record.period:
        return record
    is_new = record.period is not None and load.hours is None
    return replace(_anew(record) if is_new else record, period=since)


def _with_power(record: LoadRecord, load: DailyLoad, now: datetime, noted: Noted) -> LoadRecord:
    has_power = None if noted.kw is None else noted.kw >= MIN_SHARE * load.max_kw
    if has_power is not record.has_power or record.power_since is None:
        record = replace(record, has_power=has_power, power_since=now)
    if noted.is_ordered is not record.is_ordered or record.order_since is None:
        record = replace(record, is_ordered=noted.is_ordered, order_since=now)
    return record


def _run_through(record: LoadRecord, duration: timedelta, now: datetime) -> LoadRecord:
    """Return the state after a load that runs through has begun or ended."""
    if record.began is not None:
        return _ended(record) if now >= record.began + duration and not record.has_power else record
    return _begun(record, now)


def _begun(record: LoadRecord, now: datetime) -> LoadRecord:
    """Return the state after a look at a load that runs through and was off."""
    ordered_at = record.order_since if record.is_ordered else None
    if record.has_power is None and not record.is_done:
        # Without a sensor, the plan is believed.
        return replace(record, began=ordered_at, has_run=ordered_at is not None)
    power_since = record.power_since
    if not record.has_power or power_since is None or not has_passed(power_since, now, _STEADY):
        return record
    by_plan = ordered_at is not None and ordered_at <= power_since + _STEADY
    return replace(record, began=power_since, is_by_hand=not by_plan, has_run=by_plan)


def _ended(record: LoadRecord) -> LoadRecord:
    done = replace(_anew(record), began=None, is_by_hand=False, is_done=True, announced_start=None)
    return replace(done, skipped=None)


def _paused(record: LoadRecord, now: datetime, noted: Noted) -> LoadRecord:
    """Return the state after a load that may pause has begun or ended."""
    by_hand = noted.is_by_hand
    if by_hand is None:
        has_power = bool(record.has_power) and not record.is_ordered
        is_steady = _steady_for(record, now) >= 2 * _STEADY
        by_hand = has_power and (record.is_by_hand or is_steady)
    has_run = record.has_run or bool(record.is_ordered and record.has_power)
    if (by_hand, has_run) == (record.is_by_hand, record.has_run):
        return record
    return replace(record, is_by_hand=by_hand, has_run=has_run)


def _checked(record: LoadRecord, load: DailyLoad, now: datetime, noted: Noted) -> LoadRecord:
    """Return the state after a look at a load that may have no power although it is ordered."""
    is_on = record.is_ordered and record.began is None and not record.is_done
    reported_at, before = noted.reported_at or now, record.evidence.tries
    evidence = record.evidence.seen(now, reported_at, is_on=is_on, has_power=record.has_power)
    record = replace(record, evidence=evidence)
    if load.hours is None:
        # A car that has charged in this task, and takes no more, is full.
        is_full = is_on and record.has_run and evidence.is_full(now)
        return replace(record, is_started_now=False, is_done=True) if is_full else record
    if evidence.tries <= before:
        return record
    again = replace(
        record, is_ordered=False, order_since=now, announced_start=None, tries=record.tries + 1
    )
    if again.tries < MAX_TRIES:
        return replace(again, retry_at=quarter_start(now) + QUARTER_HOUR)
    return replace(again, is_started_now=False)


def _steady_for(record: LoadRecord, now: datetime) -> timedelta:
    """Return the time since the last change of power or order."""
    return now - max(record.power_since or now, record.order_since or now)
