"""Types of this integration's config entries, for signatures."""

from typing import Any

from homeassistant.config_entries import ConfigEntry

from ..lib.entities import SHORT_SERIAL_SIZE

# Entry of any kind, loaded or not. The coordinators' modules define types for entries of one kind.
type AnyConfigEntry = ConfigEntry[Any]


def short_title(entry: AnyConfigEntry) -> str:
    """Return the entry's title with a shortened serial number, so that the title fits on a line."""
    serial = entry.unique_id
    return entry.title.replace(serial, serial[-SHORT_SERIAL_SIZE:]) if serial else entry.title
