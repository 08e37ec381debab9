"""Shares of the devices of a house, of its base load and of the rest in energy and cost.

In each hour, the cost of the energy from the grid is divided in proportion to energy. So energy
from panels and batteries costs nothing, and all shares add up to the cost on the bill. The bill of
an energy community is in no share.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple, Self

import numpy as np

from ..bill.bill import month_prices
from ..bill.ledger import Ledger
from ..bill.ledger_row_prices import billed_cost, prices_of_rows
from ..energy_table.wall_clock import AN_HOUR, Floats, number_from
from ..history.luxembourg_time import hours_between, month_start
from .solar_house import Supplies, delivered_kwh

_MAX_EXCESS_SHARE = 0.05

type _Hours = Mapping[datetime, float]
"""Values by the start of the hour in UTC."""


class HouseDevice(NamedTuple):
    """Device of the Energy dashboard, with its energy in kWh. Unknown hours are absent."""

    name: str
    kwh: _Hours
    quarter_kwh: Mapping[datetime, float] = {}
    """Energy of some quarter-hours at night, by their starts in UTC."""


class HouseSources(NamedTuple):
    """Sources of the energies of a house."""

    supplies: Supplies
    devices: Sequence[HouseDevice]


class HouseHours(NamedTuple):
    """Successive hours of a house: energies in kWh, amounts in EUR."""

    hours: Sequence[datetime]
    """Starts of the hours in UTC."""
    imported: Floats
    exported: Floats
    delivered: Floats
    """Energy from panels and batteries, to the house and to the grid."""
    cost: Floats
    """Cost of the imported energy on the bill, as if all of it were below the reference power.
    NaN where unknown."""
    feed_in_price: Floats
    """Price of an exported kWh, 0 where unknown."""

    @property
    def used(self) -> Floats:
        """Return the energy that the house used in each hour.

        An inverter may report its energy late. So the energy is at least that from the grid.
        """
        used: Floats = np.maximum(self.imported + self.delivered - self.exported, self.imported)
        return used

    def of(self, kwh: _Hours) -> Floats:
        """Return the value of each hour, 0 where it is unknown."""
        return np.array([kwh.get(hour, 0.0) for hour in self.hours])


class Share(NamedTuple):
    """Part of the house's energy. `own_kwh` did not come from the grid, and could have earned."""

    kwh: float
    cost: float
    own_kwh: float
    earned: float

    @classmethod
    def of(cls, house: HouseHours, kwh: Floats) -> Self:
        """Return the share with the energy `kwh` in each hour."""
        used = house.used
        part = np.divide(kwh, used, out=np.zeros(len(used)), where=used > 0)
        own = part * (used - house.imported)
        cost, earned = part * np.nan_to_num(house.cost), own * house.feed_in_price
        return cls(*(float(values.sum()) for values in (kwh, cost, own, earned)))


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
    supplies: Supplies, ledger: Ledger, start: datetime, end: datetime, until: datetime
) -> HouseHours:
    """Return the hours between two midnights of a month, which is billed up to `until`."""
    rows, of_month = ledger.between(start, end), month_prices(ledger, month_start(start), until)
    table, prices = rows.table, prices_of_rows(rows, of_month)
    count = (number_from(end) - number_from(start)) // AN_HOUR
    place = (table.quarter - number_from(start)) // AN_HOUR

    def by_hour(values: Floats) -> Floats:
        sums: Floats = np.bincount(place, values, count).astype(float)
        return sums

    rows_of_hour = np.maximum(1, np.bincount(place, minlength=count))
    hours = [*hours_between(start.astimezone(UTC), end)]
    return HouseHours(
        hours,
        by_hour(table.imported) / 1000,
        by_hour(np.nan_to_num(table.exported)) / 1000,
        np.array([delivered_kwh(supplies, hour) for hour in hours], float),
        by_hour(billed_cost(table, prices)),
        by_hour(np.nan_to_num(prices.exported)) / rows_of_hour,
    )


def energy_shares(
    house: HouseHours, devices: Sequence[HouseDevice], base_kw: float | None
) -> EnergyShares:
    """Return the shares of `devices` and of the base load `base_kw` in the energy of a house."""
    energies = [house.of(device.kwh) for device in devices]
    left: Floats = house.used - sum(energies, np.zeros(len(house.hours)))
    always_on = np.clip(left, 0.0, base_kw or 0.0)
    return EnergyShares(
        Share.of(house, house.used),
        [Share.of(house, kwh) for kwh in energies],
        None if base_kw is None else Share.of(house, always_on),
        Share.of(house, left - always_on),
    )
