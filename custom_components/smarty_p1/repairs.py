"""Dialogs of the repair issues, such as missing network prices or a refused Leneda key.

All users share an issue, so its placeholders contain no words. The dialogs add texts in the
language of the user who opens them.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import override

import voluptuous as vol
from homeassistant.components.repairs import (
    ConfirmRepairFlow,
    FlowType,
    RepairsFlow,
    RepairsFlowResult,
)
from homeassistant.config_entries import SOURCE_RECONFIGURE, ConfigEntry, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import AbortFlow
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util

from .const import (
    CONF_BATTERIES,
    CONF_ENERGY_ID,
    CONF_NO_BATTERIES,
    CONF_PRICES_CONFIRMED,
    CONF_SINCE,
    DOMAIN,
    SECTION_LENEDA,
    SECTION_VIRTUAL,
)
from .coordinator.entry_types import short_title
from .coordinator.meter_records import MeterRecords
from .coordinator.repair_issues import ENTRY_ID
from .coordinator.telegram_source import MeterConfigEntry
from .dashboards import Offer, async_move, async_offers, async_undo
from .entity import mbus_device
from .flows.boards.message_value import CONF_VALUE, value_field, with_chosen_value
from .flows.form import Form, Input
from .flows.options.contract_form import async_list_high_prices
from .flows.options.leneda_account import api_key_fields, async_read_key
from .flows.options.meter_options import CONTRACTS, DETAILS
from .flows.options.older_prices_sentence import async_older_prices_sentence
from .flows.shared_form_fields import list_field
from .lib.boards.board_message import MessageValue
from .lib.entities.devices import short_serial
from .lib.json_types import JsonDict, JsonMapping
from .lib.markdown_text import TextPlaceholders, Verbatim, as_plain, in_markdown
from .lib.meter.held_back_totals import REGISTERS
from .lib.meter.object_count_and_rate_limits import shown_name
from .lib.prices.entered_contract import high_prices, prices_to_replace, with_confirmed_prices
from .lib.problem import Problem
from .lib.virtual.clients import Profile
from .lib.virtual.virtual_meter import MAX_BATTERIES
from .sinks.shown_clients import clients_of
from .user_requests.user_locale import async_user_locale

# Field of the dialog that moves sources of the Energy dashboard.
_SOURCES = "sources"
_REMOVED = "entry_removed"


class ReconfigureRepairFlow(ConfirmRepairFlow):
    """Dialog that explains an issue and opens the reconfiguration.

    After the reconfiguration, the next accepted reading ends the issue.
    """

    @override
    async def async_step_confirm(self, user_input: Input = None) -> RepairsFlowResult:
        """Show the explanation. Then open the dialog for port and keys."""
        if user_input is None:
            placeholders = _placeholders_of(self)
            if reason := placeholders.get("reason"):
                locale = await async_user_locale(self.hass)
                key = f"exceptions.{reason}.message"
                placeholders["reason"] = await locale.async_text(self.hass, key, **placeholders)
            return _show_confirmation(self, placeholders)
        entry = _entry_of(self)
        flow = await self.hass.config_entries.flow.async_init(
            DOMAIN, context={"source": SOURCE_RECONFIGURE, "entry_id": entry.entry_id}
        )
        return self.async_abort(
            reason="reconfigure", next_flow=(FlowType.CONFIG_FLOW, flow["flow_id"])
        )


class MeterClockRepairFlow(ConfirmRepairFlow):
    """Dialog to confirm that the meter's clock is wrong.

    The deviation of the clock is then stored. So the next telegram counts as current, and
    quarter-hours follow the meter's clock.
    """

    @override
    async def async_step_confirm(self, user_input: Input = None) -> RepairsFlowResult:
        """Show the deviation of the meter's clock. If the user confirms it, store it."""
        if user_input is None:
            return await super().async_step_confirm()
        entry = _loaded_entry_of(self)
        entry.runtime_data.source.confirm_clock()
        return self.async_create_entry(data={})


