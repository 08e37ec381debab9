"""Dialog of a load: first its kind, then its energy, powers, deadlines and entities."""

from collections.abc import Mapping
from functools import partial, partialmethod
from math import inf
from typing import Any

import voluptuous as vol
from homeassistant.components.lock.const import LockState
from homeassistant.config_entries import ConfigSubentryFlow, SubentryFlowResult
from homeassistant.const import CONF_NAME
from homeassistant.helpers.selector import (
    BooleanSelector,
    SelectSelector,
    SelectSelectorConfig,
    TextSelector,
)
from homeassistant.util import dt as dt_util
from homeassistant.util.unit_conversion import PowerConverter

from ..const import (
    CONF_ANSWERED_ON,
    CONF_BLOCKED_BY,
    CONF_BLOCKED_WHEN,
    CONF_BY,
    CONF_BY_WEEKEND,
    CONF_BY_WORKDAYS,
    CONF_CAPACITY,
    CONF_CHARGED_HERE,
    CONF_CONNECTED,
    CONF_CONNECTED_WHEN,
    CONF_DEVICE,
    CONF_ENERGY_FROM,
    CONF_LIMIT_SHARED,
    CONF_LIMITED_TO,
    CONF_LOAD_HOURS,
    CONF_LOAD_KIND,
    CONF_LOAD_KWH,
    CONF_LOAD_MAX_KW,
    CONF_LOAD_MIN_KW,
    CONF_MEASURED_BY,
    CONF_MIN_MINUTES,
    CONF_OFF_WHEN,
    CONF_ON_WHEN,
    CONF_PHASES,
    CONF_PLAN_DECIDES,
    CONF_POWER_SET_BY,
    CONF_READY,
    CONF_SHOWN_BY,
    CONF_SHOWN_WHEN,
    CONF_STOPPED_BY,
    CONF_SWITCHED_BY,
    CONF_TARGET,
    LOAD_APPLIANCE,
    LOAD_CAR,
    LOAD_PAUSING,
    SECTION_CONTROL,
    SECTION_LIMIT,
    SECTION_MORE,
    SUBENTRY_LOAD,
)
from ..coordinator.loads.entered_loads import phases_of
from ..coordinator.loads.refused_loads import POWER_UNITS, commanded, is_of_load, unit_of
from ..coordinator.loads.state_numbers import lowest_of
from ..lib.amounts import HOURS, KW, KWH, PERCENT, Amount
from ..lib.history.luxembourg_time import local_day
from ..lib.json_types import JsonDict, JsonMapping
from ..lib.plan.planned_load import MAX_LOAD_HOURS, MAX_LOAD_KW, MIN_LOAD_HOURS
from ..user_requests.request_fields import SchemaFields
from .form import Input
from .form_errors import FormErrors
from .form_inputs import AmountField
from .found_devices import KNOWN_OPTIONS, found_devices
from .shared_form_fields import ClockField, list_field, switches, whole_number_field
from .subentry_form import MEASURED, Page, SubentryForm, entity_field, state_field

