"""A cluster of the first version, whose one account becomes two: nothing old is let in again."""

import asyncio
from pathlib import Path

import pytest

from tests.system.collectors import Collectors
from tests.system.nats_cluster import use_one_account
from tests.system.support import PATIENCE, TIMEOUT, until
from tests.system.test_collect import has_all, meters, until_stored


@pytest.mark.timeout(TIMEOUT)
async def test_counters_move_to_the_account_of_the_fleet(tmp_path: Path) -> None:
    fleet = Collectors(tmp_path)
    configurations = [tmp_path / f"nats{number}" / "nats-server.conf" for number in range(3)]
    documented = [path.read_text(encoding="utf-8") for path in configurations]
    use_one_account(tmp_path)
    async with fleet:
        known = meters(12)
        fleet.write_keys(*known)
        collector = await fleet.start("first")
        await until(lambda: has_all(fleet, "first"), within=PATIENCE)
        old = [(meter.subject, meter.next_frame()) for meter in known for _ in range(3)]
        for subject, data in old:
            await fleet.publish(subject, data)
        counters = tmp_path / "counters"

        async def are_saved() -> bool:
            told = await fleet.run_once("first", "--save-counters", counters)
            return told.endswith("12 counters are saved; all frames are read\n")

        await until_stored(fleet, known, within=PATIENCE)
        await until(are_saved, within=PATIENCE)
        await collector.kill()
        for node in fleet.nodes:
            await node.kill()
            (node.directory / "jetstream").rename(node.directory / "jetstream.before")
        for path, text in zip(configurations, documented, strict=True):
            path.write_text(text, encoding="utf-8")
        await asyncio.gather(*(node.start() for node in fleet.nodes))
        await fleet.until_ready()

        async def are_loaded() -> bool:
            told = await fleet.run_once("first", "--load-counters", counters)
            return told.endswith("12 counters are loaded\n")

        await until(are_loaded, within=PATIENCE)
        await collector.start()
        await until(lambda: has_all(fleet, "first"), within=PATIENCE)
        for subject, data in old:
            await fleet.publish(subject, data)
        await fleet.send(*known)
        await until_stored(fleet, known, within=PATIENCE)

        async def is_committed() -> bool:
            return fleet.metrics("first").get("telegrams_total", 0) >= len(known)

        await until(is_committed, within=PATIENCE)
        assert fleet.metrics("first")["telegrams_total"] == len(known)
        assert fleet.metrics("first")['rejected_total{reason="replay"}'] == len(old)
        # Nothing is lowered by what is older, nor while somebody works there.
        assert await are_loaded()
        for meter in known:
            await fleet.publish(meter.subject, meter.last_frame)

        async def is_refused() -> bool:
            refused = fleet.metrics("first")['rejected_total{reason="replay"}']
            return refused == len(old) + len(known)

        await until(is_refused, within=PATIENCE)
        assert fleet.metrics("first")["telegrams_total"] == len(known)
        assert counters.stat().st_mode & 0o077 == 0