class MBusMeterExchangedRepairFlow(ConfirmRepairFlow):
    """Dialog that says which gas, water or heat meters were exchanged, and what to do."""

    @override
    async def async_step_confirm(self, user_input: Input = None) -> RepairsFlowResult:
        """Show the meters. If the user confirms, forget that they were exchanged."""
        entry = _loaded_entry_of(self)
        records: MeterRecords = entry.runtime_data.records
        if user_input is None:
            lines = [
                f"- {await _async_meter_name(self.hass, entry, old)}"
                f" → {await _async_meter_name(self.hass, entry, new)}"
                for old, new in records.exchanged_meters.items()
            ]
            return _show_confirmation(self, _placeholders_of(self) | {"meters": "\n".join(lines)})
        records.forget_exchanged()
        return self.async_create_entry(data={})


class TotalHeldBackRepairFlow(ConfirmRepairFlow):
    """Dialog that says which totals have fallen or leapt, and makes them go on at once."""

    @override
    async def async_step_confirm(self, user_input: Input = None) -> RepairsFlowResult:
        """Show the totals. If the user confirms, they go on with the next telegram."""
        entry = _loaded_entry_of(self)
        totals = entry.runtime_data.records.memory.totals
        if user_input is not None:
            totals.confirm()
            return self.async_create_entry(data={})
        locale = await async_user_locale(self.hass)
        lines = []
        for name, index in totals.held.items():
            meter = name if name in REGISTERS else await _async_meter_name(self.hass, entry, name)
            before, now = (
                locale.number(str(value)) for value in (index.value, index.held[-1].value)
            )
            lines.append(f"- {meter}: {before} → {now}")
        return _show_confirmation(self, _placeholders_of(self) | {"totals": "\n".join(lines)})


async def _async_meter_name(hass: HomeAssistant, entry: MeterConfigEntry, identity: str) -> str:
    """Return the name that the user has given an M-Bus meter's device, or its first name."""
    coordinator = entry.runtime_data
    device = mbus_device(coordinator, identity)
    if device and device.name_by_user:
        return as_plain(device.name_by_user)
    locale = await async_user_locale(hass)
    kind = coordinator.records.memory.mbus_meters.type_of(identity)
    serial = as_plain(shown_name(short_serial(identity)))
    return (await locale.async_text(hass, f"device.{kind}.name", serial=serial)).strip()


class EnergySourcesRepairFlow(RepairsFlow):
    """Dialog that moves sources of the Energy dashboard from entities to hourly statistics."""

    _offers: Sequence[Offer] = ()

    async def async_step_init(self, _user_input: Input = None) -> RepairsFlowResult:
        """Show the form. Home Assistant calls this step with the issue's id instead of None."""
        return await self.async_step_sources()

    async def async_step_sources(self, user_input: Input = None) -> RepairsFlowResult:
        """Let the user choose the sources to move. Sources that are not chosen stay for good."""
        entry = _loaded_entry_of(self)
        if user_input is not None:
            offers = [self._offers[int(number)] for number in user_input[_SOURCES]]
            has_moved = await async_move(self.hass, entry, offers)
            return self.async_abort(reason="energy_moved" if has_moved else "energy_kept")
        if not (offers := await async_offers(self.hass, entry)):
            return self.async_abort(reason="energy_kept")
        # The sources can change while the dialog is open, so keep the offers that it shows.
        self._offers = offers
        locale = await async_user_locale(self.hass)
        selector = list_field(
            ((str(number), offer.text(locale.day)) for number, offer in enumerate(offers)),
            is_multiple=True,
        )
        chosen = [str(number) for number, offer in enumerate(offers) if offer.is_complete]
        return self.async_show_form(
            step_id="sources",
            data_schema=vol.Schema({vol.Required(_SOURCES, default=chosen): selector}),
            description_placeholders=in_markdown({"name": Verbatim(short_title(entry))}),
        )


