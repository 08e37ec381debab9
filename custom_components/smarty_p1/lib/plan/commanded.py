"""One commanded entity: a switch, number, select or button of another integration.

    entity = entity.seen(EntityReport("off"), now, around).asked("on", now, is_safe=False)
    entity, order = entity.due(now)          # send the order, then
    entity = entity.answered(order, now, is_done=True).seen(EntityReport("on"), now, around)

It knows its last order and whether the entity has confirmed it, so it can tell its own late order
from somebody's hand. The last wish wins. A restart loads it from its file. Nothing here reads a
clock or calls Home Assistant.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, NamedTuple

from ..passed_pause import has_passed
from ..stored_json import Mark, Range, Size
from .load_following import MIN_TIME

ANSWERED_AFTER = timedelta(minutes=2)
"""Time after which an order without an answer counts as failed. Its call goes on."""
TRUSTED_AFTER = timedelta(minutes=1)
"""Time for which an entity must be available until its state is judged."""
TOLD_AFTER = timedelta(minutes=10)
"""Time of failed tries after which the user is told."""
AGAIN_WITHIN = timedelta(minutes=30)
"""Time in which a second loss of the same order is somebody's hand."""
_TOLD_TRIES = 3
_MIN_LATE_S, _MAX_LATE_S = 150.0, 600.0
_BACK_OFF_S = (10, 20, 40, 80, 160, 300)
_LONGEST = timedelta(seconds=_BACK_OFF_S[-1])
_MAX_COUNT = 100
_MAX_BEFORE = 8
_MAX_RETURNS = 3
_CAPPED_FOR = timedelta(minutes=20)
_SMALL_NUMBER, _SMALL_STEP, _LARGE_STEP = 64.0, 0.5, 100.0
_TOLERANCE = 0.02


class EntityKind(StrEnum):
    """Kind of a commanded entity."""

    SWITCH = "switch"
    NUMBER = "number"
    FOLLOWED = "followed"
    """Number that is set all the time, such as a battery's."""
    SELECT = "select"
    START = "start"
    """Button or switch that only starts. Its wish is the name of a run, and is sent once."""


class _Budget(NamedTuple):
    """Orders that may be sent at once, those kept for safe ones, those of an hour, and a pause."""

    at_once: float
    reserved: float
    an_hour: float
    pause: timedelta


_USUAL = _Budget(10, 4, 20, timedelta())
_BUDGETS = {
    EntityKind.SWITCH: _USUAL,
    EntityKind.SELECT: _USUAL,
    EntityKind.START: _USUAL,
    EntityKind.NUMBER: _Budget(20, 4, 3, timedelta(seconds=30)),
    EntityKind.FOLLOWED: _Budget(60, 4, 720, timedelta(seconds=5)),
}


class Phase(StrEnum):
    """What is known about the last order."""

    FREE = "free"
    """There is none."""
    SENT = "sent"
    """Home Assistant has not answered yet."""
    UNCONFIRMED = "unconfirmed"
    """It was carried out, but the entity does not show it yet."""
    REFUSED = "refused"
    """It failed, was never shown, or was lost by the device: it is sent again."""
    HELD = "held"
    """The entity has shown it."""
    HAND = "hand"
    """Somebody else decides."""


class Told(StrEnum):
    """Reason for telling the user about an entity."""

    DOES_NOT_OBEY = "does_not_obey"
    STOPPED = "stopped"
    """It was switched off twice while energy was missing."""
    STARTS_ITSELF = "starts_itself"
    """It came on again after each of several orders to be off."""


class EntityReport(NamedTuple):
    """Report of an entity's state."""

    value: str | None
    """None while it is unavailable or unknown."""
    is_called: bool = False
    """Whether this change has the context of a call that is not the plan's."""
    is_trusted: bool = True
    """Whether Home Assistant has started."""


class Around(NamedTuple):
    """Circumstances in which a state is judged."""

    is_needed: bool = False
    """Whether energy is missing, and the plan has the load run."""
    connected_at: datetime | None = None
    plan_decides: bool = True
    """Whether the plan switches off what starts by itself."""
    hand_end: datetime | None = None
    """Time until which a hand that begins now would last."""
    is_gone: bool = False
    """Whether the car has left."""
    is_limited: bool = False
    """Whether the operator limits the load, so that the limit's guard also switches it."""


_NOWHERE = Around()


