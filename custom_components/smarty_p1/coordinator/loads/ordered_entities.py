"""Entities that the plan commands: reports of their states, and the orders to them."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping
from functools import partial

from homeassistant.components.lock.const import LockState
from homeassistant.const import (
    EVENT_CALL_SERVICE,
    STATE_OFF,
    STATE_ON,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
)
from homeassistant.core import (
    CALLBACK_TYPE,
    Context,
    Event,
    EventStateChangedData,
    HomeAssistant,
    State,
    callback,
)
from homeassistant.util import dt as dt_util

from ...const import DOMAIN, LOGGER
from ...lib.plan.commanded import Commanded, EntityKind, EntityOrder, EntityReport, Phase
from ...lib.plan.load_control import LoadControl
from ..meter_coordinator import MeterCoordinator
from .load_records import LoadRecords
from .order_sender import BUTTONS, NUMBERS, Orderer, async_send_order, entity_of, show_order
from .state_numbers import number_of

# A disk that hangs keeps no load on.
_WRITTEN_AFTER_S = 3.0
_OFF_WITHIN_S = 20.0
_MAX_CONTEXTS = 200
# A lock that moves is still as it was.
_STILL: Mapping[str, str] = {
    LockState.LOCKING: LockState.UNLOCKED,
    LockState.UNLOCKING: LockState.LOCKED,
}


class OrderedEntities:
    """Sender of the orders of all loads of a meter. It stores each before it is sent."""

    def __init__(
        self, hass: HomeAssistant, coordinator: MeterCoordinator, on_answer: Callable[[str], None]
    ) -> None:
        self._hass = hass
        self._records = coordinator.load_records
        self._faults = coordinator.faults
        self._on_answer = on_answer
        self._limits = coordinator.limits
        self._own = self._limits.contexts
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
        """Keep the control of a load or battery, and send the orders that its limit permits."""
        before = self._records.control_of(orderer.subentry_id)
        permits = partial(self._limits.permits, orderer.subentry_id)
        control, orders = control.due(dt_util.utcnow(), permits)
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
        if order.kind not in NUMBERS or order.entity_id not in self._stored:
            await asyncio.wait([self._records.write_now()], timeout=_WRITTEN_AFTER_S)
        # A number is stored once, until it is given back: a battery is set each few seconds.
        is_set = order.kind in NUMBERS and float(order.value) != 0
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
        at = self._records.control_of(orderer.subentry_id).of(order.entity_id, order.kind)
        shown = STATE_ON if order.kind is EntityKind.START else order.value
        if order.kind is EntityKind.SWITCH:
            shown = STATE_ON if shown == at.on else STATE_OFF
        show_order(self._hass, orderer, order, shown, context)


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
    if at.kind is EntityKind.SWITCH and state.domain in BUTTONS:
        # A button has no state that shows the effect of a press. So believe the order.
        return at.ordered if at.phase in {Phase.UNCONFIRMED, Phase.HELD} else at.on
    if state.state == STATE_UNKNOWN and at.kind is not EntityKind.START:
        return None
    return _STILL.get(state.state, state.state)


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
