"""Where a meter was seen, as its gateway says: what is stored of it, and how much."""

import re

import pytest

from dev.encoder import frame, telegram
from smarty_p1_fleet.meter_sources import source_of
from smarty_p1_fleet.metrics import Metrics
from tests.fleet.fake_cluster import Cluster, FakeStore, until, until_written

pytestmark = pytest.mark.usefixtures("partition")

CAME = 1_500_000_000_000_000_000
WITHOUT = "smarty_p1,meter=M1,title=534147677004102E"


def add(cluster: Cluster, counter: int, **headers: str) -> None:
    named = {f"Smarty-{name.capitalize()}": value for name, value in headers.items()}
    cluster.headers = named or None
    data = frame(counter, telegram("1-0:1.7.0(1*kW)", name="M1"))
    cluster.frames.append((data, CAME + counter * 10**9))


def seen(store: FakeStore) -> list[tuple[str, str]]:
    """Return the tags of the lines that say where the meter was seen, and the time they name."""
    lines = [line for one in store.samples for line in one.render(0).splitlines()]
    found = [re.fullmatch(r"(.*) last_seen=(\S+) \d+", line) for line in lines]
    return [(one[1], one[2]) for one in found if one]


async def test_gateway_and_port_are_stored_with_the_time_of_the_telegram(
    cluster: Cluster, store: FakeStore
) -> None:
    add(cluster, 1, gateway="cellar", port="house 3")
    await until_written(store, 1)
    add(cluster, 2, gateway="attic")
    await until_written(store, 2)
    # As gateways of earlier versions publish them.
    add(cluster, 3)
    await until_written(store, 3)
    assert seen(store) == [
        (rf"{WITHOUT},gateway=cellar,port=house\ 3", "1500000001.0"),
        (f"{WITHOUT},gateway=attic", "1500000002.0"),
        (WITHOUT, "1500000003.0"),
    ]


async def test_what_a_header_says_is_short_and_stays_in_its_place(
    cluster: Cluster, store: FakeStore
) -> None:
    add(cluster, 1, gateway="a,b=c d\x07", port="x" * 1000)
    await until_written(store, 1)
    assert len(source_of(cluster.headers).port) == 64
    assert seen(store) == [(rf"{WITHOUT},gateway=a\,b\=c\ d_,port={'x' * 64}", "1500000001.0")]


async def test_a_meter_has_eight_places_at_most(cluster: Cluster, store: FakeStore) -> None:
    for counter in range(1, 13):
        add(cluster, counter, gateway="cellar", port=f"{counter % 10}")
        await until_written(store, counter)
    ports = [tags.partition("port=")[2] for tags, _ in seen(store)]
    assert ports == ["1", "2", "3", "4", "5", "6", "7", "8", "", "", "1", "2"]


async def test_rejections_are_counted_by_meter(
    cluster: Cluster, store: FakeStore, metrics: Metrics
) -> None:
    def count(title: str, reason: str) -> float | None:
        labels = {"title": title, "reason": reason}
        name = "smarty_p1_collector_meter_rejected_total"
        return metrics.registry.get_sample_value(name, labels)

    cluster.add(1, 1)
    for number in range(300):
        title = b"NOKEY" + number.to_bytes(3)
        cluster.frames.append((frame(1, title=title), CAME))
    cluster.frames.append((frame(2, key=bytes(16)), CAME))
    cluster.frames.append((b"no frame", CAME))
    store.keep()
    await until(lambda: cluster.committed == (304, [1]))
    known = "534147677004102E"
    assert (count(known, "replay"), count(known, "tag")) == (1, 1)
    # Their titles can be made up by whoever may publish any.
    assert count(b"NOKEY\0\0\0".hex().upper(), "no_key") == 1
    assert count("other", "no_key") == 100
    assert count("other", "malformed") == 1