class EntityOrder(NamedTuple):
    """Order to send to the entity."""

    entity_id: str
    value: str
    kind: EntityKind
    sent_at: datetime


@dataclass(frozen=True)
class Commanded:
    """State of one commanded entity. It is stored before an order is sent."""

    entity_id: str
    kind: EntityKind
    off: str | None = None
    """State that switches it off or gives it back, None if nothing does."""
    on: str = "on"
    """State that switches it on. The states of a pair of buttons are the buttons themselves."""
    phase: Phase = Phase.FREE
    wish: str | None = None
    """None: leave it alone."""
    ordered: str | None = None
    held: str | None = None
    """State that the entity has shown for the order. A device may round a number."""
    hand: str | None = None
    """State that somebody else has chosen."""
    told: Told | None = None
    before: Annotated[tuple[str, ...], Size(_MAX_BEFORE)] = ()
    """States that a slow entity may still report."""
    ordered_at: datetime | None = None
    """Time of the first order of this state, None if its delay says nothing."""
    sent_at: datetime | None = None
    """Time of the last order."""
    delay_s: Annotated[float, Range(0, _MAX_LATE_S)] = 0.0
    """Longest time from an order until it was shown, at least 1. 0 while it is unknown."""
    tries: Annotated[int, Range(0, _MAX_COUNT)] = 0
    """Failed tries in a row, since `failed_at`."""
    failed_at: datetime | None = None
    retry_at: datetime | None = None
    losses: Annotated[int, Range(0, _MAX_COUNT)] = 0
    """Number of times that the ordered state was lost without a call, last `lost_at`."""
    lost_at: datetime | None = None
    left: float | None = None
    """Orders that may be sent at `left_at`, None for all."""
    left_at: datetime | None = None
    unused_at: datetime | None = None
    """Time since which the user no longer chooses it. It is only switched off."""
    is_safe: Annotated[bool, Mark.NOT_STORED] = True
    """Whether the wish switches off, lowers the power or gives back."""
    is_urgent: Annotated[bool, Mark.NOT_STORED] = False
    """Whether the wish does not wait for the pause between two orders."""
    state: Annotated[str | None, Mark.NOT_STORED] = None
    since: Annotated[datetime | None, Mark.NOT_STORED] = None
    """Time since which it is available in a started Home Assistant."""
    is_judged: Annotated[bool, Mark.NOT_STORED] = False
    """Whether its state was judged since it is available."""
    is_new: Annotated[bool, Mark.NOT_STORED] = True
    """Whether no state was judged since a restart."""

    @property
    def is_by_hand(self) -> bool:
        """Return whether somebody else decides its state."""
        return self.hand is not None

    @property
    def is_number(self) -> bool:
        """Return whether its state is a number."""
        return self.kind in {EntityKind.NUMBER, EntityKind.FOLLOWED}

    @property
    def is_on(self) -> bool:
        """Return whether a load has power by it. An unavailable one is as it was."""
        state = self.held if self.state is None else self.state
        return float(state or 0.0) != 0.0 if self.is_number else state == self.on

    @property
    def is_open(self) -> bool:
        """Return whether its last order is not shown yet."""
        return self.phase in {Phase.SENT, Phase.UNCONFIRMED, Phase.REFUSED}

    @property
    def is_obeyed(self) -> bool:
        """Return whether the entity shows what is wished."""
        is_held = self.phase is Phase.HELD and _same(self, self.ordered, self.wish)
        return is_held and self.state is not None and _same(self, self.state, self.held)

    @property
    def is_given_back(self) -> bool:
        """Return whether there is nothing to switch off or to give back."""
        return self.ordered is None or (self.phase is Phase.HELD and self.ordered == self.off)

    @property
    def expected(self) -> str | None:
        """Return the state that it was seen in and that lasts. None while an order is open."""
        # Only these: in the other phases, an order is open.
        return {Phase.HELD: self.held, Phase.HAND: self.hand}.get(self.phase)

    def is_late(self, now: datetime) -> bool:
        """Return whether its last order should be shown by now."""
        return has_passed(self.sent_at, now, self._late(_MIN_LATE_S))

    def is_recent(self, now: datetime) -> bool:
        """Return whether it may still report a state from before the last order."""
        late_after = self._late(_MIN_LATE_S if self.delay_s else _MAX_LATE_S)
        return not has_passed(self.sent_at, now, late_after)

    def _late(self, min_s: float) -> timedelta:
        return timedelta(seconds=min(_MAX_LATE_S, max(min_s, 2 * self.delay_s)))

    def told_now(self, now: datetime) -> Told | None:
        """Return what the user should be told, None while everything is well."""
        has_tried = self.tries >= _TOLD_TRIES and self.state is not None
        is_long = has_passed(self.failed_at, now, TOLD_AFTER)
        return Told.DOES_NOT_OBEY if has_tried and is_long else self.told

    def asked(
        self,
        wish: str | None,
        now: datetime,
        *,
        is_safe: bool,
        is_urgent: bool = False,
    ) -> Commanded:
        """Return it with the last wish. A new safe wish does not wait for the last one's retry."""
        is_new = is_safe and not _same(self, wish, self.ordered)
        entity = replace(
            self,
            wish=wish,
            is_safe=is_safe,
            is_urgent=is_urgent,
            retry_at=now if is_new and self.retry_at else self.retry_at,
        )
        return _looked(entity, now)

    def given_back(self, now: datetime) -> Commanded:
        """Return it with the wish to be given back. It is left alone after that."""
        return self.asked(None if self.is_given_back else self.off, now, is_safe=True)

    def released(self) -> Commanded:
        """Return it after the hand has ended: the plan decides again."""
        if not self.is_by_hand:
            return self
        entity = replace(self, hand=None, told=None, losses=0)
        if self.phase is not Phase.HAND:
            return entity
        return replace(entity, phase=Phase.REFUSED, ordered=None, retry_at=None)

    def seen(self, report: EntityReport, now: datetime, around: Around = _NOWHERE) -> Commanded:
        """Return it after a report of its state."""
        state = report.value
        if state is None:
            return _gone(self)
        if self.is_judged and state == self.state == self.expected:
            return self
        entity = _present(self, report, now)
        if self.kind is not EntityKind.START:
            if report.is_called and not _same(self, state, self.state):
                return _called(entity, state, now, around)
            entity = _confirmed(entity, self, state, now)
        if _is_unsure(entity, self, report, now):
            return entity
        return _judged(replace(entity, is_judged=True, is_new=False), self, now, around)

    def answered(self, order: EntityOrder, now: datetime, *, is_done: bool) -> Commanded:
        """Return it after the answer to an order. Only that to the last order counts."""
        if self.phase is not Phase.SENT or order.sent_at != self.sent_at:
            return self
        if is_done and self.kind is EntityKind.START:
            return _shown(self, now)
        if not is_done or self.state is None:
            return _failed(replace(self, ordered_at=None), now)
        return _confirmed(replace(self, phase=Phase.UNCONFIRMED), self, self.state, now)

    def due(self, now: datetime) -> tuple[Commanded, EntityOrder | None]:
        """Return the order that is to be sent now, if any."""
        entity = _looked(self, now)
        target, is_safe = _target(entity)
        if target is None or entity.state is None or _is_done(entity, target, now, is_safe=is_safe):
            return entity, None
        if _is_waiting(entity, now, is_safe=is_safe):
            return entity, None
        left = max(0.0, _left(entity, now) - 1)
        return _order(replace(entity, left=left, left_at=now), target, now)


