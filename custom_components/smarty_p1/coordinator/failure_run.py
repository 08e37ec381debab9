"""A failure run: telegrams fail, and none is accepted, until that must have a reason.

Whoever can write to the line can make telegrams fail. While good ones come between them, nobody
needs to know.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import Enum, auto
from typing import Any

from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN
from ..lib.min_interval import MinInterval
from ..lib.p1 import Reason
from .entry_types import AnyConfigEntry
from .push_coordinator import Obstacle

ENOUGH = 5
LEAST_DURATION = 30.0
# A meter sends every ten seconds at least: whatever was before a set-up, one telegram is due in it.
LEAST_LISTENING = 15.0
# What goes on is reported again after so many seconds.
_REPORT_INTERVAL = 10.0


class Failure(Enum):
    """What telegrams that fail have in common."""

    KEYS = auto()
    """Frames of this meter whose tag does not verify."""
    FOREIGN_TITLE = auto()
    """The same, but the frames do not even claim to be of this meter."""
    OTHER_METER = auto()
    """Telegrams that verify, and name another meter."""
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


class FailureRun:
    """The failures since the last telegram of this meter that was accepted.

    A failure is reported when there are `ENOUGH` of its kind and the first of all was
    `LEAST_DURATION` ago; later ones are reported every ten seconds at most.

    `is_withdrawn` says whether a set-up was withdrawn since then, for want of a telegram, and
    `untold` why, until the entry says so.

    It outlives a set-up that fails, which may not wait long enough for so many, and ends when the
    port or the keys are changed. Only the time in which somebody listens counts.
    """

    def __init__(self, hass: HomeAssistant, data: Mapping[str, Any]) -> None:
        self.data = data
        self.has_asked_for_keys = False
        self.is_withdrawn = False
        self.untold: Obstacle | None = None
        self._hass = hass
        self._report: Callable[[Failure], None] | None = None
        self._counts: dict[Failure, int] = {}
        self._turns: dict[Failure, MinInterval] = {}
        self._missing = LEAST_DURATION
        self._timer_started = 0.0
        self._cancel_timer: CALLBACK_TYPE | None = None

    def __bool__(self) -> bool:
        """Return whether there is any failure."""
        return bool(self._counts)

    @callback
    def listen(self, report: Callable[[Failure], None]) -> None:
        """Listen: call `report` with each kind of failure that has a reason."""
        self._report = report
        if self._counts:
            self._missing = max(self._missing, LEAST_LISTENING)
            self._start_timer(self._missing)

    @callback
    def pause(self) -> None:
        """Stop listening."""
        self._report = None
        self._turns.clear()
        if self._cancel_timer:
            self._missing -= self._hass.loop.time() - self._timer_started
            self._stop_timer()

    @callback
    def add(self, failure: Failure) -> None:
        """Count a failure."""
        count = self._counts[failure] = self._counts.get(failure, 0) + 1
        if self._missing <= 0:
            if self._report and count >= ENOUGH and self._turns_of(failure).has_turn():
                self._report(failure)
        elif self._cancel_timer is None:
            self._start_timer(self._missing)

    @callback
    def end(self) -> None:
        """Forget all failures: a telegram was accepted."""
        self.is_withdrawn = False
        self.untold = None
        self._counts.clear()
        self._turns.clear()
        self._missing = LEAST_DURATION
        self._stop_timer()

    @callback
    def withdraw(self, obstacle: Obstacle) -> None:
        """Note that a set-up is withdrawn, and why."""
        self.is_withdrawn = True
        self.untold = obstacle

    @callback
    def forget(self, failure: Failure) -> None:
        """Forget the failures of one kind."""
        self._counts.pop(failure, None)

    def _turns_of(self, failure: Failure) -> MinInterval:
        if failure not in self._turns:
            self._turns[failure] = MinInterval(self._hass.loop, _REPORT_INTERVAL)
        return self._turns[failure]

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
        self._missing = 0.0


_RUNS: HassKey[dict[str, FailureRun]] = HassKey(f"{DOMAIN}_failure_runs")


@callback
def failure_run_of(hass: HomeAssistant, entry: AnyConfigEntry) -> FailureRun:
    """Return the failure run of an entry with its current port and keys."""
    runs = hass.data.setdefault(_RUNS, {})
    run = runs.get(entry.entry_id)
    if run is None or run.data != entry.data:
        run = runs[entry.entry_id] = FailureRun(hass, entry.data)
    return run


@callback
def forget_failure_run(hass: HomeAssistant, entry_id: str) -> None:
    """Forget the failures of an entry that is removed."""
    hass.data.get(_RUNS, {}).pop(entry_id, None)
