"""Numbers of the gas bill, mostly as the user has entered them in a meter's options."""

from ..const import CONF_GAS_FIXED_PRICE, CONF_GAS_KWH_PER_M3, CONF_GAS_PRICE, CONF_GAS_PRICES
from ..lib.json_types import JsonMapping
from ..lib.prices.entered_contract import first_day, in_order
from ..lib.prices.gas_prices import DatedGasPrices, GasPrices

MIN_KWH_PER_M3 = 5.0
MAX_KWH_PER_M3 = 15.0
# Limits for the price of a cubic metre. A price outside these limits is a mistake: probably the
# user entered the price of a kWh, or the price in cents.
MIN_EUR_PER_M3 = 0.2
MAX_EUR_PER_M3 = 10.0
MAX_EUR_PER_MONTH = 1000.0


def counts_gas_in_m3(kind: str, unit: str | None) -> bool:
    """Return whether a meter of this kind and unit counts gas in m³."""
    return (kind, unit) == ("gas", "m3")


def kwh_per_m3(
    options: JsonMapping, kind: str, unit: str | None, computed: float | None
) -> float | None:
    """Return the energy of a cubic metre of gas in kWh: `computed`, otherwise as entered.

    `computed` comes from Leneda's data. Return None without both, or if the meter counts no gas.
    """
    entered: float | None = options.get(CONF_GAS_KWH_PER_M3)
    return computed or entered if counts_gas_in_m3(kind, unit) else None


def gas_prices(options: JsonMapping) -> DatedGasPrices | None:
    """Return the prices of gas, each from its day on. Return None if none was entered."""
    rows = in_order(options.get(CONF_GAS_PRICES, ()))
    dated = (
        (first_day(row), GasPrices(row[CONF_GAS_PRICE], row.get(CONF_GAS_FIXED_PRICE, 0.0)))
        for row in rows
    )
    return DatedGasPrices(tuple(dated)) if rows else None
