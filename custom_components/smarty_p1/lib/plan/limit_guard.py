"""Guard of the grid operator's limits: a small machine that needs neither plan nor orders of it.

    relay = relay.seen(now, is_limited=True)
    caps = shares(claims)                                  # of the loads that share a limit
    decision = load.looked(seen, cap_kw, relay, now)       # orders, events, and the plan's cap

Its caller reads, asks for a decision, sends, stores and logs, for each load apart. So this module
imports nothing of the program.

Only a known free state frees. An unknown relay keeps its last known state for 15 minutes, and then
limits. One that was never known, also because its file was lost, limits at once. A load is free two
minutes after the limit has ended, because relays may bounce.

A load is set to the limit, rounded down. It is switched off if the limit is below its minimum, or
if its number cannot be read, or does not show the limit within 30 seconds. Without a switch, its
number goes to its lowest value. An appliance that only starts finishes its run.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from math import floor
from typing import NamedTuple

_KEPT_FOR = timedelta(minutes=15)
_FREE_AFTER = timedelta(minutes=2)
_SHOWN_WITHIN = timedelta(seconds=30)
_TOLD_AFTER = timedelta(minutes=1)
# A look comes each 15 seconds. After two minutes, the operator's limit is no longer urgent.
_AGAIN_AFTER, _LATER_AFTER = timedelta(seconds=14), timedelta(seconds=59)
_SOON_TRIES = 8
# A charger sets whole amperes at a voltage that varies, and one that is off takes some watts.
_TOLERANCE = 1.05
_STANDBY_KW = 0.1
_ROUNDING = 1e-6


@dataclass(frozen=True)
class RelayState:
    """What is known of the operator's relay. It is stored, so a restart goes on."""

    counts: bool | None = None
    """Whether it limits now. None before the first look."""
    free_since: datetime | None = None
    silent_since: datetime | None = None
    bounces: int = 0
    """Number of times that this limit has ended and come back within two minutes."""

    def seen(self, now: datetime, *, is_limited: bool | None) -> RelayState:
        """Return it after a look. `is_limited` is None if the relay tells nothing."""
        if is_limited is None:
            since = self.silent_since or now
            counts = self.counts is not False or _has_passed(since, now, _KEPT_FOR)
            return RelayState(counts, None if counts else self.free_since, since, self.bounces)
        if is_limited:
            is_back = bool(self.counts and self.free_since)
            return RelayState(counts=True, bounces=self.bounces + is_back if self.counts else 0)
        since = self.free_since or now
        counts = bool(self.counts) and not _has_passed(since, now, _FREE_AFTER)
        return RelayState(counts, since, bounces=self.bounces)


class Claim(NamedTuple):
    """Load that shares a limit with others at its relay."""

    limited_kw: float
    max_kw: float
    min_kw: float
    needs: bool
    """Whether it needs energy."""
    shown_kw: float | None
    """Power that it shows, None if it is unknown."""
    given_kw: float
    """Highest share that may still be in force."""


def shares(claims: Mapping[str, Claim]) -> dict[str, float]:
    """Return the power of each load at a relay. The first one takes what it needs, then the next.

    A load rises only by the power that the others show to be free.
    """
    total = left = next((claim.limited_kw for claim in claims.values()), 0.0)
    targets, taken, given = dict[str, float](), dict[str, float](), dict[str, float]()
    takers = set[str]()
    for name, claim in claims.items():
        shown = claim.max_kw if claim.shown_kw is None else claim.shown_kw
        target = targets[name] = max(0.0, min(left, claim.limited_kw, claim.max_kw))
        if target >= claim.min_kw and (claim.needs or shown > _STANDBY_KW):
            takers.add(name)
            left -= target
        taken[name] = max(shown, claim.given_kw if name in takers else 0.0)
    for name in sorted(claims, key=lambda name: name not in takers):
        free = total - sum(kw for other, kw in taken.items() if other != name)
        kw = min(targets[name], max(claims[name].shown_kw or 0.0, free, 0.0))
        given[name] = floor(kw * 10 + _ROUNDING) / 10
        taken[name] = max(taken[name], given[name] if name in takers else 0.0)
    return given


class SeenNumber(NamedTuple):
    """Number that sets the power of a load."""

    entity_id: str
    value: float | None
    """None if it cannot be read."""
    lowest: float | None
    """None if it is unknown."""
    unit_kw: float
    """Power of 1."""
    step: float = 0.0

    def top(self, kw: float) -> float:
        """Return the highest value within a power."""
        value, step = kw / self.unit_kw, self.step or 0.001
        return round(floor(value / step + _ROUNDING) * step, 3)