_MAX_KWH = 200
_MAX_MINUTES = 240
# Power of a car at 6 A on one phase, rounded down as people do.
_MIN_PHASE_KW = 1.35
_ENERGY_UNITS = {None, "%", "Wh", "kWh", "MWh"}
_CURRENT_UNITS = {"A", "mA"}
_BUTTONS = "button", "input_button"
_SELECTS = "select", "input_select"
_LOCK = "lock"
# Names of the fields that ask what the states of an entity mean, by the entity's field.
_MEANINGS = {
    CONF_SWITCHED_BY: (CONF_ON_WHEN, CONF_OFF_WHEN),
    CONF_SHOWN_BY: (CONF_SHOWN_WHEN,),
    CONF_CONNECTED: (CONF_CONNECTED_WHEN,),
}
_ENERGY: SchemaFields = {
    vol.Required(CONF_NAME): TextSelector(),
    vol.Required(CONF_LOAD_KWH): AmountField(Amount(KWH, _MAX_KWH, 0.1)),
}
_BLOCKED: SchemaFields = {
    vol.Optional(CONF_BLOCKED_BY): entity_field("sensor", "binary_sensor", "input_boolean"),
    vol.Required(CONF_BLOCKED_WHEN, default="off"): SelectSelector(
        SelectSelectorConfig(options=["off", "on"], translation_key=CONF_BLOCKED_WHEN)
    ),
    vol.Optional(CONF_LIMITED_TO): AmountField(Amount(KW, MAX_LOAD_KW)),
}
_POWERS: SchemaFields = {
    vol.Required(CONF_LOAD_MAX_KW): AmountField(Amount(KW, MAX_LOAD_KW, 0.1)),
    vol.Optional(CONF_LOAD_MIN_KW): AmountField(Amount(KW, MAX_LOAD_KW)),
}
_CHARGED_HERE: SchemaFields = {
    vol.Optional(CONF_CHARGED_HERE): SelectSelector(
        SelectSelectorConfig(options=["yes", "no"], translation_key=CONF_CHARGED_HERE)
    ),
}
_CONTROL: SchemaFields = {
    **_BLOCKED,
    **switches(CONF_LIMIT_SHARED),
    vol.Optional(CONF_SWITCHED_BY): entity_field(
        "switch", "input_boolean", *_SELECTS, *_BUTTONS, _LOCK
    ),
    vol.Optional(CONF_STOPPED_BY): entity_field(*_BUTTONS),
    vol.Optional(CONF_SHOWN_BY): entity_field("sensor", "binary_sensor"),
    vol.Required(CONF_PLAN_DECIDES, default=True): BooleanSelector(),
    vol.Optional(CONF_POWER_SET_BY): entity_field("number", "input_number"),
    vol.Optional(CONF_PHASES): whole_number_field(3, minimum=1),
    vol.Required(CONF_MIN_MINUTES, default=5): whole_number_field(_MAX_MINUTES, "min", minimum=5),
}
_FIELDS: Mapping[str, SchemaFields] = {
    LOAD_CAR: {
        vol.Required(CONF_NAME): TextSelector(),
        vol.Optional(CONF_LOAD_KWH): AmountField(Amount(KWH, _MAX_KWH, 0.1)),
        vol.Optional(CONF_ENERGY_FROM): entity_field("sensor", "number", "input_number"),
        vol.Optional(CONF_CAPACITY): AmountField(Amount(KWH, _MAX_KWH, 1)),
        vol.Optional(CONF_TARGET): AmountField(Amount(PERCENT, 100, 1)),
        **_POWERS,
        vol.Optional(CONF_BY_WORKDAYS): ClockField(),
        vol.Optional(CONF_BY_WEEKEND): ClockField(),
        vol.Optional(CONF_MEASURED_BY): MEASURED,
        vol.Optional(CONF_CONNECTED): entity_field("sensor", "binary_sensor", "input_boolean"),
        **_CONTROL,
    },
    LOAD_APPLIANCE: {
        **_ENERGY,
        vol.Required(CONF_LOAD_HOURS): AmountField(Amount(HOURS, MAX_LOAD_HOURS, MIN_LOAD_HOURS)),
        vol.Optional(CONF_BY): ClockField(),
        vol.Optional(CONF_MEASURED_BY): MEASURED,
        vol.Optional(CONF_READY): entity_field("binary_sensor", "input_boolean"),
        **_BLOCKED,
        vol.Optional(CONF_SWITCHED_BY): entity_field("switch", "input_boolean", *_BUTTONS),
    },
    LOAD_PAUSING: {
        **_ENERGY,
        **_POWERS,
        vol.Optional(CONF_BY): ClockField(),
        vol.Optional(CONF_MEASURED_BY): MEASURED,
        **_CONTROL,
    },
}
"""Fields of the form, by kind of load."""
_SECTIONS: Mapping[str, set[str]] = {
    SECTION_MORE: {
        CONF_ENERGY_FROM,
        CONF_CAPACITY,
        CONF_TARGET,
        CONF_LOAD_MIN_KW,
        CONF_PHASES,
        CONF_MEASURED_BY,
        CONF_CHARGED_HERE,
        CONF_CONNECTED,
        CONF_READY,
    },
    SECTION_CONTROL: {
        CONF_SWITCHED_BY,
        CONF_STOPPED_BY,
        CONF_SHOWN_BY,
        CONF_PLAN_DECIDES,
        CONF_POWER_SET_BY,
        CONF_MIN_MINUTES,
    },
    SECTION_LIMIT: {CONF_BLOCKED_BY, CONF_BLOCKED_WHEN, CONF_LIMITED_TO, CONF_LIMIT_SHARED},
}
"""Fields that a load can do without, by section."""


