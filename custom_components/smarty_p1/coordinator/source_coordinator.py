"""One source, and how it is doing: what its entities show, and what its users are told."""

from datetime import datetime
from math import inf
from typing import override

from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator, UpdateFailed
from homeassistant.util import dt as dt_util

from ..const import DOMAIN, LOGGER
from ..lib.health import Condition, Health, Rules, State
from .entry_types import AnyConfigEntry
from .remedies import Remedies

# Seconds: the counters of rejected telegrams go on while none is accepted.
_COUNTERS_SHOWN_EVERY = 60.0
_LOG_INTERVAL = 60.0


class SourceCoordinator[D](DataUpdateCoordinator[D]):
    """Pushes the readings of one source to its entities, and says how the source is doing.

    `health` is told what happens; `look` tells everybody what follows. `condition` is the last one
    that was told, `readings` counts the accepted ones, `received_at` is when entities were updated
    last, and `placeholders` fill in the texts.
    """

    config_entry: AnyConfigEntry

    def __init__(
        self, hass: HomeAssistant, entry: AnyConfigEntry, rules: Rules, **placeholders: str
    ) -> None:
        super().__init__(hass, LOGGER, config_entry=entry, name=entry.title)
        self.last_update_success = False
        self.placeholders = placeholders
        self.readings = 0
        self.received_at = dt_util.utcnow()
        self.is_closed = False
        self._remedies = Remedies(hass, entry, placeholders)
        self.health = Health(rules, self._remedies.standing())
        self.condition: Condition = self.health.look(self.now())
        self._timer_at = inf
        self._cancel_timer: CALLBACK_TYPE | None = None
        self._timer_job = HassJob(self._on_timer, f"{entry.title} health", cancel_on_shutdown=True)
        self._listeners_told_at = self.now()
        self._is_failure_logged = False
        self._failure_logged_at = -inf

    def now(self) -> float:
        """Return the seconds of a clock that only goes forward."""
        return self.hass.loop.time()

    def set_closed(self, *, is_closed: bool) -> None:
        """Ignore what is received, or stop ignoring it: no entity may be updated or added."""
        self.is_closed = is_closed
        self.look()

    async def async_close(self) -> None:
        """Store what is to be remembered, once and for all."""

    @override
    async def async_shutdown(self) -> None:
        """Stop waiting for readings."""
        await super().async_shutdown()
        self.is_closed = True
        self._set_timer(self.now(), inf)

    @callback
    def begin(self, *, has_new_keys: bool = False) -> None:
        """Begin to wait for readings: after the set-up, at another port, with other keys."""
        self.health.begin(self.now(), has_new_keys=has_new_keys)
        self.look()

    @callback
    def look(self) -> None:
        """Tell what has changed since the last look, if anything."""
        self._look(self.now())

    @callback
    def push(self, data: D) -> None:
        """Update the entities, which may have been unavailable."""
        self.received_at = dt_util.utcnow()
        self.async_set_updated_data(data)

    def explain[E: HomeAssistantError](self, error: type[E]) -> E:
        """Return the error that says why there is no reading."""
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
        """Answer a manual refresh with what is known."""
        if not self.last_update_success:
            raise self.explain(UpdateFailed)
        return self.data

    @callback
    def _look(self, now: float) -> None:
        if self.is_closed:
            return
        condition = self.health.look(now)
        self._set_timer(now, self.health.deadline)
        if condition is not self.condition:
            before, self.condition = self.condition, condition
            self.on_condition(before)
        elif not condition.has_value and now - self._listeners_told_at >= _COUNTERS_SHOWN_EVERY:
            self._listeners_told_at = now
            self.async_update_listeners()

    @callback
    def on_condition(self, before: Condition) -> None:
        """Tell repairs, the log and the entities of another condition."""
        condition = self.condition
        self._remedies.apply(before, condition)
        if not condition.has_value:
            self.last_update_success = False
        if condition.state is State.FAILING:
            self.last_exception = self.explain(UpdateFailed)
            if before.state is not State.FAILING:
                self._log_failure()
        elif condition.state is State.RECEIVING and self._is_failure_logged:
            self._is_failure_logged = False
            LOGGER.info("%s: readings are coming again", self.name)
        if self.last_update_success or not condition.has_value:
            self._listeners_told_at = self.now()
            self.async_update_listeners()
        # Else the value that follows updates them.

    @callback
    def _log_failure(self) -> None:
        """Log why the source fails, once a minute at most.

        Somebody at the line or the broker may make it fail and come back with each telegram.
        """
        now = self.now()
        if now - self._failure_logged_at >= _LOG_INTERVAL:
            self._is_failure_logged, self._failure_logged_at = True, now
            LOGGER.error("%s: %s", self.name, self.last_exception)

    @callback
    def _set_timer(self, now: float, moment: float) -> None:
        if moment == self._timer_at:
            return
        if self._cancel_timer:
            self._cancel_timer()
            self._cancel_timer = None
        self._timer_at = moment
        if moment < inf:
            self._cancel_timer = async_call_later(self.hass, moment - now, self._timer_job)

    @callback
    def _on_timer(self, _now: datetime) -> None:
        # A timer may run out a moment early.
        moment, self._timer_at, self._cancel_timer = self._timer_at, inf, None
        self._look(max(self.now(), moment))
