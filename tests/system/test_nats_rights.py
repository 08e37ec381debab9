"""What somebody may do who has a gateway's login to a real cluster: publish for its own meters."""

import asyncio
import contextlib
import re
import subprocess
from collections import Counter
from functools import partial
from pathlib import Path

import nats.errors
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import KeyValueConfig, StorageType
from nats.js.errors import NoStreamResponseError
from nats.js.kv import KeyValue

from dev.fleet.cluster import ADMIN, NatsCluster, connect
from tests.system.nats_cluster import STREAM, cluster_running, make_stream, stored
from tests.system.support import PATIENCE, TIMEOUT, until

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(TIMEOUT)]

OWN, OTHER = "5341476770041030", "5341476770041031"
USERS = {"cellar": [OWN], "attic": [OTHER]}
STATE, LEASE = b'{"epoch":1}', b"somebody"

ELSEWHERE = [
    f"smarty_p1.sealed.{OTHER}",
    f"smarty_p1.frames.3.{OTHER}",
    f"smarty_p1.frames.3.{OWN}",
    f"smarty_p1.readings.{OWN}",
    "$JS.API.STREAM.PURGE.smarty_p1_frames",
    "$JS.API.STREAM.DELETE.smarty_p1_frames",
    "$JS.API.STREAM.PURGE.KV_smarty_p1_partitions",
    "$JS.API.STREAM.DELETE.KV_smarty_p1_leases",
    "$JS.API.STREAM.NAMES",
    "$JS.API.INFO",
    "$KV.smarty_p1_partitions.4",
    "$KV.smarty_p1_leases.member.another",
    "$SYS.REQ.SERVER.PING",
    "_INBOX_attic.anything",
    "_INBOX_collector.anything",
]
# Of these, NATS itself reads some only where a stream allows it.
HEADERS: list[dict[str, str] | None] = [
    None,
    {"Nats-Rollup": "all"},
    {"Nats-Rollup": "sub"},
    {"Nats-Expected-Stream": "KV_smarty_p1_partitions"},
    {"Nats-TTL": "1s"},
    {"Nats-Schedule": "@every 1s", "Nats-Schedule-Target": f"smarty_p1.frames.3.{OTHER}"},
    {"Nats-Batch-Id": "a", "Nats-Batch-Sequence": "1", "Nats-Batch-Commit": "1"},
    {"Nats-Trace-Dest": f"smarty_p1.frames.3.{OTHER}"},
    {"KV-Operation": "PURGE"},
]
LISTENING = [
    *("_INBOX.>", "_INBOX_attic.>", "_INBOX_collector.>", ">", "*.>", "$JS.>", "$KV.>", "$SYS.>"),
    *("smarty_p1.>", "smarty_p1.sealed.*", "smarty_p1.frames.*.*", "smarty_p1.readings.*", "_R_.>"),
]


