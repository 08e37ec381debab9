"""Telegram made from the states of entities. Another integration reads their values from the meter.

Nobody can verify such a telegram, so its verification is `Verification.INTEGRATION`.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from ..p1 import Telegram, Verification
from ..tariff import MAX_POWER_KW

ENERGY_UNITS: Mapping[str, float] = {"Wh": 0.001, "kWh": 1.0, "MWh": 1000.0}
"""Kilowatt-hours in each accepted unit of energy."""
POWER_UNITS: Mapping[str, float] = {"W": 0.001, "kW": 1.0}
"""Kilowatts in each accepted unit of power."""
# Maximum total in kWh. A higher state counts as unknown. The register of a household's meter has
# six digits before the decimal point, so its values are lower.
_MAX_KWH = 10_000_000.0
_MAX_STATE_CHARS = 32
# A sum of tariffs is rounded to this number of decimals, because the sum of two floats has errors
# in further decimals.
_DECIMALS = 6


class Quantity(NamedTuple):
    """Quantity that entities show: its OBIS reference, its units, and its highest value."""

    reference: str
    units: Mapping[str, float]
    maximum: float


QUANTITIES: Mapping[str, Quantity] = {
    "energy_imported": Quantity("1-0:1.8.0", ENERGY_UNITS, _MAX_KWH),
    "energy_exported": Quantity("1-0:2.8.0", ENERGY_UNITS, _MAX_KWH),
    "power_imported": Quantity("1-0:1.7.0", POWER_UNITS, MAX_POWER_KW),
    "power_exported": Quantity("1-0:2.7.0", POWER_UNITS, MAX_POWER_KW),
}
"""Quantities of a telegram that entities can show."""


class EntityState(NamedTuple):
    """State of an entity in Home Assistant: a text and a unit."""

    text: str
    unit: str | None


def value_of(quantity: Quantity, state: EntityState) -> float | None:
    """Return the value of a state in kWh or kW.

    Return None if the state is no number, if its unit is not accepted, or if its value is negative
    or above the maximum.
    """
    factor = quantity.units.get(state.unit or "")
    if factor is None or len(state.text) > _MAX_STATE_CHARS:
        return None
    try:
        value = float(state.text) * factor
    except ValueError:
        return None
    return value if 0 <= value <= quantity.maximum else None


def entity_telegram(
    states: Mapping[str, Sequence[EntityState]], time: datetime | None, integration: str
) -> Telegram:
    """Return a telegram with the values of `states` at a time.

    `states` has the states of entities for each quantity. Several states of a quantity are tariffs,
    which are added up. If one of these states is unknown, the sum is None. `integration` is the
    name of the integration to which the entities belong.
    """
    objects: dict[str, float | None] = {}
    for name, shown in states.items():
        quantity = QUANTITIES[name]
        values = [value_of(quantity, state) for state in shown]
        known = [value for value in values if value is not None]
        is_whole = known and len(known) == len(values)
        objects[quantity.reference] = round(sum(known), _DECIMALS) if is_whole else None
    _balance(states, objects)
    return Telegram(integration, None, time, objects, {}, verification=Verification.INTEGRATION)


def _balance(states: Mapping[str, Sequence[EntityState]], objects: dict[str, float | None]) -> None:
    """Add the exported power to `objects` if only the imported power is read.

    A Smarty balances its phases, so it never imports and exports at the same time. While it
    imports, or if no entity shows exported energy, the exported power is 0. Otherwise, the exported
    power is unknown.
    """
    imported, exported = (
        QUANTITIES[name].reference for name in ("power_imported", "power_exported")
    )
    if imported in objects and exported not in objects:
        power = objects[imported]
        is_drawing = power is not None and (power > 0 or "energy_exported" not in states)
        objects[exported] = 0.0 if is_drawing else None
