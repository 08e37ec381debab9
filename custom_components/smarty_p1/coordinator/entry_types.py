"""The types of this integration's config entries, for signatures."""

from typing import Any

from homeassistant.config_entries import ConfigEntry

from ..lib.entities import SHORT_SERIAL_SIZE

# Of whatever kind, loaded or not; those of one kind are named beside their coordinators.
type AnyConfigEntry = ConfigEntry[Any]


def short_title(entry: AnyConfigEntry) -> str:
    """Return the title as it fits a line: of the serial number in it, the end."""
    serial = entry.unique_id
    return entry.title.replace(serial, serial[-SHORT_SERIAL_SIZE:]) if serial else entry.title
