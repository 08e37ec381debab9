"""Home Assistant must not find its own virtual meter: its energy would count twice."""

from collections.abc import Collection, Iterator
from typing import NamedTuple

from homeassistant.config_entries import SOURCE_IGNORE
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from ..const import LOGGER
from ..coordinator.entry_types import AnyConfigEntry
from ..lib.virtual import Kind, announcements_of, homewizard_unique_id, shelly_mac


class FoundAs(NamedTuple):
    """What discovery would make of the virtual meter: an integration, and an id in it."""

    domain: str
    unique_id: str


def found_as(kind: Kind, serial: str) -> FoundAs:
    """Return what discovery would make of a kind of meter."""
    if kind is Kind.HOMEWIZARD:
        return FoundAs("homewizard", homewizard_unique_id(serial))
    return FoundAs("shelly", shelly_mac(serial))


async def async_ignore(hass: HomeAssistant, kind: Kind, serial: str) -> bool:
    """Have discovery ignore a kind of the virtual meter; return whether it does.

    One that somebody has added is left: Home Assistant would remove it.
    """
    domain, unique_id = found_as(kind, serial)
    if _entry_of(hass, FoundAs(domain, unique_id)):
        return True
    title = announcements_of(kind, serial)[0].name
    try:
        # As the user's own "Ignore" does.
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


async def async_stop_ignoring(hass: HomeAssistant, kinds: Collection[Kind], serial: str) -> None:
    """Take back what `async_ignore` has done."""
    for kind in kinds:
        entry = _entry_of(hass, found_as(kind, serial))
        if entry and entry.source == SOURCE_IGNORE:
            await hass.config_entries.async_remove(entry.entry_id)


def added(hass: HomeAssistant, serial: str) -> Iterator[AnyConfigEntry]:
    """Yield the entries in which the virtual meter was added as if it were another one."""
    for kind in Kind:
        entry = _entry_of(hass, found_as(kind, serial))
        if entry and entry.source != SOURCE_IGNORE:
            yield entry


def _entry_of(hass: HomeAssistant, found: FoundAs) -> AnyConfigEntry | None:
    return hass.config_entries.async_entry_for_domain_unique_id(found.domain, found.unique_id)
