"""The coordinator without telegrams or without its port, and its log of rejected telegrams."""

import asyncio
from unittest.mock import patch

import pytest
from homeassistant.components.homeassistant import SERVICE_UPDATE_ENTITY
from homeassistant.const import ATTR_ENTITY_ID
from homeassistant.core import DOMAIN as HOMEASSISTANT_DOMAIN
from homeassistant.setup import async_setup_component

from custom_components.smarty_p1.diagnostics import async_get_config_entry_diagnostics
from custom_components.smarty_p1.lib.meter.meter_reader import MeterReader
from tests.ha.coordinator.conftest import House
from tests.ha.meter import SERIAL, with_registers
from tests.ha.support import ENERGY, TELEGRAM, fall_silent, let_pass_until, wait_until

RECONNECT = 5


@pytest.fixture(autouse=True)
async def meter(house: House) -> None:
    """Let the meter have sent one telegram, and be silent now."""
    await house.begin()


def energy(kwh: float) -> str:
    return with_registers(TELEGRAM, kwh)


async def test_unavailable_after_a_minute_and_back(house: House) -> None:
    # A busy machine has needed some seconds until now.
    await house.passes(50)
    assert house.energy == "25678.901"
    assert house.log == []

    # A silent connection is made anew.
    await house.port.wait_for_clients(0)
    await house.passes(61)
    assert house.energy == "unavailable"
    for _ in range(5):
        await house.passes(70)
    [(level, text)] = house.log
    assert level == "ERROR"
    assert f"Smarty {SERIAL}" in text
    assert f"The connection to {house.port.url} is open, but no more data arrives" in text

    house.port.greeting = house.port.next_frame(energy(25679))
    await let_pass_until(house.hass, 30, lambda: house.coordinator.readings == 2)
    assert house.energy == "25679.0"
    await house.send(house.port.next_frame(energy(25680)))
    assert house.energy == "25680.0"
    assert house.log[1:] == [("INFO", f"Smarty {SERIAL}: readings are coming again")]


async def test_a_telegram_that_raises_an_error_is_no_reading(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    await fall_silent(house.hass, house.entry, 50)
    with patch.object(MeterReader, "read_telegram", side_effect=RuntimeError("a mistake")):
        await house.port.send_telegram(energy(25679))
        await wait_until(house.hass, lambda: "a mistake" in caplog.text)
    # The last value must not seem to be the present one for ever.
    assert house.coordinator.readings == 1
    await fall_silent(house.hass, house.entry, 11)
    assert house.energy == "unavailable"

    await house.send(house.port.next_frame(energy(25680)))
    assert house.energy == "25680.0"


async def test_lost_port_alone_is_not_unavailable(house: House) -> None:
    await house.port.stop()
    await house.passes(RECONNECT)
    await house.passes(RECONNECT)
    assert house.energy == "25678.901"

    house.port.greeting = house.port.next_frame(energy(25679))
    await house.port.start()
    await let_pass_until(house.hass, RECONNECT, lambda: house.coordinator.readings == 2)
    assert house.energy == "25679.0"
    assert house.log == []


async def test_a_gateway_that_serves_another_client(house: House) -> None:
    house.port.greeting = b"Port already in use\r\n"
    house.port.drop()
    await let_pass_until(house.hass, RECONNECT, lambda: house.coordinator.health.losses > 2)
    await house.passes(61)
    assert house.connection == "port_busy"
    # Each new attempt is turned away, and does not change the problem.
    for _ in range(5):
        await house.passes(RECONNECT)
        assert house.connection == "port_busy"
    [(_, line)] = house.log
    assert "in use by another program" in line
    await house.passes(300)
    diagnostics = await async_get_config_entry_diagnostics(house.hass, house.entry)
    assert diagnostics["obstacle"] == "port_busy"
    assert "no_telegram" in diagnostics["repairs"]


async def test_after_each_reading_a_lost_port_is_opened_again_at_once(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    delays: list[float] = []
    sleep = asyncio.sleep

    async def noted_sleep(delay: float) -> None:
        delays.append(delay)
        await sleep(min(delay, 0.01))

    monkeypatch.setattr(asyncio, "sleep", noted_sleep)
    for count in range(2, 6):
        await house.port.stop()
        house.port.greeting = house.port.next_frame(energy(25678 + count))
        await house.port.start()
        await wait_until(house.hass, lambda: house.coordinator.readings == count)  # noqa: B023
    # Without a reading in between, the delays would be 1, 2, 4 and 8 seconds.
    assert 0.5 < max(delays) < 2


async def test_refreshing_by_hand_does_not_make_old_values_new(house: House) -> None:
    await async_setup_component(house.hass, HOMEASSISTANT_DOMAIN, {})
    for seconds, shown in ((0, "25678.901"), (61, "unavailable")):
        await house.passes(seconds)
        entity = {ATTR_ENTITY_ID: f"sensor.{ENERGY}"}
        call = house.hass.services.async_call
        await call(HOMEASSISTANT_DOMAIN, SERVICE_UPDATE_ENTITY, entity, blocking=True)
        assert house.energy == shown
    assert house.coordinator.last_update_success is False
