"""Options dialog of a meter: a menu and its pages.

The price of energy above the reference power is called surcharge. It can be interpreted in two
ways. The contract's page shows the costs of the current month under both interpretations.
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import replace
from functools import partialmethod
from typing import Any

import voluptuous as vol
from homeassistant.config_entries import ConfigFlowResult, OptionsFlowWithReload
from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import BooleanSelector
from homeassistant.util import dt as dt_util

from ...const import (
    CONF_ENABLED,
    CONF_HOUSE_DEVICES,
    CONF_SIDEBAR,
    CONF_SINCE,
    CONF_SUN_SOURCES,
    SECTION_VIRTUAL,
)
from ...coordinator import has_telegrams, loaded_meter
from ...coordinator.chosen_entity_ids import with_registry_ids
from ...coordinator.entry_types import AnyConfigEntry, known_meters, short_title
from ...coordinator.repair_issues import withdraw_issues
from ...dashboards import ENERGY_URL, async_set_sidebar, is_in_sidebar, is_possible
from ...energy_dashboard.house_sources import (
    HouseSource,
    async_all_devices,
    async_all_sources,
    chosen_devices,
    chosen_ids,
    is_only_meter,
)
from ...lib.amounts import EUR
from ...lib.bill.household_state import HouseholdState
from ...lib.history.luxembourg_time import LUXEMBOURG
from ...lib.json_types import JsonDict, JsonMapping, without
from ...lib.markdown_text import TextPlaceholders, Verbatim, as_plain
from ...lib.prices.contract import Contracts
from ...lib.prices.entered_contract import (
    entered_contracts,
    high_prices,
    terms_on,
    with_confirmed_prices,
)
from ...lib.problem import Problem
from ...user_requests.request_fields import SchemaFields
from ...user_requests.user_locale import UserLocale, async_user_locale
from ..form import Form, Input, add_steps
from ..shared_form_fields import list_field
from .contract_form import (
    EditedContract,
    check_first_page,
    contract_fields,
    detail_fields,
    read_contract,
    shown_contract,
)
from .contract_list import (
    CONF_CONTRACT,
    async_contract_field,
    async_contract_names,
    contract_key,
    edited_contract,
    with_contract,
)
from .goal_and_messages import GOAL_AND_MESSAGES, offered_goal, with_typed_amount
from .leneda_account import LENEDA_ACCOUNT
from .leneda_file import LenedaFileSteps
from .options_page import OptionsPage
from .publish_options import MQTT, P1_SERVER, defaults
from .state_aids_form import AIDS
from .update_interval_and_gas_prices import GAS, PLAN, UPDATES, may_need_gas
from .virtual_meter_options_and_clients import (
    VIRTUAL_METER,
    async_addresses_to_enter,
    async_client_tables,
)

_UNKNOWN = "–"  # noqa: RUF001 - a dash, as in a table


def _surcharge_placeholders(locale: UserLocale, entry: AnyConfigEntry) -> TextPlaceholders:
    """Return texts for the contract page, keyed by placeholder. Unknown values are dashes."""
    coordinator = loaded_meter(entry)
    household = coordinator.records.household_state if coordinator else None
    on_top = _cost(household, replaces=False)
    instead = _cost(household, replaces=True)
    difference = None if on_top is None or instead is None else on_top - instead
    above = None if difference is None or household is None else household.values.excess_kwh
    costs = {"on_top": on_top, "instead": instead, "difference": difference}
    shown = {"above": (above, "kWh")} | {name: (cost, EUR.symbol) for name, cost in costs.items()}
    return {
        name: _UNKNOWN if value is None else locale.with_unit(f"{value:.2f}", unit)
        for name, (value, unit) in shown.items()
    }


def _cost(household: HouseholdState | None, *, replaces: bool) -> float | None:
    """Return the sum of two lines of this month's bill in EUR: variable grid price, and surcharge.

    With `replaces`, the surcharge replaces the variable price for energy above the reference power.
    Otherwise, it is added to the variable price. Return None if the costs are unknown.
    """
    if household is None:
        return None
    entries = household.contracts.entries
    read = tuple(
        (since, replace(contract, replaces_variable=replaces)) for since, contract in entries
    )
    return household.bill_under(Contracts(read)).amount("network_variable", "surcharge")


# Maximum length of a shown name in characters. Other integrations choose the names, so longer names
# are cut.
_MAX_NAME = 64


def _checkboxes(option: str, names: Mapping[str, str], chosen: Sequence[str]) -> SchemaFields:
    """Return a field with a checkbox for each of `names`. Without names, return no field."""
    if not names:
        return {}
    shown = ((value, name[:_MAX_NAME]) for value, name in names.items())
    return {vol.Optional(option, default=[*chosen]): list_field(shown, is_multiple=True)}


def _read_sun(
    hass: HomeAssistant,
    entry: AnyConfigEntry,
    sources: Sequence[HouseSource],
    typed: JsonMapping,
) -> JsonDict:
    """Return the options to store: the chosen ones of the shown `sources`, and the chosen devices.

    Leave the sources out if the user chose all, and Home Assistant has no other meter. Without the
    option, all sources count for the only meter, also those that the user adds to the Energy
    dashboard later.
    """
    read = dict(typed)
    if len(read.get(CONF_SUN_SOURCES, ())) == len(sources) and is_only_meter(hass, entry):
        read.pop(CONF_SUN_SOURCES, None)
    return read


_MENU = [
    "contracts",
    "aids",
    "goal_and_messages",
    "plan",
    "gas",
    "sun",
    "other_programs",
    "leneda_file",
    "leneda_account",
]
_WITH_CABLE = {"gas", "other_programs"}
_PAGE = "page"

CONTRACTS = {_PAGE: "contracts"}
DETAILS = {_PAGE: "contract_details"}
"""Inputs that open the dialog at a page of the contracts instead of the menu, for a repair.

