"""Backups: waiting content is in them, and no store keeps the user from making a backup."""

import asyncio
import errno
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from homeassistant.components.backup.const import DATA_MANAGER
from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import Store
from homeassistant.setup import async_setup_component

from custom_components.smarty_p1 import backup
from custom_components.smarty_p1.coordinator.leneda.progress import LenedaProgress
from custom_components.smarty_p1.coordinator.loads.limit_enforcer import GuardFile
from custom_components.smarty_p1.coordinator.loads.load_records import LoadRecords
from custom_components.smarty_p1.coordinator.stored.market_price_files import PriceFiles
from custom_components.smarty_p1.coordinator.stored.meter_history import MeterHistory
from custom_components.smarty_p1.coordinator.stored.meter_memory_file import MeterStore
from custom_components.smarty_p1.coordinator.stored.pulse_count_file import PulseCounter
from custom_components.smarty_p1.coordinator.stored.throttled_store import ThrottledStore
from custom_components.smarty_p1.lib.history.quarter_hour import QuarterHour
from custom_components.smarty_p1.lib.prices.market_price_series import QuarterPrice
from custom_components.smarty_p1.messages.meter_watch import MessageStore
from custom_components.smarty_p1.sinks.mqtt_topics import RetainedTopics
from smartyp1.json_types import JsonDict
from tests.ha.boards import pulse_entry
from tests.ha.measured import as_span
from tests.ha.support import failing, wait_until

pytestmark = pytest.mark.usefixtures("few_seconds")

START = datetime(2026, 6, 1, 12, tzinfo=UTC)


def stores(hass: HomeAssistant) -> list[ThrottledStore]:
    """Return a store of each kind, with a change that waits to be written."""
    made: list[ThrottledStore] = [
        MeterStore(hass, "one"),
        MeterHistory(hass, "one"),
        PriceFiles(hass, "one"),
        LenedaProgress(hass, "one", {}),
        MessageStore(hass, "one"),
        LoadRecords(hass, "one"),
        GuardFile(hass, "one"),
        RetainedTopics(hass, "one"),
        PulseCounter(hass, pulse_entry(hass, entity_id="sensor.led")),
    ]
    for store in made:
        store.loaded.set()
        wait(store)
    return made


def wait(store: ThrottledStore) -> None:
    """Let a change wait in a store, because the store was written a moment ago."""
    store._turns.restart()
    store.schedule()


@pytest.fixture
def few_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait half a second for stores that do not answer."""
    assert backup._TIMEOUT_S < 10
    monkeypatch.setattr(backup, "_TIMEOUT_S", 0.5)


async def make_backup(hass: HomeAssistant) -> None:
    """Make the calls of Home Assistant before and after it copies the files."""
    assert await async_setup_component(hass, "backup", {})
    assert await async_setup_component(hass, "smarty_p1", {})
    await hass.async_block_till_done()
    manager = hass.data[DATA_MANAGER]
    assert manager.platforms["smarty_p1"].async_pre_backup is backup.async_pre_backup
    await manager.async_pre_backup_actions()
    await manager.async_post_backup_actions()


async def test_waiting_content_of_each_kind_of_store_is_written(
    hass: HomeAssistant, hass_storage: JsonDict
) -> None:
    made = stores(hass)
    assert {type(store) for store in made} == {*ThrottledStore.__subclasses__()}
    unchanged, closed = MeterHistory(hass, "two"), MeterHistory(hass, "three")
    unread = MeterHistory(hass, "four")
    for store in (unchanged, closed):
        store.loaded.set()
    closed.is_closed = True
    for store in (closed, unread):
        wait(store)
    assert all(store.is_waiting for store in made)

    await make_backup(hass)

    names = {Path(store.path).name for store in made}
    assert {name for name in hass_storage if name.startswith("smarty_p1.")} == names
    assert not any(store.is_waiting for store in made)


async def test_quarter_hours_and_prices_that_a_full_disk_refused_are_written(
    hass: HomeAssistant, tmp_path: Path
) -> None:
    hass.config.config_dir = str(tmp_path)
    meter, prices = MeterStore(hass, "one"), PriceFiles(hass, "one")
    for store in (meter, prices):
        store.loaded.set()
        wait(store)
    with failing(tmp_path / ".storage", errno.ENOSPC):
        meter.quarter_hours.append([as_span(QuarterHour(START, 1.0), 1)])
        prices.add_prices("sensor.price", [QuarterPrice(START, 0.1)])
        await hass.async_block_till_done()
    folders = meter.quarter_hours.folder, prices.folder / "sensor.price"
    assert not any((folder / "2026-06.csv").exists() for folder in folders)

    await make_backup(hass)

    for folder in folders:
        assert (folder / "2026-06.csv").read_text().count("2026-06-01T12:00") == 1


@pytest.mark.parametrize("error", [OSError("full"), ValueError("secret"), MemoryError()])
async def test_a_store_that_fails_ends_no_backup(
    hass: HomeAssistant,
    hass_storage: JsonDict,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
) -> None:
    made = stores(hass)
    real = Store.async_save

    async def save(store: Store[Any], data: Any) -> None:  # noqa: ANN401 - JSON
        if store.key == "smarty_p1.one.meter":
            raise error
        await real(store, data)

    with patch.object(Store, "async_save", save):
        await make_backup(hass)

    written = {name for name in hass_storage if name.startswith("smarty_p1.")}
    assert written == {Path(store.path).name for store in made[1:]}
    [line] = [line for line in caplog.messages if "not written" in line]
    assert type(error).__name__ in line
    assert "secret" not in line
    # The change waits for the next write.
    assert made[0].is_waiting


async def test_a_store_that_hangs_delays_a_backup_for_seconds_only(
    hass: HomeAssistant, hass_storage: JsonDict, caplog: pytest.LogCaptureFixture
) -> None:
    made = stores(hass)
    real, answers, asked = Store.async_save, asyncio.Event(), list[str]()

    async def save(store: Store[Any], data: Any) -> None:  # noqa: ANN401 - JSON
        asked.append(store.key)
        if store.key == "smarty_p1.one.meter":
            await answers.wait()
        await real(store, data)

    def written() -> set[str]:
        return {name for name in hass_storage if name.startswith("smarty_p1.")}

    assert await async_setup_component(hass, "backup", {})
    assert await async_setup_component(hass, "smarty_p1", {})
    with patch.object(Store, "async_save", save):
        began = time.monotonic()
        await backup.async_pre_backup(hass)
        # A second backup begins no second write of the store that hangs.
        await backup.async_pre_backup(hass)
        assert time.monotonic() - began < 10
        assert asked.count("smarty_p1.one.meter") == 1
        assert written() == {Path(store.path).name for store in made[1:]}
        assert [line for line in caplog.messages if "is not written yet" in line]
        answers.set()
        await wait_until(hass, lambda: "smarty_p1.one.meter" in written())


async def test_an_error_of_a_store_ends_no_backup(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_store: ThrottledStore) -> None:
        raise RuntimeError

    kept = stores(hass)
    with patch.object(ThrottledStore, "write_now", fail):
        await make_backup(hass)
    assert kept
    assert [line for line in caplog.messages if "as they were last written" in line]
