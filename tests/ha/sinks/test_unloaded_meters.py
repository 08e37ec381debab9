"""Reloads of a meter whose outputs are asked: no earlier coordinator stays in memory."""

import asyncio
import gc
import json
import logging
import weakref

import aiohttp
import pytest
from pytest_homeassistant_custom_component.typing import (
    MqttMockHAClient,
    MqttMockPahoClient,
    WebSocketGenerator,
)

from custom_components.smarty_p1.coordinator.meter_coordinator import MeterCoordinator
from dev.ports import free_ports
from smartyp1.json_types import JsonDict
from tests.ha.support import Home, unload_entry

LOCAL = "127.0.0.1"
RELOADS = 20
PATHS = (
    "/api",
    "/api/v1/data",
    "/api/v1/system",
    "/api/v1/telegram",
    "/shelly",
    "/rpc/EM.GetStatus?id=0",
    "/nothing",
)
FRAME = {"id": 7, "src": "battery", "method": "EM.GetStatus", "params": {"id": 0}}


@pytest.fixture
def expected_lingering_timers() -> bool:
    """Let the MQTT integration's timer live longer than a test."""
    return True


class Outputs:
    """Ports of a meter's outputs, and the questions of other programs."""

    def __init__(self) -> None:
        self._http, self._udp, self._p1 = free_ports(), free_ports(), free_ports()

    @property
    def options(self) -> JsonDict:
        """Return options that enable each output."""
        return {
            "virtual_meter": {
                "enabled": True,
                "shown_as": "both",
                "address": LOCAL,
                "port": self._http,
                "batteries": [],
                "no_batteries": [],
                "udp_ports": [self._udp],
                "silent": False,
                "announced": False,
                "shows_telegram": True,
                "serial": "02a1b2c3d4e5",
            },
            "p1_server": {"enabled": True, "address": LOCAL, "port": self._p1},
            "mqtt": {
                "enabled": True,
                "format": "values",
                "topic": "cellar/meter",
                "retain": False,
                "min_interval": 0,
                "discovery": True,
                "discovery_prefix": "elsewhere",
            },
        }

    async def ask(self) -> None:
        """Ask each output once."""
        url = f"http://{LOCAL}:{self._http}"
        async with aiohttp.ClientSession() as session:
            for path in PATHS:
                async with session.get(url + path) as answer:
                    assert answer.status == (404 if path == "/nothing" else 200)
            async with session.post(f"{url}/rpc", json=FRAME) as answer:
                assert answer.status == 200
            async with session.ws_connect(f"{url}/rpc") as listener, asyncio.timeout(10):
                await listener.send_json(FRAME)
                await listener.receive()
        loop = asyncio.get_running_loop()
        answered = loop.create_future()
        transport, _ = await loop.create_datagram_endpoint(
            lambda: _Asker(answered), remote_addr=(LOCAL, self._udp)
        )
        transport.sendto(json.dumps(FRAME).encode())
        async with asyncio.timeout(10):
            await answered
        transport.close()
        _, writer = await asyncio.open_connection(LOCAL, self._p1)
        writer.close()


class _Asker(asyncio.DatagramProtocol):
    def __init__(self, answered: asyncio.Future[None]) -> None:
        self._answered = answered

    def datagram_received(self, _data: bytes, _address: object) -> None:
        if not self._answered.done():
            self._answered.set_result(None)


async def test_no_earlier_coordinator_stays_in_memory(
    home: Home,
    mqtt_mock: MqttMockHAClient,
    mqtt_client_mock: MqttMockPahoClient,
    hass_ws_client: WebSocketGenerator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert mqtt_mock.connected
    # The test kit keeps log lines with their arguments, here the servers.
    caplog.set_level(logging.WARNING, "asyncio")
    outputs, coordinators = Outputs(), weakref.WeakSet[MeterCoordinator]()
    await home.set_up(**outputs.options)
    home.answer()
    for _ in range(RELOADS):
        coordinators.add(home.entry.runtime_data)
        before = mqtt_client_mock.publish.call_count
        await outputs.ask()
        client = await hass_ws_client(home.hass)
        await client.send_json_auto_id({"type": "smarty_p1/meters"})
        assert (await client.receive_json())["success"]
        await client.close()
        await home.reload()
        assert mqtt_client_mock.publish.call_count > before
    coordinators.add(home.entry.runtime_data)
    # The mocks keep the callbacks that they were called with.
    mqtt_client_mock.reset_mock()
    mqtt_mock.reset_mock()
    await home.hass.async_block_till_done()
    gc.collect()
    assert len(coordinators) == 1
    assert await unload_entry(home.hass, home.entry)
