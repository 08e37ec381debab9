"""Enforcer of the grid operator's limits: it reads, decides, sends, stores and logs.

It has its own listener and timer, starts before platforms and planner, and needs none of them. Each
load has its own `try`. What cannot be read is unknown, and what fails is told as a repair issue.

If the planner has not looked at a load for five minutes, the enforcer switches off what the plan
has switched on. Somebody's hand stays.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, override

from homeassistant.const import (
    ATTR_ASSUMED_STATE,
    ATTR_UNIT_OF_MEASUREMENT,
    STATE_OFF,
    STATE_ON,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
)
from homeassistant.core import CALLBACK_TYPE, Context, HomeAssistant, State, callback
from homeassistant.helpers.event import async_track_state_change_event, async_track_time_interval
from homeassistant.util import dt as dt_util

from ...const import DOMAIN, LOGGER
from ...lib.fault_log import FaultLog
from ...lib.passed_pause import has_passed
from ...lib.plan.commanded import Commanded, EntityKind, EntityOrder
from ...lib.plan.daily_load import LoadState
from ...lib.plan.house_plan import MAX_LOADS
from ...lib.plan.limit_guard import (
    Cap,
    Claim,
    GuardedLoad,
    GuardOrder,
    RelayState,
    SeenLoad,
    SeenNumber,
    SeenSwitch,
    shares,
)
from ...lib.plan.limit_log import LoggedEvent
from ...lib.problem import Problem
from ...lib.stored_json import Size
from ..entry_types import AnyConfigEntry
from ..repair_issues import set_issue
from ..stored.limit_log_file import LimitLogFile
from ..stored.throttled_store import ThrottledStore
from .entered_loads import MIN_AMPERES, PHASE_KW, EnteredLoad, on_changed_loads
from .load_power import LoadPower
from .load_records import LoadRecords
from .order_sender import Orderer, async_send_order, entity_of, show_order
from .refused_loads import switched_loads

_TICK = timedelta(seconds=15)
_MAX_MISSED = 20
"""Ticks without a look of the planner after which a load is switched off: five minutes."""
_ALIVE_FOR = timedelta(minutes=1)
_READ_WITHIN_S = 3.0
_CALL_WITHIN = timedelta(minutes=2)
_SAVE_INTERVAL_S = 60.0
_MAX_STORED = 2 * MAX_LOADS
_MAX_CONTEXTS = 200
_MAX_NAMED = 6
_MIN_KW = 0.1
# A relay of the meter limits the load in one of these states.
_RELAYS = {"connected": STATE_ON, "disconnected": STATE_OFF}
_KW_OF_UNITS = {"W": 0.001, "kW": 1.0}
_AMPERES = {"A": 1.0, "mA": 0.001}
_SWITCHED = frozenset({EntityKind.SWITCH, EntityKind.START})


@dataclass(frozen=True)
class GuardState:
    """Content of the file: relays by entity, and loads by the ids of their subentries."""

    relays: Annotated[dict[str, RelayState], Size(_MAX_STORED)] = field(default_factory=dict)
    loads: Annotated[dict[str, GuardedLoad], Size(_MAX_STORED)] = field(default_factory=dict)


class GuardFile(ThrottledStore):
    """File with the state of the guard. Each change is written at once."""

    _type = GuardState
    state: GuardState

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        super().__init__(hass, entry_id, "limits", interval=_SAVE_INTERVAL_S)
        self.state = GuardState()

    @override
    async def _async_join(self, parsed: GuardState) -> None:
        self.state.relays.update(parsed.relays | self.state.relays)
        self.state.loads.update(parsed.loads | self.state.loads)


class LimitEnforcer:
    """Enforcer of the limits of one meter's loads.

    `contexts` are the ids of the contexts of its calls, and `log` is the log of the limits.
    """

    def __init__(self, hass: HomeAssistant, entry: AnyConfigEntry, records: LoadRecords) -> None:
        self._hass = hass
        self._entry = entry
        self._records = records
        self._file = GuardFile(hass, entry.entry_id)
        self.log = LimitLogFile(hass, entry.entry_id)
        self._faults = FaultLog(f"Limits of {entry.title}")
        self.contexts = deque[str](maxlen=_MAX_CONTEXTS)
        self._loads: Mapping[str, EnteredLoad] | None = None
        """Loads as they were read last. None if this has failed."""
        self._powers: dict[str, LoadPower] = {}
        self._caps: dict[str, Cap] = {}
        self._missed = Counter[str]()
        """Ticks since the planner has looked at a load."""
        self._calls: dict[str, tuple[datetime, asyncio.Task[None]]] = {}
        self._failed = set[str]()
        self._named: dict[Problem, str] = {}
        self._looked_at: datetime | None = None
        self._stop_tracking: CALLBACK_TYPE = lambda: None

    async def async_start(self) -> None:
        """Look now and later, until the entry is unloaded. A file is waited for some seconds."""
        entry, hass = self._entry, self._hass
        entry.async_on_unload(self._file.async_close)
        entry.async_on_unload(self._end_tracking)
        entry.async_on_unload(async_track_time_interval(hass, self._tick, _TICK))
        self._read_loads()
        if self._loads != {}:
            # The first load reloads its meter. Before that, there is no file.
            reading = hass.async_create_task(self._async_read(), f"{DOMAIN} limits")
            await asyncio.wait([reading], timeout=_READ_WITHIN_S)
        self.look()
        entry.async_on_unload(on_changed_loads(hass, entry, self._on_loads))

    async def _async_read(self) -> None:
        await self._faults.attempt(self._file.async_load)
        await self._faults.attempt(self.log.async_load)
        self.look()

    async def async_remove(self) -> None:
        """Remove the files."""
        await self._file.async_remove()
        await self.log.async_remove()

    def cap_of(self, load_id: str) -> Cap | None:
        """Return the bounds of a load. Return None if it is free."""
        return self._caps.get(load_id)

    def permits(self, load_id: str, entity: Commanded, order: EntityOrder) -> bool:
        """Return whether the plan's order stays within the limit of a load."""
        if (cap := self._caps.get(load_id)) is None:
            return True
        number = None if order.kind in _SWITCHED else float(order.value)
        entity_id = entity_of(self._hass, order.entity_id)
        return cap.permits(entity_id, number, is_off=order.value == entity.off)

    def note_follow(self, load_id: str) -> None:
        """Note that the planner has looked at a load."""
        self._missed[load_id] = 0

    def is_alive(self, now: datetime) -> bool:
        """Return whether it has looked at the loads in the last minute."""
        return not has_passed(self._looked_at, now, _ALIVE_FOR)

    @callback
    def _on_loads(self) -> None:
        self._read_loads()
        self.look()

    @callback
    def _read_loads(self) -> None:
        loads = self._faults.call(switched_loads, self._hass, self._entry)
        if loads is None:
            return
        self._loads = loads
        self._powers = {
            name: LoadPower(self._hass, entered.measured_by, entered.load.max_kw)
            for name, entered in loads.items()
        }
        self._end_tracking()
        entities = {
            entity_id
            for entered in loads.values()
            for entity_id in (entered.blocked_by, entered.measured_by, *entered.commanded)
            if entity_id and entered.blocked_by
        }
        self._stop_tracking = async_track_state_change_event(self._hass, entities, self.look)

    @callback
    def _end_tracking(self) -> None:
        self._stop_tracking()
        self._stop_tracking = lambda: None

    @callback
    def _tick(self, _now: datetime) -> None:
        if self._loads is None:
            self._read_loads()
        self._missed.update([*(self._loads or ())])
        self.look()

    @callback
    def look(self, _event: object = None) -> None:
        """Look at each load, and send what its limit needs."""
        now, loads = dt_util.utcnow(), self._loads or {}
        seen = {name: _or_none(self._seen, name, entered) for name, entered in loads.items()}
        self._failed.intersection_update(loads)
        for name, entered in loads.items():
            try:
                self._look_at(name, entered, seen, now)
                self._failed.discard(name)
            except Exception as err:  # noqa: BLE001 - one load's failure costs the others nothing
                self._failed.add(name)
                _or_none(self._faults.note_fault, f"limit of {entered.load.name}", err)
                self._give_up(name, entered, now)
        _or_none(self._forget_removed, now)
        _or_none(self._tell, now)
        self._looked_at = now

    def _look_at(
        self, name: str, entered: EnteredLoad, seen: Mapping[str, SeenLoad | None], now: datetime
    ) -> None:
        state, relay = self._file.state, None
        before = state.loads.get(name, GuardedLoad())
        if entered.blocked_by:
            was = state.relays.get(entered.blocked_by, RelayState())
            relay = was.seen(now, is_limited=self._is_limited(entered))
            self._keep(state.relays, entered.blocked_by, relay)
        cap_kw = None
        if relay and relay.counts:
            cap_kw = entered.limited_to
            if entered.limit_shared:
                cap_kw = self._share(name, entered, seen, now)
        looked = seen[name] or _unseen(entered)
        decision = before.looked(looked, cap_kw, relay, now)
        if cap_kw is None or decision.cap is None:
            self._caps.pop(name, None)
        else:
            self._caps[name] = decision.cap
        for order in decision.orders:
            is_again = decision.load.orders[order.entity_id].tries > 1
            self._send(name, entered, order, now, is_again=is_again)
        self._keep(state.loads, name, decision.load)
        for event in decision.events:
            latest = self._entry.runtime_data.latest
            self.log.append(
                LoggedEvent(
                    event.kind,
                    event.at,
                    latest.time if latest else None,
                    entered.blocked_by or "",
                    name,
                    entered.load.name,
                    event.limit_kw,
                    event.kw,
                    event.bounces,
                )
            )

    def _keep[T](self, stored: dict[str, T], name: str, value: T) -> None:
        """Keep a new state. It is written at once if it has changed."""
        if stored.get(name) == value:
            return
        stored[name] = value
        try:
            self._file.schedule()
            self._file.write_now()
        except Exception as err:  # noqa: BLE001 - what cannot be stored is still sent and logged
            _or_none(self._faults.note_fault, "file of limits", err)

    def _give_up(self, name: str, entered: EnteredLoad, now: datetime) -> None:
        """Switch off a load whose look has failed, unless its relay is known to be free."""
        is_free = entered.blocked_by is None or _or_none(self._is_limited, entered) is False
        if entered.switched_by and entered.load.hours is None and not is_free:
            order = GuardOrder(entered.switched_by, entered.stopped_by or entered.off_when)
            _or_none(self._send, name, entered, order, now)

    def _is_limited(self, entered: EnteredLoad) -> bool | None:
        """Return whether the relay limits a load. Return None if it tells nothing."""
        state = self._hass.states.get(entered.blocked_by or "")
        known = _RELAYS.get(state.state, state.state) if state else None
        return known == entered.blocked_when if known in {STATE_ON, STATE_OFF} else None

    def _share(
        self, name: str, entered: EnteredLoad, seen: Mapping[str, SeenLoad | None], now: datetime
    ) -> float:
        claims = {}
        for other, at in (self._loads or {}).items():
            if at.limit_shared and at.blocked_by == entered.blocked_by:
                looked = seen[other] or _unseen(at)
                needs = _or_none(self._needs, other) is not False
                given_kw = self._file.state.loads.get(other, GuardedLoad()).may_take(now)
                claims[other] = Claim(
                    at.limited_to, at.load.max_kw, looked.min_kw, needs, looked.shown_kw, given_kw
                )
        return shares(claims)[name]

    def _needs(self, name: str) -> bool:
        """Return whether a load runs by hand, or needs energy by the plan."""
        control = self._records.control_of(name)
        if control.main is None or control.main.hand is None:
            return control.left_kwh > 0
        return control.main.hand != control.main.off

    def _seen(self, name: str, entered: EnteredLoad) -> SeenLoad:
        """Return a load as it is seen now."""
        kw = _or_none(self._powers[name].measure, dt_util.utcnow())
        load, number = entered.load, self._number(entered)
        only_starts = load.hours is not None
        min_kw = load.max_kw
        if number:
            is_power = number.unit_kw in _KW_OF_UNITS.values()
            least = _MIN_KW if is_power else MIN_AMPERES * PHASE_KW * entered.phases
            min_kw = min(load.min_kw or least, load.max_kw)
        return SeenLoad(
            load.max_kw,
            min_kw,
            kw,
            self._switch(entered, kw),
            number,
            only_starts,
            is_lost=self._missed[name] >= _MAX_MISSED and _or_none(self._is_by_plan, name) is True,
        )

    def _number(self, entered: EnteredLoad) -> SeenNumber | None:
        if entered.power_set_by is None:
            return None
        state = self._hass.states.get(entered.power_set_by)
        attributes: Mapping[str, object] = state.attributes if state else {}
        unit = str(attributes.get(ATTR_UNIT_OF_MEASUREMENT))
        unit_kw, step = _KW_OF_UNITS.get(unit), 0.0
        if unit_kw is None:
            amperes = _AMPERES.get(unit, 1.0)
            unit_kw, step = amperes * PHASE_KW * entered.phases, 1 / amperes
        return SeenNumber(
            entered.power_set_by,
            _float(state.state if state else None),
            _float(attributes.get("min")),
            unit_kw,
            max(step, _float(attributes.get("step")) or 0.0),
        )

    def _switch(self, entered: EnteredLoad, kw: float | None) -> SeenSwitch | None:
        if entered.switched_by is None:
            return None
        state = self._hass.states.get(entered.switched_by)
        is_on = None
        if entered.stopped_by:
            shown = self._hass.states.get(entered.shown_by or "")
            if shown and shown.state not in {STATE_UNAVAILABLE, STATE_UNKNOWN}:
                is_on = shown.state in entered.shown_when
            elif kw is not None:
                is_on = kw >= _MIN_KW
        elif state and state.state not in {STATE_UNAVAILABLE, STATE_UNKNOWN}:
            is_assumed = kw is not None and state.attributes.get(ATTR_ASSUMED_STATE)
            is_on = kw >= _MIN_KW if is_assumed and kw is not None else not _is_off(entered, state)
        return SeenSwitch(entered.switched_by, entered.stopped_by or entered.off_when, is_on)

    def _is_by_plan(self, name: str) -> bool:
        """Return whether the plan has switched a load on."""
        main = self._records.control_of(name).main
        return main is not None and not main.is_by_hand and not main.is_given_back

    def _send(
        self,
        name: str,
        entered: EnteredLoad,
        order: GuardOrder,
        now: datetime,
        *,
        is_again: bool = False,
    ) -> None:
        """Send an order, unless the last call of its entity has no answer yet."""
        last = self._calls.get(order.entity_id)
        if last and not last[1].done() and not has_passed(last[0], now, _CALL_WITHIN):
            return
        kind = EntityKind.NUMBER if order.is_number else EntityKind.SWITCH
        sending = self._async_send(
            Orderer(name, entered.load.name, LoadState.BLOCKED),
            EntityOrder(order.entity_id, order.value, kind, now),
            is_again=is_again,
        )
        # The order is kept before the entity shows it.
        task = self._hass.async_create_task(sending, f"{DOMAIN} limit", eager_start=False)
        self._calls[order.entity_id] = now, task

    async def _async_send(self, orderer: Orderer, order: EntityOrder, *, is_again: bool) -> None:
        context = Context()
        self.contexts.append(context.id)
        if not is_again:
            shown = STATE_OFF if order.kind is EntityKind.SWITCH else order.value
            _or_none(show_order, self._hass, orderer, order, shown, context)
        try:
            await async_send_order(self._hass, order, context)
        except Exception as err:  # noqa: BLE001 - the entity's integration may raise any
            level = LOGGER.debug if is_again else LOGGER.warning
            level("%s was not limited: %s", orderer.name, type(err).__name__)

    def _forget_removed(self, now: datetime) -> None:
        """End the limits of loads that are removed."""
        if self._loads is None:
            return
        state, nothing = self._file.state, SeenLoad(0.0, 0.0)
        for name in [*state.loads.keys() - self._loads.keys()]:
            for event in state.loads[name].looked(nothing, None, None, now).events:
                last = next(at for at in reversed(self.log.limits) if at.load_id == name)
                self.log.append(
                    LoggedEvent(event.kind, now, None, "", name, last.load, event.limit_kw, None)
                )
            del state.loads[name]
            self._caps.pop(name, None)
            self._missed.pop(name, None)
        relays = {entered.blocked_by for entered in self._loads.values()}
        for relay in [*state.relays.keys() - relays]:
            del state.relays[relay]

    def _tell(self, now: datetime) -> None:
        """Raise and withdraw the repair issues."""
        loads, stored = self._loads or {}, self._file.state.loads
        over = {name for name in loads if stored.get(name, GuardedLoad()).is_over(now)}
        missed = [
            name
            for name, entered in loads.items()
            if entered.is_controlled and self._missed[name] >= _MAX_MISSED
        ]
        problems = {
            Problem.LOAD_NOT_LIMITED: over | self._failed,
            Problem.LOAD_NOT_FOLLOWED: missed,
        }
        for problem, names in problems.items():
            text = ", ".join(
                [loads[name].load.name for name in loads if name in names][:_MAX_NAMED]
            )
            if self._loads is None:
                text = self._entry.title
            if text != self._named.get(problem, ""):
                set_issue(self._hass, self._entry, problem, is_there=text, entities=text)
                self._named[problem] = text


def _or_none[**P, R](work: Callable[P, R], *args: P.args, **options: P.kwargs) -> R | None:
    """Return the result of `work`. Return None if it raises an exception: it is then unknown."""
    try:
        return work(*args, **options)
    except Exception:  # noqa: BLE001 - a limit needs nothing of what may fail
        return None


def _float(value: object) -> float | None:
    """Return a finite number, None for any other value."""
    number = _or_none(float, value)  # type: ignore[arg-type]
    return number if number is not None and abs(number) < float("inf") else None


def _is_off(entered: EnteredLoad, state: State) -> bool:
    """Return whether a switch is off. Of a select, only one option is on."""
    return state.state == entered.off_when or (
        state.domain in {"select", "input_select"} and state.state != entered.on_when
    )


def _unseen(entered: EnteredLoad) -> SeenLoad:
    """Return a load of which nothing can be read: under a limit, it must be off."""
    switch = entered.switched_by and SeenSwitch(
        entered.switched_by, entered.stopped_by or entered.off_when, None
    )
    load = entered.load
    return SeenLoad(
        load.max_kw, load.max_kw, None, switch or None, only_starts=load.hours is not None
    )
