"""Dialog of a house battery: capacity, charge, powers, and what may control it."""

import voluptuous as vol
from homeassistant.config_entries import ConfigSubentryFlow, SubentryFlowResult
from homeassistant.const import CONF_NAME
from homeassistant.helpers.selector import (
    BooleanSelector,
    EntitySelector,
    EntitySelectorConfig,
    TextSelector,
)

from ..const import (
    CONF_CAPACITY,
    CONF_CHARGE,
    CONF_CHARGE_KW,
    CONF_CHARGES_FROM_GRID,
    CONF_DISCHARGE_KW,
    CONF_DISCHARGE_SET_BY,
    CONF_EFFICIENCY,
    CONF_MEASURED_BY,
    CONF_MODE_CONTROLLED,
    CONF_MODE_OTHERWISE,
    CONF_MODE_SET_BY,
    CONF_POSITIVE_CHARGES,
    CONF_POWER_SET_BY,
    SECTION_CONTROL,
    SECTION_MORE,
    SUBENTRY_BATTERY,
)
from ..coordinator.loads.refused_loads import NUMBERS, POWER_UNITS, unit_of
from ..lib.amounts import KW, KWH, Amount
from ..lib.json_types import JsonDict, JsonMapping
from ..user_requests.request_fields import SchemaFields
from .form import Input
from .form_errors import FormErrors
from .form_inputs import AmountField
from .shared_form_fields import switches, whole_number_field
from .subentry_form import Page, SubentryForm, entity_field, state_field

# Error and units of an entity.
_UNITS = {
    CONF_CHARGE: ("charge_has_other_unit", {None, "%"}),
    **dict.fromkeys(NUMBERS, ("power_set_by_has_other_unit", POWER_UNITS[SUBENTRY_BATTERY])),
}
_NUMBER = entity_field("number", "input_number")
_FIELDS: SchemaFields = {
    vol.Required(CONF_NAME): TextSelector(),
    vol.Required(CONF_CAPACITY): AmountField(Amount(KWH, 200, 0.5)),
    vol.Required(CONF_CHARGE): entity_field("sensor", "number", "input_number"),
    vol.Required(CONF_CHARGE_KW): AmountField(Amount(KW, 100, 0.1)),
    vol.Optional(CONF_DISCHARGE_KW): AmountField(Amount(KW, 100, 0.1)),
    vol.Required(CONF_EFFICIENCY, default=90): whole_number_field(100, "%", minimum=50),
    **switches(CONF_CHARGES_FROM_GRID),
    vol.Optional(CONF_MEASURED_BY): EntitySelector(
        EntitySelectorConfig(domain="sensor", device_class="power")
    ),
    vol.Optional(CONF_POWER_SET_BY): _NUMBER,
    vol.Optional(CONF_DISCHARGE_SET_BY): _NUMBER,
    vol.Required(CONF_POSITIVE_CHARGES, default=True): BooleanSelector(),
    vol.Optional(CONF_MODE_SET_BY): entity_field("select", "input_select"),
}
_SECTIONS = {
    SECTION_MORE: {
        CONF_DISCHARGE_KW,
        CONF_EFFICIENCY,
        CONF_CHARGES_FROM_GRID,
        CONF_MEASURED_BY,
        CONF_POSITIVE_CHARGES,
    },
    SECTION_CONTROL: {
        *NUMBERS,
        CONF_MODE_SET_BY,
    },
}


def _mode_fields(data: JsonMapping) -> SchemaFields:
    """Return the fields that ask for two modes of the chosen entity."""
    if (mode := data.get(CONF_MODE_SET_BY)) is None:
        return {}
    names = CONF_MODE_CONTROLLED, CONF_MODE_OTHERWISE
    return {vol.Required(name): state_field(mode) for name in names}


class BatteryFlow(ConfigSubentryFlow):
    """Dialog that adds the battery of a meter's house, or changes it."""

    def __init__(self) -> None:
        self._form = SubentryForm(self, SUBENTRY_BATTERY, "has_battery")

    async def async_step_user(self, user_input: Input = None) -> SubentryFlowResult:
        """Ask for the battery."""
        if self._form.changed is None:
            self._form.refuse_more()
        page = Page("user", _FIELDS, self._check, _SECTIONS, states=_mode_fields)
        return await self._form.async_ask(page, user_input)

    async_step_reconfigure = async_step_user

    async def async_step_states(self, user_input: Input = None) -> SubentryFlowResult:
        """Ask for the two modes."""
        return await self._form.async_ask_states(user_input)

    def _check(self, data: JsonDict, errors: FormErrors) -> JsonDict:
        """Return the data of a battery. Add an error for a field that does not fit the others."""
        for name, (error, valid) in _UNITS.items():
            if name in data and unit_of(self.hass, data[name]) not in valid:
                errors.refuse(name, error)
        charge, discharge = (data.get(name) for name in NUMBERS)
        if discharge and charge in {None, discharge}:
            errors.refuse(CONF_POWER_SET_BY, "charge_number_missing")
        return data