`DETAILS` needs the first day of the prices to enter, too.
"""


class SmartyOptionsFlow(OptionsFlowWithReload):
    """Options dialog of a meter. It has a menu and several pages."""

    _contract: Mapping[str, Any] | None = None
    """Input of the contract's first page, None while that page has not been submitted."""
    _edited: str | None = None
    """Key of the edited contract, None for a contract that is added."""
    _day: str | None = None
    """First day to suggest for a contract that is added."""

    def __init__(self) -> None:
        self._form = Form(self, lambda: short_title(self.config_entry))
        self._sources: Sequence[HouseSource] = ()
        add_steps(self, LenedaFileSteps(self, self._form))

    async def async_step_init(self, user_input: Input = None) -> ConfigFlowResult:
        """Show the menu. If a repair opened the dialog, show a page of the contracts instead."""
        match user_input:
            case {"page": "contracts"}:
                return await self.async_step_contracts()
            case {"page": "contract_details", "since": str(since)}:
                return await self._async_step_prices_from(since)
        has_cable = has_telegrams(self.config_entry)
        menu = [page for page in _MENU if has_cable or page not in _WITH_CABLE]
        if has_cable and not may_need_gas(self.config_entry):
            menu.remove("gas")
        if not self.config_entry.subentries:
            menu.remove("plan")
        if is_possible(self.hass):
            menu.append("sidebar")
        return self._form.show_menu("init", menu)

    async def async_step_contracts(self, _user_input: Input = None) -> ConfigFlowResult:
        """Show the contracts, and what can be done. Without a contract, ask for the first one."""
        if not (contracts := entered_contracts(self.config_entry.options)):
            return await self.async_step_contract()
        names = (await async_contract_names(self.hass, contracts)).values()
        shown = Verbatim("\n".join(f"- {as_plain(name)}" for name in names))
        return self._form.show_menu(
            "contracts", ["contract_add", "contract_edit", "contract_remove"], {"contracts": shown}
        )

    async def async_step_contract_edit(self, user_input: Input = None) -> ConfigFlowResult:
        """Ask which contract to edit, unless there is only one. Then ask for its terms."""
        contracts = entered_contracts(self.config_entry.options)
        if user_input is None and len(contracts) > 1:
            fields = await async_contract_field(self.hass, contracts)
            return await self._form.async_show("contract_edit", fields, last_step=False)
        self._edited = user_input[CONF_CONTRACT] if user_input else contract_key(contracts[0])
        return await self.async_step_contract()

    async def async_step_contract_remove(self, user_input: Input = None) -> ConfigFlowResult:
        """Ask which contract to remove."""
        options = self.config_entry.options
        if user_input is not None:
            edited = edited_contract(options, user_input[CONF_CONTRACT])
            return self.async_create_entry(data=with_contract(options, edited, {}))
        fields = await async_contract_field(self.hass, entered_contracts(options))
        return await self._form.async_show("contract_remove", fields)

    async def async_step_contract(self, user_input: Input = None) -> ConfigFlowResult:
        """Ask for the values that every bill has."""
        contract = await self._form.async_accept(user_input, self._async_read_first_page)
        if contract is not None:
            self._contract = contract
            return await self.async_step_contract_details()
        shown = await self._async_shown_contract()
        return await self._form.async_show("contract", contract_fields(), shown, last_step=False)

    # The form of an added contract begins with the terms of the last one.
    async_step_contract_add = async_step_contract

    async def _async_read_first_page(self, typed: JsonDict) -> JsonDict:
        check_first_page(typed, self._form.inputs)
        return typed

    async def async_step_contract_details(self, user_input: Input = None) -> ConfigFlowResult:
        """Ask for the values that not every bill has, and for the contract's first day."""
        options = await self._form.async_accept(user_input, self._async_read_details)
        if options is not None:
            return self.async_create_entry(data=options)
        fields = detail_fields(self._form.inputs.errors)
        placeholders = _surcharge_placeholders(
            await async_user_locale(self.hass), self.config_entry
        )
        shown = await self._async_shown_contract()
        return await self._form.async_show("contract_details", fields, shown, placeholders)

    async def _async_read_details(self, typed: JsonDict) -> JsonDict:
        """Return the options with the contract of both pages."""
        first = await self._async_shown_contract() if self._contract is None else self._contract
        typed = {name: first[name] for name in contract_fields() if name in first} | typed
        edited = self._edited_contract()
        contract = read_contract(self.hass, edited, typed, self._form.inputs)
        return with_contract(self.config_entry.options, edited, contract)

    async def _async_step_prices_from(self, since: str) -> ConfigFlowResult:
        """Ask for the prices from a day on: of the contract that holds now, or of a new one."""
        now = terms_on(self.config_entry.options, dt_util.now(LUXEMBOURG).date())
        if now.get(CONF_SINCE, "") >= since:
            self._edited = contract_key(now)
        else:
            self._day = since
        return await self.async_step_contract_details()

    def _edited_contract(self) -> EditedContract:
        options = self.config_entry.options
        if self._edited is not None:
            return edited_contract(options, self._edited)
        contracts = entered_contracts(options)
        return EditedContract(contracts[-1] if contracts else {}, contracts)

    async def async_step_goal_and_messages(self, user_input: Input = None) -> ConfigFlowResult:
        """Ask for the goal of a month, and for the messages to the household."""
        entry, locale = self.config_entry, await async_user_locale(self.hass)
        typed = user_input and with_typed_amount(entry, user_input, locale)
        last_year = offered_goal(entry, locale)
        return await self._async_ask(typed, page=GOAL_AND_MESSAGES, last_year=last_year)

    async def async_step_sun(self, user_input: Input = None) -> ConfigFlowResult:
        """Ask which inverters and batteries supply the house, and which devices use its energy."""
        entry = self.config_entry
        if user_input is not None:
            for meter in known_meters(self.hass):
                withdraw_issues(self.hass, meter, [Problem.SECOND_METER])
            # The Energy dashboard may have changed since the form was shown.
            return self._save(_read_sun(self.hass, entry, self._sources, user_input), user_input)
        self._sources = await async_all_sources(self.hass, entry)
        # All devices belong to the house behind the only meter.
        is_only = is_only_meter(self.hass, entry)
        devices = {} if is_only else await async_all_devices(self.hass, entry)
        names = {source.listed: source.name for source in self._sources}
        chosen = chosen_ids(self.hass, entry, self._sources)
        fields = _checkboxes(CONF_SUN_SOURCES, names, chosen)
        chosen = chosen_devices(self.hass, entry, devices)
        fields |= _checkboxes(CONF_HOUSE_DEVICES, devices, chosen)
        link = {"energy": Verbatim(ENERGY_URL)}
        if not fields:
            return await self._form.async_show("sun_missing", {}, {}, link)
        return await self._form.async_show("sun", fields, {}, link)

    async def async_step_sun_missing(self, _user_input: Input = None) -> ConfigFlowResult:
        """Close the page that says where to enter an inverter. The page has no fields."""
        return self._save({}, ())

    async def async_step_sidebar(self, user_input: Input = None) -> ConfigFlowResult:
        """Ask whether the sidebar is to show the dashboard Smarty."""
        if user_input is not None:
            is_shown = user_input[CONF_SIDEBAR]
            await async_set_sidebar(self.hass, self.config_entry, is_shown=is_shown)
            return self._save({CONF_SIDEBAR: True} if is_shown else {}, {CONF_SIDEBAR})
        default = is_in_sidebar(self.hass)
        fields = {vol.Required(CONF_SIDEBAR, default=default): BooleanSelector()}
        return await self._form.async_show("sidebar", fields)

    async def async_step_other_programs(self, _user_input: Input = None) -> ConfigFlowResult:
        """Show a menu: a page for each way to the readings, and one for the update interval."""
        menu = [page.step_id for page in (P1_SERVER, VIRTUAL_METER, MQTT, UPDATES)]
        if self.config_entry.options.get(SECTION_VIRTUAL, {}).get(CONF_ENABLED):
            menu.insert(2, "virtual_clients")
        return self._form.show_menu("other_programs", menu)

    async def async_step_virtual_meter(self, user_input: Input = None) -> ConfigFlowResult:
        """Ask whether batteries and chargers read a virtual meter, and which one."""
        addresses = await async_addresses_to_enter(self.hass, self.config_entry)
        return await self._async_ask(user_input, page=VIRTUAL_METER, addresses=addresses)

    async def async_step_mqtt(self, user_input: Input = None) -> ConfigFlowResult:
        """Ask whether telegrams are published to the broker, and in which form."""
        suggested = defaults(self.hass, self.config_entry)
        placeholders = {"topic": suggested.topic, "board_topic": suggested.smartyreader_topic}
        return await self._async_ask(user_input, page=MQTT, **placeholders)

    async def _async_ask(
        self, user_input: Input = None, *, page: OptionsPage, **placeholders: str
    ) -> ConfigFlowResult:
        """Show a page. Store its options if they are right."""
        hass, entry = self.hass, self.config_entry
        read = await self._form.async_accept(
            user_input, lambda typed: page.async_read(hass, entry, typed, self._form.inputs)
        )
        if read is not None:
            return self._save(read, page.options)
        shown = page.shown(hass, entry, await async_user_locale(hass))
        return await self._form.async_show(
            page.step_id, page.fields(hass, entry), shown, placeholders
        )

    # Steps of the pages that need no placeholders.
    async_step_aids = partialmethod(_async_ask, page=AIDS)
    async_step_gas = partialmethod(_async_ask, page=GAS)
    async_step_leneda_account = partialmethod(_async_ask, page=LENEDA_ACCOUNT)
    async_step_p1_server = partialmethod(_async_ask, page=P1_SERVER)
    async_step_plan = partialmethod(_async_ask, page=PLAN)
    async_step_updates = partialmethod(_async_ask, page=UPDATES)

    async def async_step_virtual_clients(self, user_input: Input = None) -> ConfigFlowResult:
        """Show the clients of the virtual meter. This page has no fields."""
        if user_input is not None:
            return self._save({}, ())
        tables = await async_client_tables(self.hass, self.config_entry)
        return await self._form.async_show("virtual_clients", {}, {}, tables)

    async def _async_shown_contract(self) -> JsonDict:
        """Return the stored contract as the form shows it. A new contract has no day yet."""
        stored = {**self._edited_contract().stored}
        if self._edited is None:
            stored |= {CONF_SINCE: self._day}
        return shown_contract(stored, await async_user_locale(self.hass))

    def _save(self, read: JsonMapping, own: Container[str]) -> ConfigFlowResult:
        """Replace the stored options in `own` with `read`. Keep all other stored options."""
        kept = without(self.config_entry.options, own)
        data = with_registry_ids(self.hass, kept | dict(read), read)
        data = with_confirmed_prices(data, high_prices(read))
        return self.async_create_entry(data=data)