def _gone(entity: Commanded) -> Commanded:
    """Return it after it has become unavailable. Calls may have skipped it in silence."""
    phase = Phase.REFUSED if entity.phase is Phase.UNCONFIRMED else entity.phase
    return replace(entity, phase=phase, state=None, since=None, ordered_at=None, is_judged=False)


def _present(entity: Commanded, report: EntityReport, now: datetime) -> Commanded:
    """Return it with its state. A restart has ended its call."""
    since = entity.since if entity.since and report.is_trusted else now
    present = replace(entity, state=report.value, since=since)
    if entity.state is not None:
        return present
    if entity.is_new and entity.phase is Phase.SENT:
        present = _unanswered(present, now)
    return replace(present, retry_at=now) if present.phase is Phase.REFUSED else present


def _called(entity: Commanded, state: str, now: datetime, around: Around) -> Commanded:
    """Return it after somebody has changed its state in Home Assistant."""
    agrees = _same(entity, state, entity.wish) and not around.is_limited
    return _shown(entity, now, state) if agrees else _by_hand(entity, state)


def _confirmed(entity: Commanded, was: Commanded, state: str, now: datetime) -> Commanded:
    """Return it after a state that may show its order. A device may round or cap a number."""
    if entity.phase not in {Phase.UNCONFIRMED, Phase.REFUSED}:
        return entity
    # What it has shown before a refused order may be older than the order before.
    is_old = was.phase is Phase.REFUSED and state == was.state and was.is_recent(now)
    is_shown = _same(entity, state, entity.ordered) and not is_old
    is_shown |= entity.is_number and _is_rounded(entity, float(state), now)
    return _shown(entity, now) if is_shown else entity


