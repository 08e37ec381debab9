"""Loads that the user has entered for a meter, each in a subentry, and their current plans."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, time, timedelta
from itertools import islice
from typing import NamedTuple

from homeassistant.config_entries import (
    SIGNAL_CONFIG_ENTRY_CHANGED,
    ConfigEntryChange,
    ConfigSubentry,
)
from homeassistant.const import (
    ATTR_UNIT_OF_MEASUREMENT,
    PERCENTAGE,
    STATE_OFF,
    STATE_ON,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
)
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.util.unit_conversion import EnergyConverter

from ...const import (
    CONF_BY,
    CONF_BY_WEEKEND,
    CONF_BY_WORKDAYS,
    CONF_LOAD_HOURS,
    CONF_LOAD_KIND,
    CONF_LOAD_KWH,
    CONF_LOAD_MAX_KW,
    CONF_LOAD_MIN_KW,
    CONF_PHASES,
    DOMAIN,
    LOAD_CAR,
    SUBENTRY_BATTERY,
    SUBENTRY_LOAD,
)
from ...lib.history.luxembourg_time import local_day
from ...lib.json_types import JsonMapping
from ...lib.plan.daily_load import DailyLoad
from ...lib.plan.house_plan import MAX_LOADS
from ...lib.plan.load_following import MIN_TIME
from ..entry_types import AnyConfigEntry
from .state_numbers import converted, number_of

MOST = {SUBENTRY_LOAD: MAX_LOADS, SUBENTRY_BATTERY: 1}
"""Number of subentries of each type that a meter may have."""
PHASE_KW = 0.23
"""Power in kW of one ampere on one phase."""
MIN_AMPERES = 6.0
"""Current below which no charger charges a car."""
# A charger on one phase has at most 32 A.
_MAX_PHASE_KW = 7.4


class EnteredLoad(NamedTuple):
    """Load that the user has entered. All fields but the first one are those of its subentry."""

    load: DailyLoad
    measured_by: str | None = None
    """Power or energy entity of the load itself. None if the plan believes its own record."""
    charged_here: str | None = None
    """`yes` or `no`: whether the car was charged here in the twelve months before the answer."""
    answered_on: str = ""
    """Day of this answer, such as 2026-11-30."""
    connected: str | None = None
    """Sensor of the plug. None if the car is always connected."""
    connected_when: Collection[str] = (STATE_ON,)
    """States in which the car is connected."""
    switched_by: str | None = None
    """Switch, select or lock that the plan sets to one of two states, or button that starts the
    load. None if it only tells."""
    on_when: str = STATE_ON
    off_when: str = STATE_OFF
    stopped_by: str | None = None
    """Button that stops the load."""
    shown_by: str | None = None
    """Sensor that shows whether a load with buttons is on. None if its own power shows it."""
    shown_when: Collection[str] = (STATE_ON,)
    """States in which it is on."""
    power_set_by: str | None = None
    """Number to which the plan sets the power, in kW, W or amperes."""
    phases: int = 3
    ready: str | None = None
    """Binary sensor that is on while an appliance is ready. None if the user presses *Ready*."""
    energy_from: str | None = None
    """Entity with the energy that a car still needs, or with its charge in %."""
    capacity_kwh: float = 0.0
    target: float = 100.0
    """Charge in % up to which a car is charged."""
    blocked_by: str | None = None
    """Relay of the grid operator, or any entity that is `on` or `off` while the load is blocked."""
    blocked_when: str = STATE_OFF
    limited_to: float = 0.0
    """Power in kW that the load may still have while it is blocked."""
    limit_shared: bool = False
    """Whether all such loads at this relay have this power together."""
    plan_decides: bool = True
    """Whether the plan switches off what the device has switched on by itself."""
    min_minutes: float = MIN_TIME / timedelta(minutes=1)
    """Shortest run and pause."""

    @property
    def name(self) -> str:
        """Return the name that the user has given the load."""
        return self.load.name

    def is_new(self, end: datetime) -> bool:
        """Return whether the car was not charged here before `end`, by the user's answer.

        An answer knows nothing of later days.
        """
        return self.charged_here == "no" and local_day(end).isoformat() <= self.answered_on

    @property
    def is_controlled(self) -> bool:
        """Return whether the plan switches or sets the load."""
        return self.switched_by is not None or self.power_set_by is not None

    @property
    def entities(self) -> list[str]:
        """Return all entities of other integrations that the load needs."""
        return [*self.watched, *self.commanded, *filter(None, (self.measured_by, self.energy_from))]

    @property
    def commanded(self) -> list[str]:
        """Return the entities that the plan switches or sets, and what shows this."""
        entities = self.switched_by, self.stopped_by, self.shown_by, self.power_set_by
        return [*filter(None, entities)]

    @property
    def watched(self) -> list[str]:
        """Return the entities that decide whether the load can run."""
        return [*filter(None, (self.connected, self.ready, self.blocked_by))]

    def is_there(self, hass: HomeAssistant) -> bool | None:
        """Return whether a car is connected or an appliance ready. Return None if unknown."""
        if self.load.hours is None:
            return is_in(hass, self.connected, self.connected_when)
        return is_in(hass, self.ready, (STATE_ON,))

    def needed_kwh(self, hass: HomeAssistant) -> float | None:
        """Return the energy that a car still needs by its own entity. Return None without it."""
        state = hass.states.get(self.energy_from or "")
        needed, number = converted(EnergyConverter, state, "kWh"), number_of(state)
        unit = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT) if state else None
        if number is not None and unit == PERCENTAGE:
            needed = (self.target - number) / 100 * self.capacity_kwh
        return None if needed is None else max(0.0, needed)


def is_in(hass: HomeAssistant, entity_id: str | None, states: Collection[str]) -> bool | None:
    """Return whether an entity is in one of the states. Return None if its state is unknown."""
    state = hass.states.get(entity_id or "")
    if state is None or state.state in {STATE_UNAVAILABLE, STATE_UNKNOWN}:
        return None
    return state.state in states


def subentries_of(entry: AnyConfigEntry, subentry_type: str) -> list[ConfigSubentry]:
    """Return the subentries of a type that count: the first ones, if there are more than `MOST`."""
    return [*islice(entry.get_subentries_of_type(subentry_type), MOST[subentry_type])]


def entered_loads(entry: AnyConfigEntry) -> Mapping[str, EnteredLoad]:
    """Return the loads of a meter, keyed by the ids of their subentries."""
    return {
        subentry.subentry_id: _entered(subentry) for subentry in subentries_of(entry, SUBENTRY_LOAD)
    }


def entered_cars(entry: AnyConfigEntry) -> list[EnteredLoad]:
    """Return the loads of a meter that are cars."""
    loads = subentries_of(entry, SUBENTRY_LOAD)
    return [_entered(load) for load in loads if load.data[CONF_LOAD_KIND] == LOAD_CAR]


def phases_of(data: JsonMapping) -> int:
    """Return the entered number of phases, or else that for the entered power."""
    max_kw: float = data.get(CONF_LOAD_MAX_KW, 0.0)
    return int(data.get(CONF_PHASES, 1 if max_kw <= _MAX_PHASE_KW else 3))


def _entered(subentry: ConfigSubentry) -> EnteredLoad:
    data = subentry.data
    kwh, hours = data.get(CONF_LOAD_KWH, 0.0), data.get(CONF_LOAD_HOURS)
    max_kw = data.get(CONF_LOAD_MAX_KW) or kwh / hours
    phases = phases_of(data)
    least = MIN_AMPERES * PHASE_KW * phases if data[CONF_LOAD_KIND] == LOAD_CAR else 0.0
    load = DailyLoad(
        subentry.title,
        kwh,
        max_kw,
        data.get(CONF_LOAD_MIN_KW, min(least, max_kw)),
        _time(data.get(CONF_BY, data.get(CONF_BY_WORKDAYS))),
        _time(data.get(CONF_BY, data.get(CONF_BY_WEEKEND))),
        hours,
    )
    fields = {name: data[name] for name in EnteredLoad._fields if name in data}
    return EnteredLoad(load, **fields | {CONF_PHASES: phases})


def _time(stored: str | None) -> time | None:
    return time.fromisoformat(stored) if stored else None


@callback
def on_changed_loads(
    hass: HomeAssistant, entry: AnyConfigEntry, look: Callable[[], None]
) -> CALLBACK_TYPE:
    """Call `look` after each change of a meter's entry. Return a function that ends this.

    Home Assistant does not reload an entry because of a new subentry. A load that is entered while
    the entry is unloaded belongs to the next coordinator: entities of this one would stay for ever.
    """
    coordinator = entry.runtime_data

    @callback
    def on_change(change: ConfigEntryChange, changed: AnyConfigEntry) -> None:
        # A load of another meter may command the same entity.
        is_change = changed.domain == DOMAIN and change is ConfigEntryChange.UPDATED
        if is_change and not coordinator.is_closed:
            look()

    return async_dispatcher_connect(hass, SIGNAL_CONFIG_ENTRY_CHANGED, on_change)
