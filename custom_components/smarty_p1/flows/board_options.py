"""The dialogues of the options of the small boards."""

from typing import Any

import voluptuous as vol
from homeassistant.config_entries import ConfigEntryState, ConfigFlowResult, OptionsFlowWithReload

from ..const import CONF_METER_READING, CONF_PULSES_PER_KWH
from ..coordinator.pulse_counter import PulseCounter
from .board_flow import FieldError
from .pulse_flow import METER_READING, PULSES_PER_KWH
from .tank_flow import GEOMETRY, read_geometry


class PulseOptionsFlow(OptionsFlowWithReload):
    """Change the options of an LED pulse reader."""

    async def async_step_init(self, _user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Begin."""
        return await self.async_step_pulse()

    async def async_step_pulse(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the pulses per kWh, and for what the meter shows."""
        if user_input is not None:
            if (reading := user_input.get(CONF_METER_READING)) is not None:
                await self._async_set_energy(reading)
            return self.async_create_entry(
                data={CONF_PULSES_PER_KWH: user_input[CONF_PULSES_PER_KWH]}
            )
        fields = {
            vol.Required(CONF_PULSES_PER_KWH): PULSES_PER_KWH,
            vol.Optional(CONF_METER_READING): METER_READING,
        }
        return self.async_show_form(
            step_id="pulse",
            data_schema=self.add_suggested_values_to_schema(
                vol.Schema(fields), self.config_entry.options
            ),
        )

    async def _async_set_energy(self, kwh: float) -> None:
        """Set the total, once: it is no option, for it changes with each pulse."""
        if self.config_entry.state is ConfigEntryState.LOADED:
            await self.config_entry.runtime_data.counter.async_set_energy(kwh)
            return
        counter = PulseCounter(self.hass, self.config_entry)
        await counter.async_load()
        await counter.async_set_energy(kwh)


class TankOptionsFlow(OptionsFlowWithReload):
    """Change the geometry of a tank."""

    async def async_step_init(self, _user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Begin."""
        return await self.async_step_tank()

    async def async_step_tank(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the geometry."""
        errors = {}
        if user_input is not None:
            try:
                return self.async_create_entry(data=read_geometry(user_input))
            except FieldError as err:
                errors[err.field] = err.key
        return self.async_show_form(
            step_id="tank",
            data_schema=self.add_suggested_values_to_schema(
                vol.Schema(GEOMETRY), user_input or self.config_entry.options
            ),
            errors=errors,
        )
