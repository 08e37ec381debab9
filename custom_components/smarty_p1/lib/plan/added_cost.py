"""Cost of a load on top of the house, in parts, and the reason why a planned time costs less."""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple, Self

from .next_kwh_price import Quarter

# A smaller saving is told as 0.
_MIN_SAVING_EUR = 0.005


class PlanReason(StrEnum):
    """Reason for a planned time: the largest part of its saving, or the end that was asked for."""

    SUN = "sun"
    PRICE = "price"
    REFERENCE_POWER = "reference_power"
    DEADLINE = "deadline"
    """No later start ends in time."""


class AddedCost(NamedTuple):
    """Cost of a load on top of the house, in EUR."""

    cost: float
    surcharge: float
    """Part for energy above the reference power."""
    own_kwh: float
    """Energy that the house would otherwise export."""
    own_saving: float
    """Saving because this energy costs the feed-in price only."""

    @classmethod
    def of(cls, quarters: Sequence[Quarter], net: Sequence[float], kwh: Sequence[float]) -> Self:
        """Return the cost of the energies `kwh` on top of the net import `net`, both in kWh."""
        cost = surcharge = own_kwh = own_saving = 0.0
        for quarter, before, added in zip(quarters, net, kwh, strict=True):
            if added:
                own = min(added, max(0.0, -before))
                more = max(0.0, before + added - quarter.limit)
                cost += quarter.bill(before + added) - quarter.bill(before)
                surcharge += (more - max(0.0, before - quarter.limit)) * quarter.surcharge
                own_kwh += own
                own_saving += own * (quarter.price - quarter.feed_in)
        return cls(cost, surcharge, own_kwh, own_saving)

    def reason_against(self, other: AddedCost) -> PlanReason | None:
        """Return the largest part of the saving against an `other` time. None without a saving."""
        if other.cost - self.cost < _MIN_SAVING_EUR:
            return None
        surcharge = other.surcharge - self.surcharge
        sun = self.own_saving - other.own_saving
        parts = {
            PlanReason.SUN: sun,
            PlanReason.REFERENCE_POWER: surcharge,
            PlanReason.PRICE: other.cost - self.cost - sun - surcharge,
        }
        return max(parts, key=lambda reason: parts[reason])
