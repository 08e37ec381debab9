"""Files of the quarter-hours: their content, kills, full disks and junk."""

import errno
import os
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from unittest.mock import patch

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant

from custom_components.smarty_p1.coordinator.stored import month_files
from custom_components.smarty_p1.coordinator.stored.month_files import MonthFiles
from custom_components.smarty_p1.lib.bill.household import Household
from custom_components.smarty_p1.lib.bill.quarter_hour_series import (
    quarter_hours_between,
    with_reactive,
)
from custom_components.smarty_p1.lib.history.month_file_lines import HEADER
from custom_components.smarty_p1.lib.history.quarter_hour import QuarterHour
from custom_components.smarty_p1.lib.prices.contract import NO_CONTRACT
from tests.ha.measured import as_span
from tests.ha.support import own_log

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)
MIDNIGHT = NOON.replace(hour=0)
QUARTER = timedelta(minutes=15)
NO_ROOM = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def quarter(start: datetime, mean_kw: float = 1.0) -> QuarterHour:
    """Return a quarter-hour, all of whose energies are known."""
    return QuarterHour(start, mean_kw, 0.002, 0.03, 0.0004)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def write(path: Path, text: str) -> None:
    """Write a text that another program has left there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def june(folder: Path) -> str:
    return (folder / "2026-06.csv").read_text()


class Files:
    """Files of the months in a folder, to which a test appends quarter-hours."""

    def __init__(self, hass: HomeAssistant, folder: Path) -> None:
        self.hass = hass
        self.folder = folder
        self.series = MonthFiles(hass, "one")
        self._numbers = count(1)

    async def append(self, *quarters: QuarterHour) -> None:
        """Append quarter-hours, numbered on, and wait until they are written."""
        for each in quarters:
            self.series.append([as_span(each, next(self._numbers))])
        await self.hass.async_block_till_done()

    async def read(
        self, start: datetime = MIDNIGHT, end: datetime = MIDNIGHT + timedelta(days=1)
    ) -> list[QuarterHour]:
        """Return the quarter-hours of a period after a restart."""
        files = await MonthFiles(self.hass, "one").async_files()
        meter = Household.from_files(NO_CONTRACT, files)
        found = quarter_hours_between(meter.table, start, end)
        return [*with_reactive(found, meter.meter.columns, meter.leneda)]

    async def starts(self, start: datetime, end: datetime) -> list[datetime]:
        return [each.start for each in await self.read(start, end)]


@pytest.fixture
def files(hass: HomeAssistant, tmp_path: Path) -> Files:
    return Files(hass, tmp_path / ".storage" / "smarty_p1.one.quarter_hours")


async def test_a_line_for_each_quarter_hour(files: Files) -> None:
    await files.append(quarter(NOON, 0.492), QuarterHour(NOON + QUARTER, 0.0001))

    # 0.492 kW for a quarter-hour are 123 Wh; the last cell is the CRC-16 (XMODEM) of the others.
    lines = "2026-06-15T12:00Z,,123,2,30,0.4,,,1,xa75c\n2026-06-15T12:15Z,,0.025,,,,,,2,x3833\n"
    assert june(files.folder) == HEADER + lines
    assert await files.read() == [quarter(NOON, 0.492), QuarterHour(NOON + QUARTER, 0.0001)]
    # Without its header, the first line is still a quarter-hour.
    write(files.folder / "2026-06.csv", lines)
    assert [each.start for each in await files.read()] == [NOON, NOON + QUARTER]


async def test_a_month_is_luxembourgs(files: Files) -> None:
    # In winter midnight is at 23:00 UTC, in summer at 22:00.
    last = datetime(2026, 10, 31, 22, 45, tzinfo=UTC)
    times = [last, last + QUARTER, datetime(2026, 5, 31, 22, tzinfo=UTC)]
    await files.append(*map(quarter, times))

    assert names(files.folder) == {"2026-06.csv", "2026-10.csv", "2026-11.csv"}
    assert await files.starts(last, last + 2 * QUARTER) == times[:2]


@pytest.mark.parametrize("torn", ["2026-06-15T12:15Z,,250,2,30,0.4,,,2", "\0\0\0\0", "x" * 3_000])
async def test_a_line_that_a_kill_has_torn_is_cut_off(files: Files, torn: str) -> None:
    await files.append(quarter(NOON))
    whole = june(files.folder)
    write(files.folder / "2026-06.csv", whole + torn)

    assert await files.read() == [quarter(NOON)]

    files.series = MonthFiles(files.hass, "one")
    await files.append(quarter(NOON + 2 * QUARTER))
    assert june(files.folder) == whole + "2026-06-15T12:30Z,,250,2,30,0.4,,,2,xe47d\n"


@pytest.mark.parametrize("left", ["", "start,impo"])
async def test_a_kill_at_the_beginning_of_a_month(files: Files, left: str) -> None:
    write(files.folder / "2026-06.csv", left)

    await files.append(quarter(NOON))

    assert june(files.folder) == HEADER + "2026-06-15T12:00Z,,250,2,30,0.4,,,1,xba25\n"


async def test_a_full_disk_loses_nothing(files: Files, caplog: pytest.LogCaptureFixture) -> None:
    await files.append(quarter(NOON))
    with patch.object(os, "fsync", side_effect=NO_ROOM):
        await files.append(quarter(NOON + QUARTER))
        # A part of the line may have found room.
        write(files.folder / "2026-06.csv", june(files.folder)[: len(HEADER) + 50])
        await files.append(quarter(NOON + 2 * QUARTER))
        assert len(own_log(caplog)) == 1

    await files.append(quarter(NOON + 3 * QUARTER))
    assert [each.start for each in await files.read()] == [NOON + n * QUARTER for n in range(4)]
    [(level, text), (level_again, again)] = own_log(caplog)
    assert (level, level_again) == ("WARNING", "INFO")
    assert "No space left" in text
    assert "again" in again


async def test_spans_that_wait_for_room_are_bounded_and_written_at_the_end(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files.series._writer, "_max_pending", 3)
    # A disk with room gets all spans, even if many are confirmed at once.
    await files.append(*(quarter(NOON - n * QUARTER) for n in range(8, 0, -1)))
    assert len(await files.read()) == 8

    with patch.object(Path, "open", side_effect=NO_ROOM):
        await files.append(*(quarter(NOON + n * QUARTER) for n in range(5)))

    await files.series.async_close()
    await files.append(quarter(NOON + 5 * QUARTER))

    read_back = [each.start for each in await files.read(NOON)]
    assert read_back == [NOON + n * QUARTER for n in (2, 3, 4)]


async def test_a_file_older_than_25_months_is_removed(
    files: Files, freezer: FrozenDateTimeFactory
) -> None:
    # 25 months before 1 July 2026 is 1 June 2024; a month begins earlier than some of 31 days.
    freezer.move_to("2026-07-01T00:20:00+02:00")
    months = [(2024, 4), (2024, 5), (2024, 6), (2026, 5)]
    for year, month in months:
        await files.append(quarter(datetime(year, month, 10, tzinfo=UTC)))
    write(files.folder / "notes.txt", "")
    assert len(names(files.folder)) == 5

    await files.append(quarter(datetime(2026, 6, 30, 22, tzinfo=UTC)))

    kept = {"2024-05.csv", "2024-06.csv", "2026-05.csv", "2026-07.csv", "notes.txt"}
    assert names(files.folder) == kept | {"removed.txt"}
    # The count of a removed file's lines is kept, so that the lines do not count as lost.
    assert (files.folder / "removed.txt").read_text() == "1-1\n"
    assert (await files.series.async_files())["removed"] == b"1-1\n"


@pytest.mark.parametrize("now", ["1970-01-01", "2026-07-01", "2099-01-01"])
@pytest.mark.parametrize("wrong", [2000, 2026, 2098])
async def test_a_wrong_clock_removes_nothing(
    files: Files, freezer: FrozenDateTimeFactory, now: str, wrong: int
) -> None:
    if "2099" in now and wrong == 2098:
        pytest.skip("two clocks that agree are not wrong")
    freezer.move_to("2026-07-01")
    for month in (1, 6):
        await files.append(quarter(datetime(2026, month, 10, tzinfo=UTC)))

    freezer.move_to(now)
    await files.append(quarter(datetime(wrong, 7, 1, tzinfo=UTC)))

    assert names(files.folder) >= {"2026-01.csv", "2026-06.csv"}


async def test_the_files_of_wrong_clocks_are_bounded(
    files: Files, freezer: FrozenDateTimeFactory
) -> None:
    freezer.move_to("2026-07-01")
    await files.append(quarter(NOON), quarter(NOON + QUARTER))
    for year in range(2030, 2060):
        await files.append(quarter(datetime(year, 6, 15, tzinfo=UTC)))

    assert len(names(files.folder) - {"removed.txt"}) == 28
    assert names(files.folder) >= {"2026-06.csv", "2059-06.csv"}


async def test_a_file_does_not_grow_without_end(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(month_files, "MAX_FILE_SIZE", 1000)
    sync, synced = os.fsync, list[int]()

    def fsync(file: int) -> None:
        synced.append(os.fstat(file).st_size)
        sync(file)

    monkeypatch.setattr(os, "fsync", fsync)
    for n in range(200):
        await files.append(quarter(NOON + n % 2 * QUARTER, n))
        size = len(june(files.folder))
        assert size < 1100
        # The newer half stays.
        assert n < 20 or size > 500

    # The cut lines were at the beginning: the registers know the energy of their time.
    assert await files.read() == [quarter(NOON, 198.0), quarter(NOON + QUARTER, 199.0)]
    assert names(files.folder) == {"2026-06.csv"}
    # A power failure after that would leave an empty file.
    assert all(synced)


async def test_a_file_of_an_unknown_version_is_put_aside_when_something_is_added(
    files: Files,
) -> None:
    content = HEADER.replace("version=3", "another,version=4") + "2026-06-15T12:00Z,,1,,9\n"
    write(files.folder / "2026-06.csv", content)
    assert await files.read() == []

    await files.append(quarter(NOON))

    assert (files.folder / "2026-06.csv.unreadable").read_text() == content
    assert await files.read() == [quarter(NOON)]


async def test_the_files_are_removed(files: Files) -> None:
    await files.series.async_remove()
    await files.append(quarter(NOON))

    await MonthFiles(files.hass, "one").async_remove()

    assert not files.folder.exists()
