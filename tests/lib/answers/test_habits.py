"""The power that is always on, and its cost a year, at prices that change by the hour."""

from datetime import UTC, datetime, timedelta

import pytest

from smartyp1.answers import highlights_report
from smartyp1.tariff import (
    Contract,
    DemandMeter,
    Energies,
    MarketPrices,
    QuarterHours,
    day_start,
)

TWO_PRICES = Contract(
    reference_kw=7, energy_price=0.2, second_price=0.08, second_hours="22:00-06:00"
)
MARKET = Contract(reference_kw=7, energy_margin=0.02)


def market_at(time: datetime) -> MarketPrices:
    return MarketPrices({11: -0.08, 17: 0.25}.get(time.hour, 0.09))


# 0.3 kW * 8760 h * 1.08, times the network's 0.051 and the mean price: (16 * 0.2 + 8 * 0.08) / 24,
# or 0.02 and (22 * 0.09 - 0.08 + 0.25) / 24.
@pytest.mark.parametrize(("contract", "cost"), [(TWO_PRICES, 600.0), (MARKET, 460.0)])
@pytest.mark.parametrize("hour", [1, 11, 17])
def test_what_is_always_on_costs_the_same_at_each_hour(
    contract: Contract, cost: float, hour: int
) -> None:
    meter = DemandMeter(contract)
    time, end = datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 6, 10, hour, 30, tzinfo=UTC)
    kwh = 1000.0
    while time <= end:
        demand = meter.update(time, Energies(round(kwh, 3)), 0.3, None, None, market_at(time))
        time += timedelta(minutes=15)
        kwh += 0.075
    assert demand
    known = QuarterHours(
        meter.columns, meter.past, day_start(end - timedelta(days=30)), demand.quarter_start
    )

    always_on = highlights_report(demand, known, None)["always_on"]
    assert (always_on["w"], always_on["cost_per_year"]) == (300, pytest.approx(cost, abs=10))
