"""Energy of a whole day in Luxembourg, from rows of the national platform Leneda."""

from collections.abc import Mapping, Sequence
from itertools import groupby

from ..tariff import QUARTER_HOUR, DaySum, day_end, day_start
from .measured_and_estimated_rows import Row
from .series_codes import is_of_sharing


def last_days_of(platform: Mapping[str, Sequence[Row]]) -> dict[str, DaySum]:
    """Return the last complete day of each series of energy sharing, keyed by code.

    `platform` has the rows of each code.
    """
    last_days = {}
    for code, rows in platform.items():
        if is_of_sharing(code) and (last := last_whole_day(rows)):
            last_days[code] = last
    return last_days


def last_whole_day(rows: Sequence[Row]) -> DaySum | None:
    """Return the sum of the last day whose quarter-hours are all known, None without such a day."""
    for start, group in groupby(reversed(rows), lambda row: day_start(row.start)):
        powers = [row.kw for row in group]
        if len(powers) == (day_end(start) - start) // QUARTER_HOUR:
            return DaySum(start, round(sum(powers) / 4, 6), len(powers))
    return None
