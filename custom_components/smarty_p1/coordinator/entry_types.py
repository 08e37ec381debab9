"""The types of this integration's config entries, for signatures."""

from typing import Any

from homeassistant.config_entries import ConfigEntry

# Of whatever kind, loaded or not; those of one kind are named beside their coordinators.
type AnyConfigEntry = ConfigEntry[Any]
