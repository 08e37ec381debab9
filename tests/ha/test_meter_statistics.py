"""The statistics of a meter in Home Assistant: their rows, and their repair.

The meter is that of `billed_month`: May 2026 has 316.6 kWh, and half of June has 144 kWh.
"""

import asyncio
import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import DEFAULT, patch

import pytest
from homeassistant.components.recorder.statistics import (
    async_add_external_statistics,
    get_metadata,
    statistics_during_period,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import get_instance
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smarty_p1 import lib
from custom_components.smarty_p1.coordinator.leneda import leneda_data
from custom_components.smarty_p1.coordinator.leneda.quarter_hour_files import QuarterHourFiles
from custom_components.smarty_p1.coordinator.statistics import hourly_statistics, meter_statistics
from custom_components.smarty_p1.coordinator.statistics.meter_statistics import MeterStatistics
from custom_components.smarty_p1.coordinator.statistics.statistic_ids import (
    ELECTRICITY,
    StatisticKind,
    statistic_id,
    statistics_key,
)
from custom_components.smarty_p1.lib.bill.hourly_amounts import amounts_by_hour
from custom_components.smarty_p1.lib.bill.household import Household
from custom_components.smarty_p1.lib.bill.leneda_days import LenedaDays
from custom_components.smarty_p1.lib.history.market_prices import MarketPrices
from custom_components.smarty_p1.lib.prices.contract import Contract
from dev.leneda.export_file import export
from dev.testing.random_examples import each, examples
from smartyp1.json_types import JsonDict
from tests.lib.bill.lives import Life

from . import billed_month, leneda
from .billed_month import telegram
from .support import Home, call, changes_of, remove_entry, said, smarty_entry
from .test_late_knowledge import add

HOUR = timedelta(hours=1)
MAY = datetime(2026, 4, 30, 22, tzinfo=UTC)
APRIL, JUNE, MIDNIGHT = MAY - 30 * 24 * HOUR, MAY + 31 * 24 * HOUR, MAY + 46 * 24 * HOUR
pytestmark = [
    pytest.mark.begins_at(MIDNIGHT),
    pytest.mark.usefixtures("recorder_mock", "fast_rows"),
]
APRIL_FILE = "2026-04-01T00:00:00+02:00"

type Rows = dict[datetime, float]


@pytest.fixture(autouse=True)
def folder(hass: HomeAssistant, tmp_path: Path) -> Path:
    """Return the folder of the files from Leneda."""
    hass.config.allowlist_external_dirs = {str(tmp_path)}
    return tmp_path / ".storage"


@pytest.fixture(autouse=True)
async def euros(hass: HomeAssistant) -> None:
    await hass.config.async_update(currency="EUR")


@pytest.fixture
async def meter(entry: MockConfigEntry) -> MockConfigEntry:
    """Return the entry of a meter whose statistics are written."""
    await written(entry)
    return entry


async def written(entry: MockConfigEntry) -> None:
    statistics: MeterStatistics = entry.runtime_data.records.statistics
    assert await statistics.async_wait_until_written()
    await until_written(statistics)


async def until_written(statistics: MeterStatistics) -> None:
    """Wait until the task that writes the statistics has ended."""
    while (task := statistics._task._task) and not task.done():
        await asyncio.wait([task])


async def rows(hass: HomeAssistant, entry: MockConfigEntry, kind: str) -> Rows:
    """Return the hours of a statistic; before 2026.11 without the emptied ones."""
    name = statistic_id(statistics_key(entry), StatisticKind(kind))
    found = await changes_of(hass, name)
    return {hour: value for hour, value in found.items() if abs(value) > 1e-9}


async def all_rows(hass: HomeAssistant, entry: MockConfigEntry) -> list[Rows]:
    """Return the hours of all statistics that the test writes."""
    kinds = vars(meter_statistics)["wanted_kinds"](hass, ELECTRICITY)
    return [await rows(hass, entry, kind) for kind in kinds]


async def have_rows(hass: HomeAssistant, entry: MockConfigEntry, wanted: list[Rows]) -> None:
    """Expect these hours of all statistics."""
    for found, hours in zip(await all_rows(hass, entry), wanted, strict=True):
        assert found == pytest.approx(hours)


async def billed(hass: HomeAssistant, month: str) -> Any:  # noqa: ANN401 - a number, nearly
    """Return the total of a month's bill."""
    bill = await call(hass, "get_bill", month=month)
    return pytest.approx(bill["total"], abs=1e-6)


def of(hours: Rows, start: datetime, end: datetime) -> float:
    return sum(value for hour, value in hours.items() if start <= hour < end)


async def send(home: Home, readings: Mapping[str, float]) -> None:
    """Send readings of today, in kWh by the time, and wait until their hours are written."""
    for clock, kwh in readings.items():
        await home.receive(telegram(clock, kwh))
    await written(home.entry)


async def again(home: Home, second: int) -> None:
    """Load the entry again, as after a restart."""
    await home.again(telegram(f"00:00:{second}", 0.0))
    await written(home.entry)


async def bring_in(hass: HomeAssistant, entry: MockConfigEntry, tmp_path: Path) -> None:
    """Import April by the action, 2 kW all the time, and a day of May as it was measured."""
    path = tmp_path / "april.csv"
    powers = ["2.000"] * 2880 + ["8.000"] * 10 + ["0.400"] * 86
    path.write_bytes(export(APRIL_FILE, powers))
    await call(hass, "import_quarter_hours", path=str(path))
    await written(entry)


async def test_energy_and_bill_of_a_month(hass: HomeAssistant, meter: MockConfigEntry) -> None:
    imported, exported, cost, revenue, total = await all_rows(hass, meter)

    assert of(imported, MAY, JUNE) == pytest.approx(316.6)
    assert of(imported, JUNE, MIDNIGHT) == pytest.approx(144)
    assert of(exported, MAY, JUNE) == pytest.approx(20)
    assert of(cost, MAY, JUNE) == pytest.approx(316.6 * 0.201 * 1.08)
    assert of(revenue, MAY, JUNE) == pytest.approx(20 * 0.06)
    bills = (await call(hass, "get_bill", months=2))["months"]
    assert of(total, MAY, JUNE) == pytest.approx(bills[0]["total"], abs=1e-6)
    assert of(total, JUNE, MIDNIGHT) == pytest.approx(bills[1]["total"], abs=0.005)
    # Ten quarter-hours at 8 kW: 2 kWh each, 0.25 kWh above 7 kW.
    assert imported[MAY + HOUR] == pytest.approx(8)
    above = total[MAY + HOUR] - total[MAY + 4 * HOUR]
    assert above == pytest.approx(7.6 * 0.201 * 1.08 + 4 * 0.25 * 0.0765 * 1.08, abs=0.001)
    assert max(imported) == MIDNIGHT - HOUR


async def test_the_reading_that_ends_an_hour_adds_it(home: Home, meter: MockConfigEntry) -> None:
    await send(home, {"00:30:00": 0.2})
    assert max(await rows(home.hass, meter, "imported")) == MIDNIGHT - HOUR

    await send(home, {"00:45:00": 0.3, "01:00:00": 0.5})

    imported, *_, total = await all_rows(home.hass, meter)
    assert imported[MIDNIGHT] == pytest.approx(0.5)
    assert max(imported) == max(total) == MIDNIGHT
    bill = await call(home.hass, "get_bill")
    assert of(total, JUNE, MIDNIGHT + HOUR) == pytest.approx(bill["total"], abs=0.005)


async def test_a_price_of_last_month_entered_today(home: Home, meter: MockConfigEntry) -> None:
    before = await rows(home.hass, meter, "imported")
    await add(home, reference_power="7", energy_price=0.3, since="2026-05-01")
    await written(meter)

    imported, *_, total = await all_rows(home.hass, meter)
    assert imported == before
    assert of(total, MAY, JUNE) == await billed(home.hass, "2026-05")


async def test_a_contract_that_is_entered_in_the_first_hour_of_its_day(
    home: Home, meter: MockConfigEntry
) -> None:
    [_, _, before, _, _] = await all_rows(home.hass, meter)
    await add(home, reference_power="7", energy_price=0.3, since="2026-06-16")
    await send(home, {"00:15:00": 0.2, "00:45:00": 0.3, "01:00:00": 0.5})

    [_, _, cost, _, total] = await all_rows(home.hass, meter)
    assert cost.pop(MIDNIGHT) == pytest.approx(0.5 * 0.351 * 1.08)
    assert cost == pytest.approx(before)
    bill = await call(home.hass, "get_bill")
    assert of(total, JUNE, MIDNIGHT + HOUR) == pytest.approx(bill["total"], abs=0.005)


async def test_a_contract_without_vat_from_tomorrow(home: Home, meter: MockConfigEntry) -> None:
    tomorrow = {"levies": {"vat": False}, "since": "2026-06-17"}
    await add(home, reference_power="7", energy_price=0.15, **tomorrow)
    await written(meter)
    for clock in ("00:00:00", "00:15:00", "01:00:00"):
        await home.receive(telegram(clock, 9.6).replace("(260616", "(260617"))
    await written(meter)

    # The hours of May lose their VAT, too.
    total = await rows(home.hass, meter, "total")
    assert of(total, MAY, JUNE) == await billed(home.hass, "2026-05")


async def test_an_import_twice_and_its_removal_with_a_crash(
    home: Home, meter: MockConfigEntry, tmp_path: Path
) -> None:
    before = await all_rows(home.hass, meter)
    for _ in range(2):
        await bring_in(home.hass, meter, tmp_path)
        imported, *_, total = await all_rows(home.hass, meter)
        assert of(imported, APRIL, MAY) == pytest.approx(1440)
        assert of(total, APRIL, MAY) == await billed(home.hass, "2026-04")
        assert of(imported, MAY, JUNE) == pytest.approx(316.6)

    # Home Assistant crashes between rows and files: the import is still there, rows and files.
    with (
        patch.object(QuarterHourFiles, "remove", side_effect=ArithmeticError),
        pytest.raises(ArithmeticError),
    ):
        await call(home.hass, "remove_imported_quarter_hours")
    assert of(await rows(home.hass, meter, "imported"), APRIL, MAY) == 0
    await again(home, 20)
    assert of(await rows(home.hass, meter, "imported"), APRIL, MAY) == pytest.approx(1440)

    await call(home.hass, "remove_imported_quarter_hours")
    await again(home, 30)
    after = await all_rows(home.hass, meter)
    for hours, were in zip(after, before, strict=True):
        assert {hour: value for hour, value in hours.items() if hour >= MAY} == pytest.approx(were)
        assert of(hours, APRIL, MAY) == pytest.approx(0, abs=1e-6)
    # The statistics are mended a second time.
    await bring_in(home.hass, meter, tmp_path)
    assert of(await rows(home.hass, meter, "imported"), APRIL, JUNE) == pytest.approx(1440 + 316.6)


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write few rows at a time, also in place of rows that are removed."""
    monkeypatch.setattr(hourly_statistics, "_AT_ONCE", 300)
    monkeypatch.setattr(hourly_statistics.plan_of, "__kwdefaults__", {"can_delete": False})


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize(
    "parts", [pytest.param(0, marks=pytest.mark.slow), 1, pytest.param(3, marks=pytest.mark.slow)]
)
async def test_a_removal_that_is_killed_in_any_part_is_done_by_the_next(
    home: Home, meter: MockConfigEntry, tmp_path: Path, parts: int
) -> None:
    before = await all_rows(home.hass, meter)
    await bring_in(home.hass, meter, tmp_path)
    imported = await all_rows(home.hass, meter)
    with (
        patch.object(
            hourly_statistics,
            "async_add_external_statistics",
            side_effect=[*[DEFAULT] * parts, ArithmeticError],
            wraps=async_add_external_statistics,
        ),
        pytest.raises(ArithmeticError),
    ):
        await call(home.hass, "remove_imported_quarter_hours")
    await again(home, 20)
    await have_rows(home.hass, meter, imported)

    await call(home.hass, "remove_imported_quarter_hours")
    await again(home, 30)
    for now, was in zip(await all_rows(home.hass, meter), before, strict=True):
        assert now == pytest.approx(was, abs=1e-6)


async def test_a_corrected_metering_point_takes_the_rows_of_the_former_point(
    home: Home, meter: MockConfigEntry, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = await all_rows(home.hass, meter)
    await bring_in(home.hass, meter, tmp_path)
    assert of(await rows(home.hass, meter, "imported"), APRIL, MAY) == pytest.approx(1440)

    points = {leneda.IMPORTED: leneda.PRODUCTION_POINT}
    monkeypatch.setattr(leneda_data.LenedaData, "_account_points", lambda _self: points)
    # Home Assistant crashes between rows and files.
    with patch.object(QuarterHourFiles, "remove_former", side_effect=OSError(5, "I/O error")):
        await again(home, 20)
    assert len(meter.runtime_data.records.leneda.files.former_months()) == 2
    await again(home, 30)

    assert not meter.runtime_data.records.leneda.files.former_months()
    await have_rows(home.hass, meter, before)


async def test_rows_of_a_damaged_month_stay_until_its_file_is_replaced(
    home: Home, meter: MockConfigEntry, folder: Path
) -> None:
    before = await all_rows(home.hass, meter)
    path = folder / f"smarty_p1.{meter.entry_id}.quarter_hours" / "2026-05.csv"
    whole = path.read_bytes()
    lines = whole.split(b"\n")
    # The ten quarter-hours of 2 kWh are among the lines that are lost.
    lines[2:500] = [b"\0" * 60] * 498
    path.write_bytes(b"\n".join(lines))

    await again(home, 20)
    assert await all_rows(home.hass, meter) == before

    path.unlink()
    await again(home, 30)
    assert await all_rows(home.hass, meter) == before

    path.write_bytes(whole)
    await again(home, 40)
    assert await all_rows(home.hass, meter) == before


async def test_rows_of_damaged_or_unreadable_files_of_leneda_stay(
    home: Home, meter: MockConfigEntry, folder: Path, tmp_path: Path
) -> None:
    await bring_in(home.hass, meter, tmp_path)
    before = await all_rows(home.hass, meter)
    [path] = (folder / f"smarty_p1.{meter.entry_id}.imported_quarter_hours").glob("2026-04*.csv")
    whole = path.read_bytes()
    with patch.object(QuarterHourFiles, "read_rows", side_effect=OSError(5, "I/O error")):
        await again(home, 20)
        assert await all_rows(home.hass, meter) == before
        assert said(home.issue("stored_not_read"))["file"] == str(path.parent)
        await home.let_pass(3601)
    assert meter.runtime_data.records.leneda.is_unreadable
    # The files are read again every hour.
    await home.let_pass(3601)
    await home.wait_until(lambda: not meter.runtime_data.records.leneda.is_unreadable)
    await home.wait_until(lambda: home.issue("stored_not_read") is None)
    assert (await call(home.hass, "get_bill", month="2026-04"))["leneda_quarter_hours"]

    path.write_bytes(whole[:5000] + b"\0" * 5000 + whole[10_000:])
    for second in (30, 40):  # the second start finds a new file without the lost lines
        await again(home, second)
        assert await all_rows(home.hass, meter) == before
    assert path.with_name(path.name + ".unreadable").exists()

    # The file is imported once more: rows are compared again.
    await bring_in(home.hass, meter, tmp_path)
    assert not path.with_name(path.name + ".unreadable").exists()
    name = statistic_id(statistics_key(meter), StatisticKind.IMPORTED)
    get_instance(home.hass).async_adjust_statistics(name, APRIL + 48 * HOUR, 50.0, "kWh")
    await again(home, 50)
    await have_rows(home.hass, meter, before)


async def test_rows_later_than_a_restored_backup_stay_until_they_are_reached(
    home: Home, meter: MockConfigEntry
) -> None:
    name = statistic_id(statistics_key(meter), StatisticKind.IMPORTED)
    before = await rows(home.hass, meter, "imported")
    base = sum(before.values())
    later = {MIDNIGHT + n * HOUR: 0.7 for n in range(5)}
    series = hourly_statistics.Series(name, "x", "kWh", "energy", {}, ())
    async_add_external_statistics(
        home.hass,
        hourly_statistics._metadata(series),
        [{"start": hour, "sum": base + 0.7 * (n + 1)} for n, hour in enumerate(later)],
    )

    await again(home, 20)
    assert await rows(home.hass, meter, "imported") == pytest.approx(before | later)

    await send(home, {"00:15:00": 0.2, "00:30:00": 0.3, "00:45:00": 0.4, "01:00:00": 0.5})
    found = await rows(home.hass, meter, "imported")
    assert found[MIDNIGHT] == pytest.approx(0.5, abs=1e-3)
    assert found[MIDNIGHT + HOUR] == pytest.approx(0.7)


async def test_rows_that_a_user_has_cleared_come_back(home: Home, meter: MockConfigEntry) -> None:
    before = await all_rows(home.hass, meter)
    name = statistic_id(statistics_key(meter), StatisticKind.TOTAL)
    get_instance(home.hass).async_clear_statistics([name])
    home.hass.config.language = "fr"

    await again(home, 20)

    await have_rows(home.hass, meter, before)
    found = await get_instance(home.hass).async_add_executor_job(
        lambda: get_metadata(home.hass, statistic_source="smarty_p1")
    )
    assert str(found[name][1]["name"]).startswith("Smarty 2574 Coût total (")
    # A second start changes nothing.
    with patch.object(hourly_statistics, "async_add_external_statistics") as add:
        await again(home, 30)
    assert not add.called


def change_by_hand(hass: HomeAssistant, name: str, by: str) -> None:
    """Change a statistic as Home Assistant lets users and programs do it."""
    recorder = get_instance(hass)
    series = hourly_statistics.Series(name, "x", "kWh", "energy", {}, ())
    metadata = hourly_statistics._metadata(series)
    last_hour = MIDNIGHT - HOUR
    match by:
        case "cleared":
            recorder.async_clear_statistics([name])
        case "adjusted a month ago":
            recorder.async_adjust_statistics(name, MAY + 48 * HOUR, 50.0, "kWh")
        case "without unit":
            recorder.async_update_statistics_metadata(
                name, new_unit_class=None, new_unit_of_measurement=None
            )
        case "another unit":
            recorder.async_update_statistics_metadata(
                name, new_unit_class="energy", new_unit_of_measurement="MWh"
            )
        case "a row of today":
            async_add_external_statistics(hass, metadata, [{"start": last_hour, "sum": 9.0}])
        case "a row of 2030":
            later = datetime(2030, 1, 1, tzinfo=UTC)
            async_add_external_statistics(hass, metadata, [{"start": later, "sum": 5.0}])


CHANGES_BY_HAND = [
    "cleared",
    "adjusted a month ago",
    "without unit",
    "another unit",
    "a row of today",
    "a row of 2030",
]


@pytest.mark.parametrize("by", each(2, CHANGES_BY_HAND))
async def test_changes_by_hand_are_found_at_the_end_of_an_hour(
    home: Home, meter: MockConfigEntry, by: str
) -> None:
    name = statistic_id(statistics_key(meter), StatisticKind.IMPORTED)
    before = await rows(home.hass, meter, "imported")
    change_by_hand(home.hass, name, by)
    await send(home, {"00:15:00": 0.2, "00:30:00": 0.3, "00:45:00": 0.4, "01:00:00": 0.5})

    assert await rows(home.hass, meter, "imported") == pytest.approx(before | {MIDNIGHT: 0.5})
    metadata = await get_instance(home.hass).async_add_executor_job(
        lambda: get_metadata(home.hass, statistic_ids={name})[name][1]
    )
    assert (metadata["unit_of_measurement"], metadata["unit_class"]) == ("kWh", "energy")
    assert str(metadata["name"]).startswith("Smarty 2574 ")

    # Unless rows differ, the end of an hour reads the running month at most.
    first = MIDNIGHT
    read = statistics_during_period

    def note(hass: HomeAssistant, start: datetime, *more: Any) -> Any:  # noqa: ANN401 - passed on
        nonlocal first
        first = min(first, start)
        return read(hass, start, *more)

    with patch.object(hourly_statistics, "statistics_during_period", note):
        await send(home, {"01:15:00": 0.5, "02:00:00": 0.6})
    assert JUNE - 24 * HOUR <= first < MIDNIGHT


async def test_the_statistics_of_a_removed_meter_stay(
    hass: HomeAssistant, meter: MockConfigEntry
) -> None:
    before = await all_rows(hass, meter)
    await remove_entry(hass, meter)
    assert await all_rows(hass, meter) == before


async def test_a_removed_meter_takes_no_rows_of_another(hass: HomeAssistant) -> None:
    rows_of = {}
    meters = {"SAG1": {}, "LU1": {"kind": "leneda"}, "LU2": {"kind": "leneda"}}
    statistics = {}
    for number, (unique_id, data) in enumerate(meters.items()):
        entry = smarty_entry(unique_id=unique_id, title="Smarty", data=data)
        entry.add_to_hass(hass)
        connection = Household()
        days = Life(lib).leneda(MAY, MAY + (number + 2) * 24 * HOUR)
        connection.set_leneda_days(LenedaDays(days))
        statistics[unique_id] = MeterStatistics(hass, entry)
        statistics[unique_id].async_start(connection, NoLeneda())
        await statistics[unique_id].async_wait_until_written()
        rows_of[unique_id] = await rows(hass, entry, "imported")
        assert len(rows_of[unique_id]) == (number + 2) * 24

    # The statistics of a meter with a serial number stay, too.
    await statistics["LU1"].async_forget()
    await statistics["SAG1"].async_forget()

    rows_of["LU1"] = {}
    for entry in hass.config_entries.async_entries("smarty_p1"):
        assert await rows(hass, entry, "imported") == rows_of[str(entry.unique_id)]


async def test_rows_before_the_first_hour_of_the_history_stay(hass: HomeAssistant) -> None:
    entry = smarty_entry(unique_id="SAG1", title="Smarty")
    entry.add_to_hass(hass)
    found = []
    # The second history has forgotten a month and ten days.
    for first in (APRIL, MAY + 10 * 24 * HOUR):
        connection = Household()
        days = Life(lib).leneda(first, MAY + 20 * 24 * HOUR)
        connection.set_leneda_days(LenedaDays(days))
        statistics = MeterStatistics(hass, entry)
        statistics.async_start(connection, NoLeneda())
        await statistics.async_wait_until_written()
        found.append(await rows(hass, entry, "imported"))
    assert len(found[0]) == 50 * 24
    assert found[1] == pytest.approx(found[0])


async def test_ended_days_follow_the_prices_of_the_month(hass: HomeAssistant) -> None:
    """A price of the market counts once it is known for 90 % of the month's energy."""
    entry = smarty_entry(unique_id="SAG1", title="Smarty")
    entry.add_to_hass(hass)
    meter: Any = Household(Contract(reference_kw=3, energy_margin=0.02, energy_fee=2.5))
    statistics, time, kwh = MeterStatistics(hass, entry), JUNE, 1000.0
    statistics.async_start(meter, NoLeneda())
    numbers = []
    for hours, price in ((5, lambda _: MarketPrices()), (36, None), (2, None)):
        kwh = Life(lib).feed(meter, time, time + hours * HOUR, kwh=kwh, price=price)
        time += hours * HOUR
        statistics.start_writing()
        await until_written(statistics)
        numbers.append(len(await rows(hass, entry, "total")))
    assert numbers == [0, 0, 43]


async def test_an_unload_in_the_middle_of_the_first_write(
    hass: HomeAssistant, home: Home, hass_storage: JsonDict, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(3)  # noqa: S311
    with monkeypatch.context() as patched:
        patched.setattr(hourly_statistics, "_AT_ONCE", 50)
        entry = await billed_month.set_up(home, hass_storage)
        for second in range(20, 26):
            await asyncio.sleep(chance.random() / 5)
            await home.again(telegram(f"00:00:{second}", 0.0))
    await written(entry)

    imported, *_, total = await all_rows(hass, entry)
    assert len(total) == 46 * 24
    assert of(imported, MAY, MIDNIGHT) == pytest.approx(460.6)
    assert of(total, MAY, JUNE) == await billed(hass, "2026-05")


class NoLeneda:
    """Stored files of a meter that has none from Leneda."""

    is_unreadable = False
    damaged = former = ()

    async def async_remove_former(self) -> None:
        """Do nothing."""


async def check_life(hass: HomeAssistant, seed: int) -> None:
    """Write the statistics of a meter's life, part by part, and compare them with all hours.

    Some writes are killed at a random moment. Some are followed by a restart.
    """
    fate = random.Random(-seed)  # noqa: S311
    entry = smarty_entry(unique_id=f"SAG{seed}", title="Smarty")
    entry.add_to_hass(hass)
    statistics = None
    for meter in Life(lib).parts(random.Random(seed)):  # noqa: S311
        if statistics is None or fate.random() < 0.2:
            statistics = MeterStatistics(hass, entry)
            statistics.async_start(meter, NoLeneda())
            await statistics.async_wait_until_written()
        statistics.start_writing()
        task = statistics._task._task
        assert task
        if fate.random() < 0.4:
            await asyncio.sleep(fate.random() * 0.05)
            task.cancel()
        await asyncio.wait([task])
    assert statistics
    statistics.start_writing()
    await until_written(statistics)
    household = meter.newest
    months = [
        month.start
        for month in (*household.earlier_months, household.known_month)
        if month.is_known
    ]
    wanted = amounts_by_hour(household.ledger, months, household.until)
    # Rows before the first hour stay, also those of a Leneda file that was replaced.
    first = min(min(hours) for hours in wanted if hours)
    for found, hours in zip(await all_rows(hass, entry), wanted, strict=True):
        for hour in {hour for hour in found if hour >= first} | hours.keys():
            assert found.get(hour, 0.0) == pytest.approx(hours.get(hour, 0.0), abs=2e-4), hour


@pytest.mark.parametrize("seed", range(examples(1)))
async def test_any_two_lives_have_the_rows_of_a_fresh_database(
    hass: HomeAssistant, seed: int
) -> None:
    await asyncio.gather(check_life(hass, seed), check_life(hass, seed + 1000))
