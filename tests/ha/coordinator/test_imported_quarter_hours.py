"""Files of imported quarter-hours: their content, junk and full disks."""

import errno
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant

from custom_components.smarty_p1.coordinator.leneda import (
    quarter_hour_files as leneda_quarter_hour_files,
)
from custom_components.smarty_p1.coordinator.leneda.quarter_hour_files import QuarterHourFiles
from custom_components.smarty_p1.lib.history.luxembourg_time import month_start
from custom_components.smarty_p1.lib.leneda.measured_and_estimated_rows import LenedaRow
from tests.ha.support import failing, own_log

CODE = "1-1:1.29.0"
QUARTER = timedelta(minutes=15)
# The last quarter-hour of May in Luxembourg.
LAST = datetime(2026, 5, 31, 21, 45, tzinfo=UTC)
NOW = datetime(2026, 6, 20, tzinfo=UTC)
NO_ROOM = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.fixture
def files(
    hass: HomeAssistant,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    freezer: FrozenDateTimeFactory,
) -> QuarterHourFiles:
    """Return an empty folder, in June 2026."""
    freezer.move_to(NOW)
    monkeypatch.setattr(leneda_quarter_hour_files, "STORAGE_DIR", str(tmp_path))
    return QuarterHourFiles(hass, "one")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "smarty_p1.one.imported_quarter_hours"


def row(
    start: datetime, kw: float = 0.412, version: int = 1, *, is_measured: bool = True
) -> LenedaRow:
    return LenedaRow(start, kw, is_measured, version)


def test_a_file_a_month_and_code(files: QuarterHourFiles, folder: Path) -> None:
    rows = [row(LAST), row(LAST + QUARTER, 0.1, 2, is_measured=False)]
    files.add(CODE, rows)
    files.add("1-65:1.29.9", rows[:1])

    header = "start,kw,is_measured,version,1"
    assert {path.name: path.read_text() for path in folder.glob("*.csv")} == {
        "2026-05.1-1_1.29.0.csv": f"{header},91879baf\n2026-05-31T21:45Z,0.412,1,1\n",
        "2026-06.1-1_1.29.0.csv": f"{header},64745a05\n2026-05-31T22:00Z,0.1,0,2\n",
        "2026-05.1-65_1.29.9.csv": f"{header},91879baf\n2026-05-31T21:45Z,0.412,1,1\n",
    }
    assert files.read_rows(NOW) == {CODE: tuple(rows), "1-65:1.29.9": (rows[0],)}
    assert files.read_rows(LAST + QUARTER)[CODE] == (rows[0],)
    assert files.read_rows(NOW, LAST + QUARTER) == {CODE: (rows[1],)}
    files.remove()
    assert not folder.exists()
    assert files.read_rows(NOW) == {}


def test_each_point_of_production_has_files_of_its_own(
    files: QuarterHourFiles, folder: Path
) -> None:
    code, points = "1-1:2.29.0", [f"LU{n:031}" for n in range(5)]
    for n, point in enumerate(points[:4]):
        assert not files.is_of_other_point(code, point)
        files.add(code, [row(LAST, 10.0**n)], point)
        files.note_point(code, point)
    # The number of points has reached its maximum.
    assert files.is_of_other_point(code, points[4])
    assert not files.is_of_other_point(code, points[3])

    names = sorted(path.name for path in folder.glob("*.csv"))
    assert len(names) == 4
    assert names[0] == "2026-05.1-1_2.29.0.csv"
    assert files.read_rows(NOW) == {code: (row(LAST, 1111.0),)}
    assert files.read_others(code, points[0], NOW) == (row(LAST, 1110.0),)
    assert files.read_others(code, points[2], NOW) == (row(LAST, 1011.0),)
    assert files.read_rows(NOW, points={code: points[1], CODE: ""}) == {code: (row(LAST, 10.0),)}
    assert not any(point in path.read_text() for path in folder.iterdir() for point in points)


OWN, OTHER, ROOF, BARN, SHED = (f"LU{n:031}" for n in range(5))
EXPORTED = "1-1:2.29.0"


def account(consumption: str, production: str) -> dict[str, str]:
    """Return the point of each code that is asked."""
    return {CODE: consumption, "1-65:1.29.9": consumption, EXPORTED: production}