def _is_rounded(entity: Commanded, value: float, now: datetime) -> bool:
    """Return whether a number is the answer to its order, rounded or capped by the device."""
    if entity.phase is not Phase.UNCONFIRMED:
        return False
    # A device that refused before may have missed the first order that it has accepted.
    is_again = entity.ordered_at not in {None, entity.sent_at}
    is_last = entity.tries >= _TOLD_TRIES and is_again and entity.is_late(now)
    is_answer = is_last or not _was_before(entity)
    return is_answer and _is_near(value, float(entity.ordered or 0.0))


def _is_near(value: float, ordered: float) -> bool:
    """Return whether a number may be the rounded or capped order."""
    step = _step(ordered)
    # A device that stays at 0 does not obey.
    has_direction = value * ordered > 0 or abs(ordered) <= step
    return has_direction and abs(value) <= abs(ordered) + step


def _step(value: float) -> float:
    """Return the step to which a device may round a number."""
    return _SMALL_STEP if abs(value) <= _SMALL_NUMBER else _LARGE_STEP


def _was_before(entity: Commanded) -> bool:
    """Return whether its state is one from before the last order."""
    return any(_same(entity, entity.state, before) for before in entity.before)


def _is_unsure(entity: Commanded, was: Commanded, report: EntityReport, now: datetime) -> bool:
    """Return whether its state does not count yet."""
    if was.is_judged:
        return False
    is_first = was.phase is Phase.FREE and report.is_trusted
    return not is_first and not has_passed(entity.since or now, now, TRUSTED_AFTER)


def _judged(entity: Commanded, was: Commanded, now: datetime, around: Around) -> Commanded:
    """Return it after a look at whether its state is still as it was."""
    if entity.phase is Phase.UNCONFIRMED:
        is_lost = entity.held is not None and not entity.is_recent(now)
        return _lost(entity, was, now, around) if is_lost else entity
    is_kept = entity.expected is None or _same(entity, entity.state, entity.expected)
    is_other = entity.is_by_hand or not _same(entity, entity.state, entity.wish)
    if around.is_limited and is_other and not is_kept:
        # A limit is no loss and ends no hand. After it, the wish or the hand is ordered again.
        return replace(entity, phase=Phase.REFUSED, ordered=None, retry_at=None)
    return entity if is_kept else _changed(entity, was, now, around)


def _changed(entity: Commanded, was: Commanded, now: datetime, around: Around) -> Commanded:
    """Return it after its state has changed without an order or a call."""
    is_old = entity.is_recent(now) and _was_before(entity)
    is_late = is_old and not entity.is_number
    if entity.phase is Phase.HAND:
        if is_late:
            return entity
        # Somebody no longer wants it so.
        entity = replace(entity, phase=Phase.HELD, ordered=entity.hand, hand=None, told=None)
    if _same(entity, entity.state, entity.wish):
        return _shown(entity, now, entity.state)
    if entity.wish is None and not is_old:
        return replace(entity, phase=Phase.FREE, ordered=None)
    if is_late and _follows_order(entity, was):
        return replace(entity, phase=Phase.UNCONFIRMED)
    return _lost(entity, was, now, around)


def _follows_order(entity: Commanded, was: Commanded) -> bool:
    """Return whether its state follows an order, and is not what an outage has left."""
    since, sent_at = entity.since, entity.sent_at
    is_sent_here = since is not None and sent_at is not None and sent_at >= since
    return was.is_judged or is_sent_here


def _lost(entity: Commanded, was: Commanded, now: datetime, around: Around) -> Commanded:
    """Return it after its order was shown and lost: it is sent again, or is somebody's hand."""
    losses = _losses(entity, now, around)
    again = replace(
        entity,
        phase=Phase.REFUSED,
        ordered_at=None,
        retry_at=now,
        losses=min(losses + 1, _MAX_COUNT),
        lost_at=now,
    )
    if entity.is_number:
        wait = (0, *_BACK_OFF_S)[min(losses, len(_BACK_OFF_S))]
        return replace(again, retry_at=now + timedelta(seconds=wait))
    if was.phase is Phase.UNCONFIRMED and again.losses == 1:
        # The last order was ignored, and the one before it was shown late.
        return again
    if entity.is_on:
        return _returned(again, was, around)
    if was.is_judged:
        return _ended(again, now, around)
    # The entity has forgotten its order.
    return replace(again, retry_at=now + MIN_TIME) if losses else again


