"""A cluster of the first version, whose one account becomes two: nothing is lost or doubled."""

import asyncio
import json
import re
import signal
from pathlib import Path

import pytest
from nats.aio.msg import Msg

from dev.reliability.parts import Part
from tests.system.collectors import (
    Collectors,
    has_all,
    meters,
    until_stored,
)
from tests.system.nats_cluster import NatsGateway, use_one_account
from tests.system.sealed_gateway import Line
from tests.system.support import PATIENCE, TIMEOUT, until


def configuration_of(node: Part) -> Path:
    return node.directory / "nats-server.conf"


def cut_off_gateways(fleet: Collectors) -> None:
    """Let frames wait at the gateways: without the mapping, no stream takes them."""
    for node in fleet.nodes:
        text = configuration_of(node).read_text(encoding="utf-8")
        without = re.sub(r"(?s)\nmappings {\n.*?\n}", "", text)
        configuration_of(node).write_text(without, encoding="utf-8")
        node.send(signal.SIGHUP)


async def stop_nodes(fleet: Collectors) -> None:
    for node in fleet.nodes:
        await node.kill()
        (node.directory / "jetstream").rename(node.directory / "jetstream.before")


@pytest.mark.timeout(TIMEOUT)
async def test_a_fleet_moves_into_accounts_of_its_own(tmp_path: Path) -> None:
    line = Line()
    fleet = Collectors(tmp_path)
    documented = [configuration_of(node).read_text(encoding="utf-8") for node in fleet.nodes]
    use_one_account(tmp_path)
    gateway = NatsGateway(tmp_path / "gateway", fleet.urls, [f"socket://127.0.0.1:{line.port}"])
    async with fleet, line.serving(), gateway.running():
        *known, quiet = meters(13)
        fleet.write_keys(*known, quiet)
        collector = await fleet.start("first")
        await until(lambda: has_all(fleet, "first"), within=PATIENCE)

        async def send() -> None:
            for meter in known:
                await line.send(meter.next_frame())

        await send()
        await line.send(quiet.next_frame())
        await gateway.until_total("published_total", 13)

        cut_off_gateways(fleet)

        async def is_cut_off() -> bool:
            await send()
            return await gateway.total("queue_length") > 0

        await until(is_cut_off, within=PATIENCE, every=2)
        counters = tmp_path / "counters"

        async def are_saved() -> bool:
            told = await fleet.run_once("first", "--save-counters", counters)
            return told.endswith("13 counters are saved; all frames are read\n")

        await until(are_saved, within=PATIENCE)
        assert counters.stat().st_mode & 0o077 == 0
        await collector.kill()
        await stop_nodes(fleet)
        for node, text in zip(fleet.nodes, documented, strict=True):
            configuration_of(node).write_text(text, encoding="utf-8")
        await send()
        await asyncio.gather(*(node.start() for node in fleet.nodes))
        await fleet.until_ready()

        async def are_loaded() -> bool:
            told = await fleet.run_once("first", "--load-counters", counters)
            return told.endswith("13 counters are loaded\n")

        await until(are_loaded, within=PATIENCE)
        heard: set[tuple[str, int]] = set()

        async def on_reading(message: Msg) -> None:
            heard.add((message.subject, json.loads(message.data)["frame_counter"]))

        await fleet.nats.subscribe("smarty_p1.readings.*", cb=on_reading)
        await collector.start()
        await until(lambda: has_all(fleet, "first"), within=PATIENCE)
        await fleet.publish(quiet.subject, quiet.last_frame)
        await until_refused(fleet)
        # Nothing is lowered by what is older, nor while somebody works there.
        assert await are_loaded()
        await line.send(quiet.next_frame())
        await gateway.until_total("queue_length", 0)
        await until_stored(fleet, *known, quiet)

        end = quiet.title.hex().upper()

        def told() -> set[int]:
            return {counter for subject, counter in heard if subject.endswith(end)}

        async def is_told() -> bool:
            return bool(told())

        await until(is_told, within=PATIENCE)
        assert told() == {2}


async def until_refused(fleet: Collectors) -> None:
    async def is_refused() -> bool:
        return fleet.metrics("first").get('rejected_total{reason="replay"}', 0) > 0

    await until(is_refused, within=PATIENCE)
