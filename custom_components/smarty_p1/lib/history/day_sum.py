"""Energy of a whole day in one of Leneda's series."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple


class DaySum(NamedTuple):
    """Energy of a whole day in Luxembourg, in one of Leneda's series."""

    start: datetime
    """Midnight in Luxembourg, as UTC."""
    kwh: float
    quarter_hours: int


type DaySums = Mapping[str, DaySum]
"""Sum of the last whole day, keyed by the code of Leneda's series."""
NO_DAY_SUMS: DaySums = {}