class ChoiceRepairFlow(RepairsFlow):
    """Dialog with a menu of choices. Each choice is a function, and a step of the same name."""

    def __init__(self, choices: Mapping[str, _Choice], texts: _Texts | None = None) -> None:
        """`texts` returns further placeholders of the menu, in the user's language."""
        super().__init__()
        self.placeholders: dict[str, str] = {}
        """Placeholders of the issue, as they were when the menu was shown."""
        self._choices = [*choices]
        self._texts = texts
        for name, choice in choices.items():
            setattr(self, f"async_step_{name}", partial(self._async_choose, choice))

    async def async_step_init(self, _user_input: Input = None) -> RepairsFlowResult:
        """Show the menu. The placeholders of the issue fill the menu's text."""
        self.placeholders = _placeholders_of(self)
        texts = await self._texts(self, _entry_of(self)) if self._texts else {}
        return self.async_show_menu(
            step_id="init",
            menu_options=self._choices,
            description_placeholders=self.placeholders | texts,
        )

    async def _async_choose(self, choice: _Choice, _user_input: Input) -> RepairsFlowResult:
        return await choice(self, _entry_of(self))


async def _async_older_prices(flow: ChoiceRepairFlow, entry: ConfigEntry) -> dict[str, str]:
    older = prices_to_replace(dt_util.utcnow(), entry.options)
    if not older:
        return {"prices": ""}
    locale = await async_user_locale(flow.hass)
    return {"prices": await async_older_prices_sentence(flow.hass, older, locale)}


async def _async_accept_older_prices(
    flow: ChoiceRepairFlow, entry: ConfigEntry
) -> RepairsFlowResult:
    """Accept the published prices for the year that the issue names. Then the issue ends."""
    options = {**entry.options, CONF_PRICES_CONFIRMED: int(flow.placeholders["year"])}
    flow.hass.config_entries.async_update_entry(entry, options=options)
    return flow.async_create_entry(data={})


async def _async_enter_newer_prices(
    flow: ChoiceRepairFlow, entry: ConfigEntry
) -> RepairsFlowResult:
    """Open the contract page of the options. The issue ends when all prices are entered."""
    data = {**DETAILS, CONF_SINCE: f"{flow.placeholders['year']}-01-01"}
    return await _async_open_options(flow, entry, "enter", data)


async def _async_keep_moved(flow: ChoiceRepairFlow, _entry: ConfigEntry) -> RepairsFlowResult:
    """End the issue. The sources of the Energy dashboard stay as they are."""
    return flow.async_create_entry(data={})


async def _async_undo_move(flow: ChoiceRepairFlow, _entry: ConfigEntry) -> RepairsFlowResult:
    """Give the sources of the Energy dashboard their former entities."""
    await async_undo(flow.hass, _loaded_entry_of(flow))
    return flow.async_create_entry(data={})


async def _async_high_prices(flow: ChoiceRepairFlow, entry: ConfigEntry) -> dict[str, str]:
    return {"prices": await async_list_high_prices(flow.hass, entry.options)}


async def _async_confirm_high_prices(
    flow: ChoiceRepairFlow, entry: ConfigEntry
) -> RepairsFlowResult:
    """Store that the prices are right. Then the issue ends."""
    options = with_confirmed_prices(entry.options, high_prices(entry.options))
    flow.hass.config_entries.async_update_entry(entry, options=options)
    return flow.async_create_entry(data={})


async def _async_correct_high_prices(
    flow: ChoiceRepairFlow, entry: ConfigEntry
) -> RepairsFlowResult:
    """Open the contracts in the options. Saving them ends the issue."""
    return await _async_open_options(flow, entry, "correct", CONTRACTS)


async def _async_seconds(flow: ChoiceRepairFlow, _entry: ConfigEntry) -> dict[str, str]:
    locale = await async_user_locale(flow.hass)
    return {"seconds": locale.number(flow.placeholders.get("seconds", ""))}


