"""Subscription to the plan of a meter's loads. A message comes when the plan has changed.

It belongs to the config entry, so it survives reloads.
"""

from typing import Literal, NotRequired, TypedDict, override

import voluptuous as vol
from homeassistant.components.websocket_api.connection import ActiveConnection
from homeassistant.components.websocket_api.decorators import websocket_command
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.json import json_bytes
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN
from ..coordinator.entry_types import AnyConfigEntry
from ..coordinator.loads.entered_loads import EnteredLoad, entered_loads
from ..coordinator.loads.shown_plans import HOUSE_PLANS, LOAD_PLANS
from ..lib.json_types import JsonDict
from ..lib.plan.added_cost import PlanReason
from ..lib.plan.coming_quarters import PlanLack
from ..lib.plan.daily_load import LoadState
from .requests import METER
from .shared_answer_types import OlderPricesAnswer, Time
from .subscribers import Subscribers


class RunAnswer(TypedDict):
    """Run of a load."""

    start: Time
    end: Time
    kwh: float


class PlannedLoadAnswer(TypedDict):
    """Load in a plan. Costs are in EUR, given all other loads."""

    name: str
    """Id of the load."""
    start: Time | None
    end: Time | None
    limit_price: float | None
    """Price of its dearest planned kWh."""
    cost: float
    cost_at_once: float
    saving: float
    own_kwh: float
    """Part of its energy that the house would otherwise export."""
    reason: PlanReason | None
    """Largest part of the saving, None without one."""
    missing_kwh: float
    """Energy that does not fit in before the deadline."""
    runs: list[RunAnswer]


class PlannedQuarterHourAnswer(TypedDict):
    """Quarter-hour of a plan: prices in EUR, powers in kW."""

    start: Time
    end: Time
    price_import: float
    price_export: float
    usual_import_kw: float
    usual_export_kw: float
    loads_kw: dict[str, float]
    """By id of the load, only of loads that run."""
    battery_kw: float
    net_kw: float


class HousePlanAnswer(TypedDict):
    """Plan of all loads: the answer of the action `get_plan`."""

    prices_of: NotRequired[OlderPricesAnswer]
    prices_of_day_before_from: Time | None
    """Time from which on the market has not published its prices yet."""
    can_differ: bool
    """Whether the plan costs less than all loads at once."""
    loads: list[PlannedLoadAnswer]
    quarter_hours: list[PlannedQuarterHourAnswer]


class EnteredLoadAnswer(TypedDict):
    """Load that the user has entered."""

    id: str
    name: str
    device_id: str | None
    state: LoadState | Literal["not_planned"]
    """`done`: it needs no more energy until its deadline. `not_planned`: its energy is unknown."""
    by: Time | None
    """Its deadline."""
    hand_until: Time | None
    """Time until which somebody has switched it on or off."""
    once_by: Time | None
    """Deadline for once, in place of the entered one."""
    skipped_until: Time | None
    is_at_once: bool
    """Whether somebody has pressed *Start now*."""
    more_eur: float | None
    """Cost of this on top of the plan before, null if it is unknown."""
    is_switched: bool
    """Whether the plan switches it."""
    may_pause: bool


class PlanAnswer(TypedDict):
    """Loads of a meter and their plan. It comes at once, then each time that it has changed."""

    loads: list[EnteredLoadAnswer]
    plan: HousePlanAnswer | None
    """null if no load needs energy, or if nothing can be planned."""
    lack: PlanLack | None
    """`too_few_days`: fewer than seven whole days are known."""
    gone: NotRequired[Literal[True]]
    """The user may not read the meter any more. No further message comes."""


class _PlanOfMeter(Subscribers):
    key = HassKey(f"{DOMAIN}_followed_plans")
    _sent = b""

    @callback
    @override
    def _follow(self) -> CALLBACK_TYPE:
        self._sent = self._message()
        signal = HOUSE_PLANS.signal(self._entry.entry_id)
        return async_dispatcher_connect(self._hass, signal, self._look)

    @callback
    def _look(self) -> None:
        if (message := self._message()) != self._sent:
            self._sent = message
            self.send(message, _GONE)

    @override
    def _message(self) -> bytes:
        hass, entry = self._hass, self._entry
        plan = HOUSE_PLANS.value_of(hass, entry.entry_id)
        loads = entered_loads(entry).items()
        is_lack = isinstance(plan, PlanLack)
        return json_bytes(
            {
                "loads": [_load(hass, entry, name, load) for name, load in loads],
                "plan": None if is_lack else plan,
                "lack": plan if is_lack else None,
            }
        )


_GONE = json_bytes({"loads": [], "plan": None, "lack": None, "gone": True})


def _load(
    hass: HomeAssistant, entry: AnyConfigEntry, subentry_id: str, entered: EnteredLoad
) -> EnteredLoadAnswer:
    plan = LOAD_PLANS.value_of(hass, subentry_id)
    return {
        "id": subentry_id,
        "name": entered.load.name,
        "device_id": dr.async_get_device_id_by_identifier(
            hass, (DOMAIN, subentry_id), config_entry_id=entry.entry_id
        ),
        "state": plan.state if plan else "not_planned",
        "by": plan and plan.by,
        "hand_until": plan and plan.hand_until,
        "once_by": plan and plan.once_by,
        "skipped_until": plan and plan.skipped_until,
        "is_at_once": bool(plan and plan.is_at_once),
        "more_eur": plan and plan.more_eur,
        "is_switched": entered.is_controlled,
        "may_pause": entered.load.hours is None,
    }


@websocket_command({vol.Required("type"): f"{DOMAIN}/plan", **METER})
@callback
def subscribe_plan(hass: HomeAssistant, connection: ActiveConnection, msg: JsonDict) -> None:
    """Subscribe a connection to the plan of a meter's loads."""
    _PlanOfMeter.subscribe(hass, connection, msg)
