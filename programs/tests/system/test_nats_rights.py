"""Rights of a gateway's login to a real cluster: publish for its own meters."""

import asyncio
import json
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress

import nats.errors
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import KeyValueConfig, StorageType
from nats.js.errors import NoStreamResponseError

from dev.checkout import PROGRAMS
from dev.fleet.cluster import ADMIN, NatsCluster, connect
from dev.testing.real_programs import IN_ONE_LOOP, PATIENCE, module_fixture, until
from tests.system.nats_cluster import STREAM, cluster_running, make_stream, stored

pytestmark = IN_ONE_LOOP

OWN, OTHER = "5341476770041030", "5341476770041031"
USERS = {"cellar": [OWN], "attic": [OTHER]}
NAME = OWN.encode()

ELSEWHERE = [
    f"smarty_p1.sealed.{OTHER}",
    f"smarty_p1.readings.{OWN}",
    "$JS.API.STREAM.PURGE.smarty_p1_frames",
    "$JS.API.STREAM.DELETE.smarty_p1_frames",
    "$JS.API.STREAM.PURGE.KV_smarty_p1_meters",
    "$JS.API.CONSUMER.DELETE.smarty_p1_frames.store",
    "$JS.API.STREAM.NAMES",
    "$JS.API.INFO",
    "$KV.smarty_p1_meters.name.one",
    "$SYS.REQ.SERVER.PING",
    "_INBOX_attic.anything",
    "_INBOX_collector.anything",
]
# NATS itself reads some of these only where a stream allows it.
HEADERS: list[dict[str, str] | None] = [
    None,
    {"Nats-Rollup": "all"},
    {"Nats-Rollup": "sub"},
    {"Nats-Expected-Stream": "KV_smarty_p1_meters"},
    {"Nats-TTL": "1s"},
    {"Nats-Schedule": "@every 1s", "Nats-Schedule-Target": f"smarty_p1.sealed.{OTHER}"},
    {"Nats-Batch-Id": "a", "Nats-Batch-Sequence": "1", "Nats-Batch-Commit": "1"},
    {"Nats-Trace-Dest": f"smarty_p1.sealed.{OTHER}"},
    {"KV-Operation": "PURGE"},
]
LISTENING = [
    *("_INBOX.>", "_INBOX_attic.>", "_INBOX_collector.>", ">", "*.>", "$JS.>", "$KV.>", "$SYS.>"),
    *("smarty_p1.>", "smarty_p1.sealed.*", "smarty_p1.readings.*", "_R_.>"),
]
# A stream that passes its messages on to gateways' subjects.
ANOTHER = {
    "name": "another",
    "subjects": ["smarty_p1.readings.*"],
    "retention": "limits",
    "storage": "memory",
    "num_replicas": 1,
    "republish": {"src": "smarty_p1.readings.*", "dest": "smarty_p1.sealed.{{wildcard(1)}}"},
}
STREAMS = (STREAM, "KV_smarty_p1_meters")
CHANGES = [
    ("DELETE", b""),
    ("UPDATE", b""),
    ("PURGE", b"{}"),
    ("MSG.DELETE", b'{"seq": 1}'),
    ("LEADER.STEPDOWN", b"{}"),
]
WILDCARDS = [">", "*", "_INBOX_attic.>", "_INBOX_attic.*.*", "_INBOX_cellar.*"]


async def content(js: JetStreamContext) -> tuple[dict[str, int], bytes | None]:
    """Return how many messages each subject of the stream has, and an entry of the bucket."""
    found = (await js.stream_info(STREAM, subjects_filter=">")).state.subjects or {}
    meters = await js.key_value("smarty_p1_meters")
    entries = (await js.stream_info("KV_smarty_p1_meters", subjects_filter=">")).state.subjects
    assert [*(entries or ())] == ["$KV.smarty_p1_meters.name.one"]
    return found, (await meters.get("name.one")).value


