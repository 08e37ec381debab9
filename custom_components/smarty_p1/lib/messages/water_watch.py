"""Messages about water that flows all night, as the captures of a water meter show it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Annotated, NamedTuple

from ..history.luxembourg_time import DAY, LUXEMBOURG
from ..passed_pause import has_passed
from ..stored_json import Size
from .message import HouseholdMessage, Placeholders, PlaceholderValue

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
# Words by which the text says how many nights it were. The first night has none.
_NAMES_OF_NIGHTS = {2: "second", 3: "third"}
_MAX_METERS = 8
_MAX_CAPTURES = 64


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
    leak_since: datetime | None = None
    """Start of the leak that a message has told, and that has not ended."""


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
        since = night.leak_since or night.captures[0].time
        night = replace(night, is_flood_told=True, leak_since=since)
        return night, [HouseholdMessage("water_flood", {"litres": litres})]
    return (night, []) if now < _END else _judged(night, today)


def _is_too_soon(night: WaterNight, capture: WaterCapture) -> bool:
    """Return whether a capture adds little to the last one, or is the same one."""
    return any(not has_passed(last.time, capture.time, _MIN_PAUSE) for last in night.captures[-1:])


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
    first = next(capture for capture in captures if last.time - capture.time <= _AN_HOUR)
    return last.litres - first.litres


def _judged(night: WaterNight, today: date) -> tuple[WaterNight, Iterable[HouseholdMessage]]:
    flows = _hourly_flows(night.captures)
    is_dry = any(litres < _MIN_LITRES for litres in flows)
    before = night.nights if night.last_night == today - DAY else 0
    nights = before + 1 if not is_dry and _is_whole_night(night, flows) else 0
    judged = WaterNight((), nights, today, leak_since=night.leak_since)
    if is_dry and night.leak_since:
        # An hour without flow proves that no pipe leaks.
        over = HouseholdMessage("leak_over", {"from_at": night.leak_since.isoformat()})
        return replace(judged, leak_since=None), [over]
    if night.is_flood_told or not _is_told_night(nights):
        return judged, []
    start = night.captures[0].time
    judged = replace(judged, leak_since=judged.leak_since or start)
    return judged, [HouseholdMessage("water_at_night", _values(night.captures, nights))]


def _is_whole_night(night: WaterNight, flows: Sequence[float]) -> bool:
    start = night.captures[0].time.astimezone(LUXEMBOURG).time()
    return start <= _LATEST_FIRST and len(flows) >= _MIN_WINDOWS


def _is_told_night(nights: int) -> bool:
    """Return whether the night of this number is told: each of the first three, then one a week."""
    weeks, rest = divmod(nights - _NIGHTS_IN_A_ROW, _WEEK)
    return bool(nights) and (weeks < 0 or not rest)


def _values(captures: Sequence[WaterCapture], nights: int) -> Mapping[str, PlaceholderValue]:
    first, last = captures[0], captures[-1]
    values: Placeholders = {
        "litres": last.litres - first.litres,
        "from_at": first.time.isoformat(),
        "until_at": last.time.isoformat(),
    }
    if nights > 1:
        values |= {"night": _NAMES_OF_NIGHTS.get(nights, "more"), "nights": nights}
    return values


def _hourly_flows(captures: Sequence[WaterCapture]) -> Sequence[float]:
    """Return the litres of each hour of the night, until the first one without flow."""
    start, flows = captures[0], list[float]()
    for capture in captures[1:]:
        if capture.time - start.time < _WINDOW:
            continue
        flows.append(capture.litres - start.litres)
        if flows[-1] < _MIN_LITRES:
            break
        start = capture
    return flows
