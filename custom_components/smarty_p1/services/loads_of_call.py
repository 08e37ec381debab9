"""Loads of an action call: entities whose energy the answer leaves out of the past."""

from collections.abc import Sequence

import voluptuous as vol
from homeassistant.auth.permissions.const import POLICY_READ
from homeassistant.core import ServiceCall
from homeassistant.exceptions import Unauthorized
from homeassistant.helpers import config_validation as cv

from ..user_requests.request_fields import SchemaFields

ATTR_LOADS = "loads"
MAX_LOADS = 10
LOADS: SchemaFields = {
    # A tuple, because a question must be hashable.
    vol.Optional(ATTR_LOADS, default=()): vol.All(
        cv.entity_ids, vol.Length(max=MAX_LOADS), vol.Coerce(tuple)
    ),
}
"""Part of a schema for the power or energy entities of loads."""


async def async_readable_loads(call: ServiceCall, loads: Sequence[str]) -> Sequence[str]:
    """Return the entities of a call. Raises Unauthorized if the user may not read one of them."""
    user_id = call.context.user_id
    user = None if user_id is None else await call.hass.auth.async_get_user(user_id)
    for entity_id in loads:
        if user and not user.permissions.check_entity(entity_id, POLICY_READ):
            raise Unauthorized(
                context=call.context,
                user_id=user_id,
                entity_id=entity_id,
                permission=POLICY_READ,
            )
    return loads
