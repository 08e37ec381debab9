"""Cost of one device of a house in a month, and the saving by another power or hour.

Statistics have the device's energy by hour, so it counts as constant within an hour. A saving is
the bill of the month minus the bill with the other power or hour.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import NamedTuple

import numpy as np

from ..bill.bill import month_prices
from ..bill.ledger_row_prices import RowPrices, billed_cost, prices_of_rows
from ..bill.month import Month
from ..energy_table.table import RowSource, Table
from ..energy_table.wall_clock import AN_HOUR, Floats, Numbers, number_from, time_of
from ..history.luxembourg_time import day_end, days_between, hours_between
from .energy_shares import HouseDevice, HouseSources, energy_shares, house_hours
from .what_if_tables import with_load

# A device that runs for longer on a day, such as a heat pump, cannot wait for one good hour.
_MAX_RUN_HOURS = 6
_MIN_RUN_SHARE, _MIN_RUN_KWH = 0.1, 0.05
_HOURS = 24


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
    house = house_hours(sources.supplies, month.ledger, start, day_end(start), month.end)
    shares = energy_shares(house, sources.devices, None)
    if shares.is_impossible:
        return None
    names = (device.name for device in sources.devices)
    costs = [
        DeviceCost(name, share.cost) for name, share in zip(names, shares.devices, strict=True)
    ]
    return max(costs, key=lambda device: device.cost, default=None)


def cost_above(devices: Sequence[HouseDevice], month: Month) -> DeviceCost | None:
    """Return the device that could have avoided most of the cost above the reference power.

    A device can avoid at most its energy of an hour.
    """
    rows = month.rows
    hour = rows.table.quarter // AN_HOUR
    hours, of_row = np.unique(hour, return_inverse=True)
    above_wh = np.bincount(of_row, rows.above_wh, len(hours))
    starts = [time_of(int(number) * AN_HOUR) for number in hours]
    costs = []
    for device in devices:
        wh = np.array([device.kwh.get(start, 0.0) * 1000 for start in starts])
        share = np.divide(np.minimum(wh, above_wh), above_wh, out=0 * wh, where=above_wh > 0)
        spared = _with_less_above(rows.table, rows.above_wh * share[of_row])
        costs.append(DeviceCost(device.name, month.saving_with(spared) or 0.0))
    return max(costs, key=lambda device: device.cost, default=None)


def saving_below(month: Month) -> float | None:
    """Return what the household had saved with the same energy below the reference power.

    Return None while a price is unknown.
    """
    rows = month.rows
    return month.saving_with(_with_less_above(rows.table, rows.above_wh))


def _with_less_above(table: Table, wh: Floats) -> Table:
    """Return `table` with the energy `wh` of each row apart, so that it is not above a power."""
    apart = table._replace(
        imported=wh,
        exported=0 * wh,
        source=np.full(len(wh), RowSource.PART, np.int8),
        shared=0 * table.shared,
        is_sharing_known=np.zeros(len(wh), bool),
    )
    return table._replace(imported=table.imported - wh).joined(apart.where(wh > 0))


class _Run(NamedTuple):
    """Run of a device on a day: the day's first quarter-hour, the first hour, energy by hour."""

    day: int
    length: int
    """Number of quarter-hours of the day."""
    hour: int
    kwh: Sequence[float]


def best_hour(sources: HouseSources, month: Month) -> BestHour | None:
    """Return the device and hour of the day that would have saved most in the month.

    The whole run of each day begins at this hour. A day on which a run would not fit, on which the
    device ran for more than six hours, or of which a quarter-hour is unknown, saves nothing.
    """
    rows, all_days = month.rows, days_between(month.start, month.end)
    days = [start for start in all_days if month.ledger.is_whole(start, day_end(start))]
    prices = prices_of_rows(rows, month_prices(month.ledger, month.start, month.end))
    least: tuple[float, str, int, Table] | None = None
    for device in sources.devices:
        runs = [*_runs(device, days)]
        for hour in range(_HOURS) if runs else ():
            table = with_load(rows.table, partial(_moved, runs, hour))
            cost = round(_cost(table, rows.reference_wh, prices), 2)
            if least is None or cost < least[0]:
                least = cost, device.name, hour, table
    if least is None or (saving := month.saving_with(least[-1])) is None:
        return None
    return BestHour(least[1], least[2], saving)


def _cost(table: Table, reference_wh: Floats, prices: RowPrices) -> float:
    """Return the cost of all rows in EUR. Energy without a price costs nothing."""
    excess = np.maximum(0.0, table.imported - reference_wh) * table.is_whole * prices.excess
    sold = np.nan_to_num(table.exported) * np.nan_to_num(prices.exported)
    return float(np.nansum(billed_cost(table, prices)) + (excess - sold).sum() / 1000)


def _moved(runs: Sequence[_Run], hour: int, numbers: Numbers) -> Floats:
    """Return the change of each quarter-hour in Wh if all runs had begun at `hour`.

    A day that is too short for its run does not change.
    """
    first, wh = int(numbers[0]), np.zeros(int(numbers[-1]) - int(numbers[0]) + 1)
    for run in runs:
        if (hour + len(run.kwh)) * AN_HOUR <= run.length:
            more_wh = np.repeat(run.kwh, AN_HOUR) * 1000 / AN_HOUR
            for begin, sign in ((run.hour, -1), (hour, 1)):
                place = run.day - first + begin * AN_HOUR
                wh[place : place + len(more_wh)] += sign * more_wh
    moved: Floats = wh[numbers - first]
    return moved


def _runs(device: HouseDevice, days: Sequence[datetime]) -> Iterator[_Run]:
    for start in days:
        kwh = [device.kwh.get(hour, 0.0) for hour in hours_between(start, day_end(start))]
        least = max(_MIN_RUN_KWH, _MIN_RUN_SHARE * max(kwh))
        running = [n for n, energy in enumerate(kwh) if energy >= least]
        if running and running[-1] - running[0] < _MAX_RUN_HOURS:
            run = kwh[running[0] : running[-1] + 1]
            yield _Run(number_from(start), len(kwh) * AN_HOUR, running[0], run)
