"""Codes of Leneda's series of electricity, each with its quantity and unit."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

POINT = re.compile(r"LU[0-9]{31}")
"""Code of a metering point."""


class Quantity(StrEnum):
    """Quantity of a series. The numbers 1 to 4 are the layers of energy sharing."""

    IMPORTED = "imported"
    EXPORTED = "exported"
    REACTIVE_IMPORTED = "reactive_imported"
    REACTIVE_EXPORTED = "reactive_exported"
    COVERED_1 = "covered_1"
    COVERED_2 = "covered_2"
    COVERED_3 = "covered_3"
    COVERED_4 = "covered_4"
    REMAINING = "remaining"
    """The consumption that the supplier bills."""
    SHARED_1 = "shared_1"
    SHARED_2 = "shared_2"
    SHARED_3 = "shared_3"
    SHARED_4 = "shared_4"
    SOLD = "sold"
    """The production that is left after sharing."""


class Register(NamedTuple):
    """Quantity of a series, and the unit of its values. A value is the mean of a quarter-hour."""

    quantity: Quantity
    unit: str = "kW"


# Caution: the last digit of a code is not the number of its layer. For example, 1-65:1.29.3 is the
# code of layer 2 of energy sharing.
REGISTERS: Mapping[str, Register] = {
    "1-1:1.29.0": Register(Quantity.IMPORTED),
    "1-1:2.29.0": Register(Quantity.EXPORTED),
    "1-1:3.29.0": Register(Quantity.REACTIVE_IMPORTED, "kvar"),
    "1-1:4.29.0": Register(Quantity.REACTIVE_EXPORTED, "kvar"),
    "1-65:1.29.1": Register(Quantity.COVERED_1),
    "1-65:1.29.3": Register(Quantity.COVERED_2),
    "1-65:1.29.2": Register(Quantity.COVERED_3),
    "1-65:1.29.4": Register(Quantity.COVERED_4),
    "1-65:1.29.9": Register(Quantity.REMAINING),
    "1-65:2.29.1": Register(Quantity.SHARED_1),
    "1-65:2.29.3": Register(Quantity.SHARED_2),
    "1-65:2.29.2": Register(Quantity.SHARED_3),
    "1-65:2.29.4": Register(Quantity.SHARED_4),
    "1-65:2.29.9": Register(Quantity.SOLD),
}


CODES: Mapping[Quantity, str] = {register.quantity: code for code, register in REGISTERS.items()}

COVERED = tuple(quantity for quantity in Quantity if quantity.startswith("covered_"))
"""Consumption that each layer of energy sharing covers, in the order of the layers."""
SHARED = tuple(quantity for quantity in Quantity if quantity.startswith("shared_"))
"""Production shared within each layer, in the order of the layers."""
_PRODUCTION = {Quantity.EXPORTED, Quantity.REACTIVE_EXPORTED, Quantity.SOLD, *SHARED}


def is_of_production(code: str) -> bool:
    """Return whether the OBIS code belongs to production."""
    return REGISTERS[code].quantity in _PRODUCTION


def is_gas_code(code: str) -> bool:
    """Return whether the OBIS code belongs to gas."""
    return code.startswith("7-")


def is_of_sharing(code: str) -> bool:
    """Return whether the OBIS code belongs to energy sharing."""
    return code.startswith("1-65:")


def is_in_its_unit(register: Register, unit: str) -> bool:
    """Return whether `unit` is the register's unit. Case is ignored, because Leneda writes kVAR."""
    return unit.casefold() == register.unit.casefold()
