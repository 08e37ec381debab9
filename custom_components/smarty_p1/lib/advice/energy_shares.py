"""Shares of the devices of a house, of its base load and of the rest in energy and cost.

In each hour, the cost of the energy from the grid is divided in proportion to energy. So energy
from panels and batteries costs nothing, and all shares add up to the cost on the bill.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from statistics import median
from typing import NamedTuple

from ..bill.hourly_amounts import amounts_by_hour
from ..bill.ledger import Ledger
from ..history.calendar import month_start
from ..history.market_prices import NO_PRICES, MarketPrices
from ..prices.kwh_price import price_of_kwh
from .solar_house import Supply

_MAX_EXCESS_SHARE = 0.05
_MIN_NIGHTS = 3

type Hours = Mapping[datetime, float]
"""Values by the start of the hour in UTC."""


class HouseDevice(NamedTuple):
    """Device of the Energy dashboard, with its energy in kWh. Unknown hours are absent."""

    name: str
    kwh: Hours


class HouseSources(NamedTuple):
    """Sources of the energies of a house, and the market's past prices by hour."""

    supplies: Sequence[Supply]
    devices: Sequence[HouseDevice]
    market: Mapping[datetime, MarketPrices]


class HouseHours(NamedTuple):
    """Hours of a house: energies in kWh, amounts in EUR."""

    imported: Hours
    exported: Hours
    delivered: Hours
    """Energy from panels and batteries, to the house and to the grid."""
    cost: Hours
    """Cost of the imported energy, without surcharge and fixed prices."""
    feed_in_price: Hours
    """Price of an exported kWh."""


class Share(NamedTuple):
    """Part of the house's energy. `own_kwh` did not come from the grid, and could have earned."""

    kwh: float
    cost: float
    own_kwh: float
    earned: float


class EnergyShares(NamedTuple):
    """Shares of a period, in the order of the devices."""

    house: Share
    devices: Sequence[Share]
    always_on: Share | None
    rest: Share

    @property
    def is_impossible(self) -> bool:
        """Return whether the devices use more than the house: one counts something else."""
        devices_kwh = sum(device.kwh for device in self.devices)
        return devices_kwh > self.house.kwh * (1 + _MAX_EXCESS_SHARE)


def house_hours(
    sources: HouseSources, ledger: Ledger, until: datetime, hours: Sequence[datetime]
) -> HouseHours:
    """Return the energies and prices of successive `hours` that have ended at `until`."""
    months = sorted({month_start(hour) for hour in hours})
    amounts = amounts_by_hour(ledger, months, until)
    delivered = {
        hour: sum(supply.sign * supply.kwh.get(hour, 0.0) for supply in sources.supplies)
        for hour in hours
    }
    contracts = ledger.contracts
    feed_in = {
        hour: price_of_kwh(contracts, hour, sources.market.get(hour, NO_PRICES)).exported or 0.0
        for hour in hours
    }
    return HouseHours(amounts.imported, amounts.exported, delivered, amounts.cost, feed_in)


def always_on_kw(
    nights: Sequence[tuple[float, Sequence[datetime]]], devices: Sequence[HouseDevice]
) -> float | None:
    """Return the base load without the devices. Return None with fewer than three nights.

    A night has the lowest mean power of a quarter-hour, and its hours. From this power, the lowest
    hour of each device in this night is subtracted.
    """
    if len(nights) < _MIN_NIGHTS:
        return None
    powers = [
        max(0.0, kw - sum(min(device.kwh.get(hour, 0.0) for hour in hours) for device in devices))
        for kw, hours in nights
    ]
    return median(powers)


def energy_shares(
    hours: Sequence[datetime],
    house: HouseHours,
    devices: Sequence[HouseDevice],
    base_kw: float | None,
) -> EnergyShares:
    """Return the shares of `devices` and of the base load `base_kw` in the energy of `hours`."""
    totals = [_Sum() for _ in devices]
    whole, base, rest = _Sum(), _Sum(), _Sum()
    for hour in hours:
        imported = house.imported.get(hour, 0.0)
        used = imported + house.delivered.get(hour, 0.0) - house.exported.get(hour, 0.0)
        # An inverter may report its energy late. So the energy is at least that from the grid.
        used = max(used, imported)
        rates = _Rates.of(house, hour, imported, used)
        whole.add(used, rates)
        left = used
        for total, device in zip(totals, devices, strict=True):
            kwh = device.kwh.get(hour, 0.0)
            total.add(kwh, rates)
            left -= kwh
        always_on = min(max(0.0, left), base_kw or 0.0)
        base.add(always_on, rates)
        rest.add(left - always_on, rates)
    always_on_share = None if base_kw is None else base.share
    return EnergyShares(whole.share, [total.share for total in totals], always_on_share, rest.share)


class _Rates(NamedTuple):
    """Parts of each kWh that the house uses in an hour."""

    cost: float
    own: float
    feed_in: float

    @classmethod
    def of(cls, house: HouseHours, hour: datetime, imported: float, used: float) -> _Rates:
        if used <= 0:
            return cls(0.0, 0.0, 0.0)
        own = (used - imported) / used
        return cls(house.cost.get(hour, 0.0) / used, own, house.feed_in_price[hour])


class _Sum:
    def __init__(self) -> None:
        self.share = Share(0.0, 0.0, 0.0, 0.0)

    def add(self, kwh: float, rates: _Rates) -> None:
        own = kwh * rates.own
        before = self.share
        self.share = Share(
            before.kwh + kwh,
            before.cost + kwh * rates.cost,
            before.own_kwh + own,
            before.earned + own * rates.feed_in,
        )
