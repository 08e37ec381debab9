"""Telegrams that fail, and none that is believed: what that takes to have a reason.

Whoever can write to the line can make telegrams fail. While good ones come between them, that is
nothing to tell anybody.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import Enum, auto
from typing import Any

from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN
from ..lib.p1 import Reason
from .entry_types import AnyConfigEntry

ENOUGH = 5
LEAST_DURATION = 30.0
# A meter sends every ten seconds at least: whatever was before a set-up, one telegram is due in it.
LEAST_LISTENING = 15.0
# How often what goes on is told again.
TELL_INTERVAL = 10.0


class Failure(Enum):
    """What telegrams that fail have in common."""

    KEYS = auto()
    """Frames of this meter whose tag does not verify."""
    FOREIGN_TITLE = auto()
    """The same, but the frames do not even claim to be of this meter."""
    OTHER_METER = auto()
    """Telegrams that are believed, and name another meter."""
    SECURITY_OFF = auto()
    SECURITY_ON = auto()

    # That of Enum is slow, and a line can be full of failures.
    __hash__ = object.__hash__


FAILURES: Mapping[Reason, Failure] = {
    Reason.TAG: Failure.KEYS,
    Reason.AUTHENTICATION_KEY: Failure.KEYS,
    Reason.DOWNGRADE: Failure.SECURITY_OFF,
    Reason.KEY_MISSING: Failure.SECURITY_ON,
}


class Streak:
    """The failures since the last telegram of this meter that was believed.

    One is told when it makes `ENOUGH` of its kind, and the first of all is `LEAST_DURATION` ago;
    those after it at most once in `TELL_INTERVAL`.

    It outlives a set-up that fails, for that may wait too short for so many, and ends when the
    port or the keys are changed. Only the time in which somebody listens counts.
    """

    def __init__(self, hass: HomeAssistant, data: Mapping[str, Any]) -> None:
        """Take the port and the keys that failed."""
        self.data = data
        self.has_asked_for_keys = False
        self._hass = hass
        self._tell: Callable[[Failure], None] | None = None
        self._counts: dict[Failure, int] = {}
        self._told: set[Failure] = set()
        self._missing = LEAST_DURATION
        self._timer_started = 0.0
        self._cancel_timer: CALLBACK_TYPE | None = None

    def __bool__(self) -> bool:
        """Tell whether there is any failure."""
        return bool(self._counts)

    @callback
    def listen(self, tell: Callable[[Failure], None]) -> None:
        """Begin to listen; call `tell` for what has a reason."""
        self._tell = tell
        if self._counts:
            self._missing = max(self._missing, LEAST_LISTENING)
            self._start_timer(self._missing)

    @callback
    def pause(self) -> None:
        """Stop listening."""
        self._tell = None
        self._told.clear()
        if self._cancel_timer:
            self._missing -= self._hass.loop.time() - self._timer_started
            self._stop_timer()

    @callback
    def add(self, failure: Failure) -> None:
        """Count a failure."""
        count = self._counts[failure] = self._counts.get(failure, 0) + 1
        if self._missing <= 0:
            if self._tell and count >= ENOUGH and failure not in self._told:
                self._told.add(failure)
                if self._cancel_timer is None:
                    self._start_timer(TELL_INTERVAL)
                self._tell(failure)
        elif self._cancel_timer is None:
            self._start_timer(self._missing)

    @callback
    def end(self) -> None:
        """Begin anew: a telegram was believed."""
        self._counts.clear()
        self._told.clear()
        self._missing = LEAST_DURATION
        self._stop_timer()

    @callback
    def forget(self, failure: Failure) -> None:
        """Begin to count one kind anew."""
        self._counts.pop(failure, None)

    @callback
    def _start_timer(self, delay: float) -> None:
        self._timer_started = self._hass.loop.time()
        job = HassJob(self._on_timer, "failures", cancel_on_shutdown=True)
        self._cancel_timer = async_call_later(self._hass, delay, job)

    @callback
    def _stop_timer(self) -> None:
        if self._cancel_timer:
            self._cancel_timer()
            self._cancel_timer = None

    @callback
    def _on_timer(self, _now: datetime) -> None:
        self._cancel_timer = None
        self._told.clear()
        self._missing = 0.0


_STREAKS: HassKey[dict[str, Streak]] = HassKey(f"{DOMAIN}_streaks")


@callback
def streak_of(hass: HomeAssistant, entry: AnyConfigEntry) -> Streak:
    """Return the failures of an entry with its present port and keys."""
    streaks = hass.data.setdefault(_STREAKS, {})
    streak = streaks.get(entry.entry_id)
    if streak is None or streak.data != entry.data:
        streak = streaks[entry.entry_id] = Streak(hass, entry.data)
    return streak


@callback
def forget_streak(hass: HomeAssistant, entry_id: str) -> None:
    """Forget the failures of an entry that is removed."""
    hass.data.get(_STREAKS, {}).pop(entry_id, None)