class SeenSwitch(NamedTuple):
    """Switch, select, lock or pair of buttons of a load."""

    entity_id: str
    off: str
    """Order that switches it off."""
    is_on: bool | None
    """None if it is unknown."""


class SeenLoad(NamedTuple):
    """Load as it is seen now. What cannot be read is None."""

    max_kw: float
    min_kw: float
    """Lowest power with which it runs."""
    kw: float | None = None
    """Measured power."""
    switch: SeenSwitch | None = None
    number: SeenNumber | None = None
    only_starts: bool = False
    is_lost: bool = False
    """Whether its looks fail, although the plan has switched it on."""

    @property
    def shown_kw(self) -> float | None:
        """Return its power: the measured one, otherwise the power that its entities show."""
        if self.kw is not None or not (self.switch or self.number):
            return self.kw
        is_on, number = self.switch.is_on if self.switch else True, self.number
        if not is_on:
            return None if is_on is None else 0.0
        if number is None:
            return self.max_kw
        return None if number.value is None else min(self.max_kw, number.value * number.unit_kw)


class LimitEventKind(StrEnum):
    """Kind of an event of a limit."""

    BEGIN = "begin"
    OBEYED = "obeyed"
    """Its power was seen within the limit."""
    POWER = "power"
    """Its highest power since then has risen."""
    END = "end"


class LimitEvent(NamedTuple):
    """Event of the limit of a load. Powers are in kW."""

    kind: LimitEventKind
    at: datetime
    limit_kw: float
    kw: float | None
    bounces: int = 0


class GuardOrder(NamedTuple):
    """Order to an entity of a load."""

    entity_id: str
    value: str
    is_number: bool = False


class Cap(NamedTuple):
    """Bounds of a load while it is limited. The plan's orders beyond them are not sent."""

    kw: float
    top: float | None
    """Highest value of its number, None without one."""
    is_off: bool
    """Whether it must be off, or may not start."""
    waits: frozenset[str] = frozenset()
    """Entities that do not show the guard's order yet. Until then, the plan orders nothing."""

    def permits(self, entity_id: str, number: float | None, *, is_off: bool) -> bool:
        """Return whether the plan may set a number, or without one, switch the load off or on."""
        if entity_id in self.waits:
            return False
        if number is not None:
            return self.top is None or number <= self.top
        return is_off or not self.is_off


class SentOrder(NamedTuple):
    """Order that is not shown yet."""

    value: str
    first_at: datetime
    """Time of the first order since the entity was last within the limit."""
    at: datetime
    tries: int = 1


class GuardDecision(NamedTuple):
    """Result of a look at a load."""

    load: GuardedLoad
    cap: Cap | None = None
    """None while it is free."""
    orders: Sequence[GuardOrder] = ()
    events: Sequence[LimitEvent] = ()


@dataclass(frozen=True)
class GuardedLoad:
    """What the guard remembers of a load. It is stored after its orders were sent."""

    orders: dict[str, SentOrder] = field(default_factory=dict)
    """Orders that are not shown yet, by entity."""
    given_kw: float = 0.0
    before_kw: float = 0.0
    fell_at: datetime | None = None
    """Its share, and the one before, which has fallen at this time."""
    limit_kw: float | None = None
    """Limit that has begun in the log."""
    highest_kw: float | None = None
    """Highest power since it obeyed."""
    over_since: datetime | None = None
    """Time since which it is not as it should be."""
    is_let_go: bool = False
    """Whether it was seen off since its looks fail. After that, it is left alone."""

    def may_take(self, now: datetime) -> float:
        """Return the highest share that may still be in force."""
        is_past = _has_passed(self.fell_at, now, _SHOWN_WITHIN)
        return self.given_kw if is_past else max(self.given_kw, self.before_kw)

    def is_over(self, now: datetime) -> bool:
        """Return whether a limit does not arrive, so that the user must know it."""
        return self.over_since is not None and _has_passed(self.over_since, now, _TOLD_AFTER)

    def looked(
        self, seen: SeenLoad, cap_kw: float | None, relay: RelayState | None, now: datetime
    ) -> GuardDecision:
        """Return the decision about a load that may have `cap_kw`, None while it is free."""
        load, events = _logged(self, seen, cap_kw, relay, now)
        is_lost = cap_kw is None
        if is_lost and (self.is_let_go or not seen.is_lost):
            return GuardDecision(GuardedLoad(is_let_go=seen.is_lost), events=events)
        kw = cap_kw or 0.0
        top, is_off, wanted = _wanted(load, seen, kw, now)
        if is_lost and not wanted:
            return GuardDecision(GuardedLoad(is_let_go=True), events=events)
        sent = {order.entity_id: _sent(load, order, now) for order in wanted}
        # Without a switch, its lowest value may be above the limit.
        is_high = not seen.switch and seen.number and (top or 0.0) > seen.number.top(kw)
        if kw < self.given_kw:
            load = replace(load, before_kw=self.given_kw, fell_at=now)
        over_since = (self.over_since or now) if wanted or is_high else None
        load = replace(load, orders=sent, given_kw=kw, over_since=over_since)
        before = self.orders.get
        orders = [at for at in wanted if sent[at.entity_id] != before(at.entity_id)]
        return GuardDecision(load, Cap(kw, top, is_off, frozenset(sent)), orders, events)


