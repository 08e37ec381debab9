"""What the broker says of itself when somebody connects."""

import asyncio
from contextlib import suppress

import aiomqtt
import pytest

from smarty_p1_gateway.config import BrokerConfig, PortConfig
from smarty_p1_gateway.mqtt_client import MqttClient, RefusedError

HOST = "127.0.0.1"
# Success, and as properties: 4 messages at once, packets of 3,000 bytes.
CONNACK = bytes.fromhex("20 0B 00 00 08 21 0004 27 00000BB8")


async def _welcome(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1024)
    writer.write(CONNACK)
    with suppress(OSError):
        await reader.read()
    writer.close()


async def test_the_limits_of_the_broker() -> None:
    server = await asyncio.start_server(_welcome, HOST)
    number = server.sockets[0].getsockname()[1]
    broker = BrokerConfig(HOST, number, None, None, None, "cellar")
    port = PortConfig("/dev/ttyUSB0", "house", "house", None, "smarty_p1", sealed=True)
    async with server:
        # Nobody says goodbye to the one who leaves.
        with suppress(aiomqtt.MqttError):
            async with MqttClient(broker, port, "house/status", "offline") as client:
                assert client.window == 4
                topic = "house/frame"
                assert client.takes(topic, bytes(2979))
                assert not client.takes(topic, bytes(2980))
                with pytest.raises(RefusedError, match="3000 bytes"):
                    await client.send(topic, bytes(2980))
