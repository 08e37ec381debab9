"""What the stream has of one meter, read again for an operator."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from dev.encoder import KEY, TITLE, frame, telegram
from smarty_p1_fleet import CollectorConfig, read_again, read_config
from smarty_p1_fleet.acknowledged_writes import StoreRun
from smarty_p1_fleet.key_rotation import Rotation
from smarty_p1_fleet.partition_state import PartitionState
from smarty_p1_gateway import Keys, UnavailableError
from smartyp1.p1 import key_fingerprint
from tests.fleet.fake_cluster import Cluster, Entry, FakeStore

NEW_KEY = bytes(range(16))
OTHER = b"SAGgp\x04\x10\x2f"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
WINTER = timezone(timedelta(hours=1))


@pytest.fixture
def config(
    tmp_path: Path, cluster: Cluster, store: FakeStore, monkeypatch: pytest.MonkeyPatch
) -> CollectorConfig:
    @asynccontextmanager
    async def connected(_: CollectorConfig) -> AsyncIterator[Cluster]:
        yield cluster

    monkeypatch.setattr("smarty_p1_fleet.again.connected", connected)
    monkeypatch.setattr("smarty_p1_fleet.again.Store", lambda *_: store)
    monkeypatch.setattr("smarty_p1_fleet.again._LOOK_INTERVAL", 0.001)
    monkeypatch.setattr("smarty_p1_fleet.again._AT_ONCE", 4)
    keys = tmp_path / "keys"
    keys.touch(mode=0o600)
    keys.write_text(f"{TITLE.hex()} {KEY.hex()}\n", encoding="ascii")
    file = tmp_path / "collect.toml"
    file.write_text(
        f'nats.servers = ["nats://x"]\nstore.url = "http://x"\nkeys.file = "{keys}"\n'
        'collector = { name = "one", partitions = 1 }\n',
        encoding="utf-8",
    )
    store.keep()
    return read_config(file)


def come(cluster: Cluster, hour: float, counter: int, **more: bytes) -> None:
    when = NOON + timedelta(hours=hour)
    text = telegram(
        f"0-0:1.0.0({when.astimezone(WINTER):%y%m%d%H%M%S}W)", "1-0:1.8.0(000001.000*kWh)"
    )
    cluster.frames.append((frame(counter, text, **more), int(when.timestamp()) * 1_000_000_000))


def hours(store: FakeStore) -> list[float]:
    return [(one.at_ms / 1000 - NOON.timestamp()) / 3600 for one in store.samples]


async def test_it_begins_at_a_moment_and_says_what_it_did(
    cluster: Cluster, store: FakeStore, config: CollectorConfig
) -> None:
    for hour in range(10):
        come(cluster, hour, hour + 1)
        come(cluster, hour, 1, title=OTHER)
    come(cluster, 10, 99, key=NEW_KEY)
    cluster.frames.append((cluster.frames[10][0], cluster.frames[-1][1]))
    cluster.frames.append((frame(50, telegram()), cluster.frames[-1][1]))
    # What the collectors know is neither asked nor changed.
    kept = PartitionState(3, 20, {TITLE + bytes.fromhex(key_fingerprint(KEY)): 70})
    cluster.entry = Entry(kept.to_json(), 5)
    told = await read_again(config, TITLE, NOON + timedelta(hours=3.5))
    assert hours(store) == [4, 5, 6, 7, 8, 9]
    assert told.startswith(f"{TITLE.hex().upper()}: 9 frames read, 6 stored, 3 refused ")
    assert "(no_time 1, replay 1, tag 1), of those since" in told
    assert cluster.entry == Entry(kept.to_json(), 5)
    # How late they are now says nothing about how late they were.
    lines = [one.render(0.0) for one in store.samples]
    assert all(line.count("\n") == 1 and "storage_delay" not in line for line in lines)
    assert lines[0].endswith(f"active_energy_imported=1.0 {store.samples[0].at_ms}\n")


async def test_the_old_key_ends_when_it_did_for_the_collectors(
    cluster: Cluster, store: FakeStore, config: CollectorConfig
) -> None:
    for hour, key in ((0, KEY), (1, NEW_KEY), (1.5, KEY), (2, NEW_KEY), (3, KEY), (4, NEW_KEY)):
        come(cluster, hour, int(10 * hour), key=key)
    old, new = (TITLE + bytes.fromhex(key_fingerprint(key)) for key in (KEY, NEW_KEY))
    rotation = Rotation(int(NOON.timestamp()) + 3600, is_done=True)
    kept = PartitionState(3, 20, {new: 40, old: 15}).with_keys_changed({}, {new: rotation})
    cluster.entry = Entry(kept.to_json(), 5)
    both = replace(config, keys=Keys({TITLE: NEW_KEY}, None, {TITLE: KEY}))
    told = await read_again(both, TITLE, NOON)
    assert hours(store) == [0, 1, 1.5, 2, 4]
    assert "1 refused (old_key 1)" in told


async def test_it_begins_anew_when_the_store_was_restarted(
    cluster: Cluster, store: FakeStore, config: CollectorConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    for hour in range(6):
        come(cluster, hour, hour + 1)
    store.run = StoreRun("100", 0.0)

    async def restart(_: float) -> None:
        store.run = StoreRun("200", 20.0)

    monkeypatch.setattr("smarty_p1_fleet.again.asyncio.sleep", restart)
    told = await read_again(config, TITLE, NOON)
    assert hours(store) == [*range(6), *range(6)]
    assert "6 frames read, 6 stored, none refused" in told


async def test_there_is_nothing_to_read(cluster: Cluster, config: CollectorConfig) -> None:
    told = await read_again(config, TITLE, NOON)
    assert told.endswith("the stream has no frame of this meter since then")
    come(cluster, 0, 1)
    told = await read_again(config, TITLE, NOON + timedelta(hours=1))
    assert told.endswith("the stream has no frame of this meter since then")
    with pytest.raises(UnavailableError, match="there is no key for the meter 534147677004102F"):
        await read_again(config, OTHER, NOON)
