"""The last whole months of a household, billed at today's prices and any reference power.

    year = year_of(state)
    year.changed(with_load(year.table, car(kwh=8, kw=11))).costs(reference_kw=3)

A what-if changes the energies in `year.table`. Both tables are billed like measured months.

- A published price that ends within a year, such as an aid of the State, is replaced by its
  successor.
- Energy without a market price has a stand-in price, also in a month with too few market prices
  for a bill.
- With less than twelve whole months, all amounts are scaled to a year.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import reduce
from itertools import starmap
from typing import NamedTuple

import numpy as np

from ..bill.bill import Bill, MonthPrices, bill_of_parts, lines_of, monthly_lines, rounded_to_sum
from ..bill.bill_part_sums import BillPart, Sums, month_share
from ..bill.household_state import HouseholdState
from ..bill.ledger import Ledger, second_rows
from ..energy_table.filled_market_prices import with_prices
from ..energy_table.table import RowSource, Table
from ..energy_table.wall_clock import (
    A_DAY,
    Flags,
    Floats,
    Numbers,
    WallClock,
    groups,
    number_from,
    time_of,
    wall_clock,
)
from ..history.luxembourg_time import LUXEMBOURG, MONTHS_OF_A_YEAR, month_end, month_start
from ..history.quarter_hour import WH_A_KW
from ..prices.agreed_prices import AgreedPrices, price_file
from ..prices.contract import Contract, Contracts
from ..prices.kwh_price import price_without_energy, sum_of_known
from ..prices.market_price_series import PriceSources
from .simulated_battery_plan import DayPrices

MIN_DAYS = 300
"""Minimum number of measured days for a result."""
_HOURS_OF_A_DAY = 24
_DAYS_OF_A_WEEK = 7
# A day counts as measured if at least this share of its quarter-hours is known. A day counts as
# priced if at least this share of its energy also has a market price.
_MIN_KNOWN_SHARE = 0.9
_SURCHARGE = lines_of("surcharge")
_FEED_IN = lines_of("feed_in")


class WhatIfRefusal(StrEnum):
    """Reason why a what-if has no result."""

    NO_REFERENCE_POWER = "no_reference_power"
    NO_ENERGY_PRICE = "no_energy_price"
    NO_FEED_IN_PRICE = "no_feed_in_price"
    """Energy is exported, and its price is unknown."""
    NO_NETWORK_PRICE = "no_network_price"
    """A price of the grid, or a levy, is unknown."""
    TOO_FEW_DAYS = "too_few_days"
    TOO_FEW_PRICED_DAYS = "too_few_priced_days"
    """Enough days were measured, but too few of these days have market prices."""
    NO_MARKET_PRICES = "no_market_prices"
    """No price of the market that another contract follows is stored."""
    DOWNLOAD_FAILED = "download_failed"
    """The prices of a market could not be downloaded."""
    NO_CAR = "no_car"
    """The energy of the car to be planned is not known."""
    CAR_NOT_MEASURED = "car_not_measured"
    """The car was charged in these months, and its energy is not measured."""


@dataclass(eq=False)
class WhatIfError(Exception):
    """Error for a simulation that is impossible. `reason` says why.

    If the usable days are too few, `days` is their number.
    """

    reason: WhatIfRefusal
    days: int = 0


class YearCosts(NamedTuple):
    """Costs of a year in EUR. They include VAT if the contract has VAT, and add up to `total`.

    The revenue for exported energy is negative.
    """

    energy: float
    """Cost of all kWh: energy, grid, levies, and the energy community's own bill if its price is
    known."""
    surcharge: float
    feed_in: float
    fixed: float
    total: float

    @property
    def whole(self) -> YearCosts:
        """Return the costs in whole euros. They are rounded so that they still add up to the total.

        `fixed` is rounded first, so that it is equal in two years with the same fixed costs.
        """
        fixed, total = round(self.fixed), round(self.total)
        energy, surcharge, feed_in = rounded_to_sum(self[:3], total - fixed, parts_per_unit=1)
        return YearCosts(energy, surcharge, feed_in, fixed, total)


class YearEnergies(NamedTuple):
    """Energies of a year in kWh. The shared energy is a part of the imported energy."""

    imported: float
    exported: float
    shared: float


class WhatIfYear(NamedTuple):
    """Whole months that have ended, with one contract and today's prices."""

    table: Table
    past: Table
    """Whole past of the household, without any change. Prices of a market are filled in it."""
    until: datetime
    """Time up to which the past is known."""
    clock: WallClock
    begins: Sequence[datetime]
    """Time from which the monthly prices of each month count, in Luxembourg's time."""
    month_sums: Sequence[Sums]
    """Sums of each month. The energy above the reference power depends on the reference power."""
    prices: AgreedPrices
    reference_kw: float
    """Present reference power in kW."""
    known: Numbers
    """Rows that a what-if can change: each known quarter-hour once."""
    measured_days: int

    @property
    def contract(self) -> Contract:
        """Return the contract of all months."""
        return self.prices.contract

    @property
    def end(self) -> datetime:
        """Return the end of the last month, in Luxembourg's time."""
        return month_end(self.begins[-1])

    @property
    def times_a_year(self) -> float:
        """Return the factor that converts amounts of these months to amounts of a year."""
        return MONTHS_OF_A_YEAR / sum(month_share(begin, month_end(begin)) for begin in self.begins)

    @property
    def known_share(self) -> float:
        """Return the share (0 to 1) of the months' quarter-hours that are known."""
        return self._share(len(self.known))

    @property
    def known_import_share(self) -> float:
        """Return the share (0 to 1) of quarter-hours whose imported energy is known."""
        return self._share(int(self.table.is_shown.sum()))

    def _share(self, count: int) -> float:
        spans = (number_from(month_end(begin)) - number_from(begin) for begin in self.begins)
        return min(1.0, count / sum(spans))

    @property
    def hourly_share(self) -> float | None:
        """Return the share (0 to 1) of known quarter-hours that have a market price for import.

        Return None if the price in the contract does not follow the market.
        """
        if self.contract.energy_margin is None:
            return None
        return float(np.mean(~np.isnan(self.table.true_prices[0][self.known])))

    @property
    def sums(self) -> Sums:
        """Return the sums of all months."""
        return reduce(Sums.plus, self.month_sums)

    @property
    def energies_a_year(self) -> YearEnergies:
        """Return the imported, exported and shared energy in kWh, scaled to one year."""
        sums, times = self.sums, self.times_a_year / 1000
        energies = sums.imported_wh, sums.exported_wh, sums.shared_wh
        return YearEnergies(*(wh * times for wh in energies))

    def changed(self, table: Table) -> WhatIfYear:
        """Return this year with the energies of `table`, which has the same quarter-hours."""
        month_sums = _month_sums(table, self.contract, self.begins)
        return self._replace(table=table, month_sums=month_sums)

    def under(self, contract: Contract, sources: PriceSources) -> WhatIfYear:
        """Return this year under another contract, with the market prices of its sources."""
        year = self._replace(prices=self.prices._replace(contract=contract))
        past = with_prices(self.past, [sources], self.until)
        return year.changed(
            self.table.with_prices_of(past.between(month_start(self.begins[0]), self.end))
        )

    def check_prices(self) -> None:
        """Raise WhatIfError if the price of exported energy, or too many market prices, lack."""
        contract, days = self.contract, groups(self.clock.day)
        if self.sums.exported_wh and not contract.has_feed_in_price:
            raise WhatIfError(WhatIfRefusal.NO_FEED_IN_PRICE)
        is_known = np.zeros(len(self.table.quarter), bool)
        is_known[self.known] = True
        is_day = _measured_days(self.table, self.clock, is_known)
        energies = self.table.imported, np.nan_to_num(self.table.exported)
        margins = contract.energy_margin, contract.feed_in_margin
        for margin, wh, price in zip(margins, energies, self.table.true_prices, strict=True):
            if margin is not None:
                priced_wh = np.add.reduceat(np.where(np.isnan(price), 0.0, wh), days)
                is_day &= priced_wh >= np.add.reduceat(wh, days) * _MIN_KNOWN_SHARE
        if (count := int(is_day.sum())) < MIN_DAYS:
            raise WhatIfError(WhatIfRefusal.TOO_FEW_PRICED_DAYS, count)

    def costs(self, reference_kw: float) -> YearCosts | None:
        """Return the costs of a year at `reference_kw`. Return None if a price is unknown."""
        bills = self.bills(reference_kw)
        sum_of_bills = sum_of_known(
            [
                bill.total if (whole := bill.total_with_community) is None else whole
                for bill in bills
            ]
        )
        if sum_of_bills is None:
            return None
        times = self.times_a_year
        total = round(sum_of_bills * times, 2)
        surcharge, feed_in, fixed = (
            round(sum([bill.amount(*names) or 0.0 for bill in bills]) * times, 2)
            for names in (_SURCHARGE, _FEED_IN, monthly_lines())
        )
        # Compute the energy's cost as the rest of the total, so that the rounded amounts add up to
        # the total.
        energy = round(total - surcharge - feed_in - fixed, 2)
        return YearCosts(energy, surcharge, feed_in, fixed, total)

    def bills(self, reference_kw: float) -> Sequence[Bill]:
        """Return the bills of all months at `reference_kw`."""
        prices, table = self.prices.at_power(reference_kw), self.table
        excess_wh = np.maximum(0.0, table.imported - reference_kw * WH_A_KW) * table.is_whole
        above_wh = np.add.reduceat(excess_wh, groups(self.clock.month)).tolist()
        months = zip(self.begins, self.month_sums, above_wh, strict=True)
        return [self._bill(prices, begin, sums._replace(above_wh=wh)) for begin, sums, wh in months]

    def _bill(self, prices: AgreedPrices, begin: datetime, sums: Sums) -> Bill:
        part = BillPart(prices, (), month_share(begin, month_end(begin)), sums)
        # All energy has a market price or a stand-in price, even in a month with few prices.
        of_month = MonthPrices(is_bought_filled=True, is_sold_filled=True, vat_rate=prices.vat_rate)
        return bill_of_parts([part], of_month)


