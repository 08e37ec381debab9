"""Home Assistant stops while something waits: that ends at once, and without a complaint."""

import asyncio
import gc
import logging
from collections.abc import AsyncGenerator, Callable, Coroutine
from unittest.mock import patch

import pytest
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import CoreState, Event, HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from pytest_homeassistant_custom_component.typing import MqttMockHAClientGenerator

from dev.leneda import Fault, Platform
from smartyp1.json_types import JsonDict
from tests.ha.boards import GEOMETRY, pulse_entry
from tests.ha.dialogs import advance, start
from tests.ha.leneda import ENERGY_ID, KEY as KEY_OF_LENEDA, POINT
from tests.ha.meter import KEY
from tests.ha.support import Home, links, own_log, set_up_entry

# Seconds. A wait for a task would take 20 seconds and more.
AT_ONCE = 15.0


type Stop = Callable[[], Coroutine[None, None, None]]


@pytest.fixture
async def stop(hass: HomeAssistant, caplog: pytest.LogCaptureFixture) -> AsyncGenerator[Stop]:
    """Return a function that stops Home Assistant, and checks that nothing keeps it up."""

    async def stop_home_assistant() -> None:
        caplog.set_level(logging.WARNING)
        caplog.clear()
        await asyncio.wait_for(hass.async_stop(), AT_ONCE)
        assert hass.state is CoreState.stopped
        assert "was still running" not in caplog.text
        assert "Traceback" not in caplog.text
        assert "cancelled" not in caplog.text
        assert [line for line in own_log(caplog) if line[0] != "INFO"] == []

    yield stop_home_assistant
    await hass.async_stop(force=True)


@pytest.mark.parametrize("is_background", [True, False])
async def test_while_a_set_up_waits(home: Home, stop: Stop, *, is_background: bool) -> None:
    entry = home.make_entry(home.port.url)
    # Home Assistant cancels a retry in the background, but not a set-up that a user has begun.
    create = (
        home.hass.async_create_background_task if is_background else home.hass.async_create_task
    )
    set_up_task = create(set_up_entry(home.hass, entry), "set-up")
    await home.port.wait_for_clients(1)
    assert entry.state is ConfigEntryState.SETUP_IN_PROGRESS

    await stop()

    assert set_up_task.done()
    await home.port.wait_for_clients(0)


@pytest.mark.parametrize("expected_lingering_timers", [True])  # timers of the MQTT integration
async def test_while_a_topic_waits_for_mqtt(
    hass: HomeAssistant, mqtt_mock: MqttMockHAClientGenerator, stop: Stop
) -> None:
    assert mqtt_mock
    is_waiting = asyncio.Event()

    async def wait_for_client(_hass: HomeAssistant) -> bool:
        is_waiting.set()
        return await asyncio.sleep(50, result=False)

    entry = pulse_entry(hass, topic="iot/led")
    with patch("homeassistant.components.mqtt.async_wait_for_mqtt_client", wait_for_client):
        assert await set_up_entry(hass, entry)
        await is_waiting.wait()
        await stop()


async def test_while_a_dialog_has_the_port_of_an_entry(home: Home, stop: Stop) -> None:
    entry = await home.set_up()
    form = await entry.start_reconfigure_flow(home.hass)
    await advance(home.hass, form, {})
    await home.port.wait_for_connections(2)
    assert entry.state is ConfigEntryState.LOADED
    assert links(home.hass) == 0

    await stop()

    # No port of a stopped Home Assistant is read.
    assert links(home.hass) == 0


@pytest.mark.parametrize("beginning", ["before", "while Home Assistant stops"])
async def test_while_leneda_does_not_answer(
    home: Home, platform: Platform, stop: Stop, beginning: str
) -> None:
    platform.fault = Fault.SLOW
    account = {"api_key": KEY_OF_LENEDA, "energy_id": ENERGY_ID, "consumption_point": POINT}
    if beginning == "before":
        await home.set_up(leneda=account)
        await home.wait_until(lambda: bool(platform.requests))
    else:
        # A reload at the end of a dialog begins such a download, which Home Assistant does not
        # cancel any more.
        async def begin(_event: Event) -> None:
            await home.set_up(leneda=account)

        home.hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STOP, begin)
    lost: list[JsonDict] = []
    home.hass.loop.set_exception_handler(lambda _loop, context: lost.append(context))

    await stop()
    gc.collect()

    await asyncio.sleep(0.05)
    assert not lost


PORT = {"baud_rate": "9600", "pulses_per_kwh": 1000}
ENTITY = {"entity_id": "binary_sensor.led", "pulses_per_kwh": 1000}


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ((), {"encryption_key": KEY}),
        (("pulse", "pulse_port"), PORT),
        (("pulse", "pulse_entity"), ENTITY),
        (("tank",), GEOMETRY),
    ],
)
async def test_while_a_dialog_waits_for_a_telegram_or_a_board(
    home: Home, stop: Stop, path: tuple[str, ...], fields: JsonDict
) -> None:
    home.hass.states.async_set("binary_sensor.led", "off")
    has_port = fields is not ENTITY
    typed = fields | ({"port": home.port.address} if has_port else {})
    flow = await start(home.hass, *path)
    result = await advance(home.hass, flow, typed)
    assert result["type"] is FlowResultType.SHOW_PROGRESS
    await home.port.wait_for_clients(has_port)
    await asyncio.sleep(0.05)

    await stop()

    await home.port.wait_for_clients(0)
    # The source was not at fault.
    result = await advance(home.hass, flow)
    assert not result.get("errors")
