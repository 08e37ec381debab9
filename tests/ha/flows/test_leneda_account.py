"""The page on which the national platform is allowed to be asked: tried, stored, forgotten."""

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from homeassistant.config_entries import ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smarty_p1.diagnostics import async_get_config_entry_diagnostics
from dev.leneda import Fault, Platform
from tests.ha.dialogs import open_options, submit
from tests.ha.leneda import (
    ENERGY_ID,
    EXPORTED,
    IMPORTED,
    KEY,
    POINT,
    PRIVATE,
    PRODUCTION_POINT,
    utc,
)
from tests.ha.support import TELEGRAM, Home

ACCOUNT = {"api_key": KEY, "energy_id": ENERGY_ID, "consumption_point": POINT}
WITH_PANELS = {**ACCOUNT, "production_point": PRODUCTION_POINT}


@pytest.fixture
async def entry(home: Home) -> AsyncGenerator[MockConfigEntry]:
    """Return an entry whose meter answers each reload."""
    entry = await home.set_up(min_interval=10)
    home.port.greeting = lambda: home.port.next_frame(TELEGRAM)
    yield entry
    # Its statistics would wait for the entity.
    assert await home.hass.config_entries.async_unload(entry.entry_id)


async def enter(
    hass: HomeAssistant, entry: MockConfigEntry, typed: dict[str, str]
) -> ConfigFlowResult:
    form = await open_options(hass, entry, "leneda_account")
    return await submit(hass, form, typed)


def suggested(form: ConfigFlowResult) -> dict[str, Any]:
    """Return what the fields of a form show."""
    assert form["data_schema"]
    return {
        str(marker): (marker.description or {}).get("suggested_value")
        for marker in form["data_schema"].schema
    }


async def test_an_account_is_tried_and_stored(
    hass: HomeAssistant, platform: Platform, entry: MockConfigEntry
) -> None:
    platform.series[PRODUCTION_POINT, EXPORTED] = lambda _start: 1.0
    spaced = {
        **WITH_PANELS,
        "api_key": f" {KEY}\n",
        "consumption_point": f"{POINT[:7]} {POINT[7:]}",
    }

    result = await enter(hass, entry, spaced)

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert dict(entry.options) == {"min_interval": 10, "leneda": WITH_PANELS}
    asked = platform.requests[:2]
    assert [(each.point, each.code) for each in asked] == [
        (POINT, IMPORTED),
        (PRODUCTION_POINT, EXPORTED),
    ]
    assert (asked[0].end - asked[0].start).days == 1
    told = json.dumps(await async_get_config_entry_diagnostics(hass, entry), default=str)
    assert not [secret for secret in PRIVATE if secret in told]


async def test_a_point_of_gas_is_tried_and_is_in_no_diagnostics(
    hass: HomeAssistant, platform: Platform, entry: MockConfigEntry
) -> None:
    point = "LU0000012345678901234000000000009"
    with_gas = {**ACCOUNT, "gas_point": point}
    form = await enter(hass, entry, with_gas)
    assert form["errors"] == {"gas_point": "leneda_unknown_point"}
    form = await enter(hass, entry, {**ACCOUNT, "gas_point": "LU1"})
    assert form["errors"] == {"gas_point": "leneda_point_malformed"}

    platform.series[point, "7-1:99.23.17"] = lambda _start: 0.25
    assert (await enter(hass, entry, with_gas))["type"] is FlowResultType.CREATE_ENTRY
    assert entry.options["leneda"] == with_gas
    told = json.dumps(await async_get_config_entry_diagnostics(hass, entry), default=str)
    assert point not in told


async def test_the_key_is_not_shown_again(
    hass: HomeAssistant, platform: Platform, entry: MockConfigEntry
) -> None:
    await enter(hass, entry, ACCOUNT)

    form = await open_options(hass, entry, "leneda_account")
    shown = suggested(form)
    assert shown == {
        "api_key": "REDACTED",
        "energy_id": ENERGY_ID,
        "consumption_point": POINT,
        "production_point": None,
        "gas_point": None,
    }
    typed = {name: text for name, text in shown.items() if text}
    await submit(hass, form, typed)
    assert entry.options["leneda"] == ACCOUNT
    assert not platform.refused


async def test_an_empty_key_switches_it_off_and_is_forgotten(
    hass: HomeAssistant, platform: Platform, entry: MockConfigEntry
) -> None:
    await enter(hass, entry, ACCOUNT)
    assert [task for task in asyncio.all_tasks() if task.get_name().endswith("Leneda")]
    asked = len(platform.requests)

    typed = {name: text for name, text in ACCOUNT.items() if name != "api_key"}
    assert (await enter(hass, entry, typed))["type"] is FlowResultType.CREATE_ENTRY

    assert dict(entry.options) == {"min_interval": 10}
    assert not [task for task in asyncio.all_tasks() if task.get_name().endswith("Leneda")]
    assert len(platform.requests) <= asked + 1


WRONG = [
    ({"api_key": "another"}, "api_key", "leneda_invalid_auth"),
    ({"energy_id": "LUXE-AB-CD-99999"}, "api_key", "leneda_invalid_auth"),
    ({"api_key": "schlüssel"}, "api_key", "leneda_key_malformed"),
    ({"api_key": "x" * 257}, "api_key", "leneda_key_malformed"),
    ({"energy_id": ""}, "energy_id", "leneda_energy_id_malformed"),
    ({"consumption_point": ""}, "consumption_point", "leneda_point_malformed"),
    ({"consumption_point": f"{POINT}0"}, "consumption_point", "leneda_point_malformed"),
    ({"consumption_point": "../../keys"}, "consumption_point", "leneda_point_malformed"),
    ({"production_point": "1234"}, "production_point", "leneda_point_malformed"),
    ({"consumption_point": f"{POINT[:-1]}9"}, "consumption_point", "leneda_unknown_point"),
    ({"production_point": PRODUCTION_POINT}, "production_point", "leneda_unknown_point"),
]
REFUSED = {
    Fault.FORBIDDEN: {"base": "leneda_forbidden"},
    Fault.NOT_FOUND: {"consumption_point": "leneda_not_found"},
    Fault.TOO_MANY: {"base": "leneda_too_many"},
    Fault.SERVER: {"base": "leneda_server"},
    Fault.BROKEN_JSON: {"base": "leneda_not_understood"},
    Fault.TOO_LARGE: {"base": "leneda_answer_too_large"},
    Fault.DISCONNECTED: {"base": "leneda_unreachable"},
}


async def test_what_is_wrong_stands_at_its_field(
    hass: HomeAssistant, platform: Platform, entry: MockConfigEntry
) -> None:
    form = await open_options(hass, entry, "leneda_account")
    configure = hass.config_entries.options.async_configure
    for changed, field, error in WRONG:
        form = await configure(form["flow_id"], ACCOUNT | changed)
        assert form["errors"] == {field: error}, changed
        # What was typed is still there.
        assert suggested(form)["energy_id"] == (ACCOUNT | changed)["energy_id"]
    for fault, errors in REFUSED.items():
        platform.fault = fault
        form = await configure(form["flow_id"], ACCOUNT)
        assert form["errors"] == errors
    assert dict(entry.options) == {"min_interval": 10}

    platform.fault = None
    # Nothing yet of yesterday is no reason to refuse.
    platform.known_until = utc("2025-01-01 00:00")
    result = await configure(form["flow_id"], ACCOUNT)
    await hass.async_block_till_done()
    assert result["type"] is FlowResultType.CREATE_ENTRY
