"""Ways through the dialogs."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import probatio
from homeassistant.components.repairs import (
    RepairsFlowContext,
    RepairsFlowResult,
    repairs_flow_manager,
)
from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    SOURCE_USER,
    ConfigEntriesFlowManager,
    ConfigFlowResult,
    OptionsFlowManager,
)
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResult, FlowResultType, section
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry

import custom_components.smarty_p1
from smartyp1.json_types import JsonDict, JsonMapping

_TRANSLATIONS = Path(custom_components.smarty_p1.__file__).parent / "translations"
_AMOUNT_ERRORS = [
    (key, *text["message"].split(f"{{{key}}}"))
    for key, text in json.loads((_TRANSLATIONS / "en.json").read_text())["exceptions"].items()
    if key.startswith("amount_")
]
PROGRESS = {"wait_for_telegram", "wait_for_same_meter", "wait_for_pulse", "wait_for_sensor"}


async def advance(
    hass: HomeAssistant, flow: FlowResult[Any, Any], user_input: JsonDict | None = None
) -> ConfigFlowResult:
    """Fill in the form, or look at a dialog that shows progress; return what it shows at once."""
    return await hass.config_entries.flow.async_configure(flow["flow_id"], user_input)


async def start(hass: HomeAssistant, *path: str) -> ConfigFlowResult:
    """Open the dialog, and choose in its menus, by default a meter."""
    result = await hass.config_entries.flow.async_init("smarty_p1", context={"source": SOURCE_USER})
    assert result["step_id"] == "user"
    for step in path or ("meter",):
        assert result["type"] is FlowResultType.MENU
        assert step in result["menu_options"]
        result = await advance(hass, result, {"next_step_id": step})
        assert result["step_id"] == step
    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == {}
    return result


async def reconfigure(hass: HomeAssistant, entry: MockConfigEntry, *path: str) -> ConfigFlowResult:
    """Open the dialog that changes an entry, and choose in its menus."""
    result = await hass.config_entries.flow.async_init(
        "smarty_p1", context={"source": SOURCE_RECONFIGURE, "entry_id": entry.entry_id}
    )
    for step in path:
        result = await advance(hass, result, {"next_step_id": step})
    return result


async def submit(
    hass: HomeAssistant, flow: ConfigFlowResult, user_input: JsonDict
) -> ConfigFlowResult:
    """Fill in the form, wait as long as the dialog shows progress, and return the next step."""
    result = await flows(hass, flow).async_configure(flow["flow_id"], user_input)
    return await settle(hass, result)


def schema_of(form: FlowResult[Any, Any]) -> Any:  # noqa: ANN401 - as voluptuous has it
    assert form["data_schema"]
    return form["data_schema"]


def markers(form: FlowResult[Any, Any]) -> JsonDict:
    """Return the markers of a form's fields by their names."""
    return {str(marker): marker for marker in schema_of(form).schema}


def in_sections(form: FlowResult[Any, Any], typed: JsonMapping) -> JsonDict:
    """Return typed values as a form takes them: those of its sections one level deeper.

    Of a section without typed values, nothing is submitted.
    """
    nested = dict(typed)
    for marker, field in schema_of(form).schema.items():
        if isinstance(field, section):
            inner = {str(name) for name in field.schema.schema} & typed.keys()
            if inner:
                nested[str(marker)] = {name: nested.pop(name) for name in inner}
    return nested


def place_of(form: FlowResult[Any, Any], name: str) -> str:
    """Return the field of a form that shows the error of a field: itself, or its section."""
    for marker, field in schema_of(form).schema.items():
        if isinstance(field, section) and name in map(str, field.schema.schema):
            return str(marker)
    return name


def told(result: ConfigFlowResult) -> Mapping[str, str]:
    """Return the placeholders of a step, and the refused amounts by the keys of their errors."""
    amounts = dict(_refused_amounts(result).values())
    return {**(result["description_placeholders"] or {}), **amounts}


def errors_of(form: FlowResult[Any, Any]) -> dict[str, str]:
    """Return the keys of a form's errors by field, also for amounts, which have their own texts."""
    keys = {field: key for field, (key, _) in _refused_amounts(form).items()}
    return {**(form["errors"] or {}), **keys}


def _refused_amounts(form: FlowResult[Any, Any]) -> dict[str, tuple[str, str]]:
    """Return the key of each error of an amount by field, and the amounts that its text names."""
    return {
        field: (key, text.removeprefix(before).removesuffix(behind))
        for field, text in (form.get("errors") or {}).items()
        for key, before, behind in _AMOUNT_ERRORS
        if text.startswith(before) and text.endswith(behind)
    }


def is_done(result: Mapping[str, object], reason: str) -> bool:
    return (result["type"], result["reason"]) == (FlowResultType.ABORT, reason)


def is_created(result: Mapping[str, object]) -> bool:
    return result["type"] is FlowResultType.CREATE_ENTRY


async def settle(hass: HomeAssistant, result: ConfigFlowResult) -> ConfigFlowResult:
    """Wait as long as the dialog shows progress, and return the next step."""
    while result["type"] is FlowResultType.SHOW_PROGRESS:
        assert result["progress_action"] in PROGRESS
        await asyncio.sleep(0.01)
        result = await flows(hass, result).async_configure(result["flow_id"])
    await hass.async_block_till_done()
    return result


