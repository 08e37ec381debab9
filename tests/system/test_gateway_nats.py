"""Frames of lines, through the gateway that has no key, into a real NATS cluster."""

import asyncio
import contextlib
import os
import signal
import ssl
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from dev.encoder import TITLE, frame
from dev.fleet.cluster import NatsCluster
from dev.fleet.nats_server import recommended
from tests.system.nats_cluster import (
    NatsGateway,
    Stored,
    cluster_running,
    make_stream,
    stored,
)
from tests.system.nats_operator import make_operator, remove_accounts
from tests.system.sealed_gateway import Line
from tests.system.support import PATIENCE, TIMEOUT, program, until

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


async def test_what_two_gateways_read_of_a_meter_is_there_from_each(
    tmp_path: Path, line: Line
) -> None:
    frames = [frame(counter) for counter in range(1, 21)]
    # It has the header of the next one, and must not keep it out.
    damaged = frames[10][:-1] + bytes([frames[10][-1] ^ 1])
    async with cluster_running(tmp_path) as cluster:
        await make_stream(cluster)
        gateways = [NatsGateway(tmp_path / name, cluster.urls, [address(line)]) for name in "ab"]
        async with gateways[0].running(), gateways[1].running():
            for gateway in gateways:
                await gateway.until_total("port_open", 1)
            await line.send(b"".join([*frames[:10], damaged, *frames[10:]]))
            for gateway in gateways:
                await gateway.until_total("published_total", 21)
                await gateway.until_total("queue_length", 0)
        messages = await stored(cluster, 2 * (len(frames) + 1))
    # Each gateway's frames are in order; a frame is there from each of them.
    sent = [*frames[:10], damaged, *frames[10:]]
    found = [message.data for message in messages]
    assert sorted(found) == sorted(sent * 2)
    assert {message.subject for message in messages} == {f"smarty_p1.sealed.{TITLE.hex().upper()}"}


async def test_nothing_is_lost_while_each_node_is_killed(tmp_path: Path) -> None:
    lines = [Line(), Line()]
    sent: dict[bytes, list[bytes]] = {TITLE: [], OTHER_TITLE: []}

    is_enough = asyncio.Event()

    async def send_all() -> None:
        for counter in range(1, 1_000_000):
            if is_enough.is_set():
                break
            for line, (title, frames) in zip(lines, sent.items(), strict=True):
                frames.append(frame(counter, title=title))
                await line.send(frames[-1])
            await asyncio.sleep(0.02)

    async with contextlib.AsyncExitStack() as running:
        for line in lines:
            await running.enter_async_context(line.serving())
        cluster = await running.enter_async_context(cluster_running(tmp_path))
        await make_stream(cluster)
        gateway = NatsGateway(tmp_path, cluster.urls, [address(line) for line in lines])
        await running.enter_async_context(gateway.running())
        sending = asyncio.create_task(send_all())
        for node in cluster.nodes:
            await asyncio.sleep(2)
            await node.kill()
            await asyncio.sleep(3)
            await node.start()
            await cluster.until_ready()
        while len(sent[TITLE]) <= 200:
            await asyncio.sleep(0.1)
        is_enough.set()
        await sending
        await gateway.until_total("frames_total", sum(map(len, sent.values())))
        await gateway.until_total("queue_length", 0)
        messages = await stored(cluster, sum(map(len, sent.values())))
    for title, frames in sent.items():
        # A frame may come twice: whose acknowledgement was lost with its node.
        assert [*dict.fromkeys(sorted(of_meter(messages, title)))] == sorted(frames)


async def test_what_waited_when_the_gateway_was_killed_comes_in_order(
    tmp_path: Path, line: Line
) -> None:
    frames = [frame(counter) for counter in range(1, 101)]
    async with cluster_running(tmp_path) as cluster:
        await make_stream(cluster)
        gateway = NatsGateway(tmp_path, cluster.urls, [address(line)])
        async with gateway.running() as process:
            await line.send(b"".join(frames[:5]))
            await gateway.until_total("published_total", 5)
            # The one that is left can be reached, and acknowledges nothing.
            for node in cluster.nodes[:2]:
                await node.kill()
            await line.send(b"".join(frames[5:30]))
            await gateway.until_total("broker_connected", 1)
            await asyncio.sleep(1)
            await line.send(b"".join(frames[30:60]))
            await gateway.until_total("queue_length", 55)
            os.kill(process.pid, signal.SIGKILL)
            await process.wait()
        (tmp_path / "gateway.log").unlink()
        async with gateway.running() as process:
            await gateway.until_total("port_open", 1)
            await line.send(b"".join(frames[60:]))
            await gateway.until_total("frames_total", 40)
            assert await gateway.total("queue_length") >= 95
            await until_logged(tmp_path, "WARNING")
            for node in cluster.nodes[:2]:
                await node.start()
            await gateway.until_total("queue_length", 0)
            await process.stop()
        found = [message.data for message in await stored(cluster, len(frames))]
        assert {*found} == {*frames}
        log = (tmp_path / "gateway.log").read_text(encoding="utf-8")
        # Once for each kind of trouble and connection, and not for each of 95 frames.
        assert log.count("WARNING") < 95
        assert "INFO The NATS cluster acknowledges frames again" in log


