"""What is asked of the platform: its codes, and at which of the metering points."""

from collections.abc import Iterator, Mapping

from ..const import CONF_CONSUMPTION_POINT, CONF_PRODUCTION_POINT
from ..lib.leneda import REGISTERS, Quantity

_CODES = {register.quantity: code for code, register in REGISTERS.items()}
IMPORTED = _CODES[Quantity.IMPORTED]
EXPORTED = _CODES[Quantity.EXPORTED]
REMAINING = _CODES[Quantity.REMAINING]
SOLD = _CODES[Quantity.SOLD]
_PRODUCTION = {EXPORTED, _CODES[Quantity.REACTIVE_EXPORTED], SOLD} | {
    _CODES[quantity] for quantity in Quantity if quantity.startswith("shared_")
}
MEASURED = tuple(code for code in REGISTERS if code.startswith("1-1:"))
LAYERS: Mapping[str, str] = {
    **{_CODES[each]: REMAINING for each in Quantity if each.startswith("covered_")},
    **{_CODES[each]: SOLD for each in Quantity if each.startswith("shared_")},
}
"""The codes of the layers of energy sharing, each with that of what is left after sharing."""


def asked_of(account: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the codes and their metering points: what is measured, what is left, the layers."""
    consumption = account[CONF_CONSUMPTION_POINT]
    production = account.get(CONF_PRODUCTION_POINT) or consumption
    for code in (*MEASURED, REMAINING, SOLD, *LAYERS):
        yield code, production if code in _PRODUCTION else consumption
