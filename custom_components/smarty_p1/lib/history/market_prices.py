"""Market prices of a kilowatt-hour at one moment."""

from typing import NamedTuple


class MarketPrices(NamedTuple):
    """Current market prices of a kWh in EUR, without the contract's margins.

    A price is None if it is unknown.
    """

    energy: float | None = None
    feed_in: float | None = None


NO_PRICES = MarketPrices()
