"""Fleets that share a cluster, and stores that share a fleet: each has its own and no more."""

from pathlib import Path

import pytest
from nats.js import JetStreamContext

from dev.fleet.cluster import ADMIN, connect, user_of
from dev.fleet.storage import VictoriaMetrics
from tests.system.collectors import (
    Collectors,
    MadeUpMeter,
    expected_of,
    meters,
    missing,
    until_stored,
)
from tests.system.nats_cluster import STREAM
from tests.system.support import TIMEOUT, until

NORTH, SOUTH = 1, 2


async def subjects(stream: JetStreamContext) -> set[str]:
    """Return which meters have frames in a region's stream."""
    info = await stream.stream_info(STREAM, subjects_filter=">")
    return {subject.rpartition(".")[2] for subject in info.state.subjects or ()}


def titles_of(*some: MadeUpMeter) -> set[str]:
    return {meter.title.hex().upper() for meter in some}


@pytest.mark.timeout(TIMEOUT)
async def test_each_region_has_its_own_meters_and_both_are_stored(tmp_path: Path) -> None:
    async with (
        Collectors(tmp_path, regions=2) as fleet,
        VictoriaMetrics(tmp_path / "other") as other,
        await connect(fleet.urls, user_of(ADMIN, SOUTH), outlasts_nodes=True) as southern,
        await connect(fleet.urls, user_of("gateway", SOUTH), outlasts_nodes=True) as gateway,
    ):
        south = southern.jetstream(timeout=5)
        here, there, moved = meters(3)
        fleet.write_keys(here, there, moved)
        await fleet.start("north")
        await fleet.start("south", region=SOUTH)
        # It writes one meter of the north to a second store.
        titles = f'titles = ["{here.title.hex()}"]\n'
        await fleet.start("b", store=f'[store]\nurl = "{other.url}"\nname = "b"\n', more=titles)
        await fleet.until_connected("north", "south")

        await fleet.send(here, moved)
        await gateway.jetstream(timeout=5).publish(there.subject, there.next_frame(), stream=STREAM)
        await until_stored(fleet, here, there, moved)
        assert await subjects(fleet.js) == titles_of(here, moved)
        assert await subjects(south) == titles_of(there)
        await until(lambda: not missing(expected_of(here), fleet.stored(other)))
