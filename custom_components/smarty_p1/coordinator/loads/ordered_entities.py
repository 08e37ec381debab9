"""Entities that the plan commands: reports of their states, and the orders to them.

No other module calls an action of an entity of a load or battery.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping
from typing import NamedTuple

from homeassistant.components.button.const import SERVICE_PRESS
from homeassistant.components.lock.const import DOMAIN as LOCK, LockState
from homeassistant.const import (
    ATTR_ENTITY_ID,
    ATTR_UNIT_OF_MEASUREMENT,
    CONF_NAME,
    EVENT_CALL_SERVICE,
    SERVICE_LOCK,
    SERVICE_SELECT_OPTION,
    SERVICE_TURN_OFF,
    SERVICE_TURN_ON,
    SERVICE_UNLOCK,
    STATE_OFF,
    STATE_ON,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
    Platform,
)
from homeassistant.core import (
    CALLBACK_TYPE,
    DOMAIN as HOME_ASSISTANT,
    Context,
    Event,
    EventStateChangedData,
    HomeAssistant,
    State,
    callback,
    split_entity_id,
)
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util

from ...const import DOMAIN, LOGGER
from ...lib.plan.commanded import Commanded, EntityKind, EntityOrder, EntityReport, Phase
from ...lib.plan.load_control import LoadControl
from ..meter_coordinator import MeterCoordinator
from .load_records import LoadRecords
from .needed_energy import PLANNED_POWER
from .state_numbers import number_of

EVENT_ORDER = f"{DOMAIN}_order"
"""Event on Home Assistant's bus, for the logbook: it tells who has switched an entity, and why."""
ATTR_ORDER, ATTR_REASON = "order", "reason"
# A disk that hangs keeps no load on.
_WRITTEN_AFTER_S = 3.0
_OFF_WITHIN_S = 20.0
_MAX_CONTEXTS = 200
_BUTTONS = frozenset({"button", "input_button"})
_NUMBERS = frozenset({EntityKind.NUMBER, EntityKind.FOLLOWED})
# Actions that set an entity to a value, with the name of the value, by domain.
_OF_VALUES = {
    **dict.fromkeys(("number", "input_number"), ("set_value", "value")),
    **dict.fromkeys(("select", "input_select"), (SERVICE_SELECT_OPTION, "option")),
}
# Actions by the state that is ordered. Switches and helpers have theirs in common.
_OF_STATES = {
    STATE_ON: (HOME_ASSISTANT, SERVICE_TURN_ON),
    STATE_OFF: (HOME_ASSISTANT, SERVICE_TURN_OFF),
    LockState.LOCKED: (LOCK, SERVICE_LOCK),
    LockState.UNLOCKED: (LOCK, SERVICE_UNLOCK),
}
# A lock that moves is still as it was.
_STILL: Mapping[str, str] = {
    LockState.LOCKING: LockState.UNLOCKED,
    LockState.UNLOCKING: LockState.LOCKED,
}


def key_of(hass: HomeAssistant, entity_id: str) -> str:
    """Return the registry id of an entity, which a new name does not change, or else its id."""
    registered = er.async_get(hass).async_get(entity_id)
    return registered.id if registered else entity_id


def entity_of(hass: HomeAssistant, key: str) -> str:
    """Return the present id of an entity. It is the key itself if the entity is gone."""
    return er.async_resolve_entity_id(er.async_get(hass), key) or key


class Orderer(NamedTuple):
    """Load or battery that orders something."""

    subentry_id: str
    name: str
    reason: str | None = None
    """State of a load because of which it orders."""
    is_battery: bool = False


