"""Plan of a meter's loads, as the messages about it need it."""

from dataclasses import replace

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..coordinator import RecordsConfigEntry
from ..coordinator.loads.entered_loads import entered_loads
from ..coordinator.loads.shown_plans import HOUSE_PLANS, LOAD_PLANS, planned_loads
from ..lib.messages.plan_watch import WatchedPlan
from ..lib.plan.coming_quarters import PlanLack
from ..lib.plan.daily_load import LoadPlan

# The planned powers are rounded to watts.
_ROUNDING_KW = 0.005


def watched_plan(hass: HomeAssistant, entry: RecordsConfigEntry) -> WatchedPlan:
    """Return the plan of all loads. Savings are 0 if no load runs, or if costs are unknown."""
    loads, records = entered_loads(entry), entry.runtime_data.load_records
    rows = planned_loads(hass, entry.entry_id)
    return WatchedPlan(
        {name: entered.name for name, entered in loads.items()},
        {
            name: replace(
                records.record_of(name), plan=LOAD_PLANS.value_of(hass, name) or LoadPlan()
            )
            for name in loads
        },
        {name: row["saving"] for name, row in rows.items()},
        is_without_surcharge=_is_below(hass, entry),
    )


def _is_below(hass: HomeAssistant, entry: RecordsConfigEntry) -> bool:
    """Return whether the house stays within its reference power while loads run."""
    shown, household = (
        HOUSE_PLANS.value_of(hass, entry.entry_id),
        entry.runtime_data.records.household_state,
    )
    if shown is None or isinstance(shown, PlanLack) or household is None:
        return False
    reference_kw = household.contracts.at(dt_util.utcnow()).reference_kw
    powers = [row["net_kw"] for row in shown["quarter_hours"] if row["loads_kw"]]
    return reference_kw is not None and max(powers, default=0.0) <= reference_kw + _ROUNDING_KW
