"""Causes for which a day or a month has cost more or less than another one."""

from enum import StrEnum
from typing import NamedTuple

from ..prices.kwh_price import KwhPrice

_MIN_DIFFERENCE = 0.10
_MIN_SHARE_OF_USUAL = 0.1
_MIN_SHARE_OF_DIFFERENCE = 0.5


class DayReason(StrEnum):
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
    """Energies in kWh and amounts in EUR from midnight to a time of the day, or of a month."""

    cost: float
    imported: float
    exported: float
    surcharge: float
    """Part of `cost` for energy above the reference power."""
    own: float | None
    """Energy from panels and batteries that the house has used. None if it is unknown."""


def day_reason(today: PartOfDay, usual: PartOfDay, price: KwhPrice) -> DayReason | None:
    """Return the largest cause of today's difference from a usual day.

    A cause counts if it explains at least half of the difference. Return None if no cause does, if
    the difference is below 0.10 EUR or 10 %, or if `price`, the price of a kWh, is unknown. Without
    `own`, the energies from and to the grid take the place of house and sun.
    """
    difference = today.cost - usual.cost
    least = max(_MIN_DIFFERENCE, _MIN_SHARE_OF_USUAL * abs(usual.cost))
    if price.imported is None or abs(difference) < least:
        return None
    causes = cost_causes(today, usual, price.imported, price.exported or 0.0)
    reason, amount = max(causes.items(), key=lambda item: item[1] * difference)
    return reason if amount * difference >= _MIN_SHARE_OF_DIFFERENCE * difference**2 else None


def cost_causes(
    now: PartOfDay, before: PartOfDay, price: float, feed_in: float
) -> dict[DayReason, float]:
    """Return the causes of a difference in cost, in EUR. They add up to the difference.

    `price` and `feed_in` are the prices of an imported and of an exported kWh. What these prices
    do not explain counts as dearer or cheaper hours.
    """
    imported, exported = now.imported - before.imported, now.exported - before.exported
    surcharge = now.surcharge - before.surcharge
    # Sums of several hours have a mean price of their own. It differs from `price` with prices of
    # the market, or with two prices a day.
    hours = now.cost - before.cost - imported * price + exported * feed_in - surcharge
    causes = {
        (DayReason.MORE_ABOVE, DayReason.LESS_ABOVE): surcharge,
        (DayReason.DEARER_HOURS, DayReason.CHEAPER_HOURS): hours,
    }
    if now.own is None or before.own is None:
        causes[DayReason.MORE_FROM_GRID, DayReason.LESS_FROM_GRID] = imported * price
        causes[DayReason.LESS_TO_GRID, DayReason.MORE_TO_GRID] = -exported * feed_in
    else:
        own = now.own - before.own
        causes[DayReason.LESS_SUN, DayReason.MORE_SUN] = -own * price - exported * feed_in
        causes[DayReason.MORE_USED, DayReason.LESS_USED] = (imported + own) * price
    return {
        dearer if amount > 0 else cheaper: amount for (dearer, cheaper), amount in causes.items()
    }
