"""A gateway with the key and a Home Assistant with the integration: what both publish is the same.

And that Home Assistant finds the gateway's meter by its discovery.
"""

import json
import os
import re
import signal
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from dev.demo.meter_statistics import DOMAIN
from dev.simulator import serve
from tests.system.broker import HOST, Broker
from tests.system.decoded_gateway import DecodedGateway
from tests.system.home import Home, add_broker
from tests.system.sealed_gateway import Listener
from tests.system.support import PATIENCE, TIMEOUT, RecordingMeter, until

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(TIMEOUT)]

KEY = bytes.fromhex("5A1ED5A1ED5A1ED5A1ED5A1ED5A1ED00")
# Less than states are good for without a gateway that says it is gone.
SOON = 60.0
ROOT = DecodedGateway.root
# What depends on when somebody began to read, and on the moment at which a telegram came. Of each
# phase, the power and the voltage follow in steps from the telegram that somebody read first; the
# topics of the values have none.
FOLLOWING = ("power_net_l", "voltage_l")
OWN = ("telegrams_", "clock_offset", "demand_", "peak_", "cheapest_", "flow_rate", *FOLLOWING)


def last_of(listener: Listener, root: str, prefix: str) -> dict[str, str]:
    """Return the last message at each topic below a root, and of discovery."""
    last = {}
    for topic, payload, _ in listener.messages:
        for beginning, short in ((f"{root}/", "root/"), (f"{prefix}/", "discovery/")):
            if topic.startswith(beginning):
                text = payload.decode().replace(root, "root")
                last[short + topic.removeprefix(beginning)] = text
    return last


def without_own(payload: str) -> dict[str, Any]:
    """Return states without what depends on when they are read."""
    states = json.loads(payload)
    return {key: value for key, value in states.items() if not key.startswith(OWN)}


def assert_same(own: dict[str, str], other: dict[str, str], device_name: str) -> None:
    """Compare what the gateway and the integration have published, topic by topic."""
    own = {topic: text for topic, text in own.items() if not topic.endswith("/status")}
    assert sorted(own) == sorted(other)
    assert len(own) > 40
    for topic, text in own.items():
        if topic.startswith("root/states"):
            assert without_own(text) == without_own(other[topic]), topic
        elif topic == f"discovery/device/{DOMAIN}_{device_name}/config":
            # The port of the gateway has a name.
            assert text.replace('"name":"house"', '"name":"Smarty"') == other[topic]
        else:
            assert text == other[topic], topic


async def publish(home: Home, form: str) -> None:
    """Have the integration publish, under a prefix that its own Home Assistant does not heed."""
    options = {"enabled": True, "format": form, "retain": False, "min_interval": 0}
    options |= {
        "discovery": True,
        "discovery_prefix": f"elsewhere-{form}",
        "topic": f"{form}/house",
    }
    await home.set_options(mqtt=options)


def published(listener: Listener, form: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return the last messages of the gateway, and those of the integration."""
    own = last_of(listener, ROOT, "homeassistant")
    return own, last_of(listener, f"{form}/house", f"elsewhere-{form}")


async def compare(listener: Listener, meter: RecordingMeter, form: str) -> None:
    """Wait until both have published the meter's last telegram, and compare."""

    async def have_ended() -> bool:
        both = published(listener, form)
        states = [json.loads(each.get("root/states", "{}")) for each in both]
        # By its time: energies may be the same as before.
        digits = re.findall(r"^0-0:1\.0\.0\((\d+)", meter.last_telegram, re.MULTILINE)
        times = [re.sub(r"\D", "", each.get("meter_time", "")[2:19]) for each in states]
        # Whoever connects anew makes the meter send two within a second.
        telegrams = [json.loads(each.get("root/telegram", "{}")) for each in both]
        counters = {telegram.get("frame_counter") for telegram in telegrams}
        return times == 2 * digits and len(counters) == 1

    await until(have_ended, within=PATIENCE)
    assert_same(*published(listener, form), meter.device_name)


async def test_the_gateway_publishes_what_the_integration_does(tmp_path: Path) -> None:
    meter = RecordingMeter(1, KEY)
    broker = Broker(tmp_path)
    listener = Listener(broker.port, "#")
    home = Home(tmp_path / "home", meter)
    home.directory.mkdir()

    async def shown() -> str:
        """Return the power that Home Assistant shows of the gateway, by its discovery."""
        power = f"{DOMAIN}_{meter.device_name}_sensor_power_net"
        for entity in await home.client.command("config/entity_registry/list"):
            if (entity["platform"], entity["unique_id"]) == ("mqtt", power):
                return str((await home.all_states())[entity["entity_id"]]["state"])
        return "unknown"

    async def shows_some() -> bool:
        return await shown() not in ("unavailable", "unknown")

    async def shows_last() -> bool:
        imported, exported = map(meter.last_value, ("1-0:1.7.0", "1-0:2.7.0"))
        return float(await shown()) == pytest.approx(imported - exported)

    async def is_unavailable() -> bool:
        return await shown() == "unavailable"

    async def both_publish() -> bool:
        return all("root/states" in messages for messages in published(listener, form))

    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        line = await enter(serve([meter], interval=1))
        port = f"socket://{HOST}:{line.ports[0]}"
        await enter(broker.serving())
        stack.push_async_callback(home.stop)
        await home.start()
        await home.add_meter(port, KEY)
        await add_broker(home, broker)
        for form in ("smartyreader", "both"):
            options = f'format = "{form}"\ndiscovery = true'
            gateway = DecodedGateway(tmp_path, broker.port, port, publish=options, key=KEY)
            listener.messages.clear()
            async with listener.listening(), gateway.running() as process:
                await publish(home, form)
                await until(shows_some, within=PATIENCE)
                # The gateway got its first telegram alone, when it connected, and so did the
                # integration, which connects again for its new options. Both get the next, and
                # nothing cuts that off.
                await until(both_publish, within=PATIENCE)
                await meter.sends_another(within=PATIENCE)
                line.set_faults("silence")
                await compare(listener, meter, form)
                await until(shows_last, within=PATIENCE)
                os.kill(process.pid, signal.SIGKILL)
                await until(is_unavailable, within=SOON)
            line.set_faults()
    assert KEY.hex() not in (tmp_path / "gateway.log").read_text(encoding="utf-8").lower()
