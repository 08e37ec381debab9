"""Frames of a line, through the gateway that has no key, on a real mosquitto."""

import contextlib
import os
import signal
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from dev.encoder import TITLE, frame, telegram
from dev.ports import free_ports
from tests.system.broker import Broker
from tests.system.sealed_gateway import Line, Listener, SealedGateway
from tests.system.support import TIMEOUT, program

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(TIMEOUT)]

FRAME = f"{SealedGateway.root}/frame"
STATUS = f"{SealedGateway.root}/status"


@pytest_asyncio.fixture
async def line() -> AsyncIterator[Line]:
    line = Line()
    async with line.serving():
        yield line


def parts(directory: Path, line: Line) -> tuple[Broker, SealedGateway, Listener]:
    """Return a broker, a gateway that reads the line, and a listener; none of them runs yet."""
    broker = Broker(directory)
    gateway = SealedGateway(directory, broker.port, f"socket://127.0.0.1:{line.port}")
    return broker, gateway, Listener(broker.port, f"{SealedGateway.root}/#")


async def test_frames_come_as_they_are_and_a_sudden_end_is_noticed(
    tmp_path: Path, line: Line
) -> None:
    broker, gateway, listener = parts(tmp_path, line)
    frames = [frame(counter) for counter in range(1, 6)]
    async with broker.serving(), listener.listening():
        async with gateway.running() as process:
            await listener.until(STATUS, 1)
            await line.send(b"noise" + b"".join(frames[:3]) + frames[3][:40])
            await line.send(frames[3][40:] + frames[4])
            assert await listener.until(FRAME, 5) == frames
            await gateway.until_metric("published_total", 5)
            os.kill(process.pid, signal.SIGKILL)
            assert await listener.until(STATUS, 2) == [b"online", b"offline"]
        async with gateway.running() as process:
            assert await listener.until(STATUS, 3) == [b"online", b"offline", b"online"]
            await process.stop()
            assert (await listener.until(STATUS, 4))[-1] == b"offline"
        late = Listener(broker.port, f"{SealedGateway.root}/#")
        async with late.listening():
            assert await late.until(STATUS, 1) == [b"offline"]
        assert late.messages == [(STATUS, b"offline", True)]


async def test_nothing_is_lost_while_the_broker_is_away_and_the_gateway_is_killed(
    tmp_path: Path, line: Line
) -> None:
    broker, gateway, listener = parts(tmp_path, line)
    frames = [frame(counter) for counter in range(1, 101)]
    async with contextlib.AsyncExitStack() as first:
        serving = await first.enter_async_context(broker.serving())
        await first.enter_async_context(listener.listening())
        process = await first.enter_async_context(gateway.running())
        await line.send(b"".join(frames[:5]))
        await listener.until(FRAME, 5)
        os.kill(serving.pid, signal.SIGKILL)
        await serving.wait()
        await line.send(b"".join(frames[5:60]))
        await gateway.until_metric("queue_length", 55)
        os.kill(process.pid, signal.SIGKILL)
        await process.wait()
    async with gateway.running() as process:
        await gateway.until_metric("queue_length", 55)
        await line.send(b"".join(frames[60:]))
        await gateway.until_metric("queue_length", 95)
        await process.stop()

    late = Listener(broker.port, f"{SealedGateway.root}/#")
    async with broker.serving(), late.listening(), gateway.running():
        assert await late.until(FRAME, 95) == frames[5:]
        await gateway.until_metric("queue_length", 0)


async def test_what_the_broker_refuses_goes_on_waiting(tmp_path: Path, line: Line) -> None:
    broker, gateway, _ = parts(tmp_path, line)
    rules = tmp_path / "rules"
    rules.write_text(f"topic write {STATUS}\n", encoding="ascii")
    configuration = tmp_path / "mosquitto.conf"
    allowing = configuration.read_text(encoding="ascii")
    configuration.write_text(f"{allowing}user root\nacl_file {rules}\n", encoding="ascii")
    frames = [frame(counter) for counter in range(1, 4)]
    async with gateway.running():
        async with broker.serving():
            await line.send(b"".join(frames))
            await gateway.until_metric("broker_losses_total", 2)
            await gateway.until_metric("queue_length", 3)
            assert await gateway.metric("published_total") == 0
        configuration.write_text(allowing, encoding="ascii")
        listener = Listener(broker.port, FRAME)
        async with broker.serving(), listener.listening():
            assert await listener.until(FRAME, 3) == frames


async def test_a_frame_that_is_too_large_for_the_broker_goes_on_waiting(
    tmp_path: Path, line: Line
) -> None:
    broker, gateway, listener = parts(tmp_path, line)
    configuration = tmp_path / "mosquitto.conf"
    allowing = configuration.read_text(encoding="ascii")
    configuration.write_text(f"{allowing}max_packet_size 2000\n", encoding="ascii")
    message = f"0-0:96.13.0({'4C' * 1000})"
    frames = [frame(1), frame(2), frame(3, telegram(message)), frame(4)]
    async with gateway.running():
        async with broker.serving(), listener.listening():
            await line.send(b"".join(frames))
            await gateway.until_metric("broker_losses_total", 2)
            await gateway.until_metric("queue_length", 2)
            assert listener.at(FRAME) == frames[:2]
        configuration.write_text(allowing, encoding="ascii")
        late = Listener(broker.port, FRAME)
        async with broker.serving(), late.listening():
            assert await late.until(FRAME, 2) == frames[2:]
    log = (tmp_path / "gateway.log").read_text(encoding="utf-8")
    assert log.count("packets of more than 2000 bytes") == 1