def last_twelve_months(state: HouseholdState) -> tuple[datetime, datetime]:
    """Return start and end of the last twelve months that have ended."""
    end = month_start(state.until)
    return end.replace(year=end.year - 1), end


def year_of(
    state: HouseholdState,
    sources: PriceSources | None = None,
    feed_in_price: float | None = None,
) -> WhatIfYear:
    """Return the last twelve months that have ended. Months without energy are left out.

    `sources` have the market prices of the present contract. They count for all months, because
    another contract's source may be another market. Without `sources`, the table has the prices.
    `feed_in_price` is used in place of the feed-in price in the contract. It can be the
    mean price of a household that also sells to an energy community.

    Raises WhatIfError if a price is unknown, if too few days are measured, or if the contract
    follows the market and too few days have market prices.
    """
    contract, reference_kw = _contract_of(state, feed_in_price)
    past = state.ledger.table
    if sources:
        past = with_prices(past, [sources], state.until)
    table = past.between(*last_twelve_months(state))
    clock = wall_clock(table.quarter)
    is_known = table.is_shown
    if np.nansum(table.exported):
        # The simulation would lack the solar energy of a quarter-hour with unknown exports.
        is_known &= ~np.isnan(table.exported)
    measured_days = int(_measured_days(table, clock, is_known).sum()) if len(is_known) else 0
    if measured_days < MIN_DAYS:
        raise WhatIfError(WhatIfRefusal.TOO_FEW_DAYS, measured_days)
    starts = [month_start(time_of(number)) for number in table.quarter[groups(clock.month)]]
    begins = [state.ledger.month_begin(start).astimezone(LUXEMBOURG) for start in starts]
    year = WhatIfYear(
        table=table,
        past=past,
        until=state.until,
        clock=clock,
        begins=begins,
        month_sums=_month_sums(table, contract, begins),
        prices=AgreedPrices(contract, price_file().of_year_at(state.until)),
        reference_kw=reference_kw,
        known=np.flatnonzero(is_known),
        measured_days=measured_days,
    )
    year.check_prices()
    return year


