"""Prices in the states of price entities, and their units."""

from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT
from homeassistant.core import State

from ...lib.prices.market_price_series import is_price
from ..loads.state_numbers import number_of

PRICE_ENTITIES = ("energy_price_entity", "feed_in_price_entity")
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
    """Return a state's price in EUR per kWh. Return None if it is unknown, or no market has it."""
    price = stated_price(state)
    return price if price is not None and is_price(price) else None


def stated_price(state: State | None) -> float | None:
    """Return the number of a state in EUR per kWh, however high. Return None without a number."""
    factor, number = unit_factor(state) if state else None, number_of(state)
    return None if factor is None or number is None else number * factor