async def _async_store_battery(flow: ChoiceRepairFlow, entry: ConfigEntry) -> RepairsFlowResult:
    """Store that the client is a battery.

    Once a battery is stored, other clients get no answers by UDP. So also store the clients that
    have counted as batteries until now because they ask by UDP. The options accept at most
    MAX_BATTERIES addresses. If too many clients count as batteries, store the clients with the
    latest requests.
    """
    clients = clients_of(flow.hass, entry)
    batteries = [client.address for client in clients if client.profile is Profile.BATTERY]
    return _store_client(flow, entry, CONF_BATTERIES, *batteries[: MAX_BATTERIES - 1])


async def _async_store_no_battery(flow: ChoiceRepairFlow, entry: ConfigEntry) -> RepairsFlowResult:
    """Store that the client is not a battery, so that the issue does not return."""
    return _store_client(flow, entry, CONF_NO_BATTERIES)


def _store_client(
    flow: ChoiceRepairFlow, entry: ConfigEntry, name: str, *others: str
) -> RepairsFlowResult:
    section = _section_of(entry, SECTION_VIRTUAL)
    addresses = dict.fromkeys([*section[name], *others, flow.placeholders["address"]])
    section = {**section, name: list(addresses)}
    options = {**entry.options, SECTION_VIRTUAL: section}
    return _store_and_reload(flow, entry, options=options)


class LenedaKeyRepairFlow(RepairsFlow):
    """Dialog that asks for a new Leneda API key and tests it."""

    def __init__(self) -> None:
        super().__init__()
        self._form = Form(self, lambda: short_title(_entry_of(self)))

    async def async_step_init(self, _user_input: Input = None) -> RepairsFlowResult:
        """Show the form. Home Assistant calls this step with the issue's id instead of None."""
        return await self.async_step_key()

    async def async_step_key(self, user_input: Input = None) -> RepairsFlowResult:
        """Ask for the key. Store it after Leneda has accepted it."""
        entry = _entry_of(self)
        account = _section_of(entry, SECTION_LENEDA)
        read = await self._form.async_accept(
            user_input,
            lambda typed: async_read_key(self.hass, account, typed, self._form.inputs),
        )
        if read is not None:
            options = {**entry.options, SECTION_LENEDA: read}
            return _store_and_reload(self, entry, options=options)
        shown = {CONF_ENERGY_ID: account[CONF_ENERGY_ID]}
        return await self._form.async_show("key", api_key_fields(), shown)


class MessageValueRepairFlow(RepairsFlow):
    """Dialog that asks for the value in a pulse board's JSON messages that counts pulses."""

    _values: Sequence[MessageValue] = ()

    async def async_step_init(self, _user_input: Input = None) -> RepairsFlowResult:
        """Show the form. Home Assistant calls this step with the issue's id instead of None."""
        return await self.async_step_value()

    async def async_step_value(self, user_input: Input = None) -> RepairsFlowResult:
        """Show the values that the board has sent. Then store the chosen value."""
        entry = _loaded_entry_of(self)
        if user_input is not None:
            data = with_chosen_value(entry.data, self._values, user_input[CONF_VALUE])
            return _store_and_reload(self, entry, data=data)
        # More values can come while the dialog is open, so keep the values that it shows.
        survey = entry.runtime_data.counter.meter.survey
        self._values, best = survey.values, survey.best
        return self.async_show_form(
            step_id="value",
            data_schema=vol.Schema(value_field(self._values, best)),
            description_placeholders=in_markdown({"name": Verbatim(short_title(entry))}),
        )


def _entry_of(flow: RepairsFlow) -> ConfigEntry:
    """Return the entry of the issue. If it was removed, end the dialog."""
    entry = flow.hass.config_entries.async_get_entry(str((flow.data or {})[ENTRY_ID]))
    if entry is None:
        raise AbortFlow(_REMOVED)
    return entry


def _loaded_entry_of(flow: RepairsFlow) -> ConfigEntry:
    """Return the entry of the issue. If it is removed or not loaded, end the dialog."""
    entry = _entry_of(flow)
    if entry.state is not ConfigEntryState.LOADED:
        raise AbortFlow(_REMOVED)
    return entry


