"""Loads that the user has entered for a meter, each in a subentry, and their current plans."""

from collections.abc import Callable, Mapping
from datetime import time
from typing import NamedTuple

from homeassistant.config_entries import (
    SIGNAL_CONFIG_ENTRY_CHANGED,
    ConfigEntryChange,
    ConfigSubentry,
)
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect, async_dispatcher_send
from homeassistant.util.hass_dict import HassKey

from ...const import (
    CONF_BY_WEEKEND,
    CONF_BY_WORKDAYS,
    CONF_CONNECTED,
    CONF_LOAD_HOURS,
    CONF_LOAD_KWH,
    CONF_LOAD_MAX_KW,
    CONF_LOAD_MIN_KW,
    CONF_MEASURED_BY,
    CONF_PHASES,
    CONF_POWER_SET_BY,
    CONF_READY,
    CONF_SWITCHED_BY,
    DOMAIN,
    SUBENTRY_LOAD,
)
from ...lib.plan.daily_load import DailyLoad, LoadPlan
from ..entry_types import AnyConfigEntry

_PLANS: HassKey[dict[str, LoadPlan]] = HassKey(f"{DOMAIN}_load_plans")


class EnteredLoad(NamedTuple):
    """Load that the user has entered."""

    load: DailyLoad
    measured_by: str
    """Power or energy entity of the load itself."""
    connected: str | None
    """Binary sensor that is on while the car is connected. None if it always is."""
    switch: str | None = None
    """Switch that the plan turns on and off. None if it only tells."""
    setting: str | None = None
    """Number to which the plan sets the power, in kW, W or amperes."""
    phases: int = 3
    ready: str | None = None
    """Binary sensor that is on while an appliance is ready. None if the user presses *Ready*."""

    @property
    def is_controlled(self) -> bool:
        """Return whether the plan switches or sets the load."""
        return self.switch is not None or self.setting is not None


def entered_loads(entry: AnyConfigEntry) -> Mapping[str, EnteredLoad]:
    """Return the loads of a meter, keyed by the ids of their subentries."""
    return {
        subentry.subentry_id: _entered(subentry)
        for subentry in entry.get_subentries_of_type(SUBENTRY_LOAD)
    }


def _entered(subentry: ConfigSubentry) -> EnteredLoad:
    data = subentry.data
    load = DailyLoad(
        subentry.title,
        data[CONF_LOAD_KWH],
        # The powers of an appliance follow from its energy and its hours.
        data.get(CONF_LOAD_MAX_KW, 0.0),
        data.get(CONF_LOAD_MIN_KW, 0.0),
        _time(data.get(CONF_BY_WORKDAYS)),
        _time(data.get(CONF_BY_WEEKEND)),
        data.get(CONF_LOAD_HOURS),
    )
    return EnteredLoad(
        load,
        data[CONF_MEASURED_BY],
        data.get(CONF_CONNECTED),
        data.get(CONF_SWITCHED_BY),
        data.get(CONF_POWER_SET_BY),
        int(data.get(CONF_PHASES, 3)),
        data.get(CONF_READY),
    )


def _time(stored: str | None) -> time | None:
    return time.fromisoformat(stored) if stored else None


@callback
def on_changed_loads(
    hass: HomeAssistant, entry: AnyConfigEntry, look: Callable[[], None]
) -> CALLBACK_TYPE:
    """Call `look` after each change of the entry. Return a function that ends this.

    Home Assistant does not reload an entry because of a new subentry.
    """

    @callback
    def on_change(change: ConfigEntryChange, changed: AnyConfigEntry) -> None:
        if changed is entry and change is ConfigEntryChange.UPDATED:
            look()

    return async_dispatcher_connect(hass, SIGNAL_CONFIG_ENTRY_CHANGED, on_change)


def plan_signal(subentry_id: str) -> str:
    """Return the signal that the plan of a load has changed."""
    return f"{DOMAIN}_plan_of_load_{subentry_id}"


def plan_of_load(hass: HomeAssistant, subentry_id: str) -> LoadPlan | None:
    """Return the current plan of a load. Return None if it cannot be planned."""
    return hass.data.get(_PLANS, {}).get(subentry_id)


@callback
def set_plan(hass: HomeAssistant, subentry_id: str, plan: LoadPlan | None) -> None:
    """Show a new plan of a load, or that it has none."""
    plans = hass.data.setdefault(_PLANS, {})
    if plan is None:
        plans.pop(subentry_id, None)
    else:
        plans[subentry_id] = plan
    async_dispatcher_send(hass, plan_signal(subentry_id))
