"""Collectors with a real VictoriaMetrics that is locked."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.system.collectors import WINTER, Collectors, MadeUpMeter
from tests.system.locked_store import SECRET, LockedStore
from tests.system.support import PATIENCE, TIMEOUT, until


def logs(directory: Path) -> list[str]:
    return [file.read_text(encoding="utf-8") for file in directory.rglob("*.log")]


@pytest.mark.timeout(TIMEOUT)
async def test_whoever_takes_over_writes_no_other_delay(tmp_path: Path) -> None:
    store = LockedStore(tmp_path / "locked")
    async with Collectors(tmp_path, store=store) as fleet:
        meter = MadeUpMeter(1, datetime.now(WINTER).replace(microsecond=0) - timedelta(hours=1))
        fleet.write_keys(meter)

        async def count(name: str, expected: int) -> bool:
            return len(store.values(name)) == expected

        await fleet.start("first")
        await fleet.send(meter)
        await fleet.send(meter)
        await until(lambda: count("storage_delay", 2), within=PATIENCE)
        first = store.values("storage_delay")
        await fleet.stop("first")
        # Nothing is acknowledged yet: all of it comes again, after a minute and a half.
        await fleet.start("second")

        async def is_acknowledged() -> bool:
            return fleet.metrics("second")["telegrams_total"] == 2

        await until(is_acknowledged, within=PATIENCE)
        assert store.values("storage_delay") == first
        await fleet.send(meter)
        await until(lambda: count("storage_delay", 3), within=PATIENCE)
        assert await count("active_energy_imported", 3)

        # What is wrong with the login is told at once, and repeats nothing of it.
        assert await fleet.run_once("second", "collect", "--check") == ""
        store.password.write_text("another-s3cret")
        told = await fleet.run_once("second", "collect", "--check")
        assert "[store] it answers with 401: it wants another login" in told
        await fleet.send(meter)
        store.password.write_text(SECRET)
        await until(lambda: count("active_energy_imported", 4), within=PATIENCE)
        assert all("s3cret" not in text for text in logs(tmp_path))
