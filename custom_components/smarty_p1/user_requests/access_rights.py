"""Access rights: a user who may read one entity of a meter may request all data of this meter.

A right to read a disabled entity suffices, too. Automations and scripts without a user may request
the data of every meter. docs/rights.md has a table of all rights.
"""

from collections.abc import Callable

from homeassistant.auth.models import User
from homeassistant.auth.permissions.const import POLICY_READ
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import Unauthorized
from homeassistant.helpers import entity_registry as er

from ..const import DOMAIN
from ..coordinator import has_pulses, has_records
from ..coordinator.entry_types import AnyConfigEntry, known_meters


def may_read(hass: HomeAssistant, user: User, entry: AnyConfigEntry) -> bool:
    """Return whether a user may read at least one entity of an entry."""
    permissions = user.permissions
    if user.is_admin or permissions.access_all_entities(POLICY_READ):
        return True
    return any(
        permissions.check_entity(entity.entity_id, POLICY_READ)
        for entity in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    )


def readable_entries(
    hass: HomeAssistant, user: User, is_of_kind: Callable[[AnyConfigEntry], bool]
) -> list[AnyConfigEntry]:
    """Return the entries of a kind that a user may read, whether loaded or not."""
    entries = filter(is_of_kind, known_meters(hass))
    return [entry for entry in entries if may_read(hass, user, entry)]


def readable_meter(
    hass: HomeAssistant, user: User, entry_id: str, *, or_pulse_reader: bool
) -> AnyConfigEntry | None:
    """Return the entry of a meter, whether loaded or not.

    Return None if no meter has this entry id. With `or_pulse_reader`, it may be a pulse reader.

    Raises Unauthorized if the user may read none of the meter's entities.
    """
    entry = hass.config_entries.async_get_entry(entry_id)
    if entry is None or entry.domain != DOMAIN:
        return None
    if not has_records(entry) and not (or_pulse_reader and has_pulses(entry)):
        return None
    if not may_read(hass, user, entry):
        raise Unauthorized(permission=POLICY_READ)
    return entry
