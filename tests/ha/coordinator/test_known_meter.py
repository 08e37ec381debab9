"""A meter that was read before: it is set up at once, with its entities, before any telegram."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from copy import deepcopy
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from homeassistant.config_entries import ConfigEntries, ConfigEntryDisabler, ConfigEntryState
from homeassistant.helpers import device_registry as dr, issue_registry as ir
from homeassistant.helpers.device_registry import DeviceRegistry, async_entries_for_config_entry
from homeassistant.helpers.entity_registry import (
    EntityRegistry,
    async_entries_for_config_entry as entities_of_config_entry,
)
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import (
    async_fire_time_changed,
    get_system_health_info,
)

from custom_components.smarty_p1 import async_remove_config_entry_device
from custom_components.smarty_p1.coordinator.coordinator_base import SourceCoordinator
from custom_components.smarty_p1.coordinator.meter_coordinator import MeterCoordinator
from custom_components.smarty_p1.coordinator.stored import month_files
from custom_components.smarty_p1.diagnostics import async_get_config_entry_diagnostics
from smartyp1.json_types import JsonDict
from tests.ha.coordinator.conftest import House
from tests.ha.meter import encipher
from tests.ha.support import (
    ENERGY,
    OTHER_METER,
    TELEGRAM,
    call,
    health_timers,
    let_pass,
    links,
    refusal,
    values,
    wait_until,
    with_contract,
)

pytestmark = pytest.mark.usefixtures("patient_link")


@pytest.fixture
async def known(house: House) -> House:
    """Return a meter that was read before, and has sent nothing since the restart."""
    await house.begin()
    await house.restart()
    return house


async def test_the_entities_of_a_known_meter_exist_before_the_first_telegram(
    house: House, entity_registry: EntityRegistry, device_registry: DeviceRegistry
) -> None:
    await house.begin()
    hass, entry = house.hass, house.entry
    before = values(hass)
    devices = async_entries_for_config_entry(device_registry, entry.entry_id)
    assert len(devices) > 3
    registered = entities_of_config_entry(entity_registry, entry.entry_id)

    await house.restart()
    assert entry.state is ConfigEntryState.LOADED
    shown = {"smarty_connection": "waiting", "smarty_telegrams_rejected": "0"}
    assert values(hass) == dict.fromkeys(before, "unavailable") | {
        name: state for name, state in shown.items() if name in before
    }
    # The entities are not marked as no longer provided by the integration.
    assert not [state for state in hass.states.async_all() if state.attributes.get("restored")]
    assert async_entries_for_config_entry(device_registry, entry.entry_id) == devices
    assert (links(hass), health_timers(hass)) == (1, 1)

    await house.send(house.good())
    assert values(hass) == before
    assert async_entries_for_config_entry(device_registry, entry.entry_id) == devices
    assert entities_of_config_entry(entity_registry, entry.entry_id) == registered


async def test_a_first_set_up_waits(house: House) -> None:
    beginning = house.hass.async_create_task(house.begin(b""))
    await house.port.wait_for_clients(1)
    # A telegram of another meter does not count as a reading of this meter.
    await house.port.send(house.port.next_frame(OTHER_METER))
    await asyncio.sleep(1.5)
    assert house.entry.state is ConfigEntryState.SETUP_IN_PROGRESS
    await house.port.send_telegram(TELEGRAM)
    await beginning
    assert house.energy == "25678.901"


@pytest.mark.parametrize(
    ("sent", "reason"), [(b"", "nothing_received"), (encipher(OTHER_METER, 9), "other_meter")]
)
async def test_the_reason_of_a_missing_telegram_is_shown(
    house: House, sent: bytes, reason: str
) -> None:
    await house.begin()
    await house.restart(sent)
    await wait_until(house.hass, lambda: not sent or house.coordinator.health.reason[0] == reason)
    await house.passes(28)
    assert house.connection == "waiting"
    assert not house.log

    await house.passes(3)
    assert house.connection == reason
    [(level, line)] = house.log
    assert level == "ERROR"
    assert house.port.url in line
    assert house.energy == "unavailable"
    # No connection is closed, opened or set up again.
    assert house.entry.state is ConfigEntryState.LOADED
    assert (links(house.hass), health_timers(house.hass), house.port.connections) == (1, 1, 2)

    house.port.counter = 10
    await house.send(house.good())
    assert house.connection == "receiving"
    assert house.energy == "25678.901"


async def test_nothing_that_is_stored_is_lost(house: House, hass_storage: JsonDict) -> None:
    await house.begin()
    entries, entry = house.hass.config_entries, house.entry
    entries.async_update_entry(
        entry, options=with_contract({"reference_power": 3.0, "energy_price": 0.15})
    )
    await house.restart()
    for _ in range(2):
        await house.send(house.good())
        await house.passes(1)
    await house.unload()
    before = deepcopy(hass_storage[f"smarty_p1.{entry.entry_id}.meter"]["data"])
    [counters] = before["counters"].values()
    assert [*counters.values()] == [house.port.counter]
    assert before["totals"]
    assert before["demand"]["stretches"]

    for _ in range(3):
        await house.restart()
        assert await entries.async_reload(entry.entry_id)
    await house.passes(31)
    await house.unload()

    assert hass_storage[f"smarty_p1.{entry.entry_id}.meter"]["data"] == before


ENDS: Mapping[str, Callable[[ConfigEntries, str], Coroutine[Any, Any, object]]] = {
    "unload": ConfigEntries.async_unload,
    "removal": ConfigEntries.async_remove,
    "disabling": lambda entries, entry_id: entries.async_set_disabled_by(
        entry_id, ConfigEntryDisabler.USER
    ),
    "reload": ConfigEntries.async_reload,
}


@pytest.mark.parametrize("end", ENDS)
async def test_a_known_meter_is_unloaded_before_the_first_telegram(
    known: House, caplog: pytest.LogCaptureFixture, end: str
) -> None:
    hass, entry = known.hass, known.entry
    await ENDS[end](hass.config_entries, entry.entry_id)
    await hass.async_block_till_done()

    is_loaded = end == "reload"
    assert (entry.state is ConfigEntryState.LOADED) == is_loaded
    await known.port.wait_for_clients(is_loaded)
    assert (links(hass), health_timers(hass)) == (is_loaded, is_loaded)
    shown = values(hass)
    # From 2026.11 on, Home Assistant shows no states of a disabled entry.
    is_gone = end == "removal" or (end == "disabling" and not shown)
    assert not shown if is_gone else shown[ENERGY] == "unavailable"
    assert "ERROR" not in caplog.text


async def test_a_meter_whose_file_is_gone_is_known_by_its_device(
    house: House, hass_storage: JsonDict
) -> None:
    await house.begin()
    await house.unload()
    del hass_storage[f"smarty_p1.{house.entry.entry_id}.meter"]
    await house.restart()  # it does not wait for a telegram
    assert house.connection == "waiting"
    await house.send(house.good())
    assert house.energy == "25678.901"


async def test_a_disk_that_gives_no_months_is_waited_for(house: House) -> None:
    await house.begin()
    await house.unload()
    entries, entry = house.hass.config_entries, house.entry
    with patch.object(month_files, "files_in", side_effect=OSError(5, "Input/output error")):
        assert not await entries.async_setup(entry.entry_id)
    # Nothing is read, and nothing is written beside the unreadable files.
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert entry.error_reason_translation_key == "stored_not_read"
    assert links(house.hass) == 0
    assert await entries.async_reload(entry.entry_id)


async def test_no_repair_appears_while_the_entry_is_unloaded(
    known: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await known.passes(31)
    store = MeterCoordinator.async_close

    async def store_slowly(coordinator: MeterCoordinator) -> None:
        await let_pass(known.hass, 400)
        await store(coordinator)

    with monkeypatch.context() as patching:
        patching.setattr(MeterCoordinator, "async_close", store_slowly)
        await known.unload()
    assert ("smarty_p1", f"no_telegram_{known.entry.entry_id}") not in ir.async_get(
        known.hass
    ).issues


async def test_a_timer_that_is_early_by_a_moment_is_taken_for_in_time(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.begin()
    now = house.coordinator.now()
    monkeypatch.setattr(SourceCoordinator, "now", lambda _source: now)
    async_fire_time_changed(house.hass, dt_util.utcnow() + timedelta(seconds=61))
    await house.hass.async_block_till_done()
    assert house.energy == "unavailable"


async def test_actions_before_the_first_telegram(house: House) -> None:
    await house.begin()
    hass = house.hass
    hass.config_entries.async_update_entry(
        house.entry, options=with_contract({"reference_power": 3.0})
    )
    await house.restart(house.good())
    await wait_until(hass, lambda: house.coordinator.readings > 0)

    bill, comparison = [await call(hass, each) for each in ("get_bill", "compare_reference_powers")]
    await house.restart()
    assert await call(hass, "get_bill") == bill
    assert await call(hass, "compare_reference_powers") == comparison
    period = {"start": "2025-07-01", "end": "2025-07-02"}
    assert await call(hass, "get_quarter_hours", **period) == {"quarter_hours": []}
    assert await refusal(call(hass, "get_telegram")) == "nothing_received"


async def test_diagnostics_before_the_first_telegram(known: House) -> None:
    hass, entry = known.hass, known.entry
    told = await async_get_config_entry_diagnostics(hass, entry)
    assert (told["state"], told["condition"], told["obstacle"]) == ("loaded", "waiting", None)
    assert told["link"] == {"is_open": True, "losses": 0}
    assert (told["is_available"], told["received_at"], told["telegrams"]) == (False, None, 0)
    assert await async_setup_component(hass, "system_health", {})
    info = await get_system_health_info(hass, "smarty_p1")
    described = str([await each if asyncio.iscoroutine(each) else each for each in info.values()])
    assert f"{known.port.url}, open, no telegram yet, waiting" in described
    # Whether the gas meter is gone is not known yet.
    for device in async_entries_for_config_entry(dr.async_get(hass), entry.entry_id):
        assert not await async_remove_config_entry_device(hass, entry, device)
