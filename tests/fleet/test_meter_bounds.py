"""How much the verified telegrams of one meter may make of the store."""

import re

import pytest

from dev.encoder import frame, telegram
from smarty_p1_fleet.acknowledged_writes import StoreRun
from smarty_p1_fleet.metrics import Metrics
from tests.fleet.fake_cluster import Cluster, FakeStore, until_written

pytestmark = pytest.mark.usefixtures("partition")

CAME = 1_500_000_000_000_000_000


def send(cluster: Cluster, counter: int, *lines: str, name: str | None = "M1") -> None:
    cluster.frames.append((frame(counter, telegram(*lines, name=name)), CAME + counter))


def series(store: FakeStore) -> set[tuple[str, str]]:
    """Return what was written of the objects: tags, and the name of a value."""
    found = set()
    for sample in store.samples:
        for line in sample.render(sample.at_ms / 1000).splitlines():
            tags, fields, _ = re.split(r"(?<!\\) ", line)
            found |= {(tags, field.partition("=")[0]) for field in fields.split(",")}
    return {(tags, name) for tags, name in found if name not in {"storage_delay", "last_seen"}}


def ignored(metrics: Metrics, kind: str) -> float | None:
    name = "smarty_p1_collector_ignored_total"
    return metrics.registry.get_sample_value(name, {"kind": kind})


async def test_objects_that_no_specification_knows(
    cluster: Cluster, store: FakeStore, metrics: Metrics, caplog: pytest.LogCaptureFixture
) -> None:
    known = "1-0:1.8.0(000001.000*kWh)"
    for counter in (1, 2, 3):
        others = (
            f"1-0:{99 + counter}.{number % 250}.{number // 250}(1.5*kW)" for number in range(500)
        )
        send(cluster, counter, known, *others)
        # Whoever may publish can have a decoder begin anew, but not the bounds.
        cluster.frames.append((frame(counter, key=bytes(16)), CAME + counter))
    await until_written(store, 3)
    assert len(series(store)) == 1 + 64
    # Whoever else reads these telegrams keeps the same ones.
    names = {f"1_0_100_{number}_0" for number in range(64)} | {"active_energy_imported"}
    assert {name for _, name in series(store)} == names
    # Nor when the partition is read again.
    store.run = StoreRun("200", 0.0)
    await until_written(store, 6)
    assert len(series(store)) == 1 + 64
    assert ignored(metrics, "objects") == 2 * (436 + 500 + 500)
    assert [text for text in caplog.messages if "are ignored" in text] == [
        "534147677004102E: more than 64 objects that no specification knows; the others are ignored"
    ]


async def test_meters_on_the_mbus(cluster: Cluster, store: FakeStore, metrics: Metrics) -> None:
    for counter in range(1, 11):
        lines = []
        for channel in range(1, 5):
            identifier = f"{counter:02}{channel:02}".encode().hex()
            lines += [
                f"0-{channel}:24.1.0(003)",
                f"0-{channel}:96.1.0({identifier})",
                f"0-{channel}:24.2.1(260115125500W)(00112.384*m3)",
            ]
        send(cluster, counter, *lines)
    await until_written(store, 10)
    assert len(series(store)) == 16
    assert ignored(metrics, "meters") == 24
