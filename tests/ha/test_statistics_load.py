"""The first write of 25 months must leave Home Assistant free to do other things."""

import asyncio
import time
from asyncio import events
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import get_instance

from custom_components.smarty_p1 import lib
from custom_components.smarty_p1.coordinator.statistics.meter_statistics import MeterStatistics
from custom_components.smarty_p1.coordinator.statistics.statistic_ids import (
    StatisticKind,
    statistic_id,
    statistics_key,
)
from custom_components.smarty_p1.lib.bill.household import Household
from custom_components.smarty_p1.lib.bill.leneda_days import LenedaDays
from custom_components.smarty_p1.lib.history.luxembourg_time import DAY, HOUR
from custom_components.smarty_p1.lib.prices.contract import Contract
from tests.lib.bill.lives import FIXED, Life

from .support import changes_of, smarty_entry
from .test_meter_statistics import NoLeneda

pytestmark = [
    pytest.mark.usefixtures("recorder_mock", "fast_rows"),
    pytest.mark.slow,
    pytest.mark.timeout(1800),
]

MONTHS = 25
END = datetime(2026, 6, 15, 22, tzinfo=UTC)
# CPU time of the longest piece of work in the event loop, and tasks of the recorder that wait.
MAX_PIECE_S = 0.05
MAX_QUEUE = 1000


class Load:
    """The work of Home Assistant during the test."""

    piece_s = 0.0
    queue = 0


@contextmanager
def measured(hass: HomeAssistant) -> Iterator[Load]:
    """Measure the CPU time of each piece of work in the event loop, and the recorder's queue."""
    load, run = Load(), events.Handle._run
    recorder = get_instance(hass)

    def timed(handle: events.Handle) -> None:
        before = time.thread_time()
        run(handle)
        load.piece_s = max(load.piece_s, time.thread_time() - before)
        load.queue = max(load.queue, recorder.backlog)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(events.Handle, "_run", timed)
        yield load


async def test_the_first_write_of_25_months(hass: HomeAssistant) -> None:
    await hass.config.async_update(currency="EUR")
    entry = smarty_entry(unique_id="SAG1", title="Smarty")
    entry.add_to_hass(hass)
    life = Life(lib)
    meter = Household(Contract.of_terms(FIXED.terms))
    days = LenedaDays(life.leneda(END - MONTHS * 31 * DAY, END - DAY))
    meter.set_leneda_days(days)
    life.feed(meter, END - DAY, END)
    statistics = MeterStatistics(hass, entry)

    async def idle() -> None:
        while (task := statistics._task._task) and not task.done():
            await asyncio.wait([task])

    loads = []
    with measured(hass) as load:
        statistics.async_start(meter, NoLeneda())
        await statistics.async_wait_until_written()
        await idle()
    loads.append(("first write", load))
    with measured(hass) as load:
        statistics._marks = None
        statistics.start_writing()
        await idle()
    loads.append(("nothing to write", load))
    for number in range(3):
        life.feed(meter, END + number * HOUR, END + (number + 1) * HOUR, kwh=1100.0 + number)
        with measured(hass) as load:
            statistics.note_reading()
            await idle()
        loads.append(("end of an hour", load))
    for name, load in loads:
        assert load.queue < MAX_QUEUE, (name, load.queue)
        assert load.piece_s <= MAX_PIECE_S, (name, load.piece_s)
    imported = statistic_id(statistics_key(entry), StatisticKind.IMPORTED)
    # `newest` shows 24 months before the present one. The cost begins with the first known prices.
    assert len(await changes_of(hass, imported)) > 24 * 28 * 24
