"""Collectors with a real NATS cluster and VictoriaMetrics that are killed, and two regions."""

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path
from secrets import randbelow

from nats.js import JetStreamContext

from dev.fleet.cluster import ADMIN, connect, user_of
from dev.fleet.storage import VictoriaMetrics
from dev.reliability.killable_program import Part
from dev.simulator.randomness import seeded_random
from dev.testing.random_examples import examples
from dev.testing.real_programs import until
from tests.system.collectors import (
    GO_ON,
    STOP,
    TERMINATE,
    Collectors,
    MadeUpMeter,
    expected_of,
    meters,
    missing,
    until_stored,
)
from tests.system.nats_cluster import STREAM

LOGGER = logging.getLogger(__name__)
BOTH = ("first", "second")


async def test_nothing_is_lost_or_let_in_by_any_kill(tmp_path: Path) -> None:
    seed = randbelow(2**32)
    LOGGER.warning("seed %d", seed)
    chance = seeded_random("outages", seed)
    async with Collectors(tmp_path) as fleet:
        sent = meters(examples(8))
        fleet.write_keys(*sent)
        parts: Sequence[Part] = [fleet.store, *[await fleet.start(name) for name in BOTH]]
        await fleet.until_connected(*BOTH)

        async def send() -> None:
            while True:
                await fleet.send(*sent)
                await asyncio.sleep(0.5)

        sending = asyncio.create_task(send())
        for part in chance.sample([*parts, fleet.nodes[2], fleet.store], 5):
            await asyncio.sleep(chance.uniform(1, 4))
            await part.kill()
            await asyncio.sleep(chance.uniform(0, 2))
            await part.start()
        # A collector is away for a while, and knows nothing of it.
        parts[1].send(STOP)
        await asyncio.sleep(3)
        parts[1].send(GO_ON)
        third = await fleet.start("third")
        await asyncio.sleep(2)
        third.send(TERMINATE)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        await until_stored(fleet, *sent)
        await fleet.until_acknowledged()
        assert not any(fleet.metrics(name)["oldest_age_seconds"] for name in BOTH)
        await fleet.store.kill()
        await fleet.store.start()
        assert missing(expected_of(*sent), fleet.stored())[:10] == []


NORTH, SOUTH = 1, 2


async def subjects(stream: JetStreamContext) -> set[str]:
    """Return which meters have frames in a region's stream."""
    info = await stream.stream_info(STREAM, subjects_filter=">")
    return {subject.rpartition(".")[2] for subject in info.state.subjects or ()}


def titles_of(*some: MadeUpMeter) -> set[str]:
    return {meter.title.hex().upper() for meter in some}


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
        # The third collector writes one meter of the north to a second store.
        titles = f'titles = ["{here.title.hex()}"]\n'
        await fleet.start("b", store=f'[store]\nurl = "{other.url}"\nname = "b"\n', more=titles)
        await fleet.until_connected("north", "south")

        await fleet.send(here, moved)
        await gateway.jetstream(timeout=5).publish(there.subject, there.next_frame(), stream=STREAM)
        await until_stored(fleet, here, there, moved)
        assert await subjects(fleet.js) == titles_of(here, moved)
        assert await subjects(south) == titles_of(there)
        await until(lambda: not missing(expected_of(here), fleet.stored(other)))
