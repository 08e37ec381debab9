"""Last set-up step of a meter. It asks for the contract, and for dashboards that show the meter."""

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import voluptuous as vol
from homeassistant.config_entries import ConfigFlowResult
from homeassistant.const import CONF_PORT
from homeassistant.helpers.selector import BooleanSelector
from homeassistant.util import dt as dt_util

from ...const import (
    CONF_CONSUMPTION_POINT,
    CONF_CONTRACTS,
    CONF_FILL_ENERGY,
    CONF_KIND,
    CONF_SIDEBAR,
    KIND_LENEDA,
    SECTION_LENEDA,
)
from ...coordinator import has_records
from ...coordinator.entry_types import known_meters
from ...dashboards import (
    ENERGY_URL,
    EnergySource,
    async_bill_picture,
    async_missing_sources,
    async_shown_dashboard,
    free_path,
    is_possible,
)
from ...entity import number_of_new
from ...lib.entities.devices import short_serial
from ...lib.history.luxembourg_time import HOUR
from ...lib.json_types import JsonDict, JsonMapping
from ...lib.markdown_text import TextPlaceholders, Verbatim
from ...lib.meter.meter_memory import MeterMemory
from ...lib.meter.meter_reader import MeterReader, Reading, outlined_reading
from ...lib.meter.object_count_and_rate_limits import shown_name
from ...lib.p1.telegram import Telegram
from ...lib.prices.entered_contract import high_prices, with_confirmed_prices
from ..dialog_base import DialogSteps, Draft
from ..form import Input
from ..options.contract_form import first_contract_fields, read_first_contract

# Placeholders for the prices of import and export. The form lists the statistics that the Energy
# dashboard will get, but the user has not entered prices yet. Without prices, the list would lack
# the costs.
_PRICES = {"energy_price": 0.0, "feed_in_price": 0.0}
_FIRST_VALUES_TIME = timedelta(minutes=1)


class _NewMeter(NamedTuple):
    """Meter that is being added: data and options of its config entry, and its first reading."""

    meter_id: str
    data: dict[str, Any]
    options: dict[str, Any]
    reading: Reading
    serial_number: str | None
    """Serial number of the meter, None for a meter without a cable."""
    outline: TextPlaceholders
    """Placeholders of the contract step that say which meter was found."""

    @property
    def is_live(self) -> bool:
        """Return whether the meter has current values. Leneda only has past days."""
        return self.data.get(CONF_KIND) != KIND_LENEDA

    @property
    def step_id(self) -> str:
        """Return the id of the step that asks for the contract of this meter."""
        return "contract" if CONF_PORT in self.data else "contract_without_cable"


class _Places(NamedTuple):
    """Dashboards that show the meter already, and sources that the form offers to add."""

    dashboard: str | None
    """Path of a dashboard that shows the meter already."""
    takes_sidebar: bool
    """Whether the form asks for a dashboard in the sidebar."""
    has_grid: bool
    sources: list[EnergySource]
    """Sources that the Energy dashboard does not show yet."""


