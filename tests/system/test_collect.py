"""Collectors with a real NATS cluster and a real VictoriaMetrics, which are killed."""

import asyncio
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from nats.aio.msg import Msg

from dev.encoder import frame
from smartyp1.p1 import key_fingerprint
from tests.system.collectors import (
    GO_ON,
    KEY,
    STOP,
    TERMINATE,
    WINTER,
    Collectors,
    MadeUpMeter,
    expected_of,
    missing,
)
from tests.system.nats_cluster import STREAM
from tests.system.support import PATIENCE, TIMEOUT, until


def meters(count: int) -> list[MadeUpMeter]:
    begin = datetime.now(WINTER).replace(microsecond=0) - timedelta(hours=1)
    return [MadeUpMeter(number, begin) for number in range(1, count + 1)]


async def has_all(fleet: Collectors, name: str) -> bool:
    return fleet.metrics(name).get("partitions") == 16


async def until_stored(fleet: Collectors, sent: list[MadeUpMeter], *, within: float) -> None:
    expected = expected_of(*sent)

    async def is_stored() -> bool:
        return not missing(expected, fleet.stored())

    try:
        await until(is_stored, within=within)
    except AssertionError:
        assert missing(expected, fleet.stored())[:10] == []


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
        await until_stored(fleet, known, within=PATIENCE)

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
        await until_stored(fleet, known, within=PATIENCE)

        async def has_refused() -> bool:
            told = fleet.metrics("second")
            return told["telegrams_total"] == len(known) and (
                told.get('rejected_total{reason="replay"}') == 2 * len(old)
            )

        await until(has_refused, within=PATIENCE)


@pytest.mark.timeout(TIMEOUT)
async def test_nothing_is_lost_or_let_in_whatever_is_killed(tmp_path: Path) -> None:
    async with Collectors(tmp_path) as fleet:
        sent = meters(20)
        fleet.write_keys(*sent)
        first = await fleet.start("first")
        await fleet.start("second")

        async def is_divided() -> bool:
            return [fleet.metrics(name).get("partitions") for name in ("first", "second")] == [8, 8]

        await until(is_divided, within=PATIENCE)

        async def send() -> None:
            while True:
                await fleet.send(*sent)
                await asyncio.sleep(0.5)

        sending = asyncio.create_task(send())
        await asyncio.sleep(3)
        # VictoriaMetrics loses what it has not yet written to the disk.
        await fleet.store.kill()
        await fleet.store.start()
        await asyncio.sleep(3)
        # A collector is away for so long that it loses its partitions, and knows nothing of it.
        first.send(STOP)
        await until(lambda: has_all(fleet, "second"), within=PATIENCE)
        first.send(GO_ON)
        await until(is_divided, within=PATIENCE)
        third = await fleet.start("third")

        async def is_divided_by_three() -> bool:
            names = ("first", "second", "third")
            found = [fleet.metrics(name).get("partitions", 0.0) for name in names]
            return sum(found) == 16 and max(found) == 6

        await until(is_divided_by_three, within=PATIENCE)
        third.send(TERMINATE)
        await until(is_divided, within=PATIENCE)
        await first.kill()
        await fleet.start("first")
        await until(is_divided, within=PATIENCE)
        await asyncio.sleep(2)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        await until_stored(fleet, sent, within=PATIENCE)

        async def is_committed() -> bool:
            return not any(
                fleet.metrics(name)["oldest_age_seconds"] for name in ("first", "second")
            )

        await until(is_committed, within=PATIENCE)
        await fleet.store.kill()
        await fleet.store.start()
        assert missing(expected_of(*sent), fleet.stored())[:10] == []
        states = await fleet.js.key_value("smarty_p1_partitions")
        kept = [await states.get(str(number)) for number in range(16)]
        text = b"".join(entry.value or b"" for entry in kept).decode()
        for meter in sent:
            title_with_key = meter.title.hex().upper() + key_fingerprint(KEY).upper()
            assert f'"{title_with_key}":{meter.counter}' in text


@pytest.mark.timeout(TIMEOUT)
async def test_what_waits_for_the_store_grows_old(tmp_path: Path) -> None:
    async with Collectors(tmp_path) as fleet:
        [meter] = sent = meters(1)
        fleet.write_keys(meter)
        await fleet.store.kill()
        await fleet.start("first")

        await until(lambda: has_all(fleet, "first"), within=PATIENCE)
        assert fleet.metrics("first")["oldest_age_seconds"] == 0
        await fleet.send(meter)

        async def is_old() -> bool:
            return fleet.metrics("first")["oldest_age_seconds"] > 5

        await until(is_old, within=PATIENCE)
        await fleet.store.start()
        await until_stored(fleet, sent, within=PATIENCE)


@pytest.mark.timeout(TIMEOUT)
async def test_of_two_with_one_name_one_waits(tmp_path: Path) -> None:
    async with Collectors(tmp_path) as fleet:
        [meter] = sent = meters(1)
        fleet.write_keys(meter)

        def said() -> int:
            [log] = (tmp_path / "old").glob("*.log")
            return log.read_text(encoding="utf-8").count("Another collector is called old, too")

        async def is_said() -> bool:
            return said() > 0

        await fleet.start("old")
        await until(lambda: has_all(fleet, "old"), within=PATIENCE)
        new = await fleet.start("new", called="old")
        await until(lambda: has_all(fleet, "new"), within=PATIENCE)
        await until(is_said, within=PATIENCE)
        for _ in range(2):
            await fleet.send(meter)
            await until_stored(fleet, sent, within=PATIENCE)
        # It does not fight for them; one may be begun twice where the machine is slow.
        assert fleet.metrics("old")["partitions_begun_total"] < 2 * 16
        assert fleet.metrics("old")["partitions"] == 0

        await new.kill()
        await until(lambda: has_all(fleet, "old"), within=PATIENCE)
        await fleet.send(meter)
        await until_stored(fleet, sent, within=PATIENCE)
        assert said() == 1


@pytest.mark.timeout(TIMEOUT)
async def test_what_somebody_deletes_is_made_again(tmp_path: Path, nats_server: str) -> None:
    async with Collectors(tmp_path, nats_server) as fleet:
        sent = meters(20)
        fleet.write_keys(*sent)
        await fleet.start("first")
        await fleet.start("second")

        async def go_on() -> None:
            await fleet.send(*sent)
            await until_stored(fleet, sent, within=PATIENCE)

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


@pytest.mark.timeout(TIMEOUT)
async def test_a_name_belongs_to_one_meter_in_all_partitions_and_after_a_kill(
    tmp_path: Path,
) -> None:
    async with Collectors(tmp_path) as fleet:
        # By their titles, they are in different partitions.
        known, other = meters(2)
        fleet.write_keys(known, other)
        await fleet.start("first")
        await fleet.send(known)
        await until_stored(fleet, [known], within=PATIENCE)
        await fleet.stop("first")
        await fleet.start("first")
        own, other.name = other.name, known.name
        await fleet.send(other)

        async def is_refused() -> bool:
            return fleet.metrics("first").get('rejected_total{reason="other_meter"}') == 1

        await until(is_refused, within=PATIENCE)
        other.name, other.expected = own, {}
        await fleet.send(known, other)
        await until_stored(fleet, [known, other], within=PATIENCE)
        assert fleet.metrics("first")['rejected_total{reason="other_meter"}'] == 1
