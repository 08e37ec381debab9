"""Cost of one device of a house in a month, and the saving by another power or hour.

Statistics have the device's energy by hour, so it counts as constant within an hour.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from ..bill.month import Month
from ..bill.quarter_hour_views import QuarterHours
from ..history.calendar import QUARTER_HOUR, day_end, day_start
from ..history.market_prices import NO_PRICES
from ..prices.contract import Contracts
from ..prices.kwh_price import excess_price, price_of_kwh
from .energy_shares import HouseDevice, HouseSources, energy_shares, house_hours
from .night_load import known_quarters

# A device that runs for longer on a day, such as a heat pump, cannot wait for one good hour.
_MAX_RUN_HOURS = 6
_MIN_RUN_SHARE, _MIN_RUN_KWH = 0.1, 0.05
_HOURS = 24
_HOUR = timedelta(hours=1)
_QUARTERS = 4


class DeviceCost(NamedTuple):
    """Name of a device, and its part of a cost in EUR."""

    name: str
    cost: float


class BestHour(NamedTuple):
    """Hour of the day at which a device had better begin, and what this would have saved in EUR."""

    name: str
    hour: int
    saving: float


def dearest_device(sources: HouseSources, month: Month, start: datetime) -> DeviceCost | None:
    """Return the device that has cost most on the day that begins at `start`.

    The surcharge is in no device's cost. Return None without devices, or if their sum cannot be
    right.
    """
    hours = _hours_of_day(start)
    house = house_hours(sources, month.ledger, month.end, hours)
    shares = energy_shares(hours, house, sources.devices, None)
    if shares.is_impossible:
        return None
    names = (device.name for device in sources.devices)
    costs = [
        DeviceCost(name, share.cost) for name, share in zip(names, shares.devices, strict=True)
    ]
    return max(costs, key=lambda device: device.cost, default=None)


def cost_above(
    devices: Sequence[HouseDevice], contracts: Contracts, known: QuarterHours, month: Month
) -> DeviceCost | None:
    """Return the device that could have avoided most of the month's surcharge, with VAT.

    A device can avoid at most its energy of an hour.
    """
    above: dict[datetime, float] = defaultdict(float)
    for quarter in known_quarters(known, month.start, month.end):
        limit_kw = quarter and contracts.at(quarter.start).reference_kw
        if quarter and limit_kw and (excess := quarter.imported_wh / 1000 - limit_kw / 4) > 0:
            above[quarter.start.replace(minute=0)] += excess
    costs = [
        DeviceCost(
            device.name,
            sum(
                min(kwh, device.kwh.get(hour, 0.0))
                * (excess_price(contracts.with_latest_vat.at(hour), hour) or 0.0)
                for hour, kwh in above.items()
            ),
        )
        for device in devices
    ]
    return max(costs, key=lambda device: device.cost, default=None)


class _Quarter(NamedTuple):
    """Quarter-hour of a house: net energy from the grid in kWh, and prices of a kWh in EUR."""

    net_kwh: float
    imported: float
    exported: float
    reference_kwh: float | None
    excess: float

    def cost(self, more_kwh: float) -> float:
        """Return the cost with additional energy of a device."""
        net = self.net_kwh + more_kwh
        if net <= 0:
            return net * self.exported
        above = 0.0 if self.reference_kwh is None else max(0.0, net - self.reference_kwh)
        return net * self.imported + above * self.excess


class _Run(NamedTuple):
    """Run of a device on a day: its first hour, its energy by hour, and the day's quarters."""

    hour: int
    kwh: Sequence[float]
    day: Sequence[_Quarter]

    def saving(self, hour: int) -> float:
        """Return what another first hour would have saved, 0 if the day is too short for it."""
        if (hour + len(self.kwh)) * _QUARTERS > len(self.day):
            return 0.0
        before, after = self._added(self.hour), self._added(hour)
        return sum(
            self.day[n].cost(0.0) - self.day[n].cost(after.get(n, 0.0) - before.get(n, 0.0))
            for n in before | after
        )

    def _added(self, hour: int) -> dict[int, float]:
        return {
            (hour + n) * _QUARTERS + part: kwh / _QUARTERS
            for n, kwh in enumerate(self.kwh)
            for part in range(_QUARTERS)
        }


def best_hour(
    sources: HouseSources, contracts: Contracts, known: QuarterHours, month: Month
) -> BestHour | None:
    """Return the device and hour of the day that would have saved most in the month.

    The whole run of each day begins at this hour. A day on which a run would not fit, or on which
    the device ran for more than six hours, saves nothing.
    """
    days = [*_days(sources, contracts, known, month)]
    hours = [
        BestHour(device.name, hour, sum(run.saving(hour) for run in runs))
        for device in sources.devices
        if (runs := [*_runs(device, days)])
        for hour in range(_HOURS)
    ]
    return max(hours, key=lambda best: round(best.saving, 2), default=None)


def _hours_of_day(start: datetime) -> list[datetime]:
    return [start + n * _HOUR for n in range((day_end(start) - start) // _HOUR)]


def _days(
    sources: HouseSources, contracts: Contracts, known: QuarterHours, month: Month
) -> Iterator[tuple[Sequence[datetime], Sequence[_Quarter]]]:
    """Yield the hours and quarter-hours of each day with known energies and prices."""
    start, contracts = day_start(month.start), contracts.with_latest_vat
    while start < month.end:
        quarters = [*_quarters(sources, contracts, known, start)]
        if len(quarters) == (day_end(start) - start) // QUARTER_HOUR:
            yield _hours_of_day(start), quarters
        start = day_end(start)


def _quarters(
    sources: HouseSources, contracts: Contracts, known: QuarterHours, start: datetime
) -> Iterator[_Quarter]:
    for quarter in known_quarters(known, start, day_end(start)):
        if quarter is None:
            return
        hour = quarter.start.replace(minute=0)
        price = price_of_kwh(contracts, quarter.start, sources.market.get(hour, NO_PRICES))
        if price.imported is None:
            return
        contract = contracts.at(quarter.start)
        yield _Quarter(
            (quarter.imported_wh - quarter.exported_wh) / 1000,
            price.imported,
            price.exported or 0.0,
            contract.reference_kw and contract.reference_kw / 4,
            excess_price(contract, quarter.start) or 0.0,
        )


def _runs(
    device: HouseDevice, days: Sequence[tuple[Sequence[datetime], Sequence[_Quarter]]]
) -> Iterator[_Run]:
    for hours, quarters in days:
        kwh = [device.kwh.get(hour, 0.0) for hour in hours]
        least = max(_MIN_RUN_KWH, _MIN_RUN_SHARE * max(kwh))
        running = [n for n, energy in enumerate(kwh) if energy >= least]
        if running and running[-1] - running[0] < _MAX_RUN_HOURS:
            yield _Run(running[0], kwh[running[0] : running[-1] + 1], quarters)
