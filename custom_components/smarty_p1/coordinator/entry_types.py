"""Types of this integration's config entries, for signatures, and lists of the entries."""

from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback

from ..const import DOMAIN
from ..lib.entities.devices import SHORT_SERIAL_SIZE

# Type of an entry of any kind, loaded or not. The modules of the coordinators define types for
# entries of a single kind.
type AnyConfigEntry = ConfigEntry[Any]


@callback
def known_meters(hass: HomeAssistant) -> list[AnyConfigEntry]:
    """Return the entries of all meters, pulse readers and tanks, disabled entries included.

    Home Assistant also has an entry for each discovery that a user ignores. Such an entry has no
    data, so it must not count as a meter.
    """
    return hass.config_entries.async_entries(DOMAIN, include_ignore=False)


@callback
def active_meters(hass: HomeAssistant) -> list[AnyConfigEntry]:
    """Return the entries of the meters, pulse readers and tanks that are not disabled."""
    return [entry for entry in known_meters(hass) if not entry.disabled_by]


def short_title(entry: AnyConfigEntry) -> str:
    """Return the entry's title with a short form of its serial number, so that it fits a line."""
    serial = entry.unique_id
    return entry.title.replace(serial, serial[-SHORT_SERIAL_SIZE:]) if serial else entry.title
