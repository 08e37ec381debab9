"""Reason why a day has cost more or less than usual up to the same time."""

from enum import StrEnum
from typing import NamedTuple

from ..prices import KwhPrice

_MIN_DIFFERENCE = 0.10
_MIN_SHARE_OF_USUAL = 0.1
_MIN_SHARE_OF_DIFFERENCE = 0.5


class Reason(StrEnum):
    """Largest cause of the difference between a day and a usual day."""

    MORE_SUN = "more_sun"
    LESS_SUN = "less_sun"
    MORE_USED = "more_used"
    LESS_USED = "less_used"
    MORE_FROM_GRID = "more_from_grid"
    LESS_FROM_GRID = "less_from_grid"
    LESS_TO_GRID = "less_to_grid"
    MORE_TO_GRID = "more_to_grid"
    MORE_ABOVE = "more_above"
    LESS_ABOVE = "less_above"
    DEARER_HOURS = "dearer_hours"
    CHEAPER_HOURS = "cheaper_hours"


class PartOfDay(NamedTuple):
    """Energies in kWh and amounts in EUR from midnight to a time of the day."""

    cost: float
    imported: float
    exported: float
    surcharge: float
    """Part of `cost` for energy above the reference power."""
    own: float | None
    """Energy from panels and batteries that the house has used. None if it is unknown."""


def day_reason(today: PartOfDay, usual: PartOfDay, price: KwhPrice) -> Reason | None:
    """Return the largest cause of today's difference from a usual day.

    A cause counts if it explains at least half of the difference. Return None if no cause does, if
    the difference is below 0.10 EUR or 10 %, or if `price`, the price of a kWh, is unknown. Without
    `own`, the energies from and to the grid take the place of house and sun.
    """
    difference = today.cost - usual.cost
    least = max(_MIN_DIFFERENCE, _MIN_SHARE_OF_USUAL * abs(usual.cost))
    if price.imported is None or abs(difference) < least:
        return None
    feed_in = price.exported or 0.0
    imported, exported = today.imported - usual.imported, today.exported - usual.exported
    surcharge = today.surcharge - usual.surcharge
    # Sums of several hours have a mean price of their own. It differs from `price` with prices of
    # the market, or with two prices a day.
    hours = difference - imported * price.imported + exported * feed_in - surcharge
    causes = {
        (Reason.MORE_ABOVE, Reason.LESS_ABOVE): surcharge,
        (Reason.DEARER_HOURS, Reason.CHEAPER_HOURS): hours,
    }
    if today.own is None or usual.own is None:
        causes[Reason.MORE_FROM_GRID, Reason.LESS_FROM_GRID] = imported * price.imported
        causes[Reason.LESS_TO_GRID, Reason.MORE_TO_GRID] = -exported * feed_in
    else:
        own = today.own - usual.own
        causes[Reason.LESS_SUN, Reason.MORE_SUN] = -own * price.imported - exported * feed_in
        causes[Reason.MORE_USED, Reason.LESS_USED] = (imported + own) * price.imported
    (dearer, cheaper), amount = max(causes.items(), key=lambda item: item[1] * difference)
    if amount * difference < _MIN_SHARE_OF_DIFFERENCE * difference**2:
        return None
    return dearer if difference > 0 else cheaper
