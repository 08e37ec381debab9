"""OBIS codes that are requested from Leneda, the national platform, and their metering points."""

from collections.abc import Iterator, Mapping

from ..const import CONF_CONSUMPTION_POINT, CONF_PRODUCTION_POINT
from ..lib.leneda import CODES, COVERED, REGISTERS, SHARED, Quantity, is_of_production

IMPORTED = CODES[Quantity.IMPORTED]
EXPORTED = CODES[Quantity.EXPORTED]
REMAINING = CODES[Quantity.REMAINING]
SOLD = CODES[Quantity.SOLD]
MEASURED = tuple(code for code in REGISTERS if code.startswith("1-1:"))
LAYERS: Mapping[str, str] = {
    **{CODES[quantity]: REMAINING for quantity in COVERED},
    **{CODES[quantity]: SOLD for quantity in SHARED},
}
"""OBIS code of each kind of shared energy, mapped to the code of the energy that is not shared."""


def asked_of(account: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield each code and its metering point. The codes of shared energy come last."""
    consumption = account[CONF_CONSUMPTION_POINT]
    production = account.get(CONF_PRODUCTION_POINT) or consumption
    for code in (*MEASURED, REMAINING, SOLD, *LAYERS):
        yield code, production if is_of_production(code) else consumption
