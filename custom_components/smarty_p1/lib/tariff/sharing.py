"""Energy sharing: what of the imported energy comes from a group, so that no supplier bills it.

Only the platform knows it, by the quarter-hour, and works it out anew for weeks. So it is joined to
the days that are shown, and stored with none of them.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from .contract import Contract
from .month import QuarterHour, Shared
from .register_rises import DECIMALS
from .time_of_use import is_second

# Of the platform's own values: each is rounded to a quarter of a watt-hour.
_ROUNDED_WH = 0.5
# What was measured here is cut up to 10 s off, at either end: a 45th of its energy, and 1 Wh.
_OFF_WH = 1
_OFF = 1 / 45


class Covered(NamedTuple):
    """What the platform says of the sharing of a quarter-hour."""

    layers_wh: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    """What the layers 1 to 4 cover."""
    remaining_wh: float | None = None
    """What the supplier bills, where that is known."""
    platform_wh: float | None = None
    """All of the imported energy, by the platform's own figure."""

    def shared(self, imported_wh: float) -> Shared:
        """Return what is shared of an imported energy.

        The remaining energy decides where it is known: one may see it, and not all layers.
        """
        found, most_wh = (*self.layers_wh, 0.0), imported_wh
        if self.remaining_wh is not None:
            whole_wh, off_wh = self.platform_wh, _ROUNDED_WH
            if whole_wh is None:
                whole_wh, off_wh = imported_wh, _OFF_WH + imported_wh * _OFF
            whole_wh = max(0.0, whole_wh - self.remaining_wh)
            other_wh = whole_wh - sum(found)
            if other_wh > off_wh:
                found = (*self.layers_wh, other_wh)
            elif other_wh < -off_wh:
                most_wh = min(imported_wh, whole_wh)
        share = most_wh / (sum(found) or 1.0)
        return Shared(imported_wh, *(wh * min(1.0, share) for wh in found))


class DaySum(NamedTuple):
    """The energy of a whole day of Luxembourg in one of the platform's series."""

    start: datetime
    """Midnight, in UTC."""
    kwh: float
    quarter_hours: int


type DaySums = Mapping[str, DaySum]
"""The last day that is known whole, by the code of each series."""
NO_DAY_SUMS: DaySums = {}

type Sharing = Mapping[datetime, Covered]
"""By when a quarter-hour starts, in UTC."""
NO_SHARING: Sharing = {}


def shared_of(
    quarters: Iterable[QuarterHour], sharing: Sharing, contract: Contract
) -> Shared | None:
    """Return what is shared of some quarter-hours; None where that is known of none."""
    hours = contract.second_hours
    found = None
    for each in quarters:
        if covered := sharing.get(each.start):
            shared = covered.shared(round(each.mean_kw * 250, DECIMALS))
            if hours and is_second(hours, each.start):
                shared = shared._replace(second_wh=shared.all_wh)
            found = found.plus(shared) if found else shared
    return found
