"""The simulated year of the demo."""

import pytest

from dev.demo.demo_run import CONTRACT
from dev.demo.simulated_year import simulate_year
from dev.simulator import Meter
from dev.testing.times import utc
from smartyp1.bill.household import Household


def test_the_year_matches_the_registers() -> None:
    meter, now = Meter(101), utc("2026-02-03 10:08:10")
    year = simulate_year(meter, CONTRACT, now)

    files = {month: "".join(lines).encode() for month, lines in year.lines.items()}
    stored = Household.from_dict(year.demand, CONTRACT, files)
    assert not stored.meter.damaged
    assert not stored.meter.take_new()
    household = stored.newest
    assert household
    assert household.values.last_quarter
    assert (len(year.lines), len(household.earlier_months)) == (13, 12)
    kwh = [month.imported_kwh for month in (*household.earlier_months, household.month)]
    start = utc("2025-01-31 23:00")
    rise = meter.registers_at(now).imported_kwh - meter.registers_at(start).imported_kwh
    assert sum(kwh) == pytest.approx(rise, abs=0.5)
