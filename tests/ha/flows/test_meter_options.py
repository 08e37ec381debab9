"""The menu of the options: what each page stores, and what it leaves alone."""

from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.ha.conftest import EntryMaker
from tests.ha.dialogs import enter_contract, open_options
from tests.ha.meter import MeterPort
from tests.ha.support import TELEGRAM, set_up

SERVER = {"enabled": False, "address": "127.0.0.1", "port": 2001}
# All that a page is about, and what a version to come may have stored.
STORED: dict[str, Any] = {
    "reference_power": 7.0,
    "meter_ampere": "63",
    "vat": True,
    "energy_price": 0.15,
    "prices_confirmed": 2027,
    "min_interval": 10,
    "p1_server": SERVER,
    "of_a_later_version": {"kept": True},
}


@pytest.fixture
async def entry(hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker) -> MockConfigEntry:
    """Return an entry that has options of every page; its meter answers each reload."""
    entry = await set_up(hass, port, make_entry, **STORED)
    port.greeting = lambda: port.next_frame(TELEGRAM)
    return entry


async def test_the_options_begin_with_a_menu(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    menu = await hass.config_entries.options.async_init(entry.entry_id)

    assert menu["type"] is FlowResultType.MENU
    assert menu["menu_options"] == ["contract", "updates", "other_programs"]
    assert menu["description_placeholders"] == {"name": "Smarty 2574"}


@pytest.mark.parametrize(
    ("page", "fields"),
    [
        ("updates", ["min_interval"]),
        ("other_programs", ["p1_server", "mqtt"]),
    ],
)
async def test_a_page_is_about_one_thing(
    hass: HomeAssistant, entry: MockConfigEntry, page: str, fields: list[str]
) -> None:
    form = await open_options(hass, entry, page)

    assert form["data_schema"]
    assert [str(key) for key in form["data_schema"].schema] == fields


@pytest.mark.parametrize(
    ("page", "typed", "changed"),
    [
        ("updates", {"min_interval": 30}, {"min_interval": 30}),
        (
            "other_programs",
            {"p1_server": {**SERVER, "port": 2005}},
            {"p1_server": {**SERVER, "port": 2005}},
        ),
        ("other_programs", {}, {}),
    ],
)
async def test_a_page_leaves_what_others_store(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    page: str,
    typed: dict[str, Any],
    changed: dict[str, Any],
) -> None:
    form = await open_options(hass, entry, page)
    result = await hass.config_entries.options.async_configure(form["flow_id"], typed)
    await hass.async_block_till_done()

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert dict(entry.options) == STORED | changed


async def test_the_contract_leaves_what_others_store(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    result = await enter_contract(hass, entry, {"reference_power": "12"})
    await hass.async_block_till_done()

    assert result["type"] is FlowResultType.CREATE_ENTRY
    # From before levies were known, the contract goes on without them.
    changed = STORED | {"reference_power": 12.0, "energy_fee_per": "month", "with_levies": False}
    del changed["energy_price"]
    assert dict(entry.options) == changed
