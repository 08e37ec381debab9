"""Options page for the sun: inverters and batteries that supply the house behind a meter."""

from collections.abc import Mapping, Sequence
from typing import Any

import voluptuous as vol
from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import (
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)

from ..const import CONF_SUN_SOURCES
from ..coordinator.entry_types import AnyConfigEntry
from ..coordinator.house_sources import HouseSource, chosen_ids, is_only_meter

# Longest shown name in characters. Longer names are cut, because other integrations choose them.
_MAX_NAME = 64


def sun_fields(
    hass: HomeAssistant, entry: AnyConfigEntry, sources: Sequence[HouseSource]
) -> dict[vol.Marker, Any]:
    """Return the field that lists all solar and battery sources, with the chosen ones checked."""
    field = SelectSelector(
        SelectSelectorConfig(
            options=[
                SelectOptionDict(value=source.delivered, label=source.name[:_MAX_NAME])
                for source in sources
            ],
            multiple=True,
            mode=SelectSelectorMode.LIST,
        )
    )
    return {vol.Optional(CONF_SUN_SOURCES, default=chosen_ids(hass, entry, sources)): field}


def read_sun(
    hass: HomeAssistant,
    entry: AnyConfigEntry,
    sources: Sequence[HouseSource],
    typed: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the options to store.

    Store nothing if the user chose all sources for the only meter. Then a source that the user adds
    to the Energy dashboard later counts, too.
    """
    chosen = typed[CONF_SUN_SOURCES]
    if len(chosen) == len(sources) and is_only_meter(hass, entry):
        return {}
    return {CONF_SUN_SOURCES: chosen}
