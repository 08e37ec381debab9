"""Why a day has cost more or less than usual, at 0.20 EUR for a kWh and 0.08 EUR for one sold."""

import pytest

from smartyp1.advice.day_reason import DayReason, PartOfDay, day_reason
from smartyp1.prices.kwh_price import KwhPrice

PRICE = KwhPrice(0.2, 0.08)
# 10 kWh drawn, 2 sold, 0.30 EUR above the reference power, 0.40 EUR of fixed prices.
USUAL = PartOfDay(cost=2.54, imported=10, exported=2, surcharge=0.3, own=4)


def today(drawn: float, sold: float, above: float = 0.3, own: float | None = 4) -> PartOfDay:
    cost = drawn * 0.2 - sold * 0.08 + above + 0.4
    return PartOfDay(cost, drawn, sold, above, own)


@pytest.mark.parametrize(
    ("day", "reason"),
    [
        # 3 kWh more from the roof: 2 replace drawn ones, one more is used; 2 more are sold.
        (today(8, 4, own=7), DayReason.MORE_SUN),
        (today(13, 1, own=1), DayReason.LESS_SUN),
        # The house uses 15 kWh instead of 14, at as much sun; 1.5 kWh more.
        (today(12, 2), DayReason.MORE_USED),
        (today(8, 2), DayReason.LESS_USED),
        (today(10, 2, above=0.9), DayReason.MORE_ABOVE),
        (today(10, 2, above=0.0), DayReason.LESS_ABOVE),
        # The same energies cost 0.50 EUR more: only the prices of their hours can have changed.
        (today(10, 2)._replace(cost=3.04), DayReason.DEARER_HOURS),
        (today(10, 2)._replace(cost=2.04), DayReason.CHEAPER_HOURS),
        # Without an inverter, only the energies from and to the grid are known.
        (today(13, 2, own=None), DayReason.MORE_FROM_GRID),
        (today(7, 2, own=None), DayReason.LESS_FROM_GRID),
        (today(10, 8, own=None), DayReason.MORE_TO_GRID),
        # 0.20 EUR, below 10 % of the usual cost.
        (today(11, 2), None),
        # 0.2 of sun, 0.2 above, and 0.2 of other prices: nothing is half of it.
        (today(11, 2, above=0.5, own=3)._replace(cost=3.14), None),
    ],
)
def test_the_largest_cause_is_the_reason(day: PartOfDay, reason: DayReason | None) -> None:
    assert day_reason(day, USUAL, PRICE) == reason


def test_less_sold_energy_is_a_reason_without_an_inverter() -> None:
    sunny = today(10, 8, own=None)
    assert day_reason(today(10, 2, own=None), sunny, PRICE) is DayReason.LESS_TO_GRID


def test_without_a_price_there_is_no_reason() -> None:
    assert day_reason(today(13, 2), USUAL, KwhPrice(None, 0.08)) is None
    # Without a feed-in price, sold energy is worth nothing.
    assert day_reason(today(13, 1, own=1), USUAL, KwhPrice(0.2, None)) is DayReason.LESS_SUN
