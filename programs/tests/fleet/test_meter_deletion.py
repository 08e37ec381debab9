"""Which series of a meter are deleted, with a bucket that is made up."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import cast

import pytest
from nats.errors import NoRespondersError, TimeoutError as NoAnswerError
from nats.js import JetStreamContext

from smarty_p1_fleet import collector_client, meter_deletion
from smarty_p1_fleet.collector_client import CollectorClient
from smarty_p1_fleet.collector_config import CollectorConfig
from smarty_p1_fleet.meter_deletion import Holdings
from smarty_p1_fleet.store.store_reader import StoreReader
from smarty_p1_gateway import ConfigError, Keys, UnavailableError
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
        # The meter was forgotten in another store, and so in the bucket.
        (None, None, SERIAL),
    ],
)
async def test_the_series_of_a_meter_without_a_successor_are_its_own(
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
    deleted: list[object] = []

    class Task:
        async def holdings(self) -> Holdings:
            return Holdings(2, 1300, 4, ("a",))

        async def delete(self) -> Holdings:
            deleted.append(self)
            return left

    async def find_task(*_: object) -> Task:
        return Task()

    @asynccontextmanager
    async def opened(*_: object) -> AsyncIterator[SimpleNamespace]:
        yield SimpleNamespace()

    for name, made in (("_find", find_task), ("connected", opened), ("open_reader", opened)):
        monkeypatch.setattr(meter_deletion, name, made)
    config = cast("CollectorConfig", SimpleNamespace(store=None))
    text, found = await meter_deletion.forget_meter(config, OLD, None, lambda _: is_confirmed)
    assert (told in text, found, len(deleted)) == (True, is_done, is_confirmed)

    async def holdings(_: Task) -> Holdings:
        raise UnavailableError("[store] it hangs up")

    monkeypatch.setattr(Task, "holdings", holdings)
    with pytest.raises(UnavailableError, match=r"hangs up\. Nothing is deleted yet\. Repeat"):
        await meter_deletion.forget_meter(config, OLD, None, lambda _: is_confirmed)


class Places:
    """The places of a meter's data. `fails_at`: the number of the request that gets no answer."""

    def __init__(self, fails_at: int = -1) -> None:
        self.events: list[object] = []
        self.fails_at = fails_at
        self._floors = iter((None, 3, 8))
        self.task = meter_deletion._Forgetting(
            cast("JetStreamContext", self),
            cast("StoreReader", self),
            consumer="b",
            title=OLD,
            labels=(SERIAL,),
            names=(f"name.{SERIAL}",),
            left_out="",
        )

    def _note(self, event: object) -> None:
        self.events.append(event)
        if len(self.events) == self.fails_at:
            raise NoAnswerError

    async def purge_stream(self, stream: str, **_: object) -> None:
        self._note(stream)

    async def stream_info(self, stream: str, **_: object) -> SimpleNamespace:
        self._note(("info", stream))
        return SimpleNamespace(state=SimpleNamespace(last_seq=9, subjects={"x": 1}))

    async def consumer_info(self, _: str, name: str) -> SimpleNamespace:
        assert name == "b"
        self._note(floor := next(self._floors, 9) or 0)
        return SimpleNamespace(ack_floor=SimpleNamespace(stream_seq=floor))

    async def delete(self, matching: str) -> None:
        self._note(matching)

    async def count(self, _: str, __: float) -> tuple[int, int]:
        self._note("count")
        return 0, 0


@pytest.fixture
def _without_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_SETTLED", "_LOOK_INTERVAL_S"):
        monkeypatch.setattr(meter_deletion, name, 0)


@pytest.mark.usefixtures("_without_waits")
async def test_series_are_deleted_after_collectors_can_write_them_no_more() -> None:
    places = Places()
    await places.task.delete()
    assert [event for event in places.events if isinstance(event, int)] == [0, 3, 8, 9]
    series = next(at for at, event in enumerate(places.events) if SERIAL in str(event))
    assert series > places.events.index(9)


@pytest.mark.usefixtures("_without_waits")
async def test_a_deletion_without_an_answer_names_the_rest_and_can_be_repeated() -> None:
    whole = Places()
    await whole.task.delete()
    for number in range(1, len(whole.events) + 1):
        places = Places(number)
        with pytest.raises(UnavailableError, match=r"NOT YET DONE: .*Repeat this") as error:
            await places.task.delete()
        # The names go last, and the series only after the wait for the collectors.
        are_series_gone = sum(SERIAL in str(event) for event in places.events[: number - 1]) > 0
        left = str(error.value)
        if not are_series_gone:
            assert "series in VictoriaMetrics" in left
        assert "check that nothing is left" in left
        assert "KV_smarty_p1_meters" not in str(places.events[: number - 1]) or are_series_gone
        places.fails_at = -1
        assert await places.task.delete() == await places.task.holdings()


async def test_a_command_asks_again_while_a_stream_has_no_leader(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(collector_client, "_ASK_AGAIN_S", 0)
    errors: list[Exception] = [NoAnswerError(), NoRespondersError(), NoAnswerError()]
    requests: list[str] = []

    async def request(subject: str, _: bytes, **__: object) -> SimpleNamespace:
        requests.append(subject)
        if errors:
            raise errors.pop()
        return SimpleNamespace(data=b'{"success": true}')

    nats = cast("CollectorClient", SimpleNamespace(request=request))
    js = collector_client._PatientJetStream(nats)
    assert await js.purge_stream("x")
    assert requests == ["$JS.API.STREAM.PURGE.x"] * 4
    monkeypatch.setattr(collector_client, "_MAX_LEADERLESS_S", 0.0)
    errors += [NoAnswerError()] * 3
    with pytest.raises(UnavailableError, match="JetStream has not answered for 0 s"):
        await js.purge_stream("x")
