"""Conversion of contracts to JSON, and the checked conversion back.

The functions that read stored data raise ValueError, KeyError or TypeError for malformed data.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from ..history.quarter_hour import MAX_VALUE
from ..history.reading_json import without_unknown
from ..stored_values import (
    Stored,
    checked_count,
    checked_flag,
    checked_list,
    checked_mapping,
    checked_number,
    checked_text,
    utc_time,
)
from .agreed_prices import price_file
from .contract import MAX_CONTRACTS, Contract
from .time_of_use import parsed

type Stores = dict[str, Any]

_FLAGS = {"has_vat", "replaces_variable", "has_levies"}
# Terms that are never empty, so a contract without them is damaged.
_ALWAYS_STORED = {"has_vat", "replaces_variable", "meter_ampere"}


def store_contracts(entries: Sequence[tuple[datetime, Contract]]) -> list[Stores]:
    """Return the entries of `Contracts` as JSON."""
    return [
        {"since": since.isoformat()} | without_unknown(contract.terms)
        for since, contract in entries
    ]


def load_contracts(data: Stored) -> tuple[tuple[datetime, Contract], ...]:
    """Return the entries of `Contracts` from the JSON that `store_contracts` made."""
    entries = [_load_contract(item) for item in checked_list(data, MAX_CONTRACTS)]
    starts = [since for since, _ in entries]
    if not entries or starts != sorted(set(starts)):
        raise ValueError
    return tuple(entries)


def _load_contract(data: Stored) -> tuple[datetime, Contract]:
    stored = checked_mapping(data)
    since = utc_time(stored.pop("since"))
    values: Stores = {}
    for name, value in stored.items():
        if name in _FLAGS:
            values[name] = checked_flag(value)
        elif name == "consumer_category":
            values[name] = checked_text(value)
        elif name == "second_hours":
            parsed(checked_text(value))
            values[name] = value
        elif name == "meter_ampere":
            values[name] = checked_count(value)
        else:
            values[name] = float(
                checked_number(value, 0 if name == "reference_kw" else -MAX_VALUE, MAX_VALUE)
            )
    contract = Contract.of_terms(values)
    if dict(contract.levies).keys() - price_file().levies.keys() or _ALWAYS_STORED - stored.keys():
        raise ValueError
    return since, contract
