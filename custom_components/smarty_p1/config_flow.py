"""Config flow. It chooses the dialog for a meter, a pulse reader or a tank."""

from collections.abc import Awaitable, Callable, Mapping
from typing import override

from homeassistant.config_entries import (
    ConfigFlow,
    ConfigFlowResult,
    ConfigSubentryFlow,
    OptionsFlow,
)
from homeassistant.core import callback

from .const import (
    DOMAIN,
    KIND_ENTITIES,
    KIND_LENEDA,
    KIND_METER,
    KIND_PULSE,
    KIND_TANK,
    SUBENTRY_BATTERY,
    SUBENTRY_LOAD,
)
from .coordinator import is_live, kind_of
from .coordinator.entry_types import AnyConfigEntry
from .flows.battery_flow import BatteryFlow
from .flows.boards.pulse_flow import PulseOptionsFlow, PulseSteps
from .flows.boards.tank_flow import TankOptionsFlow, TankSteps
from .flows.form import Input, add_steps
from .flows.load_flow import LoadFlow
from .flows.meter.add_cable_to_meter import CableSteps
from .flows.meter.contract_and_dashboard_step import ContractAndDashboardSteps
from .flows.meter.meter_discovery import DiscoverySteps
from .flows.meter.meter_reconfigure_reauth import ReconfigureSteps
from .flows.meter.meter_without_cable import CablelessMeterSteps
from .flows.meter.port_key_and_found_meter import MeterSteps
from .flows.meter.source_entity_steps import EntitySteps
from .flows.options.meter_options import SmartyOptionsFlow

_OPTIONS_FLOWS: Mapping[str, Callable[[], OptionsFlow]] = {
    KIND_METER: SmartyOptionsFlow,
    KIND_LENEDA: SmartyOptionsFlow,
    KIND_ENTITIES: SmartyOptionsFlow,
    KIND_PULSE: PulseOptionsFlow,
    KIND_TANK: TankOptionsFlow,
}


class SmartyConfigFlow(ConfigFlow, domain=DOMAIN):
    """Dialog that sets up or reconfigures a meter, a pulse reader or a tank.

    It has the steps of several groups as its own, because Home Assistant looks for them here.
    """

    VERSION = 2

    def __init__(self) -> None:
        contract = ContractAndDashboardSteps(self, None)
        cable = CableSteps(self, contract)
        meter = MeterSteps(self, cable)
        discovery, change = DiscoverySteps(self, meter), ReconfigureSteps(self, meter)
        leneda, entities = CablelessMeterSteps(self, contract), EntitySteps(self, contract)
        pulse, tank = PulseSteps(self, None), TankSteps(self, None)
        add_steps(self, contract, cable, meter, discovery, change, leneda, entities, pulse, tank)
        self._reconfigure: Mapping[str, Callable[[Input], Awaitable[ConfigFlowResult]]] = {
            KIND_METER: change.async_reconfigure,
            KIND_LENEDA: change.async_step_add_cable,
            KIND_ENTITIES: entities.async_step_entity_meter,
            KIND_PULSE: pulse.async_step_pulse,
            KIND_TANK: tank.async_step_tank,
        }

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: AnyConfigEntry) -> OptionsFlow:
        """Return the options dialog of the entry's kind."""
        return _OPTIONS_FLOWS[kind_of(config_entry)]()

    @classmethod
    @callback
    @override
    def async_get_supported_subentry_types(
        cls, config_entry: AnyConfigEntry
    ) -> dict[str, type[ConfigSubentryFlow]]:
        """Return the dialogs of a plan. It needs a meter whose values come at once."""
        if not is_live(config_entry):
            return {}
        return {SUBENTRY_LOAD: LoadFlow, SUBENTRY_BATTERY: BatteryFlow}

    @override
    async def async_step_user(self, user_input: Input = None) -> ConfigFlowResult:
        """Show a menu with the kinds of config entries."""
        return self.async_show_menu(step_id="user", menu_options=list(_OPTIONS_FLOWS))

    async def async_step_reconfigure(self, user_input: Input = None) -> ConfigFlowResult:
        """Show the reconfiguration dialog for the kind of the config entry."""
        return await self._reconfigure[kind_of(self._get_reconfigure_entry())](user_input)
