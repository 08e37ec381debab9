"""The dialogue that sets a meter or a board up: what it is, then a reading that proves it."""

from collections.abc import Callable, Mapping
from typing import Any, override

from homeassistant.config_entries import ConfigFlowResult, OptionsFlow
from homeassistant.const import CONF_PORT
from homeassistant.core import callback
from homeassistant.helpers.translation import async_get_translations

from .const import DOMAIN, KIND_METER, KIND_PULSE, KIND_TANK
from .coordinator import kind_of
from .coordinator.entry_types import AnyConfigEntry
from .flows.board_options import PulseOptionsFlow, TankOptionsFlow
from .flows.discovery_flow import DiscoverySteps
from .flows.key_form import NEW_PORT
from .flows.meter_options import SmartyOptionsFlow
from .flows.port_names import next_gateway_port
from .flows.pulse_flow import PulseSteps
from .flows.reconfigure_reauth import UpdateSteps
from .flows.tank_flow import TankSteps

_NONE = "-"
_OPTIONS_FLOWS: Mapping[str, Callable[[], OptionsFlow]] = {
    KIND_METER: SmartyOptionsFlow,
    KIND_PULSE: PulseOptionsFlow,
    KIND_TANK: TankOptionsFlow,
}


class SmartyConfigFlow(UpdateSteps, DiscoverySteps, PulseSteps, TankSteps, domain=DOMAIN):
    """Set up a meter or a board."""

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: AnyConfigEntry) -> OptionsFlow:
        """Return the dialogue of the options."""
        return _OPTIONS_FLOWS[kind_of(config_entry)]()

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask what is to be read."""
        return self.async_show_menu(
            step_id="user", menu_options=[KIND_METER, KIND_PULSE, KIND_TANK]
        )

    @override
    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for what may have changed."""
        kind = kind_of(self._get_reconfigure_entry())
        if kind == KIND_PULSE:
            return await self.async_step_pulse()
        if kind == KIND_TANK:
            return await self.async_step_tank()
        return await super().async_step_reconfigure(user_input)

    async def async_step_meter(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the port and the keys."""
        if self._port_field is None:
            self._port_field = NEW_PORT
            if port := next_gateway_port(self._async_current_entries(include_ignore=False)):
                self._input[CONF_PORT] = port
        if user_input is not None and await self._async_read_form(
            user_input, user_input[CONF_PORT], present={}
        ):
            return await self.async_step_wait_for_telegram()
        return await self._async_show_form({"example": "192.168.1.50:2001"}, last_step=False)

    async def async_step_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show which meter was found, then create its entry."""
        serial_number = str(self._telegram.serial_number)
        await self.async_set_unique_id(serial_number, raise_on_progress=False)
        self._abort_if_unique_id_configured()
        if user_input is not None:
            return self.async_create_entry(title=f"Smarty {serial_number}", data=self._data)
        return self.async_show_form(
            step_id="confirm",
            description_placeholders={
                "serial_number": serial_number,
                "identification": self._telegram.identification,
                "verification": await self._async_describe_verification(),
                "power_imported": self._format("1-0:1.7.0", "kW"),
                "power_exported": self._format("1-0:2.7.0", "kW"),
                "energy_imported": self._format("1-0:1.8.0", "kWh"),
                "energy_exported": self._format("1-0:2.8.0", "kWh"),
                "channels": await self._async_describe_channels(),
            },
            last_step=True,
        )

    def _format(self, reference: str, unit: str) -> str:
        value = self._telegram.objects.get(reference)
        return f"{value} {unit}" if isinstance(value, float) else _NONE

    async def _async_describe_verification(self) -> str:
        """Return why the telegram is believed, in the language of the house."""
        names = await self._async_texts("entity")
        key = f"entity.sensor.verification.state.{self._telegram.verification.value}"
        return names[f"component.{DOMAIN}.{key}"]

    async def _async_describe_channels(self) -> str:
        """Return a list of the meters on the M-Bus channels, in the language of the house."""
        names = await self._async_texts("device")
        lines = []
        for channel, reading in self._telegram.channels.items():
            name = names[f"component.{DOMAIN}.device.{reading.type}.name"].format(
                serial=reading.serial_number or ""
            )
            index = "" if reading.value is None else f", {reading.value} {reading.unit or ''}"
            lines.append(f"- M-Bus {channel}: {name.rstrip()}{index.rstrip()}")
        return "\n".join(lines) or _NONE

    async def _async_texts(self, category: str) -> dict[str, str]:
        return await async_get_translations(
            self.hass, self.hass.config.language, category, {DOMAIN}
        )
