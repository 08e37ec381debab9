"""Functions that make Home Assistant ignore its own virtual meter.

Otherwise, a user could add the virtual meter, although Home Assistant already counts the energy of
the real meter.
"""

from collections.abc import Collection, Iterator

from homeassistant.config_entries import SOURCE_IGNORE
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from ..const import LOGGER
from ..coordinator.entry_types import AnyConfigEntry
from ..lib.virtual.announcements import AnnouncementKind, announcements_of
from ..lib.virtual.device_identity import homewizard_unique_id, shelly_mac


def discovered_entry(kind: AnnouncementKind, serial: str) -> tuple[str, str]:
    """Return domain and unique id of the config entry that discovery would create for a kind."""
    if kind is AnnouncementKind.HOMEWIZARD:
        return "homewizard", homewizard_unique_id(serial)
    return "shelly", shelly_mac(serial)


async def async_ignore(hass: HomeAssistant, kind: AnnouncementKind, serial: str) -> bool:
    """Make Home Assistant ignore a kind of virtual meter. Return False if that fails.

    If a user has added the virtual meter, return True and change nothing. Ignoring the virtual
    meter would remove the user's entry.
    """
    domain, unique_id = discovered_entry(kind, serial)
    if _entry_of(hass, kind, serial):
        return True
    title = announcements_of(kind, serial)[0].name
    try:
        # Start the same flow as the user's "Ignore" button.
        result = await hass.config_entries.flow.async_init(
            domain,
            context={"source": SOURCE_IGNORE},
            data={"unique_id": unique_id, "title": title},
        )
    except (HomeAssistantError, ImportError) as err:
        LOGGER.warning("%s cannot be told to ignore the virtual meter: %s", domain, err)
        return False
    is_ignored: bool = result["type"] == "create_entry"
    return is_ignored


async def async_stop_ignoring(
    hass: HomeAssistant, kinds: Collection[AnnouncementKind], serial: str
) -> None:
    """Undo `async_ignore` for the given kinds of virtual meter."""
    for kind in kinds:
        entry = _entry_of(hass, kind, serial)
        if entry and entry.source == SOURCE_IGNORE:
            await hass.config_entries.async_remove(entry.entry_id)


def find_added_entries(hass: HomeAssistant, serial: str) -> Iterator[AnyConfigEntry]:
    """Yield the entries that users have created for the virtual meter."""
    for kind in AnnouncementKind:
        entry = _entry_of(hass, kind, serial)
        if entry and entry.source != SOURCE_IGNORE:
            yield entry


def _entry_of(hass: HomeAssistant, kind: AnnouncementKind, serial: str) -> AnyConfigEntry | None:
    entry = hass.config_entries.async_entry_for_domain_unique_id
    return entry(*discovered_entry(kind, serial))