def test_the_rows_after_a_corrected_account(files: QuarterHourFiles) -> None:
    # Rows from before points were noted belong to the account.
    files.add(CODE, [row(LAST, 9.0)])
    files.use_points(account(OTHER, ROOF))
    assert files.read_rows(NOW, points=account(OTHER, ROOF)) == {CODE: (row(LAST, 9.0),)}
    for code, point, kw in ((EXPORTED, ROOF, 5.0), (EXPORTED, BARN, 0.1)):
        files.add(code, [row(LAST, kw)], point)
        files.note_point(code, point)
    assert not files.has_former_points(account(OTHER, ROOF))
    # A file of the consumption of another point is refused, of the production it is not.
    assert files.is_of_other_point(CODE, OWN)
    assert files.is_of_other_point("1-65:1.29.9", OWN)
    assert not files.is_of_other_point(CODE, OTHER)
    assert not files.is_of_other_point(EXPORTED, OWN)

    corrected = account(OWN, SHED)
    assert files.has_former_points(corrected)
    files.use_points(corrected)

    assert not files.has_former_points(corrected)
    assert files.read_rows(NOW) == {EXPORTED: (row(LAST, 0.1),)}
    files.add(CODE, [row(LAST, 0.4)], OWN)
    files.add(EXPORTED, [row(LAST, 1.0)], SHED)
    assert files.read_rows(NOW) == {CODE: (row(LAST, 0.4),), EXPORTED: (row(LAST, 1.1),)}
    assert files.is_of_other_point(CODE, OTHER)
    # The wrong point's place is free for another one.
    for point in (ROOF, OTHER):
        files.add(EXPORTED, [row(LAST, 1.0)], point)
    assert files.is_of_other_point(EXPORTED, OWN)
    files.use_points(account(OWN, BARN))
    assert files.read_rows(NOW)[EXPORTED] == (row(LAST, 2.1),)


def test_the_rows_after_a_removed_account(files: QuarterHourFiles, folder: Path) -> None:
    files.forget_points()
    assert files.is_empty()
    assert not folder.exists()
    files.use_points(account(OWN, ROOF))
    assert not files.is_empty()
    # Rows of the account may still come.
    assert files.is_of_other_point(CODE, OTHER)
    files.add(CODE, [row(LAST)], OWN)

    files.forget_points()

    assert files.is_of_other_point(CODE, OTHER)
    assert files.is_of_other_point("1-65:1.29.9", OTHER)
    files.remove()
    assert files.is_empty()


def test_the_highest_version_counts(files: QuarterHourFiles) -> None:
    files.add(CODE, [row(LAST, 1.0, 2), row(LAST + QUARTER, 1.0, 1)])
    files.add(CODE, [row(LAST, 2.0, 1), row(LAST + QUARTER, 2.0, 1)])

    assert [each.kw for each in files.read_rows(NOW)[CODE]] == [1.0, 2.0]


def test_25_months_are_kept(
    files: QuarterHourFiles, folder: Path, freezer: FrozenDateTimeFactory
) -> None:
    begin = datetime(2023, 1, 10, tzinfo=UTC)
    files.add(CODE, [row(begin + n * timedelta(days=30)) for n in range(43)])

    names = sorted(path.name[:7] for path in folder.glob("*.csv"))
    assert (names[0], names[-1], len(names)) == ("2024-05", "2026-06", 26)
    # Old files are removed with the next file.
    freezer.move_to("2026-08-20")
    assert min(each.start for each in files.read_rows(NOW)[CODE]).year == 2024
    files.add(CODE, [row(NOW + timedelta(days=60))])
    assert min(path.name[:7] for path in folder.glob("*.csv")) == "2024-07"
    # A computer whose clock is 400 days ahead deletes nothing, and reads everything.
    freezer.tick(timedelta(days=400))
    files.add(CODE, [row(NOW + timedelta(days=61))])
    assert min(path.name[:7] for path in folder.glob("*.csv")) == "2024-07"
    [rows] = files.read_rows(NOW + timedelta(days=460)).values()
    assert min(each.start for each in rows).year == 2024


