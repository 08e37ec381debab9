"""Energy sharing: imported energy that comes from a sharing group, so that no supplier bills it.

Shared energy is known only from the national platform Leneda, which corrects its data for weeks. So
shared energy is added to days whenever the days are computed, and is never stored with them.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from ..prices.contract import Contract
from ..prices.time_of_use import is_second
from .month import Shared

# Leneda rounds each value to 0.25 Wh, so a sum of several values may be 0.5 Wh off.
_ROUNDED_WH = 0.5
# The start and the end of a measured quarter-hour may each be off by one telegram (10 s). So its
# energy may be off by the share of 20 s in 900 s, which is 1/45. Tolerate this share, plus 1 Wh.
_OFF_WH = 1
_OFF = 1 / 45


class QuarterHourSharing(NamedTuple):
    """Shared energy of one quarter-hour in the data of the national platform Leneda."""

    layers_wh: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    """Energy from the layers 1 to 4 of sharing groups."""
    remaining_wh: float | None = None
    """Energy that the supplier bills, None where unknown."""
    leneda_wh: float | None = None
    """Imported energy of the quarter-hour in Leneda's data, None where unknown."""

    def shared(self, imported_wh: float) -> Shared:
        """Return the shared part of a quarter-hour's imported energy.

        If `remaining_wh` is known, all energy except `remaining_wh` is shared. This can be more
        than the sum of the layers, because Leneda can hide layers from the user.
        """
        layers_wh, most_wh = (*self.layers_wh, 0.0), imported_wh
        if self.remaining_wh is not None:
            whole_wh, off_wh = self.leneda_wh, _ROUNDED_WH
            if whole_wh is None:
                whole_wh, off_wh = imported_wh, _OFF_WH + imported_wh * _OFF
            whole_wh = max(0.0, whole_wh - self.remaining_wh)
            other_wh = whole_wh - sum(layers_wh)
            if other_wh > off_wh:
                layers_wh = (*self.layers_wh, other_wh)
            elif other_wh < -off_wh:
                most_wh = min(imported_wh, whole_wh)
        share = most_wh / (sum(layers_wh) or 1.0)
        return Shared(imported_wh, *(wh * min(1.0, share) for wh in layers_wh))


type Sharing = Mapping[datetime, QuarterHourSharing]
"""Shared energy keyed by the start of the quarter-hour, in UTC."""
NO_SHARING: Sharing = {}


class PricedQuarter(NamedTuple):
    """Imported energy of a quarter-hour, and the part of it with a known market price."""

    start: datetime
    imported_wh: float
    market_cost: float
    """Cost of `market_wh` in EUR."""
    market_wh: float


def shared_of(
    quarters: Iterable[PricedQuarter], sharing: Sharing, contract: Contract
) -> Shared | None:
    """Return the shared energy of `quarters`.

    Return None if it is unknown for all of these quarter-hours.
    """
    hours = contract.second_hours
    total = None
    for start, imported_wh, market_cost, market_wh in quarters:
        if covered := sharing.get(start):
            shared = covered.shared(imported_wh)
            share = shared.all_wh / (imported_wh or 1.0)
            shared = shared._replace(market_wh=market_wh * share, market_cost=market_cost * share)
            if hours and is_second(hours, start):
                shared = shared._replace(second_wh=shared.all_wh)
            total = total.plus(shared) if total else shared
    return total