class OrderedEntities:
    """Sender of the orders of all loads of a meter. It stores each before it is sent."""

    def __init__(
        self, hass: HomeAssistant, coordinator: MeterCoordinator, on_answer: Callable[[str], None]
    ) -> None:
        self._hass = hass
        self._records = coordinator.load_records
        self._faults = coordinator.faults
        self._on_answer = on_answer
        self._own = deque[str](maxlen=_MAX_CONTEXTS)
        self._others = deque[str](maxlen=_MAX_CONTEXTS)
        self.called: str | None = None
        """Entity whose state the call of somebody else has just changed."""
        self._stored = set[str]()
        self._refused = set[str]()
        """Entities whose refusal is logged. An order is repeated each few seconds under a limit."""

    @callback
    def listen(self) -> CALLBACK_TYPE:
        """Note the contexts of all calls from now on. Return a function that ends this."""
        return self._hass.bus.async_listen(EVENT_CALL_SERVICE, self._note_call)

    @callback
    def _note_call(self, event: Event) -> None:
        context = event.context
        if context.parent_id in self._own:
            # A script or template switch carries out an order.
            self._own.append(context.id)
        elif context.id not in self._own:
            self._others.append(context.id)

    def reports(self, control: LoadControl) -> dict[str, EntityReport]:
        """Return the present states of the entities."""
        return {
            at.entity_id: _report_of(self._hass, at)._replace(
                is_called=entity_of(self._hass, at.entity_id) == self.called
            )
            for at in control.entities
        }

    @callback
    def note_state(self, event: Event[EventStateChangedData]) -> None:
        """Note whether a call of somebody else has changed a state. The next reports say so.

        A device or app reports its own changes with a new context, and so does a slow device.
        """
        old, new = event.data["old_state"], event.data["new_state"]
        self.called = None
        if new and old and new.state != old.state:
            context = new.context
            is_own = context.id in self._own or context.parent_id in self._own
            is_call = context.user_id or context.parent_id or context.id in self._others
            self.called = new.entity_id if is_call and not is_own else None

    @callback
    def forget_state(self) -> None:
        """Forget which entity a person or another program has called: it was reported."""
        self.called = None

    @callback
    def command(self, orderer: Orderer, control: LoadControl) -> None:
        """Keep the control of a load or battery, and send its orders."""
        before = self._records.control_of(orderer.subentry_id)
        control, orders = control.due(dt_util.utcnow())
        self._keep(orderer, control)
        if control.hand_until != before.hand_until:
            # Otherwise, a power cut could lose that a person has chosen this state.
            self._records.write_now()
        for order in orders:
            is_again = control.of(order.entity_id, order.kind).tries > 0
            sending = self._async_send(orderer, order, is_again=is_again)
            self._hass.async_create_task(sending, f"{DOMAIN} order")

    def _keep(self, orderer: Orderer, control: LoadControl) -> None:
        name, is_battery = orderer.subentry_id, orderer.is_battery
        self._records.put_control(name, control, is_battery=is_battery)

    async def _async_send(self, orderer: Orderer, order: EntityOrder, *, is_again: bool) -> None:
        context, is_done = Context(), False
        self._own.append(context.id)
        # A battery is set each few seconds, and a refused order is sent again and again.
        if order.kind is not EntityKind.FOLLOWED and not is_again:
            self._faults.call(self._log, orderer, order, context)
        if order.kind not in _NUMBERS or order.entity_id not in self._stored:
            await asyncio.wait([self._records.write_now()], timeout=_WRITTEN_AFTER_S)
        # A number is stored once, until it is given back: a battery is set each few seconds.
        is_set = order.kind in _NUMBERS and float(order.value) != 0
        (self._stored.add if is_set else self._stored.discard)(order.entity_id)
        try:
            await async_send_order(self._hass, order, context)
            is_done = True
            self._refused.discard(order.entity_id)
        except Exception as err:  # noqa: BLE001 - the entity's integration may raise any
            level = logging.DEBUG if order.entity_id in self._refused else logging.WARNING
            self._refused.add(order.entity_id)
            LOGGER.log(level, "%s was not switched or set: %s", orderer.name, type(err).__name__)
        control, now = self._records.control_of(orderer.subentry_id), dt_util.utcnow()
        self._keep(orderer, control.answered(order, now, is_done=is_done))
        self._on_answer(orderer.subentry_id)

    @callback
    def _log(self, orderer: Orderer, order: EntityOrder, context: Context) -> None:
        """Show an order in the logbook, also as the cause of the change that it makes."""
        own_id = f"{orderer.subentry_id}_{PLANNED_POWER}"
        at = self._records.control_of(orderer.subentry_id).of(order.entity_id, order.kind)
        shown = STATE_ON if order.kind is EntityKind.START else order.value
        if order.kind is EntityKind.SWITCH:
            shown = STATE_ON if shown == at.on else STATE_OFF
        if order.kind is EntityKind.NUMBER:
            state = _state_of(self._hass, order.entity_id)
            unit = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT, "") if state else ""
            shown = f"{float(shown):g} {unit}"
        data = {
            ATTR_ENTITY_ID: er.async_get(self._hass).async_get_entity_id(
                Platform.SENSOR, DOMAIN, own_id
            ),
            CONF_NAME: orderer.name,
            ATTR_ORDER: shown,
            ATTR_REASON: orderer.reason,
        }
        self._hass.bus.async_fire(EVENT_ORDER, data, context=context)


