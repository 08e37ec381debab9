"""Quarter-hours and shared energy from the national platform Leneda.

Whenever a month is computed, Leneda's data fills the gaps between the measured quarter-hours.
Leneda's data is never stored together with the measured quarter-hours. So it can be removed again.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from math import isnan

import numpy as np

from ..energy_table.table import Leneda, RowSource, Table
from ..energy_table.wall_clock import groups, quarter_number, time_of, wall_clock
from ..history.luxembourg_time import QUARTER_HOUR, day_end, midnight, month_start
from ..history.quarter_hour import WH_A_KW, Origin, QuarterHour
from ..history.quarter_hour_values import NO_DAY_SUMS, DaySums
from .energy_sharing import NO_SHARING, SharedQuarterHours


class LenedaDays:
    """Data from Leneda: quarter-hours, shared energy by day, sums of the newest day."""

    def __init__(
        self,
        quarter_hours: Iterable[QuarterHour] = (),
        sharing: SharedQuarterHours = NO_SHARING,
        day_sums: DaySums = NO_DAY_SUMS,
    ) -> None:
        """Make arrays of the quarter-hours.

        This takes a long time for years of data: call it in an executor.
        """
        by_start = {quarter.start: quarter for quarter in quarter_hours}
        quarters = [by_start[start] for start in sorted(by_start)]
        last = quarters[-1].start if quarters else None
        self.until = last and last + QUARTER_HOUR
        """End of Leneda's last quarter-hour. None without quarter-hours."""
        self.end = last and day_end(last)
        """End of the last day with a quarter-hour from Leneda. None without quarter-hours."""
        self.arrays = _arrays_of(quarters, sharing)
        number = self.arrays.quarter
        firsts = number[groups(wall_clock(number).month)].tolist()
        self.months = frozenset(month_start(time_of(first)) for first in firsts)
        """Starts of the months with a quarter-hour from Leneda."""
        reactive = [
            (quarter.reactive_imported_kvarh, quarter.reactive_exported_kvarh)
            for quarter in quarters
        ]
        self._reactive_kvarh = np.array(reactive, float)
        self.day_sums = day_sums

    def reactive_at(self, start: datetime) -> tuple[float | None, float | None]:
        """Return imported and exported reactive energy in kvarh of a quarter-hour from Leneda."""
        place = np.searchsorted(self.arrays.quarter, quarter_number(start))
        imported, exported = self._reactive_kvarh[place].tolist()
        return None if isnan(imported) else imported, None if isnan(exported) else exported


def _arrays_of(quarters: Sequence[QuarterHour], sharing: SharedQuarterHours) -> Leneda:
    """Return quarter-hours and shared energy, which are in the order of time, as arrays."""
    shared = [(quarter_number(time), of_quarter) for time, of_quarter in sorted(sharing.items())]
    return Leneda(
        np.array([quarter_number(quarter.start) for quarter in quarters], np.int64),
        np.array([round(quarter.mean_kw * WH_A_KW, 6) for quarter in quarters], float),
        # None becomes NaN.
        np.array([quarter.exported_kwh for quarter in quarters], float) * 1000,
        np.array([quarter.origin is Origin.LENEDA_ESTIMATED for quarter in quarters], bool),
        np.array([number for number, _ in shared], np.int64),
        np.array([of_quarter.layers_wh for _, of_quarter in shared], float).reshape(-1, 4).T,
        np.array([of_quarter.remaining_wh for _, of_quarter in shared], float),
        np.array([of_quarter.leneda_wh for _, of_quarter in shared], float),
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


NO_LENEDA_DAYS = LenedaDays()
