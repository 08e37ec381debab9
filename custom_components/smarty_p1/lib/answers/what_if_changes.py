"""Changes that a what-if accepts, and their fields with their bounds."""

from collections.abc import Mapping
from typing import NamedTuple

from ..advice.battery_simulation import (
    MAX_KW,
    MAX_KWH,
    MAX_RESERVE_SHARE,
    MAX_STANDBY_W,
    MIN_EFFICIENCY,
    MIN_KW,
    MIN_KWH,
)
from ..amounts import DEGREES, EUR_PER_KWH, HOURS, KW, KWH, KWP, PERCENT, WATTS, Amount
from .what_if import BATTERY, CAR, HEAT_PUMP, PANELS

ATTR_KIND = "kind"
FEED_IN_PRICE = Amount(EUR_PER_KWH, 1.0)
_PERCENT = 100


class Fields(NamedTuple):
    """Fields of a kind of change."""

    required: Mapping[str, Amount]
    optional: Mapping[str, Amount] = {}

    @property
    def all(self) -> Mapping[str, Amount]:
        """Return all fields."""
        return {**self.required, **self.optional}


FIELDS: Mapping[str, Fields] = {
    CAR: Fields(
        {"kwh": Amount(KWH, 200.0, 0.1), "kw": Amount(KW, 50.0, 0.5)},
        {"begin_hour": Amount(HOURS, 23.75)},
    ),
    HEAT_PUMP: Fields({"kwh": Amount(KWH, 100_000.0, 1.0)}),
    PANELS: Fields(
        {"kwp": Amount(KWP, 1000.0, 0.1)},
        {"direction": Amount(DEGREES, 360.0), "tilt": Amount(DEGREES, 90.0)},
    ),
    BATTERY: Fields(
        {"kwh": Amount(KWH, MAX_KWH, MIN_KWH), "kw": Amount(KW, MAX_KW, MIN_KW)},
        {
            "efficiency": Amount(PERCENT, _PERCENT, MIN_EFFICIENCY * _PERCENT),
            "reserve": Amount(PERCENT, MAX_RESERVE_SHARE * _PERCENT),
            "standby": Amount(WATTS, MAX_STANDBY_W),
        },
    ),
}
"""Fields of each kind of change."""