def _section_of(entry: ConfigEntry, name: str) -> JsonDict:
    """Return a section of the options. If it was removed, end the dialog."""
    section: JsonDict = entry.options.get(name) or {}
    if not section:
        raise AbortFlow(_REMOVED)
    return section


def _store_and_reload(
    flow: RepairsFlow, entry: ConfigEntry, **changes: JsonMapping
) -> RepairsFlowResult:
    """Store `changes` (data or options) in the entry, load it again, and end the issue."""
    entries = flow.hass.config_entries
    entries.async_update_entry(entry, **changes)  # type: ignore[arg-type] # data or options
    entries.async_schedule_reload(entry.entry_id)
    return flow.async_create_entry(data={})


def _placeholders_of(flow: RepairsFlow) -> dict[str, str]:
    """Return the placeholders of a dialog's issue, {} if the issue has ended meanwhile."""
    issue = ir.async_get(flow.hass).async_get_issue(DOMAIN, flow.issue_id)
    return dict(issue.translation_placeholders or {}) if issue else {}


def _show_confirmation(flow: RepairsFlow, placeholders: TextPlaceholders) -> RepairsFlowResult:
    return flow.async_show_form(
        step_id="confirm", data_schema=vol.Schema({}), description_placeholders=placeholders
    )


async def _async_open_options(
    flow: RepairsFlow, entry: ConfigEntry, reason: str, data: Mapping[str, str]
) -> RepairsFlowResult:
    """End the dialog with `reason`, and open the page of the options that `data` names."""
    options = await flow.hass.config_entries.options.async_init(entry.entry_id, data={**data})
    return flow.async_abort(reason=reason, next_flow=(FlowType.OPTIONS_FLOW, options["flow_id"]))


type _Choice = Callable[[ChoiceRepairFlow, ConfigEntry], Awaitable[RepairsFlowResult]]
type _Texts = Callable[[ChoiceRepairFlow, ConfigEntry], Awaitable[dict[str, str]]]
# Only these: the dialogs of the other problems are that of the port and the keys.
_FLOWS: Mapping[Problem, Callable[[], RepairsFlow]] = {
    Problem.NETWORK_PRICES: partial(
        ChoiceRepairFlow,
        {"keep": _async_accept_older_prices, "enter": _async_enter_newer_prices},
        _async_older_prices,
    ),
    Problem.HIGH_PRICES: partial(
        ChoiceRepairFlow,
        {"correct": _async_correct_high_prices, "keep": _async_confirm_high_prices},
        _async_high_prices,
    ),
    Problem.LENEDA_KEY: LenedaKeyRepairFlow,
    Problem.VIRTUAL_BATTERY: partial(
        ChoiceRepairFlow,
        {"battery": _async_store_battery, "no_battery": _async_store_no_battery},
        _async_seconds,
    ),
    Problem.METER_CLOCK: MeterClockRepairFlow,
    Problem.TELEGRAMS_LATE: MeterClockRepairFlow,
    Problem.MBUS_METER_EXCHANGED: MBusMeterExchangedRepairFlow,
    Problem.TOTAL_HELD_BACK: TotalHeldBackRepairFlow,
    Problem.OBJECT_PER_PULSE: MessageValueRepairFlow,
    Problem.OBJECT_NOT_COUNTED: MessageValueRepairFlow,
    Problem.ENERGY_SOURCES: EnergySourcesRepairFlow,
    Problem.ENERGY_MOVED: partial(
        ChoiceRepairFlow, {"keep": _async_keep_moved, "undo": _async_undo_move}
    ),
}


async def async_create_fix_flow(
    _hass: HomeAssistant, issue_id: str, _data: dict[str, str | int | float | None] | None
) -> RepairsFlow:
    """Return a new dialog for the repair issue with this id."""
    flows = (flow for problem, flow in _FLOWS.items() if issue_id.startswith(problem))
    return next(flows, ReconfigureRepairFlow)()
