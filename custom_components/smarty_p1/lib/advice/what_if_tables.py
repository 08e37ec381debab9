"""Table of a household with other energies, as it would have been with a load.

    with_load(table, car(kwh=8, kw=11))

The result is a table like the measured one, so the same bill tells its cost. Several loads can
follow each other in any order. Shared energy comes last, because it is at most what is imported.
"""

from collections.abc import Callable, Sequence

import numpy as np

from ..energy_table.table import Table, shown_quarter_hours
from ..energy_table.wall_clock import A_DAY, AN_HOUR, Floats, Numbers, groups, wall_clock
from ..history.quarter_hour import WH_A_KW
from ..plan.usual_house import LoadEnergy, without_loads
from .solar_yield import solar_wh

type LoadProfile = Callable[[Numbers], Floats]
"""Returns the energy of a load in Wh for each quarter-hour. The numbers are in ascending order."""

_MEAN_DEGREES = (1.4, 2.2, 5.7, 9.6, 13.5, 16.7, 18.7, 18.4, 14.3, 9.9, 5.2, 2.3)
DEGREES_SOURCE = "meteolux.lu, Findel 1991-2020"
"""Source of the monthly mean temperatures: meteolux.lu/fr/climat/normales-et-extremes/."""
_HEATED_BELOW, _ROOM_DEGREES = 15, 18
"""Eurostat's degree days: 18 degrees minus the temperature of a day that has at most 15 degrees."""
_WEEK_AND_A_DAY = 8 * A_DAY
_DAYS_OF_MONTHS = (31, 28.25, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def with_load(table: Table, load: LoadProfile) -> Table:
    """Return `table` with more imported energy. A load below 0 produces energy.

    A load first takes the exported energy. Produced energy first replaces the imported energy. Only
    known quarter-hours change.
    """
    wh = np.where(table.is_shown, load(table.quarter), 0.0)
    imported, exported = table.imported, np.nan_to_num(table.exported)
    both, net = np.minimum(imported, exported), imported - exported + wh
    return with_energies(table, both + np.maximum(0.0, net), both + np.maximum(0.0, -net))


def measured_wh(table: Table, loads: Sequence[LoadEnergy]) -> Floats:
    """Return the energy of measured loads in each row, in Wh.

    `with_load` with the negative of it returns the table as it would have been without these loads.
    """
    wh = np.zeros(len(table.quarter))
    if loads:
        before = [*shown_quarter_hours(table)]
        after = without_loads(before, loads)
        wh[table.is_shown] = [
            1000 * (own.imported_kwh - rest.imported_kwh)
            + 1000 * ((rest.exported_kwh or 0.0) - (own.exported_kwh or 0.0))
            for own, rest in zip(before, after, strict=True)
        ]
    return wh


def with_energies(table: Table, imported: Floats, exported: Floats) -> Table:
    """Return `table` with other energies. At most the imported energy is shared energy.

    Exported energy that was unknown stays unknown if it would be 0.
    """
    total = table.shared.sum(axis=0)
    share = np.divide(np.minimum(total, imported), total, out=np.zeros(len(total)), where=total > 0)
    fed = np.where(np.isnan(table.exported) & (exported == 0), np.nan, exported)
    return table._replace(imported=imported, exported=fed, shared=table.shared * share)


def always(kw: float) -> LoadProfile:
    """Return a load of `kw` at all times."""
    return lambda numbers: np.full(len(numbers), kw * WH_A_KW)


def car(kwh: float, kw: float, begin_hour: float = 22, rests: Sequence[bool] = ()) -> LoadProfile:
    """Return the load of a car that is charged with `kwh` at `kw` each day from `begin_hour` on.

    `rests` says from Monday to Sunday on which days it is not charged.
    """

    def load(numbers: Numbers) -> Floats:
        every = np.arange(numbers[0] - _WEEK_AND_A_DAY, numbers[-1] + 1)
        clock = wall_clock(every)
        is_after = clock.quarter >= begin_hour * AN_HOUR
        is_begin = np.flatnonzero(is_after)[groups(clock.day[is_after])]
        if any(rests):
            is_begin = is_begin[~np.array(rests)[clock.weekday[is_begin]]]
        begins = every[is_begin]
        passed = numbers - begins[np.searchsorted(begins, numbers, side="right") - 1]
        return np.clip(kwh * 1000 - passed * kw * WH_A_KW, 0.0, kw * WH_A_KW)

    return load


def heat_pump(kwh_a_year: float) -> LoadProfile:
    """Return the load of a heat pump. A month has a share of the energy by its degree days."""
    degrees = np.array(_MEAN_DEGREES)
    of_day = np.where(degrees <= _HEATED_BELOW, _ROOM_DEGREES - degrees, 0.0)
    wh = kwh_a_year * 1000 / A_DAY * of_day / (of_day @ _DAYS_OF_MONTHS)

    def load(numbers: Numbers) -> Floats:
        return wh[wall_clock(numbers).month % len(wh)]

    return load


def panels(kwp: float, direction: float = 180, tilt: float = 30) -> LoadProfile:
    """Return the load of solar panels, below 0. `solar_wh` describes `direction` and `tilt`."""
    return lambda numbers: -kwp * solar_wh(numbers, direction, tilt)


def shared_by(table: Table, group_wh: Floats, key: float) -> Table:
    """Return `table` with the share `key` (0 to 1) of a sharing group's energy, as layer 1.

    `group_wh` is the energy that the group shares in the quarter-hour of each row, in Wh.
    """
    shared = np.zeros_like(table.shared)
    shared[0] = np.where(table.is_shown, np.minimum(table.imported, key * group_wh), 0.0)
    return table._replace(shared=shared, is_sharing_known=table.is_shown)
