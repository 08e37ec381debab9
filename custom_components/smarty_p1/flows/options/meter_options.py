"""Options dialog of a meter: a menu and its pages.

The price of energy above the reference power is called surcharge. It can be interpreted in two
ways. The contract's page shows the costs of the current month under both interpretations.
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import replace
from typing import Any

import voluptuous as vol
from homeassistant.config_entries import ConfigEntryState, ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import (
    BooleanSelector,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)
from homeassistant.util import dt as dt_util

from ...const import (
    CONF_AIDS,
    CONF_ENABLED,
    CONF_HOUSE_DEVICES,
    CONF_MIN_INTERVAL,
    CONF_SIDEBAR,
    CONF_SINCE,
    CONF_SUN_SOURCES,
    KIND_LENEDA,
    SECTION_LENEDA,
    SECTION_VIRTUAL,
)
from ...coordinator import has_telegrams, kind_of
from ...coordinator.chosen_entity_ids import with_registry_ids
from ...coordinator.entry_types import AnyConfigEntry, known_meters
from ...coordinator.repair_issues import Problem, withdraw_issues
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
from ...lib.bill.bill import bill_of
from ...lib.bill.household_state import HouseholdState
from ...lib.bill.ledger import Ledger
from ...lib.history.calendar import LUXEMBOURG
from ...lib.markdown_text import Verbatim, as_plain, in_markdown
from ...lib.prices.contract import Contracts
from ...lib.prices.entered_contract import (
    entered_contracts,
    high_prices,
    terms_on,
    with_confirmed_prices,
)
from ...user_locale import UserLocale, async_user_locale
from ..dialog_base import Input
from ..form_errors import FieldError
from ..options_dialog import OptionsDialog
from .aids_form import aid_fields, read_aids, shown_aids
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
    edited_contract,
    key_of,
    with_contract,
)
from .goal_and_messages import (
    PAGE_OPTIONS,
    async_read_messages,
    goal_fields,
    message_fields,
    offered_goal,
    read_goal,
    shown_goal,
    shown_messages,
    with_typed_amount,
)
from .leneda_account import account_fields, async_read_account, check_of_meter, shown_account
from .leneda_file import LenedaFileSteps
from .output_section import OutputSection
from .publish_options import MQTT, P1_SERVER, defaults
from .update_interval_and_gas_prices import (
    GAS_OPTIONS,
    PLAN_AMOUNTS,
    PLAN_FIELDS,
    UPDATE_FIELDS,
    gas_fields,
    read_gas,
    shown_gas,
)
from .virtual_meter_options_and_clients import (
    VIRTUAL_METER,
    async_addresses_to_enter,
    async_client_tables,
)

_UNKNOWN = "–"  # noqa: RUF001 - a dash, as in a table


def surcharge_placeholders(locale: UserLocale, entry: AnyConfigEntry) -> dict[str, str]:
    """Return texts for the contract page, keyed by placeholder. Unknown values are dashes."""
    demand = entry.runtime_data.books.demand if entry.state is ConfigEntryState.LOADED else None
    on_top = _cost(demand, replaces=False)
    instead = _cost(demand, replaces=True)
    difference = None if on_top is None or instead is None else on_top - instead
    above = None if difference is None or demand is None else demand.values.excess_kwh
    costs = {"on_top": on_top, "instead": instead, "difference": difference}
    shown = {"above": (above, "kWh")} | {name: (cost, EUR.symbol) for name, cost in costs.items()}
    return {
        name: _UNKNOWN if value is None else locale.with_unit(f"{value:.2f}", unit)
        for name, (value, unit) in shown.items()
    }


def _cost(demand: HouseholdState | None, *, replaces: bool) -> float | None:
    """Return the sum of two lines of this month's bill in EUR: variable grid price, and surcharge.

    With `replaces`, the surcharge replaces the variable price for energy above the reference power.
    Otherwise, it is added to the variable price. Return None if the costs are unknown.
    """
    if demand is None:
        return None
    entries = demand.contracts.entries
    read = tuple(
        (since, replace(contract, replaces_variable=replaces)) for since, contract in entries
    )
    ledger = Ledger.of(demand.ledger.table, Contracts(read))
    bill = bill_of(ledger, demand.month_start, demand.until)
    return bill.amount("network_variable", "surcharge")


# Maximum length of a shown name in characters. Other integrations choose the names, so longer names
# are cut.
_MAX_NAME = 64


def sun_fields(
    hass: HomeAssistant, entry: AnyConfigEntry, sources: Sequence[HouseSource]
) -> dict[vol.Marker, Any]:
    """Return the field that lists all solar and battery sources. The chosen sources are ticked."""
    if not sources:
        return {}
    field = _list_of({source.listed: source.name for source in sources})
    return {vol.Optional(CONF_SUN_SOURCES, default=chosen_ids(hass, entry, sources)): field}


def device_fields(
    hass: HomeAssistant, entry: AnyConfigEntry, names: Mapping[str, str]
) -> dict[vol.Marker, Any]:
    """Return the field that lists devices by their statistics. The chosen ones are ticked."""
    if not names:
        return {}
    chosen = chosen_devices(hass, entry, names)
    return {vol.Optional(CONF_HOUSE_DEVICES, default=chosen): _list_of(names)}


def _list_of(names: Mapping[str, str]) -> SelectSelector:
    return SelectSelector(
        SelectSelectorConfig(
            options=[
                SelectOptionDict(value=value, label=name[:_MAX_NAME])
                for value, name in names.items()
            ],
            multiple=True,
            mode=SelectSelectorMode.LIST,
        )
    )


def read_sun(
    hass: HomeAssistant,
    entry: AnyConfigEntry,
    sources: Sequence[HouseSource],
    typed: Mapping[str, Any],
) -> dict[str, Any]:
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


class SmartyOptionsFlow(LenedaFileSteps, OptionsDialog):
    """Options dialog of a meter. It has a menu and several pages."""

    _contract: Mapping[str, Any] | None = None
    """Input of the contract's first page, None while that page has not been submitted."""
    _edited: str | None = None
    """Key of the edited contract, None for a contract that is added."""
    _day: str | None = None
    """First day to suggest for a contract that is added."""

    def __init__(self) -> None:
        super().__init__()
        self._sources: Sequence[HouseSource] = ()

    async def async_step_init(self, user_input: Input = None) -> ConfigFlowResult:
        """Show the menu. If a repair opened the dialog, show a page of the contracts instead."""
        match user_input:
            case {"page": "contracts"}:
                return await self.async_step_contracts()
            case {"page": "contract_details", "since": str(since)}:
                return await self._async_step_prices_from(since)
        has_cable = has_telegrams(self.config_entry)
        menu = [page for page in _MENU if has_cable or page not in _WITH_CABLE]
        if has_cable and not gas_fields(self.config_entry):
            menu.remove("gas")
        if not self.config_entry.subentries:
            menu.remove("plan")
        if is_possible(self.hass):
            menu.append("sidebar")
        return self.async_show_menu(
            step_id="init",
            menu_options=menu,
            description_placeholders=in_markdown({"name": self._name}),
        )

    async def async_step_contracts(self, _user_input: Input = None) -> ConfigFlowResult:
        """Show the contracts, and what can be done. Without a contract, ask for the first one."""
        if not (contracts := entered_contracts(self.config_entry.options)):
            return await self.async_step_contract()
        names = (await async_contract_names(self.hass, contracts)).values()
        return self.async_show_menu(
            step_id="contracts",
            menu_options=["contract_add", "contract_edit", "contract_remove"],
            description_placeholders=in_markdown(
                {
                    "name": self._name,
                    "contracts": Verbatim("\n".join(f"- {as_plain(name)}" for name in names)),
                }
            ),
        )

    async def async_step_contract_add(self, _user_input: Input = None) -> ConfigFlowResult:
        """Ask for a contract with a first day. The form begins with the terms of the last one."""
        return await self.async_step_contract()

    async def async_step_contract_edit(self, user_input: Input = None) -> ConfigFlowResult:
        """Ask which contract to edit, unless there is only one. Then ask for its terms."""
        contracts = entered_contracts(self.config_entry.options)
        if user_input is None and len(contracts) > 1:
            fields = await async_contract_field(self.hass, contracts)
            return await self._async_show("contract_edit", fields)
        self._edited = user_input[CONF_CONTRACT] if user_input else key_of(contracts[0])
        return await self.async_step_contract()

    async def async_step_contract_remove(self, user_input: Input = None) -> ConfigFlowResult:
        """Ask which contract to remove."""
        options = self.config_entry.options
        if user_input is not None:
            edited = edited_contract(options, user_input[CONF_CONTRACT])
            return self.async_create_entry(data=with_contract(options, edited, {}))
        fields = await async_contract_field(self.hass, entered_contracts(options))
        return await self._async_show("contract_remove", fields)

    async def async_step_contract(self, user_input: Input = None) -> ConfigFlowResult:
        """Ask for the values that every bill has."""
        if user_input is not None:
            check_first_page(user_input, self._amounts)
            if not self._amounts.errors:
                self._contract = user_input
                return await self.async_step_contract_details()
        shown = user_input or await self._async_shown_contract()
        return await self._async_show("contract", contract_fields(), shown)

    async def async_step_contract_details(self, user_input: Input = None) -> ConfigFlowResult:
        """Ask for the values that not every bill has, and for the contract's first day."""
        shown = await self._async_shown_contract()
        if user_input is not None:
            first = shown if self._contract is None else self._contract
            typed = {name: value for name, value in first.items() if name in contract_fields()}
            edited = self._edited_contract()
            contract = read_contract(self.hass, edited, typed | user_input, self._amounts)
            if not self._amounts.errors:
                options = with_contract(self.config_entry.options, edited, contract)
                return self.async_create_entry(data=options)
            shown = user_input
        fields = detail_fields(self._amounts.errors)
        locale = await async_user_locale(self.hass)
        placeholders = surcharge_placeholders(locale, self.config_entry)
        return await self._async_show("contract_details", fields, shown, **placeholders)

    async def _async_step_prices_from(self, since: str) -> ConfigFlowResult:
        """Ask for the prices from a day on: of the contract that holds now, or of a new one."""
        now = terms_on(self.config_entry.options, dt_util.now(LUXEMBOURG).date())
        if now.get(CONF_SINCE, "") >= since:
            self._edited = key_of(now)
        else:
            self._day = since
        return await self.async_step_contract_details()

    def _edited_contract(self) -> EditedContract:
        options = self.config_entry.options
        if self._edited is not None:
            return edited_contract(options, self._edited)
        contracts = entered_contracts(options)
        return EditedContract(contracts[-1] if contracts else {}, contracts)

    async def async_step_aids(self, user_input: Input = None) -> ConfigFlowResult:
        """Ask for the state aids and rebates."""
        options, locale = self.config_entry.options, await async_user_locale(self.hass)
        if user_input is not None:
            aids = read_aids(user_input, self._amounts)
            if not self._amounts.errors:
                kept = {name: value for name, value in options.items() if name != CONF_AIDS}
                data = {**kept, CONF_AIDS: aids} if aids else kept
                data = with_confirmed_prices(data, high_prices({CONF_AIDS: aids}))
                return self.async_create_entry(data=data)
        shown = user_input or shown_aids(options, locale)
        return await self._async_show("aids", aid_fields(), shown)

    async def async_step_gas(self, user_input: Input = None) -> ConfigFlowResult:
        """Ask for the kWh in a cubic metre of gas, and for the gas prices."""
        if user_input is not None:
            read = read_gas(user_input, self._amounts)
            if not self._amounts.errors:
                return self._save(read, GAS_OPTIONS)
        locale = await async_user_locale(self.hass)
        shown = user_input or shown_gas(self.config_entry.options, locale)
        return await self._async_show("gas", gas_fields(self.config_entry), shown)

    async def async_step_plan(self, user_input: Input = None) -> ConfigFlowResult:
        """Ask for the power above which the plan runs no load."""
        if user_input is not None:
            read = self._amounts.read_all(user_input, PLAN_AMOUNTS, "options.step.plan")
            if not self._amounts.errors:
                return self._save(read, PLAN_AMOUNTS)
        locale = await async_user_locale(self.hass)
        shown = user_input or locale.amounts(self.config_entry.options, PLAN_AMOUNTS)
        return await self._async_show("plan", PLAN_FIELDS, shown)

    async def async_step_updates(self, user_input: Input = None) -> ConfigFlowResult:
        """Ask for the shortest time between two updates of an entity."""
        if user_input is not None:
            return self._save(user_input, {CONF_MIN_INTERVAL})
        return await self._async_show("updates", UPDATE_FIELDS, self.config_entry.options)

    async def async_step_goal_and_messages(self, user_input: Input = None) -> ConfigFlowResult:
        """Ask for the goal of a month, and for the messages to the household."""
        entry, locale = self.config_entry, await async_user_locale(self.hass)
        shown = shown_goal(entry, locale) | shown_messages(self.hass, entry)
        if user_input is not None:
            shown = with_typed_amount(user_input, shown)
            read = read_goal(shown, self._amounts)
            read |= await async_read_messages(self.hass, entry, shown, self._amounts)
            if not self._amounts.errors:
                return self._save(read, PAGE_OPTIONS)
        fields = goal_fields() | message_fields(self.hass, entry)
        last_year = offered_goal(entry, locale)
        return await self._async_show("goal_and_messages", fields, shown, last_year=last_year)

    async def async_step_sun(self, user_input: Input = None) -> ConfigFlowResult:
        """Ask which inverters and batteries supply the house, and which devices use its energy."""
        entry = self.config_entry
        if user_input is not None:
            for meter in known_meters(self.hass):
                withdraw_issues(self.hass, meter, [Problem.SECOND_METER])
            # The Energy dashboard may have changed since the form was shown.
            return self._save(read_sun(self.hass, entry, self._sources, user_input), user_input)
        self._sources = await async_all_sources(self.hass, entry)
        # All devices belong to the house behind the only meter.
        is_only = is_only_meter(self.hass, entry)
        devices = {} if is_only else await async_all_devices(self.hass, entry)
        fields = sun_fields(self.hass, entry, self._sources)
        fields |= device_fields(self.hass, entry, devices)
        if not fields:
            return await self._async_show("sun_missing", {}, energy=Verbatim(ENERGY_URL))
        return await self._async_show("sun", fields, energy=Verbatim(ENERGY_URL))

    async def async_step_sun_missing(self, _user_input: Input = None) -> ConfigFlowResult:
        """Close the page that says where to enter an inverter. The page has no fields."""
        return self._save({}, ())

    async def async_step_leneda_account(self, user_input: Input = None) -> ConfigFlowResult:
        """Ask for the Leneda account, and test it."""
        stored = self.config_entry.options.get(SECTION_LENEDA, {})
        if user_input is not None:
            try:
                account = await async_read_account(self.hass, stored, user_input)
                if kind_of(self.config_entry) == KIND_LENEDA:
                    check_of_meter(account, str(self.config_entry.unique_id))
            except FieldError as err:
                self._amounts.refused[err.field] = err.key
            else:
                read = {SECTION_LENEDA: account} if account else {}
                return self._save(read, {SECTION_LENEDA})
        shown = shown_account(stored) if user_input is None else user_input
        return await self._async_show("leneda_account", account_fields(), shown)

    async def async_step_sidebar(self, user_input: Input = None) -> ConfigFlowResult:
        """Ask whether the sidebar is to show the dashboard Smarty."""
        if user_input is not None:
            is_shown = user_input[CONF_SIDEBAR]
            await async_set_sidebar(self.hass, self.config_entry, is_shown=is_shown)
            return self._save({CONF_SIDEBAR: True} if is_shown else {}, {CONF_SIDEBAR})
        default = is_in_sidebar(self.hass)
        fields = {vol.Required(CONF_SIDEBAR, default=default): BooleanSelector()}
        return await self._async_show("sidebar", fields)

    async def async_step_other_programs(self, _user_input: Input = None) -> ConfigFlowResult:
        """Show a menu: a page for each way to the readings, and one for the update interval."""
        menu = [P1_SERVER.name, VIRTUAL_METER.name, MQTT.name, "updates"]
        if self.config_entry.options.get(SECTION_VIRTUAL, {}).get(CONF_ENABLED):
            menu.insert(2, "virtual_clients")
        return self.async_show_menu(
            step_id="other_programs",
            menu_options=menu,
            description_placeholders=in_markdown({"name": self._name}),
        )

    async def async_step_p1_server(self, user_input: Input = None) -> ConfigFlowResult:
        """Ask whether other programs read the telegrams, and at which address."""
        return await self._async_step_output(P1_SERVER, user_input)

    async def async_step_virtual_meter(self, user_input: Input = None) -> ConfigFlowResult:
        """Ask whether batteries and chargers read a virtual meter, and which one."""
        addresses = await async_addresses_to_enter(self.hass, self.config_entry)
        return await self._async_step_output(VIRTUAL_METER, user_input, addresses=addresses)

    async def async_step_mqtt(self, user_input: Input = None) -> ConfigFlowResult:
        """Ask whether telegrams are published to the broker, and in which form."""
        suggested = defaults(self.hass, self.config_entry)
        placeholders = {"topic": suggested.topic, "board_topic": suggested.smartyreader_topic}
        return await self._async_step_output(MQTT, user_input, **placeholders)

    async def _async_step_output(
        self, output: OutputSection, user_input: Input, **placeholders: str
    ) -> ConfigFlowResult:
        hass, entry = self.hass, self.config_entry
        if user_input is not None:
            try:
                read = await output.async_read(hass, entry, user_input)
            except FieldError as err:
                self._amounts.refused[err.field] = err.key
            else:
                return self._save({output.name: read}, {output.name})
        fields = output.schema(hass, entry).schema
        shown = user_input or output.shown(entry.options.get(output.name, {}))
        return await self._async_show(output.name, fields, shown, **placeholders)

    async def async_step_virtual_clients(self, user_input: Input = None) -> ConfigFlowResult:
        """Show the clients of the virtual meter. This page has no fields."""
        if user_input is not None:
            return self._save({}, ())
        tables = await async_client_tables(self.hass, self.config_entry)
        return await self._async_show("virtual_clients", {}, None, **tables)

    async def _async_shown_contract(self) -> dict[str, Any]:
        """Return the stored contract as the form shows it. A new contract has no day yet."""
        stored = {**self._edited_contract().stored}
        if self._edited is None:
            stored |= {CONF_SINCE: self._day}
        return shown_contract(stored, await async_user_locale(self.hass))

    def _save(self, read: Mapping[str, Any], own: Container[str]) -> ConfigFlowResult:
        """Replace the stored options in `own` with `read`. Keep all other stored options."""
        stored = self.config_entry.options
        kept = {name: value for name, value in stored.items() if name not in own}
        data = with_registry_ids(self.hass, kept | dict(read), read)
        return self.async_create_entry(data=data)
