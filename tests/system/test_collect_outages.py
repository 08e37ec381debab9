"""Collectors with a real NATS cluster and a real VictoriaMetrics, which are killed."""

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path
from secrets import randbelow

import pytest

from dev.reliability.killable_program import Part
from dev.simulator.randomness import seeded_random
from tests.system.collectors import (
    GO_ON,
    STOP,
    TERMINATE,
    Collectors,
    expected_of,
    meters,
    missing,
    until_stored,
)
from tests.system.support import TIMEOUT

LOGGER = logging.getLogger(__name__)
BOTH = ("first", "second")


@pytest.mark.timeout(TIMEOUT)
async def test_nothing_is_lost_or_let_in_whatever_is_killed(tmp_path: Path) -> None:
    seed = randbelow(2**32)
    LOGGER.warning("seed %d", seed)
    chance = seeded_random("outages", seed)
    async with Collectors(tmp_path) as fleet:
        sent = meters(20)
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