async def test_what_comes_last_is_published_before_the_end(tmp_path: Path, line: Line) -> None:
    frames = [frame(counter) for counter in range(1, 21)]
    async with cluster_running(tmp_path) as cluster:
        await make_stream(cluster)
        gateway = NatsGateway(tmp_path, cluster.urls, [address(line)])
        async with gateway.running() as process:
            await gateway.until_total("broker_connected", 1)
            for node in cluster.nodes:
                node.send(signal.SIGSTOP)
            await line.send(b"".join(frames))
            await gateway.until_total("queue_length", 20)
            os.kill(process.pid, signal.SIGTERM)
            await asyncio.sleep(0.1)
            for node in cluster.nodes:
                node.send(signal.SIGCONT)
            assert await process.wait() == 0
        assert {message.data for message in await stored(cluster)} == {*frames}


def logged(directory: Path) -> str:
    return (directory / "gateway.log").read_text(encoding="utf-8")


async def until_logged(directory: Path, text: str) -> None:
    async def is_there() -> bool:
        return text in logged(directory)

    await until(is_there, within=PATIENCE)


async def test_what_is_missing_is_said_and_frames_wait(tmp_path: Path, line: Line) -> None:
    async with cluster_running(tmp_path) as cluster:
        gateway = NatsGateway(tmp_path, cluster.urls, [address(line)])
        password = tmp_path / "nats-password"
        right = password.read_text(encoding="ascii")
        password.write_text("s3cret\n", encoding="ascii")
        async with gateway.running():
            await line.send(frame(1))
            await until_logged(tmp_path, "Authorization Violation")
            await gateway.until_total("queue_length", 1)
        password.write_text(right, encoding="ascii")
        async with gateway.running():
            # Since NATS 2.10, the servers say so themselves.
            await until_logged(tmp_path, "smarty_p1_frames")
            await line.send(frame(2))
            await gateway.until_total("queue_length", 2)
            await make_stream(cluster)
            await gateway.until_total("queue_length", 0)
            assert {message.data for message in await stored(cluster, 2)} == {frame(1), frame(2)}
    assert "s3cret" not in logged(tmp_path)


async def test_a_user_who_may_not_publish(tmp_path: Path, line: Line) -> None:
    async with cluster_running(tmp_path, gateways={"gateway": ["x"]}) as cluster:
        await make_stream(cluster)
        gateway = NatsGateway(tmp_path, cluster.urls, [address(line)])
        async with gateway.running():
            await line.send(frame(1))
            await until_logged(tmp_path, "does not allow it: nats: permissions violation")
            await gateway.until_total("queue_length", 1)
        assert await stored(cluster) == []


async def test_a_credentials_file(tmp_path: Path, line: Line) -> None:
    program(recommended())
    extra, credentials = make_operator(tmp_path)
    cluster = NatsCluster(tmp_path, {}, extra)
    remove_accounts(tmp_path)
    login = f'credentials_file = "{credentials}"\n'
    gateway = NatsGateway(tmp_path, cluster.urls, [address(line)], login, user=None)
    async with cluster, gateway.running():
        await gateway.until_total("broker_connected", 1)
        await line.send(frame(1))
        # Somebody who is not known is told nothing.
        await until_logged(tmp_path, "No stream takes")
    seed = credentials.read_text(encoding="ascii").splitlines()[5]
    assert seed.startswith("SU")
    assert seed not in logged(tmp_path)


def make_certificate(directory: Path) -> tuple[Path, Path]:
    """Make a certificate of this machine; return it and its key."""
    pem, key = directory / "server.pem", directory / "server.key"
    name = "-subj /CN=test -addext subjectAltName=IP:127.0.0.1"
    make = f"{program('openssl')} req -x509 -newkey rsa:2048 -nodes {name} -keyout {key} -out {pem}"
    subprocess.run(make.split(), check=True, capture_output=True)
    return pem, key


async def test_nothing_is_said_without_tls(tmp_path: Path, line: Line) -> None:
    pem, key = make_certificate(tmp_path)
    login = f'ca_file = "{pem}"\n'
    async with cluster_running(tmp_path / "plain") as cluster:
        gateway = NatsGateway(tmp_path, cluster.urls, [address(line)], login)
        async with gateway.running():
            await until_logged(tmp_path, "the server is configured without TLS")
            assert await gateway.total("broker_connected") == 0
    extra = f'tls {{ cert_file: "{pem}", key_file: "{key}" }}\n'
    tls = ssl.create_default_context(cafile=pem)
    async with cluster_running(tmp_path / "tls", extra, tls=tls) as cluster:
        await make_stream(cluster)
        gateway = NatsGateway(tmp_path, cluster.urls, [address(line)], login)
        async with gateway.running():
            await line.send(frame(1))
            await gateway.until_total("published_total", 1)
        assert [message.data for message in await stored(cluster)] == [frame(1)]


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
            assert await gateway.total("dropped_total") == 7
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
