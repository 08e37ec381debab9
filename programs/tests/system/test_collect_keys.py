"""Keys that come late, change and go, with a real cluster, and collectors that are killed."""

import asyncio
import time
import urllib.parse
import urllib.request
from datetime import datetime
from pathlib import Path

import pytest

from dev.testing.real_programs import PATIENCE, until
from smarty_p1_gateway import UnavailableError
from tests.system.collectors import KEY, WINTER, Collectors, MadeUpMeter, meters, until_stored
from tests.system.nats_cluster import STREAM

NEW_KEY = bytes.fromhex("F0E0D0C0B0A090807060504030201000")
BOTH = ("first", "second")


def total(fleet: Collectors, name: str) -> float:
    return sum(fleet.metrics(one).get(name, 0) for one in BOTH)


async def until_total(fleet: Collectors, name: str, wanted: float) -> None:
    """Wait until a counter of all collectors together has a value."""
    await until(lambda: total(fleet, name) == wanted)


def logs_in(directory: Path) -> str:
    return "".join(log.read_text("utf-8") for log in directory.glob("*/*.log"))


async def start(fleet: Collectors) -> None:
    for one in BOTH:
        await fleet.start(one)
    await fleet.until_connected(*BOTH)


async def until_waiting(fleet: Collectors, count: int) -> None:
    """Wait until each collector reports `count` waiting titles."""
    await until(
        lambda: [fleet.metrics(one).get("waiting_titles", 0) for one in BOTH] == [count, count]
    )


async def until_nothing_is_read(fleet: Collectors) -> None:
    """Wait until no bookmark has changed for the time of a reading."""
    subject, seen, since = "$KV.smarty_p1_meters.again.*.*", -1, time.monotonic()
    while time.monotonic() - since < 40:
        number = (await fleet.js.get_last_msg("KV_smarty_p1_meters", subject)).seq or 0
        if number != seen:
            seen, since = number, time.monotonic()
        await asyncio.sleep(1)


async def readers(fleet: Collectors) -> set[str]:
    """Return the consumers of the stream. A collector that reads again has one of its own."""
    return {info.name for info in await fleet.js.consumers_info(STREAM)}


async def delete(fleet: Collectors, meter: MadeUpMeter) -> None:
    query = urllib.parse.urlencode({"match[]": f'{{meter="{meter.name}"}}'})
    url = f"{fleet.store.url}/api/v1/admin/tsdb/delete_series?{query}"
    await asyncio.to_thread(urllib.request.urlopen, url, timeout=PATIENCE)
    await until(lambda: all(name != meter.name for _, name, _ in fleet.stored()))


async def read_again(fleet: Collectors, sent: tuple[MadeUpMeter, ...], gone: MadeUpMeter) -> None:
    """Delete values, and let commands write them again."""
    rotated = sent[2]
    # Values lost in the store come again from the stream; present values stay as they are.
    await delete(fleet, rotated)
    title = rotated.title.hex()
    since = ("--since", "2026-01-01T00:00+01:00")
    told = await fleet.run_once("first", "fleet", "read", title, *since)
    assert f"{title.upper()}: 14 frames read" in told
    await until_stored(fleet, *sent)
    told = await fleet.run_once("first", "fleet", "read", gone.title.hex(), *since)
    assert f"there is no key for the meter {gone.title.hex().upper()}" in told
    for meter in sent[:3]:
        await delete(fleet, meter)
    told = await fleet.run_once("first", "fleet", "read", "--all", *since)
    assert "all meters: " in told
    await until_stored(fleet, *sent)


@pytest.mark.slow
async def test_keys_come_late_change_and_go_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Collectors(tmp_path) as fleet:
        known, late, rotated, gone, heir = meters(5)
        sent = known, late, rotated, gone
        fleet.write_keys(known, rotated, gone)
        await start(fleet)
        for _ in range(3):
            await fleet.send(*sent)
        # The operator replaces a line too early: for a while, no key decrypts the frames.
        rotated.key = NEW_KEY
        fleet.write_keys(known, rotated, gone)
        await until_total(fleet, "key_reads_total", 2)
        rotated.key = KEY
        for _ in range(4):
            await fleet.send(*sent)
        title = rotated.title.hex().upper()
        wrong = f'meter_rejected_total{{reason="tag",title="{title}"}}'
        await until(lambda: total(fleet, wrong) >= 4)
        rotated.key = NEW_KEY
        for _ in range(3):
            await fleet.send(*sent)
        await until_waiting(fleet, 2)

        # With both lines, and with the late one, everything is there.
        old_line = f"{rotated.title.hex()} {KEY.hex()}\n"
        fleet.write_keys(known, late, rotated, gone, more=old_line)
        await fleet.send(*sent)
        await until_stored(fleet, *sent)
        await until_waiting(fleet, 0)
        assert total(fleet, "caught_up_total") >= 10 + 4
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

        # A removed meter is unknown to all collectors. The operator gives its name to another one.
        before = total(fleet, "key_reads_total")
        fleet.write_keys(known, late, rotated)
        await until_total(fleet, "key_reads_total", before + 2)
        await fleet.publish(gone.subject, gone.last_frame)
        heir.name, heir.counter, heir.expected = gone.name, 200, gone.expected
        fleet.write_keys(known, late, rotated, heir, more=old_line)
        await until_total(fleet, "key_reads_total", before + 4)
        await fleet.exchange("first", gone, heir, monkeypatch)
        await fleet.send(known, heir)
        await until_stored(fleet, *sent)

        await read_again(fleet, (known, late, rotated, heir), gone)
    logs = logs_in(tmp_path)
    assert "line 2: it must begin with a system title" in logs
    for secret in (KEY, NEW_KEY):
        assert secret.hex() not in logs.lower()


