"""Answers about a household from Leneda's files and a contract file.

The integration answers with the same functions of the library.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from smartyp1.answers.bills import CURRENT_PRICES, bill_answer, comparison_report
from smartyp1.bill.household import Household
from smartyp1.bill.household_state import HouseholdState
from smartyp1.bill.month import Month
from smartyp1.history.month_file_lines import month_name
from smartyp1.leneda.days_of_rows import days_of
from smartyp1.leneda.implausible_rows import without_false_zeros
from smartyp1.leneda.portal_file import MAX_EXPORT_SIZE
from smartyp1.past.table import TooMuchEnergyError
from smartyp1.prices.contract import Contracts

from .answer_texts import bill_text, comparison_text, year_text
from .contract_file import MAX_CONTRACT_BYTES, ContractFileError, read_contract
from .leneda_files import read_file, rows_of_files
from .parser import PROGRAM, UsageError, shown
from .texts import text_of_error

_MAX_FILES = 1_000
_MAX_BYTES = 200_000_000
"""Maximum size of all files together: 25 months of all series."""
_CONTRACT = ".toml"


def answer(arguments: argparse.Namespace) -> str:
    """Return the answer to a command as text, or as JSON. Raises UsageError."""
    demand = _household(arguments.files, datetime.now(UTC))
    try:
        content, text = _ANSWERS[arguments.answer](demand, arguments)
    except TooMuchEnergyError:
        msg = "the files have more energy than a household can use"
        raise UsageError(msg) from None
    return json.dumps(content) if arguments.json else text


def _bills(demand: HouseholdState, arguments: argparse.Namespace) -> tuple[Any, str]:
    if not arguments.year and not arguments.months:
        name = arguments.month or month_name(demand.month.start)
        [month] = _known_months(demand, name)
        bill = bill_answer(month, demand)
        return bill, bill_text(bill)
    months = _known_months(demand, arguments.year or "")[-(arguments.months or 0) :]
    bills = [bill_answer(month, demand) for month in months]
    return {"months": bills}, year_text(bills)


def _known_months(demand: HouseholdState, beginning: str) -> list[Month]:
    """Return the months whose names begin with a month or a year. Raises UsageError if none do."""
    months = {month_name(month.start): month for month in demand.months}
    found = [month for name, month in months.items() if name.startswith(beginning)]
    if not found:
        raise UsageError(text_of_error("month_unknown", month=beginning, months=", ".join(months)))
    return found


def _classes(demand: HouseholdState, arguments: argparse.Namespace) -> tuple[Any, str]:
    report = comparison_report(demand, "each_month" if arguments.each_month else CURRENT_PRICES)
    return report, comparison_text(report)


_ANSWERS = {"bills": _bills, "classes": _classes}


def _household(files: Sequence[str], now: datetime) -> HouseholdState:
    """Return the household of some files. Raises UsageError."""
    contracts = [name for name in files if name.lower().endswith(_CONTRACT)]
    series = [name for name in files if name not in contracts]
    if len(contracts) != 1:
        what = "no contract file" if not contracts else f"{len(contracts)} contract files"
        msg = f"{what}: give one, whose name ends with {_CONTRACT}; bill --example prints one"
        raise UsageError(msg)
    if not 1 <= len(series) <= _MAX_FILES:
        msg = f"give 1 to {_MAX_FILES} files of Leneda; {len(series)} were given"
        raise UsageError(msg)
    household = Household(_contracts(contracts[0]))
    rows = without_false_zeros(rows_of_files(_contents(series), now))
    household.set_leneda_days(days_of(rows, has_readings=False))
    try:
        demand = household.newest
    except TooMuchEnergyError:
        msg = "the files have more energy than a household can use"
        raise UsageError(msg) from None
    if demand is None:
        msg = "the files have no consumption: give the file of 1-1:1.29.0, too"
        raise UsageError(msg)
    return demand


def _contracts(name: str) -> Contracts:
    try:
        contracts, high_prices = read_contract(read_file(name, MAX_CONTRACT_BYTES))
    except ContractFileError as err:
        msg = f"{shown(name)}: {err}"
        raise UsageError(msg) from None
    for price in high_prices:
        text = f"{PROGRAM}: {shown(name)}: a price of {price:g} EUR/kWh is unusually high: check it"
        print(text, file=sys.stderr)
    return contracts


def _contents(names: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    total = 0
    for name in names:
        data = read_file(name, MAX_EXPORT_SIZE)
        total += len(data)
        if total > _MAX_BYTES:
            msg = f"the files have more than {_MAX_BYTES // 1_000_000} MB together"
            raise UsageError(msg)
        yield name, data
