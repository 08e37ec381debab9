"""The platform's codes that are asked for, and at which metering point."""

from ..lib.leneda import REGISTERS, Quantity

_CODES = {register.quantity: code for code, register in REGISTERS.items()}
IMPORTED = _CODES[Quantity.IMPORTED]
EXPORTED = _CODES[Quantity.EXPORTED]
REMAINING = _CODES[Quantity.REMAINING]
SOLD = _CODES[Quantity.SOLD]
