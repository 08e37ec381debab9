"""Base class of the followers of the plan: each switches or sets one load."""

from datetime import datetime

from homeassistant.core import HomeAssistant

from ...lib.plan.daily_load import LoadPlan
from .entered_loads import EnteredLoad
from .shown_plans import LOAD_PLANS


class PlanFollower:
    """Follower of the plan for one load that the household lets the plan switch."""

    is_by_hand = False
    """Whether somebody else has switched the load on."""

    def __init__(
        self,
        hass: HomeAssistant,
        subentry_id: str,
        entered: EnteredLoad,
        starts: tuple[datetime, ...],
    ) -> None:
        """Begin to follow. `starts` are those before a restart."""
        self._hass = hass
        self._subentry_id = subentry_id
        self._entered = entered
        self._starts = starts

    @property
    def starts(self) -> tuple[datetime, ...]:
        """Return the last starts by the plan."""
        return self._starts

    @property
    def _plan(self) -> LoadPlan | None:
        return LOAD_PLANS.of(self._hass, self._subentry_id)
