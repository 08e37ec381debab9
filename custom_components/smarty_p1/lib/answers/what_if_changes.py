"""Changes that a what-if accepts: their fields with bounds, and the rules between the fields."""

from collections.abc import Collection, Iterator, Mapping
from datetime import time
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
from ..prices.contract_terms import CONTRACT_TERMS, FEE, Term
from ..prices.entered_contract import USUAL_EUR_PER_KWH
from .what_if import BATTERY, CAR, CONTRACT, HEAT_PUMP, PANELS, PLAN, SHARING_KEY

ATTR_KIND = "kind"
# Nobody is asked whether a higher price is right.
KWH_PRICE = Amount(EUR_PER_KWH, USUAL_EUR_PER_KWH)
_MARGIN = Amount(EUR_PER_KWH, USUAL_EUR_PER_KWH, -USUAL_EUR_PER_KWH)
_PERCENT = 100


class Fields(NamedTuple):
    """Fields of a kind of change."""

    required: Mapping[str, Term]
    optional: Mapping[str, Term] = {}

    @property
    def all(self) -> Mapping[str, Term]:
        """Return all fields."""
        return {**self.required, **self.optional}

    @property
    def amounts(self) -> Mapping[str, Amount]:
        """Return the fields that are amounts."""
        return {name: term for name, term in self.all.items() if isinstance(term, Amount)}


FIELDS: Mapping[str, Fields] = {
    CONTRACT: Fields(
        {},
        {
            "energy_price": KWH_PRICE,
            "second_energy_price": KWH_PRICE,
            "second_price_from": time,
            "second_price_to": time,
            "second_price_days": CONTRACT_TERMS["second_price_days"],
            "energy_margin": _MARGIN,
            "market": str,
            "download": bool,
            "energy_fee": FEE,
            "feed_in_price": KWH_PRICE,
            "feed_in_margin": _MARGIN,
        },
    ),
    CAR: Fields(
        {"kwh": Amount(KWH, 200.0, 0.1), "kw": Amount(KW, 50.0, 0.5)},
        {"begin_hour": Amount(HOURS, 23.0)},
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
    SHARING_KEY: Fields(
        {"kwp": Amount(KWP, 10_000.0, 0.1), "key": Amount(PERCENT, _PERCENT)},
        {"price": KWH_PRICE},
    ),
    PLAN: Fields(
        {},
        {
            "kw": Amount(KW, 50.0, 0.5),
            "kwh": Amount(KWH, 200.0, 0.1),
            "device": str,
            "begin_hour": Amount(HOURS, 23.0),
            "end_hour": Amount(HOURS, 23.0),
            "min_kw": Amount(KW, 50.0),
        },
    ),
}
"""Fields of each kind of change."""


def lacking_fields(kind: str, names: Collection[str], kinds: Collection[str]) -> set[str]:
    """Return the fields that a change with the fields `names` lacks, beside changes of `kinds`."""
    required = {*FIELDS[kind].required}
    if kind == CONTRACT:
        required.update(_required_terms({*names}))
    elif kind == PLAN and "device" in names:
        required.add("kw")
    elif kind == PLAN and CAR not in kinds:
        # A plan beside a car has the fields of that car.
        required.update(("kw", "kwh"))
    return required - {*names}


def _required_terms(names: set[str]) -> Iterator[str]:
    """Yield the fields that a contract with the fields `names` needs."""
    if not names & {"energy_price", "energy_margin"}:
        yield "energy_price"
    if names & {"energy_margin", "feed_in_margin"}:
        yield "market"
    hours = {"second_price_from", "second_price_to"}
    if names & hours:
        yield from hours
    if names & {*hours, "second_price_days"}:
        yield "second_energy_price"
    elif "second_energy_price" in names:
        yield from hours


def unused_fields(kind: str, names: Collection[str]) -> set[str]:
    """Return the fields in `names` that a change does not use."""
    fields = {*names}
    unused = fields - FIELDS[kind].all.keys()
    if kind == PLAN and "device" in fields:
        unused |= {"kwh"} & fields
    if kind != CONTRACT:
        return unused
    if "energy_price" in fields:
        unused |= {"energy_margin"} & fields
    else:
        unused |= {name for name in fields if name.startswith("second_")}
    if "feed_in_price" in fields:
        unused |= {"feed_in_margin"} & fields
    if not fields & {"energy_margin", "feed_in_margin"}:
        unused |= {"market", "download"} & fields
    return unused
