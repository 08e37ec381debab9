"""A store that has lost everything is filled again, and nothing older than the stream comes in."""

import shutil
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.system.collectors import WINTER, Collectors, MadeUpMeter, expected_of, missing
from tests.system.nats_cluster import STREAM
from tests.system.support import PATIENCE, TIMEOUT, until
from tests.system.test_forget import fleet_command


@pytest.mark.slow
@pytest.mark.timeout(TIMEOUT)
async def test_what_the_stream_has_is_written_once_more(tmp_path: Path) -> None:
    async with Collectors(tmp_path) as fleet:
        begin = datetime.now(WINTER).replace(microsecond=0) - timedelta(hours=1)
        old, new = (MadeUpMeter(number, begin) for number in (1, 2))
        fleet.write_keys(old, new)
        await fleet.start("first")
        for _ in range(3):
            await fleet.send(old, new)

        async def all_is_read() -> bool:
            told = await fleet.run_once("first", "--save-counters", tmp_path / "saved")
            return "2 counters are saved; all frames are read" in told

        await until(all_is_read, within=PATIENCE)
        # Of one meter, the stream has nothing any more.
        subject = f"smarty_p1.frames.*.{old.title.hex().upper()}"
        await fleet.js.purge_stream(STREAM, subject=subject)
        await fleet.store.kill()
        shutil.rmtree(fleet.store.directory)
        fleet.store.directory.mkdir()
        await fleet.store.start()

        words = ("--config", tmp_path / "first/collect.toml", "--counters", tmp_path / "counters")
        status, told = await fleet_command("refill", *words)
        assert status == 0, told
        assert "2 counters are saved; all frames are read. The collectors read" in told
        assert "all that was in the stream is written; 2 counters are loaded" in told

        # A recorded frame of before is refused, as it was.
        await fleet.publish(old.subject, old.last_frame)
        await fleet.send(new)
        await until(all_is_read, within=PATIENCE)
        assert missing(expected_of(new), fleet.stored()) == []

        # The counters of a refill that did not end are not written over.
        status, told = await fleet_command("refill", *words)
        assert (status, "is there already" in told) == (2, True), told
