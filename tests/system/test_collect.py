"""Collectors with a real VictoriaMetrics, and the NATS that is recommended and the oldest."""

import json
from pathlib import Path
from typing import Any

import pytest
from nats.aio.msg import Msg

from dev.encoder import frame
from dev.fleet.nats_server import OLDEST, recommended
from tests.system.collectors import (
    KEY,
    Collectors,
    has_all,
    meters,
    until_stored,
)
from tests.system.nats_cluster import STREAM
from tests.system.support import PATIENCE, TIMEOUT, until


@pytest.mark.timeout(TIMEOUT)
async def test_what_is_verified_is_stored_and_nothing_else_also_by_the_next_owner(
    tmp_path: Path, nats_server: str
) -> None:
    async with Collectors(tmp_path, nats_server) as fleet:
        *known, stranger = meters(12)
        fleet.write_keys(*known)
        first = await fleet.start("first")

        await until(lambda: has_all(fleet, "first"), within=PATIENCE)
        old = [(meter.subject, meter.counter + 1, meter.next_frame()) for meter in known]
        for subject, counter, data in old:
            await fleet.publish(subject, data, Nats_Msg_Id=f"{subject[-16:]}-{counter}")
        a, b = known[0], known[1]
        readings: dict[tuple[str, int], dict[str, Any]] = {}

        async def on_reading(message: Msg) -> None:
            reading = json.loads(message.data)
            readings[message.subject, reading["frame_counter"]] = reading

        await fleet.nats.subscribe("smarty_p1.readings.*", cb=on_reading)
        # Also with a header that the library takes for a status of the server.
        for data in (b"", b"\0" * 60_000, b"/Lux5", old[0][2][:-1], old[0][2] + old[1][2]):
            await fleet.publish(a.subject, data, Status="404")
        unreadable = a.subject.encode()[:-1] + b"\xff"
        await fleet.publish_raw(unreadable, b"NATS/1.0 \xff\xff\xff\r\n\r\n", old[0][2])
        await fleet.publish_raw(a.subject.encode(), b"NATS/1.0\xff\xff\xff\r\n\r\n", b"")
        await fleet.publish_raw(a.subject.encode(), b"NATS/1.0", b"")
        forged = frame(99, key=bytes(16), title=a.title)
        await fleet.publish(a.subject, forged)
        await fleet.publish(b.subject, frame(98, key=KEY, title=a.title))
        await fleet.publish(stranger.subject, frame(1, key=KEY, title=stranger.title))
        # Past the mapping, into a partition that does not know the counter.
        for partition in range(16):
            title = a.title.hex().upper()
            await fleet.publish(f"smarty_p1.frames.{partition}.{title}", old[0][2])
        await fleet.send(*known)
        await until_stored(fleet, *known)

        async def is_told() -> bool:
            return len(readings) == 2 * len(known)

        await until(is_told, within=PATIENCE)
        reading = readings[f"smarty_p1.readings.{a.title.hex().upper()}", 2]
        assert reading["serial_number"] == a.name
        assert reading["objects"]["1-0:1.8.0"] == 102.002

        async def is_committed() -> bool:
            return fleet.metrics("first")["telegrams_total"] == 2 * len(known)

        await until(is_committed, within=PATIENCE)
        told = fleet.metrics("first")
        rejected = {key: value for key, value in told.items() if key.startswith("rejected")}
        assert rejected == {
            'rejected_total{reason="malformed"}': 7,
            'rejected_total{reason="tag"}': 1,
            'rejected_total{reason="no_key"}': 1,
            # One that is no text, the other meter's, and 15 partitions; the 16th knows the counter.
            'rejected_total{reason="wrong_subject"}': 17,
            'rejected_total{reason="replay"}': 1,
        }

        await first.kill()
        await fleet.start("second")
        for subject, counter, data in old:
            await fleet.publish(subject, data)
            await fleet.publish(subject, data, Nats_Msg_Id=f"another {subject} {counter}")
        await fleet.send(*known)
        await until_stored(fleet, *known)

        async def has_refused() -> bool:
            told = fleet.metrics("second")
            return told["telegrams_total"] == len(known) and (
                told.get('rejected_total{reason="replay"}') == 2 * len(old)
            )

        await until(has_refused, within=PATIENCE)


@pytest.mark.timeout(TIMEOUT)
@pytest.mark.parametrize(
    "nats_server",
    [recommended(), pytest.param(OLDEST, marks=pytest.mark.slow)],
    ids=["recommended", "oldest"],
    indirect=True,
)
async def test_what_somebody_deletes_is_made_again(tmp_path: Path, nats_server: str) -> None:
    async with Collectors(tmp_path, nats_server) as fleet:
        sent = meters(20)
        fleet.write_keys(*sent)
        await fleet.start("first")
        await fleet.start("second")

        async def go_on() -> None:
            await fleet.send(*sent)
            await until_stored(fleet, *sent)

        await go_on()
        for consumer in await fleet.ask(fleet.js.consumers_info, STREAM) or ():
            await fleet.ask(fleet.js.delete_consumer, STREAM, consumer.name)
        await go_on()
        # It does not come back: with it go the consumers that were on it.
        await fleet.nodes[0].kill()
        await go_on()
        for bucket in ("smarty_p1_leases", "smarty_p1_partitions"):
            await fleet.ask(fleet.js.delete_key_value, bucket)
            await go_on()
        # Another one has more messages soon than were read of it.
        await fleet.ask(fleet.js.delete_stream, STREAM)
        await go_on()
        await go_on()
