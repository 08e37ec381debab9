"""A meter that has never been read, with days of the platform only. Computed by hand."""

from datetime import UTC, date, datetime

import pytest

from smartyp1.bill.household import Household
from smartyp1.bill.leneda_days import LenedaDays
from smartyp1.history.register_amounts import Energies
from smartyp1.prices.contract import Contract, Contracts
from tests.lib.bill.months import days_of, local
from tests.lib.bill.support import change_contract, known, platform

CONTRACT = Contract(reference_kw=3, energy_price=0.15)
REGISTER_KWH = 23_457.0


def november() -> LenedaDays:
    """Return twenty days at 0.4 kW, with a quarter-hour of 5 kW on the tenth at 18:30."""
    calm = platform("2026-11-01", "2026-11-21", 0.4)
    oven = local("2026-11-10T18:30")
    return LenedaDays(
        quarter._replace(mean_kw=5.0) if quarter.start == oven else quarter for quarter in calm
    )


def past_of(contract: Contract = CONTRACT) -> Household:
    meter = Household(contract)
    meter.set_leneda_days(november())
    return meter


def test_a_meter_of_the_past_has_past_values_and_no_present_ones() -> None:
    assert Household(CONTRACT).snapshot is None
    meter = past_of()
    demand = known(meter)
    assert not meter.meter.has_readings
    end = datetime(2026, 11, 20, 23, tzinfo=UTC)
    assert demand.time == demand.until == demand.quarter_start == end
    assert demand.month_start == local("2026-11-01")
    now = (
        demand.values.running,
        demand.values.running_kw,
        demand.values.projected_kw,
        demand.values.last_quarter,
    )
    assert now == (None, None, None, None)
    assert (demand.values.will_exceed, demand.values.available_kw) == (None, None)
    assert demand.values.peak
    assert (demand.values.peak.start, demand.values.peak.mean_kw) == (
        local("2026-11-10T18:30"),
        5.0,
    )
    # 2 kW above 3 kW for a quarter of an hour.
    assert demand.values.excess_kwh == 0.5
    # 20 days of 9.6 kWh, and 4.6 kW more for a quarter of an hour.
    assert demand.month.imported_kwh == pytest.approx(192 + 1.15)
    assert len(days_of(demand.month)) == 20
    bill = demand.month.bill(demand.until)
    [energy] = [line for line in bill.lines if line.name == "energy"]
    # 193.15 kWh at 0.15 EUR
    assert (energy.quantity, energy.amount) == (pytest.approx(193.15), 28.97)
    # Without a reference power, no excess is known. This contract begins only at the end.
    change_contract(meter, Contract(energy_price=0.15), date(2026, 11, 21))
    assert known(meter).values.excess_kwh == 0.5
    assert known(past_of(Contract(energy_price=0.15))).values.excess_kwh is None


def test_a_months_end_shows_the_whole_month() -> None:
    meter = Household(CONTRACT)
    meter.set_leneda_days(LenedaDays(platform("2026-11-29", "2026-12-01", 0.4)))
    demand = known(meter)
    assert (demand.month_start, demand.until) == (local("2026-11-01"), local("2026-12-01"))
    meter.set_leneda_days(LenedaDays(platform("2026-11-29", "2026-12-02", 0.4)))
    demand = known(meter)
    assert demand.month_start == local("2026-12-01")
    assert [month.imported_kwh for month in demand.earlier_months] == [pytest.approx(19.2)]


def test_the_first_reading_adds_no_energy() -> None:
    meter = past_of()
    meter.update(local("2026-11-22T10:00"), Energies(REGISTER_KWH), 0.4, "SAG1")
    assert meter.meter.has_readings
    demand = known(meter)
    assert demand.month.imported_kwh == pytest.approx(193.15)
    meter.update(local("2026-11-22T10:10"), Energies(REGISTER_KWH + 1), 6.0, "SAG1")
    demand = known(meter)
    assert demand.month.imported_kwh == pytest.approx(194.15)
    assert demand.values.running_kw == pytest.approx(6.0)
    # The platform's days of the gap come a day later.
    meter.set_leneda_days(LenedaDays(platform("2026-11-01", "2026-11-22", 0.4)))
    demand = known(meter)
    assert demand.month.imported_kwh == pytest.approx(21 * 9.6 + 1)


def test_a_meter_of_the_past_is_the_same_after_a_restart_with_its_platform_days() -> None:
    stored = past_of().as_dict()
    meter = Household.from_dict(stored, CONTRACT)
    assert meter.snapshot is None
    meter.set_leneda_days(november())
    assert meter.snapshot == past_of().snapshot


def test_a_changed_price_leaves_the_past_alone() -> None:
    stored = past_of().as_dict()
    dearer = Contract(reference_kw=3, energy_price=0.25)
    contracts = Contracts.of_days([(None, CONTRACT), (date(2026, 11, 21), dearer)])
    meter = Household.from_dict(stored, contracts)
    meter.set_leneda_days(LenedaDays(platform("2026-11-20", "2026-11-22", 0.4)))
    demand = known(meter)
    # 9.6 kWh of the 20th at 0.15 EUR, and 9.6 kWh of the 21st at 0.25 EUR.
    bill = demand.month.bill(demand.until)
    amounts = [(line.quantity, line.amount) for line in bill.lines if line.name == "energy"]
    assert amounts == [(pytest.approx(9.6), 1.44), (pytest.approx(9.6), 2.4)]
