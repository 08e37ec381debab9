"""Days of telegrams, as fast as Home Assistant takes them: what its recorder stores of them."""

import asyncio
import sqlite3
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple, override

from dev.demo.energy import enable
from dev.simulator import Meter, Server, serve
from dev.simulator.house import House, house_of
from dev.simulator.reading import Channel, Reading

from .home import Home, Running
from .meter import KEY, SettableClock
from .result import Result, tell
from .watch import Watch

A_DAY = 8640
PACE = timedelta(seconds=10)
MOST_ROWS = 30_000
# Each capture of the busy ones is a row, or two.
MOST_ROWS_BUSY = 45_000
PATIENCE = 60.0
NEVER = 1e9
# The recorder writes in a thread of its own; so many changes it may be behind.
BACKLOG = 2000
LOOK_EVERY = 50
# The recorder of a run commits every other second.
COMMITTED = 5.0
# It tells how many telegrams are shown; disabled by default, it does not count.
COUNTER = "telegrams_received"
# Home Assistant loads an entry once more half a minute after an entity of it was enabled.
LOADED_AGAIN = 45.0
# With these, all there is by default is shown.
OPTIONS = {
    "reference_power": "3",
    "energy_price": 0.1463,
    "feed_in": {"feed_in_price": 0.0782},
    "min_interval": 0,
}
# Each capture is another index, and each second one another flow: those of a minute are one.
BUSY_EVERY = timedelta(seconds=30)
BUSY_FLOW = 0.007

_ROWS = """
    SELECT states_meta.entity_id, count(*) FROM states JOIN states_meta USING (metadata_id)
    WHERE state_id > ? GROUP BY states_meta.entity_id
"""


class BusyMeter(Meter):
    """A meter whose three meters on the M-Bus answer every 30 s, each time with another index."""

    @override
    def reading_at(self, when: datetime) -> Reading:
        reading = super().reading_at(when)
        midnight = when.replace(hour=0, minute=0, second=0, microsecond=0)
        answers = (when - midnight) // BUSY_EVERY
        channels = [
            replace(
                channel,
                captured_at=midnight + answers * BUSY_EVERY,
                value=1000 + BUSY_FLOW * (answers + answers // 2 % 2 / 3),
            )
            if isinstance(channel, Channel)
            else channel
            for channel in reading.channels
        ]
        return replace(reading, channels=tuple(channels))


class _Kind(NamedTuple):
    """A day of a kind of household."""

    name: str
    day: datetime
    house: House
    meter: type[Meter] = Meter
    most: int = MOST_ROWS


class _Stored(NamedTuple):
    """What is in the database."""

    last: int
    size: int


def _kinds() -> list[_Kind]:
    house = house_of(1)
    winter, summer = datetime(2026, 1, 17, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC)
    no_sun = replace(house, solar_peak=0)
    return [
        _Kind("winter, sun, a car", winter, house),
        _Kind("winter, no sun, a car", winter, no_sun),
        _Kind("summer, sun", summer, house),
        _Kind("summer, no sun", summer, no_sun),
        _Kind(
            "winter, sun, a car, three busy meters on the M-Bus",
            winter,
            house,
            BusyMeter,
            MOST_ROWS_BUSY,
        ),
    ]


async def rows(directory: Path, count: int) -> Result:
    """Count what the recorder stores of days of telegrams, for each entity enabled by default."""
    result = Result()
    highest: Counter[str] = Counter()
    place = Home(directory)
    database = directory / "config" / "home-assistant_v2.db"
    async with place.running() as home:
        for kind in _kinds():
            found, size = await _spend(home, database, kind, count)
            total = found.total()
            result.say(f"{kind.name}: {total:,} rows, {size / total:.0f} bytes each")
            tell(result.lines[-1])
            scaled = total * A_DAY / count
            result.want(
                f"less than {kind.most:,} rows a day: {kind.name}", holds=scaled < kind.most
            )
            highest |= found
    for key, number in highest.most_common():
        result.say(f"{number:6,} at most: {key}")
    return result


async def _spend(
    home: Running, database: Path, kind: _Kind, count: int
) -> tuple[Counter[str], int]:
    """Send the telegrams of a day; return the rows by translation key, and the bytes of them."""
    meter, clock = kind.meter(1, KEY, house=kind.house), SettableClock()
    clock.moment = kind.day
    async with serve([meter], interval=NEVER, clock=clock) as line:
        entry_id = await home.add_meter(f"socket://127.0.0.1:{line.ports[0]}", OPTIONS)
        if COUNTER not in (await _keys(home, entry_id)).values():
            # Of the meter that was there before and is the same, Home Assistant remembers it.
            await enable(home.client, entry_id, COUNTER)
            await asyncio.sleep(LOADED_AGAIN)
        keys = await _keys(home, entry_id)
        watch = Watch()
        async with watch.following(home.client, [each for each in keys if keys[each] == COUNTER]):
            await watch.until("a telegram", lambda: _shown(watch) > 0, within=PATIENCE)
            before = await _stored(home, database)
            await _Feeder(home, watch, line, meter, clock).send(count)
            after = await _stored(home, database)
        with sqlite3.connect(database) as connection:
            found = connection.execute(_ROWS, [before.last]).fetchall()
        await home.client.delete_entry(entry_id)
    counted: Counter[str] = Counter()
    for entity_id, number in found:
        if keys.get(entity_id, COUNTER) != COUNTER:
            counted[keys[entity_id]] += number
    return counted, after.size - before.size


async def _keys(home: Running, entry_id: str) -> dict[str, str]:
    """Return the translation keys of the enabled entities by their ids."""
    return {
        entity["entity_id"]: entity["translation_key"]
        for entity in await home.client.command("config/entity_registry/list")
        if entity["config_entry_id"] == entry_id and not entity["disabled_by"]
    }


class _Feeder(NamedTuple):
    """Sends telegrams 10 s of meter time apart, each as soon as the last one is shown."""

    home: Running
    watch: Watch
    line: Server
    meter: Meter
    clock: SettableClock

    async def send(self, count: int) -> None:
        """Send so many."""
        for number in range(count):
            self.clock.moment = self.clock.now() + PACE
            shown = _shown(self.watch)
            self.line.push(self.meter.frame_at(self.clock.moment))
            await self._until_more_than(shown)
            if number % LOOK_EVERY == 0:
                await _keep_up(self.home, BACKLOG)

    async def _until_more_than(self, number: int) -> None:
        await self.watch.until("an update", lambda: _shown(self.watch) > number, within=PATIENCE)


def _shown(watch: Watch) -> int:
    """Return how many telegrams are shown."""
    states = [shown.state for shown in watch.states.values()]
    return max((int(state) for state in states if state.isdecimal()), default=0)


async def _stored(home: Running, database: Path) -> _Stored:
    """Return what is in the database once all is written."""
    await _keep_up(home, 0)
    await asyncio.sleep(COMMITTED)
    with sqlite3.connect(database) as connection:
        [last] = connection.execute("SELECT coalesce(max(state_id), 0) FROM states").fetchone()
        [pages] = connection.execute("PRAGMA page_count").fetchone()
        [free] = connection.execute("PRAGMA freelist_count").fetchone()
        [size] = connection.execute("PRAGMA page_size").fetchone()
    return _Stored(last, (pages - free) * size)


async def _keep_up(home: Running, backlog: int) -> None:
    """Wait until the recorder is not further behind than that."""
    while (await home.client.command("recorder/info"))["backlog"] > backlog:
        await asyncio.sleep(0.1)