def flows(
    hass: HomeAssistant, result: ConfigFlowResult
) -> ConfigEntriesFlowManager | OptionsFlowManager:
    """Return the manager of a dialog: a dialog that adds or changes an entry, or its options."""
    of_all = hass.config_entries
    return of_all.flow if result["handler"] == "smarty_p1" else of_all.options


OF_OTHER_PROGRAMS = ("p1_server", "virtual_meter", "virtual_clients", "mqtt", "updates")
"""Pages behind the page *Other programs*."""


async def open_options(
    hass: HomeAssistant, entry: MockConfigEntry, page: str = "contracts"
) -> ConfigFlowResult:
    """Open a page. A list of contracts leads to its last one, which is edited."""
    menu = await hass.config_entries.options.async_init(entry.entry_id)
    assert menu["type"] is FlowResultType.MENU
    choose = hass.config_entries.options.async_configure
    if page in OF_OTHER_PROGRAMS:
        menu = await choose(menu["flow_id"], {"next_step_id": "other_programs"})
    assert page in menu["menu_options"]
    form = await choose(menu["flow_id"], {"next_step_id": page})
    if form.get("step_id") == "contracts":
        form = await choose(menu["flow_id"], {"next_step_id": "contract_edit"})
    if form.get("step_id") == "contract_edit":
        form = await choose(menu["flow_id"], {})
    return form


async def add_contract(
    hass: HomeAssistant, entry: MockConfigEntry, typed: JsonMapping
) -> ConfigFlowResult:
    """Add a contract to the list: fill in both of its pages."""
    menu = await hass.config_entries.options.async_init(entry.entry_id)
    for page in ("contracts", "contract_add"):
        menu = await submit(hass, menu, {"next_step_id": page})
    return await fill_contract(hass, menu, typed)


def contract_in(entry: MockConfigEntry) -> JsonDict:
    """Return the last contract in the options of an entry, {} without contracts."""
    return dict([{}, *entry.options.get("contracts", ())][-1])


async def enter_aids(
    hass: HomeAssistant, entry: MockConfigEntry, typed: JsonMapping
) -> ConfigFlowResult:
    """Fill in the page of the aids."""
    form = await open_options(hass, entry, "aids")
    return await submit(hass, form, dict(typed))


FIRST_PAGE = {"reference_power", "energy_price", "energy_fee", "energy_fee_per", "discount"}


async def enter_contract(
    hass: HomeAssistant, entry: MockConfigEntry, typed: JsonMapping
) -> ConfigFlowResult:
    """Fill in both pages of the contract, or the first one if something is wrong with it."""
    form = await open_options(hass, entry)
    return await fill_contract(hass, form, typed)


async def fill_contract(
    hass: HomeAssistant, form: ConfigFlowResult, typed: JsonMapping
) -> ConfigFlowResult:
    """Fill in the pages of the contract, beginning with the shown page."""
    form = await submit(hass, form, {name: typed[name] for name in typed.keys() & FIRST_PAGE})
    if form["step_id"] == "contract":
        return form
    return await submit(hass, form, {name: typed[name] for name in typed.keys() - FIRST_PAGE})


def suggested(result: FlowResult[Any, Any]) -> JsonDict:
    """Return the values that the form suggests."""

    def read(schema: probatio.Schema) -> JsonDict:
        return {
            str(marker.schema): read(field.schema)
            if isinstance(field, section)
            else (marker.description or {}).get("suggested_value")
            for marker, field in schema.schema.items()
        }

    return read(schema_of(result))


async def open_details(hass: HomeAssistant, entry: MockConfigEntry) -> ConfigFlowResult:
    """Open the second page of the contract; the first page stays unchanged."""
    form = await open_options(hass, entry)
    shown = {name: value for name, value in suggested(form).items() if value is not None}
    return await hass.config_entries.options.async_configure(form["flow_id"], shown)


def is_advanced_open(result: ConfigFlowResult) -> bool:
    return not schema_of(result).schema["advanced"].options["collapsed"]


async def confirm(
    hass: HomeAssistant, found: ConfigFlowResult, **typed: object
) -> ConfigFlowResult:
    """Confirm the meter that was found; all fields may be left unchanged."""
    assert found["type"] is FlowResultType.FORM
    assert found["step_id"] in {"contract", "contract_without_cable"}
    assert (found["errors"], found["last_step"]) == ({}, True)
    result = await advance(hass, found, typed)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    return result


async def open_repair(hass: HomeAssistant, issue_id: str) -> RepairsFlowResult:
    assert await async_setup_component(hass, "repairs", {})
    repairs = repairs_flow_manager(hass)
    assert repairs
    return await repairs.async_init("smarty_p1", context=RepairsFlowContext(issue_id=issue_id))


async def repair_text(hass: HomeAssistant, issue_id: str, name: str) -> str:
    """Return a text that the dialog of an issue shows in the place of a placeholder."""
    dialog = await open_repair(hass, issue_id)
    return (dialog["description_placeholders"] or {})[name]


async def fill_in(
    hass: HomeAssistant, form: RepairsFlowResult, typed: JsonDict
) -> RepairsFlowResult:
    """Return the next step of an issue's dialog after its form."""
    repairs = repairs_flow_manager(hass)
    assert repairs
    result = await repairs.async_configure(form["flow_id"], typed)
    await hass.async_block_till_done()
    return result


async def choose(hass: HomeAssistant, menu: RepairsFlowResult, step: str) -> RepairsFlowResult:
    return await fill_in(hass, menu, {"next_step_id": step})