class ContractAndDashboardSteps(DialogSteps[None]):
    """Last dialog step of a new meter: its contract, and switches for two dashboards."""

    _new: _NewMeter

    async def async_step_contract(self, user_input: Input = None) -> ConfigFlowResult:
        """Ask for the values of the bill and for the dashboards. Then create the meter's entry.

        All fields are optional.
        """
        places = await self._async_places()
        contract = await self.form.async_accept(user_input, self._async_read_contract)
        if contract is not None:
            return await self._async_end(places, contract, user_input or {})
        fields = first_contract_fields()
        texts = []
        if places.takes_sidebar:
            fields[vol.Required(CONF_SIDEBAR, default=True)] = BooleanSelector()
        elif places.dashboard:
            texts.append(await self._async_text("common.dashboard_exists"))
        if places.has_grid:
            texts.append(await self._async_text("common.grid_exists", url=ENERGY_URL))
        if places.sources:
            fields[vol.Required(CONF_FILL_ENERGY, default=True)] = BooleanSelector()
        sources = [f"- {await self._async_describe(source)}" for source in places.sources]
        placeholders = {
            **self._new.outline,
            "picture": Verbatim(await async_bill_picture(self.hass)),
            "what_there_is": Verbatim("\n\n".join(texts)),
            "sources": Verbatim("\n".join(sources)),
        }
        return await self.form.async_show(self._new.step_id, fields, {}, placeholders)

    # The form of a meter without a cable has other texts.
    async_step_contract_without_cable = async_step_contract

    async def async_ask(
        self,
        data: JsonDict,
        telegram: Telegram,
        outline: TextPlaceholders,
        meter_id: str | None = None,
    ) -> ConfigFlowResult:
        """Store the data and the first reading of the meter. Then ask for its contract.

        `meter_id` is the meter's id if its telegrams have no serial number.
        """
        reading = MeterReader().read_telegram(telegram, datetime.now(UTC))
        number = telegram.serial_number
        self._new = _NewMeter(meter_id or str(number), data, {}, reading, number, outline)
        return await self.async_step_contract()

    async def async_ask_of_past(
        self, data: JsonDict, account: dict[str, str], outline: TextPlaceholders
    ) -> ConfigFlowResult:
        """Ask for the contract of a new meter without a cable.

        `data` becomes the data of the meter's config entry. `account` is the meter's account at
        Leneda.
        """
        reading = outlined_reading(MeterMemory(), datetime.now(UTC))
        options = {SECTION_LENEDA: account}
        point = account[CONF_CONSUMPTION_POINT]
        self._new = _NewMeter(point, data, options, reading, None, outline)
        return await self.async_step_contract()

    async def _async_read_contract(self, typed: JsonDict) -> JsonDict:
        contract = read_first_contract(typed, self.form.inputs)
        if not contract:
            return {}
        options = {CONF_CONTRACTS: [contract]}
        return with_confirmed_prices(options, high_prices(options))

    async def _async_places(self) -> _Places:
        dashboard = await async_shown_dashboard(self.hass)
        options = {**self._new.options, **_PRICES}
        missing = await async_missing_sources(
            self.hass, self._new.reading, options, is_live=self._new.is_live
        )
        sources, has_grid = missing or ([], False)
        return _Places(
            dashboard=dashboard,
            takes_sidebar=is_possible(self.hass) and not dashboard,
            has_grid=has_grid,
            sources=sources,
        )

    async def _async_end(
        self, places: _Places, contract: JsonMapping, chosen: JsonMapping
    ) -> ConfigFlowResult:
        """Create the entry, and say where the meter is shown.

        The final text also says when the Energy dashboard will show its first bar.
        """
        options = {**self._new.options, **contract}
        options |= {name: True for name in (CONF_SIDEBAR, CONF_FILL_ENERGY) if chosen.get(name)}
        links = {}
        if path := free_path(self.hass) if chosen.get(CONF_SIDEBAR) else places.dashboard:
            links["dashboard"] = Verbatim(f"/{path}")
        if chosen.get(CONF_FILL_ENERGY):
            links["energy" if self._new.is_live else "energy_of_past"] = Verbatim("/energy")
        # The meter's entities get their first values within a minute. At the end of each hour, Home
        # Assistant computes the bar of this hour. So the first bar appears at the end of the hour
        # with the first values.
        first = dt_util.now() + _FIRST_VALUES_TIME + HOUR
        return await self._async_create(
            self._new.meter_id,
            await self._async_title(),
            Draft(self._new.data, options),
            "_and_".join(links) or None,
            **links,
            time=f"{first:%H}:00",
        )

    async def _async_title(self) -> str:
        """Return the title of the entry. It is the name that the meter's device will have."""
        meters = [*filter(has_records, known_meters(self.hass))]
        number = number_of_new(self._new.serial_number, meters)
        device = "another_meter" if number else "meter"
        return await self._async_stored_name(device, serial=shown_name(number))

    async def _async_describe(self, source: EnergySource) -> str:
        """Return the names of the statistics and sensors of an Energy dashboard source."""
        names = [
            await self._async_text(f"common.{kind.name_key}") for kind in source.statistics.values()
        ]
        device = ""
        if source.identity is not None:
            serial = shown_name(short_serial(source.identity))
            device = await self._async_text(f"device.{source.kind}.name", serial=serial)
        for spec in source.sensors.values():
            # In Home Assistant, the main sensor of an M-Bus meter has the name of the device.
            name = (
                ""
                if spec.is_main
                else await self._async_text(f"entity.sensor.{spec.translation_key}.name")
            )
            names.append(f"{device.strip()} {name}".strip())
        return ", ".join(names)
