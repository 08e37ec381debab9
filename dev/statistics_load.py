"""Benchmark: counts the rows and bytes that the statistics of a month write, with a real recorder.

The household has a dynamic price. It is read once a quarter-hour, in a month without gaps and in
one with gaps of the readings and of the prices. Prices that were not measured come from the
recorder within the hour, or never.
"""

import argparse
import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from unittest.mock import patch

from homeassistant import loader
from homeassistant.components.recorder.statistics import async_add_external_statistics
from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import async_initialize_recorder, get_instance
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_test_home_assistant

from custom_components.smarty_p1.coordinator.statistics import hourly_statistics
from custom_components.smarty_p1.coordinator.statistics.meter_statistics import MeterStatistics
from custom_components.smarty_p1.lib.bill.household import Household
from custom_components.smarty_p1.lib.history.register_amounts import Energies
from custom_components.smarty_p1.lib.prices.contract import BEGINNING, Contract
from custom_components.smarty_p1.lib.prices.price_series import (
    PriceSeries,
    PriceSources,
    QuarterPrice,
)
from dev.arguments import count

START = datetime(2026, 10, 31, 23, tzinfo=UTC)
"""Midnight of 1 November in Luxembourg."""
HOUR, QUARTER = timedelta(hours=1), timedelta(minutes=15)
CONTRACT = Contract(reference_kw=3, energy_margin=0.02, energy_fee=2.5, feed_in_margin=-0.01)
_DAYS = 30
_QUARTER_PAST = 15
_SUNNY_HOURS = range(9, 15)


class Gap(NamedTuple):
    """Hours of a month: from the first one to before the last one."""

    first: float
    last: float

    def has(self, time: datetime) -> bool:
        """Return whether `time` lies in the gap."""
        return self.first <= (time - START) / HOUR < self.last


class Month(NamedTuple):
    """Simulated month with its gaps."""

    name: str
    readings: Sequence[Gap] = ()
    """Gaps between readings."""
    lost: Sequence[Gap] = ()
    """Gaps whose prices never become known."""
    late: Sequence[Gap] = ()
    """Gaps whose prices become known within the hour."""


MONTHS = (
    Month("without gaps"),
    Month(
        "with gaps",
        [
            Gap(24 * day + 12, 24 * day + 12 + length)
            for day, length in ((0, 0.5), (9, 6), (21, 30))
        ],
        [Gap(24 * day + 17, 24 * day + 18) for day in range(0, _DAYS, 4)],
        [Gap(24 * day + 6, 24 * day + 9) for day in range(2, _DAYS, 5)],
    ),
)


class NoLeneda:
    """Leneda without any month."""

    is_unreadable = False
    damaged: Sequence[datetime] = ()
    former: Sequence[datetime] = ()

    async def async_remove_former(self) -> None:
        """Do nothing."""


class Load(NamedTuple):
    """Rows and bytes that a day has written."""

    rows: int
    n_bytes: int


def main() -> None:
    """Print a table with the rows and bytes a day."""
    parser = argparse.ArgumentParser(prog="scripts/bench statistics", description=__doc__)
    parser.add_argument("--days", type=count, default=_DAYS, help=f"days of the month ({_DAYS})")
    days = parser.parse_args().days
    print("| month | rows a day | most rows | KB a day | most KB | last day, KB |")
    print("|---|---:|---:|---:|---:|---:|")
    means = []
    for month in MONTHS:
        loads = asyncio.run(measure(month, days))
        rows, sizes = zip(*loads, strict=True)
        means.append((sum(rows), sum(sizes)))
        sizes_kb = [n_bytes / 1e3 for n_bytes in sizes]
        print(
            f"| {month.name} | {sum(rows) / days:.0f} | {max(rows)} | {sum(sizes_kb) / days:.0f} "
            f"| {max(sizes_kb):.0f} | {sizes_kb[-1]:.0f} |",
            flush=True,
        )
    (rows, n_bytes), (gap_rows, gap_bytes) = means
    print(
        f"\nGaps: {gap_rows / rows:.2f} times the rows, {gap_bytes / n_bytes:.2f} times the bytes"
    )


async def measure(month: Month, days: int) -> list[Load]:
    """Return the load of each day of a month."""
    with TemporaryDirectory() as folder, ExitStack() as stack:
        rows = Counter[str]()
        write = async_add_external_statistics

        def counted(hass: HomeAssistant, metadata: Any, new: Sequence[Any]) -> None:  # noqa: ANN401
            rows["written"] += len(new)
            write(hass, metadata, new)

        stack.enter_context(
            patch.object(hourly_statistics, "async_add_external_statistics", counted)
        )
        async with async_test_home_assistant(config_dir=folder) as hass:
            hass.data.pop(loader.DATA_CUSTOM_COMPONENTS, None)
            await hass.config.async_update(currency="EUR")
            await _start_recorder(hass, Path(folder) / "database.db")
            loads = await _measure(hass, month, days, rows)
            await hass.async_stop(force=True)
        return loads


async def _start_recorder(hass: HomeAssistant, path: Path) -> None:
    async_initialize_recorder(hass)
    config = {"recorder": {"db_url": f"sqlite:///{path}"}}
    if not await async_setup_component(hass, "recorder", config):
        message = "the recorder was not set up"
        raise RuntimeError(message)
    await hass.async_start()
    await get_instance(hass).async_recorder_ready.wait()


async def _measure(hass: HomeAssistant, month: Month, days: int, rows: Counter[str]) -> list[Load]:
    entry = MockConfigEntry(domain="smarty_p1", unique_id="SAG1", title="Smarty")
    entry.add_to_hass(hass)
    meter, prices = Household(CONTRACT), PriceSeries()
    meter.set_prices([PriceSources(BEGINNING, prices, prices)])
    statistics = MeterStatistics(hass, entry)
    statistics.async_start(meter, NoLeneda())
    time, wh, exported_wh, loads = START - 48 * HOUR, 1e6, 5e5, list[Load]()
    end = START + days * 24 * HOUR
    late: list[QuarterPrice] = []
    while time <= end:
        if time.minute == _QUARTER_PAST:
            for price in late:
                prices.put(price)
            late = []
        if not any(gap.has(time) for gap in month.readings):
            meter.update(time, Energies(round(wh) / 1000, round(exported_wh) / 1000), None, "A")
        if time.minute == 0:
            statistics.note_reading()
            await hass.async_block_till_done(wait_background_tasks=True)
        if (
            time >= START
            and (time - START) % (24 * HOUR) == timedelta()
            and (load := await _load(hass, rows))
        ):
            loads.append(load)
        number = int(time.timestamp() // 900)
        price = QuarterPrice(time, round(0.05 + number * 37 % 101 / 400, 5))
        if any(gap.has(time) for gap in month.late):
            late.append(price)
        elif not any(gap.has(time) for gap in month.lost):
            prices.put(price)
        wh += 100 + number * 53 % 211
        exported_wh += 70 + number * 29 % 97 if time.hour in _SUNNY_HOURS else 0
        time += QUARTER
    return loads[1:]


async def _load(hass: HomeAssistant, rows: Counter[str]) -> Load:
    """Return the rows and bytes since the last call."""
    written = await get_instance(hass).async_add_executor_job(_written_bytes)
    load = Load(rows["written"], written - rows["bytes"])
    rows["written"], rows["bytes"] = 0, written
    return load


def _written_bytes() -> int:
    """Return the number of bytes that this process has written to files so far."""
    lines = Path("/proc/self/io").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("wchar"))


if __name__ == "__main__":
    main()
