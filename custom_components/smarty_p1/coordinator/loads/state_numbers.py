"""Numbers in the states of other integrations' entities."""

from math import isfinite

from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT
from homeassistant.core import State
from homeassistant.util.unit_conversion import (
    BaseUnitConverter,
    ElectricCurrentConverter,
    PowerConverter,
)


def number_of(state: State | None) -> float | None:
    """Return the number of a state. Return None if it has none."""
    try:
        value = float(state.state) if state else None
    except ValueError:
        return None
    return value if value is not None and isfinite(value) else None


def converted(converter: type[BaseUnitConverter], state: State | None, wanted: str) -> float | None:
    """Return the number of a state in another unit, None if it has no such number."""
    unit = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT) if state else None
    value = number_of(state) if unit in converter.VALID_UNITS else None
    return None if value is None else converter.convert(value, unit, wanted)


def is_power(state: State) -> bool:
    """Return whether the number of a state is a power. A charger's other numbers are amperes."""
    return state.attributes.get(ATTR_UNIT_OF_MEASUREMENT) in PowerConverter.VALID_UNITS


def lowest_of(state: State | None) -> float:
    """Return the lowest number to which an entity can be set. Return 0 if it is unknown."""
    return float(state.attributes.get("min", 0.0)) if state else 0.0


def kw_of(state: State | None, ampere_kw: float) -> float | None:
    """Return the power to which an entity is set, as `number_to_set` sets it. None if unknown."""
    amperes = converted(ElectricCurrentConverter, state, "A") or number_of(state)
    other = None if amperes is None else amperes * ampere_kw
    return converted(PowerConverter, state, "kW") if state and is_power(state) else other


def number_to_set(state: State, kw: float, other: float) -> float:
    """Return the number that sets a power: in kW or W, and `other` in A or without a unit.

    The number has at most three decimals, and stays within the limits of the entity.
    """
    value, unit = other, state.attributes.get(ATTR_UNIT_OF_MEASUREMENT)
    if is_power(state):
        value = PowerConverter.convert(kw, "kW", unit)
    elif unit in ElectricCurrentConverter.VALID_UNITS:
        value = ElectricCurrentConverter.convert(other, "A", unit)
    low, high = (float(state.attributes.get(name, value)) for name in ("min", "max"))
    return round(max(low, min(high, value)), 3)
