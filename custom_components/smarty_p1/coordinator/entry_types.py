"""The config entries of this integration, as signatures name them."""

from typing import Any

from homeassistant.config_entries import ConfigEntry

# Of whatever kind, loaded or not; those of one kind are named beside their coordinators.
type AnyConfigEntry = ConfigEntry[Any]
