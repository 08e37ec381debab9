"""Messages about water that flows all night, as the captures of a water meter show it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Annotated, NamedTuple

from ..history.calendar import LUXEMBOURG
from ..stored_json import Size
from .message import HouseholdMessage, Value

_START, _END = time(1), time(5)
# A meter that is captured each hour has its last capture of the night up to an hour after `_END`.
_LATEST = time(6, 15)
_LATEST_FIRST = time(2)
_MAX_PAUSE = timedelta(minutes=75)
_MIN_PAUSE = timedelta(minutes=10)
# A meter that is captured each hour is not captured on the second. Each window must have flow.
_WINDOW, _AN_HOUR = timedelta(minutes=55), timedelta(minutes=65)
_MIN_WINDOWS = 3
# Resolution of most meters.
_MIN_LITRES = 0.999
_FLOOD_LITRES = 200.0
_NIGHTS_IN_A_ROW = 3
_WEEK = 7
_MAX_METERS = 8
_MAX_CAPTURES = 64
_A_DAY = timedelta(days=1)


class WaterCapture(NamedTuple):
    """Index of a water meter at a time."""

    time: datetime
    litres: float


@dataclass(frozen=True)
class WaterNight:
    """Captures of the running night, and the nights running in which water flowed all the time."""

    captures: Annotated[tuple[WaterCapture, ...], Size(_MAX_CAPTURES)] = ()
    nights: int = 0
    last_night: date | None = None
    """Last night that was judged."""
    is_flood_told: bool = False


type WaterNights = Annotated[Mapping[str, WaterNight], Size(_MAX_METERS)]
"""Nights of the water meters, by the identity of the meter."""


def watch_water(
    state: WaterNights, captures: Mapping[str, WaterCapture]
) -> tuple[WaterNights, list[HouseholdMessage]]:
    """Return the new state, and the messages that are due after the captures of water meters.

    Return `state` itself if nothing has changed.
    """
    meters, messages = dict(state), list[HouseholdMessage]()
    for name, capture in captures.items():
        before = state.get(name, WaterNight())
        meters[name], due = _after(before, capture)
        messages += due
    if meters == state:
        return state, messages
    newest = [*meters.items()][-_MAX_METERS:]
    return dict(newest), messages


def _after(
    night: WaterNight, capture: WaterCapture
) -> tuple[WaterNight, Iterable[HouseholdMessage]]:
    local = capture.time.astimezone(LUXEMBOURG)
    today, now = local.date(), local.time()
    if not _START <= now < _LATEST or night.last_night == today:
        return (replace(night, captures=()) if night.captures else night), []
    if now < _END and _is_too_soon(night, capture):
        return night, []
    night = _continued(night, capture)
    litres = 0.0 if night.is_flood_told else _in_last_hour(night.captures)
    if litres >= _FLOOD_LITRES:
        night = replace(night, is_flood_told=True)
        return night, [HouseholdMessage("water_flood", {"litres": litres})]
    return (night, []) if now < _END else _judged(night, today)


def _is_too_soon(night: WaterNight, capture: WaterCapture) -> bool:
    """Return whether a capture adds little to the last one, or is the same one."""
    return any(timedelta() <= capture.time - last.time < _MIN_PAUSE for last in night.captures[-1:])


def _continued(night: WaterNight, capture: WaterCapture) -> WaterNight:
    """Return the night with a further capture. After a gap, or with another meter, begin anew."""
    if any(_is_next(last, capture) for last in night.captures[-1:]):
        return replace(night, captures=(*night.captures, capture))
    return replace(night, captures=(capture,), is_flood_told=False)


def _is_next(last: WaterCapture, capture: WaterCapture) -> bool:
    pause = capture.time - last.time
    return timedelta() < pause <= _MAX_PAUSE and capture.litres >= last.litres


def _in_last_hour(captures: Sequence[WaterCapture]) -> float:
    *_, last = captures
    first = next(each for each in captures if last.time - each.time <= _AN_HOUR)
    return last.litres - first.litres


def _judged(night: WaterNight, today: date) -> tuple[WaterNight, Iterable[HouseholdMessage]]:
    first, last = night.captures[0], night.captures[-1]
    before = night.nights if night.last_night == today - _A_DAY else 0
    nights = before + 1 if _flows_all_night(night.captures) else 0
    judged = WaterNight((), nights, today)
    weeks, rest = divmod(nights - _NIGHTS_IN_A_ROW, _WEEK)
    if not nights or night.is_flood_told or (weeks >= 0 and rest):
        return judged, []
    values: dict[str, Value] = {
        "litres": last.litres - first.litres,
        "from_at": first.time.isoformat(),
        "until_at": last.time.isoformat(),
    }
    return judged, [HouseholdMessage("water_at_night", values)]


def _flows_all_night(captures: Sequence[WaterCapture]) -> bool:
    """Return whether water flowed in each hour of the night."""
    start, windows = captures[0], 0
    if start.time.astimezone(LUXEMBOURG).time() > _LATEST_FIRST:
        return False
    for capture in captures[1:]:
        if capture.time - start.time < _WINDOW:
            continue
        if capture.litres - start.litres < _MIN_LITRES:
            return False
        start, windows = capture, windows + 1
    return windows >= _MIN_WINDOWS
