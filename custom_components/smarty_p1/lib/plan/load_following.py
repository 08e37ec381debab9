"""Power of a planned load inside the quarter-hour, by the true readings of the meter.

    state = followed(state, Charger(1.4, 11.0), order, quarter, seen)

In a quarter-hour, a load takes the energy that costs less than its limit price, whatever the plan
expected of the sun and the house. At its limit price, it takes the planned energy.

The power falls at once, and rises five minutes after the last change. A run and a pause last at
least five minutes, or the time that a load needs. A load starts at most once in a quarter-hour.

A start costs START_EUR, as in the plan. So a load runs on with its minimum power unless a pause
saves this, and it starts without a plan only if this saves it. After MAX_STARTS in an evening, it
starts and pauses only by the plan. A start of the plan is never refused.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import inf
from typing import NamedTuple

from ..history.luxembourg_time import HOUR, QUARTER_HOUR, quarter_start
from ..passed_pause import has_passed
from .limit_price import energy_by_limit_price
from .next_kwh_price import NO_KWH, Quarter
from .run_joiner import START_EUR

MIN_TIME = timedelta(minutes=5)
"""Shortest run and pause of most loads, and the time before the power rises again."""
MAX_STARTS = 6
"""Number of starts in an evening after which a load starts and pauses only by the plan."""
SILENT_AFTER = timedelta(minutes=1)
"""Silence of the meter after which a load takes its minimum power."""
BLIND_AFTER = timedelta(minutes=15)
"""Silence of the meter after which a load follows the times of the last plan."""

_EVENING = timedelta(hours=12)
# A report of the charger shows a change that was made this long before.
_SEEN_AFTER = timedelta(seconds=10)
_MAX_WAIT = timedelta(minutes=2)
# In the last seconds of a quarter-hour, a Wh would be kilowatts.
_MIN_REST = timedelta(minutes=1)
_ROUNDING = 1e-6
# For less in a quarter-hour, the power is not set anew: a load would be set twice as often.
_LEAST_KWH = 0.02


class Charger(NamedTuple):
    """Powers in kW at which a load runs. If they are equal, it is only switched on and off."""

    min_kw: float
    max_kw: float
    can_pause: bool = True
    """Whether a switch can turn the load off."""
    min_time: timedelta = MIN_TIME
    """Shortest run and pause."""
    step_kw: float = 0.1
    """Difference between two powers to which it can be set."""

    def settable(self, kw: float) -> float:
        """Return the highest power up to `kw` to which it can be set, at least its minimum.

        Readings change by some watts each second. Without steps, each of them would set the power.
        """
        if kw >= self.max_kw:
            return self.max_kw
        return max(self.min_kw, int(kw / self.step_kw + _ROUNDING) * self.step_kw)


class LoadOrder(NamedTuple):
    """Part of the plan for a load in the running quarter-hour."""

    limit_price: float
    """In EUR per kWh."""
    planned_kwh: float
    most_kwh: float = inf
    """Energy that it still needs, with what it has taken in the quarter-hour."""
    is_last_chance: bool = False
    """Whether the load must run from now on to have its energy by the deadline."""
    pause: timedelta = timedelta.max
    """Time until its next run."""


class LoadReadings(NamedTuple):
    """Readings of the meter and of the load."""

    now: datetime
    quarter_start: datetime
    metered_at: datetime
    """Time of the meter's last reading."""
    net_kw: float
    """Imported minus exported power."""
    net_kwh: float
    """Net import since the quarter-hour began."""
    load_kw: float | None
    """Power of the load, None without a sensor."""
    load_seen_at: datetime | None
    """Time of the load's last report."""
    load_kwh: float
    """Energy of the load since the quarter-hour began."""


@dataclass(frozen=True)
class LoadFollowing:
    """Power that a load is set to, and the times of its changes."""

    kw: float = 0.0
    changed_at: datetime | None = None
    switched_at: datetime | None = None
    """Time of the last start or pause."""
    starts: tuple[datetime, ...] = ()
    """Starts of the last twelve hours."""


def followed(
    state: LoadFollowing, charger: Charger, order: LoadOrder, quarter: Quarter, seen: LoadReadings
) -> LoadFollowing:
    """Return the power that the load shall have now. A power of 0 is a pause."""
    if has_passed(seen.metered_at, seen.now, BLIND_AFTER):
        is_planned = order.planned_kwh > 0
        kw = max(charger.min_kw, min(charger.max_kw, order.planned_kwh * 4))
        return set_to(state, charger, kw if is_planned else 0.0, seen.now)
    if has_passed(seen.metered_at, seen.now, SILENT_AFTER):
        kw = min(state.kw, charger.min_kw)
        return state if kw == state.kw else replace(state, kw=kw, changed_at=seen.now)
    if not _is_seen(state, seen):
        return state
    return set_to(state, charger, _wanted_kw(state, charger, order, quarter, seen), seen.now)


