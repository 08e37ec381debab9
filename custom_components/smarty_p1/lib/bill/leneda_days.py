"""Quarter-hours and shared energy from the national platform Leneda.

Whenever a month is computed, Leneda's data fills the gaps between the measured quarter-hours.
Leneda's data is never stored together with the measured quarter-hours. So it can be removed again.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from math import nan

import numpy as np

from ..history.calendar import QUARTER_HOUR, day_end, midnight
from ..history.day_sum import NO_DAY_SUMS, DaySums
from ..history.month_columns import MonthColumns, columns_of
from ..history.quarter_hour import QuarterHour
from ..past.table import Leneda, RowSource, Table
from ..past.wall_clock import number_of, wall_clock
from .sharing import NO_SHARING, Sharing

_ESTIMATED = 2
"""Index of the origin of estimated quarter-hours in `ORIGINS`."""


class LenedaDays:
    """Data from Leneda: quarter-hours by month, shared energy by day, sums of the newest day."""

    def __init__(
        self,
        quarter_hours: Iterable[QuarterHour] = (),
        sharing: Sharing = NO_SHARING,
        day_sums: DaySums = NO_DAY_SUMS,
    ) -> None:
        """Group the quarter-hours by month.

        This takes a long time for years of data: call it in an executor.
        """
        quarter_hours = tuple(quarter_hours)
        self.months: Mapping[datetime, MonthColumns] = columns_of(quarter_hours)
        last = max((quarter.start for quarter in quarter_hours), default=None)
        self.until = last and last + QUARTER_HOUR
        """End of Leneda's last quarter-hour. None without quarter-hours."""
        self.end = last and day_end(last)
        """End of the last day with a quarter-hour from Leneda. None without quarter-hours."""
        self.arrays = _arrays_of(self.months, sharing)
        self.day_sums = day_sums


def _arrays_of(months: Mapping[datetime, MonthColumns], sharing: Sharing) -> Leneda:
    quarters, imported, exported, estimated = [], [], [], []
    for start in sorted(months):
        month = months[start]
        column = np.array(month.imported)
        places = np.flatnonzero(~np.isnan(column))
        quarters.append(number_of(month.first) + places)
        imported.append(column[places])
        exported.append(np.array(month.exported)[places])
        estimated.append(np.frombuffer(month.origins, np.uint8)[places] == _ESTIMATED)
    shared = sorted((number_of(time), of_quarter) for time, of_quarter in sharing.items())
    return Leneda(
        np.concatenate([np.empty(0, np.int64), *quarters]),
        np.concatenate([np.empty(0), *imported]),
        np.concatenate([np.empty(0), *exported]),
        np.concatenate([np.empty(0, bool), *estimated]),
        np.array([number for number, _ in shared], np.int64),
        np.array([of_quarter.layers_wh for _, of_quarter in shared], float).reshape(-1, 4).T,
        np.array([_nan_if_none(of_quarter.remaining_wh) for _, of_quarter in shared], float),
        np.array([_nan_if_none(of_quarter.leneda_wh) for _, of_quarter in shared], float),
    )


def changed_days(table: Table, leneda: Leneda) -> list[tuple[datetime, float, float]]:
    """Return the days on which the registers contradict quarter-hours that Leneda has measured.

    A day has its midnight, its imported energy in Wh, and this energy with Leneda's quarter-hours
    as Leneda has them. The energies differ by less than 1 Wh on no day.
    """
    rows = table.where(table.source >= RowSource.LENEDA)
    place = np.searchsorted(leneda.quarter, rows.quarter)
    off = np.where(leneda.is_estimated[place], 0.0, leneda.imported[place] - rows.imported)
    days, all_days = wall_clock(rows.quarter).day, wall_clock(table.quarter).day
    changed = []
    for day in np.unique(days[np.abs(off) > 0]).tolist():
        own_wh, off_wh = table.imported[all_days == day].sum(), off[days == day].sum()
        if abs(off_wh) >= 1:
            start = midnight(date(1970, 1, 1) + timedelta(days=day))
            changed.append((start, round(float(own_wh), 3), round(float(own_wh + off_wh), 3)))
    return changed


def _nan_if_none(value: float | None) -> float:
    return nan if value is None else value


NO_LENEDA_DAYS = LenedaDays()
