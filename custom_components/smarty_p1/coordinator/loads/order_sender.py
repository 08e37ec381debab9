"""Sender of orders to entities of other integrations. No other module calls their actions."""

from typing import NamedTuple

from homeassistant.components.button.const import SERVICE_PRESS
from homeassistant.components.lock.const import DOMAIN as LOCK, LockState
from homeassistant.const import (
    ATTR_ENTITY_ID,
    ATTR_UNIT_OF_MEASUREMENT,
    CONF_NAME,
    SERVICE_LOCK,
    SERVICE_SELECT_OPTION,
    SERVICE_TURN_OFF,
    SERVICE_TURN_ON,
    SERVICE_UNLOCK,
    STATE_OFF,
    STATE_ON,
    Platform,
)
from homeassistant.core import (
    DOMAIN as HOME_ASSISTANT,
    Context,
    HomeAssistant,
    callback,
    split_entity_id,
)
from homeassistant.helpers import entity_registry as er

from ...const import DOMAIN
from ...lib.plan.commanded import EntityKind, EntityOrder
from .needed_energy import PLANNED_POWER

EVENT_ORDER = f"{DOMAIN}_order"
"""Event on Home Assistant's bus, for the logbook: it tells who has switched an entity, and why."""
ATTR_ORDER, ATTR_REASON = "order", "reason"
BUTTONS = frozenset({"button", "input_button"})
NUMBERS = frozenset({EntityKind.NUMBER, EntityKind.FOLLOWED})
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


async def async_send_order(hass: HomeAssistant, order: EntityOrder, context: Context) -> None:
    """Call the action of an entity. Raises the errors of its integration."""
    is_start, entity_id = order.kind is EntityKind.START, entity_of(hass, order.entity_id)
    if split_entity_id(entity_id)[0] in BUTTONS and not is_start:
        entity_id = entity_of(hass, order.value)
    domain = split_entity_id(entity_id)[0]
    data: dict[str, str | float] = {ATTR_ENTITY_ID: entity_id}
    if domain in BUTTONS:
        action = SERVICE_PRESS
    elif domain in _OF_VALUES:
        action, name = _OF_VALUES[domain]
        data[name] = float(order.value) if order.kind in NUMBERS else order.value
    else:
        domain, action = _OF_STATES[STATE_ON if is_start else order.value]
    await hass.services.async_call(domain, action, data, blocking=True, context=context)


@callback
def show_order(
    hass: HomeAssistant, orderer: Orderer, order: EntityOrder, shown: str, context: Context
) -> None:
    """Show an order in the logbook, also as the cause of the change that it makes."""
    if order.kind is EntityKind.NUMBER:
        state = hass.states.get(entity_of(hass, order.entity_id))
        unit = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT, "") if state else ""
        shown = f"{float(order.value):g} {unit}"
    own_id = f"{orderer.subentry_id}_{PLANNED_POWER}"
    data = {
        ATTR_ENTITY_ID: er.async_get(hass).async_get_entity_id(Platform.SENSOR, DOMAIN, own_id),
        CONF_NAME: orderer.name,
        ATTR_ORDER: shown,
        ATTR_REASON: orderer.reason,
    }
    hass.bus.async_fire(EVENT_ORDER, data, context=context)
