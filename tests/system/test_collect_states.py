"""What a real cluster has kept of the partitions cannot be read, and recorded frames come again."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.system.collectors import WINTER, Collectors, MadeUpMeter, Stored, missing
from tests.system.nats_cluster import STREAM
from tests.system.support import PATIENCE, TIMEOUT, until

METERS = 20
PARTITIONS = 16
UNREADABLE = (
    b'{"stream":"smarty_p1_frames","seq":5}',
    b"\xff\x00junk",
    b"5",
    b'{"epoch":1' + b"0" * 400 + b',"sequence":1,"counters":{}}',
    b'{"epoch":1,"sequence":1,"arrived":1e999,"counters":{}}',
)


def meters(begin: timedelta) -> list[MadeUpMeter]:
    """Return the same meters as always, from a moment on."""
    now = datetime.now(WINTER).replace(microsecond=0)
    return [MadeUpMeter(number, now + begin) for number in range(1, METERS + 1)]


def together(*groups: list[MadeUpMeter]) -> Stored:
    """Return what is expected of meters that are the same in each group."""
    expected: Stored = {}
    for group in groups:
        for meter in group:
            for series, values in meter.expected.items():
                expected.setdefault(series, {}).update(values)
    return expected


async def until_stored(fleet: Collectors, *groups: list[MadeUpMeter]) -> None:
    async def is_stored() -> bool:
        return not missing(together(*groups), fleet.stored())

    await until(is_stored, within=60)


async def until_committed(fleet: Collectors) -> None:
    async def is_committed() -> bool:
        return not fleet.metrics("first")["oldest_age_seconds"]

    await until(is_committed, within=PATIENCE)


async def until_metric(fleet: Collectors, name: str, wanted: float, within: float) -> None:
    async def has_it() -> bool:
        return fleet.metrics("first").get(name, 0) >= wanted

    await until(has_it, within=within)
    assert fleet.metrics("first")[name] == wanted


async def spoil(fleet: Collectors) -> list[bytes]:
    """Put something else into all that is kept; return what the partitions have."""
    bucket = await fleet.js.key_value("smarty_p1_partitions")
    contents = [UNREADABLE[number % len(UNREADABLE)] for number in range(PARTITIONS)]
    for number, content in enumerate(contents):
        await bucket.put(f"{number}", content)
    await bucket.put("partitions", b"\xff?")
    return contents


async def begin(fleet: Collectors) -> list[MadeUpMeter]:
    """Let the meters send, and a collector commit it."""
    sent = meters(timedelta(hours=-1))
    for meter in sent:
        meter.counter = 100
    fleet.write_keys(*sent)
    await fleet.start("first")
    await fleet.send(*sent)
    await until_stored(fleet, sent)
    await until_committed(fleet)
    return sent


@pytest.mark.timeout(TIMEOUT)
async def test_it_is_put_aside_and_told_and_a_collector_that_works_goes_on(tmp_path: Path) -> None:
    async with Collectors(tmp_path) as fleet:
        sent = await begin(fleet)
        contents = await spoil(fleet)
        await until_metric(fleet, "unreadable_states_total", PARTITIONS + 1, 60)
        bucket = await fleet.js.key_value("smarty_p1_partitions")
        kept = [await bucket.get(f"unreadable.{number}") for number in range(PARTITIONS)]
        assert [entry.value or b"" for entry in kept] == contents
        assert (await bucket.get("partitions")).value == b"16"
        # It knows the counters.
        for meter in meters(timedelta(days=-40)):
            await fleet.publish(meter.subject, meter.next_frame())
        await fleet.send(*sent)
        await until_stored(fleet, sent)
        await until_committed(fleet)
        await until_metric(fleet, 'rejected_total{reason="replay"}', METERS, PATIENCE)
    [log] = (tmp_path / "first").glob("*.log")
    text = log.read_text(encoding="utf-8")
    for number in range(PARTITIONS):
        assert f"Partition {number}: its state in NATS is malformed: it is put aside" in text


@pytest.mark.timeout(TIMEOUT)
async def test_without_any_counter_nothing_old_is_stored_as_present(tmp_path: Path) -> None:
    async with Collectors(tmp_path) as fleet:
        sent = await begin(fleet)
        await fleet.stop("first")
        await spoil(fleet)
        await fleet.ask(fleet.js.purge_stream, STREAM)
        await fleet.start("first")
        await until_metric(fleet, "unreadable_states_total", PARTITIONS + 1, 60)
        ancient, old, ahead = (
            meters(ago) for ago in (timedelta(days=-400), timedelta(days=-40), timedelta(hours=2))
        )
        for group in (ancient, old, ahead):
            for meter in group:
                # Each is newer than the last one that the collector can know.
                meter.counter = 10 * (1 + [ancient, old, ahead].index(group))
                await fleet.publish(meter.subject, meter.next_frame())
        await fleet.send(*sent)
        # What came late is where it belongs, and nothing else is there.
        await until_stored(fleet, sent, old)
        await until_committed(fleet)
        await until_metric(fleet, 'rejected_total{reason="too_old"}', METERS, PATIENCE)
        await until_metric(fleet, 'rejected_total{reason="too_early"}', METERS, PATIENCE)
        assert not missing(together(sent, old), fleet.stored())
