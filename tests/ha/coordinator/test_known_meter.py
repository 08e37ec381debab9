"""A meter that was read before: it is set up at once, with its entities, whatever comes."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
import serialx
from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    ConfigEntries,
    ConfigEntryDisabler,
    ConfigEntryState,
)
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.device_registry import DeviceRegistry, async_entries_for_config_entry
from homeassistant.helpers.entity_registry import (
    EntityRegistry,
    async_entries_for_config_entry as entities_of_config_entry,
)
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
    get_system_health_info,
)
from pytest_homeassistant_custom_component.typing import MqttMockHAClient

from custom_components.smarty_p1 import async_remove_config_entry_device
from custom_components.smarty_p1.const import DOMAIN
from custom_components.smarty_p1.coordinator import meter_coordinator
from custom_components.smarty_p1.coordinator.meter_coordinator import SmartyCoordinator
from custom_components.smarty_p1.coordinator.quarter_hour_series import QuarterHourSeries
from custom_components.smarty_p1.coordinator.source_coordinator import SourceCoordinator
from custom_components.smarty_p1.diagnostics import async_get_config_entry_diagnostics
from dev.ports import free_ports
from tests.ha.conftest import EntryMaker
from tests.ha.meter import KEY, OTHER_KEY, MeterPort, encipher, with_value
from tests.ha.support import (
    ENERGY,
    OTHER_METER,
    TELEGRAM,
    health_timers,
    let_pass,
    let_pass_until,
    links,
    own_log,
    set_up,
    state_of,
    values,
    wait_for_telegram,
    wait_until,
)


@pytest.fixture(autouse=True)
def patient_link(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep a connection without bytes open, when half a minute passes in no time."""
    monkeypatch.setattr(meter_coordinator, "SILENCE_TIMEOUT", None)


async def restart(
    hass: HomeAssistant, port: MeterPort, entry: MockConfigEntry, greeting: bytes = b""
) -> None:
    """Set an entry up anew; its meter greets with no telegram."""
    if entry.state is ConfigEntryState.LOADED:
        assert await hass.config_entries.async_unload(entry.entry_id)
    await port.wait_for_clients(0)
    port.greeting = greeting
    await hass.config_entries.async_setup(entry.entry_id)
    await port.wait_for_clients(1)
    await hass.async_block_till_done()


@contextmanager
def nobody_answers() -> Iterator[None]:
    """Let ports neither open nor fail."""

    async def wait(**_port: object) -> None:
        await asyncio.Event().wait()

    with patch.object(serialx, "open_serial_connection", wait):
        yield


def connection(hass: HomeAssistant) -> str:
    """Return how the meter is doing."""
    return state_of(hass, "smarty_connection").state


async def test_its_entities_are_there_before_the_first_telegram(
    hass: HomeAssistant,
    port: MeterPort,
    make_entry: EntryMaker,
    entity_registry: EntityRegistry,
    device_registry: DeviceRegistry,
) -> None:
    entry = await set_up(hass, port, make_entry)
    before = values(hass)
    devices = async_entries_for_config_entry(device_registry, entry.entry_id)
    assert len(devices) > 3
    registered = entities_of_config_entry(entity_registry, entry.entry_id)

    await restart(hass, port, entry)
    assert entry.state is ConfigEntryState.LOADED
    shown = {"smarty_connection": "waiting", "smarty_telegrams_rejected": "0"}
    assert values(hass) == dict.fromkeys(before, "unavailable") | {
        name: state for name, state in shown.items() if name in before
    }
    # Nobody says of them that the integration does not provide them any more.
    assert not [state for state in hass.states.async_all() if state.attributes.get("restored")]
    assert async_entries_for_config_entry(device_registry, entry.entry_id) == devices
    assert (links(hass), health_timers(hass)) == (1, 1)

    await port.send_telegram(TELEGRAM)
    await wait_for_telegram(hass, entry)
    assert values(hass) == before
    assert async_entries_for_config_entry(device_registry, entry.entry_id) == devices
    assert entities_of_config_entry(entity_registry, entry.entry_id) == registered


async def test_what_is_stored_of_its_entities_has_no_value(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker, hass_storage: dict[str, Any]
) -> None:
    text = with_value(TELEGRAM, "0-0:96.13.0", f"({b'Private words'.hex().upper()})")
    entry = await set_up(hass, port, make_entry, text)
    assert await hass.config_entries.async_unload(entry.entry_id)
    outline = hass_storage[f"{DOMAIN}.{entry.entry_id}.meter"]["data"]["outline"]
    assert {"1-0:1.8.0", "0-0:96.13.0", "0-1:24.2.1"} <= set(outline["objects"])
    gas = next(each for each in outline["channels"] if each[0] == 1)
    assert gas[3:] == ["gas", "m3"]
    assert "25678" not in str(outline)
    assert "Private" not in str(outline)
    assert b"Private".hex() not in str(outline).lower()


