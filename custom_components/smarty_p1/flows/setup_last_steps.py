"""Last set-up steps of a meter: its contract, and the dashboards that show it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

import voluptuous as vol
from homeassistant.config_entries import ConfigFlowResult
from homeassistant.helpers.selector import BooleanSelector

from ..const import CONF_CONSUMPTION_POINT, CONF_FILL_ENERGY, CONF_SIDEBAR, SECTION_LENEDA
from ..coordinator import has_books
from ..dashboards import (
    ENERGY_URL,
    EnergySource,
    async_missing_sources,
    async_shown_dashboard,
    free_path,
    grid_sensors,
    is_possible,
)
from ..entity import number_of_new
from ..lib.entities import short_serial
from ..lib.meter import MeterMemory, MeterReader, Reading, outlined_reading, shown_name
from ..lib.p1 import Telegram
from .contract_pages import Errors, first_contract_fields, read_first_contract
from .form_and_probe import Dialog, Draft, Input
from .form_errors import FieldError


class _NewMeter(NamedTuple):
    """Meter that is being added: data and options of its config entry, and its first reading."""

    meter_id: str
    data: dict[str, Any]
    options: dict[str, Any]
    reading: Reading
    serial_number: str | None
    """Serial number of the meter, None for a meter without a cable."""


class _Places(NamedTuple):
    """Dashboards that show the meter, or that could show it."""

    dashboard: str | None
    """Path of a dashboard that shows the meter already."""
    takes_sidebar: bool
    """Whether the form asks for a dashboard in the sidebar."""
    has_energy: bool
    has_grid: bool
    sources: list[EnergySource]
    """Sources that the Energy dashboard does not show yet."""

    @property
    def is_choice(self) -> bool:
        return self.takes_sidebar or bool(self.sources)


class ContractAndDashboardSteps(Dialog):
    """Dialog steps for the contract, and for two switches: sidebar and Energy dashboard."""

    _new: _NewMeter
    _agreed: Mapping[str, Any]

    async def async_step_contract(self, user_input: Input = None) -> ConfigFlowResult:
        """Ask for the values of the electricity bill. All fields are optional."""
        contract = await self._async_accept(user_input, self._async_read_contract)
        if contract is not None:
            self._agreed = contract
            return await self.async_step_show()
        is_last = not (await self._async_places({})).is_choice
        return self._show(first_contract_fields(), {}, step_id="contract", last_step=is_last)

    async def async_step_show(self, user_input: Input = None) -> ConfigFlowResult:
        """Ask which dashboards are to show the meter. Then create the meter's entry."""
        places = await self._async_places(self._agreed)
        if user_input is not None or not places.is_choice:
            return await self._async_end(places, user_input or {})
        self._turn_page()
        fields = {}
        texts = []
        if places.takes_sidebar:
            fields[vol.Required(CONF_SIDEBAR, default=True)] = BooleanSelector()
        elif places.dashboard:
            texts.append(await self._async_text("common.dashboard_exists"))
        if places.has_grid:
            texts.append((await self._async_text("common.grid_exists")).format(url=ENERGY_URL))
        if places.sources:
            fields[vol.Required(CONF_FILL_ENERGY, default=True)] = BooleanSelector()
            lines = [f"- {await self._async_describe(source)}" for source in places.sources]
            texts += [await self._async_text("common.energy_adds"), "\n".join(lines)]
        return self._show(
            fields, {}, step_id="show", last_step=True, what_there_is="\n\n".join(texts)
        )

    async def _async_ask_contract(
        self, data: dict[str, Any], telegram: Telegram
    ) -> ConfigFlowResult:
        """Store the data and the first reading of the meter. Then ask for its contract."""
        reading = MeterReader().read(telegram, datetime.now(UTC))
        serial_number = str(telegram.serial_number)
        self._new = _NewMeter(serial_number, data, {}, reading, serial_number)
        self._turn_page()
        return await self.async_step_contract()

    async def _async_ask_contract_of_past(
        self, data: dict[str, Any], account: dict[str, str]
    ) -> ConfigFlowResult:
        """Ask for the contract of a new meter without a cable.

        `data` becomes the data of the meter's config entry. `account` is the meter's account at
        Leneda.
        """
        reading = outlined_reading(MeterMemory(), datetime.now(UTC))
        options = {SECTION_LENEDA: account}
        self._new = _NewMeter(account[CONF_CONSUMPTION_POINT], data, options, reading, None)
        self._turn_page()
        return await self.async_step_contract()

    async def _async_read_contract(self, typed: dict[str, Any]) -> dict[str, Any]:
        errors: Errors = {}
        contract = read_first_contract(self.hass, typed, errors)
        for name, key in errors.items():
            self._note(FieldError(name, key))
        return contract

    async def _async_places(self, contract: Mapping[str, Any]) -> _Places:
        dashboard = await async_shown_dashboard(self.hass)
        specs = grid_sensors(has_telegrams=self._new.serial_number is not None)
        missing = await async_missing_sources(self.hass, self._new.reading, contract, specs)
        sources, has_grid = missing or ([], False)
        return _Places(
            dashboard=dashboard,
            takes_sidebar=is_possible(self.hass) and not dashboard,
            has_energy=missing is not None,
            has_grid=has_grid,
            sources=sources,
        )

    async def _async_end(self, places: _Places, chosen: Mapping[str, Any]) -> ConfigFlowResult:
        """Create the entry. Show links to the dashboards that show the meter."""
        options = {**self._new.options, **self._agreed}
        options |= {name: True for name in (CONF_SIDEBAR, CONF_FILL_ENERGY) if chosen.get(name)}
        links = {}
        if path := free_path(self.hass) if chosen.get(CONF_SIDEBAR) else places.dashboard:
            links["dashboard"] = f"/{path}"
        if places.has_energy and (places.has_grid or chosen.get(CONF_FILL_ENERGY)):
            links["energy"] = "/energy"
        return await self._async_create(
            self._new.meter_id,
            await self._async_title(),
            Draft(self._new.data, options),
            "_and_".join(links) or None,
            **links,
        )

    async def _async_title(self) -> str:
        """Return the title of the entry. It is the name that the meter's device will have."""
        meters = [*filter(has_books, self._async_current_entries(include_ignore=False))]
        number = number_of_new(self._new.serial_number, meters)
        name = await self._async_text(f"device.{'another_meter' if number else 'meter'}.name")
        return name.format(serial=shown_name(number))

    async def _async_describe(self, source: EnergySource) -> str:
        """Return the names of the M-Bus device and the entities of an Energy dashboard source."""
        names = [
            await self._async_text(f"entity.sensor.{spec.translation_key}.name")
            for spec in source.sensors.values()
            if not spec.is_main
        ]
        if source.identity is not None:
            device = await self._async_text(f"device.{source.kind}.name")
            names.insert(0, device.format(serial=shown_name(short_serial(source.identity))).strip())
        return ", ".join(names)
