"""A gateway without and with the key of a meter, on a real mosquitto: kills, logins, secrets."""

import json
import os
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest_asyncio

from dev.encoder import DEVICE_NAME, KEY, frame, telegram
from dev.simulator.frame import AUTHENTICATION_KEY
from dev.testing.authority import Authority
from dev.testing.broker import Broker, Listener
from dev.testing.real_programs import program
from tests.system.sealed_gateway import DecodedGateway, Line, SealedGateway

FRAME = f"{SealedGateway.root}/frame"
STATUS = f"{SealedGateway.root}/status"
ROOT = DecodedGateway.root
AVAILABILITY = f"{ROOT}/availability"
IMPORTED = f"{ROOT}/active_energy_imported"
DISCOVERY = f"homeassistant/device/smarty_p1_{DEVICE_NAME}/config"


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


async def test_nothing_is_lost_while_the_broker_is_away_and_the_gateway_is_killed(
    tmp_path: Path, line: Line
) -> None:
    broker, gateway, listener = parts(tmp_path, line)
    frames = [frame(counter) for counter in range(1, 101)]
    async with AsyncExitStack() as first:
        serving = await first.enter_async_context(broker.serving())
        await first.enter_async_context(listener.listening())
        process = await first.enter_async_context(gateway.running())
        await line.send(b"".join(frames[:5]))
        await listener.until(FRAME, 5)
        # The gateway may notice the loss later than the listener.
        await gateway.until_metric("queue_length", 0)
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


def add_user(directory: Path) -> None:
    command = [program("mosquitto_passwd"), "-b", "-c", "passwords", "cellar", "s3cret"]
    subprocess.run(command, check=True, capture_output=True, cwd=directory)


async def test_tls_user_and_password(tmp_path: Path, line: Line) -> None:
    broker, authority = Broker(tmp_path), Authority(tmp_path)
    certificate, key = authority.issue("broker")
    add_user(tmp_path)
    (tmp_path / "mosquitto.conf").write_text(
        f"user root\nlistener {broker.port} 127.0.0.1\nallow_anonymous false\n"
        f"password_file {tmp_path / 'passwords'}\ncertfile {certificate}\nkeyfile {key}\n",
        encoding="ascii",
    )
    password = tmp_path / "password"
    password.write_text("wrong\n", "ascii")
    login = f'ca_file = "{authority.file}"\nusername = "cellar"\npassword_file = "{password}"\n'
    gateway = SealedGateway(tmp_path, broker.port, f"socket://127.0.0.1:{line.port}", login)
    async with broker.serving():
        async with gateway.running():
            await line.send(frame(1))
            await gateway.until_metric("broker_losses_total", 1)
            await gateway.until_metric("queue_length", 1)
        assert "Not authorized" in gateway.logged()
        password.write_text("s3cret\n", "ascii")
        async with gateway.running():
            await gateway.until_metric("published_total", 1)
    assert "s3cret" not in gateway.logged()


def with_import(counter: int, kwh: float) -> bytes:
    power = f"1-0:1.7.0({counter:06.3f}*kW)"
    return frame(counter, telegram(f"1-0:1.8.0({kwh:010.3f}*kWh)", power))


async def test_a_kill_is_noticed_a_replay_refused_after_it_and_no_secret_gets_out(
    tmp_path: Path, line: Line
) -> None:
    broker, wrong = Broker(tmp_path), bytes(range(16))
    address, publish = f"socket://127.0.0.1:{line.port}", "discovery = true\nformat = 'both'"
    gateway = DecodedGateway(tmp_path, broker.port, address, publish=publish)
    listener = Listener(broker.port, "#")
    async with broker.serving(), listener.listening():
        async with gateway.running() as process:
            assert await listener.until(AVAILABILITY, 1) == [b"offline"]
            await line.send(b"noise" + frame(1, key=wrong) + frame(2, key=wrong))
            await gateway.until_metric('rejected_total{port="house",reason="tag"}', 2)
            await line.send(with_import(1, 100.5) + with_import(2, 101.25))
            await gateway.until_metric("telegrams_total", 2)
            assert await listener.until(AVAILABILITY, 2) == [b"offline", b"online"]
            # Lower, but not yet confirmed.
            await line.send(with_import(3, 90))
            config = json.loads(listener.at(DISCOVERY)[-1])
            of_connection = config["components"]["sensor_connection"]
            announced = [each["topic"] for each in of_connection["availability"]]
            # The counter of the frame is stored before this message; when it is counted, it may not
            # be stored.
            await listener.until_last(f"{ROOT}/active_power_imported", b"3.000")
            os.kill(process.pid, signal.SIGKILL)
            assert (await listener.until(AVAILABILITY, 3))[-1] == b"offline"
            # The last of both decides about the entity of the connection.
            told = [message.topic for message in listener.messages if message.topic in announced]
            assert told[-1] == AVAILABILITY
        before = repr(listener.messages)
        listener.messages.clear()
        async with gateway.running() as process:
            assert await listener.until(AVAILABILITY, 1) == [b"offline"]
            await line.send(with_import(2, 101.25) + with_import(3, 90))
            await gateway.until_metric('rejected_total{port="house",reason="replay"}', 2)
            assert listener.at(IMPORTED) == []
            # The total that was accepted before the kill is still the one.
            await line.send(with_import(4, 90.5))
            assert await listener.until(IMPORTED, 1) == [b"101.250"]
            assert await listener.until(AVAILABILITY, 2) == [b"offline", b"online"]
            metrics = await gateway.metrics()
            await process.stop()
            assert (await listener.until(AVAILABILITY, 3))[-1] == b"offline"
    queue, log = (tmp_path / "smarty-p1-queue.sqlite3").read_bytes(), gateway.logged()
    for secret in (KEY, AUTHENTICATION_KEY):
        assert secret not in queue
        for text in (log, metrics, before, repr(listener.messages), queue.decode("latin-1")):
            assert secret.hex() not in text.lower()
