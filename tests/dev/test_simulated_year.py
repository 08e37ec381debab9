"""The simulated year of the demo."""

from datetime import UTC, datetime

import pytest

from dev.demo.demo_run import CONTRACT
from dev.demo.simulated_year import simulate_year
from dev.simulator import Meter
from smartyp1.bill.household import Household


def test_the_year_matches_the_registers() -> None:
    meter, now = Meter(101), datetime(2026, 2, 3, 10, 8, 10, tzinfo=UTC)
    year = simulate_year(meter, CONTRACT, now)

    files = {month: "".join(lines).encode() for month, lines in year.lines.items()}
    stored = Household.from_dict(year.demand, CONTRACT, files)
    assert not stored.meter.damaged
    assert not stored.meter.take_new()
    demand = stored.newest
    assert demand
    assert demand.values.last_quarter
    assert (len(year.lines), len(demand.earlier_months)) == (13, 12)
    kwh = [month.imported_kwh for month in (*demand.earlier_months, demand.month)]
    start = datetime(2025, 1, 31, 23, tzinfo=UTC)
    rise = meter.registers_at(now).imported_kwh - meter.registers_at(start).imported_kwh
    assert sum(kwh) == pytest.approx(rise, abs=0.5)
