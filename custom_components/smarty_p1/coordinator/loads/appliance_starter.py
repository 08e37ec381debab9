"""Starter of an appliance that runs through: it switches on or presses, and never switches off."""

from datetime import datetime

from homeassistant.components.button.const import SERVICE_PRESS
from homeassistant.const import SERVICE_TURN_ON
from homeassistant.core import callback

from ...const import DOMAIN
from ...lib.meter.meter_reader import Reading
from ...lib.plan.daily_load import LoadState
from ...lib.plan.load_memory import NOT_STARTED_AFTER
from .entity_actions import async_call_entity
from .plan_follower import PlanFollower

_BUTTONS = frozenset({"button", "input_button"})


class ApplianceStarter(PlanFollower):
    """Starter of one appliance that the household lets the plan switch on."""

    _is_started = False

    @property
    def gives_power(self) -> bool:
        """Return whether the plan has the appliance run now."""
        return self._plan is not None and self._plan.runs_now

    @callback
    def follow(self, now: datetime, _latest: Reading | None) -> None:
        """Start the appliance once for each planned run."""
        plan = self._plan
        if plan is None or not plan.runs_now or plan.state is not LoadState.PLANNED:
            self._is_started = False
            return
        # A restart may come between a start and the first power.
        was_started = bool(self._starts) and now - self._starts[-1] < NOT_STARTED_AFTER
        if not (self._is_started or was_started):
            self._starts = (*self._starts, now)
            self._hass.async_create_task(self._async_start(), f"{DOMAIN} load")
        self._is_started = True

    async def _async_start(self) -> None:
        """Switch the appliance on, or press its button."""
        entity_id = self._entered.switched_by or ""
        action = SERVICE_PRESS if entity_id.partition(".")[0] in _BUTTONS else SERVICE_TURN_ON
        await async_call_entity(self._hass, self._entered.load.name, entity_id, action)