@pytest.mark.parametrize("damage", [{"objects": ["x"] * 9}, {"channels": [[1, 2]]}, [], "x", 7])
async def test_a_damaged_outline_begins_anew(  # noqa: PLR0913, PLR0917 - cases
    hass: HomeAssistant,
    port: MeterPort,
    make_entry: EntryMaker,
    hass_storage: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
    damage: Any,  # noqa: ANN401 - whatever stands in a file
) -> None:
    entry = await set_up(hass, port, make_entry)
    before = values(hass)
    assert await hass.config_entries.async_unload(entry.entry_id)
    stored = hass_storage[f"{DOMAIN}.{entry.entry_id}.meter"]["data"]
    stored["outline"] = {**stored["outline"], **damage} if isinstance(damage, dict) else damage
    await restart(hass, port, entry)
    assert entry.state is ConfigEntryState.LOADED
    assert "outline" in caplog.text
    await port.send_telegram(TELEGRAM)
    await wait_for_telegram(hass, entry)
    assert values(hass) == before


async def test_a_first_set_up_waits(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    entry = make_entry(port.url)
    setting_up = hass.async_create_task(hass.config_entries.async_setup(entry.entry_id))
    await port.wait_for_clients(1)
    # What somebody else on the line sends does not make the meter one that has been read.
    await port.send(port.next_frame(OTHER_METER))
    await asyncio.sleep(1.5)
    assert entry.state is ConfigEntryState.SETUP_IN_PROGRESS
    await port.send_telegram(TELEGRAM)
    assert await setting_up
    assert state_of(hass, ENERGY).state == "25678.901"


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        pytest.param(b"", "nothing_received", id="silent"),
        pytest.param(b"login: " * 20, "not_p1", id="garbage"),
        pytest.param(encipher(TELEGRAM, 9, key=OTHER_KEY), "wrong_key", id="wrong key"),
        pytest.param(encipher(OTHER_METER, 9), "other_meter", id="other meter"),
        pytest.param(encipher(TELEGRAM, 1), "replay", id="replay"),
    ],
)
async def test_what_keeps_the_telegram_from_coming_is_told(  # noqa: PLR0913, PLR0917 - cases
    hass: HomeAssistant,
    port: MeterPort,
    make_entry: EntryMaker,
    caplog: pytest.LogCaptureFixture,
    sent: bytes,
    reason: str,
) -> None:
    entry = await set_up(hass, port, make_entry)
    await restart(hass, port, entry, sent)
    await wait_until(hass, lambda: not sent or entry.runtime_data.health.reason[0] == reason)
    await let_pass(hass, 28)
    assert connection(hass) == "waiting"
    assert not own_log(caplog)

    await let_pass(hass, 3)
    assert connection(hass) == reason
    [(level, line)] = own_log(caplog)
    assert level == "ERROR"
    assert port.url in line
    assert state_of(hass, ENERGY).state == "unavailable"
    # Nothing is withdrawn, opened or set up again.
    assert entry.state is ConfigEntryState.LOADED
    assert (links(hass), health_timers(hass), port.connections) == (1, 1, 2)

    port.counter = 10
    await port.send_telegram(TELEGRAM)
    await wait_for_telegram(hass, entry)
    assert connection(hass) == "receiving"
    assert state_of(hass, ENERGY).state == "25678.901"