def _state_of(hass: HomeAssistant, key: str) -> State | None:
    return hass.states.get(entity_of(hass, key))


def _report_of(hass: HomeAssistant, at: Commanded) -> EntityReport:
    """Return the present state of an entity, as the plan compares it."""
    state = _state_of(hass, at.entity_id)
    value = _value_of(at, state) if state and state.state != STATE_UNAVAILABLE else None
    return EntityReport(value, is_trusted=hass.is_running)


def _value_of(at: Commanded, state: State) -> str | None:
    if at.is_number:
        number = number_of(state)
        return None if number is None else str(number)
    if at.kind is EntityKind.SWITCH and state.domain in _BUTTONS:
        # A button has no state that shows the effect of a press. So believe the order.
        return at.ordered if at.phase in {Phase.UNCONFIRMED, Phase.HELD} else at.on
    if state.state == STATE_UNKNOWN and at.kind is not EntityKind.START:
        return None
    return _STILL.get(state.state, state.state)


async def async_send_order(hass: HomeAssistant, order: EntityOrder, context: Context) -> None:
    """Call the action of an entity. Raises the errors of its integration."""
    is_start, entity_id = order.kind is EntityKind.START, entity_of(hass, order.entity_id)
    if split_entity_id(entity_id)[0] in _BUTTONS and not is_start:
        entity_id = entity_of(hass, order.value)
    domain = split_entity_id(entity_id)[0]
    data: dict[str, str | float] = {ATTR_ENTITY_ID: entity_id}
    if domain in _BUTTONS:
        action = SERVICE_PRESS
    elif domain in _OF_VALUES:
        action, name = _OF_VALUES[domain]
        data[name] = float(order.value) if order.kind in _NUMBERS else order.value
    else:
        domain, action = _OF_STATES[STATE_ON if is_start else order.value]
    await hass.services.async_call(domain, action, data, blocking=True, context=context)


async def async_all_off(hass: HomeAssistant, records: LoadRecords) -> None:
    """Switch off, once, all that the plan has switched on. Its meter is removed or disabled."""
    now = dt_util.utcnow()
    orders = list[EntityOrder]()
    for record in records.state.loads.values():
        reports = {at.entity_id: _report_of(hass, at) for at in record.control.entities}
        orders += record.control.reported(reports, now).used({}, now).due(now)[1]
    if not orders:
        return
    calls = [async_send_order(hass, order, Context()) for order in orders]
    tasks = [hass.async_create_task(call, f"{DOMAIN} off") for call in calls]
    done, _ = await asyncio.wait(tasks, timeout=_OFF_WITHIN_S)
    for err in filter(None, (task.exception() for task in done)):
        LOGGER.warning("A load was not switched off: %s", type(err).__name__)
