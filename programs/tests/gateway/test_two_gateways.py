"""Two gateways with one meter at one broker: the remaining gateway looks untouched."""

import json
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from dev.encoder import DEVICE_NAME, frame, telegram
from dev.meter_port import MeterPort
from tests.gateway.loopback import Broker, Gateway, keys, until

pytestmark = pytest.mark.usefixtures("short_pauses", "short_delays")

ROOT = "smarty_p1/house"
AVAILABILITY, STATUS = f"{ROOT}/availability", f"{ROOT}/status"
VERSION = f"{ROOT}/p1_version"
# The last message of a reading.
STATES = f"{ROOT}/states"
DISCOVERY = f"homeassistant/device/smarty_p1_{DEVICE_NAME}/config"
PUBLISH = "[publish]\ndiscovery = true\nretain = true\n"


@pytest.fixture
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a message be repaired soon."""
    monkeypatch.setattr("smartyp1.publish.retained_messages._JITTER_S", (0.01, 0.05))
    monkeypatch.setattr("smartyp1.publish.retained_messages._MIN_PAUSE_S", 0.1)
    monkeypatch.setattr("smartyp1.publish.retained_messages._MAX_LOOK_S", 0.2)


def make(directory: Path, broker: Broker, line: MeterPort, publish: str) -> Gateway:
    directory.mkdir()
    options = f"{keys(directory)}{publish}" if publish else ""
    return Gateway(directory, broker, line, options=options)


@pytest.mark.parametrize("publish", ["", PUBLISH])
@pytest.mark.parametrize("leaver", [0, 1])
async def test_the_gateway_that_stays_is_online(  # noqa: PLR0913, PLR0917
    tmp_path: Path, broker: Broker, line: MeterPort, shed: MeterPort, publish: str, leaver: int
) -> None:
    lines = line, shed
    topic = AVAILABILITY if publish else STATUS
    async with broker.serving(), AsyncExitStack() as stays, AsyncExitStack() as leaves:
        for number, port in enumerate(lines):
            gateway = make(tmp_path / str(number), broker, port, publish)
            stack = leaves if number == leaver else stays
            await stack.enter_async_context(gateway.running())
            if publish:
                await port.send(frame(1))
            await until(lambda count=number + 1: broker.at(topic).count(b"online") >= count)  # type: ignore[misc]
        if publish:
            await until(lambda: STATES in broker.kept)
        before = {**broker.kept}
        await leaves.aclose()
        await until(lambda: b"offline" in broker.at(topic)[-2:])
        await until(lambda: broker.kept == before)
    assert broker.kept[topic] == b"offline"


async def test_a_message_that_another_program_deletes_comes_back(
    tmp_path: Path, broker: Broker, line: MeterPort
) -> None:
    async with broker.serving(), make(tmp_path / "one", broker, line, PUBLISH).running():
        await line.send(frame(1))
        await until(lambda: STATES in broker.kept)
        before = {**broker.kept}
        await until(
            lambda: before.keys() == {subscription.topic for subscription in broker.subscriptions}
        )
        for topic in (AVAILABILITY, DISCOVERY, VERSION):
            broker.publish(topic, b"")
        await until(lambda: broker.kept == before)
        # The text of another program stays.
        broker.publish(DISCOVERY, b"{}")
        broker.publish(AVAILABILITY, b"offline")
        await until(lambda: broker.kept[AVAILABILITY] == b"online")
        assert broker.kept[DISCOVERY] == b"{}"


async def test_earlier_options_delete_only_the_own_messages(
    tmp_path: Path, broker: Broker, line: MeterPort
) -> None:
    directory = tmp_path / "one"
    async with broker.serving():
        async with make(directory, broker, line, PUBLISH).running():
            await line.send(frame(1, telegram("1-0:1.7.0(00.100*kW)")))
            await until(lambda: {DISCOVERY, VERSION} <= broker.kept.keys())
        assert json.loads(broker.kept[DISCOVERY])
        broker.publish(DISCOVERY, b"{}")
        options = f"{keys(directory)}[publish]\n"
        gateway = Gateway(directory, broker, line, options=options)
        async with gateway.running():
            await line.send(frame(2))
            await until(lambda: broker.kept == {AVAILABILITY: b"online", DISCOVERY: b"{}"})