async def test_a_port_that_cannot_be_opened(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    entry = await set_up(hass, port, make_entry)
    await hass.config_entries.async_unload(entry.entry_id)
    await port.stop()

    await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.LOADED
    assert connection(hass) == "waiting"
    # The first try may be too early for a gateway.
    await let_pass_until(hass, 2, lambda: connection(hass) == "port_unreachable")

    port.greeting = port.next_frame(TELEGRAM)
    await port.start()
    await let_pass_until(hass, 5, lambda: connection(hass) == "receiving")


async def test_a_port_that_opens_at_the_second_try(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker, caplog: pytest.LogCaptureFixture
) -> None:
    entry = await set_up(hass, port, make_entry)
    await hass.config_entries.async_unload(entry.entry_id)
    real, tries = serialx.open_serial_connection, []
    port.greeting = port.next_frame(TELEGRAM)

    async def refuse_once(**given: Any) -> Any:  # noqa: ANN401 - as serialx does
        tries.append(given)
        if len(tries) == 1:
            raise ConnectionRefusedError
        return await real(**given)

    with patch.object(serialx, "open_serial_connection", refuse_once):
        assert await hass.config_entries.async_setup(entry.entry_id)
        await wait_for_telegram(hass, entry)
    assert len(tries) == 2
    assert not own_log(caplog)


async def test_a_port_that_neither_opens_nor_fails(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    entry = await set_up(hass, port, make_entry)
    await hass.config_entries.async_unload(entry.entry_id)
    with nobody_answers():
        assert await hass.config_entries.async_setup(entry.entry_id)
        await hass.async_block_till_done()
        await let_pass(hass, 31)
        assert connection(hass) == "nothing_received"
        await hass.config_entries.async_unload(entry.entry_id)


async def test_nothing_that_is_stored_is_lost(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker, hass_storage: dict[str, Any]
) -> None:
    options = {"reference_power": 3.0, "energy_price": 0.15}
    entry = await set_up(hass, port, make_entry)
    hass.config_entries.async_update_entry(entry, options=options)
    assert await hass.config_entries.async_unload(entry.entry_id)
    name = f"{DOMAIN}.{entry.entry_id}.meter"
    # The options say more than what was stored without them.
    await restart(hass, port, entry)
    assert await hass.config_entries.async_unload(entry.entry_id)
    before = deepcopy(hass_storage[name]["data"])
    assert before["counters"]
    assert before["totals"]
    assert before["demand"]["stretches"]

    for _ in range(3):
        await restart(hass, port, entry)
        assert await hass.config_entries.async_reload(entry.entry_id)
    await let_pass(hass, 31)
    await hass.config_entries.async_unload(entry.entry_id)

    assert hass_storage[name]["data"] == before


ENDS: Mapping[str, Callable[[ConfigEntries, str], Coroutine[Any, Any, object]]] = {
    "unload": ConfigEntries.async_unload,
    "removal": ConfigEntries.async_remove,
    "disabling": lambda entries, entry_id: entries.async_set_disabled_by(
        entry_id, ConfigEntryDisabler.USER
    ),
    "reload": ConfigEntries.async_reload,
}


@pytest.mark.parametrize("end", ENDS)
async def test_it_ends_before_the_first_telegram(
    hass: HomeAssistant,
    port: MeterPort,
    make_entry: EntryMaker,
    caplog: pytest.LogCaptureFixture,
    end: str,
) -> None:
    entry = await set_up(hass, port, make_entry)
    await restart(hass, port, entry)
    await ENDS[end](hass.config_entries, entry.entry_id)
    await hass.async_block_till_done()

    is_loaded = end == "reload"
    assert (entry.state is ConfigEntryState.LOADED) == is_loaded
    await port.wait_for_clients(is_loaded)
    assert (links(hass), health_timers(hass)) == (is_loaded, is_loaded)
    assert state_of(hass, ENERGY).state == "unavailable" if end != "removal" else not values(hass)
    assert "ERROR" not in caplog.text


async def test_a_meter_whose_file_is_gone_is_known_by_its_device(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker, hass_storage: dict[str, Any]
) -> None:
    entry = await set_up(hass, port, make_entry)
    assert await hass.config_entries.async_unload(entry.entry_id)
    del hass_storage[f"{DOMAIN}.{entry.entry_id}.meter"]
    await restart(hass, port, entry)  # it does not wait for a telegram
    assert connection(hass) == "waiting"
    await port.send_telegram(TELEGRAM)
    await wait_for_telegram(hass, entry)
    assert state_of(hass, ENERGY).state == "25678.901"


async def test_a_disk_that_gives_no_months_is_waited_for(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    entry = await set_up(hass, port, make_entry)
    assert await hass.config_entries.async_unload(entry.entry_id)
    broken = OSError(5, "Input/output error")
    with patch.object(QuarterHourSeries, "async_files", side_effect=broken):
        assert not await hass.config_entries.async_setup(entry.entry_id)
    # Nothing is read, and nothing written beside what cannot be read.
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert entry.reason == "Input/output error"
    assert links(hass) == 0
    assert await hass.config_entries.async_reload(entry.entry_id)


async def test_nothing_is_told_of_it_while_it_is_unloaded(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = await set_up(hass, port, make_entry)
    await restart(hass, port, entry)
    await let_pass(hass, 31)
    store = SmartyCoordinator.async_close

    async def store_slowly(coordinator: SmartyCoordinator) -> None:
        await let_pass(hass, 400)
        await store(coordinator)

    with monkeypatch.context() as patching:
        patching.setattr(SmartyCoordinator, "async_close", store_slowly)
        assert await hass.config_entries.async_unload(entry.entry_id)
    assert (DOMAIN, f"no_telegram_{entry.entry_id}") not in ir.async_get(hass).issues


async def test_a_timer_that_is_early_by_a_moment_is_taken_for_in_time(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = await set_up(hass, port, make_entry)
    now = entry.runtime_data.now()
    monkeypatch.setattr(SourceCoordinator, "now", lambda _source: now)
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=61))
    await hass.async_block_till_done()
    assert state_of(hass, ENERGY).state == "unavailable"


async def test_a_dialog_that_is_open_is_not_closed(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    entry = await set_up(hass, port, make_entry)
    await restart(hass, port, entry)
    flow = await entry.start_reconfigure_flow(hass)
    assert flow["step_id"] == "reconfigure"
    await let_pass(hass, 400)
    assert connection(hass) == "nothing_received"
    assert len([*entry.async_get_active_flows(hass, {SOURCE_RECONFIGURE})]) == 1
    hass.config_entries.flow.async_abort(flow["flow_id"])


async def test_home_assistant_stops_before_the_first_telegram(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker, caplog: pytest.LogCaptureFixture
) -> None:
    entry = await set_up(hass, port, make_entry)
    await restart(hass, port, entry)
    caplog.clear()
    await hass.async_stop()
    assert "Traceback" not in caplog.text
    assert not own_log(caplog)
    assert entry.state is ConfigEntryState.LOADED


async def test_actions_before_the_first_telegram(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    port.greeting = port.next_frame(TELEGRAM)
    entry = make_entry(port.url)
    hass.config_entries.async_update_entry(entry, options={"reference_power": 3.0})
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()

    async def ask(action: str, **data: object) -> Any:  # noqa: ANN401 - of many kinds
        return await hass.services.async_call(
            DOMAIN, action, data, blocking=True, return_response=True
        )

    bill, comparison = await ask("get_bill"), await ask("compare_reference_powers")
    await restart(hass, port, entry)
    assert await ask("get_bill") == bill
    assert await ask("compare_reference_powers") == comparison
    period = {"start": "2025-07-01", "end": "2025-07-02"}
    assert await ask("get_quarter_hours", **period) == {"quarter_hours": []}
    with pytest.raises(ServiceValidationError) as error:
        await ask("get_telegram")
    assert error.value.translation_key == "nothing_received"


async def test_what_is_told_of_it_before_the_first_telegram(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker, device_registry: DeviceRegistry
) -> None:
    entry = await set_up(hass, port, make_entry)
    await restart(hass, port, entry)

    told = await async_get_config_entry_diagnostics(hass, entry)
    assert told["state"] == "loaded"
    assert (told["condition"], told["obstacle"]) == ("waiting", None)
    assert told["link"] == {"is_open": True, "losses": 0}
    assert (told["is_available"], told["received_at"], told["telegrams"]) == (False, None, 0)
    assert await async_setup_component(hass, "system_health", {})
    await hass.async_block_till_done()
    info = await get_system_health_info(hass, DOMAIN)
    described = str([await each if asyncio.iscoroutine(each) else each for each in info.values()])
    assert KEY not in described
    assert f"{port.url}, open, no telegram yet, waiting" in described

    # Whether the gas meter is gone is not known yet.
    devices = async_entries_for_config_entry(device_registry, entry.entry_id)
    assert len(devices) > 1
    for device in devices:
        assert not await async_remove_config_entry_device(hass, entry, device)


@pytest.mark.parametrize("expected_lingering_timers", [True])  # of the MQTT integration itself
async def test_what_is_handed_on_begins_with_the_first_telegram(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker, mqtt_mock: MqttMockHAClient
) -> None:
    listen_port = free_ports()
    mqtt = {
        "enabled": True,
        "topic": "home/meter",
        "format": "values",
        "min_interval": 0,
        "retain": False,
        "discovery": False,
        "discovery_prefix": "homeassistant",
    }
    server = {"enabled": True, "address": "127.0.0.1", "port": listen_port}
    port.greeting = port.next_frame(TELEGRAM)
    entry = make_entry(port.url)
    hass.config_entries.async_update_entry(entry, options={"mqtt": mqtt, "p1_server": server})
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()

    def availability() -> list[Any]:
        sent = [call.args[:2] for call in mqtt_mock.async_publish.call_args_list]
        return [payload for topic, payload in sent if topic == "home/meter/availability"]

    await wait_until(hass, lambda: availability() == ["online"])
    await hass.config_entries.async_unload(entry.entry_id)
    mqtt_mock.async_publish.reset_mock()

    await restart(hass, port, entry)
    await wait_until(hass, lambda: availability() == ["offline"])
    reader, writer = await asyncio.open_connection("127.0.0.1", listen_port)
    await wait_until(hass, lambda: True)
    await asyncio.sleep(0.1)
    assert availability() == ["offline"]
    await port.send_telegram(with_value(TELEGRAM, "1-0:1.7.0", "(01.234*kW)"))
    async with asyncio.timeout(10):
        assert b"(01.234*kW)" in await reader.readuntil(b"!")
    await wait_until(hass, lambda: availability() == ["offline", "online"])
    writer.close()