@pytest.mark.slow
async def test_collectors_with_different_keys_store_everything_and_read_a_frame_once(
    tmp_path: Path,
) -> None:
    async with Collectors(tmp_path) as fleet:
        both, one, other, late = sent = meters(4)
        fleet.write_keys(both, one, file="first-keys")
        another = f"{one.title.hex()} {NEW_KEY.hex()}\n"
        fleet.write_keys(both, other, more=another, file="second-keys")
        await fleet.start("first", keys="first-keys")
        await fleet.until_connected("first")
        await fleet.start("second", keys="second-keys")
        for _ in range(2):
            await fleet.send(late)
        # Frames that no key opens, among frames that only one collector can open.
        for number in range(10):
            await fleet.send(both, one, other)
            damaged = bytearray(both.last_frame)
            damaged[40 + number] ^= 1
            await fleet.publish(both.subject, bytes(damaged[:30]) + bytes(len(damaged) - 30))
            *forged, last = one.last_frame
            await fleet.publish(one.subject, bytes([*forged, last ^ 1]))
        await until_stored(fleet, both, one, other)
        await fleet.until_acknowledged()
        await until_waiting(fleet, 2)

        # Ten frames with a wrong tag, and two of the meter without a key, are tried with each key.
        await until_nothing_is_read(fleet)
        before = total(fleet, "caught_up_total")
        fleet.write_keys(both, one, late, file="first-keys")
        await until_stored(fleet, *sent)
        await until_waiting(fleet, 1)
        # No other meter was read once more: one collector or both read two frames.
        assert total(fleet, "caught_up_total") - before in {2, 4}
    assert [line for line in logs_in(tmp_path).splitlines() if "Reading frames" in line] == []


async def test_an_exchange_under_traffic_loses_no_frame_and_mixes_no_meters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Collectors(tmp_path) as fleet:
        old, new, other = meters(3)
        new.name = old.name
        fleet.write_keys(old, new, other)
        await start(fleet)
        await fleet.send(old, other)
        await until_stored(fleet, old, other)
        # Both meters send at the same times; each collector gets some of the frames.
        for stopped in (*BOTH, *BOTH):
            await fleet.send(old, new, other)
            await fleet.stop(stopped)
            await fleet.send(old, new, other)
            await fleet.start(stopped)
        await fleet.until_connected(*BOTH)
        with pytest.raises(UnavailableError, match="still sends"):
            await fleet.exchange("first", old, new, monkeypatch, silence_s=60)
        at_end = max(old.expected["smarty_p1_active_energy_imported", old.name, ""])
        for _ in range(3):
            await fleet.send(new, other)
        told = await fleet.exchange("first", old, new, monkeypatch)
        assert f"{old.name} belongs to {new.title.hex().upper()}, for telegrams after" in told
        own = {key: {**values} for key, values in old.expected.items()}
        for _ in range(3):
            await fleet.send(old, new, other)
        expected = MadeUpMeter(4, datetime.now(WINTER))
        later = {
            key: {at: value for at, value in values.items() if at > at_end}
            for key, values in new.expected.items()
        }
        expected.expected = {key: own[key] | later[key] for key in own}
        await until_stored(fleet, expected, other)
        # Later frames of the old meter wait, and are named.
        title = old.title.hex().upper()
        refused = f'meter_rejected_total{{reason="other_meter",title="{title}"}}'
        await until(lambda: total(fleet, refused) >= 3)
        waiting = f'waiting_seconds{{reason="name",title="{title}"}}'
        await until(lambda: total(fleet, waiting) > 0)


@pytest.mark.slow
async def test_a_collector_is_killed_while_it_reads_again_frames_from_before_the_key(
    tmp_path: Path,
) -> None:
    async with Collectors(tmp_path) as fleet:
        known, late = sent = meters(2)
        fleet.write_keys(known)
        await start(fleet)
        for _ in range(900):
            await fleet.send(late)
        await until_waiting(fleet, 1)
        before = await readers(fleet)
        fleet.write_keys(*sent)
        # Both are killed within milliseconds, long before the values are on the disk.
        async with asyncio.timeout(PATIENCE):
            while await readers(fleet) <= before:
                await asyncio.sleep(0.005)
        await asyncio.gather(*map(fleet.stop, BOTH))
        await fleet.send(*sent)
        for one in BOTH:
            await fleet.start(one)
        await until_stored(fleet, *sent)
        await until_waiting(fleet, 0)
        # A title that waits no longer is kept, even if the store is killed.
        await fleet.store.kill()
        await fleet.store.start()
        await until_stored(fleet, *sent)
