"""From when on something holds that is entered: first, into an empty field, or otherwise."""

from dataclasses import replace
from typing import Any

import pytest

from smartyp1.bill.bill import compute_bill
from smartyp1.prices.contract import Contract, Contracts
from tests.lib.bill.support import Connection, at

FIRST = Contract(reference_kw=7, energy_price=0.15)
CHANGED = replace(FIRST, energy_price=0.2)
WITH_FEE = replace(FIRST, energy_fee=5.0, feed_in_margin=-0.01, has_levies=True)
BOTH = replace(CHANGED, energy_fee=5.0, surcharge=0.1)
MARKET = Contract(reference_kw=7, energy_margin=0.02, feed_in_margin=0.0)
FIXED = Contract(reference_kw=7, energy_price=0.2, feed_in_price=0.06)
WITHOUT = replace(FIRST, energy_price=None)
LARGER = replace(FIRST, reference_kw=12)
CHANGED_LARGER = replace(CHANGED, reference_kw=12)


def house_since_may() -> Connection:
    """Return a connection that is at 15 July, 12:03, with something drawn in each month."""
    house = Connection("2026-05-30T12:00:00S")
    house.read()
    house.draw(30, 100)
    for day in ("2026-06-10T12:00:00S", "2026-07-05T12:00:00S", "2026-07-15T11:33:00S"):
        house.time = at(day)
        house.imported_wh += 100_000
        house.read()
        house.draw(30, 100)
    return house


def entered(house: Connection, *entries: tuple[Contract, str | None]) -> Contracts:
    """Enter contracts one after the other, with restarts in between, and return what holds."""
    for contract, since in entries:
        house.change(contract, since)
        house.restart()
        house.restart()
    return house.after(60).contracts


