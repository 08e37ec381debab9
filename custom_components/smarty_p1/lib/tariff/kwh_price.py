"""What a kilowatt-hour costs now."""

from datetime import datetime
from typing import NamedTuple

from .calendar import quarter_start
from .contract import Contract, MarketPrices
from .network_prices import AgreedPrices, network_prices
from .second_hours import is_second


class KwhPrice(NamedTuple):
    """The price of a kWh that is imported now, with VAT, and what is paid for an exported one.

    In currency per kWh; None is not agreed, or not known.
    """

    imported: float | None
    exported: float | None


def kwh_price(
    contract: Contract, year: int, market: MarketPrices, time: datetime | None = None
) -> KwhPrice:
    """Return the price of energy, grid and levies for a kWh, without the surcharge.

    Whether a kWh bears that is known only when its quarter-hour ends. The year is Luxembourg's;
    at which of two prices the energy is depends on the time.
    """
    prices = AgreedPrices(contract, network_prices(year))
    energy = _energy(contract.energy_price, contract.energy_margin, market.energy)
    hours = contract.second_hours if contract.has_second_price else None
    if hours and time and is_second(hours, quarter_start(time)):
        energy = contract.second_price
    exported = _energy(contract.feed_in_price, contract.feed_in_margin, market.feed_in)
    parts = [energy, prices.variable]
    if contract.has_levies:
        parts += [prices.electricity_tax, prices.compensation]
    known = [part for part in parts if part is not None]
    imported = None
    if len(known) == len(parts) and prices.vat_rate is not None:
        imported = round(sum(known) * (1 + prices.vat_rate), 6)
    return KwhPrice(imported, None if exported is None else round(exported, 6))


def _energy(price: float | None, margin: float | None, market: float | None) -> float | None:
    """Return the price of the energy, which follows the market if there is a margin."""
    if margin is None:
        return price
    return None if market is None else market + margin
