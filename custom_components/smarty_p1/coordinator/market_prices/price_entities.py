"""Price entities that the user has chosen in the options, and the prices in their states."""

from datetime import datetime
from math import isfinite

from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT
from homeassistant.core import HomeAssistant, State

from ...const import CONF_ENERGY_PRICE_ENTITY, CONF_FEED_IN_PRICE_ENTITY
from ...lib.history.luxembourg_time import local_day
from ...lib.history.market_prices import MarketPrices
from ...lib.prices.entered_contract import terms_from, terms_on
from ...lib.prices.market_price_series import MAX_PRICE
from ..entry_types import AnyConfigEntry

PRICE_ENTITIES = (CONF_ENERGY_PRICE_ENTITY, CONF_FEED_IN_PRICE_ENTITY)
"""Terms of a contract with the entities for the import price and for the feed-in price."""
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
    return factor_of(state.attributes.get(ATTR_UNIT_OF_MEASUREMENT))


def factor_of(unit: str | None) -> float | None:
    """Return the factor that converts a unit to EUR per kWh, None if it is no unit of price."""
    # Template entities and helpers may have no unit. Assume that their state is in euro per kWh.
    return _UNIT_FACTORS.get(unit) if unit else 1.0


def price_of(state: State | None) -> float | None:
    """Return a state's price in EUR per kWh.

    Return None if the price is unknown or above MAX_PRICE.
    """
    factor = unit_factor(state) if state else None
    if state is None or factor is None:
        return None
    try:
        price = float(state.state) * factor
    except ValueError:
        return None
    return price if isfinite(price) and abs(price) <= MAX_PRICE else None


class MarketPriceEntities:
    """Price entities that the user has chosen in the contracts of one meter."""

    def __init__(self, hass: HomeAssistant, entry: AnyConfigEntry) -> None:
        self._hass = hass
        self._entry = entry

    def prices_at(self, time: datetime) -> MarketPrices:
        """Return the current prices of the entities in the contract that holds at `time`."""
        get = self._hass.states.get
        return MarketPrices(*(price_of(get(name or "")) for name in self.entities_at(time)))

    def entities_at(self, time: datetime) -> tuple[str | None, ...]:
        """Return the ids of the entities for the import price and the feed-in price.

        They are those of the contract that holds at `time`. An id is None if it has no entity.
        """
        terms = terms_on(self._entry.options, local_day(time))
        return tuple(terms.get(name) for name in PRICE_ENTITIES)

    def entities_from(self, time: datetime) -> set[str]:
        """Return the ids of all entities in the contracts that hold at `time` or later."""
        contracts = terms_from(self._entry.options, local_day(time))
        return {terms[name] for terms in contracts for name in PRICE_ENTITIES if name in terms}
