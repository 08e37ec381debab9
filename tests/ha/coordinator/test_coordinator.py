"""Which telegrams are accepted, and what happens when none comes or the port is lost."""

import logging
from unittest.mock import patch

import pytest
from homeassistant.components.homeassistant import SERVICE_UPDATE_ENTITY
from homeassistant.const import ATTR_ENTITY_ID
from homeassistant.core import DOMAIN as HOMEASSISTANT_DOMAIN, HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smarty_p1.coordinator.meter_coordinator import SmartyCoordinator
from custom_components.smarty_p1.lib.meter import MeterReader
from custom_components.smarty_p1.lib.p1 import Reason
from tests.ha.conftest import EntryMaker
from tests.ha.meter import (
    OTHER_KEY,
    OTHER_SERIAL,
    SERIAL,
    SYSTEM_TITLE,
    MeterPort,
    encipher,
    literal_frame,
    seal,
    with_value,
)
from tests.ha.support import (
    ENERGY,
    TELEGRAM,
    let_pass,
    let_pass_until,
    own_log,
    reload,
    stale_timers,
    state_of,
    wait_until,
)

NAMELESS = with_value(TELEGRAM, "0-0:42.0.0", None)
RECONNECT = 5


@pytest.fixture
async def entry(hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker) -> MockConfigEntry:
    """Return an entry whose meter has sent one telegram and is silent now."""
    port.greeting = port.next_frame(TELEGRAM)
    entry = make_entry(port.url)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    port.greeting = b""
    return entry


@pytest.fixture
def coordinator(entry: MockConfigEntry) -> SmartyCoordinator:
    """Return the coordinator of the entry."""
    coordinator: SmartyCoordinator = entry.runtime_data
    return coordinator


def energy(kwh: float) -> str:
    """Return a telegram with this index."""
    return with_value(TELEGRAM, "1-0:1.8.0", f"({kwh:010.3f}*kWh)")


