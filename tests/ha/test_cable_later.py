"""A meter without a cable gets one, in a real recorder: every kilowatt-hour is there once."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from homeassistant.components.energy.data import async_get_manager
from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.smarty_p1.coordinator.leneda import (
    client as leneda_client,
    download as leneda_download,
)
from custom_components.smarty_p1.coordinator.meter_records import MeterRecords
from custom_components.smarty_p1.coordinator.statistics.statistic_ids import (
    StatisticKind,
    statistic_id,
    statistics_key,
)
from dev.leneda import Platform

from . import leneda
from .dialogs import reconfigure, submit
from .flows.test_leneda_meter import add, last_midnight, of_now
from .meter import KEY, MeterPort, with_value
from .support import changes_of, receive, reload_entry, remove_entry, unload_entry, wait_until
from .websocket.test_live import subscribe, told

DAYS = 20
HOUR = timedelta(hours=1)

pytestmark = pytest.mark.usefixtures("few_days", "recorder_mock", "fast_rows", "short_wait")


@pytest.fixture
def few_days(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fetch few days, without a pause."""
    monkeypatch.setattr(leneda_download, "PAUSE", 0.0)
    monkeypatch.setattr(leneda_download, "KEPT_TIME", timedelta(days=DAYS))


@pytest.fixture
async def meter(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[MockConfigEntry, str]]:
    """Yield the entry of a meter without a cable, and the statistic of its imported energy."""
    assert await async_setup_component(hass, "sensor", {})
    async with Platform(key=leneda.KEY, energy_id=leneda.ENERGY_ID) as platform:
        platform.series[leneda.POINT, leneda.IMPORTED] = lambda _start: 0.5
        monkeypatch.setattr(leneda_client, "BASE_URL", platform.url)
        entry = await add(hass)
        yield entry, statistic_id(statistics_key(entry), StatisticKind.IMPORTED)


async def test_every_kilowatt_hour_is_there_once(
    hass: HomeAssistant, port: MeterPort, meter: tuple[MockConfigEntry, str]
) -> None:
    entry, name = meter
    midnight = last_midnight().astimezone(UTC)
    # The newest days come first. In the end, all hours up to midnight have half a kilowatt-hour.
    found: dict[datetime, float] = {}
    wanted: dict[datetime, float] = {}
    while len(found) < (DAYS - 1) * 24 or found != pytest.approx(wanted):
        await hass.async_block_till_done()
        found = await changes_of(hass, name)
        wanted = {midnight - n * HOUR: 0.5 for n in range(1, len(found) + 1)}

    port.greeting = lambda: port.next_frame(with_value(of_now(), "1-0:1.8.0", _index(0)))
    form = await reconfigure(hass, entry)
    result = await submit(hass, form, {"port": port.address, "encryption_key": KEY})
    assert result["reason"] == "cable_added"
    await wait_until(hass, lambda: entry.runtime_data.latest is not None)
    await receive(hass, port, with_value(of_now(), "1-0:1.8.0", _index(1.25)))
    assert await entry.runtime_data.records.statistics.async_wait_until_written()

    # The same statistic goes on. The running hour comes when it has ended.
    assert statistic_id(statistics_key(entry), StatisticKind.IMPORTED) == name
    after = await changes_of(hass, name)
    assert {hour: kwh for hour, kwh in after.items() if hour < midnight} == pytest.approx(wanted)
    assert await unload_entry(hass, entry)


async def test_the_hours_of_a_platform_meter_come_into_the_energy_dashboard_with_its_first_days(
    hass: HomeAssistant, meter: tuple[MockConfigEntry, str]
) -> None:
    assert await async_setup_component(hass, "energy", {})
    entry, name = meter
    hass.config_entries.async_update_entry(entry, options={**entry.options, "fill_energy": True})
    with patch.object(MeterRecords, "household_state", None):
        await reload_entry(hass, entry)
        await hass.async_block_till_done()
    manager: Any = await async_get_manager(hass)
    assert not manager.data
    entry.runtime_data.async_update_listeners()
    await wait_until(hass, lambda: manager.data is not None)
    [grid] = manager.data["energy_sources"]
    assert grid["stat_energy_from"] == name
    assert await unload_entry(hass, entry)


@pytest.mark.parametrize("is_disabled", [False, True])
async def test_the_hours_of_a_platform_meter_are_cleared_with_the_entry(
    hass: HomeAssistant, meter: tuple[MockConfigEntry, str], *, is_disabled: bool
) -> None:
    entry, name = meter
    while not await changes_of(hass, name):
        await hass.async_block_till_done()
    if is_disabled:
        disabler = ConfigEntryDisabler.USER
        await hass.config_entries.async_set_disabled_by(entry.entry_id, disabler)

    await remove_entry(hass, entry)

    assert not await changes_of(hass, name)


async def test_a_card_gets_new_days_at_once(
    hass: HomeAssistant, meter: tuple[MockConfigEntry, str], hass_ws_client: WebSocketGenerator
) -> None:
    entry, name = meter
    while not await changes_of(hass, name):
        await hass.async_block_till_done()
    assert await async_setup_component(hass, "smarty_p1", {})
    client = await hass_ws_client(hass)
    await subscribe(client, entry)

    entry.runtime_data.records.leneda.listeners.call()

    async with asyncio.timeout(5):
        assert "values" in await told(client)
    assert await unload_entry(hass, entry)


def _index(kwh: float) -> str:
    return f"({25_678.901 + kwh:010.3f}*kWh)"
