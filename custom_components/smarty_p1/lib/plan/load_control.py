"""Control of a load or battery: what is ordered from its entities, and what comes of it.

control = LoadControl().used({"switch.car": EntityKind.SWITCH}, now)
control = control.reported({"switch.car": EntityReport("on")}, now, around)
control = control.powered(kw, setting, now)         # the wish, in orders of its entities
control, orders = control.due(now)                  # at most one order for each entity
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Annotated, NamedTuple

from ..history.luxembourg_time import DAY, HOUR, quarter_start
from ..passed_pause import has_passed
from ..stored_json import Mark, Size
from .commanded import Around, Commanded, EntityKind, EntityOrder, EntityReport, Phase, Told
from .load_following import LoadFollowing

MAX_UNSEEN = timedelta(minutes=15)
"""Time without a look at the load after which nobody knows what it got."""
_NOWHERE = Around()
# Only these: the other kinds have no state in which a load is off.
_OFF = {EntityKind.SWITCH: "off", EntityKind.FOLLOWED: "0.0"}
_MAX_ENTITIES = 12
# A number that cannot be set does not keep a load off for longer.
_SET_WITHIN = timedelta(minutes=5)


class Setting(NamedTuple):
    """Number that sets the power of a load: the value of the wish, and the lowest one."""

    entity_id: str
    value: float
    lowest: float


class Mode(NamedTuple):
    """Select of a battery: the option in which its power can be set, and its own mode."""

    entity_id: str
    option: str
    otherwise: str


@dataclass(frozen=True)
class LoadControl:
    """State of the control. It is stored before an order is sent, so a crash goes on."""

    entities: Annotated[tuple[Commanded, ...], Size(_MAX_ENTITIES)] = ()
    following: LoadFollowing = field(default_factory=LoadFollowing)
    hand_until: datetime | None = None
    """Time at which the plan decides again. None if no hand is known."""
    left_kwh: float = 0.0
    """Energy that is still needed until the deadline, by the last plan and the own count."""
    own_kwh: float = 0.0
    """Energy by the own count since `own_since`."""
    own_since: datetime | None = None
    quarter_kwh: float = 0.0
    """Energy by the own count in the quarter-hour of `noted_at`."""
    noted_at: datetime | None = None
    was_seen: Annotated[bool, Mark.NOT_STORED] = False
    """Whether it was looked at since a restart."""
    unset_at: Annotated[datetime | None, Mark.NOT_STORED] = None
    """Time since which the load waits for its number."""
    was_gone: Annotated[bool, Mark.NOT_STORED] = False

    def of(self, entity_id: str, kind: EntityKind) -> Commanded:
        """Return the state of an entity. A new one was never ordered anything."""
        known = (at for at in self.entities if (at.entity_id, at.kind) == (entity_id, kind))
        return next(known, Commanded(entity_id, kind, _OFF.get(kind)))

    def with_entity(self, entity: Commanded) -> LoadControl:
        """Return the state with `entity` in place of the entity with the same id."""
        others = [at for at in self.entities if at.entity_id != entity.entity_id]
        return replace(self, entities=(*others, entity))

    def all_of(self, kind: EntityKind) -> Iterator[Commanded]:
        """Return the entities of a kind that the user chooses."""
        return (at for at in self.entities if at.kind is kind and at.unused_at is None)

    @property
    def switch(self) -> Commanded | None:
        """Return the switch of a load that may pause."""
        return next(self.all_of(EntityKind.SWITCH), None)

    @property
    def main(self) -> Commanded | None:
        """Return the switch, or without one the number: what turns a load on and off."""
        return self.switch or next(self.all_of(EntityKind.NUMBER), None)

    @property
    def is_by_hand(self) -> bool:
        """Return whether somebody else has switched the load on."""
        return bool(self.main and self.main.is_by_hand and self.main.is_on)

    @property
    def has_hand(self) -> bool:
        """Return whether somebody else decides the state of an entity."""
        return any(at.is_by_hand for at in self.entities)

    @property
    def is_on(self) -> bool:
        """Return whether the load has power. One that is only planned has it if it takes any."""
        return self.main is None or self.main.is_on

    @property
    def has_started(self) -> bool:
        """Return whether an appliance was started for the present run."""
        starts = self.all_of(EntityKind.START)
        return any(at.phase is Phase.HELD and at.ordered == at.wish for at in starts)

    def told(self, now: datetime, reason: Told) -> list[Commanded]:
        """Return the entities about which the user should be told for a reason."""
        return [at for at in self.entities if at.told_now(now) is reason]

    def used(self, entities: Mapping[str, EntityKind], now: datetime) -> LoadControl:
        """Return it with the entities that the user has chosen now, at most six.

        One that is no longer chosen is switched off or given back if the plan has changed it. It is
        forgotten after that, or after a day.
        """
        chosen = [replace(self.of(name, kind), unused_at=None) for name, kind in entities.items()]
        ended = [
            replace(at, unused_at=min(at.unused_at or now, now)).asked(at.off, now, is_safe=True)
            for at in self.entities
            if entities.get(at.entity_id) is not at.kind and _is_to_end(at, now)
        ]
        return replace(self, entities=(*chosen, *ended)[:_MAX_ENTITIES])

    def reported(
        self, reports: Mapping[str, EntityReport], now: datetime, around: Around = _NOWHERE
    ) -> LoadControl:
        """Return it after the present states of its entities. A hand begins or ends."""
        seen = tuple(
            at.seen(reports.get(at.entity_id, EntityReport(None)), now, around)
            for at in self.entities
        )
        control = replace(self, entities=seen, was_gone=around.is_gone)
        if not control.has_hand:
            return replace(control, hand_until=None)
        is_new = bool(_hands(seen) - _hands(self.entities))
        latest = now + DAY
        until = min((not is_new and self.hand_until) or around.hand_end or latest, latest)
        if now >= until or (around.is_gone and not self.was_gone):
            return control.released()
        return replace(control, hand_until=until)

    def released(self) -> LoadControl:
        """Return it after the hand has ended: the plan decides again."""
        entities = tuple(at.released() for at in self.entities)
        return replace(self, entities=entities, hand_until=None)

    def powered(  # noqa: PLR0913 - the plan and the house
        self,
        kw: float,
        setting: Setting | None,
        now: datetime,
        *,
        is_urgent: bool = False,
        is_last_chance: bool = False,
        fits_full: bool = False,
    ) -> LoadControl:
        """Return it with the wish for a power. A load whose power cannot be set stays off.

        `is_urgent`: a lower power does not wait. `is_last_chance`: nor does a higher one.
        `fits_full`: the load may also start with its full power.
        """
        control = replace(self, unset_at=None)
        if setting:
            urgent = is_urgent, is_last_chance
            number = self._set(setting, kw, now, urgent)
            is_set = not kw or number.is_obeyed or number.is_by_hand
            unset_at = None if is_set else self.unset_at or now
            control = replace(control.with_entity(number), unset_at=unset_at)
            fits_full |= number.phase is Phase.UNCONFIRMED
        if (switch := self.switch) is None:
            return control
        # First the power.
        may_start = _may_start(switch, control.unset_at, now, fits_full=fits_full)
        is_on = kw > 0 and may_start
        asked = switch.asked(switch.on if is_on else switch.off, now, is_safe=not is_on)
        return control.with_entity(asked)

    def _set(
        self,
        setting: Setting,
        kw: float,
        now: datetime,
        urgent: tuple[bool, bool],
    ) -> Commanded:
        """Return the number with its wish. `urgent`: whether to lower, and to raise it at once."""
        number = self.of(setting.entity_id, EntityKind.NUMBER)
        number = replace(number, off=None if self.switch else str(setting.lowest))
        wish: float | None = setting.value if kw else setting.lowest
        if self.switch and not kw:
            wish = None
        if wish is None:
            return number.asked(None, now, is_safe=True)
        is_lower = _is_lower(number, wish)
        # While the load is off, no power rises.
        is_off = self.switch is not None and not self.switch.is_on
        return number.asked(
            str(wish),
            now,
            is_safe=is_lower or is_off,
            is_urgent=urgent[not is_lower],
        )

    def battery(
        self, values: Mapping[str, float] | None, mode: Mode | None, now: datetime
    ) -> LoadControl:
        """Return it with the wish for a battery's numbers. None gives the battery back.

        It is given back by 0, then by its own mode, and is left alone after that. Without its mode,
        nothing but 0 is set. While somebody else has chosen anything, it is left alone.
        """
        control = self
        if mode:
            select = self.of(mode.entity_id, EntityKind.SELECT)
            control = control.with_entity(replace(select, off=mode.otherwise))
        if self.has_hand:
            left = (at.asked(None, now, is_safe=True) for at in control.entities)
            return replace(control, entities=tuple(left))
        if mode is None:
            return _with_values(control, values, now)
        select = control.of(mode.entity_id, EntityKind.SELECT)
        if values is None:
            return _back_in_own_mode(control, select, now)
        select = select.asked(mode.option, now, is_safe=False)
        values = values if select.is_obeyed else None
        return _with_values(control.with_entity(select), values, now)

    def due(
        self, now: datetime, permits: Callable[[Commanded, EntityOrder], bool] = lambda *_: True
    ) -> tuple[LoadControl, list[EntityOrder]]:
        """Return the orders that are to be sent now. What a limit does not permit waits."""
        entities, orders = list[Commanded](), list[EntityOrder]()
        for at in self.entities:
            after, order = at.due(now)
            is_sent = order is not None and permits(at, order)
            entities.append(after if is_sent or order is None else at)
            orders += [order] if order and is_sent else []
        return replace(self, entities=tuple(entities)), orders

    def answered(self, order: EntityOrder, now: datetime, *, is_done: bool) -> LoadControl:
        """Return it after the answer to an order."""
        entity = self.of(order.entity_id, order.kind)
        return self.with_entity(entity.answered(order, now, is_done=is_done))

    def counted(self, since: datetime, kw: float, now: datetime) -> LoadControl:
        """Return it after the load has had the power `kw`, if it was seen on, since the last look.

        `kw` is measured or set. A time in which the load or Home Assistant was away counts nothing.
        A new `since` begins the count anew.
        """
        before, quarter = min(self.noted_at or now, now), quarter_start(now)
        is_seen = self.was_seen and (self.main is None or self.main.state is not None)
        if not (is_seen and self.is_on) or now - before > MAX_UNSEEN:
            kw = 0.0
        kwh, here = (kw * ((now - at) / HOUR) for at in (before, max(before, quarter)))
        return replace(
            self,
            own_kwh=(self.own_kwh if self.own_since == since else 0.0) + kwh,
            own_since=since,
            quarter_kwh=(self.quarter_kwh if before >= quarter else 0.0) + here,
            left_kwh=max(0.0, self.left_kwh - kwh),
            noted_at=now,
            was_seen=True,
        )


def _is_lower(number: Commanded, wish: float) -> bool:
    return wish < max(float(number.state or 0.0), float(number.ordered or 0.0))


def _hands(entities: Iterable[Commanded]) -> set[tuple[str, str | None]]:
    return {(at.entity_id, at.hand) for at in entities if at.is_by_hand}


def _is_to_end(entity: Commanded, now: datetime) -> bool:
    """Return whether an entity that is no longer chosen is still to be switched off."""
    is_old = entity.unused_at is not None and now >= entity.unused_at + DAY
    is_left = entity.off is None or entity.is_by_hand or entity.is_given_back
    return not (is_old or is_left)


def _with_values(
    control: LoadControl, values: Mapping[str, float] | None, now: datetime
) -> LoadControl:
    """Return a battery with the wish for its numbers. None gives them back."""
    for at in control.all_of(EntityKind.FOLLOWED):
        value = (values or {}).get(at.entity_id, 0.0)
        is_back = values is None
        number = at.given_back(now) if is_back else at.asked(str(value), now, is_safe=not value)
        control = control.with_entity(number)
    return control


def _back_in_own_mode(control: LoadControl, select: Commanded, now: datetime) -> LoadControl:
    """Return a battery that is given back. Its mode waits for the power of 0."""
    control = _with_values(control, None, now)
    # What cannot be set does not keep the battery from its own mode.
    is_zero = all(
        at.is_given_back or at.state is None or at.tries > 0
        for at in control.all_of(EntityKind.FOLLOWED)
    )
    return control.with_entity(select.given_back(now)) if is_zero else control


def _may_start(
    switch: Commanded, unset_at: datetime | None, now: datetime, *, fits_full: bool
) -> bool:
    """Return whether a load may be on: its power is set or cannot be set, or it is on."""
    if unset_at is None or (fits_full and has_passed(unset_at, now, _SET_WITHIN)):
        return True
    is_on = switch.is_on or switch.phase in {Phase.SENT, Phase.UNCONFIRMED}
    return is_on and switch.ordered != switch.off
