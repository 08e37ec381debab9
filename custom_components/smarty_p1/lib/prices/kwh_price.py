"""Price of a kilowatt-hour at a moment."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from ..history.luxembourg_time import quarter_start
from ..history.market_prices import NO_PRICES, MarketPrices
from .agreed_prices import AgreedPrices
from .contract import BEGINNING, PER_KWH, AidVat, Contract, Contracts
from .published_prices import OlderPrices
from .time_of_use import is_second


class KwhPrice(NamedTuple):
    """Price of an imported kWh with VAT, and price of an exported kWh, in EUR.

    A price is None if it is unknown or not agreed.
    """

    imported: float | None
    exported: float | None
    prices_of: OlderPrices | None = None
    """Older published prices that the price of an imported kWh uses, otherwise None."""


def price_of_kwh(contracts: Contracts, moment: datetime, market: MarketPrices) -> KwhPrice:
    """Return the price of a kWh at `moment`: energy, grid, levies and aids, without surcharge.

    The surcharge is left out, because it is known only when the quarter-hour ends.
    """
    prices = AgreedPrices.of_contracts(contracts, moment)
    contract = prices.contract
    exported = _energy(contract.feed_in_price, contract.feed_in_margin, market.feed_in)
    parts = [_energy_at(contract, moment, market), prices.variable]
    levies = [levy for levy in prices.levies if levy.per == PER_KWH]
    parts += [levy.price for levy in levies]
    taxed_aids, untaxed = _aids(contracts, prices, moment)
    parts += taxed_aids
    imported = None
    if prices.vat_rate is not None and (taxed := sum_of_known(parts)) is not None:
        imported = round(taxed * (1 + prices.vat_rate) + untaxed, 6)
    older = prices.older(("network_variable", *(levy.name for levy in levies)))
    return KwhPrice(imported, rounded(exported, 6), older)


def price_without_energy(contracts: Contracts, moment: datetime) -> float | None:
    """Return the price of an imported kWh as if the supplier's price were 0. None if unknown."""
    contract = contracts.at(moment)
    bare = replace(contract, energy_price=0.0, energy_margin=None, second_price=None)
    always = replace(contracts, entries=((BEGINNING, bare),))
    return price_of_kwh(always, moment, NO_PRICES).imported


def _energy_at(contract: Contract, moment: datetime, market: MarketPrices) -> float | None:
    """Return the supplier's price of an imported kWh at `moment`, without VAT.

    Return None if unknown.
    """
    if is_second(contract.applied_second_hours, quarter_start(moment)):
        return contract.second_price
    return _energy(contract.energy_price, contract.energy_margin, market.energy)


def _aids(
    contracts: Contracts, prices: AgreedPrices, moment: datetime
) -> tuple[list[float], float]:
    """Return the aids per kWh as negative prices in EUR.

    The first result is a list with the price, without VAT, of each aid that bears VAT. The second
    result is the sum of the aids that bear no VAT.
    """
    taxed, untaxed = [], 0.0
    for aid in contracts.aids_at(moment):
        if aid.unit == PER_KWH and aid.vat is AidVat.NONE:
            untaxed += prices.aid(aid)
        elif aid.unit == PER_KWH:
            taxed.append(prices.aid(aid))
    return taxed, untaxed


def sum_of_known(parts: Sequence[float | None], decimals: int | None = None) -> float | None:
    """Return the sum of `parts`, rounded to `decimals`. Return None if a part is unknown."""
    known_parts = [part for part in parts if part is not None]
    if len(known_parts) < len(parts):
        return None
    total = sum(known_parts, 0.0)
    return total if decimals is None else round(total, decimals)


def rounded(value: float | None, decimals: int) -> float | None:
    """Return `value`, rounded to `decimals`. Return None if it is unknown."""
    return None if value is None else round(value, decimals)


def _energy(price: float | None, margin: float | None, market: float | None) -> float | None:
    """Return `market` plus `margin`. If `margin` is None, return the fixed `price`.

    Return None if the needed price is unknown.
    """
    if margin is None:
        return price
    return None if market is None else market + margin
