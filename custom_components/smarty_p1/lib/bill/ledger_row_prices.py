"""Prices of a kWh in each row of a ledger, as arrays."""

from typing import NamedTuple

import numpy as np

from ..energy_table.table import Table
from ..energy_table.wall_clock import Flags, Floats, time_of
from ..prices.kwh_price import price_without_energy
from .bill import MonthPrices
from .ledger import Ledger, second_rows


class RowPrices(NamedTuple):
    """Prices of a kWh in EUR in each row. Prices of imported energy include VAT. NaN: unknown."""

    imported: Floats
    """Energy, grid, levies and aids, without the surcharge."""
    exported: Floats
    shared: Floats
    """The grid's price, and the energy community's price."""
    community: Floats
    """Part of `shared` that the energy community bills."""
    excess: Floats
    """Additional price of a kWh above the reference power."""
    has_feed_in: Flags
    """Whether the contract has a price of exported energy."""


def prices_of_rows(ledger: Ledger, of_month: MonthPrices) -> RowPrices:
    """Return the prices of all rows of a ledger of one month.

    A row without a market price has a stand-in price if the bill has stand-in prices.
    """
    table, count = ledger.table, len(ledger.table.quarter)
    unknown = np.full(count, np.nan)
    rows = RowPrices._make([*(unknown.copy() for _ in range(5)), np.zeros(count, bool)])
    if not count:
        return rows
    bought, sold = _market_prices(ledger, of_month)
    begin, end = time_of(table.quarter[0]), time_of(table.quarter[-1] + 1)
    for start, until, part in ledger.timed_parts(begin, end):
        of, contract = table.places(start, until), part.contract
        vat = 1 + (part.prices.vat_rate or 0.0)
        others = price_without_energy(ledger.contracts, start)
        energy = _energy(contract.energy_price, contract.energy_margin, bought[of])
        is_second = second_rows(contract, ledger.clock, of)
        energy = np.where(is_second, _nan_if_none(contract.second_price), energy)
        rows.imported[of] = energy * vat + _nan_if_none(others)
        rows.exported[of] = _energy(contract.feed_in_price, contract.feed_in_margin, sold[of])
        rows.has_feed_in[of] = contract.has_feed_in_price
        rows.community[of] = contract.community_price or 0.0
        rows.shared[of] = (part.prices.grid_kwh or 0.0) * vat + rows.community[of]
        rows.excess[of] = part.prices.excess or 0.0
    return rows


def billed_cost(table: Table, prices: RowPrices) -> Floats:
    """Return the cost of the imported energy of each row on the bill, without the surcharge.

    NaN where a price is unknown. The energy community's own bill is not included.
    """
    wh, shared = table.imported, table.shared.sum(axis=0)
    cost = (wh - shared) * prices.imported + shared * (prices.shared - prices.community)
    return np.where(wh != 0, cost / 1000, 0.0)


def _market_prices(ledger: Ledger, of_month: MonthPrices) -> tuple[Floats, Floats]:
    (bought, sold), true = ledger.table.prices, ledger.table.true_prices
    return (
        bought if of_month.is_bought_filled else true[0],
        sold if of_month.is_sold_filled else true[1],
    )


def _energy(price: float | None, margin: float | None, market: Floats) -> Floats:
    return np.full(len(market), _nan_if_none(price)) if margin is None else market + margin


def _nan_if_none(price: float | None) -> float:
    return np.nan if price is None else price