@pytest.mark.parametrize(
    ("junk", "is_kept"),
    [
        (b"\xff\xfe\x00", False),
        (b"", False),
        (b"start,kw,is_measured,version\n2026-05-31T21:45Z,0.412,1,1\nnonsense\n", True),
        (b"start,kw,is_measured,version\n2026-05-31T21:45Z,0.412,1,1\n2026-05-31T22:", True),
        (b"start,kw,is_measured,version\n2026-05-31T21:45,0.412,1,1\n", False),
        (b"start,kw,is_measured,version\n2026-05-31T21:45Z,nan,1,1\n", False),
        (b"start,kw,is_measured,version\n2026-05-31T21:45Z,-1,1,1\n", False),
        (b"start,kw,is_measured,version\n2026-05-31T21:45Z,1,yes,1\n", False),
    ],
)
def test_an_unreadable_file_is_put_aside(
    files: QuarterHourFiles,
    folder: Path,
    caplog: pytest.LogCaptureFixture,
    junk: bytes,
    *,
    is_kept: bool,
) -> None:
    path = folder / "2026-05.1-1_1.29.0.csv"
    folder.mkdir()
    path.write_bytes(junk)
    (folder / "notes.txt").write_text("")

    assert files.read_rows(NOW) == ({CODE: (row(LAST),)} if is_kept else {})

    [(level, text)] = own_log(caplog)
    assert level == "WARNING"
    assert str(path) in text
    aside = path.with_name(path.name + ".unreadable")
    assert aside.read_bytes() == junk
    # The log names the file once.
    assert files.read_rows(NOW) == ({CODE: (row(LAST),)} if is_kept else {})
    assert len(own_log(caplog)) == 1
    # The file is removed when as many quarter-hours have come.
    files.add(CODE, [row(LAST - n * QUARTER) for n in range(2)])
    assert not aside.exists()


@pytest.mark.parametrize("lost", ["half", "a line", "a digit", "all", "the file"])
def test_a_lost_line_is_noticed_until_it_has_come_again(
    files: QuarterHourFiles, folder: Path, lost: str
) -> None:
    rows = [row(LAST - n * QUARTER) for n in range(40, 0, -1)]
    files.add(CODE, rows)
    [path] = folder.glob("*.csv")
    lines = path.read_bytes().splitlines(keepends=True)
    damaged = {
        "half": lines[:20],
        "a line": lines[:20] + lines[21:],
        "a digit": [line.replace(b"0.412", b"0.12") for line in lines],
        "all": [],
    }
    if lost in damaged:
        path.write_bytes(b"".join(damaged[lost]))
    else:
        path.unlink()
    files.read_rows(NOW)
    assert files.damaged_months() == {month_start(LAST - QUARTER)}
    files.add(CODE, rows[:5])
    if lost in {"half", "a line"}:
        assert files.damaged_months()
    files.add(CODE, rows)
    assert not files.damaged_months()
    assert files.read_rows(NOW) == {CODE: tuple(rows)}


def test_a_full_disk_leaves_the_stored_rows(files: QuarterHourFiles) -> None:
    files.add(CODE, [row(LAST)])
    with patch.object(os, "fsync", side_effect=NO_ROOM), pytest.raises(OSError, match="No space"):
        files.add(CODE, [row(LAST, 9.0)])

    assert files.read_rows(NOW) == {CODE: (row(LAST),)}


@pytest.mark.parametrize("number", [errno.EIO, errno.EMFILE, errno.EACCES])
def test_a_file_that_cannot_be_read_now_is_not_overwritten(
    files: QuarterHourFiles, folder: Path, number: int
) -> None:
    files.use_points(account(OWN, ROOF))
    files.add(CODE, [row(LAST)], OWN)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    for path in sorted(folder.iterdir()):
        with failing(path, number):
            # The name in the folder does not show whether it can be read.
            with patch.object(Path, "exists", return_value=False), pytest.raises(OSError):  # noqa: PT011
                files.add(CODE, [row(LAST - QUARTER)], OWN)
            if path.name == "points.json":
                with pytest.raises(OSError):  # noqa: PT011
                    files.note_point(EXPORTED, ROOF)
                with pytest.raises(OSError):  # noqa: PT011
                    files.use_points(account(OTHER, ROOF))
                with pytest.raises(OSError):  # noqa: PT011
                    files.forget_points()
        assert {each.name: each.read_bytes() for each in folder.iterdir()} == before
    assert files.read_rows(NOW) == {CODE: (row(LAST),)}


@pytest.mark.parametrize(
    "content",
    [
        '{"1-1:1.29.0": "abc',
        '{"1-1:1.29.0": false}',
        '{"1-1:1.29.0": ""}',
        '{"1-1:1.29.0": NaN}',
        "[]",
        "null",
        "",
        "[" * 9000,
    ],
)
def test_damaged_digests_cost_no_quarter_hours(
    files: QuarterHourFiles, folder: Path, content: str
) -> None:
    files.add(CODE, [row(LAST)], OWN)
    points = folder / "points.json"
    points.write_text(content)
    assert not files.has_former_points(account(OWN, ROOF))
    files.use_points(account(OWN, ROOF))
    assert files.former_months() == frozenset()
    assert files.read_rows(NOW, points=account(OWN, ROOF)) == {CODE: (row(LAST),)}
    aside = folder / "points.json.unreadable"
    assert not aside.exists() or aside.read_text() == content
