"""An installation of a release goes on with the files of this commit, and goes back to its own."""

from datetime import datetime
from pathlib import Path
from typing import Any, override
from zipfile import ZipFile

import pytest

from dev.checkout import ROOT
from dev.demo.home_assistant import INTEGRATION
from dev.demo.meter_statistics import DOMAIN
from dev.release import ARCHIVE, ReleaseError, manifest_version, write_archive
from dev.simulator import Server
from dev.simulator.meter import CounterExhaustedError
from dev.testing.real_programs import RecordingMeter, until
from tests.system.home import Home
from tests.system.moved_time import MovedTime, evening
from tests.system.test_oldest import KEY, address, oldest_home

# `scripts/release check` runs this test, too.
pytestmark = pytest.mark.slow

RELEASES = sorted(path.stem for path in (ROOT / "tests" / "stored").glob("*.json"))


class PausingMeter(RecordingMeter):
    """Meter that can be silent."""

    is_silent = False

    @override
    def frame_at(self, when: datetime) -> bytes:
        if self.is_silent:
            raise CounterExhaustedError
        return super().frame_at(when)


def unpacked(release: str, folder: Path) -> Path:
    """Return the folder of the integration of a release, unpacked from its archive."""
    try:
        write_archive(folder / ARCHIVE, f"v{release}")
    except ReleaseError:
        # The version of this commit has no tag before it is released.
        assert release == manifest_version(), f"the tag v{release} is missing"
        write_archive(folder / ARCHIVE)
    with ZipFile(folder / ARCHIVE) as archive:
        archive.extractall(folder / DOMAIN)
    return folder / DOMAIN


class Household:
    """A Home Assistant whose time a test puts forward while the meter is silent."""

    def __init__(self, home: Home, meter: PausingMeter, time: MovedTime) -> None:
        self.home, self.meter, self.time = home, meter, time
        self.since = time.now()

    async def passes_half_an_hour(self) -> None:
        for _ in range(3):
            await until(self.home.shows_last_telegram)
            # A telegram from before the leap would be a late one after it.
            self.meter.is_silent = True
            await self.time.pass_(minutes=10)
            self.meter.is_silent = False
            await self.home.client.stay()
            await self.meter.sends_another()
        await until(self.home.shows_last_telegram)

    async def start_with(self, integration: Path) -> None:
        await self.home.stop()
        assert self.home.process.status == 0
        self.home.install(integration)
        await self.home.start()
        await until(self.home.shows_last_telegram)

    async def known(self) -> dict[str, Any]:
        """Return what must be the same after a start with other files."""
        (entry_id,) = await self.home.client.entries(DOMAIN)
        start, end = (f"{at:%Y-%m-%dT%H:%M:%S%z}" for at in (self.since, self.time.now()))
        answer = await self.home.call(
            {"entry_id": entry_id}, "get_quarter_hours", start=start, end=end
        )
        bill = await self.home.call({"entry_id": entry_id}, "get_bill")
        return {
            "entities": await self.home.entities(),
            "quarter_hours": answer["quarter_hours"],
            "since": bill["since"],
            "prices": {line["name"]: line["price"] for line in bill["lines"]},
        }


@pytest.mark.parametrize("release", RELEASES)
async def test_an_installed_release_goes_on_with_this_commit_and_back(
    release: str, tmp_path: Path
) -> None:
    archive = unpacked(release, tmp_path)
    meter = PausingMeter(1, KEY)
    moved = MovedTime(tmp_path / "time", evening(14))
    home = oldest_home(tmp_path, meter, moved.environment)
    home.install(archive)
    async with Server([meter], interval=1, now=moved.now) as line, home:
        household = Household(home, meter, moved)
        await home.add_meter(address(line), KEY)
        await home.set_options(reference_power="7", network_prices={"surcharge_price": 0.1139})
        await home.until_settled()
        await household.passes_half_an_hour()
        before = await household.known()
        assert before["quarter_hours"]
        for integration in (INTEGRATION, archive):
            await household.start_with(integration)
            after = await household.known()
            assert after == before
            await household.passes_half_an_hour()
            before = await household.known()
            assert len(before["quarter_hours"]) > len(after["quarter_hours"])
        await home.stop()
        assert home.process.status == 0
    # The integration logs an unexpected error in this form. A leap of the time is a cut line.
    assert ": error in " not in home.log.read_text(encoding="utf-8")
    assert not [*(tmp_path / "config").rglob("*.unreadable")]