def replies(server: str) -> list[str]:
    """Return where answers may be wanted."""
    text = subprocess.run(
        [server, "--version"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    version = re.search(r"v(\d+)\.(\d+)\.(\d+)", text)
    assert version
    # An earlier server does not survive them: docs/fleet-reference.md.
    survives_wildcards = tuple(map(int, version.groups())) >= (2, 9, 15)
    wildcards = [">", "*", "_INBOX_attic.>", "_INBOX_attic.*.*", "_INBOX_cellar.*"]
    return ELSEWHERE + wildcards * survives_wildcards


async def content(js: JetStreamContext) -> tuple[dict[str, int], bytes | None, bytes | None]:
    """Return how many messages each subject of the stream has, a state and a lease."""
    found = (await js.stream_info(STREAM, subjects_filter=">")).state.subjects or {}
    state = await (await js.key_value("smarty_p1_partitions")).get("4")
    leases = await js.key_value("smarty_p1_leases")
    assert await leases.keys() == ["member.one"]
    return found, state.value, (await leases.get("member.one")).value


async def make_buckets(js: JetStreamContext) -> None:
    for bucket, storage, key, value in (
        ("smarty_p1_partitions", StorageType.FILE, "4", STATE),
        ("smarty_p1_leases", StorageType.MEMORY, "member.one", LEASE),
    ):
        made = await js.create_key_value(KeyValueConfig(bucket=bucket, storage=storage, replicas=3))
        await until(partial(is_put, made, key, value), within=PATIENCE)


async def is_put(bucket: KeyValue, key: str, value: bytes) -> bool:
    """Return whether a value was stored: until its leader listens, a new bucket takes none."""
    with contextlib.suppress(NoStreamResponseError):
        await bucket.put(key, value)
        return True
    return False


async def attack(intruder: Client, server: str) -> None:
    """Try everything that a login allows to try."""
    for number, reply in enumerate(replies(server)):
        for more, headers in enumerate(HEADERS):
            named = {**(headers or {}), "Nats-Msg-Id": f"{number}-{more}"}
            await intruder.publish(f"smarty_p1.sealed.{OWN}", b"junk", reply, named)
            await intruder.publish(f"smarty_p1.sealed.{OWN}", b"", reply, headers)
    for subject in ELSEWHERE:
        await intruder.publish(subject, b"{}", f"_INBOX_cellar.answer.{subject}")
    await intruder.flush()


async def listen(who: Client, heard: Counter[str], *subjects: str) -> None:
    async def on_message(message: Msg) -> None:
        heard[message.subject] += 1

    for subject in subjects:
        await who.subscribe(subject, cb=on_message)
    await who.flush()


async def publish_until_acknowledged(cluster: NatsCluster, message_id: str) -> None:
    async with await cluster.connect("attic") as attic:

        async def is_acknowledged() -> bool:
            # As gateways do: an answer that got lost on a busy machine comes the next time.
            with contextlib.suppress(nats.errors.TimeoutError):
                acknowledged = await attic.jetstream(timeout=3).publish(
                    f"smarty_p1.sealed.{OTHER}", b"frame", headers={"Nats-Msg-Id": message_id}
                )
                return acknowledged.stream == STREAM
            return False

        await until(is_acknowledged, within=PATIENCE)


async def test_a_gateways_login_reaches_nothing_but_its_own_meters(
    tmp_path: Path, nats_server: str
) -> None:
    heard: Counter[str] = Counter()
    async with contextlib.AsyncExitStack() as running:
        cluster = await running.enter_async_context(
            cluster_running(tmp_path, gateways=USERS, server=nats_server)
        )
        await make_stream(cluster)
        admin, attic, cellar = [
            await running.enter_async_context(await cluster.connect(user))
            for user in (ADMIN, "attic", "cellar")
        ]
        js = admin.jetstream(timeout=PATIENCE)
        await make_buckets(js)
        await listen(cellar, heard, *LISTENING, "_INBOX_cellar.answer.>")
        await listen(attic, heard, "_INBOX_attic.secret.*")
        # What is listened for must be there to be heard.
        for number in range(3):
            await publish_until_acknowledged(cluster, f"{number}")
        await admin.publish(f"smarty_p1.readings.{OTHER}", b"{}")
        for url in cluster.urls:
            async with await connect([url], "cellar") as intruder:
                await attack(intruder, nats_server)
        # The second one is dropped, for the stream has a message of this name: its own.
        for _ in range(2):
            await publish_until_acknowledged(cluster, "3")

        async def is_quiet() -> bool:
            before = await content(js)
            await asyncio.sleep(1)
            return await content(js) == before

        await until(is_quiet, within=PATIENCE)
        subjects, state, lease = await content(js)
        messages = await stored(cluster)
    assert (state, lease) == (STATE, LEASE)
    assert heard == {}
    titles = {subject.rpartition(".")[2]: count for subject, count in subjects.items()}
    assert titles.keys() == {OWN, OTHER}
    assert titles[OTHER] == 4
    assert {message.data for message in messages} == {b"junk", b"", b"frame"}


async def test_collectors_and_listeners_have_no_more_rights_than_they_need(
    tmp_path: Path, nats_server: str
) -> None:
    heard: Counter[str] = Counter()
    async with contextlib.AsyncExitStack() as running:
        cluster = await running.enter_async_context(
            cluster_running(tmp_path, gateways=USERS, server=nats_server)
        )
        await make_stream(cluster)
        admin, collector, listener = [
            await running.enter_async_context(await cluster.connect(user))
            for user in (ADMIN, "collector", "listener")
        ]
        js = admin.jetstream(timeout=PATIENCE)
        await make_buckets(js)
        await listen(listener, heard, *LISTENING)
        for subject in ELSEWHERE:
            await listener.publish(subject, b"{}", f"smarty_p1.sealed.{OWN}")
        for subject in (f"smarty_p1.sealed.{OWN}", f"smarty_p1.frames.3.{OWN}"):
            await collector.publish(subject, b"made up")
        await listener.flush()

        async def has_heard() -> bool:
            # Another node may not know yet that somebody listens.
            await collector.publish(f"smarty_p1.readings.{OWN}", b"{}")
            return bool(heard)

        await until(has_heard, within=PATIENCE)
        subjects, state, lease = await content(js)
    assert (subjects, state, lease) == ({}, STATE, LEASE)
    assert heard.keys() == {f"smarty_p1.readings.{OWN}"}
