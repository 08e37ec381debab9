"""June 2026 in a house with a car, a water heater, a fridge and panels.

A base of 300 W; the car with 4 kW from 19:00 to 22:00 on even days; the heater with 1 kW from 11:00
to 13:00; the fridge with 100 W of the base; panels with 2 kW from 10:00 to 15:00.
"""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from smartyp1.advice import HouseDevice, HouseSources, Supply, SupplyKind
from smartyp1.bill import DemandMeter, Month, QuarterHours
from smartyp1.history import Energies
from smartyp1.prices import Contract, Contracts
from tests.lib.bill.months import LUXEMBOURG

START = datetime(2026, 5, 31, 22, tzinfo=UTC)
END = START + timedelta(days=30)
_QUARTER, _HOUR = timedelta(minutes=15), timedelta(hours=1)


class June(NamedTuple):
    """What is known of the month."""

    month: Month
    contracts: Contracts
    known: QuarterHours
    sources: HouseSources


def _powers(time: datetime) -> tuple[float, float, float]:
    local = time.astimezone(LUXEMBOURG)
    car = 4.0 if 19 <= local.hour < 22 and local.day % 2 == 0 else 0.0
    heater = 1.0 if 11 <= local.hour < 13 else 0.0
    return car, heater, 2.0 if 10 <= local.hour < 15 else 0.0


def june(contract: Contract, *, has_sun: bool = True) -> June:
    """Return the month with a contract."""
    meter, imported, exported, time = DemandMeter(contract), 1000.0, 500.0, START
    while time <= END + _QUARTER:
        demand = meter.update(time, Energies(round(imported, 4), round(exported, 4)), None, None)
        car, heater, sun = _powers(time)
        net = (0.3 + car + heater - has_sun * sun) / 4
        imported, exported = imported + max(net, 0.0), exported + max(-net, 0.0)
        time += _QUARTER
    assert demand
    hours = [START + n * _HOUR for n in range((END - START) // _HOUR)]
    sun_kwh = {hour: _powers(hour)[2] for hour in hours}
    devices = [
        HouseDevice("Car", {hour: _powers(hour)[0] for hour in hours}),
        HouseDevice("Heater", {hour: _powers(hour)[1] for hour in hours}),
        HouseDevice("Fridge", dict.fromkeys(hours, 0.1)),
    ]
    supplies = [Supply(SupplyKind.PRODUCED, sun_kwh, START - _HOUR)] if has_sun else []
    return June(
        demand.earlier_months[-1],
        demand.contracts,
        QuarterHours(meter.columns, meter.leneda, START, END),
        HouseSources(meter.columns, meter.leneda, supplies, devices, {}),
    )
