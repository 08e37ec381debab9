"""Causes for which a day or a month has cost more or less than another one."""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from .period_costs import PeriodCosts

_MIN_DIFFERENCE = 0.10
_MIN_SHARE_OF_USUAL = 0.1
_MIN_SHARE_OF_DIFFERENCE = 0.8


class DayReason(StrEnum):
    """Cause that alone explains the difference between a day and a usual day."""

    MORE_SUN = "more_sun"
    LESS_SUN = "less_sun"
    MORE_USED = "more_used"
    LESS_USED = "less_used"
    MORE_FROM_GRID = "more_from_grid"
    LESS_FROM_GRID = "less_from_grid"
    LESS_TO_GRID = "less_to_grid"
    MORE_TO_GRID = "more_to_grid"
    MORE_SHARED = "more_shared"
    LESS_SHARED = "less_shared"
    MORE_ABOVE = "more_above"
    LESS_ABOVE = "less_above"
    DEARER_HOURS = "dearer_hours"
    CHEAPER_HOURS = "cheaper_hours"
    SHORTER_MONTH = "shorter_month"
    """A day has a greater share of the monthly prices."""
    LONGER_MONTH = "longer_month"
    HIGHER_PRICES = "higher_prices"
    LOWER_PRICES = "lower_prices"


class ComparedCosts(NamedTuple):
    """Costs of a period, and of a usual or earlier one of the same length."""

    now: PeriodCosts
    before: PeriodCosts
    """Earlier costs as if the terms of now had held."""
    billed: PeriodCosts
    """Earlier costs as they were billed."""
    own: tuple[float, float] | None = None
    """Energy in kWh from panels and batteries that the house has used, now and before."""

    @property
    def difference(self) -> float:
        """Return how much more the period has cost."""
        return self.now.cost - self.billed.cost


def day_reason(costs: ComparedCosts) -> DayReason | None:
    """Return the cause that alone explains at least 80 % of the difference from a usual day.

    Return None if no cause does, or if the difference is below 0.10 EUR or 10 %.
    """
    difference = costs.difference
    if abs(difference) < max(_MIN_DIFFERENCE, _MIN_SHARE_OF_USUAL * abs(costs.billed.cost)):
        return None
    reason, amount = max(cost_causes(costs).items(), key=lambda item: item[1] * difference)
    return reason if amount * difference >= _MIN_SHARE_OF_DIFFERENCE * difference**2 else None


def cost_causes(costs: ComparedCosts) -> Mapping[DayReason, float]:
    """Return the causes of a difference in cost, in EUR. They add up to the difference.

    Each cause is computed on its own. Changed prices are the earlier energies under the terms of
    now minus their bill. In a shorter month, a day has a greater share of the fixed prices. Dearer
    hours are the change of the mean price of a kWh under these terms. Without `own`, the energies
    from and to the grid take the place of house and sun.
    """
    now, before = costs.now, costs.before
    imported, exported = now.imported - before.imported, now.exported - before.exported
    bought, sold = (
        _Prices.of(now.full, now.imported, before.full, before.imported),
        _Prices.of(now.sold, now.exported, before.sold, before.exported),
    )
    causes = {
        (DayReason.HIGHER_PRICES, DayReason.LOWER_PRICES): before.cost - costs.billed.cost,
        (DayReason.SHORTER_MONTH, DayReason.LONGER_MONTH): now.fixed - before.fixed,
        (DayReason.MORE_ABOVE, DayReason.LESS_ABOVE): now.above - before.above,
        (DayReason.LESS_SHARED, DayReason.MORE_SHARED): before.shared - now.shared,
        (DayReason.DEARER_HOURS, DayReason.CHEAPER_HOURS): bought.change - sold.change,
    }
    if costs.own is None:
        causes[DayReason.MORE_FROM_GRID, DayReason.LESS_FROM_GRID] = imported * bought.mean
        causes[DayReason.LESS_TO_GRID, DayReason.MORE_TO_GRID] = -exported * sold.mean
    else:
        own = costs.own[0] - costs.own[1]
        causes[DayReason.LESS_SUN, DayReason.MORE_SUN] = -own * bought.mean - exported * sold.mean
        causes[DayReason.MORE_USED, DayReason.LESS_USED] = (imported + own) * bought.mean
    return {
        dearer if amount > 0 else cheaper: amount for (dearer, cheaper), amount in causes.items()
    }


class _Prices(NamedTuple):
    """Mean price of a kWh of two periods, and the change of the cost by this price in EUR."""

    mean: float
    change: float

    @classmethod
    def of(cls, amount: float, kwh: float, amount_before: float, kwh_before: float) -> _Prices:
        """Return the prices from the amounts and energies of both periods."""
        if kwh <= 0 or kwh_before <= 0:
            total = kwh + kwh_before
            return cls((amount + amount_before) / total if total > 0 else 0.0, 0.0)
        price, price_before = amount / kwh, amount_before / kwh_before
        return cls((price + price_before) / 2, (price - price_before) * (kwh + kwh_before) / 2)