def _is_seen(state: LoadFollowing, seen: LoadReadings) -> bool:
    """Return whether meter and load have reported since the last change.

    Some chargers report only changes, so two minutes are enough.
    """
    if state.changed_at is None or has_passed(state.changed_at, seen.now, _MAX_WAIT):
        return True
    reports = [seen.metered_at]
    if seen.load_kw is not None and seen.load_seen_at is not None:
        reports.append(seen.load_seen_at)
    return min(reports) >= state.changed_at + _SEEN_AFTER


def _wanted_kw(
    state: LoadFollowing, charger: Charger, order: LoadOrder, quarter: Quarter, seen: LoadReadings
) -> float:
    """Return the power at which the load takes its energy until the quarter-hour ends."""
    rest = max(_MIN_REST, seen.quarter_start + QUARTER_HOUR - seen.now) / HOUR
    load_kw = state.kw if seen.load_kw is None else seen.load_kw
    most_kw = min(charger.max_kw, quarter.max_kwh * 4 - (seen.net_kw - load_kw))
    if most_kw < charger.min_kw:
        return 0.0
    if order.is_last_chance:
        return most_kw
    needed_kwh = order.most_kwh - seen.load_kwh
    if needed_kwh <= NO_KWH:
        return 0.0
    others_kwh = seen.net_kwh - seen.load_kwh + (seen.net_kw - load_kw) * rest
    max_kwh = seen.load_kwh + min(charger.max_kw * rest, needed_kwh)
    kwh = energy_by_limit_price(order.planned_kwh, order.limit_price, quarter, others_kwh, max_kwh)
    left_kwh = kwh - seen.load_kwh
    kw = max(charger.min_kw, min(most_kw, _steady_kw(state, left_kwh, rest)))
    # A load starts when its minimum power until the quarter-hour ends takes no more than it may.
    is_wanted = left_kwh >= (NO_KWH if state.kw else charger.min_kw * rest)
    if is_wanted and (state.kw or order.planned_kwh > 0):
        return kw
    added_kwh = min(kw * rest, needed_kwh)
    cost = quarter.added(others_kwh + seen.load_kwh, added_kwh)
    loss = cost - order.limit_price * added_kwh
    return kw if _pays(state, order, loss, rest, is_wanted=is_wanted) else 0.0


def _steady_kw(state: LoadFollowing, left_kwh: float, rest: float) -> float:
    """Return the power for `left_kwh`, the present one if that is nearly the same energy."""
    is_near = abs(left_kwh - state.kw * rest) < _LEAST_KWH
    return state.kw if is_near else left_kwh / rest


def _pays(
    state: LoadFollowing, order: LoadOrder, loss: float, rest: float, *, is_wanted: bool
) -> bool:
    """Return whether to run saves a start, or as much. `loss` is what a pause saves now, in EUR."""
    is_tired = len(state.starts) >= MAX_STARTS
    if not state.kw:
        return is_wanted and not is_tired and loss <= -START_EUR
    if order.planned_kwh > 0:
        # This pause ends with the quarter-hour.
        return is_tired or loss < START_EUR
    return loss * max(1.0, order.pause / HOUR / rest) < START_EUR


def set_to(state: LoadFollowing, charger: Charger, kw: float, now: datetime) -> LoadFollowing:
    """Return the state with the power `kw`, as far as the rules for changes allow it."""
    starts = tuple(start for start in state.starts if not has_passed(start, now, _EVENING))
    state = replace(state, starts=starts)
    if not state.kw:
        return _started(state, charger, kw, now)
    if not kw and charger.can_pause and has_passed(state.switched_at, now, charger.min_time):
        return replace(state, kw=0.0, changed_at=now, switched_at=now)
    kw = charger.settable(kw)
    is_steady = has_passed(state.changed_at, now, MIN_TIME)
    if kw < state.kw or (kw > state.kw and is_steady):
        return replace(state, kw=kw, changed_at=now)
    return state


def _started(state: LoadFollowing, charger: Charger, kw: float, now: datetime) -> LoadFollowing:
    """Return the state of a load that starts, or of a load that must still wait."""
    starts = state.starts
    if not kw:
        return state
    has_started_here = bool(starts) and starts[-1] >= quarter_start(now)
    if has_started_here or not has_passed(state.switched_at, now, charger.min_time):
        return state
    kw = charger.settable(kw)
    return replace(state, kw=kw, changed_at=now, switched_at=now, starts=(*starts, now))