type Held = dict[str, Any]
type Entries = list[tuple[Contract, str | None]]
# On the last day before a month, on its first one, and so on: the value of a field.
FEE_FROM_THE_1ST = {"06-30": None, "07-01": 5.0, "07-02": 5.0, "07-16": 5.0}
STORIES: list[Any] = [
    # A first entry holds for all that is recorded, unless it is still to come.
    *(
        ([(FIRST, since)], {"energy_price": {"05-30": 0.15, "07-16": 0.15}})
        for since in (None, "2026-07-15", "2026-06-03")
    ),
    ([(FIRST, "2026-08-01")], {"energy_price": {"07-31": None, "08-01": 0.15}}),
    # A value in an empty field holds from the first of the month on.
    *(
        (
            [(FIRST, None), (WITH_FEE, since)],
            {
                "energy_fee": FEE_FROM_THE_1ST,
                "feed_in_margin": {"06-30": None, "07-01": -0.01},
                # The form showed that there were no levies, so that is a change.
                "has_levies": {"06-30": None, "07-02": None, "07-16": True},
                "energy_price": {"06-30": 0.15, "07-20": 0.15},
            },
        )
        for since in (None, "2026-07-15", "2026-07-03")
    ),
    (
        [(FIRST, None), (replace(FIRST, consumer_category="B"), "2026-07-10")],
        {"consumer_category": {"07-09": None, "07-10": "B"}},
    ),
    # With another day, the last change holds from there, and nothing is left of its first day.
    *(
        (
            [(FIRST, None), (BOTH, wrong), (BOTH, "2026-07-10")],
            {
                "energy_fee": {"04-01": None, "06-01": None, **FEE_FROM_THE_1ST},
                "surcharge": {"04-01": None, "06-30": None, "07-01": 0.1},
                "energy_price": {"04-20": 0.15, "07-09": 0.15, "07-10": 0.2},
            },
        )
        for wrong in (None, "2026-04-20", "2026-06-15", "2026-08-15")
    ),
    # A mistaken price that was replaced on its own day, or at once, does not come back with another
    # day.
    *(
        (
            [(FIRST, None), (replace(FIRST, energy_price=2.0), wrong), (CHANGED, wrong), right],
            {"energy_price": {"06-16": 0.15, "07-09": 0.15, **prices}},
        )
        for wrong, right, prices in (
            ("2026-06-15", (CHANGED, "2026-07-10"), {"07-10": 0.2}),
            (None, (CHANGED, "2026-08-15"), {"08-14": 0.15, "08-15": 0.2}),
        )
    ),
    # With a mistaken day before an earlier change, that change comes back with the right day.
    *(
        (
            [
                (FIRST, None),
                (CHANGED, "2026-06-15"),
                *((BOTH, wrong) for wrong in days),
                (BOTH, "2026-07-10"),
            ],
            {
                "energy_price": {"06-14": 0.15, "06-15": 0.2, "07-10": 0.2},
                "surcharge": {"05-30": None, "06-30": None, "07-01": 0.1},
            },
        )
        for days in (["2026-04-20"], ["2026-04-20", "2026-06-01"], ["2026-04-20", "2026-06-15"])
    ),
    # A change that was still to come when another one replaced it does not come back.
    (
        [(FIRST, None), (CHANGED, "2026-08-01"), (BOTH, None), (BOTH, "2026-08-15")],
        {"energy_price": {"07-16": 0.15, "08-14": 0.15, "08-15": 0.2}},
    ),
    # A price that is announced late leaves the day of a reference power that has changed since,
    # also if another price begins on that day, or if the price has another day after all.
    *(
        (
            [(FIRST, None), (LARGER, "2026-07-10"), (CHANGED_LARGER, "2026-06-15"), *more],
            {
                "energy_price": {"06-14": 0.15, "06-15": june, "07-09": june, "07-10": july},
                "reference_kw": {"06-15": 7, "07-09": 7, "07-10": 12, "07-16": 12},
            },
        )
        for more, june, july in (
            ([], 0.2, 0.2),
            ([(replace(LARGER, energy_price=0.3), "2026-07-10")], 0.2, 0.3),
            ([(CHANGED_LARGER, "2026-07-10")], 0.15, 0.2),
        )
    ),
    # A changed value holds from the day entered.
    (
        [(FIRST, None), (CHANGED, "2026-07-10")],
        {"energy_price": {"07-09": 0.15, "07-10": 0.2, "07-20": 0.2}},
    ),
    # Without a day, from now on; a field that was empty all the same from the 1st.
    *(
        (
            [(FIRST, None), (BOTH, since)],
            {
                "energy_fee": FEE_FROM_THE_1ST,
                "surcharge": {"06-30": None, "07-01": 0.1},
                "energy_price": {"07-09": 0.15, "07-16": 0.2},
            },
        )
        for since in (None, "2026-07-10")
    ),
    # A fixed price for one that follows the market is a change.
    (
        [(MARKET, None), (FIXED, "2026-07-10")],
        {
            "energy_price": {"07-01": None, "07-09": None, "07-10": 0.2},
            "energy_margin": {"07-01": 0.02, "07-09": 0.02, "07-10": None},
            "feed_in_price": {"07-09": None, "07-10": 0.06},
        },
    ),
    # After a change within the month, an empty field holds from the 1st, and the change stays.
    *(
        (
            [(FIRST, None), (CHANGED, "2026-07-10"), (replace(CHANGED, energy_fee=5.0), since)],
            {
                "energy_fee": FEE_FROM_THE_1ST,
                "energy_price": {"07-01": 0.15, "07-09": 0.15, "07-10": 0.2, "07-12": 0.2},
            },
        )
        for since in (None, "2026-07-12")
    ),
    # A field that is emptied and filled keeps what it had before.
    (
        [(FIRST, None), (WITHOUT, "2026-07-10"), (CHANGED, "2026-07-12")],
        {"energy_price": {"06-30": 0.15, "07-09": 0.15, "07-10": 0.2, "07-12": 0.2}},
    ),
]


@pytest.mark.parametrize(("entries", "expected"), STORIES)
def test_from_when_on_an_entry_holds(entries: Entries, expected: dict[str, Held]) -> None:
    contracts = entered(house_since_may(), *entries)
    assert expected == {
        name: {day: getattr(contracts.at(at(f"2026-{day}T00:00:00S")), name) for day in days}
        for name, days in expected.items()
    }


def test_a_first_entry_is_in_all_bills_and_a_change_without_a_day_begins_now() -> None:
    house = house_since_may()
    contracts = entered(house, (FIRST, None), (CHANGED, None))
    assert contracts.at(at("2026-07-15T11:59:59S")).energy_price == 0.15
    assert contracts.at(at("2026-07-15T12:00:00S")).energy_price == 0.2
    demand = house.demand
    for month in (*demand.earlier_months, demand.month):
        assert "energy" in [line.name for line in compute_bill(month, contracts, month.end).lines]


def test_an_entry_with_a_day_to_come_is_the_same_when_it_has_come() -> None:
    house = house_since_may()
    entered(house, (FIRST, "2026-08-01"))
    house.time = at("2026-08-15T12:00:00S")
    house.imported_wh += 100_000
    house.read()
    contracts = entered(house, (FIRST, "2026-08-01"))
    prices = [contracts.at(at(f"2026-{day}T00:00:00S")).energy_price for day in ("07-31", "08-01")]
    assert prices == [None, 0.15]
