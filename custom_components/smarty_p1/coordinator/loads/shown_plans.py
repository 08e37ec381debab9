"""Plans of loads and houses, and their savings, as entities, cards and messages show them."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.util.hass_dict import HassKey

from ...const import DOMAIN
from ...lib.json_types import JsonMapping
from ...lib.plan.coming_quarters import PlanLack
from ...lib.plan.daily_load import LoadPlan
from ...lib.plan.house_battery import Values
from ...lib.plan.next_kwh_price import Quarter


class PlannedBattery(NamedTuple):
    """Plan of a battery in the quarter-hour in which it was made."""

    planned_at: datetime
    quarter: Quarter
    kwh: float
    """Energy in this quarter-hour. It is above 0 while the battery charges."""
    after: Values
    """Values of the stored energy after this quarter-hour."""
    given_kw: float | None
    """Power that the plan has set, None while the battery regulates itself."""

    @property
    def planned_kw(self) -> float:
        """Return the power that the plan has set, otherwise that of the plan."""
        return self.kwh * 4 if self.given_kw is None else self.given_kw


class PlanSaving(NamedTuple):
    """Saving of a month in EUR. It is None while a price or the energy of a load is unknown."""

    month_start: datetime
    saving: float | None
    known_share: float
    """Known share of the month's quarter-hours until now. What the rest has saved is unknown."""


class ShownValues[T]:
    """Values by the id of an entry or subentry. An id may have none."""

    def __init__(self, name: str) -> None:
        self._key: HassKey[dict[str, T]] = HassKey(f"{DOMAIN}_{name}")

    def signal(self, owner_id: str) -> str:
        """Return the signal that the value of an id has changed."""
        return f"{self._key}_{owner_id}"

    def value_of(self, hass: HomeAssistant, owner_id: str) -> T | None:
        """Return the current value of an id."""
        return hass.data.get(self._key, {}).get(owner_id)

    @callback
    def show_value(self, hass: HomeAssistant, owner_id: str, value: T | None) -> None:
        """Show a new value of an id, or that it has none."""
        values = hass.data.setdefault(self._key, {})
        if value is None:
            values.pop(owner_id, None)
        else:
            values[owner_id] = value
        async_dispatcher_send(hass, self.signal(owner_id))


type ShownHouse = JsonMapping | PlanLack
"""Answer of `get_plan` whose loads are named by the ids of their subentries.

It is a `PlanLack` if nothing can be planned.
"""

BATTERY_PLANS = ShownValues[PlannedBattery]("battery_plans")
"""Plans of batteries by the ids of their subentries."""
LOAD_PLANS = ShownValues[LoadPlan]("load_plans")
"""Plans of loads by the ids of their subentries."""
HOUSE_PLANS = ShownValues[ShownHouse]("house_plans")
"""Plans of all loads of a meter. Show a new one after the plans of the loads."""
PLAN_SAVINGS = ShownValues[PlanSaving]("plan_savings")
"""Savings by the plan in the running month, by meter."""


def planned_loads(hass: HomeAssistant, entry_id: str) -> Mapping[str, JsonMapping]:
    """Return the loads in the plan of a meter, by the ids of their subentries."""
    shown = HOUSE_PLANS.value_of(hass, entry_id)
    return {load["name"]: load for load in shown["loads"]} if isinstance(shown, Mapping) else {}