def _ended(entity: Commanded, now: datetime, around: Around) -> Commanded:
    """Return a switch that is off, or a select that is changed, after it was as ordered."""
    is_switch = entity.kind is EntityKind.SWITCH
    if is_switch and (entity.losses == 1 or not around.is_needed):
        return replace(entity, retry_at=now + MIN_TIME)
    return _by_hand(entity, entity.state or "", Told.STOPPED if is_switch else None)


def _losses(entity: Commanded, now: datetime, around: Around) -> int:
    """Return the earlier losses that count. One of an order to be off counts until the next on."""
    lost_at, connected_at = entity.lost_at, around.connected_at
    if lost_at is None or (connected_at is not None and connected_at > lost_at):
        return 0
    counts = entity.state == entity.on or not has_passed(lost_at, now, AGAIN_WITHIN)
    return entity.losses if counts else 0


def _returned(entity: Commanded, was: Commanded, around: Around) -> Commanded:
    """Return a switch that is on again after it was off. Some boxes start by themselves."""
    is_stubborn = entity.losses > _MAX_RETURNS
    if was.is_new or not around.plan_decides or is_stubborn:
        return _by_hand(entity, entity.on, Told.STARTS_ITSELF if is_stubborn else None)
    return entity


def _by_hand(entity: Commanded, state: str, told: Told | None = None) -> Commanded:
    """Return it after somebody else has chosen its state."""
    return replace(
        entity,
        phase=Phase.HAND,
        hand=state,
        told=told,
        tries=0,
        failed_at=None,
        retry_at=None,
        is_judged=True,
        is_new=False,
    )


def _looked(entity: Commanded, now: datetime) -> Commanded:
    """Return it after a look at the clock, and at what it is already."""
    # Only these: what is held, or somebody's, waits for no answer.
    match entity.phase:
        case Phase.SENT if has_passed(entity.sent_at, now, ANSWERED_AFTER):
            return _unanswered(entity, now)
        case Phase.UNCONFIRMED if entity.is_late(now) and entity.held is None:
            return _failed(entity, now)
        case Phase.FREE | Phase.REFUSED if entity.kind is not EntityKind.START:
            return _found(entity, now)
    return entity


def _unanswered(entity: Commanded, now: datetime) -> Commanded:
    """Return it after its call had no answer."""
    # A second press may start a second run. A load without power is tried again later.
    return _shown(entity, now) if entity.kind is EntityKind.START else _failed(entity, now)


def _found(entity: Commanded, now: datetime) -> Commanded:
    """Return it if it is already as wished. A switch that is found on is somebody's."""
    if entity.is_by_hand or entity.wish is None:
        return entity
    if _same(entity, entity.state, entity.wish) and not entity.is_recent(now):
        return _shown(entity, now, entity.state)
    is_found_on = entity.kind is EntityKind.SWITCH and entity.is_on
    return _by_hand(entity, entity.on) if is_found_on and entity.phase is Phase.FREE else entity


def _target(entity: Commanded) -> tuple[str | None, bool]:
    """Return what it should be now, and whether this is safe."""
    if not entity.is_by_hand:
        return entity.wish, entity.is_safe
    # After a limit, it gets back what somebody has chosen.
    return None if entity.phase is Phase.HAND else entity.hand, False


def _is_done(entity: Commanded, target: str, now: datetime, *, is_safe: bool) -> bool:
    """Return whether nothing is to be sent for a target. Only a safe one overtakes a call."""
    is_same = _same(entity, target, entity.ordered)
    if entity.phase is Phase.SENT:
        return is_same or not is_safe
    if not is_same or (_is_capped(entity) and has_passed(entity.sent_at, now, _CAPPED_FOR)):
        return False
    return entity.phase in {Phase.HELD, Phase.UNCONFIRMED}


