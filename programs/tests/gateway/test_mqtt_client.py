"""Limits that the broker states when a client connects."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import aiomqtt
import pytest

from smarty_p1_gateway.gateway_config import BrokerConfig, PortConfig
from smarty_p1_gateway.mqtt import mqtt_client
from smarty_p1_gateway.mqtt.mqtt_client import MqttClient, RefusedError

HOST = "127.0.0.1"
# Success, and as properties: 2 messages at once, packets of 3,000 bytes.
CONNACK = bytes.fromhex("20 0B 00 00 08 21 0002 27 00000BB8")
# Types of packets, in the upper four bits of a packet's first byte.
PUBLISH, PUBACK = 3, 4
# 3,000 bytes without the header, the topic and the number of a packet.
LARGEST = 2979
# Seconds of silence after which one more message is acknowledged.
PATIENCE = 0.05

type Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def connected(serve: Serve) -> AsyncGenerator[MqttClient]:
    """Connect to a broker that only does this, after it has sent its limits."""

    async def welcome(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1024)
        writer.write(CONNACK)
        with suppress(OSError, asyncio.IncompleteReadError):
            await serve(reader, writer)
        writer.close()

    server = await asyncio.start_server(welcome, HOST)
    number = server.sockets[0].getsockname()[1]
    broker = BrokerConfig(HOST, number, None, None, None, "cellar")
    port = PortConfig("/dev/ttyUSB0", "house", "house", None, "smarty_p1", sealed=True)
    async with server:
        # The broker says no goodbye to a client that leaves.
        with suppress(aiomqtt.MqttError):
            async with MqttClient(broker, port, "house/status") as client:
                yield client


async def test_no_larger_packet_is_sent_than_the_broker_takes(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def serve(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async with connected(serve) as client:
        topic = "house/frame"
        assert client.accepts(topic, bytes(LARGEST))
        assert not client.accepts(topic, bytes(LARGEST + 1))
        with pytest.raises(RefusedError, match="3000 bytes"):
            await client.send(topic, bytes(LARGEST + 1))
        # The client does not notice a missing acknowledgement: the connection stays.
        for _ in range(2):
            client.post(topic, "x" * (LARGEST + 1))
        await client.posted()
        assert caplog.text.count("more than 3000 bytes") == 1


async def test_a_message_that_cannot_be_sent_raises_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def serve(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    # The error must be of the second message.
    is_sent = False
    async with connected(serve) as client:
        client.post("house/value", "1")
        await client.posted()
        is_sent = True
        monkeypatch.setattr(mqtt_client, "_TIMEOUT_S", 0.0)
        client.post("house/value", "2")
        with pytest.raises(aiomqtt.MqttError, match="no more messages"):
            await client.posted()
    assert is_sent
    with pytest.raises(aiomqtt.MqttError, match="not currently connected"):
        client.post("house/value", "3")


async def test_no_more_is_sent_at_once_than_the_broker_takes() -> None:
    topics: list[bytes] = []
    at_once: list[int] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        waiting: list[bytes] = []
        while True:
            try:
                async with asyncio.timeout(PATIENCE):
                    first = (await reader.readexactly(1))[0]
            except TimeoutError:
                if waiting:
                    writer.write(bytes([PUBACK << 4, 2]) + waiting.pop(0))
                continue
            content = await reader.readexactly((await reader.readexactly(1))[0])
            if first >> 4 == PUBLISH:
                end = 2 + int.from_bytes(content[:2])
                topics.append(content[2:end])
                waiting.append(content[end : end + 2])
                at_once.append(len(waiting))

    async with connected(serve) as client:
        await asyncio.gather(*(client.send(f"frame {n}", b"frame") for n in range(5)))
    assert topics == [b"frame %d" % n for n in range(5)]
    assert max(at_once) == 2
