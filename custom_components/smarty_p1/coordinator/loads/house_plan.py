"""Plan of all entered loads of a meter, as the cards show it."""

from collections.abc import Mapping
from typing import Any

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.util.hass_dict import HassKey

from ...const import DOMAIN
from ...lib.plan.coming_quarters import PlanLack

type ShownPlan = Mapping[str, Any] | PlanLack | None
"""Answer of `get_plan` whose loads are named by the ids of their subentries. A `PlanLack` if
nothing can be planned, None if no load needs energy."""

_PLANS: HassKey[dict[str, ShownPlan]] = HassKey(f"{DOMAIN}_house_plans")


def house_plan_signal(entry_id: str) -> str:
    """Return the signal that the loads of a meter were planned again."""
    return f"{DOMAIN}_plan_of_house_{entry_id}"


def house_plan(hass: HomeAssistant, entry_id: str) -> ShownPlan:
    """Return the current plan of a meter's loads."""
    return hass.data.get(_PLANS, {}).get(entry_id)


@callback
def set_house_plan(hass: HomeAssistant, entry_id: str, plan: ShownPlan) -> None:
    """Show a new plan of a meter's loads. Call this after the plans of the loads are set."""
    plans = hass.data.setdefault(_PLANS, {})
    if plan is None:
        plans.pop(entry_id, None)
    else:
        plans[entry_id] = plan
    async_dispatcher_send(hass, house_plan_signal(entry_id))