async def test_unavailable_after_a_minute_and_back(
    hass: HomeAssistant,
    port: MeterPort,
    coordinator: SmartyCoordinator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.clear()
    await let_pass(hass, 59)
    assert state_of(hass, ENERGY).state == "25678.901"
    assert own_log(caplog) == []

    await port.wait_for_clients(0)
    await let_pass(hass, 61)
    assert state_of(hass, ENERGY).state == "unavailable"
    for _ in range(5):
        await let_pass(hass, 70)
    assert len(own_log(caplog)) == 1
    level, text = own_log(caplog)[0]
    assert level == "ERROR"
    assert f"Smarty {SERIAL}" in text
    assert f"The connection to {port.url} is open, but no more data arrives" in text

    port.greeting = port.next_frame(energy(25679))
    await let_pass_until(hass, 30, lambda: coordinator.readings == 2)
    assert state_of(hass, ENERGY).state == "25679.0"
    await port.send_telegram(energy(25680))
    await wait_until(hass, lambda: coordinator.readings == 3)
    assert state_of(hass, ENERGY).state == "25680.0"
    assert own_log(caplog)[1:] == [("INFO", f"Smarty {SERIAL}: readings are coming again")]


async def test_each_telegram_starts_the_minute_anew(
    hass: HomeAssistant, port: MeterPort, coordinator: SmartyCoordinator
) -> None:
    first_timer = coordinator._cancel_stale_timer
    await port.send_telegram(energy(25679))
    await wait_until(hass, lambda: coordinator.readings == 2)

    assert coordinator._cancel_stale_timer is not first_timer
    assert stale_timers(hass) == 1
    await let_pass(hass, 59)
    assert state_of(hass, ENERGY).state == "25679.0"


async def test_what_nothing_can_be_made_of_is_no_reading(
    hass: HomeAssistant,
    port: MeterPort,
    coordinator: SmartyCoordinator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    first_timer = coordinator._cancel_stale_timer
    with patch.object(MeterReader, "read", side_effect=RuntimeError("a mistake")):
        await port.send_telegram(energy(25679))
        await wait_until(hass, lambda: "a mistake" in caplog.text)
    # Otherwise the last value would seem to be the present one for ever.
    assert coordinator.readings == 1
    assert coordinator._cancel_stale_timer is first_timer

    await port.send_telegram(energy(25680))
    await wait_until(hass, lambda: coordinator.readings == 2)
    assert state_of(hass, ENERGY).state == "25680.0"


async def test_lost_port_alone_is_not_unavailable(
    hass: HomeAssistant,
    port: MeterPort,
    coordinator: SmartyCoordinator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.clear()
    await port.stop()
    await let_pass(hass, RECONNECT)
    await let_pass(hass, RECONNECT)
    assert state_of(hass, ENERGY).state == "25678.901"

    port.greeting = port.next_frame(energy(25679))
    await port.start()
    await let_pass_until(hass, RECONNECT, lambda: coordinator.readings == 2)

    assert state_of(hass, ENERGY).state == "25679.0"
    assert own_log(caplog) == []


async def test_silent_connection_is_made_anew(
    hass: HomeAssistant, port: MeterPort, coordinator: SmartyCoordinator
) -> None:
    assert port.connections == 1
    await let_pass(hass, 31)
    await port.wait_for_clients(0)
    await let_pass_until(hass, RECONNECT, lambda: port.connections == 2)

    await port.send_telegram(energy(25679))
    await wait_until(hass, lambda: coordinator.readings == 2)
    assert state_of(hass, ENERGY).state == "25679.0"


async def test_another_meter_is_ignored(
    hass: HomeAssistant,
    port: MeterPort,
    coordinator: SmartyCoordinator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.clear()
    other = energy(1).replace(SERIAL.encode().hex().upper(), OTHER_SERIAL.encode().hex().upper())
    for counter in range(3):
        await port.send(encipher(other, counter, system_title=b"SAGother"))
    await wait_until(hass, lambda: coordinator.reception.other_meters[OTHER_SERIAL] == 3)

    assert state_of(hass, ENERGY).state == "25678.901"
    assert coordinator.readings == 1
    assert own_log(caplog) == []

    await let_pass(hass, 61)
    assert state_of(hass, ENERGY).state == "unavailable"
    assert OTHER_SERIAL in str(coordinator.last_exception)
    assert [level for level, _ in own_log(caplog)] == ["ERROR"]


async def test_telegram_without_name_counts_when_its_frame_is_of_this_meter(
    hass: HomeAssistant, port: MeterPort, coordinator: SmartyCoordinator
) -> None:
    nameless = with_value(NAMELESS, "1-0:1.8.0", "(025679.000*kWh)")
    await port.send(encipher(nameless, 100, system_title=b"SAGother"))
    await wait_until(hass, lambda: coordinator.reception.other_meters[None] == 1)
    assert state_of(hass, ENERGY).state == "25678.901"

    await port.send(encipher(nameless, 100, system_title=SYSTEM_TITLE))
    await wait_until(hass, lambda: coordinator.readings == 2)
    assert state_of(hass, ENERGY).state == "25679.0"


@pytest.mark.usefixtures("short_setup")
async def test_a_first_telegram_without_name_is_of_no_known_meter(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    port.greeting = encipher(NAMELESS, 1)
    entry = make_entry(port.url)
    assert not await hass.config_entries.async_setup(entry.entry_id)
    assert entry.error_reason_translation_key == "no_device_name"
    await hass.config_entries.async_unload(entry.entry_id)


async def test_plain_telegram_without_name_is_ignored(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    port.greeting = seal(TELEGRAM)
    entry = make_entry(port.url, key=None)
    await hass.config_entries.async_setup(entry.entry_id)
    coordinator: SmartyCoordinator = entry.runtime_data

    await port.send(seal(with_value(NAMELESS, "1-0:1.8.0", "(025679.000*kWh)")))
    await wait_until(hass, lambda: coordinator.reception.other_meters[None] == 1)
    assert state_of(hass, ENERGY).state == "25678.901"


@pytest.mark.parametrize(
    ("data", "reason", "explanation"),
    [
        pytest.param(
            encipher(energy(1), 500, key=OTHER_KEY), Reason.TAG, "encryption key", id="new key"
        ),
        pytest.param(encipher(energy(1), 0), Reason.REPLAY, "repeat", id="replay"),
        pytest.param(seal(energy(1)), Reason.DOWNGRADE, "no longer encrypts", id="downgrade"),
        pytest.param(
            literal_frame("other_authentication_key"),
            Reason.AUTHENTICATION_KEY,
            "authentication key",
            id="authentication key",
        ),
    ],
)
async def test_rejections_are_counted_and_explained(  # noqa: PLR0913, PLR0917
    hass: HomeAssistant,
    port: MeterPort,
    coordinator: SmartyCoordinator,
    data: bytes,
    reason: Reason,
    explanation: str,
) -> None:
    await port.send(data)
    await wait_until(hass, lambda: coordinator.reception.rejections[reason] > 0)

    assert dict(coordinator.reception.rejections) == {reason: 1}
    assert state_of(hass, ENERGY).state == "25678.901"
    coordinator._on_stale(dt_util.utcnow())
    assert explanation in str(coordinator.last_exception)


async def test_refreshing_by_hand_does_not_make_old_values_new(
    hass: HomeAssistant, coordinator: SmartyCoordinator
) -> None:
    await async_setup_component(hass, HOMEASSISTANT_DOMAIN, {})

    async def refresh() -> str:
        await hass.services.async_call(
            HOMEASSISTANT_DOMAIN,
            SERVICE_UPDATE_ENTITY,
            {ATTR_ENTITY_ID: f"sensor.{ENERGY}"},
            blocking=True,
        )
        return state_of(hass, ENERGY).state

    assert await refresh() == "25678.901"
    await let_pass(hass, 61)
    assert await refresh() == "unavailable"
    assert coordinator.last_update_success is False


async def test_no_key_is_ever_logged(
    hass: HomeAssistant, port: MeterPort, entry: MockConfigEntry, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await port.send(encipher(TELEGRAM, 500, key=OTHER_KEY))
    await wait_until(hass, lambda: entry.runtime_data.reception.rejections[Reason.TAG] == 1)
    await let_pass(hass, 31)
    await port.wait_for_clients(0)
    await let_pass(hass, 61)
    port.greeting = port.next_frame(TELEGRAM)
    await reload(hass, entry)

    assert "lost the port" in caplog.text
    for secret in entry.data["encryption_key"], OTHER_KEY:
        assert secret not in caplog.text.upper()
        assert repr(bytes.fromhex(secret)) not in caplog.text
