"""Plan of a meter's loads, as the messages about it need it."""

from collections.abc import Mapping
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..coordinator import RecordsConfigEntry
from ..coordinator.loads.entered_loads import EnteredLoad, entered_loads
from ..coordinator.loads.shown_plans import HOUSE_PLANS, LOAD_PLANS, planned_loads
from ..lib.messages.plan_watch import WatchedLoad, WatchedPlan
from ..lib.plan.coming_quarters import PlanLack
from ..lib.plan.daily_load import WAITING, LoadPlan, LoadState
from ..lib.plan.load_record import LoadRecord

# The planned powers are rounded to watts.
_ROUNDING_KW = 0.005


def watched_plan(hass: HomeAssistant, entry: RecordsConfigEntry) -> WatchedPlan:
    """Return the plan of all loads. Savings are 0 if no load runs, or if costs are unknown."""
    records = entry.runtime_data.load_records
    loads = {
        name: _watched(entered, records.of(name), LOAD_PLANS.of(hass, name))
        for name, entered in entered_loads(entry).items()
    }
    shown, demand = HOUSE_PLANS.of(hass, entry.entry_id), entry.runtime_data.records.demand
    if shown is None or isinstance(shown, PlanLack) or demand is None:
        return WatchedPlan(loads)
    reference_kw = demand.contracts.at(dt_util.utcnow()).reference_kw
    savings = {name: row["saving"] for name, row in planned_loads(hass, entry.entry_id).items()}
    saving = {name: load._replace(saving=savings.get(name, 0.0)) for name, load in loads.items()}
    return WatchedPlan(saving, is_without_surcharge=_is_below(shown, reference_kw))


def _is_below(shown: Mapping[str, Any], reference_kw: float | None) -> bool:
    """Return whether the house stays within its reference power while loads run."""
    powers = [row["net_kw"] for row in shown["quarter_hours"] if row["loads_kw"]]
    return reference_kw is not None and max(powers, default=0.0) <= reference_kw + _ROUNDING_KW


def _watched(entered: EnteredLoad, record: LoadRecord, plan: LoadPlan | None) -> WatchedLoad:
    load = WatchedLoad(entered.load.name, ended=record.ended)
    if plan is None:
        return load
    return load._replace(
        runs=plan.runs,
        missing_kwh=plan.missing_kwh,
        by=plan.by,
        since=next(reversed(record.ready_at), None),
        is_settled=plan.is_certain and plan.state in WAITING,
        did_not_start=plan.state is LoadState.DID_NOT_START,
    )
