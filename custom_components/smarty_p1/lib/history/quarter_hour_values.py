"""Values of the running quarter-hour and of the shown month, as they are after a reading."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from .quarter_hour import QuarterHour
from .register_amounts import Amounts


class DaySum(NamedTuple):
    """Energy of a whole day in Luxembourg, in one of Leneda's series."""

    start: datetime
    """Midnight in Luxembourg, as UTC."""
    kwh: float
    quarter_hours: int


type DaySums = Mapping[str, DaySum]
"""Sum of the last whole day, keyed by the code of Leneda's series."""
NO_DAY_SUMS: DaySums = {}


class QuarterHourValues(NamedTuple):
    """Values of the running quarter-hour and of the shown month after a reading.

    Times are in UTC, except `month_start`. The running quarter-hour may be measured only since
    `measured_since`. For the time before, the mean power of the measured part is assumed.
    """

    time: datetime
    """The meter's time of the last reading that counts. If nothing reads the meter, this is the end
    of Leneda's last quarter-hour."""
    quarter_start: datetime
    measured_since: datetime
    """Start of the running quarter-hour, or of its first reading."""
    reference_kw: float | None
    """Reference power of the contract in the running quarter-hour."""
    last_quarter: QuarterHour | None
    """The last complete quarter-hour, however long ago."""
    month_start: datetime
    """First midnight, in Luxembourg's time, of the shown month. Monthly values were reset then.

    A doubtful clock does not change the shown month.
    """
    running_kw: float | None = None
    """Mean power since `measured_since`; before any time has passed, the current power."""
    projected_kw: float | None = None
    """Mean power of the whole quarter-hour if the current power stays; None without a power."""
    will_exceed: bool | None = None
    """Whether `projected_kw` is above the reference power."""
    available_kw: float | None = None
    """Power for the rest of the quarter-hour that brings the mean to the reference power.

    It is at least 0, and at most the limit of the connection. An excess of less than 1 Wh does not
    lower this power below the reference power, because in the last seconds 1 Wh amounts to
    kilowatts. If the value is above the reference power, it is computed as if at least one minute
    remained.
    """
    peak: QuarterHour | None = None
    """The highest quarter-hour of the shown month; of equal quarter-hours, the first."""
    excess_kwh: float | None = None
    """Energy of the shown month above the reference power, by the contract of each quarter-hour.
    None without a reference power, or without a household."""
    peak_last_month: QuarterHour | None = None
    peak_12_months: QuarterHour | None = None
    """The highest quarter-hour of the shown month and of the eleven months before. None without a
    household: a meter alone does not keep so many months."""
    day_sums: DaySums = NO_DAY_SUMS
    """Energy of the last whole day in each series of the platform Leneda."""
    running: Amounts | None = None
    """Energies of the running quarter-hour, None if nothing reads the meter."""
