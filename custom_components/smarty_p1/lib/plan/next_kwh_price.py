"""Price of the next kWh in a quarter-hour, as the bill counts it.

A quarter-hour with the net import `n` costs `n * feed_in` below 0, and `n * price` above. Energy
above the reference power costs the surcharge in addition. So a further kWh has at most three
prices: the feed-in price, the price, and the price with the surcharge. The prices are in rising
order, unless the feed-in price is above one of the others.

A household can also set a highest power of the house. No load is added above it.
"""

from collections.abc import Iterator
from math import inf
from typing import NamedTuple

EQUAL_EUR = 0.005
"""Difference in EUR per kWh below which two prices are equal. The earlier quarter-hour wins."""
NO_KWH = 1e-9
"""Energy in kWh that counts as none, because of float errors."""


class Quarter(NamedTuple):
    """Prices of a quarter-hour in EUR per kWh, with VAT."""

    price: float
    feed_in: float
    limit: float
    """Energy in kWh at the reference power, infinity without one."""
    surcharge: float
    """Additional price of a kWh above the limit."""
    max_kwh: float = inf
    """Net import in kWh above which no load may be added, at any price."""

    def bill(self, net: float) -> float:
        """Return the cost in EUR of the net import `net` in kWh."""
        if net <= 0:
            return net * self.feed_in
        above = net - self.limit
        return net * self.price + (above * self.surcharge if above > 0 else 0.0)

    def added(self, net: float, kwh: float) -> float:
        """Return the cost in EUR of `kwh` on top of `net`, infinity if that is not allowed."""
        is_allowed = net + kwh <= max(net, self.max_kwh) + NO_KWH
        return self.bill(net + kwh) - self.bill(net) if is_allowed else inf


class Step(NamedTuple):
    """Energy that has one price."""

    price: float
    kwh: float


def steps(quarter: Quarter, net: float, max_kwh: float) -> Iterator[Step]:
    """Yield the prices of the next `max_kwh` kWh on top of the net import `net`, in rising order.

    Energy that the quarter-hour does not allow is left out.

    If the feed-in price is above the price, the first kWh would be dearer than the next. Then these
    steps are one step with their mean price.
    """
    kwh = min(max_kwh, max(0.0, quarter.max_kwh - net))
    sun = min(kwh, max(0.0, -net))
    below = min(kwh - sun, max(0.0, quarter.limit - max(net, 0.0)))
    above = kwh - sun - below
    excess = quarter.price + quarter.surcharge
    if sun > NO_KWH and quarter.feed_in > quarter.price:
        if excess < quarter.feed_in:
            below, above = below + above, 0.0
        yield Step(quarter.added(net, sun + below) / (sun + below), sun + below)
    else:
        if sun > NO_KWH:
            yield Step(quarter.feed_in, sun)
        if below > NO_KWH:
            yield Step(quarter.price, below)
    if above > NO_KWH:
        yield Step(excess, above)
