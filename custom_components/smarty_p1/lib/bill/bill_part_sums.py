"""Part of a month in which contract, published prices and aids do not change."""

from collections.abc import Sequence
from datetime import datetime
from operator import add
from typing import NamedTuple

from ..history.luxembourg_time import LUXEMBOURG, day_end, day_start, month_end, month_start
from ..history.market_prices import MarketPrices
from ..prices.agreed_prices import AgreedPrices
from ..prices.contract import Aid, Contract


class Sums(NamedTuple):
    """Sums of a period. Energies in Wh, costs at market prices in EUR without margin."""

    imported_wh: float = 0.0
    exported_wh: float = 0.0
    above_wh: float = 0.0
    """Energy of whole quarter-hours above the reference power of the contract."""
    above: float = 0.0
    """Number of whole quarter-hours above the reference power of the contract."""
    second_wh: float = 0.0
    """Supplied energy with the second price."""
    priced_wh: float = 0.0
    """Supplied energy with a known market price."""
    market_cost: float = 0.0
    """Cost of `priced_wh`."""
    priced_exported_wh: float = 0.0
    market_revenue: float = 0.0
    """Value of `priced_exported_wh`."""
    layer_1_wh: float = 0.0
    layer_2_wh: float = 0.0
    layer_3_wh: float = 0.0
    layer_4_wh: float = 0.0
    other_layer_wh: float = 0.0
    """Shared energy from an unknown layer."""
    known_sharing_wh: float = 0.0
    """All imported energy, shared or not, of the time for which sharing is known."""
    quarter_hours: float = 0.0
    """Number of quarter-hours known from start to end."""
    leneda: float = 0.0
    """Number of known quarter-hours from Leneda."""
    estimated: float = 0.0
    """Number of Leneda's quarter-hours that the operator has estimated or edited."""
    filled_wh: float = 0.0
    """Supplied energy without a known market price, but with a stand-in price."""
    filled_cost: float = 0.0
    """Cost of `filled_wh`."""
    filled_exported_wh: float = 0.0
    filled_revenue: float = 0.0
    """Value of `filled_exported_wh`."""

    def plus(self, other: Sums) -> Sums:
        """Return the sums of both, field by field."""
        return Sums(*map(add, self, other, strict=True))

    @property
    def market_prices(self) -> MarketPrices:
        """Return the mean market prices of the energy with a known price.

        Without such energy, they are the mean stand-in prices.
        """
        bought = self.priced_wh, self.market_cost
        sold = self.priced_exported_wh, self.market_revenue
        (wh, cost), (exported_wh, revenue) = (
            bought if bought[0] else (self.filled_wh, self.filled_cost),
            sold if sold[0] else (self.filled_exported_wh, self.filled_revenue),
        )
        return MarketPrices(
            cost / wh * 1000 if wh else None,
            revenue / exported_wh * 1000 if exported_wh else None,
        )

    @property
    def layers_wh(self) -> Sequence[float]:
        """Return the shared energy of the layers 1 to 4."""
        return self[9:13]

    @property
    def shared_wh(self) -> float:
        """Return the shared energy of all layers, including the unknown layer."""
        return sum(self[9:14])

    @property
    def supplied_wh(self) -> float:
        """Return the imported energy that the supplier bills: all but shared energy."""
        return max(0.0, self.imported_wh - self.shared_wh)


class BillPart(NamedTuple):
    """Part of a month under one contract and one set of prices."""

    prices: AgreedPrices
    aids: Sequence[Aid]
    months: float
    """Length of the part, as a share of the month. Every day has the same share."""
    sums: Sums

    @property
    def contract(self) -> Contract:
        """Return the contract that holds during the part."""
        return self.prices.contract


def month_share(begin: datetime, end: datetime) -> float:
    """Return the length of a period within a month, as a share of the month.

    Every day has the same share of the month, even a day of 23 or 25 hours.
    """
    start = month_start(begin)
    days = (month_end(start) - start).days
    return (_days_before(end, start, days) - _days_before(begin, start, days)) / days


def _days_before(time: datetime, start: datetime, days: int) -> float:
    """Return how many of the `days` of the month that begins at `start` have passed at `time`."""
    if time >= month_end(start):
        return days
    begin, end = day_start(time), day_end(time)
    return time.astimezone(LUXEMBOURG).day - 1 + (time - begin) / (end - begin)
