"""Contracts of earlier versions are read once; malformed contracts are refused."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from smartyp1.prices.contract import BEGINNING, Contract
from smartyp1.prices.contract_json import load_contracts, store_contracts

FIRST = Contract(
    reference_kw=3, energy_price=0.16, second_price=0.11, second_hours="22:00-06:00 sat"
)
SECOND = replace(FIRST, energy_margin=0.02, energy_price=None, consumer_category="B")
ENTRIES = ((BEGINNING, FIRST), (datetime(2026, 6, 9, 12, 15, tzinfo=UTC), SECOND))
BAD: list[Any] = [True, -1, float("nan"), float("inf"), 10**400, [], "x"]
STORED = store_contracts(ENTRIES)


def changed(**values: object) -> list[dict[str, Any]]:
    """Return the stored contracts, with other values in the second one. None removes a value."""
    second = STORED[1] | values
    return [STORED[0], {name: value for name, value in second.items() if value is not None}]


def test_stored_contracts_are_read_as_they_were() -> None:
    assert load_contracts(STORED) == ENTRIES


@pytest.mark.parametrize(
    "stored",
    [
        None,
        {},
        [],
        [None],
        [[]],
        [*STORED, STORED[1]],
        [*reversed(STORED)],
        [STORED[0]] * 201,
        *(
            changed(since=since)
            for since in (None, "", "noon", 5, "2026-06-09", "2026-06-09T12:00")
        ),
        *(changed(reference_kw=kw) for kw in BAD),
        *(changed(second_hours=text) for text in ("25:00-06:00", "22:00", "someday", 5)),
        *(changed(**{name: None}) for name in ("has_vat", "replaces_variable", "meter_ampere")),
        changed(has_vat=1),
        changed(meter_ampere=40.5),
        changed(consumer_category=5),
        changed(unknown_levy=0.1),
    ],
)
def test_malformed_contracts_are_refused(stored: Any) -> None:  # noqa: ANN401 - JSON
    with pytest.raises((AttributeError, KeyError, OverflowError, TypeError, ValueError)):
        load_contracts(stored)
