"""Base load of a household: the power that it uses at all times, from its nights."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import NamedTuple

from ..bill.quarter_hour_series import quarter_hours_between
from ..energy_table.table import Table
from ..energy_table.wall_clock import AN_HOUR
from ..history.luxembourg_time import LUXEMBOURG, QUARTER_HOUR, day_start, days_between
from ..history.quarter_hour import WH_A_KW, QuarterHour
from .energy_shares import HouseDevice, HouseSources
from .solar_house import delivered_kwh

_NIGHT = timedelta(hours=2), timedelta(hours=5)
_NIGHTS = 7
_MIN_NIGHTS = 3
_MIN_NIGHTS_OF_PERIOD = 14
NO_SOURCES = HouseSources((), ())


type Night = Sequence[QuarterHour]
"""Quarter-hours from 2:00 to 5:00."""


class BaseLoad(NamedTuple):
    """Power that a household uses at all times, and the number of nights that show it."""

    kw: float
    nights: int


def last_nights(table: Table, now: datetime) -> list[Night]:
    """Return the quarter-hours from 2:00 to 5:00 of the known nights among the last seven."""
    today = day_start(now)
    midnights = [day_start(today - timedelta(days=n) + timedelta(hours=12)) for n in range(_NIGHTS)]
    return [night for midnight in midnights if (night := _night(table, midnight))]


def lowest_quarters(table: Table, now: datetime) -> list[datetime]:
    """Return the start of the lowest quarter-hour of each of the last seven nights."""
    return [_lowest(night).start for night in last_nights(table, now)]


def base_load(table: Table, now: datetime, sources: HouseSources = NO_SOURCES) -> BaseLoad | None:
    """Return the base load without the devices of `sources`, in steps of 10 W.

    A night has the power of its lowest quarter-hour. The base load is the median of the last seven
    nights. Return None with fewer than three nights. Also return None if the household exports
    energy or draws nothing at night, and no supply is known: a battery may then supply it.
    """
    nights = last_nights(table, now)
    if len(nights) < _MIN_NIGHTS or (not sources.supplies and _may_be_supplied(nights)):
        return None
    kw = median(max(0.0, _night_kw(night, sources)) for night in nights)
    return BaseLoad(round(kw, 2), len(nights))


def _may_be_supplied(nights: Sequence[Night]) -> bool:
    """Return whether a battery may supply the household in these nights."""
    exports = any(_wh(quarter.exported_kwh) for night in nights for quarter in night)
    return exports or median(_wh(_lowest(night).imported_kwh) for night in nights) <= 0


def usual_night_kw(table: Table, start: datetime, end: datetime) -> float | None:
    """Return the median of the nights' lowest mean powers of a quarter-hour in a period.

    Return None if fewer than 14 nights are known, or if the household exports energy at night: a
    battery may then supply it.
    """
    nights = [night for midnight in days_between(start, end) if (night := _night(table, midnight))]
    if len(nights) < _MIN_NIGHTS_OF_PERIOD:
        return None
    if any(_wh(quarter.exported_kwh) for night in nights for quarter in night):
        return None
    return median(_wh(_lowest(night).imported_kwh) / WH_A_KW for night in nights)


def _night(table: Table, midnight: datetime) -> Night:
    """Return the quarter-hours from 2:00 to 5:00 after `midnight`, [] if one of them is unknown."""
    local = midnight.astimezone(LUXEMBOURG)
    begin, end = ((local + hour).astimezone(UTC) for hour in _NIGHT)
    quarters = [*quarter_hours_between(table, begin, end)]
    return quarters if len(quarters) == (end - begin) // QUARTER_HOUR else []


def _wh(kwh: float | None) -> int:
    """Return an energy in whole Wh, 0 if it is unknown."""
    return round((kwh or 0.0) * 1000)


def _lowest(night: Night) -> QuarterHour:
    return min(night, key=lambda quarter: _wh(quarter.imported_kwh))


def _night_kw(night: Night, sources: HouseSources) -> float:
    """Return the lowest power of a night without the devices.

    Each device counts with its power in the same quarter-hour. If the recorder lacks it, or if a
    battery delivers energy, the lowest hour takes the place of the lowest quarter-hour.
    """
    lowest = _lowest(night)
    hours = [quarter.start.replace(minute=0) for quarter in night[::AN_HOUR]]
    delivered = [delivered_kwh(sources.supplies, hour) for hour in hours]
    known = [_quarter_kwh(device, lowest.start) for device in sources.devices]
    if any(delivered) or None in known:
        return _lowest_hour_kw(night, zip(hours, delivered, strict=True), sources.devices)
    return _wh(lowest.imported_kwh) / WH_A_KW - sum(kwh or 0.0 for kwh in known) * AN_HOUR


def _quarter_kwh(device: HouseDevice, start: datetime) -> float | None:
    """Return the energy of a device in a quarter-hour, None if it is unknown."""
    if device.kwh.get(start.replace(minute=0), 0.0) <= 0:
        return 0.0
    return device.quarter_kwh.get(start)


def _lowest_hour_kw(
    night: Night,
    delivered: Iterable[tuple[datetime, float]],
    devices: Sequence[HouseDevice],
) -> float:
    """Return the lowest mean power of an hour, without the mean powers of the devices in it.

    `delivered` has the energy from batteries by the start of the hour.
    """
    net = [_wh(quarter.imported_kwh) - _wh(quarter.exported_kwh) for quarter in night]
    used = [
        (sum(net[n * AN_HOUR :][:AN_HOUR]) / 1000 + kwh, hour)
        for n, (hour, kwh) in enumerate(delivered)
    ]
    kwh, hour = min(used)
    return kwh - sum(device.kwh.get(hour, 0.0) for device in devices)
