"""Quarter-hours of the national platform Leneda beside the measured ones, and shared energy.

They are joined to the row when it is shown, and never stored with it: an import can be taken back.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import groupby

from .calendar import day_start
from .month import QuarterHour
from .sharing import NO_DAY_SUMS, NO_SHARING, Covered, DaySums, Sharing
from .spans import MonthColumns, columns_of


class PlatformDays:
    """Quarter-hours and shared energy of the platform, by months and days."""

    def __init__(
        self,
        quarter_hours: Iterable[QuarterHour] = (),
        sharing: Sharing = NO_SHARING,
        day_sums: DaySums = NO_DAY_SUMS,
    ) -> None:
        """Sort the quarter-hours by months. Years take some time: do it in an executor."""
        self.months: Mapping[datetime, MonthColumns] = columns_of(quarter_hours)
        self.sharing: Mapping[datetime, Mapping[datetime, Covered]] = {
            midnight: {start: sharing[start] for start in starts}
            for midnight, starts in groupby(sorted(sharing), day_start)
        }
        """Shared energy by the midnight of its day."""
        self.day_sums = day_sums


NO_PLATFORM_DAYS = PlatformDays()
