"""What is told of telegrams that come late: at a topic, they may have waited for hours."""

from datetime import timedelta

from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ..lib.meter import Reading
from .entry_types import AnyConfigEntry
from .push_coordinator import Obstacle
from .repair_issues import Problem, is_raised, raise_issue, withdraw_issues

# A gateway that was away for some minutes has caught up by then.
_PATIENCE = timedelta(minutes=2)
# So much faster than time itself passes the time of what has waited.
_CATCHES_UP = 1.2
_PROBLEMS = (Problem.CATCHING_UP, Problem.TELEGRAMS_LATE)


class LateTelegrams:
    """Says why what comes is not of now, and raises a repair issue when that goes on.

    `latest` is the last reading that came late, None when none does.
    """

    def __init__(self, hass: HomeAssistant, entry: AnyConfigEntry) -> None:
        self._hass = hass
        self._entry = entry
        self._first: Reading | None = None
        self.latest: Reading | None = None

    @callback
    def note(self, reading: Reading) -> Obstacle:
        """Note a reading that came late; return why nothing is shown."""
        first = self._first = self._first or reading
        self.latest = reading
        passed = reading.received_at - first.received_at
        assert reading.telegram.time  # noqa: S101 - else nobody knows that it is late
        assert first.telegram.time  # noqa: S101
        went_on = reading.telegram.time - first.telegram.time
        is_catching_up = went_on > _CATCHES_UP * passed
        problem = _PROBLEMS[0] if is_catching_up else _PROBLEMS[1]
        since = dt_util.as_local(reading.telegram.time).strftime("%Y-%m-%d %H:%M")
        if passed >= _PATIENCE and not is_raised(self._hass, self._entry, problem):
            withdraw_issues(self._hass, self._entry, {*_PROBLEMS} - {problem})
            raise_issue(self._hass, self._entry, problem, since=since)
        return Obstacle(problem.value, {"since": since})

    @callback
    def end(self) -> None:
        """Note that what comes is of now."""
        self._first = self.latest = None
        withdraw_issues(self._hass, self._entry, _PROBLEMS)
