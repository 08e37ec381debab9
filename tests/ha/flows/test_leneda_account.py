"""The page on which the national platform is allowed to be asked: tried, stored, forgotten."""

import asyncio
import json
from collections.abc import AsyncGenerator
from functools import partial

import pytest
from homeassistant.config_entries import ConfigFlowResult

from custom_components.smarty_p1.diagnostics import async_get_config_entry_diagnostics
from dev.leneda import Fault, Platform
from tests.ha.dialogs import is_created, submit, suggested
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
from tests.ha.refusals import Refusals, Row
from tests.ha.support import Home, unload_entry

ACCOUNT = {"api_key": KEY, "energy_id": ENERGY_ID, "consumption_point": POINT}
GAS_POINT = "LU0000012345678901234000000000009"
WITH_PANELS = {**ACCOUNT, "production_point": PRODUCTION_POINT}


@pytest.fixture
async def home(home: Home) -> AsyncGenerator[Home]:
    """Return a home whose meter answers each reload."""
    await home.set_up(min_interval=10)
    home.answer()
    yield home
    # The statistics of the meter would wait for the entity.
    assert await unload_entry(home.hass, home.entry)


async def enter(home: Home, typed: dict[str, str]) -> ConfigFlowResult:
    form = await home.page("leneda_account")
    return await submit(home.hass, form, typed)


async def test_an_account_is_tried_and_stored(home: Home, platform: Platform) -> None:
    platform.series[PRODUCTION_POINT, EXPORTED] = lambda _start: 1.0
    spaced = {
        **WITH_PANELS,
        "api_key": f" {KEY}\n",
        "consumption_point": f"{POINT[:7]} {POINT[7:]}",
    }

    result = await enter(home, spaced)

    assert is_created(result)
    assert dict(home.entry.options) == {"min_interval": 10, "leneda": WITH_PANELS}
    asked = platform.requests[:2]
    assert [(each.point, each.code) for each in asked] == [
        (POINT, IMPORTED),
        (PRODUCTION_POINT, EXPORTED),
    ]
    assert (asked[0].end - asked[0].start).days == 1
    told = json.dumps(await async_get_config_entry_diagnostics(home.hass, home.entry), default=str)
    assert not [secret for secret in PRIVATE if secret in told]


async def test_a_point_of_gas_is_tried_and_is_in_no_diagnostics(
    home: Home, platform: Platform
) -> None:
    with_gas = {**ACCOUNT, "gas_point": GAS_POINT}
    platform.series[GAS_POINT, "7-1:99.23.17"] = lambda _start: 0.25
    assert is_created(await enter(home, with_gas))
    assert home.entry.options["leneda"] == with_gas
    told = json.dumps(await async_get_config_entry_diagnostics(home.hass, home.entry), default=str)
    assert GAS_POINT not in told


async def test_the_key_is_not_shown_again(home: Home, platform: Platform) -> None:
    await enter(home, ACCOUNT)

    form = await home.page("leneda_account")
    shown = suggested(form)
    assert shown == {
        "api_key": "REDACTED",
        "energy_id": ENERGY_ID,
        "consumption_point": POINT,
        "production_point": None,
        "gas_point": None,
    }
    typed = {name: text for name, text in shown.items() if text}
    await submit(home.hass, form, typed)
    assert home.entry.options["leneda"] == ACCOUNT
    assert not platform.refused


async def test_an_empty_key_switches_the_download_off_and_is_forgotten(
    home: Home, platform: Platform
) -> None:
    await enter(home, ACCOUNT)
    assert [task for task in asyncio.all_tasks() if task.get_name().endswith("Leneda")]
    asked = len(platform.requests)

    typed = {name: text for name, text in ACCOUNT.items() if name != "api_key"}
    assert is_created(await enter(home, typed))

    assert dict(home.entry.options) == {"min_interval": 10}
    assert not [task for task in asyncio.all_tasks() if task.get_name().endswith("Leneda")]
    assert len(platform.requests) <= asked + 1


POINT_ERROR = "leneda_point_malformed"
WRONG = [
    Row("api_key: leneda_invalid_auth", {"api_key": "another"}),
    Row("api_key: leneda_invalid_auth", {"energy_id": "LUXE-AB-CD-99999"}),
    Row("api_key: leneda_key_malformed", {"api_key": "schlüssel"}),
    Row("api_key: leneda_key_malformed", {"api_key": "x" * 257}),
    Row("energy_id: leneda_energy_id_malformed", {"energy_id": ""}),
    *(
        Row(f"consumption_point: {POINT_ERROR}", {"consumption_point": point})
        for point in ("", f"{POINT}0", "../../keys")
    ),
    Row(f"production_point: {POINT_ERROR}", {"production_point": "1234"}),
    Row(f"gas_point: {POINT_ERROR}", {"gas_point": "LU1"}),
    # All fields are checked before Leneda is asked.
    Row(
        f"api_key: leneda_key_malformed, energy_id: leneda_energy_id_malformed, "
        f"consumption_point: {POINT_ERROR}, gas_point: {POINT_ERROR}",
        {"api_key": "x" * 257, "energy_id": "", "consumption_point": "LU", "gas_point": "LU1"},
    ),
    Row("consumption_point: leneda_unknown_point", {"consumption_point": f"{POINT[:-1]}9"}),
    Row("production_point: leneda_unknown_point", {"production_point": PRODUCTION_POINT}),
    Row("gas_point: leneda_unknown_point", {"gas_point": GAS_POINT}),
    Row("base: leneda_forbidden", {}, given=Fault.FORBIDDEN),
    Row("consumption_point: leneda_not_found", {}, given=Fault.NOT_FOUND),
    Row("base: leneda_too_many", {}, given=Fault.TOO_MANY),
    Row("base: leneda_server", {}, given=Fault.SERVER),
    Row("base: leneda_not_understood", {}, given=Fault.BROKEN_JSON),
    Row("base: leneda_answer_too_large", {}, given=Fault.TOO_LARGE),
    Row("base: leneda_unreachable", {}, given=Fault.DISCONNECTED),
]


async def test_an_error_is_shown_at_its_field(
    home: Home, platform: Platform, refuses: Refusals
) -> None:
    form = await home.page("leneda_account")
    form = await refuses(form, WRONG, ACCOUNT, partial(setattr, platform, "fault"))
    assert dict(home.entry.options) == {"min_interval": 10}

    platform.fault = None
    # A missing yesterday does not refuse the account.
    platform.known_until = utc("2025-01-01 00:00")
    assert is_created(await submit(home.hass, form, ACCOUNT))
