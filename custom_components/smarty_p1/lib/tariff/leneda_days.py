"""The past that the national platform knows: quarter-hours beside one's own, and what was shared.

It is joined to the row when that is shown, and never stored with it, so that it can be taken back.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import groupby

from .calendar import day_start
from .month import QuarterHour
from .sharing import NO_DAY_SUMS, NO_SHARING, Covered, DaySums, Sharing
from .spans import MonthColumns, columns_of


class PlatformDays:
    """Quarter-hours that the platform knows, by their months."""

    def __init__(
        self,
        quarter_hours: Iterable[QuarterHour] = (),
        sharing: Sharing = NO_SHARING,
        day_sums: DaySums = NO_DAY_SUMS,
    ) -> None:
        """Make a past. It takes some time for years: make it where nobody waits for it."""
        self.months: Mapping[datetime, MonthColumns] = columns_of(quarter_hours)
        self.sharing: Mapping[datetime, Mapping[datetime, Covered]] = {
            midnight: {start: sharing[start] for start in starts}
            for midnight, starts in groupby(sorted(sharing), day_start)
        }
        """What was shared, by the midnight of its day."""
        self.day_sums = day_sums


NO_PLATFORM_DAYS = PlatformDays()
