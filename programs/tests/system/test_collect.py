"""Collectors with a real NATS cluster and a real VictoriaMetrics."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from nats.aio.msg import Msg

from dev.encoder import frame
from dev.testing.real_programs import IN_ONE_LOOP, module_fixture, until
from smartyp1.json_types import JsonDict
from tests.system.collectors import (
    KEY,
    Collectors,
    MadeUpMeter,
    expected_of,
    meters,
    missing,
    until_stored,
)
from tests.system.nats_cluster import STREAM

pytestmark = IN_ONE_LOOP


async def check_stream(fleet: Collectors) -> None:
    """Check that the stream has today's configuration."""
    config = (await fleet.js.stream_info(STREAM)).config
    assert config.subjects == ["smarty_p1.sealed.*"]
    assert (config.allow_atomic, config.max_msg_size) == (True, 16384)
    assert config.max_msgs_per_subject == 7 * 9504
    # Message ids of a thief would fill the memory of the nodes.
    assert config.duplicate_window == 0.1


@pytest.fixture(scope="module")
def known() -> list[MadeUpMeter]:
    # Readings older than a minute are not published.
    return meters(11, age=timedelta(0))


@module_fixture
async def fleet(
    tmp_path_factory: pytest.TempPathFactory, known: list[MadeUpMeter]
) -> AsyncIterator[Collectors]:
    async with Collectors(tmp_path_factory.mktemp("fleet")) as fleet:
        fleet.write_keys(*known)
        await fleet.start("first")
        yield fleet


async def test_only_verified_frames_are_stored_also_by_the_next_collector(
    fleet: Collectors, known: list[MadeUpMeter]
) -> None:
    *_, stranger = meters(12)
    await fleet.until_connected("first")
    readings: dict[tuple[str, int], JsonDict] = {}

    async def on_reading(message: Msg) -> None:
        reading = json.loads(message.data)
        readings[message.subject, reading["frame_counter"]] = reading

    await fleet.nats.subscribe("smarty_p1.readings.*", cb=on_reading)
    old = [(meter.subject, meter.next_frame()) for meter in known]
    for subject, data in old:
        await fleet.publish(subject, data)
    a, b = known[0], known[1]
    # The header looks like a status of the server to the library.
    for data in (b"", b"\0" * 15_000, b"/Lux5", old[0][1][:-1], old[0][1] + old[1][1]):
        await fleet.publish(a.subject, data, Status="404")
    unreadable = a.subject.encode()[:-1] + b"\xff"
    await fleet.publish_raw(unreadable, b"NATS/1.0 \xff\xff\xff\r\n\r\n", old[0][1])
    await fleet.publish_raw(a.subject.encode(), b"NATS/1.0\xff\xff\xff\r\n\r\n", b"")
    await fleet.publish_raw(a.subject.encode(), b"NATS/1.0", b"")
    await fleet.publish(a.subject, frame(99, key=bytes(16), title=a.title))
    await fleet.publish(b.subject, frame(98, key=KEY, title=a.title))
    await fleet.publish(stranger.subject, frame(1, key=KEY, title=stranger.title))
    await fleet.send(*known)
    await until_stored(fleet, *known)
    await until(lambda: len(readings) == 2 * len(known))
    reading = readings[f"smarty_p1.readings.{a.title.hex().upper()}", 2]
    assert reading["serial_number"] == a.name
    assert reading["objects"]["1-0:1.8.0"] == 102.002
    await until(lambda: fleet.metrics("first")["telegrams_total"] >= 2 * len(known))
    told = fleet.metrics("first")
    rejected = {key for key, value in told.items() if key.startswith("rejected") and value}
    assert rejected == {
        'rejected_total{reason="malformed"}',
        'rejected_total{reason="tag"}',
        'rejected_total{reason="no_key"}',
        'rejected_total{reason="wrong_subject"}',
    }
    assert told['rejected_total{reason="wrong_subject"}'] >= 2
    await check_stream(fleet)

    # A repeated frame writes the same values again.
    await fleet.stop("first")
    await fleet.start("second")
    for subject, data in old:
        await fleet.publish(subject, data)
    await fleet.send(*known)
    await until_stored(fleet, *known)
    assert missing(expected_of(*known), fleet.stored()) == []
    await fleet.start("first")


async def test_collectors_go_on_when_a_stream_that_was_deleted_is_made_again(
    fleet: Collectors, known: list[MadeUpMeter]
) -> None:
    async def go_on() -> None:
        await fleet.send(*known)
        await until_stored(fleet, *known)

    await go_on()
    await fleet.ask(fleet.js.delete_consumer, STREAM, "store")
    await go_on()
    await fleet.nodes[0].kill()
    await go_on()
    await fleet.ask(fleet.js.delete_key_value, "smarty_p1_meters")
    await fleet.make_stream()
    await go_on()
    # Another stream soon has more messages than were read of the first.
    await fleet.ask(fleet.js.delete_stream, STREAM)
    await fleet.make_stream()
    await go_on()
    await go_on()
    await fleet.nodes[0].start()


async def test_one_gateways_flood_of_old_frames_changes_no_value_and_holds_up_no_other(
    fleet: Collectors, known: list[MadeUpMeter]
) -> None:
    robbed, other, *_ = known
    await fleet.until_connected("first")
    old = [robbed.next_frame() for _ in range(3)]
    for data in old:
        await fleet.publish(robbed.subject, data)
    await until_stored(fleet, *known)
    # More messages than all collectors together may have without an acknowledgement.
    for number in range(30_000):
        await fleet.nats.publish(robbed.subject, old[number % 3] if number % 5 == 0 else b"junk")
    await fleet.nats.flush()
    for _ in range(3):
        await fleet.send(other)
    await until_stored(fleet, *known)
    title = robbed.title.hex().upper()

    async def is_told() -> bool:
        name = f'meter_earlier_total{{title="{title}"}}'
        return any(fleet.metrics(collector).get(name) for collector in fleet.collectors)

    await until(is_told)
    await fleet.until_acknowledged()
    assert missing(expected_of(*known), fleet.stored()) == []
