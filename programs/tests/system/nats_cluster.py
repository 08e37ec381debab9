"""A real NATS cluster with the stream of frames, and gateways that publish to it."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import nats.errors
import nats.js.errors
from nats.js.api import ConsumerConfig, DiscardPolicy, StreamConfig

from dev.fleet.cluster import NatsCluster, login
from dev.fleet.nats_server import recommended
from dev.testing.real_programs import program, until
from tests.system.sealed_gateway import SealedGateway

STREAM = "smarty_p1_frames"
ANY_TITLE = {"gateway": ("*",)}


class Stored(NamedTuple):
    """A message of the stream."""

    subject: str
    data: bytes


@asynccontextmanager
async def cluster_running(
    directory: Path, *, gateways: Mapping[str, Iterable[str]] = ANY_TITLE
) -> AsyncIterator[NatsCluster]:
    """Run a cluster as long as the context lasts.

    `gateways`: the titles that users may publish.
    """
    program(recommended())
    async with NatsCluster(directory, gateways) as cluster:
        yield cluster


async def make_stream(cluster: NatsCluster) -> None:
    async def is_made() -> bool:
        # A cluster that answers may not have heard of all its nodes yet.
        with suppress(OSError, nats.errors.Error, nats.js.errors.Error):
            async with await cluster.connect() as client:
                await client.jetstream(timeout=20).add_stream(
                    StreamConfig(
                        name=STREAM,
                        subjects=["smarty_p1.sealed.*"],
                        num_replicas=3,
                        allow_atomic=True,
                        max_bytes=100_000_000,
                        discard=DiscardPolicy.OLD,
                    )
                )
            return True
        return False

    await until(is_made)


async def stored(cluster: NatsCluster, least: int = 0) -> list[Stored]:
    """Return all messages of the stream, once it has at least `least`.

    A frame that the gateway is about to write is not counted as waiting.
    """
    found: list[Stored] = []

    async def is_read() -> bool:
        # Nodes that were just started have first to find each other.
        with suppress(OSError, nats.errors.Error, nats.js.errors.Error):
            found[:] = await _read(cluster)
            return len(found) >= least
        return False

    await until(is_read)
    return found


async def _read(cluster: NatsCluster) -> list[Stored]:
    async with await cluster.connect() as client:
        jetstream = client.jetstream(timeout=5)
        left = (await jetstream.stream_info(STREAM)).state.messages
        found: list[Stored] = []
        reader = await jetstream.pull_subscribe(
            "smarty_p1.sealed.>", stream=STREAM, config=ConsumerConfig(mem_storage=True)
        )
        while len(found) < left:
            for message in await reader.fetch(min(left - len(found), 500), timeout=10):
                await message.ack()
                found.append(Stored(message.subject, message.data))
        return found


class NatsGateway(SealedGateway):
    """A `smarty-p1 gateway` of one port that publishes to a cluster as the user `gateway`."""

    def __init__(self, directory: Path, servers: Sequence[str], address: str) -> None:
        directory.mkdir(exist_ok=True)
        broker = f"[nats]\nservers = {list(servers)}\n{login(directory, 'gateway')}"
        ports = f'[[port]]\naddress = "{address}"\n'
        self.configure(directory, f"{broker}batch_seconds = 0.1\n", ports)