@module_fixture
async def cluster(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[NatsCluster]:
    """Yield a cluster with the stream, and with a bucket of one entry."""
    async with (
        cluster_running(tmp_path_factory.mktemp("nats"), gateways=USERS) as cluster,
        await cluster.connect(ADMIN) as admin,
    ):
        await make_stream(cluster)
        config = KeyValueConfig(bucket="smarty_p1_meters", storage=StorageType.FILE, replicas=3)
        made = await admin.jetstream(timeout=PATIENCE).create_key_value(config)

        async def is_put() -> bool:
            # Until its leader listens, a new bucket takes none.
            with suppress(NoStreamResponseError):
                await made.put("name.one", NAME)
                return True
            return False

        await until(is_put)
        yield cluster


async def attack(intruder: Client) -> None:
    """Try everything that a login allows to try."""
    for reply in ELSEWHERE + WILDCARDS:
        for headers in HEADERS:
            await intruder.publish(f"smarty_p1.sealed.{OWN}", b"junk", reply, headers)
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


async def subscribe_too_often(cluster: NatsCluster) -> None:
    """Subscribe 100 times. One more subscription ends the connection."""
    async with await cluster.connect("cellar") as intruder:
        for number in range(100):
            await intruder.subscribe(f"_INBOX_cellar.{number}")
        await intruder.flush()
        await intruder.subscribe("_INBOX_cellar.100")

        async def is_closed() -> bool:
            return intruder.is_closed

        await until(is_closed)


async def publish_until_acknowledged(cluster: NatsCluster) -> None:
    async with await cluster.connect("attic") as attic:

        async def is_acknowledged() -> bool:
            # Gateways retry, too: an answer that got lost on a busy machine comes the next time.
            with suppress(nats.errors.TimeoutError):
                acknowledged = await attic.jetstream(timeout=3).publish(
                    f"smarty_p1.sealed.{OTHER}", b"frame"
                )
                return acknowledged.stream == STREAM
            return False

        await until(is_acknowledged)


async def test_collectors_and_listeners_have_no_more_rights_than_they_need(
    cluster: NatsCluster,
) -> None:
    heard: Counter[str] = Counter()
    async with AsyncExitStack() as running:
        admin, collector, listener = [
            await running.enter_async_context(await cluster.connect(user))
            for user in (ADMIN, "collector", "listener")
        ]
        js = admin.jetstream(timeout=PATIENCE)
        await listen(listener, heard, *LISTENING)
        for subject in ELSEWHERE:
            await listener.publish(subject, b"{}", f"smarty_p1.sealed.{OWN}")
        await collector.publish(f"smarty_p1.sealed.{OWN}", b"made up")
        await collector.publish("$JS.API.STREAM.CREATE.another", json.dumps(ANOTHER).encode())
        # The thief of a collector cannot limit, seal, empty or delete a stream.
        before = [await js.stream_info(stream) for stream in STREAMS]
        for stream in STREAMS:
            sealed = {"name": stream, "sealed": True, "max_bytes": 1000, "num_replicas": 1}
            for verb, body in CHANGES:
                await collector.publish(
                    f"$JS.API.STREAM.{verb}.{stream}", body or json.dumps(sealed).encode()
                )
        await collector.flush()
        await listener.flush()

        async def has_heard() -> bool:
            # Another node may not know the listener yet.
            await collector.publish(f"smarty_p1.readings.{OWN}", b"{}")
            return bool(heard)

        await until(has_heard)
        subjects, name = await content(js)
        streams = {info.config.name for info in await js.streams_info()}
        after = [await js.stream_info(stream) for stream in STREAMS]
    assert (subjects, name, streams) == ({}, NAME, {*STREAMS})
    assert [info.config for info in before] == [info.config for info in after]
    assert heard.keys() == {f"smarty_p1.readings.{OWN}"}


async def test_a_gateways_login_reaches_nothing_but_its_own_meters(cluster: NatsCluster) -> None:
    heard: Counter[str] = Counter()
    async with AsyncExitStack() as running:
        admin, attic, cellar = [
            await running.enter_async_context(await cluster.connect(user))
            for user in (ADMIN, "attic", "cellar")
        ]
        js = admin.jetstream(timeout=PATIENCE)
        await listen(cellar, heard, *LISTENING, "_INBOX_cellar.answer.>")
        await listen(attic, heard, "_INBOX_attic.secret.*")
        # The messages must be sent, or silence would prove nothing.
        for _ in range(3):
            await publish_until_acknowledged(cluster)
        await admin.publish(f"smarty_p1.readings.{OTHER}", b"{}")
        for url in cluster.urls:
            async with await connect([url], "cellar") as intruder:
                await attack(intruder)
        await subscribe_too_often(cluster)
        await publish_until_acknowledged(cluster)

        async def is_quiet() -> bool:
            before = await content(js)
            await asyncio.sleep(1)
            return await content(js) == before

        await until(is_quiet)
        subjects, name = await content(js)
        messages = await stored(cluster)
    assert name == NAME
    assert heard == {}
    titles = {subject.rpartition(".")[2]: count for subject, count in subjects.items()}
    assert titles.keys() == {OWN, OTHER}
    assert titles[OTHER] >= 4
    assert {message.data for message in messages} == {b"junk", b"", b"frame"}


PAGE = (PROGRAMS / "docs" / "fleet-security.md").read_text("utf-8")
USERS_OF_PAGE = ("cellar", "collector", "operator", "listener")


def documented_rights() -> dict[str, tuple[str, ...]]:
    """Return the cells of each subject in the page's table: the users in their order."""
    table = PAGE.partition("by the kind of subject")[2].partition("\n\n**")[0]
    rows = re.findall(r"(?m)^\| (`.+?) \| (.+) \| (.+) \| (.+) \| (.+) \|$", table)
    return {
        subject: tuple(cells)
        for kinds, *cells in rows
        for subject in re.findall(r"`([^`]+)`", kinds)
    }


async def may(cluster: NatsCluster, user: str, *commands: str) -> list[bool]:
    """Return whether a node lets a user do each command of NATS' protocol."""
    host, _, port = cluster.urls[0].removeprefix("nats://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    await reader.readline()
    login = json.dumps({"user": user, "pass": user, "verbose": False})
    found = []
    for command in (f"CONNECT {login}\r\n", *commands):
        writer.write(f"{command}PING\r\n".encode())
        refused: list[bytes] = []
        while (line := await reader.readline()) != b"PONG\r\n":
            assert line, (user, command, refused)
            refused += [line] * line.startswith(b"-ERR")
        # A wildcard is no subject to publish to, either.
        assert not refused or b"Permissions Violation" in refused[-1], (user, refused)
        found.append(not refused)
    writer.close()
    assert found.pop(0)
    return found


# The last test: a node does what an operator may ask for.
async def test_each_login_may_use_only_the_subjects_of_the_page(cluster: NatsCluster) -> None:
    documented = documented_rights()
    assert len(documented) > 35
    measured: dict[str, list[str]] = {subject: [] for subject in documented}
    for user in USERS_OF_PAGE:
        names = {"OWN": OWN, "OTHER": OTHER, "USER": user}
        commands: list[str] = []
        for subject in documented:
            real = subject
            for name, value in names.items():
                real = real.replace(name, value)
            commands += [f"PUB {real} 1\r\n{{\r\n", f"SUB {real} {len(commands)}\r\n"]
        answers = await may(cluster, user, *commands)
        for subject, publishes, subscribes in zip(
            documented, answers[::2], answers[1::2], strict=True
        ):
            words = ["publishes"] * publishes + ["subscribes"] * subscribes
            measured[subject].append(" and ".join(words) or "refused")
    assert {subject: tuple(cells) for subject, cells in measured.items()} == documented
