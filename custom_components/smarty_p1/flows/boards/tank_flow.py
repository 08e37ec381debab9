"""Dialogs of a rainwater tank: the sensor's port, the tank's geometry, and a measured distance."""

import voluptuous as vol
from homeassistant.config_entries import ConfigFlowResult, OptionsFlowWithReload
from homeassistant.const import CONF_PORT
from homeassistant.helpers.selector import SelectSelector, SelectSelectorConfig

from ...const import (
    CONF_DISTANCE_EMPTY,
    CONF_DISTANCE_FULL,
    CONF_KIND,
    CONF_SHAPE,
    CONF_VOLUME,
    KIND_TANK,
)
from ...coordinator.entry_types import short_title
from ...coordinator.tank_coordinator import TANK_BAUD_RATE, tank_data, tank_of
from ...lib.amounts import CENTIMETRES, LITRES, Amount, amount_text
from ...lib.boards.tank_level import Shape
from ...lib.json_types import JsonDict
from ...lib.markdown_text import in_markdown
from ...user_requests.request_fields import SchemaFields
from ...user_requests.user_locale import UserLocale, async_user_locale
from ..dialog_base import Draft
from ..form import Form, Input
from ..form_inputs import AmountField, FormInputs
from ..shared_form_fields import NEW_PORT, async_port_field
from .board_probe import probe_sonar
from .board_steps import BoardSteps

_UNKNOWN = "-"
_GEOMETRY: SchemaFields = {
    vol.Required(CONF_DISTANCE_EMPTY): AmountField(Amount(CENTIMETRES, 1000)),
    vol.Required(CONF_DISTANCE_FULL): AmountField(Amount(CENTIMETRES, 1000)),
    vol.Required(CONF_VOLUME): AmountField(Amount(LITRES, 1_000_000, 1)),
    vol.Required(CONF_SHAPE, default=Shape.UPRIGHT.value): SelectSelector(
        SelectSelectorConfig(options=[shape.value for shape in Shape], translation_key="tank_shape")
    ),
}


def _read_geometry(user_input: JsonDict, inputs: FormInputs) -> JsonDict:
    """Return the tank's geometry from the entered values. Add its errors to `inputs`."""
    typed = {str(field.schema): user_input[field.schema] for field in _GEOMETRY}
    geometry = inputs.read_all(typed, _GEOMETRY, "options.step.tank")
    if not inputs.errors:
        try:
            tank_of(geometry)
        except ValueError:
            inputs.refuse(CONF_DISTANCE_FULL, "tank_upside_down")
    return geometry


class TankSteps(BoardSteps):
    """Dialog steps of a rainwater tank with the distance sensor MaxBotix XL-MaxSonar."""

    _tank: Draft
    _distance_cm: float | None = None

    async def async_step_tank(self, user_input: Input = None) -> ConfigFlowResult:
        """Ask for the port of the sensor, and for the tank's geometry."""
        if tank := await self.form.async_accept(user_input, self._async_read_tank):
            self._tank = tank
            return await self.async_step_wait_for_sensor()
        geometry = {} if self._updated_entry else _GEOMETRY
        fields = {NEW_PORT: await async_port_field(self.hass), **geometry}
        suggested, changing = self._suggested_source, await self.form.async_changing()
        return await self.form.async_show("tank", fields, suggested, changing, last_step=False)

    async def async_step_wait_for_sensor(self, _user_input: Input = None) -> ConfigFlowResult:
        """Show progress until the sensor has measured the distance."""
        return await self._async_look("wait_for_sensor", self._tank.data, self._async_measure)

    async def async_step_tank_found(self, user_input: Input = None) -> ConfigFlowResult:
        """Show the measured distance, and the level and the volume of the water."""
        if user_input is not None:
            return await self._async_finish("tank", self._tank)
        data = tank_data(tank_of(self._tank.options), self._distance_cm)
        locale = await async_user_locale(self.hass)
        return self.flow.async_show_form(
            step_id="tank_found",
            description_placeholders=in_markdown(
                {
                    "distance": _shown(locale, data.distance_cm, "cm"),
                    "level": _shown(locale, data.level_percent, "%"),
                    "volume": _shown(locale, data.volume_l, "L"),
                }
            ),
            last_step=True,
        )

    async def _async_read_tank(self, typed: JsonDict) -> Draft:
        """Turn the entered values into the data and options of an entry. Raises FieldError."""
        entry = self._updated_entry
        options = entry.options if entry else _read_geometry(typed, self.form.inputs)
        port = await self._async_read_port(typed[CONF_PORT])
        data = {CONF_KIND: KIND_TANK, CONF_PORT: port}
        self._check_unused(data)
        return Draft(data, options)

    async def _async_measure(self) -> str:
        self._distance_cm = await probe_sonar(self._tank.data[CONF_PORT], TANK_BAUD_RATE)
        return "tank_found"


def _shown(locale: UserLocale, value: float | None, unit: str) -> str:
    if value is None:
        return _UNKNOWN
    return locale.with_unit(amount_text(value), unit)


class TankOptionsFlow(OptionsFlowWithReload):
    """Options dialog of a rainwater tank."""

    def __init__(self) -> None:
        self._form = Form(self, lambda: short_title(self.config_entry))

    async def async_step_tank(self, user_input: Input = None) -> ConfigFlowResult:
        """Ask for the tank's geometry."""
        geometry = await self._form.async_accept(user_input, self._async_read)
        if geometry is not None:
            return self.async_create_entry(data=geometry)
        return await self._form.async_show("tank", _GEOMETRY, self.config_entry.options)

    async_step_init = async_step_tank

    async def _async_read(self, typed: JsonDict) -> JsonDict:
        return _read_geometry(typed, self._form.inputs)
