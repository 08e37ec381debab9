"""What Home Assistant writes on a memory card, at the pace of a meter: sectors of a block device.

The database and `.storage` are on file systems of their own, ext4 as it is made by default, each in
an image behind a loop device, which the kernel counts for.
"""

import asyncio
import contextlib
import os
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from dev.simulator import Meter, serve

from .home import Home, Running
from .meter import KEY
from .result import MissedError, Result, tell

INTERVAL = 10.0
# What is written at a start, once, is not to count.
SETTLED = 120.0
SECTOR = 512
# Which of the numbers that the kernel tells of a block device.
_SECTORS_WRITTEN = 6
MB = 1_000_000
MINUTES_A_DAY = 1440
# Large enough for blocks of 4 KiB, as a card has them, and made as a whole before it is used.
IMAGE_MIB = 2048
MAKE = ("mkfs.ext4", "-q", "-E", "lazy_itable_init=0,lazy_journal_init=0")
# A database that is some days old: its indexes have branches, and what is added is all over them.
DATABASE_MB = 25
OPTIONS = {
    "reference_power": "3",
    "energy_price": 0.1463,
    "feed_in": {"feed_in_price": 0.0782},
}

_FILL = """
    INSERT INTO states (state, last_updated_ts, last_reported_ts, old_state_id, attributes_id,
        context_id_bin, origin_idx, metadata_id)
    WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < :count)
    SELECT round(abs(random() % 9000) / 1000.0, 3), :until - (:count - n) * :every,
        :until - (:count - n) * :every, NULL,
        (SELECT max(attributes_id) FROM state_attributes), randomblob(16), 0,
        1 + n % (SELECT max(metadata_id) FROM states_meta)
    FROM number
"""
_ROWS_AT_ONCE = 5000
_EVERY = 2.0


class _Setting(NamedTuple):
    """A Home Assistant: its meter's options, None without one, and what is set of its recorder."""

    name: str
    options: Mapping[str, Any] | None
    recorder: str = ""


SETTINGS = (
    _Setting("Home Assistant alone", None),
    _Setting("a meter, default", {**OPTIONS, "min_interval": 0}),
    _Setting(
        "the same, commit_interval: 30", {**OPTIONS, "min_interval": 0}, "commit_interval: 30"
    ),
    _Setting("the same, Minimum time between updates 60 s", {**OPTIONS, "min_interval": 60}),
)


class _Written(NamedTuple):
    """Bytes that reached the devices since they exist."""

    database: int
    storage: int


async def card(directory: Path, count: int) -> Result:
    """Measure what reaches a memory card in so many minutes, scaled to a day; it needs root."""
    if os.geteuid():
        message = "only root can mount the images"
        raise MissedError(message)
    result = Result()
    found = await asyncio.gather(
        *(_measure(directory / str(n), each, count) for n, each in enumerate(SETTINGS))
    )
    for setting, written in zip(SETTINGS, found, strict=True):
        database, storage = (
            each * MINUTES_A_DAY / count / MB for each in (written.database, written.storage)
        )
        result.say(f"{setting.name}: database {database:.0f} MB, .storage {storage:.0f} MB a day")
    return result


async def _measure(directory: Path, setting: _Setting, minutes: int) -> _Written:
    """Return what reaches the devices in so many minutes."""
    config = directory / "config"
    async with contextlib.AsyncExitStack() as stack:
        enter = stack.enter_async_context
        database = await enter(_mounted(directory / "database.img", config / "database"))
        storage = await enter(_mounted(directory / "storage.img", config / ".storage"))
        file = config / "database" / "home-assistant_v2.db"
        recorder = f"db_url: sqlite:///{file}\n{setting.recorder}"
        place = Home(directory, recorder=recorder)
        meter = Meter(1, KEY)
        line = await enter(serve([meter], interval=INTERVAL))
        async with place.running() as home:
            if setting.options is not None:
                port = f"socket://127.0.0.1:{line.ports[0]}"
                await home.add_meter(port, setting.options)
        await asyncio.to_thread(_fill, file)
        async with place.running() as home:
            await asyncio.sleep(SETTLED)
            before = _Written(_bytes_of(database), _bytes_of(storage))
            await _wait(home, setting.name, minutes)
            after = _Written(_bytes_of(database), _bytes_of(storage))
    return _Written(after.database - before.database, after.storage - before.storage)


async def _wait(home: Running, name: str, minutes: int) -> None:
    """Let so many minutes pass; Home Assistant must not end."""
    ended = asyncio.create_task(home.process.wait())
    done, _ = await asyncio.wait([ended], timeout=minutes * 60)
    ended.cancel()
    if done:
        raise home.process.ended()
    tell(f"{name}: measured")


@contextlib.asynccontextmanager
async def _mounted(image: Path, place: Path) -> AsyncIterator[str]:
    """Mount a new file system until the context ends; return the name of its device."""
    await asyncio.to_thread(_make, image, place)
    device = await asyncio.to_thread(_run, "losetup", "--find", "--show", str(image))
    try:
        await asyncio.to_thread(_run, "mount", device, str(place))
        try:
            yield device.removeprefix("/dev/")
        finally:
            await asyncio.to_thread(_run, "umount", "--lazy", str(place))
    finally:
        await asyncio.to_thread(_run, "losetup", "--detach", device)


def _make(image: Path, place: Path) -> None:
    """Make a file system, and the directory that it will be in."""
    place.mkdir(parents=True)
    with image.open("wb") as file:
        file.truncate(IMAGE_MIB * 1024 * 1024)
    _run(*MAKE, str(image))


def _run(*command: str) -> str:
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603
    if done.returncode:
        message = f"{command[0]}: {done.stderr.strip()}"
        raise MissedError(message)
    return done.stdout.strip()


def _bytes_of(device: str) -> int:
    """Return how much was written to a device."""
    fields = Path(f"/sys/block/{device}/stat").read_text(encoding="ascii").split()
    return int(fields[_SECTORS_WRITTEN]) * SECTOR


def _fill(database: Path) -> None:
    """Add states of the days before until the database has its size."""
    connection = sqlite3.connect(database)
    with contextlib.closing(connection), connection:
        [moment] = connection.execute("SELECT min(last_updated_ts) FROM states").fetchone()
        while database.stat().st_size < DATABASE_MB * MB:
            connection.execute(_FILL, {"count": _ROWS_AT_ONCE, "until": moment, "every": _EVERY})
            moment -= _ROWS_AT_ONCE * _EVERY
            connection.commit()
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
