"""How many frames a second the streams of one cluster take, side by side: one a region.

A publisher for each region sends as fast as it is acknowledged; nobody reads. So what is measured
are the three nodes, as far as this machine lets them.
"""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from nats.aio.msg import Msg
from nats.js.api import Header

from dev.demo.home_assistant import ROOT
from dev.reliability.process import cpu_seconds
from dev.simulator.arguments import count, positive
from smarty_p1_fleet.nats_stream import StreamSettings, make_stream
from smarty_p1_fleet.subjects import STREAM

from .cluster import ADMIN, NatsCluster, connect, user_of
from .costs import machine

_FRAME = 1500
_TITLES = 1000
# Sent, and not acknowledged yet.
_UNDERWAY = 512
_GATEWAY = "gateway"
_STEPS = 20


async def publish(servers: Iterable[str], user: str, seconds: float) -> int:
    """Publish frames for so long; return how many were acknowledged."""
    acknowledged = 0
    room = asyncio.Semaphore(_UNDERWAY)
    frame = os.urandom(_FRAME)

    async def on_acknowledged(_: Msg) -> None:
        nonlocal acknowledged
        acknowledged += 1
        room.release()

    async with await connect(servers, user) as client:
        inbox = client.new_inbox()
        await client.subscribe(inbox, cb=on_acknowledged)
        end = time.monotonic() + seconds
        number = 0
        while time.monotonic() < end:
            await room.acquire()
            number += 1
            subject = f"smarty_p1.sealed.{number % _TITLES:016X}"
            headers: dict[str, str] = {Header.MSG_ID: f"{user}-{number}"}
            await client.publish(subject, frame, inbox, headers)
    return acknowledged


async def measure(regions: int, seconds: float) -> None:
    """Run a cluster with a stream a region, and print what it took."""
    with tempfile.TemporaryDirectory(prefix="smarty-streams-") as directory:
        async with NatsCluster(Path(directory), {_GATEWAY: ["*"]}, regions=regions) as cluster:
            await cluster.until_ready()
            leaders = [await _make_stream(cluster, region) for region in range(1, regions + 1)]
            print(f"{regions} streams, led by {', '.join(leaders)}")
            before = [cpu_seconds(node.pid) for node in cluster.nodes]
            began = time.monotonic()
            frames = await _publish_all(cluster, regions, seconds)
            took = time.monotonic() - began
            nodes = [
                cpu_seconds(node.pid) - used
                for node, used in zip(cluster.nodes, before, strict=True)
            ]
    shares = ", ".join(f"{used / sum(nodes):.0%}" for used in nodes)
    print(f"{frames / took:,.0f} frames a second ({frames:,} in {took:.0f} s)")
    print(f"the three nodes: {1000 * sum(nodes) / frames:.3f} ms a frame, divided {shares}")
    print(f"machine: {machine()}")


async def _make_stream(cluster: NatsCluster, region: int) -> str:
    """Make the stream of a region; return which node leads it: another one for each region."""
    wanted = cluster.nodes[region % len(cluster.nodes)].directory.name
    async with await connect(cluster.urls, user_of(ADMIN, region)) as client:
        stream = client.jetstream(timeout=10)
        await make_stream(stream, StreamSettings())
        for _ in range(_STEPS):
            info = await stream.stream_info(STREAM)
            leader = (info.cluster.leader if info.cluster else None) or ""
            if leader == f"node{int(wanted.removeprefix('nats')) + 1}":
                break
            await client.request(f"$JS.API.STREAM.LEADER.STEPDOWN.{STREAM}", b"", timeout=5)
            await asyncio.sleep(1)
        return leader


async def _publish_all(cluster: NatsCluster, regions: int, seconds: float) -> int:
    """Publish to all regions, each from a process of its own; return how many frames there were."""
    publishers: list[asyncio.subprocess.Process] = []
    try:
        for region in range(1, regions + 1):
            words = ["--publish", user_of(_GATEWAY, region), "--seconds", f"{seconds}"]
            program = await asyncio.create_subprocess_exec(
                *[sys.executable, "-P", "-m", "dev.fleet.saturation", *words, *cluster.urls],
                stdout=asyncio.subprocess.PIPE,
            )
            publishers.append(program)
        printed = await asyncio.gather(*(one.communicate() for one in publishers))
    finally:
        for program in publishers:
            if program.returncode is None:
                program.kill()
    return sum(int(output) for output, _ in printed)


def main() -> None:
    """Measure, or be a publisher of a measurement."""
    parser = argparse.ArgumentParser(prog="python -m dev.fleet.saturation", description=__doc__)
    parser.add_argument("--regions", metavar="N", type=count, default=1, help="streams (1)")
    parser.add_argument("--seconds", type=positive, default=20.0, help="how long (20)")
    parser.add_argument("--publish", metavar="USER", help=argparse.SUPPRESS)
    parser.add_argument("servers", nargs="*", help=argparse.SUPPRESS)
    given = parser.parse_args()
    os.environ["PYTHONPATH"] = str(ROOT)
    if given.publish:
        print(asyncio.run(publish(given.servers, given.publish, given.seconds)))
    else:
        asyncio.run(measure(given.regions, given.seconds))


if __name__ == "__main__":
    main()
