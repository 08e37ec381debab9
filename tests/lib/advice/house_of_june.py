"""June 2026 in a house with a car, a water heater, a fridge and panels.

A base of 300 W; the car with 4 kW from 19:00 to 22:00 on even days; the heater with 1 kW from 11:00
to 13:00; the fridge with 100 W of the base; panels with 2 kW from 10:00 to 15:00.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from smartyp1.advice.energy_shares import HouseDevice, HouseSources
from smartyp1.advice.solar_house import Supply, SupplyKind
from smartyp1.bill.household_state import HouseholdState
from smartyp1.bill.month import Month
from smartyp1.history.market_prices import NO_PRICES, MarketPrices
from smartyp1.prices.contract import Contract
from tests.lib.bill.months import LUXEMBOURG
from tests.lib.bill.support import read_quarter_hours

START = datetime(2026, 5, 31, 22, tzinfo=UTC)
END = START + timedelta(days=30)
_QUARTER, _HOUR = timedelta(minutes=15), timedelta(hours=1)


class June(NamedTuple):
    """A month of a meter, and its statistics."""

    month: Month
    sources: HouseSources


def powers(time: datetime) -> tuple[float, float, float]:
    """Return the powers in kW of car, water heater and panels."""
    local = time.astimezone(LUXEMBOURG)
    car = 4.0 if 19 <= local.hour < 22 and local.day % 2 == 0 else 0.0
    heater = 1.0 if 11 <= local.hour < 13 else 0.0
    return car, heater, 2.0 if 10 <= local.hour < 15 else 0.0


def hours_until(end: datetime) -> list[datetime]:
    """Return the hours of June until `end`."""
    return [START + n * _HOUR for n in range((end - START) // _HOUR)]


def lived_until(
    end: datetime,
    contract: Contract,
    market_at: Callable[[datetime], MarketPrices] = lambda _: NO_PRICES,
    *,
    has_sun: bool = True,
) -> tuple[HouseholdState, HouseSources]:
    """Return the meter's month, and the statistics of panels and devices."""

    def kwh_from(time: datetime) -> tuple[float, float]:
        car, heater, sun = powers(time)
        net = (0.3 + car + heater - has_sun * sun) / 4
        return max(net, 0.0), max(-net, 0.0)

    _, household = read_quarter_hours(contract, START, end + _QUARTER, kwh_from, market_at)
    hours = hours_until(end)
    sun_kwh = {hour: powers(hour)[2] for hour in hours}
    devices = [
        HouseDevice("Car", {hour: powers(hour)[0] for hour in hours}),
        HouseDevice("Heater", {hour: powers(hour)[1] for hour in hours}),
        HouseDevice("Fridge", dict.fromkeys(hours, 0.1)),
    ]
    supplies = [Supply(SupplyKind.PRODUCED, sun_kwh, START - _HOUR)] if has_sun else []
    return household, HouseSources(supplies, devices)


def june(contract: Contract, *, has_sun: bool = True) -> June:
    """Return the month with a contract."""
    household, sources = lived_until(END, contract, has_sun=has_sun)
    return June(household.earlier_months[-1], sources)