def _is_capped(entity: Commanded) -> bool:
    """Return whether a device shows less than was ordered. It may do so for a while."""
    if not entity.is_number or entity.held is None:
        return False
    ordered = abs(float(entity.ordered or 0.0))
    return abs(float(entity.held)) < ordered - _step(ordered)


def _is_waiting(entity: Commanded, now: datetime, *, is_safe: bool) -> bool:
    """Return whether an order must wait: for its retry, its turn, or a state that counts."""
    if not (is_safe or entity.is_judged):
        return True
    budget = _BUDGETS[entity.kind]
    has_none_left = _left(entity, now) < (1 if is_safe else 1 + budget.reserved)
    if entity.retry_at is None:
        has_none_left |= not has_passed(entity.sent_at, now, budget.pause)
    elif now < entity.retry_at <= now + _LONGEST:
        # A retry that is later was noted by a clock that was wrong.
        return True
    return has_none_left and not entity.is_urgent


def _left(entity: Commanded, now: datetime) -> float:
    """Return the number of orders that may be sent now."""
    budget = _BUDGETS[entity.kind]
    full_after = timedelta(hours=budget.at_once / budget.an_hour)
    if entity.left is None or entity.left_at is None or has_passed(entity.left_at, now, full_after):
        return budget.at_once
    passed = (now - entity.left_at) / timedelta(hours=1)
    return min(budget.at_once, entity.left + passed * budget.an_hour)


def _order(entity: Commanded, value: str, now: datetime) -> tuple[Commanded, EntityOrder]:
    """Return it with an order, and the order."""
    is_again = _same(entity, value, entity.ordered)
    if not is_again:
        entity = replace(entity, ordered_at=now, tries=0, failed_at=None, losses=0)
    # A state that is shown already, or may still be reported, tells nothing about the delay.
    is_old = value in entity.before and entity.is_recent(now)
    is_there = is_old or _same(entity, value, entity.state)
    sent = replace(
        entity,
        phase=Phase.SENT,
        ordered=value,
        held=None,
        before=_before(entity, value, now, is_again=is_again),
        ordered_at=None if is_there else entity.ordered_at or now,
        sent_at=now,
        retry_at=None,
    )
    return sent, EntityOrder(entity.entity_id, value, entity.kind, now)


def _before(entity: Commanded, value: str, now: datetime, *, is_again: bool) -> tuple[str, ...]:
    """Return the states that may still be reported, or that do not show the order."""
    is_recent = entity.is_recent(now)
    earlier = entity.before if is_recent or is_again else ()
    before = (*earlier, entity.ordered) if is_recent else earlier
    # If the same value is ordered again, the present state may be the answer to the first order.
    if not is_again or _was_lost(entity, now):
        before = (*before, entity.state)
    states = dict.fromkeys(state for state in before if state not in {None, value})
    return tuple(filter(None, states))[-_MAX_BEFORE:]


def _was_lost(entity: Commanded, now: datetime) -> bool:
    """Return whether its last order was shown and lost since."""
    return entity.lost_at is not None and entity.lost_at >= (entity.sent_at or now)


def _failed(entity: Commanded, now: datetime) -> Commanded:
    wait_s = _BACK_OFF_S[min(entity.tries, len(_BACK_OFF_S) - 1)]
    return replace(
        entity,
        phase=Phase.REFUSED,
        tries=min(entity.tries + 1, _MAX_COUNT),
        failed_at=entity.failed_at or now,
        retry_at=now + timedelta(seconds=wait_s),
    )


def _shown(entity: Commanded, now: datetime, agreed: str | None = None) -> Commanded:
    """Return it after it has shown its order, or a state to which plan and hand agree."""
    done = replace(
        entity,
        phase=Phase.HELD,
        held=agreed if entity.state is None else entity.state,
        ordered_at=None,
        tries=0,
        failed_at=None,
        retry_at=None,
    )
    if agreed is not None:
        return replace(done, ordered=agreed, hand=None, told=None, losses=0)
    if entity.ordered_at is not None:
        passed_s = (now - entity.ordered_at).total_seconds()
        done = replace(done, delay_s=max(done.delay_s, 1.0, min(passed_s, _MAX_LATE_S / 2)))
    # After a limit, it is as somebody has chosen.
    return replace(done, phase=Phase.HAND) if done.is_by_hand else done


def _same(entity: Commanded, one: str | None, other: str | None) -> bool:
    if one is None or other is None or not entity.is_number:
        return one == other
    return abs(float(one) - float(other)) <= _TOLERANCE
