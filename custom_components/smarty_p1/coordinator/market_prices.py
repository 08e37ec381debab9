"""Current market prices of a kWh, from the entities that the user has chosen in the options."""

from collections.abc import Mapping
from functools import partial
from math import isfinite

from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT
from homeassistant.core import Event, HomeAssistant, State, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.event import async_track_entity_registry_updated_event

from ..const import (
    CONF_ENERGY_PRICE_ENTITY,
    CONF_ENERGY_PRICE_ENTITY_BEFORE,
    CONF_FEED_IN_PRICE_ENTITY,
    CONF_FEED_IN_PRICE_ENTITY_BEFORE,
)
from ..lib.tariff import MarketPrices
from .entry_types import AnyConfigEntry

# Highest plausible price in euro per kWh.
MAX_PRICE = 100.0
PRICE_ENTITIES: Mapping[str, str] = {
    CONF_ENERGY_PRICE_ENTITY: CONF_ENERGY_PRICE_ENTITY_BEFORE,
    CONF_FEED_IN_PRICE_ENTITY: CONF_FEED_IN_PRICE_ENTITY_BEFORE,
}
"""Option with a price entity, mapped to the option with the price entity of the previous contract.

The previous entity is used until the changed contract begins.
"""
_UNIT_FACTORS = {
    **dict.fromkeys(("EUR/kWh", "€/kWh"), 1.0),
    **dict.fromkeys(("EUR/MWh", "€/MWh"), 0.001),
    **dict.fromkeys(("ct/kWh", "c/kWh", "¢/kWh"), 0.01),
}
"""Accepted units of a price, each with the factor that converts the price to euro per kWh."""


def unit_factor(state: State) -> float | None:
    """Return the factor that converts a state to EUR per kWh.

    Return None if the state's unit is not a unit of price.
    """
    unit = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT)
    # Template entities and helpers may have no unit. Assume that their state is in euro per kWh.
    return _UNIT_FACTORS.get(unit) if unit else 1.0


def price_of(state: State | None) -> float | None:
    """Return a state's price in EUR per kWh, None if the price is unknown or above MAX_PRICE."""
    factor = unit_factor(state) if state else None
    if state is None or factor is None:
        return None
    try:
        price = float(state.state) * factor
    except ValueError:
        return None
    return price if isfinite(price) and abs(price) <= MAX_PRICE else None


class MarketPriceEntities:
    """Price entities of one config entry. If a user renames an entity, the option is updated."""

    def __init__(self, hass: HomeAssistant, entry: AnyConfigEntry) -> None:
        self._hass = hass
        self._entry = entry

    @callback
    def async_start(self) -> None:
        """Update the options when a price entity is renamed, until the entry is unloaded."""
        for option in (*PRICE_ENTITIES, *PRICE_ENTITIES.values()):
            if entity_id := self._entry.options.get(option):
                self._follow(option, entity_id)

    def prices(self, *, is_before_change: bool = False) -> MarketPrices:
        """Return the current prices of the chosen price entities.

        With `is_before_change`, use the entities of the contract before the last change.
        """
        return MarketPrices(*map(self._price, self.entities(is_before_change=is_before_change)))

    def entities(self, *, is_before_change: bool = False) -> tuple[str | None, ...]:
        """Return the ids of the entities for the import price and the feed-in price.

        An id is None if the user has chosen no entity. With `is_before_change`, return the entities
        of the contract before the last change.
        """
        options = self._entry.options
        return tuple(
            (is_before_change and options.get(before)) or options.get(now)
            for now, before in PRICE_ENTITIES.items()
        )

    def _price(self, entity_id: str | None) -> float | None:
        if entity_id is None:
            return None
        return price_of(self._hass.states.get(entity_id))

    @callback
    def _follow(self, option: str, entity_id: str) -> None:
        self._entry.async_on_unload(
            async_track_entity_registry_updated_event(
                self._hass, entity_id, partial(self._on_registry_change, option)
            )
        )

    @callback
    def _on_registry_change(
        self, option: str, event: Event[er.EventEntityRegistryUpdatedData]
    ) -> None:
        data, options = event.data, self._entry.options
        # Check that the renamed entity had the id in the option. The event also comes if another
        # entity now gets this id.
        if data["action"] == "update" and data.get("old_entity_id") == options.get(option):
            entity_id = data["entity_id"]
            self._hass.config_entries.async_update_entry(
                self._entry, options={**options, option: entity_id}
            )
            self._follow(option, entity_id)
