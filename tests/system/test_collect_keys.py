"""Keys that come late, change and go, with a real cluster, and collectors that are killed."""

import asyncio
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from tests.system.collectors import (
    KEY,
    Collectors,
    MadeUpMeter,
    expected_of,
    meters,
    missing,
    until_stored,
)
from tests.system.support import PATIENCE, TIMEOUT, until

NEW_KEY = bytes.fromhex("F0E0D0C0B0A090807060504030201000")
BOTH = ("first", "second")


def total(fleet: Collectors, name: str) -> float:
    return sum(fleet.metrics(one).get(name, 0) for one in BOTH)


async def until_total(fleet: Collectors, name: str, wanted: float) -> None:
    """Wait until the collectors together count so much."""

    async def is_so_much() -> bool:
        return total(fleet, name) == wanted

    await until(is_so_much, within=PATIENCE)


def logs_in(directory: Path) -> str:
    return "".join(log.read_text(encoding="utf-8") for log in directory.glob("*/*.log"))


async def start(fleet: Collectors) -> None:
    """Start both collectors. What is handed over later is read anew, with the keys of then."""
    for one in BOTH:
        await fleet.start(one)

    async def is_divided() -> bool:
        return [fleet.metrics(one).get("partitions") for one in BOTH] == [8, 8]

    await until(is_divided, within=PATIENCE)


async def until_committed(fleet: Collectors) -> None:
    async def is_committed() -> bool:
        return total(fleet, "oldest_age_seconds") == 0

    await until(is_committed, within=PATIENCE)


async def delete(fleet: Collectors, meter: MadeUpMeter) -> None:
    """Have VictoriaMetrics forget a meter."""
    query = urllib.parse.urlencode({"match[]": f'{{meter="{meter.name}"}}'})
    url = f"{fleet.store.url}/api/v1/admin/tsdb/delete_series?{query}"
    await asyncio.to_thread(urllib.request.urlopen, url, timeout=PATIENCE)

    async def is_gone() -> bool:
        return all(name != meter.name for _, name, _ in fleet.stored())

    await until(is_gone, within=PATIENCE)


@pytest.mark.timeout(TIMEOUT)
async def test_keys_come_late_change_and_go_and_nothing_is_lost(tmp_path: Path) -> None:
    async with Collectors(tmp_path) as fleet:
        known, late, rotated, gone, heir = meters(5)
        sent = known, late, rotated, gone
        fleet.write_keys(known, rotated, gone)
        await start(fleet)
        for _ in range(3):
            await fleet.send(*sent)
        rotated.key = NEW_KEY
        for _ in range(3):
            await fleet.send(*sent)
        # Those of the late one, and of the one whose new key nobody knows.
        await until_total(fleet, "waiting_frames", 9)
        await until_total(fleet, "waiting_titles", 2)

        old_line = f"{rotated.title.hex()} {KEY.hex()}\n"
        fleet.write_keys(known, late, rotated, gone, more=old_line)
        await fleet.send(*sent)
        await until_stored(fleet, *sent)
        await until_total(fleet, "waiting_titles", 0)
        # What came after the file may have waited, too.
        assert total(fleet, "caught_up_total") >= 9
        rotated.key = KEY
        await fleet.send(rotated)
        rotated.key = NEW_KEY
        await fleet.send(rotated)
        await until_stored(fleet, *sent)

        # A file that is broken changes nothing.
        fleet.write_keys(known, more="no key\n")
        await until_total(fleet, "failed_key_reads_total", 2)
        await fleet.send(*sent)
        await until_stored(fleet, *sent)
        assert total(fleet, "keys") == 8

        # Nobody knows any more what is gone, and its name is free.
        before = total(fleet, "key_reads_total")
        fleet.write_keys(known, late, rotated)
        await until_total(fleet, "key_reads_total", before + 2)
        # What is refused is counted when it is committed.
        await until_committed(fleet)
        refused = total(fleet, 'rejected_total{reason="no_key"}')
        await fleet.publish(gone.subject, gone.last_frame)
        await until_total(fleet, 'rejected_total{reason="no_key"}', refused + 1)
        heir.name, heir.counter, heir.expected = gone.name, 200, gone.expected
        fleet.write_keys(known, late, rotated, heir, more=old_line)
        await fleet.send(known, heir)
        await until_stored(fleet, *sent)

        # What was lost elsewhere comes from the stream, and what is there stays as it is.
        lost = dict(rotated.expected)
        await delete(fleet, rotated)
        title = rotated.title.hex()
        told = await fleet.run_once("first", "--again", title, "--since", "2026-01-01T00:00+01:00")
        assert f"{title.upper()}: 10 frames read, 10 stored, none refused" in told
        assert rotated.expected == lost
        await until_stored(fleet, *sent)
        told = await fleet.run_once("first", "--again", gone.title.hex(), "--since", "2026-01-01")
        assert f"there is no key for the meter {gone.title.hex().upper()}" in told
    logs = logs_in(tmp_path)
    assert "line 2: it must begin with a system title" in logs
    for secret in (KEY, NEW_KEY):
        assert secret.hex() not in logs.lower()


@pytest.mark.slow
@pytest.mark.timeout(TIMEOUT)
async def test_a_collector_is_killed_while_it_reads_again_what_came_before_the_key(
    tmp_path: Path,
) -> None:
    async with Collectors(tmp_path) as fleet:
        known, late = sent = meters(2)
        fleet.write_keys(known)
        await start(fleet)
        for _ in range(900):
            await fleet.send(late)
        await until_total(fleet, "waiting_frames", 900)
        await until_committed(fleet)
        fleet.write_keys(*sent)
        for _ in range(2):
            owner = await until_read_again(fleet)
            await fleet.send(*sent)
            await fleet.stop(owner)
            await fleet.send(*sent)
            await fleet.start(owner)
        await until_stored(fleet, *sent)
        await until_total(fleet, "waiting_titles", 0)
        await until_committed(fleet)
        # What is committed is kept, however the store ends.
        await fleet.store.kill()
        await fleet.store.start()
        assert missing(expected_of(*sent), fleet.stored()) == []


async def until_read_again(fleet: Collectors) -> str:
    """Return which collector is reading again what has waited."""

    async def is_begun() -> bool:
        return total(fleet, "caught_up_total") > 0

    await until(is_begun, within=PATIENCE, every=0.05)
    assert total(fleet, "waiting_titles") == 1
    return max(BOTH, key=lambda one: fleet.metrics(one).get("caught_up_total", 0))
