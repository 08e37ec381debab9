"""Actions of the entities by which the plan switches and sets loads."""

from homeassistant.const import ATTR_ENTITY_ID, SERVICE_TURN_OFF, SERVICE_TURN_ON
from homeassistant.core import DOMAIN as HOME_ASSISTANT, HomeAssistant

from ...const import LOGGER

# Switches and helpers have these actions in common.
_SWITCHING = {SERVICE_TURN_ON, SERVICE_TURN_OFF}


async def async_call_entity(
    hass: HomeAssistant, name: str, entity_id: str, action: str, **data: object
) -> bool:
    """Call an action of an entity. Return False, and log the load's `name`, if it fails."""
    domain = HOME_ASSISTANT if action in _SWITCHING else entity_id.partition(".")[0]
    try:
        await hass.services.async_call(
            domain, action, {ATTR_ENTITY_ID: entity_id, **data}, blocking=True
        )
    except Exception as err:  # noqa: BLE001 - the entity's integration may raise any
        LOGGER.warning("%s was not switched or set: %s", name, type(err).__name__)
        return False
    return True
