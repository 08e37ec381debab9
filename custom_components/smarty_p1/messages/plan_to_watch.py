"""Plan of a meter's loads, as the messages about it need it."""

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..coordinator import RecordsConfigEntry
from ..coordinator.loads.entered_loads import entered_loads
from ..coordinator.loads.shown_plans import HOUSE_PLANS, LOAD_PLANS
from ..lib.messages.plan_watch import WatchedLoad, WatchedPlan
from ..lib.plan.coming_quarters import PlanLack
from ..lib.plan.daily_load import LoadState

# The planned powers are rounded to watts.
_ROUNDING_KW = 0.005


def watched_plan(hass: HomeAssistant, entry: RecordsConfigEntry) -> WatchedPlan:
    """Return the plan of all loads. Its saving is 0 if no load runs, or if costs are unknown."""
    loads = {
        load: WatchedLoad(
            entered.load.name,
            plan.runs,
            plan.missing_kwh,
            plan.by,
            did_not_start=plan.state is LoadState.DID_NOT_START,
        )
        for load, entered in entered_loads(entry).items()
        if (plan := LOAD_PLANS.of(hass, load))
    }
    shown, demand = HOUSE_PLANS.of(hass, entry.entry_id), entry.runtime_data.records.demand
    if shown is None or isinstance(shown, PlanLack) or demand is None:
        return WatchedPlan(loads)
    reference_kw = demand.contracts.at(dt_util.utcnow()).reference_kw
    of_runs = [row["net_kw"] for row in shown["quarter_hours"] if row["loads_kw"]]
    is_below = reference_kw is not None and max(of_runs, default=0.0) <= reference_kw + _ROUNDING_KW
    saving = sum(load["saving"] for load in shown["loads"])
    return WatchedPlan(loads, saving, is_without_surcharge=is_below)
