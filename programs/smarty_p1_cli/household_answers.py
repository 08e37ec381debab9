"""Answers about a household from Leneda's files and a contract file.

The integration answers with the same functions of the library.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import filterfalse
from typing import Any, NamedTuple

from smartyp1.advice.what_if_year import MIN_DAYS, WhatIfError, WhatIfRefusal
from smartyp1.amounts import AmountError
from smartyp1.answers.bills import CURRENT_PRICES, bill_answer, comparison_report
from smartyp1.answers.what_if import WhatIfQuestion, what_if_report
from smartyp1.answers.what_if_changes import KWH_PRICE
from smartyp1.bill.household import Household
from smartyp1.bill.household_state import HouseholdState
from smartyp1.bill.month import Month
from smartyp1.history.month_file_lines import month_name
from smartyp1.leneda.days_of_rows import days_of
from smartyp1.leneda.implausible_rows import false_zeros, without_false_zeros
from smartyp1.leneda.measured_and_estimated_rows import RowsByCode
from smartyp1.leneda.portal_file import MAX_EXPORT_SIZE
from smartyp1.prices.contract import Contracts
from smartyp1.prices.market_price_series import PriceSeries, PriceSources, sources_at

from .answer_texts import bill_text, comparison_text, text_of_error, what_if_text, year_text
from .contract_file import (
    FILE_MARKET,
    MAX_CONTRACT_BYTES,
    ContractFile,
    ContractFileError,
    parse_contract_file,
)
from .leneda_files import read_file, rows_of_files
from .market_price_files import is_price_file, series_of_files, sources_of
from .parser import PROGRAM, UsageError, raise_usage_error, shown

_MAX_FILES = 1_000
_MAX_BYTES = 200_000_000
"""Maximum size of all files together: 25 months of all series."""
_CONTRACT = ".toml"


class _Household(NamedTuple):
    """Household of some files, and the changes of a what-if."""

    state: HouseholdState
    changes: Sequence[Mapping[str, Any]]
    sources: PriceSources
    """Market prices of the year of a what-if."""
    markets: Mapping[str, PriceSeries]


def answer(arguments: argparse.Namespace) -> str:
    """Return the answer to a command as text, or as JSON. Raises UsageError."""
    household = _household(arguments.files, datetime.now(UTC))
    content, text = _ANSWERS[arguments.answer](household, arguments)
    return json.dumps(content) if arguments.json else text


def _bills(household: _Household, arguments: argparse.Namespace) -> tuple[Any, str]:
    household_state = household.state
    if not arguments.year and not arguments.months:
        name = arguments.month or month_name(household_state.month.start)
        [month] = _known_months(household_state, name)
        bill = bill_answer(month, household_state)
        return bill, bill_text(bill)
    months = _known_months(household_state, arguments.year or "")[-(arguments.months or 0) :]
    bills = [bill_answer(month, household_state) for month in months]
    return {"months": bills}, year_text(bills)


def _known_months(household: HouseholdState, beginning: str) -> list[Month]:
    """Return the months whose names begin with a month or a year. Raises UsageError if none do."""
    months = {month_name(month.start): month for month in household.months}
    found = [month for name, month in months.items() if name.startswith(beginning)]
    if not found:
        raise UsageError(text_of_error("month_unknown", month=beginning, months=", ".join(months)))
    return found


def _classes(household: _Household, arguments: argparse.Namespace) -> tuple[Any, str]:
    prices = "each_month" if arguments.each_month else CURRENT_PRICES
    report = comparison_report(household.state, prices)
    return report, comparison_text(report)


_REFUSED = {
    WhatIfRefusal.NO_REFERENCE_POWER: "the contract file has no reference_power",
    WhatIfRefusal.NO_ENERGY_PRICE: "the contract file has no energy_price",
    WhatIfRefusal.NO_FEED_IN_PRICE: (
        "the household exports energy: the contract file needs feed_in_price, 0 without a payment"
    ),
    WhatIfRefusal.NO_NETWORK_PRICE: "a price of the grid or a levy is unknown: enter it",
    WhatIfRefusal.TOO_FEW_DAYS: "the last twelve whole months have {days} days, of {least} needed",
    WhatIfRefusal.NO_MARKET_PRICES: "the prices of a market are unknown here",
    WhatIfRefusal.TOO_FEW_PRICED_DAYS: (
        "the last twelve whole months have {days} days with market prices, of {least} needed"
    ),
    WhatIfRefusal.DOWNLOAD_FAILED: "the prices of a market could not be downloaded",
    WhatIfRefusal.NO_CAR: "the energy of a car is unknown here",
    WhatIfRefusal.CAR_NOT_MEASURED: "the energy of a car is unknown here",
}


def _what_if(household: _Household, arguments: argparse.Namespace) -> tuple[Any, str]:
    if not household.changes:
        raise_usage_error("the contract file has no [[changes]]; bill --example shows one")
    price = arguments.feed_in_price
    try:
        price = None if price is None else KWH_PRICE.checked(price)
        question = WhatIfQuestion(household.changes, price, household.sources, household.markets)
        report = what_if_report(household.state, question)
    except AmountError:
        raise_usage_error(f"--feed-in-price must be from 0 to {KWH_PRICE.maximum:g} EUR/kWh")
    except WhatIfError as err:
        text = _REFUSED[err.reason]
        raise UsageError(text.format(days=err.days, least=MIN_DAYS)) from None
    return report, what_if_text(report)


_ANSWERS = {"bills": _bills, "classes": _classes, "what_if": _what_if}


def _household(files: Sequence[str], now: datetime) -> _Household:
    """Return the household of some files. Raises UsageError, and TooMuchEnergyError."""
    names = [*filter(_is_contract, files)]
    if len(names) != 1:
        what = f"{len(names)} contract files" if names else "no contract file"
        raise_usage_error(
            f"{what}: give one, whose name ends with {_CONTRACT}; bill --example prints one"
        )
    contract = read_contract_file(names[0])
    series = [*filterfalse(_is_contract, files)]
    if not 1 <= len(series) <= _MAX_FILES:
        raise_usage_error(f"give 1 to {_MAX_FILES} files of Leneda; {len(series)} were given")
    contents = [*_contents(series)]
    prices = [(name, data) for name, data in contents if is_price_file(data)]
    market = series_of_files(prices)
    energies = [(name, data) for name, data in contents if not is_price_file(data)]
    sources = sources_of(market, contract.contracts)
    rows = rows_of_files(energies, now)
    if false := false_zeros(rows):
        text = f"{PROGRAM}: {len(false)} quarter-hours: 0 as the supplier's energy is left out"
        print(text, file=sys.stderr)
    household = household_of_rows(rows, contract.contracts, sources)
    if household is None:
        raise_usage_error("the files have no consumption: give the file of 1-1:1.29.0, too")
    of_year = sources_at(sources, household.until)
    return _Household(household, contract.changes, of_year, {FILE_MARKET: market})


def household_of_rows(
    rows: RowsByCode, contracts: Contracts, sources: Sequence[PriceSources] = ()
) -> HouseholdState | None:
    """Return the household of some rows. Return None without consumption. Raises UsageError."""
    household = Household(contracts)
    household.set_prices(sources)
    household.set_leneda_days(days_of(without_false_zeros(rows), has_readings=False))
    household_state = household.newest
    if household.refused:
        raise_usage_error("the files have more energy than a household can use")
    return household_state


def _is_contract(name: str) -> bool:
    return name.lower().endswith(_CONTRACT)


def read_contract_file(name: str) -> ContractFile:
    """Return the content of a contract file. Raises UsageError."""
    try:
        contract = parse_contract_file(read_file(name, MAX_CONTRACT_BYTES))
    except ContractFileError as err:
        raise_usage_error(f"{shown(name)}: {err}")
    for price in contract.high_prices:
        text = f"{PROGRAM}: {shown(name)}: a price of {price:g} EUR/kWh is unusually high: check it"
        print(text, file=sys.stderr)
    return contract


def _contents(names: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    total = 0
    for name in names:
        data = read_file(name, MAX_EXPORT_SIZE)
        total += len(data)
        if total > _MAX_BYTES:
            raise_usage_error(f"the files have more than {_MAX_BYTES // 1_000_000} MB together")
        yield name, data
