"""Base class for the coordinators of meters, pulse readers and tanks."""

from datetime import datetime
from math import inf
from typing import Protocol, override

from homeassistant.const import Platform
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator, UpdateFailed
from homeassistant.util import dt as dt_util

from ..const import DOMAIN, LOGGER
from ..lib.failure_detection import Condition, FailureDetection, FailureState, Rules
from ..lib.fault_log import FaultLog
from .entry_types import AnyConfigEntry
from .repair_issues import Remedies

# Time between updates of the entities if no reading is accepted. Some entities count rejected
# telegrams, so they change even then.
_UPDATE_INTERVAL_S = 60.0
_LOG_INTERVAL_S = 60.0
_REPEAT_INTERVAL_S = 3600.0


class SourcePort(Protocol):
    """Port of a source, as other pages show it. `shown_port` is the port without secrets."""

    shown_port: str

    @property
    def is_open(self) -> bool:
        """Return whether the port is open now."""


class DataSource(Protocol):
    """Source of readings or pulses. It reports its failures to the health of its coordinator."""

    @property
    def line(self) -> SourcePort | None:
        """Return the reader of the source's port. Return None if the source has no port."""

    async def async_start(self) -> None:
        """Listen to the source until the entry is unloaded."""


class SourceCoordinator[D](DataUpdateCoordinator[D]):
    """Coordinator of a source. It passes readings to entities, and reports the source's condition.

    Subclasses report events to `health`, then call `check_condition`, which reports a change.
    `condition` is the last reported condition, and `readings` the number of accepted readings.
    `received_at` is the time at which the entities were last updated. `placeholders` fill the texts
    of errors. `faults` logs unexpected errors, which cost only the listener or part that raised
    them. `platforms` are those that the entry was set up with.
    """

    config_entry: AnyConfigEntry
    line: SourcePort | None = None
    """Reader of the source's port. None if the source has no port."""

    def __init__(
        self, hass: HomeAssistant, entry: AnyConfigEntry, rules: Rules, **placeholders: str
    ) -> None:
        super().__init__(hass, LOGGER, config_entry=entry, name=entry.title)
        self.faults = FaultLog(entry.title)
        self.last_update_success = False
        self.placeholders = placeholders
        self.readings = 0
        self.received_at = dt_util.utcnow()
        self.is_closed = False
        self.platforms: tuple[Platform, ...] = ()
        self._remedies = Remedies(hass, entry, placeholders)
        self.health = FailureDetection(rules, self._remedies.standing())
        self.condition: Condition = self.health.condition_at(self.now())
        self._timer_at = inf
        self._cancel_timer: CALLBACK_TYPE = lambda: None
        self._timer_job = HassJob(self._on_timer, f"{entry.title} health", cancel_on_shutdown=True)
        self._listeners_told_at = self.now()
        self._is_failure_logged = False
        self._failure_logged_at = -inf
        self._logged_failure = ""

    def now(self) -> float:
        """Return the time in seconds of a monotonic clock."""
        return self.hass.loop.time()

    def set_closed(self, *, is_closed: bool) -> None:
        """Close or open the coordinator. A closed coordinator ignores received data."""
        self.is_closed = is_closed
        self.check_condition()

    async def async_close(self) -> None:
        """Save the stored data for the last time. This base class stores nothing."""

    @override
    @callback
    def async_update_listeners(self) -> None:
        """Call all listeners. If one raises an exception, the others are called."""
        for listener, _ in list(self._listeners.values()):
            self.faults.call(listener)

    @override
    async def async_shutdown(self) -> None:
        """Stop the timer. Data that is received later is ignored."""
        await super().async_shutdown()
        self.is_closed = True
        self._set_timer(self.now(), inf)

    @callback
    def begin(self, *, has_new_keys: bool = False) -> None:
        """Begin to wait for readings, after the set-up or after a change of the port or keys."""
        self.health.begin(self.now(), has_new_keys=has_new_keys)
        self.check_condition()

    @callback
    def push(self, data: D) -> None:
        """Update the entities with new data, and make them available."""
        self.received_at = dt_util.utcnow()
        self.async_set_updated_data(data)

    def explain[E: HomeAssistantError](self, error: type[E]) -> E:
        """Return an error of the class `error`. Its text says why no readings come."""
        obstacle, details = self.health.reason
        if self.condition.obstacle:
            obstacle, details = self.condition.obstacle, self.condition.details
        return error(
            translation_domain=DOMAIN,
            translation_key=obstacle,
            translation_placeholders={**self.placeholders, **dict(details)},
        )

    @override
    async def _async_update_data(self) -> D:
        """Return the last data when a user requests an update of an entity.

        Raises UpdateFailed if no readings come.
        """
        if not self.last_update_success:
            raise self.explain(UpdateFailed)
        return self.data

    @callback
    def check_condition(self, planned_at: float = 0) -> None:
        """Check the condition of the source. Report a change to repairs, log and entities.

        If the check was planned for a time that is not quite reached, this time counts as now.
        """
        if self.is_closed:
            return
        now = max(self.now(), planned_at)
        condition = self.health.condition_at(now)
        self._set_timer(now, self.health.deadline)
        if condition is not self.condition:
            before, self.condition = self.condition, condition
            self.on_condition(before)
        elif not condition.has_value and now - self._listeners_told_at >= _UPDATE_INTERVAL_S:
            self._listeners_told_at = now
            self.async_update_listeners()

    @callback
    def on_condition(self, before: Condition) -> None:
        """Report the new condition to repairs, log and entities.

        `before` is the previous condition.
        """
        condition = self.condition
        self.faults.call(self._remedies.apply, before, condition)
        if not condition.has_value:
            self.last_update_success = False
        if condition.obstacle:
            self.last_exception = self.explain(UpdateFailed)
            if before.state is not condition.state:
                self._log_failure()
        elif condition.state is FailureState.RECEIVING and self._is_failure_logged:
            self._is_failure_logged = False
            LOGGER.info("%s: readings are coming again", self.name)
        if self.last_update_success or not condition.has_value:
            self._listeners_told_at = self.now()
            self.async_update_listeners()
        # If a failure has just ended, do not call the listeners: the entities are still
        # unavailable. The next `push` makes the entities available with new data, and calls the
        # listeners.

    @callback
    def _log_failure(self) -> None:
        """Log the reason of the failure, at most once a minute, and a repeated reason once an hour.

        Without this limit, an attacker at the port or broker could fill the log, because each
        telegram can make the source fail and recover.
        """
        now, reason = self.now(), str(self.last_exception)
        is_repeated = reason == self._logged_failure
        if now - self._failure_logged_at >= (
            _REPEAT_INTERVAL_S if is_repeated else _LOG_INTERVAL_S
        ):
            self._is_failure_logged, self._failure_logged_at = True, now
            self._logged_failure = reason
            LOGGER.error("%s: %s", self.name, reason)

    @callback
    def _set_timer(self, now: float, moment: float) -> None:
        if moment == self._timer_at:
            return
        self._cancel_timer()
        self._timer_at = moment
        if moment < inf:
            self._cancel_timer = async_call_later(self.hass, moment - now, self._timer_job)

    @callback
    def _on_timer(self, _now: datetime) -> None:
        # The timer may expire slightly before the planned moment. At that time, `condition_at`
        # would not yet see the change that is due. So use the planned moment as the current time.
        moment, self._timer_at = self._timer_at, inf
        self.check_condition(moment)
