"""Rows and bytes that a house writes in a day, with a meter and without it."""

import asyncio
import sqlite3
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from random import Random
from unittest.mock import patch

import time_machine
from homeassistant.config_entries import ConfigSubentryData
from homeassistant.helpers.recorder import async_initialize_recorder, get_instance
from homeassistant.setup import async_setup_component

from .benchmark_home import add_meter, home_assistant
from .frames_of_meters import HOUR, INTERVAL, START

_CAR = {"kind": "car", "kwh": 8.8, "max_kw": 11.0, "measured_by": "sensor.other_0"}
_POWER = {"device_class": "power", "state_class": "measurement", "unit_of_measurement": "W"}
_ROWS = """
select 'rows of states', count(*) from states
union all select 'rows of statistics',
    (select count(*) from statistics) + (select count(*) from statistics_short_term)
union all select meta.entity_id, count(*) from states join states_meta meta using (metadata_id)
    group by 1
"""


def written_in_a_day(frames: Sequence[bytes]) -> tuple[Counter[str], Counter[str]]:
    """Return what a house writes in a day with the meter of `frames`, and without it.

    Each has the `bytes` of the process, rows of the recorder, rows of states by entity, and the
    bytes of other files by the end of their name. The meter has a contract with two prices and a
    car that is planned. Other devices change five values with each frame. The last hour of
    `frames` counts 24 times.
    """
    house, alone = (asyncio.run(_written(of_meter)) for of_meter in (frames, ()))
    return house, alone


async def _written(frames: Sequence[bytes]) -> Counter[str]:
    chance, loop = Random(3), asyncio.get_running_loop()  # noqa: S311
    with (
        time_machine.travel(START, tick=False) as clock,
        # Timers follow the clock that is moved.
        patch.object(loop, "time", lambda: time.monotonic() + time.time() - START.timestamp()),
    ):
        async with home_assistant() as hass:
            async_initialize_recorder(hass)
            for domain in "recorder", "sensor":
                await async_setup_component(hass, domain, {})
            recorder, folder = get_instance(hass), Path(hass.config.config_dir)
            car = ConfigSubentryData(data=_CAR, subentry_type="load", title="Car", unique_id=None)
            receive = frames and await add_meter(hass, [*frames], subentries_data=[car])
            database = sqlite3.connect(recorder.db_url.removeprefix("sqlite:///"))

            looks = list[tuple[Counter[str], set[tuple[str, int, int]]]]()
            for frame in frames[1:] or [b""] * (HOUR + 1):
                clock.shift(INTERVAL)
                if receive:
                    receive(frame)
                for number in range(5):
                    hass.states.async_set(
                        f"sensor.other_{number}", f"{chance.randrange(3000)}", _POWER
                    )
                await hass.async_block_till_done()
                await recorder.async_block_till_done()
                written = Path("/proc/self/io").read_text("ascii").split()[3]  # noqa: ASYNC240
                rows = Counter(dict(database.execute(_ROWS)) | {"bytes": int(written)})
                files = {
                    (path.suffix, stat.st_mtime_ns, stat.st_size)
                    for path in folder.glob(".storage/**/*.*")  # noqa: ASYNC240
                    if path.is_file()
                    for stat in [path.stat()]
                }
                looks.append((rows, files))
    # The first frames bring new entities, which are stored once.
    (before, old), *later = looks[-HOUR - 1 :]
    in_hour = later[-1][0] - before
    for suffix, _, size in set().union(*(files for _, files in later)) - old:
        in_hour[f"bytes of {suffix}"] += size
    return Counter({name: 24 * in_hour[name] for name in in_hour})
