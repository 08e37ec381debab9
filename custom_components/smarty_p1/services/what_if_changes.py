"""Changes that a what-if accepts, and their fields."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import voluptuous as vol

from ..lib.advice.battery_simulation import (
    MAX_KW,
    MAX_KWH,
    MAX_RESERVE_SHARE,
    MAX_STANDBY_W,
    MIN_EFFICIENCY,
    MIN_KW,
    MIN_KWH,
)
from ..lib.amounts import DEGREES, EUR_PER_KWH, HOURS, KW, KWH, KWP, PERCENT, WATTS, Amount
from ..lib.answers.what_if import BATTERY, CAR, HEAT_PUMP, KINDS, PANELS
from .meter_of_call import number

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


def number_of(amount: Amount) -> vol.All:
    """Return a schema for a number in the range of `amount`."""
    return number(amount.minimum, amount.maximum)


def _change(kind: str, fields: Fields) -> dict[vol.Marker, Any]:
    return {
        vol.Required(ATTR_KIND): kind,
        **{vol.Required(name): number_of(amount) for name, amount in fields.required.items()},
        **{vol.Optional(name): number_of(amount) for name, amount in fields.optional.items()},
    }


def _each_kind_once(changes: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    kinds = [change[ATTR_KIND] for change in changes]
    if len({*kinds}) < len(kinds):
        message = "more than one change of a kind"
        raise vol.Invalid(message)
    return changes


CHANGES = vol.All(
    list,
    vol.Length(max=len(KINDS)),
    [vol.Any(*(_change(kind, fields) for kind, fields in FIELDS.items()))],
    _each_kind_once,
)
"""Schema for changes whose amounts are numbers."""
