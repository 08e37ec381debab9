"""Runbooks of docs/fleet-runbooks.md, each done to its end; the fleet goes on."""

import asyncio
import shutil
import ssl
from contextlib import suppress
from pathlib import Path
from urllib.request import urlopen

import pytest
from nats.errors import Error as NatsError

from dev.demo.home_assistant import HOST
from dev.fleet.fleet import frames_in
from dev.fleet.meters import key_of
from dev.fleet.stream import CONSUMER, ERRORS
from dev.testing.real_programs import program, until
from tests.system.runbook_fleet import (
    COLLECTORS,
    GATEWAYS,
    LONG,
    METERS_EACH,
    NODES,
    SEED,
    RunbookFleet,
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

STREAM = "smarty_p1_frames"
STREAMS = (STREAM, "KV_smarty_p1_meters")


async def has_all_nodes(fleet: RunbookFleet) -> bool:
    """Return whether each node has all of the stream, of the consumer and of the buckets."""
    with suppress(*ERRORS):
        # The other nodes notice the loss of a node only after seconds.
        for port in fleet.http_ports:
            await asyncio.to_thread(urlopen, f"http://{HOST}:{port}/healthz", timeout=5)
        async with fleet.connected() as client:
            js = client.jetstream(timeout=5)
            groups = [(await js.stream_info(name)).cluster for name in STREAMS]
        return all(
            group is not None
            and len(group.replicas or ()) == len(NODES) - 1
            and all(one.current and not one.lag for one in group.replicas or ())
            for group in groups
        )
    return False


async def test_a_node_that_has_lost_its_disk_gets_everything_from_the_others(
    tmp_path: Path,
) -> None:
    async with RunbookFleet(tmp_path).running() as fleet:
        await fleet.until_fresh()
        await fleet.parts["node2"].kill()
        shutil.rmtree(fleet.directory / "node2" / "data")
        await fleet.start("node2")
        await until(lambda: has_all_nodes(fleet), within=LONG)
        # The new node is as good as the others: without another node, everything goes on.
        await fleet.parts["node1"].kill()
        await fleet.until_fresh()
        assert await fleet.compare() == {}


async def test_a_stolen_gateway_is_locked_out_and_replaced(tmp_path: Path) -> None:
    async with RunbookFleet(tmp_path).running() as fleet:
        stolen = (fleet.directory / "passwords/nats/cellar").read_text("ascii").strip()
        thief = tmp_path / "thief"
        # The stolen gateway reads its meters on while the thief looks at its files.
        shutil.copytree(fleet.directory / "gateway-cellar", thief)
        await fleet.until_fresh()
        (fleet.directory / "passwords/nats/cellar").unlink()
        fleet.init()
        fleet.reload_nodes()
        await fleet.until_told("gateway-cellar", "(?i)authorization violation")
        with pytest.raises(NatsError, match=r"(?i)authorization"):
            async with fleet.connected("cellar", stolen):
                pass
        await fleet.kill("gateway-cellar")
        # The new one begins with an empty disk, and the files that were made for it.
        waiting = frames_in(fleet.directory / "gateway-cellar/queue/queue.sqlite3")
        shutil.rmtree(fleet.directory / "gateway-cellar/queue")
        await fleet.start("gateway-cellar")
        await fleet.until_fresh()
        lost = await fleet.compare()
        assert {one.digest for some in lost.values() for one in some} <= waiting
        assert all(number <= METERS_EACH for number in lost)
    # The thief has no key of a meter, and no value.
    found = b"".join(path.read_bytes() for path in thief.rglob("*") if path.is_file())
    for meter in fleet.meters:
        key = key_of(SEED, meter.number)
        assert key not in found
        assert key.hex().encode() not in found.lower()
    assert b"kWh" not in found


async def test_another_authority_takes_the_place_of_one_while_everything_runs(
    tmp_path: Path,
) -> None:
    async with RunbookFleet(tmp_path).running() as fleet:
        await fleet.until_fresh()
        fleet.init(to=tmp_path / "next")
        ca, following = fleet.directory / "ca", tmp_path / "next" / "ca"
        old, new = ((one / "ca.pem").read_text("ascii") for one in (ca, following))
        before = fleet.directory / "ca.before"
        shutil.copytree(ca, before)
        for step, pem in (("both", old + new), ("exchanged", new + old), ("new", new)):
            (ca / "ca.pem").write_text(pem, "ascii")
            if step == "exchanged":
                shutil.copy(following / "ca.key", ca / "ca.key")
            fleet.init()
            fleet.reload_nodes()
            await fleet.restart_all(*COLLECTORS, *GATEWAYS)
            await fleet.until_collecting()
            await fleet.until_fresh()
        for name in NODES:
            await fleet.restart(name)
            await until(lambda: has_all_nodes(fleet), within=LONG)
        await fleet.until_fresh()
        for name in (*NODES, "vmauth"):
            await fleet.serial_number(name)
            with pytest.raises(ssl.SSLCertVerificationError):
                await fleet.serial_number(name, "ca.before/ca.pem")
        assert await fleet.compare() == {}


async def test_a_node_whose_disk_is_full_stops_nothing(tmp_path: Path) -> None:
    async with RunbookFleet(tmp_path, disk="node3/data").running() as fleet:
        await fleet.until_fresh()
        fleet.resize_disk(free=0)
        await fleet.until_told("node3", "(?i)no space left|out of space|insufficient")
        await fleet.until_fresh()
        fleet.resize_disk(free=500_000_000)
        await fleet.restart("node3")
        await until(lambda: has_all_nodes(fleet), within=LONG)
        assert await fleet.compare() == {}


async def test_a_full_disk_of_victoria_metrics_loses_nothing(tmp_path: Path) -> None:
    async with RunbookFleet(tmp_path, disk="store/data").running() as fleet:
        await fleet.until_fresh()
        fleet.resize_disk(free=6_000_000)
        for name in COLLECTORS:
            await fleet.until_told(name, "Writing to VictoriaMetrics")
        fleet.resize_disk(free=500_000_000)
        await fleet.until_fresh()
        assert await fleet.compare() == {}


async def test_the_store_is_restored_and_filled_from_the_stream(tmp_path: Path) -> None:
    backup = f"fs://{tmp_path}/backup"
    async with RunbookFleet(tmp_path).running() as fleet:

        async def is_acknowledged() -> bool:
            async with fleet.connected() as client:
                found = await client.jetstream(timeout=5).consumer_info(STREAM, CONSUMER)
            return found.ack_floor is not None and found.ack_floor.stream_seq >= first

        data = f"-storageDataPath={fleet.directory}/store/data"
        await fleet.until_fresh()
        async with fleet.connected() as client:
            first = (await client.jetstream(timeout=5).stream_info(STREAM)).state.last_seq
        # The meters go on sending, so some frames always wait.
        await until(is_acknowledged, within=LONG)
        await fleet.until_fresh()
        async with fleet.asking() as session:
            async with session.get(f"{fleet.store_url}/snapshot/create") as answer:
                name = (await answer.json())["snapshot"]
            await run("vmbackup", data, f"-snapshotName={name}", f"-dst={backup}")
            await session.get(f"{fleet.store_url}/snapshot/delete?snapshot={name}")
        # Values older than the stream are in the backup alone.
        async with fleet.connected("operator") as client:
            await client.jetstream(timeout=5).purge_stream(STREAM, seq=first)
        await fleet.until_fresh()
        await fleet.stop("store")
        shutil.rmtree(fleet.directory / "store" / "data")
        await run("vmrestore", f"-src={backup}", data)
        await fleet.start("store")
        words = ("--config", fleet.collector_toml(), "--since", "2026-01-01")
        said = await fleet.command("fleet", "read", "--all", *words)
        assert "all meters: " in said
        assert await fleet.compare() == {}


async def run(*command: str) -> None:
    process = await asyncio.create_subprocess_exec(
        program(command[0]), *command[1:], stderr=asyncio.subprocess.PIPE
    )
    _, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
