"""From when on something holds that is entered: first, into an empty field, or otherwise."""

from dataclasses import replace

import pytest

from smartyp1.tariff import Contract, Contracts, compute_bill
from tests.lib.tariff.support import Connection, at

FIRST = Contract(reference_kw=7, energy_price=0.15)
CHANGED = replace(FIRST, energy_price=0.2)


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
    demand = house.after(60)
    return demand.contracts


def held(contracts: Contracts, name: str, *days: str) -> list[float | None]:
    return [getattr(contracts.at(at(f"{day}T00:00:00S")), name) for day in days]


@pytest.mark.parametrize("since", [None, "2026-07-15", "2026-06-03"])
def test_a_first_entry_holds_for_all_that_is_recorded(since: str | None) -> None:
    house = house_since_may()
    contracts = entered(house, (FIRST, since))

    assert held(contracts, "energy_price", "2026-05-30", "2026-07-16") == [0.15, 0.15]
    demand = house.meter.snapshot
    assert demand
    for month in (*demand.earlier_months, demand.month):
        assert "energy" in [line.name for line in compute_bill(month, contracts, month.end).lines]


def test_a_first_entry_with_a_day_to_come_waits() -> None:
    house = house_since_may()
    contracts = entered(house, (FIRST, "2026-08-01"))
    assert held(contracts, "energy_price", "2026-07-31", "2026-08-01") == [None, 0.15]

    house.time = at("2026-08-15T12:00:00S")
    house.imported_wh += 100_000
    house.read()
    contracts = entered(house, (FIRST, "2026-08-01"))
    assert held(contracts, "energy_price", "2026-07-31", "2026-08-01") == [None, 0.15]


@pytest.mark.parametrize("since", [None, "2026-07-15", "2026-07-03"])
def test_a_value_put_into_an_empty_field_holds_from_the_first_of_the_month(
    since: str | None,
) -> None:
    with_fee = replace(FIRST, energy_fee=5.0, feed_in_margin=-0.01)
    contracts = entered(house_since_may(), (FIRST, None), (with_fee, since))

    days = ("2026-06-30", "2026-07-01", "2026-07-02", "2026-07-20")
    assert held(contracts, "energy_fee", *days) == [None, 5.0, 5.0, 5.0]
    assert held(contracts, "feed_in_margin", *days) == [None, -0.01, -0.01, -0.01]
    assert held(contracts, "energy_price", *days) == [0.15] * 4


def test_a_changed_value_holds_from_the_day_entered() -> None:
    contracts = entered(house_since_may(), (FIRST, None), (CHANGED, "2026-07-10"))
    days = ("2026-07-09", "2026-07-10", "2026-07-20")
    assert held(contracts, "energy_price", *days) == [0.15, 0.2, 0.2]

    # Without a day, from now on.
    contracts = entered(house_since_may(), (FIRST, None), (CHANGED, None))
    assert contracts.at(at("2026-07-15T11:59:59S")).energy_price == 0.15
    assert contracts.at(at("2026-07-15T12:00:00S")).energy_price == 0.2


@pytest.mark.parametrize("since", ["2026-07-10", None])
def test_one_field_filled_and_another_changed_at_once(since: str | None) -> None:
    both = replace(CHANGED, energy_fee=5.0, surcharge=0.1)
    contracts = entered(house_since_may(), (FIRST, None), (both, since))

    days = ("2026-06-30", "2026-07-01", "2026-07-09", "2026-07-16")
    assert held(contracts, "energy_fee", *days) == [None, 5.0, 5.0, 5.0]
    assert held(contracts, "surcharge", *days) == [None, 0.1, 0.1, 0.1]
    assert held(contracts, "energy_price", *days) == [0.15, 0.15, 0.15, 0.2]


def test_a_fixed_price_for_one_that_follows_the_market_is_a_change() -> None:
    market = Contract(reference_kw=7, energy_margin=0.02, feed_in_margin=0.0)
    fixed = Contract(reference_kw=7, energy_price=0.2, feed_in_price=0.06)
    contracts = entered(house_since_may(), (market, None), (fixed, "2026-07-10"))

    days = ("2026-07-01", "2026-07-09", "2026-07-10")
    assert held(contracts, "energy_price", *days) == [None, None, 0.2]
    assert held(contracts, "energy_margin", *days) == [0.02, 0.02, None]
    assert held(contracts, "feed_in_price", *days) == [None, None, 0.06]


def test_what_is_put_in_after_a_change_within_the_month_holds_from_its_first_day() -> None:
    later = replace(CHANGED, energy_fee=5.0)
    for since in (None, "2026-07-12"):
        contracts = entered(
            house_since_may(), (FIRST, None), (CHANGED, "2026-07-10"), (later, since)
        )
        days = ("2026-06-30", "2026-07-01", "2026-07-09", "2026-07-10", "2026-07-12")
        assert held(contracts, "energy_fee", *days) == [None, 5.0, 5.0, 5.0, 5.0]
        # The day is that of what is put in now, and not of what was changed before.
        assert held(contracts, "energy_price", *days) == [0.15, 0.15, 0.15, 0.2, 0.2]


def test_a_field_that_is_emptied_and_filled_keeps_what_it_had_before() -> None:
    without = replace(FIRST, energy_price=None)
    contracts = entered(
        house_since_may(), (FIRST, None), (without, "2026-07-10"), (CHANGED, "2026-07-12")
    )
    days = ("2026-06-30", "2026-07-09", "2026-07-10", "2026-07-12")
    assert held(contracts, "energy_price", *days) == [0.15, 0.15, 0.2, 0.2]
