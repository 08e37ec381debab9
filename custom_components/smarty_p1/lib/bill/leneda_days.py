"""Quarter-hours and shared energy from the national platform Leneda.

Whenever a month is computed, Leneda's data fills the gaps between the measured quarter-hours.
Leneda's data is never stored together with the measured quarter-hours. So it can be removed again.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import groupby

from ..history.calendar import QUARTER_HOUR, day_end, day_start, month_start
from ..history.day_sum import NO_DAY_SUMS, DaySums
from ..history.month_columns import MonthColumns, columns_of
from ..history.quarter_hour import QuarterHour
from .sharing import NO_SHARING, QuarterHourSharing, Sharing


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
        self.sharing: Mapping[datetime, Mapping[datetime, QuarterHourSharing]] = {
            midnight: {start: sharing[start] for start in starts}
            for midnight, starts in groupby(sorted(sharing), day_start)
        }
        """Shared energy, keyed by the day's midnight, then by the quarter-hour's start."""
        self.day_sums = day_sums

    def differing_months(self, other: LenedaDays) -> set[datetime]:
        """Return the starts of the months whose quarter-hours or shared energies differ."""
        if self is other:
            return set()
        result = {
            start
            for start in self.months.keys() | other.months.keys()
            if _energies(self.months.get(start)) != _energies(other.months.get(start))
        }
        days = self.sharing.keys() | other.sharing.keys()
        changed = (day for day in days if self.sharing.get(day) != other.sharing.get(day))
        return result | {*map(month_start, changed)}


def _energies(month: MonthColumns | None) -> tuple[bytes, bytes] | None:
    # NaN differs from itself, so compare the bytes.
    return (month.imported.tobytes(), month.exported.tobytes()) if month else None


NO_LENEDA_DAYS = LenedaDays()