def _state_fields(data: JsonMapping) -> SchemaFields:
    """Return the fields that ask what the states or options of the chosen entities mean."""
    fields = dict[vol.Marker, Any]()
    for chosen, names in _MEANINGS.items():
        is_unknown = names[0] not in data
        if is_unknown and data.get(chosen, "").partition(".")[0] in {"sensor", *_SELECTS}:
            is_many = chosen != CONF_SWITCHED_BY
            field = state_field(data[chosen], multiple=is_many)
            fields |= dict.fromkeys(map(vol.Required, names), field)
    return fields


class LoadFlow(ConfigSubentryFlow):
    """Dialog that adds a load to a meter, or changes one."""

    def __init__(self) -> None:
        self._form = SubentryForm(self, SUBENTRY_LOAD, "too_many_loads")
        self._kind = LOAD_CAR
        self._found: Mapping[str, JsonMapping] | None = None
        """Fields that the found devices fill in. None before a kind is chosen."""
        self._suggested: JsonMapping = {}

    async def async_step_user(self, _user_input: Input = None) -> SubentryFlowResult:
        """Ask for the kind of the load."""
        self._form.refuse_more()
        return self.async_show_menu(step_id="user", menu_options=[*_FIELDS])

    async def async_step_reconfigure(self, _user_input: Input = None) -> SubentryFlowResult:
        """Show the form of the load's kind."""
        kind = self._get_reconfigure_subentry().data[CONF_LOAD_KIND]
        return await self._async_ask(kind=kind)

    async def async_step_found(self, user_input: Input = None) -> SubentryFlowResult:
        """Ask for the device of the load. Without one, the next form is empty."""
        found = self._found or {}
        if user_input is None:
            names = [(device, fields[CONF_NAME]) for device, fields in found.items()]
            fields = {vol.Optional(CONF_DEVICE): list_field(names)}
            return self.async_show_form(
                step_id="found", data_schema=vol.Schema(fields), last_step=False
            )
        self._suggested = found.get(user_input.get(CONF_DEVICE, ""), {})
        return await self._async_ask(kind=self._kind)

    async def async_step_states(self, user_input: Input = None) -> SubentryFlowResult:
        """Ask what the states of the chosen entities mean."""
        return await self._form.async_ask_states(user_input)

    async def _async_ask(self, typed: Input = None, *, kind: str) -> SubentryFlowResult:
        if self._form.changed is None and self._found is None:
            self._kind, self._found = (
                kind,
                found_devices(self.hass, kind, commanded(self.hass).keys()),
            )
            if self._found:
                return await self.async_step_found()
        page = Page(
            kind,
            _FIELDS[kind],
            partial(self._check, kind),
            _SECTIONS,
            _CHARGED_HERE if kind == LOAD_CAR else {},
            self._suggested,
            _state_fields,
        )
        return await self._form.async_ask(page, typed)

    # Steps of the dialog: a form for each kind of load.
    async_step_car = partialmethod(_async_ask, kind=LOAD_CAR)
    async_step_appliance = partialmethod(_async_ask, kind=LOAD_APPLIANCE)
    async_step_pausing = partialmethod(_async_ask, kind=LOAD_PAUSING)

    def _check(self, kind: str, data: JsonDict, errors: FormErrors) -> JsonDict:
        """Return the data of a load. Add an error for a field that does not fit the others."""
        switch = data.get(CONF_SWITCHED_BY, "")
        if switch.startswith(_SELECTS) and switch == self._suggested.get(CONF_SWITCHED_BY):
            data |= KNOWN_OPTIONS
        self._check_powers(kind, data, errors)
        self._check_limit(data, errors)
        self._check_energy(data, errors)
        if kind != LOAD_APPLIANCE:
            self._check_switch(data, errors)
        if CONF_CHARGED_HERE in data:
            data[CONF_ANSWERED_ON] = local_day(dt_util.utcnow()).isoformat()
        return {**data, CONF_LOAD_KIND: kind}

    def _check_energy(self, data: JsonDict, errors: FormErrors) -> None:
        is_daily = CONF_LOAD_KWH in data
        if is_daily and CONF_CAPACITY not in data and CONF_ENERGY_FROM in self._suggested:
            # The user plans by the energy of a day, not by the charge that was found.
            data.pop(CONF_ENERGY_FROM, None)
        source = data.get(CONF_ENERGY_FROM)
        if not is_daily and source is None:
            errors.refuse(CONF_LOAD_KWH, "energy_missing")
        unit = unit_of(self.hass, source or "")
        if unit not in _ENERGY_UNITS:
            errors.refuse(CONF_ENERGY_FROM, "no_energy_or_charge")
        if unit == "%" and CONF_CAPACITY not in data:
            errors.refuse(CONF_CAPACITY, "capacity_missing")

    def _check_limit(self, data: JsonDict, errors: FormErrors) -> None:
        if (relay := data.get(CONF_BLOCKED_BY)) is None:
            return
        if CONF_LIMITED_TO not in data:
            errors.refuse(CONF_LIMITED_TO, "limited_to_missing")
        own = self._form.changed and self._form.changed.subentry_id
        for other in self._get_entry().get_subentries_of_type(SUBENTRY_LOAD):
            is_same = other.subentry_id != own and other.data.get(CONF_BLOCKED_BY) == relay
            if is_same and other.data[CONF_BLOCKED_WHEN] != data[CONF_BLOCKED_WHEN]:
                errors.refuse(CONF_BLOCKED_WHEN, "relay_has_other_state")

    def _check_switch(self, data: JsonDict, errors: FormErrors) -> None:
        """Check buttons and locks. What a lock is ordered is known."""
        switch = data.get(CONF_SWITCHED_BY, "")
        domain = switch.partition(".")[0]
        if domain not in _BUTTONS:
            for field in {CONF_STOPPED_BY, CONF_SHOWN_BY} & data.keys():
                errors.refuse(field, "only_with_button")
        elif data.get(CONF_STOPPED_BY, switch) == switch:
            errors.refuse(CONF_STOPPED_BY, "stop_button_missing")
        elif CONF_SHOWN_BY not in data:
            unit = unit_of(self.hass, data.get(CONF_MEASURED_BY, ""))
            if unit not in PowerConverter.VALID_UNITS:
                errors.refuse(CONF_SHOWN_BY, "proof_missing")
        if not is_of_load(self.hass, data):
            errors.refuse(CONF_SWITCHED_BY, "lock_of_other_device")
        elif domain == _LOCK:
            data |= {CONF_ON_WHEN: LockState.UNLOCKED, CONF_OFF_WHEN: LockState.LOCKED}
            before = self._form.changed
            if before is None or before.data.get(CONF_SWITCHED_BY) != switch:
                self._form.ask_once(CONF_SWITCHED_BY, "lock_to_confirm")

    def _check_powers(self, kind: str, data: JsonDict, errors: FormErrors) -> None:
        min_kw = data.get(CONF_LOAD_MIN_KW, 0.0)
        if min_kw > data.get(CONF_LOAD_MAX_KW, MAX_LOAD_KW):
            errors.refuse(CONF_LOAD_MIN_KW, "above_maximum_power")
        unit = self._checked_unit(data, errors)
        is_current = kind == LOAD_CAR and unit in _CURRENT_UNITS
        if is_current and data.get(CONF_LOAD_MIN_KW, inf) < _MIN_PHASE_KW * phases_of(data):
            errors.refuse(CONF_LOAD_MIN_KW, "below_six_amperes")
        if data.get(CONF_LOAD_KWH, 0.0) > MAX_LOAD_KW * data.get(CONF_LOAD_HOURS, MAX_LOAD_HOURS):
            errors.refuse(CONF_LOAD_KWH, "above_possible_power")

    def _checked_unit(self, data: JsonMapping, errors: FormErrors) -> str | None:
        """Return the unit of the number that sets the power. Add an error if it does not fit."""
        number = data.get(CONF_POWER_SET_BY, "")
        unit = unit_of(self.hass, number)
        if unit not in POWER_UNITS[SUBENTRY_LOAD]:
            errors.refuse(CONF_POWER_SET_BY, "power_set_by_has_other_unit")
        elif number and unit is None:
            self._form.ask_once(CONF_POWER_SET_BY, "number_without_unit")
        elif CONF_SWITCHED_BY not in data and lowest_of(self.hass.states.get(number)) > 0:
            self._form.ask_once(CONF_POWER_SET_BY, "cannot_pause")
        return unit
