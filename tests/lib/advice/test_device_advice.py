"""Advice about a device, computed by hand.

In June 2026, the grid costs 0.051 EUR, and energy above the reference power 0.0765 EUR, each with
8 % of VAT.
"""

from dataclasses import replace

import pytest

from smartyp1.advice.device_advice import best_hour, cost_above, dearest_device, saving_below
from smartyp1.bill.month import Month
from smartyp1.prices.contract import BEGINNING, Contract
from tests.lib.advice.house_of_june import June, june
from tests.lib.bill.months import TWO_PRICES, ledger_of, local

EXCESS = 0.0765 * 1.08
ONE_PRICE = Contract(reference_kw=3, energy_price=0.2, feed_in_price=0.06)
BY_DAY, BY_NIGHT, SOLD = (0.2 + 0.051) * 1.08, (0.08 + 0.051) * 1.08, 0.06
CAR_AT_19 = 3 * (4 * BY_DAY + 1.3 * EXCESS)


@pytest.fixture(scope="module")
def of_two_prices() -> June:
    return june(TWO_PRICES)


@pytest.mark.parametrize(
    ("day", "name", "cost"),
    [
        ("2026-06-24", "Car", 12 * BY_DAY),
        # 16 hours from the grid, 8 of them at night; 5 hours from the roof. The heater is free.
        ("2026-06-23", "Fridge", 0.1 * (8 * BY_NIGHT + 11 * BY_DAY)),
    ],
)
def test_the_dearest_device_of_a_day(of_two_prices: June, day: str, name: str, cost: float) -> None:
    month, sources = of_two_prices
    device = dearest_device(sources, month, local(day))
    assert device
    assert (device.name, device.cost) == (name, pytest.approx(cost))


def test_devices_that_use_more_than_the_house_are_not_believed(of_two_prices: June) -> None:
    month, sources = of_two_prices
    twice = sources._replace(devices=[*sources.devices] * 2)
    assert dearest_device(twice, month, local("2026-06-24")) is None
    none = sources._replace(devices=[])
    assert dearest_device(none, month, local("2026-06-24")) is None


@pytest.mark.parametrize(
    ("replaces", "price"), [(False, EXCESS), (True, 0.0255 * 1.08)], ids=["on top", "instead"]
)
def test_the_device_that_could_have_avoided_the_cost_above(
    replaces: bool,  # noqa: FBT001
    price: float,
) -> None:
    month, sources = june(replace(TWO_PRICES, replaces_variable=replaces))
    device = cost_above(sources.devices, month)
    assert device
    # 1.3 kW above 3 kW, in 3 hours of 15 days. The bill rounds lines and VAT.
    assert (device.name, device.cost) == ("Car", pytest.approx(1.3 * 3 * 15 * price, abs=0.011))
    assert saving_below(month) == device.cost
    # The fridge can avoid no more than its own 0.1 kW.
    least = cost_above(sources.devices[2:], month)
    assert least
    assert least.cost == pytest.approx(0.1 * 3 * 15 * price, abs=0.011)
    assert cost_above([], month) is None


@pytest.mark.parametrize("replaces", [False, True], ids=["on top", "instead"])
@pytest.mark.parametrize(
    ("contract", "has_sun", "hour", "saving"),
    [
        # 4.3 kW from midnight on, at the price of the night.
        (TWO_PRICES, True, 0, CAR_AT_19 - 3 * (4 * BY_NIGHT + 1.3 * EXCESS)),
        # From 12:00 on, the roof gives 0.7, 1.7 and 1.7 kW. The rest is 3.3, 2.3 and 2.3 kW.
        (ONE_PRICE, True, 12, CAR_AT_19 - (7.9 * BY_DAY + 4.1 * SOLD + 0.3 * EXCESS)),
        # Without sun and with one price, only the base load counts: no hour saves anything.
        (ONE_PRICE, False, None, 0.0),
    ],
    ids=["night", "sun", "no difference"],
)
def test_the_best_hour_of_a_device(
    contract: Contract,
    has_sun: bool,  # noqa: FBT001
    hour: int | None,
    saving: float,
    replaces: bool,  # noqa: FBT001
) -> None:
    month, sources = june(replace(contract, replaces_variable=replaces), has_sun=has_sun)
    best = best_hour(sources, month)
    assert best
    if replaces and hour == 12:
        # From 12:00 on, 0.3 kWh are above the reference power, in place of 3 times 1.3 kWh.
        saving -= 3.6 * 0.051 * 1.08
    assert best.saving == pytest.approx(15 * saving, abs=0.025)
    if hour is not None:
        assert (best.name, best.hour) == ("Car", hour)


def test_only_a_device_that_runs_for_a_few_hours_can_wait(of_two_prices: June) -> None:
    month, sources = of_two_prices
    assert best_hour(sources._replace(devices=sources.devices[2:]), month) is None
    # A price that is unknown.
    market = june(Contract(reference_kw=3, energy_margin=0.02))
    assert best_hour(market.sources, market.month) is None


def test_a_day_with_a_gap_saves_nothing(of_two_prices: June) -> None:
    month, sources = of_two_prices
    rows = month.ledger.table
    # Only the quarter-hours until 3 June at noon are known.
    table = rows.between(BEGINNING, local("2026-06-03T12:00"))
    short = Month(ledger_of(table, month.ledger.contracts), month.start)
    best = best_hour(sources, short)
    assert best
    assert best.saving == pytest.approx(CAR_AT_19 - 3 * (4 * BY_NIGHT + 1.3 * EXCESS), abs=0.01)
