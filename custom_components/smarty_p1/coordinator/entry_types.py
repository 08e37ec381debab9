"""Types of this integration's config entries, for signatures."""

from typing import Any

from homeassistant.config_entries import ConfigEntry

from ..lib.entities.devices import SHORT_SERIAL_SIZE

# Type of an entry of any kind, loaded or not. The modules of the coordinators define types for
# entries of a single kind.
type AnyConfigEntry = ConfigEntry[Any]


def short_title(entry: AnyConfigEntry) -> str:
    """Return the entry's title with a short form of its serial number, so that it fits a line."""
    serial = entry.unique_id
    return entry.title.replace(serial, serial[-SHORT_SERIAL_SIZE:]) if serial else entry.title
