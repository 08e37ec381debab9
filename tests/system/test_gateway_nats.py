"""Frames of lines, through the gateway that has no key, into a real NATS cluster."""

import signal
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from dev.encoder import TITLE, frame
from tests.system.nats_cluster import (
    NatsGateway,
    Stored,
    cluster_running,
    make_stream,
    stored,
)
from tests.system.sealed_gateway import Line
from tests.system.support import PATIENCE, TIMEOUT, until

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(TIMEOUT)]

OTHER_TITLE = b"SAGgp\x04\x10\x2f"


@pytest_asyncio.fixture
async def line() -> AsyncIterator[Line]:
    line = Line()
    async with line.serving():
        yield line


def address(line: Line) -> str:
    return f"socket://127.0.0.1:{line.port}"


def of_meter(messages: list[Stored], title: bytes) -> list[bytes]:
    """Return the frames of one meter, in the order of the stream."""
    end = f".{title.hex().upper()}"
    return [message.data for message in messages if message.subject.endswith(end)]


def logged(directory: Path) -> str:
    return (directory / "gateway.log").read_text(encoding="utf-8")


async def until_logged(directory: Path, text: str) -> None:
    async def is_there() -> bool:
        return text in logged(directory)

    await until(is_there, within=PATIENCE)


async def test_what_is_missing_is_said_and_two_gateways_publish_all_frames_of_a_meter(
    tmp_path: Path, line: Line
) -> None:
    frames = [frame(counter) for counter in range(1, 21)]
    # It has the header of the next one, and must not keep it out.
    damaged = frames[10][:-1] + bytes([frames[10][-1] ^ 1])
    sent = [*frames[:10], damaged, *frames[10:]]
    async with cluster_running(tmp_path) as cluster:
        one, other = [NatsGateway(tmp_path / name, cluster.urls, [address(line)]) for name in "ab"]
        password = tmp_path / "a" / "nats-password"
        right = password.read_text(encoding="ascii")
        password.write_text("s3cret\n", encoding="ascii")
        async with one.running():
            await line.send(sent[0])
            await until_logged(tmp_path / "a", "Authorization Violation")
            await one.until_total("queue_length", 1)
        password.write_text(right, encoding="ascii")
        async with one.running(), other.running():
            # Since NATS 2.10, the servers say so themselves.
            await until_logged(tmp_path / "a", "smarty_p1_frames")
            await line.send(b"".join(sent[1:]), readers=2)
            await one.until_total("queue_length", 21)
            await other.until_total("queue_length", 20)
            await make_stream(cluster)
            for gateway in (one, other):
                await gateway.until_total("queue_length", 0)
        messages = await stored(cluster, 41)
    # A frame whose acknowledgement came too late is there again.
    found = Counter(message.data for message in messages)
    assert found.keys() == {*sent}
    assert all(found[data] >= 2 for data in sent[1:])
    assert {message.subject for message in messages} == {f"smarty_p1.sealed.{TITLE.hex().upper()}"}
    assert "s3cret" not in logged(tmp_path / "a")


async def test_what_the_user_may_not_publish_is_set_aside_until_it_may(
    tmp_path: Path, line: Line
) -> None:
    known, other = TITLE.hex().upper(), OTHER_TITLE.hex().upper()
    async with cluster_running(tmp_path, gateways={"gateway": [known]}) as cluster:
        await make_stream(cluster)
        gateway = NatsGateway(tmp_path, cluster.urls, [address(line)])
        async with gateway.running():
            sent = [
                data
                for counter in range(1, 11)
                for data in (frame(counter, title=OTHER_TITLE), frame(counter))
            ]
            # Noise has other titles still, and more than are remembered.
            noise = [frame(1, title=b"NOISE" + number.to_bytes(3)) for number in range(10)]
            await line.send(b"".join([*sent, *noise, frame(11)]))
            await gateway.until_total("published_total", 11)
            await gateway.until_total("set_aside", 10 + 3)
            await gateway.until_total("queue_length", 10 + 3)
            # Of noise, whatever makes way is not lost.
            assert await gateway.total("dropped_total") == 0
        assert logged(tmp_path).count(f"smarty_p1.sealed.{other.lower()}") == 1
        async with gateway.running():
            await gateway.until_total("set_aside", 10 + 3)
            for number, node in enumerate(cluster.nodes):
                configuration = tmp_path / f"nats{number}" / "nats-server.conf"
                text = configuration.read_text(encoding="utf-8")
                allowed = f'"smarty_p1.sealed.{known}"'
                more = text.replace(allowed, f'{allowed}, "smarty_p1.sealed.{other}"')
                configuration.write_text(more, encoding="utf-8")
                node.send(signal.SIGHUP)
            await gateway.until_total("set_aside", 3)
            await line.send(frame(11, title=OTHER_TITLE))
            await gateway.until_total("published_total", 11)
            await gateway.until_total("queue_length", 3)
        messages = await stored(cluster)
    assert {*of_meter(messages, TITLE)} == {frame(counter) for counter in range(1, 12)}
    assert {*of_meter(messages, OTHER_TITLE)} == {
        frame(counter, title=OTHER_TITLE) for counter in range(1, 12)
    }