async def test_a_connection_that_broke_unnoticed_has_not_the_last_word(
    tmp_path: Path, line: Line
) -> None:
    broker, gateway, listener = parts(tmp_path, line)
    async with broker.serving(), listener.listening(), gateway.running() as lost:
        await line.send(frame(1))
        await listener.until(FRAME, 1)
        # As a power cut does it: neither the gateway nor its connection says that it ends.
        os.kill(lost.pid, signal.SIGSTOP)
        (tmp_path / "smarty-p1-queue.sqlite3.lock").unlink()
        configuration = tmp_path / "gateway.toml"
        text, port = configuration.read_text(encoding="utf-8"), free_ports()
        text = text.replace(f"{gateway.metrics_port}", f"{port}")
        configuration.write_text(text, encoding="utf-8")
        gateway.metrics_port = port
        async with gateway.running():
            await gateway.until_metric("port_open", 1)
            assert (await listener.until(STATUS, 3))[1:] == [b"offline", b"online"]
            os.kill(lost.pid, signal.SIGKILL)
            await lost.wait()
            await line.send(frame(2))
            await listener.until(FRAME, 2)
            assert listener.at(STATUS)[-1] == b"online"


async def test_what_may_be_mended_later_is_tried_again(tmp_path: Path, line: Line) -> None:
    _, gateway, _ = parts(tmp_path, line)
    async with gateway.running() as process:
        await gateway.until_metric("port_open", 1)
        async with gateway.running() as second:
            # 2 stands for a mistake in the file, after which systemd does not start it again.
            assert await second.wait() == 1
        assert process.status is None
    log = (tmp_path / "gateway.log").read_text(encoding="utf-8")
    assert "[queue] path is in use by another gateway" in log


def make_login(directory: Path) -> None:
    """Make `ca.pem`, a `broker.pem` of this machine, and a user in `passwords`.

    With as few words as people need for theirs: no certificate says what its key is for.
    """
    (directory / "san").write_text("subjectAltName=IP:127.0.0.1\n", encoding="ascii")
    for command in (
        "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=own -keyout ca.key -out ca.pem",
        "openssl req -newkey rsa:2048 -nodes -subj /CN=test -keyout broker.key -out broker.csr",
        "openssl x509 -req -in broker.csr -CA ca.pem -CAkey ca.key -extfile san -out broker.pem",
        "mosquitto_passwd -b -c passwords cellar s3cret",
    ):
        name, *arguments = command.split()
        subprocess.run([program(name), *arguments], check=True, capture_output=True, cwd=directory)


async def test_tls_user_and_password(tmp_path: Path, line: Line) -> None:
    broker = Broker(tmp_path)
    configuration = tmp_path / "mosquitto.conf"
    make_login(tmp_path)
    configuration.write_text(
        f"user root\nlistener {broker.port} 127.0.0.1\nallow_anonymous false\n"
        f"password_file {tmp_path / 'passwords'}\n"
        f"certfile {tmp_path / 'broker.pem'}\nkeyfile {tmp_path / 'broker.key'}\n",
        encoding="ascii",
    )
    password = tmp_path / "password"
    password.write_text("wrong\n", encoding="ascii")
    login = (
        f'ca_file = "{tmp_path / "ca.pem"}"\nusername = "cellar"\npassword_file = "{password}"\n'
    )
    gateway = SealedGateway(tmp_path, broker.port, f"socket://127.0.0.1:{line.port}", login)
    log = tmp_path / "gateway.log"
    async with broker.serving():
        async with gateway.running():
            await line.send(frame(1))
            await gateway.until_metric("broker_losses_total", 1)
            await gateway.until_metric("queue_length", 1)
        assert "Not authorized" in log.read_text(encoding="utf-8")
        password.write_text("s3cret\n", encoding="ascii")
        async with gateway.running():
            await gateway.until_metric("published_total", 1)
    assert "s3cret" not in log.read_text(encoding="utf-8")


async def test_a_meter_whose_cable_is_moved_to_another_port_stays_online(
    tmp_path: Path, line: Line
) -> None:
    broker, gateway, _ = parts(tmp_path, line)
    shed = Line()
    other = b"KFMgp\x00\x00\x01"
    ports = "".join(
        f'[[port]]\naddress = "socket://127.0.0.1:{each.port}"\n' for each in (line, shed)
    )
    config = tmp_path / "gateway.toml"
    text = config.read_text(encoding="utf-8").partition("[[port]]")[0] + ports
    config.write_text(text, encoding="utf-8")
    root = f"smarty_p1/{TITLE.hex().upper()}"
    listener = Listener(broker.port, f"{root}/#")
    async with shed.serving(), broker.serving(), listener.listening(), gateway.running():
        await line.send(frame(1) + frame(2))
        await shed.send(frame(1, title=other) + frame(2, title=other))
        await listener.until(f"{root}/frame", 2)
        for counter in range(3, 7):
            await shed.send(frame(counter))
        assert await listener.until(f"{root}/status", 2) == [b"online", b"online"]
        for counter in range(3, 7):
            await line.send(frame(counter, title=other))
        await shed.send(frame(7))
        elsewhere = f"smarty_p1/{other.hex().upper()}/status"
        late = Listener(broker.port, elsewhere)
        async with late.listening():
            await late.until(elsewhere, 1)
        assert set(listener.at(f"{root}/status")) == {b"online"}
