"""What a kilowatt-hour costs now, and what a quarter-hour has cost."""

from datetime import datetime
from typing import NamedTuple

from .calendar import LUXEMBOURG, quarter_start
from .comparison import surcharge_on_top
from .contract import NO_PRICES, Contract, Contracts, MarketPrices
from .month import QuarterHour
from .network_prices import AgreedPrices, network_prices
from .second_hours import is_second
from .sharing import Covered


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


def quarter_hour_cost(
    quarter: QuarterHour, contracts: Contracts, covered: Covered | None = None
) -> float | None:
    """Return what the kilowatt-hours of a quarter-hour cost, as `kwh_price` says.

    What is shared of it bears the network's price alone. None where a price is not known: that of
    the market is not afterwards.
    """
    contract, year = contracts.at(quarter.start), quarter.start.astimezone(LUXEMBOURG).year
    price = kwh_price(contract, year, NO_PRICES, quarter.start).imported
    if price is None or covered is None:
        return None if price is None else quarter.imported_kwh * price
    agreed = AgreedPrices(contract, network_prices(year))
    network = (agreed.variable or 0.0) * (1 + (agreed.vat_rate or 0.0))
    shared_kwh = covered.shared(quarter.imported_kwh * 1000).all_wh / 1000
    return quarter.imported_kwh * price - shared_kwh * (price - network)


def excess_price(contract: Contract, year: int) -> float | None:
    """Return how much more a kWh above the reference power costs, with VAT."""
    prices = AgreedPrices(contract, network_prices(year))
    more = contract.reference_kw and surcharge_on_top(prices)
    if more is None or prices.vat_rate is None:
        return None
    return round(more * (1 + prices.vat_rate), 6)


def _energy(price: float | None, margin: float | None, market: float | None) -> float | None:
    """Return the price of the energy, which follows the market if there is a margin."""
    if margin is None:
        return price
    return None if market is None else market + margin
