"""A Home Assistant that has not started: its recorder answers only when it has.

Nothing for which the start waits may wait for the recorder, for a meter or for Leneda.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any
from unittest.mock import patch

import pytest
from homeassistant.components.energy.data import async_get_manager
from homeassistant.components.recorder.core import Recorder
from homeassistant.components.recorder.tasks import SynchronizeTask
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import RecorderInstanceContextManager

from custom_components.smarty_p1.const import DOMAIN
from custom_components.smarty_p1.coordinator.leneda import download as leneda_download
from custom_components.smarty_p1.coordinator.statistics import hourly_statistics
from custom_components.smarty_p1.coordinator.telegram_source import TelegramSource
from custom_components.smarty_p1.dashboards import energy_dashboard_setup
from custom_components.smarty_p1.lib.failure_detection import METER
from dev.ports import free_ports
from dev.testing.random_examples import each
from smartyp1.json_types import JsonDict

from . import leneda
from .recipients import options as message_options
from .support import (
    PATIENCE,
    TELEGRAM,
    Home,
    own_log,
    recorder_done,
    set_up_entry,
    smarty_entry,
    tasks,
    unload_entry,
    wait_until,
    with_contract,
)

pytestmark = pytest.mark.usefixtures("platform")

GAS_POINT = "LU0000012345678901234000000000009"
ACCOUNT = {
    "api_key": leneda.KEY,
    "energy_id": leneda.ENERGY_ID,
    "consumption_point": leneda.POINT,
}
PRICES = {"reference_power": 7.0, "energy_price": 0.1463, "feed_in_price": 0.06}
P1_SERVER = {"enabled": True, "address": "127.0.0.1", "port": 0}
# Options of a meter at a port, as dialogs store them.
OPTIONS: dict[str, JsonDict] = {
    "none": {},
    "Energy dashboard": {"fill_energy": True},
    "sidebar, prices": {"fill_energy": True, "sidebar": True, **PRICES},
    "P1 server": {"fill_energy": True, "p1_server": P1_SERVER},
    "Leneda": {"fill_energy": True, "leneda": ACCOUNT},
    "gas from Leneda": {"fill_energy": True, "leneda": {**ACCOUNT, "gas_point": GAS_POINT}},
    "messages": {"fill_energy": True, **message_options("silent", "grid", "monthly_report")},
}


@pytest.fixture
async def unstarted(
    async_test_recorder: RecorderInstanceContextManager,
    hass: HomeAssistant,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[HomeAssistant]:
    """Yield a Home Assistant that has not started. Every wait for a meter lasts for ever."""
    monkeypatch.setattr(leneda_download, "PAUSE", 0.0)
    monkeypatch.setattr(leneda_download, "KEPT_TIME", timedelta(days=40))
    patient = replace(METER, patience=1e9)
    monkeypatch.setattr(TelegramSource, "rules", patient)
    hass.set_state(CoreState.not_running)
    recorder: AbstractAsyncContextManager[Recorder] = async_test_recorder(hass, wait_recorder=False)
    async with recorder:
        assert await async_setup_component(hass, "energy", {})
        yield hass
        await recorder_done(hass)
        for entry in hass.config_entries.async_loaded_entries(DOMAIN):
            await unload_entry(hass, entry)


async def initialize(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Set an entry up as the bootstrap does, which then waits for all its tasks."""
    async with asyncio.timeout(PATIENCE):
        assert await set_up_entry(hass, entry)
        await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED


async def sources(hass: HomeAssistant) -> list[Any]:
    manager = await async_get_manager(hass)
    return list((manager.data or {"energy_sources": []})["energy_sources"])


async def until_filled(hass: HomeAssistant) -> list[Any]:
    async with asyncio.timeout(PATIENCE):
        while not (filled := await sources(hass)):
            await asyncio.sleep(0.01)
    return filled


# The recorder is stopped while it waits, so the database of its thread stays open.
@pytest.mark.filterwarnings("ignore:Exception ignored while finalizing database connection")
@pytest.mark.parametrize("case", each(2, [*product(("sends", "is silent", "refuses"), OPTIONS)]))
async def test_the_start_waits_for_nothing(
    unstarted: HomeAssistant, home: Home, case: tuple[str, str]
) -> None:
    meter, options = case[0], OPTIONS[case[1]]
    if meter == "sends":
        home.answer()
    url = f"socket://127.0.0.1:{free_ports()}" if meter == "refuses" else home.port.url
    entry = home.make_entry(url)
    changed = {"p1_server": P1_SERVER | {"port": free_ports()}} if "p1_server" in options else {}
    unstarted.config_entries.async_update_entry(entry, options=with_contract(options | changed))

    await initialize(unstarted, entry)
    if meter == "sends":
        await wait_until(unstarted, lambda: entry.runtime_data.latest is not None)
    assert await sources(unstarted) == []
    await unstarted.async_start()
    assert unstarted.state is CoreState.running
    if "fill_energy" not in options:
        return

    if meter == "refuses":
        # The meter is at another port, and its first reading comes long after the start.
        home.answer()
        data = {**entry.data, "port": home.port.url}
        unstarted.config_entries.async_update_entry(entry, data=data)
        entry.runtime_data.source.read_again()
    elif meter == "is silent":
        await home.port.send_telegram(TELEGRAM)
    kinds = {source["type"] for source in await until_filled(unstarted)}
    assert kinds == {"grid", "gas", "water"}
    await wait_until(unstarted, lambda: not tasks(unstarted, " Energy dashboard"))
    assert all("stat_rate" in source for source in await sources(unstarted))


@pytest.mark.parametrize("gas", each(2, [{"gas_point": GAS_POINT}, {}]))
async def test_first_days_of_a_meter_without_a_cable_come_during_the_start(
    unstarted: HomeAssistant, gas: dict[str, str]
) -> None:
    entry = smarty_entry(
        title="Smarty",
        unique_id=leneda.POINT,
        data={"kind": "leneda"},
        options={"leneda": ACCOUNT | gas, "fill_energy": True},
    )
    entry.add_to_hass(unstarted)
    await initialize(unstarted, entry)
    async with asyncio.timeout(PATIENCE):
        await wait_until(unstarted, lambda: entry.runtime_data.records.household_state is not None)
        await unstarted.async_start()
    filled = await until_filled(unstarted)
    assert {source["type"] for source in filled} == {"grid", *(["gas"] if gas else [])}


async def test_a_recorder_that_does_not_answer_is_named_and_tried_again(
    unstarted: HomeAssistant,
    home: Home,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(hourly_statistics, "RECORDER_TIMEOUT_S", 0.05)
    monkeypatch.setattr(energy_dashboard_setup, "DELAY_S", 0.01)
    home.answer()
    entry = home.make_entry(home.port.url)
    unstarted.config_entries.async_update_entry(entry, options={"fill_energy": True})
    with patch.object(SynchronizeTask, "run"):
        await initialize(unstarted, entry)
        await unstarted.async_start()
        await wait_until(
            unstarted, lambda: "error in Energy dashboard (TimeoutError)" in caplog.text
        )
        assert "the recorder has not answered for 0 s" in caplog.text
        assert await sources(unstarted) == []
    monkeypatch.setattr(hourly_statistics, "RECORDER_TIMEOUT_S", PATIENCE)
    assert await until_filled(unstarted)
    assert [line for line in own_log(caplog) if "Energy dashboard (TimeoutError);" in line[1]][
        1:
    ] == []
