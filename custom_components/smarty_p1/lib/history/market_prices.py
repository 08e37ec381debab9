"""Market prices of a kilowatt-hour at one moment, and of past hours."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple


class MarketPrices(NamedTuple):
    """Current market prices of a kWh in EUR, without the contract's margins.

    A price is None if it is unknown.
    """

    energy: float | None = None
    feed_in: float | None = None


NO_PRICES = MarketPrices()

type MarketHours = Mapping[datetime, MarketPrices]
"""The market's prices by the start of their hour, in UTC."""
NO_MARKET_HOURS: MarketHours = {}