def _month_sums(table: Table, contract: Contract, begins: Sequence[datetime]) -> list[Sums]:
    ledger = Ledger.of_table(table, Contracts.always(contract))
    return [ledger.sums(begin, month_end(begin)) for begin in begins]


def _contract_of(state: HouseholdState, feed_in_price: float | None) -> tuple[Contract, float]:
    """Return the present contract and its reference power in kW.

    If `feed_in_price` is a number, it replaces the feed-in price in the contract. Raises
    WhatIfError if the reference power or the energy price is unknown.
    """
    contract = state.contracts.at(state.until)
    reference_kw = contract.reference_kw
    if reference_kw is None:
        raise WhatIfError(WhatIfRefusal.NO_REFERENCE_POWER)
    if not contract.has_energy_price:
        raise WhatIfError(WhatIfRefusal.NO_ENERGY_PRICE)
    if feed_in_price is not None:
        contract = replace(contract, feed_in_price=feed_in_price, feed_in_margin=None)
    return contract, reference_kw


def _measured_days(table: Table, clock: WallClock, is_known: Flags) -> Flags:
    """Return which days of a table are measured."""
    days = groups(clock.day)
    is_measured = is_known & (table.source != RowSource.ESTIMATED)
    counts = np.add.reduceat(is_measured, days, dtype=np.int64)
    is_day: Flags = counts >= _MIN_KNOWN_SHARE * _lengths(clock.day[days])
    return is_day


