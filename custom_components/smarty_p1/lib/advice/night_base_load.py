"""Base load of a household: the power that it uses at all times, from its nights."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import NamedTuple

import numpy as np

from ..energy_table.table import Table
from ..energy_table.wall_clock import AN_HOUR, Floats, time_of
from ..history.luxembourg_time import LUXEMBOURG, QUARTER_HOUR, day_start, days_between
from ..history.quarter_hour import WH_A_KW
from .energy_shares import HouseDevice, HouseSources
from .solar_house import delivered_kwh

_NIGHT = timedelta(hours=2), timedelta(hours=5)
_NIGHTS = 7
_MIN_NIGHTS = 3
_MIN_NIGHTS_OF_PERIOD = 14
NO_SOURCES = HouseSources((), ())


class _Night(NamedTuple):
    """Energies in whole Wh from 2:00 to 5:00, by quarter-hour. Unknown exports count as 0."""

    first: int
    """Number of the first quarter-hour."""
    imported: Floats
    exported: Floats

    @property
    def lowest_wh(self) -> float:
        """Return the imported energy of the lowest quarter-hour."""
        return float(self.imported.min())

    @property
    def lowest(self) -> datetime:
        """Return the start of the lowest quarter-hour."""
        return time_of(self.first + int(self.imported.argmin()))


class BaseLoad(NamedTuple):
    """Power that a household uses at all times, and the number of nights that show it."""

    kw: float
    nights: int


def _last_nights(table: Table, now: datetime) -> list[_Night]:
    """Return the known nights among the last seven."""
    today = day_start(now)
    midnights = (day_start(today - timedelta(days=n) + timedelta(hours=12)) for n in range(_NIGHTS))
    return _known_nights(table, midnights)


def lowest_quarters(table: Table, now: datetime) -> list[datetime]:
    """Return the start of the lowest quarter-hour of each of the last seven nights."""
    return [night.lowest for night in _last_nights(table, now)]


def base_load(table: Table, now: datetime, sources: HouseSources = NO_SOURCES) -> BaseLoad | None:
    """Return the base load without the devices of `sources`, in steps of 10 W.

    A night has the power of its lowest quarter-hour. The base load is the median of the last seven
    nights. Return None with fewer than three nights. Also return None if the household exports
    energy or draws nothing at night, and no supply is known: a battery may then supply it.
    """
    nights = _last_nights(table, now)
    if len(nights) < _MIN_NIGHTS:
        return None
    draws_nothing = median(night.lowest_wh for night in nights) <= 0
    if not sources.supplies and (draws_nothing or _has_exported(nights)):
        return None
    kw = median(max(0.0, _night_kw(night, sources)) for night in nights)
    return BaseLoad(round(kw, 2), len(nights))


def usual_night_kw(table: Table, start: datetime, end: datetime) -> float | None:
    """Return the median of the nights' lowest mean powers of a quarter-hour in a period.

    Return None if fewer than 14 nights are known, or if the household exports energy at night: a
    battery may then supply it.
    """
    nights = _known_nights(table, days_between(start, end))
    if len(nights) < _MIN_NIGHTS_OF_PERIOD or _has_exported(nights):
        return None
    return median(night.lowest_wh / WH_A_KW for night in nights)


def _has_exported(nights: Iterable[_Night]) -> bool:
    return any(night.exported.any() for night in nights)


def _known_nights(table: Table, midnights: Iterable[datetime]) -> list[_Night]:
    """Return the nights after `midnights` whose quarter-hours are all known."""
    shown = table.where(table.is_shown)
    nights = []
    for midnight in midnights:
        local = midnight.astimezone(LUXEMBOURG)
        begin, end = ((local + hour).astimezone(UTC) for hour in _NIGHT)
        rows = shown.between(begin, end)
        if len(rows.quarter) == (end - begin) // QUARTER_HOUR:
            wh, fed_wh = np.rint(rows.imported), np.rint(np.nan_to_num(rows.exported))
            nights.append(_Night(int(rows.quarter[0]), wh, fed_wh))
    return nights


def _night_kw(night: _Night, sources: HouseSources) -> float:
    """Return the lowest power of a night without the devices.

    Each device counts with its power in the same quarter-hour. If the recorder lacks it, or if a
    battery delivers energy, the lowest hour takes the place of the lowest quarter-hour.
    """
    hours = [time_of(night.first + n) for n in range(0, len(night.imported), AN_HOUR)]
    delivered = [delivered_kwh(sources.supplies, hour) for hour in hours]
    known = [_quarter_kwh(device, night.lowest) for device in sources.devices]
    if not any(delivered) and None not in known:
        return night.lowest_wh / WH_A_KW - sum(kwh or 0.0 for kwh in known) * AN_HOUR
    net_wh = (night.imported - night.exported).reshape(-1, AN_HOUR).sum(axis=1)
    used: list[float] = (net_wh / 1000 + delivered).tolist()
    kwh, hour = min(zip(used, hours, strict=True))
    return kwh - sum(device.kwh.get(hour, 0.0) for device in sources.devices)


def _quarter_kwh(device: HouseDevice, start: datetime) -> float | None:
    """Return the energy of a device in a quarter-hour, None if it is unknown."""
    if device.kwh.get(start.replace(minute=0), 0.0) <= 0:
        return 0.0
    return device.quarter_kwh.get(start)
