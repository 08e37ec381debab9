"""Why a day has cost more or less than usual, at 0.20 EUR for a kWh and 0.08 EUR for one sold."""

from datetime import timedelta

import numpy as np
import pytest

from smartyp1.advice.day_reason import ComparedCosts, DayReason, cost_causes, day_reason
from smartyp1.advice.period_costs import PeriodCosts, usual_evening_cost
from smartyp1.energy_table.table import RowSource, Table
from smartyp1.energy_table.wall_clock import quarter_number
from tests.lib.bill.months import agreed, ledger_of, local

type Day = tuple[PeriodCosts, float | None]


def day(
    drawn: float, sold: float, above: float = 0.3, own: float | None = 4.0, price: float = 0.2
) -> Day:
    """Return the costs of a day, and its energy from the roof."""
    return PeriodCosts(drawn, sold, drawn * price, 0.0, above, sold * 0.08, 0.4), own


def shared(eur: float) -> Day:
    """Return a usual day on which shared energy has lowered the cost."""
    return USUAL[0]._replace(shared=eur), USUAL[1]


USUAL = day(10, 2)


@pytest.mark.parametrize(
    ("today", "reason"),
    [
        # 3 kWh more from the roof: 2 replace drawn ones, one more is used; 2 more are sold.
        (day(8, 4, own=7), DayReason.MORE_SUN),
        (day(13, 1, own=1), DayReason.LESS_SUN),
        # The house uses 15 kWh instead of 14, at as much sun; 1.5 kWh more.
        (day(12, 2), DayReason.MORE_USED),
        (day(8, 2), DayReason.LESS_USED),
        (day(10, 2, above=0.9), DayReason.MORE_ABOVE),
        (day(10, 2, above=0.0), DayReason.LESS_ABOVE),
        # The same energies cost 0.50 EUR more under the same terms, because of their hours.
        (day(10, 2, price=0.25), DayReason.DEARER_HOURS),
        (day(10, 2, price=0.15), DayReason.CHEAPER_HOURS),
        (shared(0.5), DayReason.MORE_SHARED),
        # Without an inverter, only the energies from and to the grid are known.
        (day(13, 2, own=None), DayReason.MORE_FROM_GRID),
        (day(7, 2, own=None), DayReason.LESS_FROM_GRID),
        (day(10, 8, own=None), DayReason.MORE_TO_GRID),
        # 0.20 EUR, below 10 % of the usual cost.
        (day(11, 2), None),
        # 0.40 of consumption are 82 % of 0.49 EUR, and 0.38 are 76 % of 0.50 EUR.
        (day(12, 2, above=0.39), DayReason.MORE_USED),
        (day(11.9, 2, above=0.42), None),
    ],
)
def test_a_cause_that_alone_explains_the_difference_is_the_reason(
    today: Day, reason: DayReason | None
) -> None:
    (now, own), (usual, usual_own) = today, USUAL
    both = None if own is None or usual_own is None else (own, usual_own)
    costs = ComparedCosts(now, usual, usual, both)
    assert day_reason(costs) == reason
    assert sum(cost_causes(costs).values()) == pytest.approx(costs.difference)


def test_less_sold_energy_is_a_reason_without_an_inverter() -> None:
    now, sunny = day(10, 2)[0], day(10, 8)[0]
    assert day_reason(ComparedCosts(now, sunny, sunny)) is DayReason.LESS_TO_GRID


@pytest.mark.parametrize(
    ("billed", "reason"),
    [
        # The usual day has cost 0.04 EUR a kWh less, or more.
        (day(10, 2, price=0.16), DayReason.HIGHER_PRICES),
        (day(10, 2, price=0.24), DayReason.LOWER_PRICES),
        ((USUAL[0]._replace(fixed=0.1), None), DayReason.HIGHER_PRICES),
    ],
)
def test_prices_have_changed_if_the_usual_day_costs_another_amount_today(
    billed: Day, reason: DayReason
) -> None:
    now, usual = USUAL[0], USUAL[0]
    costs = ComparedCosts(now, usual, billed[0])
    assert day_reason(costs) is reason
    assert cost_causes(costs)[reason] == pytest.approx(costs.difference)


def test_the_usual_cost_of_an_evening_above_is_that_of_the_evenings_with_an_excess() -> None:
    """A car is charged with 5 kW for four hours past midnight, on two evenings, above 3 kW."""
    start, end = local("2026-06-01"), local("2026-06-29T18:00")
    numbers = np.arange(quarter_number(start), quarter_number(end))
    wh = np.full(len(numbers), 250.0)
    for begin in (local("2026-06-10T22:00"), local("2026-06-20T22:00")):
        wh[quarter_number(begin) - numbers[0] :][:16] = 1250.0
    # An evening that is too long ago.
    wh[:8] = 2000.0
    nothing = np.zeros(len(numbers))
    table = Table(
        quarter=numbers,
        imported=wh,
        exported=nothing,
        source=np.full(len(numbers), RowSource.MEASURED, np.int8),
        market=nothing,
        feed_in=nothing,
        shared=np.zeros((5, len(numbers))),
        is_market_filled=np.zeros(len(numbers), bool),
        is_feed_in_filled=np.zeros(len(numbers), bool),
        is_sharing_known=np.zeros(len(numbers), bool),
    )
    ledger = ledger_of(table, agreed(reference_kw=3, energy_price=0.2))
    # 2 kW for four hours, at 0.1 EUR.
    later = local("2026-06-30T18:00")
    assert usual_evening_cost(ledger, later, 0.1) == pytest.approx(0.8)
    assert usual_evening_cost(ledger, later + timedelta(days=90), 0.1) is None
    assert usual_evening_cost(ledger_of(table, agreed(reference_kw=12)), later, 0.1) is None