def _lengths(days: Numbers) -> Numbers:
    """Return the number of quarter-hours of each day."""
    noon = days * A_DAY + A_DAY // 2
    return A_DAY - (wall_clock(noon).quarter - wall_clock(noon - A_DAY).quarter)


def prices_by_day(year: WhatIfYear, moment: datetime) -> Sequence[DayPrices]:
    """Return the hourly prices of each day from the first to the last day of `year`.

    All days have the grid prices that apply at `moment`. Aids are left out. An hour without a known
    quarter-hour gets the mean market price of the year.
    """
    contract, prices, clock, table = year.contract, year.prices, year.clock, year.table
    contracts = Contracts.always(contract, published=prices.published)
    others = price_without_energy(contracts, moment) or 0.0
    days = np.arange(clock.day[0], clock.day[-1] + 1)
    mean = year.sums.market_prices
    if contract.energy_margin is None:
        energy = _fixed_prices(contract, days)
    else:
        energy = _by_hour(clock, table.market, mean.energy or 0.0) + contract.energy_margin
    if contract.feed_in_margin is None:
        fed = np.full(energy.shape, contract.feed_in_price or 0.0)
    else:
        fed = _by_hour(clock, table.feed_in, mean.feed_in or 0.0) + contract.feed_in_margin
    imported = energy * (1 + (prices.vat_rate or 0.0)) + others
    pairs = zip(map(tuple, imported.tolist()), map(tuple, fed.tolist()), strict=True)
    return [*starmap(DayPrices, pairs)]


def _fixed_prices(contract: Contract, days: Numbers) -> Floats:
    """Return the fixed energy price in each hour of `days`.

    If the second price begins or ends within an hour, the price is the mean of that hour.
    """
    number = np.arange(_DAYS_OF_A_WEEK * A_DAY)
    is_second = second_rows(contract, WallClock(number // A_DAY, number % A_DAY))
    quarters = np.where(is_second, contract.second_price or 0.0, contract.energy_price or 0.0)
    hours: Floats = quarters.reshape(_DAYS_OF_A_WEEK, _HOURS_OF_A_DAY, -1).mean(axis=2)
    return hours[days % _DAYS_OF_A_WEEK]


def _by_hour(clock: WallClock, prices: Floats, mean: float) -> Floats:
    """Return the market's price in each hour of each day. An hour without a price gets `mean`."""
    count = clock.day[-1] - clock.day[0] + 1
    hours = (clock.day - clock.day[0]) * _HOURS_OF_A_DAY + clock.quarter * _HOURS_OF_A_DAY // A_DAY
    is_known = ~np.isnan(prices)
    by_hour = np.full(count * _HOURS_OF_A_DAY, mean)
    by_hour[hours[is_known]] = prices[is_known]
    return by_hour.reshape(-1, _HOURS_OF_A_DAY)
