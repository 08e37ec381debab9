"""Which series of a meter are deleted, with a bucket that is made up."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import cast

import pytest
from nats.js import JetStreamContext

from smarty_p1_fleet import meter_deletion
from smarty_p1_fleet.collector_config import CollectorConfig
from smarty_p1_fleet.meter_deletion import Holdings
from smarty_p1_fleet.store.store_reader import StoreReader
from smarty_p1_gateway import ConfigError, Keys
from tests.fleet.made_up import Bucket

OLD, NEW, SERIAL = "5341476770041030", "5341476770041031", "SAG103"


async def find(
    bucket: Bucket, also: str | None = None, stored: str | None = None
) -> meter_deletion._Forgetting:
    """Return the task for OLD. The store has its frame counters under the name `stored`."""

    async def key_value(_: str) -> Bucket:
        return bucket

    async def series(matching: str) -> list[dict[str, str]]:
        assert f'title="{OLD}"' in matching
        return [{"meter": stored}] if stored else []

    keys = Keys({bytes.fromhex(NEW): bytes(16)}, None)
    config = SimpleNamespace(keys=keys, store=SimpleNamespace(name="store"))
    return await meter_deletion._find(
        cast("CollectorConfig", config),
        cast("JetStreamContext", SimpleNamespace(key_value=key_value)),
        cast("StoreReader", SimpleNamespace(series=series)),
        OLD,
        also,
    )


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Bucket:
    bucket = Bucket()

    async def read_entries(*_: object) -> AsyncIterator[tuple[str, bytes, int]]:
        for key, entry in bucket.entries.items():
            if key.startswith("name."):
                yield key, entry.value, entry.revision

    monkeypatch.setattr(meter_deletion, "read_entries", read_entries)
    bucket.put(f"meter.{OLD}", SERIAL.encode())
    return bucket


async def test_the_series_of_an_exchanged_meter_belong_to_the_new_one(bucket: Bucket) -> None:
    bucket.put(f"name.{SERIAL}", NEW.encode())
    task = await find(bucket, stored=SERIAL)
    assert (task.labels, task.names) == ((OLD,), ())
    belong = f"the series of {SERIAL}, which belong to the meter {NEW}"
    assert str(task) == f"The meter {OLD}, without {belong}"
    with pytest.raises(ConfigError, match=f"belongs to the meter {NEW}"):
        await find(bucket, SERIAL)


@pytest.mark.parametrize(
    ("owner", "known", "stored"),
    [
        (OLD, SERIAL, None),
        (None, SERIAL, None),
        # It was forgotten in another store, and so in the bucket.
        (None, None, SERIAL),
    ],
)
async def test_the_series_of_a_meter_that_nobody_followed_are_its_own(
    bucket: Bucket, owner: str | None, known: str | None, stored: str | None
) -> None:
    if not known:
        bucket.entries.clear()
    if owner:
        bucket.put(f"name.{SERIAL}", owner.encode())
    task = await find(bucket, stored=stored)
    assert task.labels == (OLD, SERIAL)
    assert str(task) == f"The meter {OLD} ({SERIAL})"


NOTHING = Holdings(0, 0, 0, ())


@pytest.mark.parametrize(
    ("is_confirmed", "left", "told", "is_done"),
    [
        (False, NOTHING, "nothing is deleted", False),
        (True, NOTHING, "deleted: 2 series with 1,300 values", True),
        (True, Holdings(0, 0, 3, ()), "STILL THERE: 0 series", False),
    ],
)
async def test_a_meter_is_deleted_once_it_is_confirmed(
    monkeypatch: pytest.MonkeyPatch, *, is_confirmed: bool, left: Holdings, told: str, is_done: bool
) -> None:
    holdings = [Holdings(2, 1300, 4, ("a",)), left]
    deleted: list[object] = []

    class Task:
        async def holdings(self) -> Holdings:
            return holdings[len(deleted)]

        async def delete(self) -> None:
            deleted.append(self)

    async def find_task(*_: object) -> Task:
        return Task()

    @asynccontextmanager
    async def opened(*_: object) -> AsyncIterator[SimpleNamespace]:
        yield SimpleNamespace(jetstream=lambda timeout: timeout)

    for name, made in (("_find", find_task), ("connected", opened), ("open_reader", opened)):
        monkeypatch.setattr(meter_deletion, name, made)
    config = cast("CollectorConfig", SimpleNamespace(store=None))
    text, found = await meter_deletion.forget_meter(config, OLD, None, lambda _: is_confirmed)
    assert (told in text, found, len(deleted)) == (True, is_done, is_confirmed)


async def test_series_are_deleted_after_collectors_can_write_them_no_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    events: list[object] = []
    floors = iter((None, 3, 8, 9))

    async def purge_stream(stream: str, **_: object) -> None:
        events.append(stream)

    async def stream_info(_: str, **__: object) -> SimpleNamespace:
        return SimpleNamespace(state=SimpleNamespace(last_seq=9, subjects=None))

    async def consumer_info(_: str, name: str) -> SimpleNamespace:
        assert name == "b"
        events.append(floor := next(floors) or 0)
        return SimpleNamespace(ack_floor=SimpleNamespace(stream_seq=floor))

    async def delete(matching: str) -> None:
        events.append(matching)

    js = SimpleNamespace(
        purge_stream=purge_stream, stream_info=stream_info, consumer_info=consumer_info
    )
    for name in ("_SETTLED", "_LOOK_INTERVAL_S"):
        monkeypatch.setattr(meter_deletion, name, 0)
    task = meter_deletion._Forgetting(
        cast("JetStreamContext", js),
        cast("StoreReader", SimpleNamespace(delete=delete)),
        consumer="b",
        title=OLD,
        labels=(SERIAL,),
        names=(),
        left_out="",
    )
    await task.delete()
    assert events[2:6] == [0, 3, 8, 9]
    assert SERIAL in str(events[6])
