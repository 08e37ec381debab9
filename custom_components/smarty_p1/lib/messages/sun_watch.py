"""Message about panels that have delivered nothing on a whole day."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, NamedTuple

from ..history.luxembourg_time import DAY, HOUR, LUXEMBOURG, day_start
from ..stored_json import Size
from .message import HouseholdMessage

_MAX_SOURCES = 20
# Even on the darkest day of the year, panels deliver something in these hours.
_NOON_HOURS = range(10, 16)
_NEGLIGIBLE_KWH = 0.01
# An inverter that is seldom used, or is new, proves nothing.
_DAYS_BEFORE, _MIN_SUNNY_DAYS = 7, 5

type SunState = Annotated[tuple[str, ...], Size(_MAX_SOURCES)]
"""Inverters whose lack of sun was told and has not ended."""


class Panels(NamedTuple):
    """Name of an inverter, and its energy in kWh by the start of the hour. Unknown hours lack."""

    name: str
    kwh: Mapping[datetime, float]


def watch_sun(
    state: SunState, inverters: Mapping[str, Panels], now: datetime
) -> tuple[SunState, Sequence[HouseholdMessage]]:
    """Return the new state, and the messages that are due about the day before `now`.

    Each inverter is told once. An inverter with an unknown hour at noon is not judged: many
    inverters are unavailable without sun.
    """
    yesterday = day_start(day_start(now) - HOUR)
    told, messages = [*state], list[HouseholdMessage]()
    for name, panels in inverters.items():
        delivered = [start for start, kwh in panels.kwh.items() if kwh >= _NEGLIGIBLE_KWH]
        since = max(delivered, default=yesterday)
        if since >= yesterday:
            told = [other for other in told if other != name]
        elif name not in told and _is_judged(panels, delivered, yesterday):
            told.append(name)
            values = {"name": panels.name, "since_at": (since + HOUR).isoformat()}
            messages.append(HouseholdMessage("no_sun", values))
    return tuple(told[-_MAX_SOURCES:]), messages


def _is_judged(panels: Panels, delivered: Sequence[datetime], day: datetime) -> bool:
    """Return whether the noon of a day is known, and whether the days before it had sun."""
    noon = {
        start.astimezone(LUXEMBOURG).hour
        for start in panels.kwh
        if timedelta() <= start - day < DAY
    }
    days = {day_start(start) for start in delivered}
    sunny = [before for before in days if timedelta() < day - before <= _DAYS_BEFORE * DAY]
    return noon >= {*_NOON_HOURS} and len(sunny) >= _MIN_SUNNY_DAYS
