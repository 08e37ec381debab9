"""Which meter may write to which series: its system title and its name belong together."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from dev.encoder import KEY, TITLE, frame, telegram
from smarty_p1_fleet.metrics import Metrics
from smarty_p1_fleet.partition import Collector, Partition
from smarty_p1_gateway import Keys
from tests.fleet.fake_cluster import Cluster, Entry, FakeStore, until

CAME = 1_500_000_000_000_000_000
NEIGHBOUR = b"SAGgp\x04\x10\x2f"
THIRD = b"SAGgp\x04\x10\x30"


class Fleet:
    """Meters that send to one partition, and what has become of it."""

    def __init__(self, cluster: Cluster, collector: Collector, store: FakeStore) -> None:
        self.collector = collector
        self._cluster = cluster
        self._store = store
        self._sent = 0

    def send(self, title: bytes, name: str | None) -> None:
        self._sent += 1
        text = telegram("1-0:1.8.0(000001.000*kWh)", name=name)
        self._cluster.frames.append((frame(self._sent, text, title=title), CAME + self._sent))

    async def read(self) -> list[str]:
        """Wait until all is dealt with; return the meters whose series got values, in order."""
        self._store.keep()
        await until(lambda: self._cluster.entry is not None)
        await until(lambda: self._cluster.committed[0] == self._sent)
        names = [one.meter.split(" ")[0].partition("meter=")[2] for one in self._store.samples]
        self._store.samples.clear()
        return names

    def refused(self) -> float:
        name = "smarty_p1_collector_rejected_total"
        registry = self.collector.metrics.registry
        return registry.get_sample_value(name, {"reason": "other_meter"}) or 0.0

    @asynccontextmanager
    async def collector_runs(self, *titles: bytes) -> AsyncIterator[None]:
        """Run a collector that knows nothing but what the cluster keeps, with keys of meters."""
        self.collector = replace(
            self.collector, metrics=Metrics(), keys=Keys(dict.fromkeys(titles, KEY), None)
        )
        running = asyncio.create_task(Partition(0, self.collector).run())
        try:
            yield
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


@pytest.fixture
def fleet(
    cluster: Cluster, collector: Collector, store: FakeStore, monkeypatch: pytest.MonkeyPatch
) -> Fleet:
    monkeypatch.setattr("smarty_p1_fleet.partition._COMMIT_INTERVAL", 0.0)
    monkeypatch.setattr("smarty_p1_fleet.frame_reader._PAUSE", 0.001)
    return Fleet(cluster, collector, store)


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [text for text in caplog.messages if "names" in text]


async def test_a_meter_keeps_its_first_name(fleet: Fleet, caplog: pytest.LogCaptureFixture) -> None:
    async with fleet.collector_runs(TITLE):
        for name in ("M1", "M2", None, "M1", "M3", "M2"):
            fleet.send(TITLE, name)
        assert await fleet.read() == ["M1", "534147677004102E", "M1"]
        assert fleet.refused() == 3
    assert told(caplog) == [
        "A telegram of the meter 534147677004102E names M2, which is not its name: it is refused"
    ]


async def test_whoever_takes_over_knows_the_name(fleet: Fleet) -> None:
    async with fleet.collector_runs(TITLE):
        fleet.send(TITLE, "M1")
        assert await fleet.read() == ["M1"]
    async with fleet.collector_runs(TITLE):
        fleet.send(TITLE, "M2")
        fleet.send(TITLE, "M1")
        assert await fleet.read() == ["M1"]
        assert fleet.refused() == 1


async def test_the_name_of_another_meter(fleet: Fleet, caplog: pytest.LogCaptureFixture) -> None:
    async with fleet.collector_runs(TITLE, NEIGHBOUR):
        fleet.send(TITLE, "M1")
        fleet.send(NEIGHBOUR, "M1")
        # What it said first was not its own.
        fleet.send(NEIGHBOUR, "M2")
        fleet.send(NEIGHBOUR, "M1")
        assert await fleet.read() == ["M1", "M2"]
        assert fleet.refused() == 2
    async with fleet.collector_runs(TITLE, NEIGHBOUR):
        fleet.send(NEIGHBOUR, "M1")
        fleet.send(TITLE, "M1")
        assert await fleet.read() == ["M1"]
    assert len(told(caplog)) == 1


async def test_a_name_that_another_partition_has_given_away(fleet: Fleet, cluster: Cluster) -> None:
    cluster.names["name.M1"] = Entry(b"534147677004102F", 7)
    async with fleet.collector_runs(TITLE, NEIGHBOUR):
        fleet.send(TITLE, "M1")
        fleet.send(TITLE, "M2")
        assert await fleet.read() == ["M2"]


async def test_a_meter_without_a_name_is_called_by_its_title(fleet: Fleet) -> None:
    async with fleet.collector_runs(TITLE, NEIGHBOUR):
        fleet.send(TITLE, None)
        fleet.send(NEIGHBOUR, "534147677004102E")
        fleet.send(NEIGHBOUR, None)
        assert await fleet.read() == ["534147677004102E", "534147677004102F"]


@pytest.mark.parametrize(
    ("name", "same"),
    [
        ("Zähler 1,2=", "Zähler 1,2="),
        ("M\n1", "4d0a31"),
        ("1" * 64, "1" * 65),
    ],
    ids=["signs", "signs that cannot be seen", "too long"],
)
async def test_names_that_would_be_the_same_series(fleet: Fleet, name: str, same: str) -> None:
    async with fleet.collector_runs(TITLE, NEIGHBOUR, THIRD):
        fleet.send(TITLE, name)
        fleet.send(NEIGHBOUR, same)
        fleet.send(THIRD, name[:-1])
        assert len(await fleet.read()) == 2
        assert fleet.refused() == 1


async def test_a_meter_that_is_exchanged_has_a_new_title(fleet: Fleet) -> None:
    async with fleet.collector_runs(TITLE):
        fleet.send(TITLE, "M1")
        assert await fleet.read() == ["M1"]
    async with fleet.collector_runs(TITLE, NEIGHBOUR, THIRD):
        fleet.send(NEIGHBOUR, "M2")
        # As long as the old one has a key, its name is its own.
        fleet.send(THIRD, "M1")
        assert await fleet.read() == ["M2"]
    async with fleet.collector_runs(NEIGHBOUR, THIRD):
        fleet.send(THIRD, "M1")
        assert await fleet.read() == ["M1"]
    async with fleet.collector_runs(TITLE, NEIGHBOUR, THIRD):
        fleet.send(TITLE, "M1")
        fleet.send(THIRD, "M1")
        assert await fleet.read() == ["M1"]
        assert fleet.refused() == 1


async def test_two_telegrams_after_each_other_of_one_meter_ask_once(
    fleet: Fleet, cluster: Cluster
) -> None:
    async with fleet.collector_runs(TITLE, NEIGHBOUR):
        for _ in range(5):
            fleet.send(TITLE, "M1")
        for number in range(50):
            # With names of others, it is asked for each of them, and not for many.
            cluster.names[f"name.N{number}"] = Entry(b"534147677004102E", 1)
            fleet.send(NEIGHBOUR, f"N{number}")
        assert await fleet.read() == ["M1"] * 5
        assert fleet.refused() == 50
    assert cluster.looked_up["name.M1"] == 1
    assert sum(count for key, count in cluster.looked_up.items() if "name.N" in key) == 16


@pytest.mark.parametrize("junk", [b"", b"\xff\0junk", b"534147677004102", b"5" * 9999], ids=len)
async def test_what_cannot_be_read_is_nobodys(fleet: Fleet, cluster: Cluster, junk: bytes) -> None:
    cluster.names["name.M1"] = Entry(junk, 3)
    async with fleet.collector_runs(TITLE):
        fleet.send(TITLE, "M1")
        assert await fleet.read() == ["M1"]
    assert cluster.names["name.M1"].value == b"534147677004102E"


async def test_somebody_is_faster(fleet: Fleet, cluster: Cluster) -> None:
    """Another partition gives the name away between the question and the answer."""
    create: Callable[[str, bytes], object] = cluster.create

    async def create_late(key: str, value: bytes) -> int:
        if key == "name.M1":
            cluster.names[key] = Entry(b"534147677004102F", 1)
        return await create(key, value)  # type: ignore[misc, no-any-return]

    cluster.create = create_late  # type: ignore[method-assign]
    async with fleet.collector_runs(TITLE, NEIGHBOUR):
        fleet.send(TITLE, "M1")
        assert await fleet.read() == []
        assert fleet.refused() == 1


async def test_a_name_is_free_when_its_meters_key_goes_while_a_collector_works(
    fleet: Fleet,
) -> None:
    async with fleet.collector_runs(TITLE, NEIGHBOUR):
        fleet.send(TITLE, "ONE")
        fleet.send(NEIGHBOUR, "ONE")
        assert await fleet.read() == ["ONE"]
        fleet.collector.keys = Keys({NEIGHBOUR: KEY}, None)
        fleet.send(NEIGHBOUR, "ONE")
        assert await fleet.read() == ["ONE"]
        # There is a key for the first one again: it has not its name any more.
        fleet.collector.keys = Keys({TITLE: KEY, NEIGHBOUR: KEY}, None)
        fleet.send(TITLE, "ONE")
        assert await fleet.read() == []
        assert fleet.refused() == 2