def _wanted(
    load: GuardedLoad, seen: SeenLoad, cap_kw: float, now: datetime
) -> tuple[float | None, bool, list[GuardOrder]]:
    """Return the highest number, whether the load must be off, and the orders not shown yet."""
    number, switch = seen.number, seen.switch
    top, is_off, wanted = None, cap_kw < seen.min_kw, list[GuardOrder]()
    if number:
        top, value = number.top(cap_kw), number.value
        is_off |= top < (number.lowest or 0.0)
        if is_off:
            top = seen.min_kw / number.unit_kw if number.lowest is None else number.lowest
        is_high = value is None or value > top
        is_resting = switch is not None and (is_off or value is None or switch.is_on is False)
        if is_high and not is_resting:
            wanted.append(GuardOrder(number.entity_id, str(top), is_number=True))
        sent = load.orders.get(number.entity_id)
        is_late = sent is not None and _has_passed(sent.first_at, now, _SHOWN_WITHIN)
        is_off |= is_high and (is_resting or is_late)
    if switch and is_off and switch.is_on is not False:
        wanted.append(GuardOrder(switch.entity_id, switch.off))
    return top, is_off, [] if seen.only_starts else wanted


def _sent(load: GuardedLoad, order: GuardOrder, now: datetime) -> SentOrder:
    """Return an order that is not shown yet, sent now or some seconds ago."""
    before = load.orders.get(order.entity_id)
    if before is None:
        return SentOrder(order.value, now, now)
    wait = _AGAIN_AFTER if before.tries < _SOON_TRIES else _LATER_AFTER
    if before.value == order.value and not _has_passed(before.at, now, wait):
        return before
    return SentOrder(order.value, before.first_at, now, min(before.tries + 1, _SOON_TRIES))


def _logged(
    load: GuardedLoad,
    seen: SeenLoad,
    cap_kw: float | None,
    relay: RelayState | None,
    now: datetime,
) -> tuple[GuardedLoad, tuple[LimitEvent, ...]]:
    """Return a load and what is to be logged of its limit. A silent relay begins no limit."""
    kw = None if seen.shown_kw is None else round(seen.shown_kw, 2)
    limit_kw, events = load.limit_kw, list[LimitEvent]()
    if cap_kw is None or relay is None:
        if limit_kw is not None:
            at, bounces = (relay.free_since or now, relay.bounces) if relay else (now, 0)
            events = [LimitEvent(LimitEventKind.END, at, limit_kw, load.highest_kw, bounces)]
        return replace(load, limit_kw=None, highest_kw=None), tuple(events)
    if limit_kw is None:
        if relay.silent_since or relay.free_since:
            return load, ()
        limit_kw = cap_kw
        events = [LimitEvent(LimitEventKind.BEGIN, now, limit_kw, kw)]
    highest_kw, kind = load.highest_kw, LimitEventKind.POWER
    if highest_kw is None:
        kind = LimitEventKind.OBEYED
        is_new = kw is not None and kw <= limit_kw * _TOLERANCE + _STANDBY_KW
    else:
        is_new = kw is not None and kw > highest_kw
    if is_new:
        events.append(LimitEvent(kind, now, limit_kw, kw))
    load = replace(load, limit_kw=limit_kw, highest_kw=kw if is_new else load.highest_kw)
    return load, tuple(events)


def _has_passed(since: datetime | None, now: datetime, pause: timedelta) -> bool:
    """Return whether a pause has passed. A time in the future was noted by a wrong clock."""
    return since is None or not timedelta() <= now - since < pause
