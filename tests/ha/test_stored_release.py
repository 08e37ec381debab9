"""Each version reads the files that releases have stored, and its own are frozen with its release.

`scripts/release stored` writes tests/stored/VERSION.json for the version of the manifest.
"""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from custom_components.smarty_p1.coordinator.leneda.progress import AskedSpan, LenedaProgress
from custom_components.smarty_p1.coordinator.stored.month_files import MonthFiles
from dev.release import manifest_version
from smartyp1.json_types import JsonDict
from tests.json_copy import through_json

from . import leneda
from .billed_month import telegram
from .clock import CLOCK
from .support import Home, call, set_up_entry, smarty_entry, unload_entry

FOLDER = Path(__file__).parents[1] / "stored"
ABOUT = (
    "Files as version {version} writes them. Every later version reads them, so they never change "
    "after the release."
)
MIDNIGHT = datetime(2026, 6, 15, 22, tzinfo=UTC)
QUARTER_HOUR = timedelta(minutes=15)
KWH = [0.1, 0.1, 2.0, 0.1, 0.1, 0.1, 0.1, 0.1]
POINT = {"consumption_point": leneda.POINT}
OPTIONS: JsonDict = {
    "contracts": [
        {"reference_power": 7.0, "energy_price": 0.15, "feed_in_price": 0.06, "vat": True},
        {
            "since": "2026-07-01",
            "reference_power": 7.0,
            "energy_price_entity": "sensor.spot",
            "energy_margin": 0.02,
            "vat": True,
        },
    ],
    "messages": {"kinds": ["grid", "excess"], "recipients": []},
}
BUCKET = {
    "meter.534147677004102E": "SAG1030790002574",
    "name.SAG1030790002574": "534147677004102E",
}
"""What collectors of a fleet keep of a meter (tests/fleet/test_meter_names.py)."""


def read_price(home: Home, number: int) -> None:
    home.hass.states.async_set(
        "sensor.spot", f"{0.1 + number / 100:.2f}", {"unit_of_measurement": "EUR/kWh"}
    )


async def write_files(home: Home, hass_storage: JsonDict) -> JsonDict:
    """Return the files of a meter that was read for two hours."""
    CLOCK.stop_at(MIDNIGHT)
    read_price(home, 0)
    entry = await home.set_up(telegram("00:00:00", 0.0), **OPTIONS)
    for number in range(1, 9):
        for seconds in (0, 10):
            time = MIDNIGHT + number * QUARTER_HOUR + timedelta(seconds=seconds)
            CLOCK.stop_at(time)
            read_price(home, number)
            clock = f"{time + timedelta(hours=2):%H:%M:%S}"
            await home.receive(telegram(clock, sum(KWH[:number]), 0.02 * number))
    progress = LenedaProgress(home.hass, entry.entry_id, POINT)
    await progress.async_load()
    progress.state.codes[leneda.IMPORTED] = AskedSpan(MIDNIGHT - timedelta(days=365), MIDNIGHT)
    progress.schedule()
    await progress.async_close()
    assert await unload_entry(home.hass, entry)
    start = f"smarty_p1.{entry.entry_id}."
    storage = {
        key.removeprefix(start): content["data"]
        for key, content in sorted(hass_storage.items())
        if key.startswith(start)
    }
    months = MonthFiles(home.hass, entry.entry_id).folder
    prices = months.with_name(f"{start}market_prices")
    version = manifest_version()
    written = {
        "about": ABOUT.format(version=version),
        "entry": {
            "title": entry.title,
            "unique_id": entry.unique_id,
            "version": entry.version,
            "minor_version": entry.minor_version,
            "data": {**entry.data, "port": "socket://127.0.0.1:2001"},
            "options": dict(entry.options),
        },
        "storage": storage,
        "month_files": lines_in(months),
        "price_files": {path.name: lines_in(path) for path in sorted(prices.iterdir())},
        "bucket": BUCKET,
    }
    loaded: JsonDict = through_json(written)
    return loaded


def lines_in(folder: Path) -> dict[str, list[str]]:
    return {path.name: path.read_text("ascii").splitlines() for path in sorted(folder.iterdir())}


def shape_of(value: object) -> object:
    """Return stored content with the kinds of its values in place of them."""
    match value:
        case dict():
            return {name: shape_of(item) for name, item in value.items()}
        case list():
            return [shape_of(item) for item in value]
        case bool() | None:
            return value
        case int() | float():
            return "number"
        case _:
            return str(value).count(",")  # the cells of a line


@pytest.mark.begins_at("2026-06-15T22:00:00Z")
async def test_the_frozen_files_of_this_version_are_as_it_writes_them(
    home: Home, hass_storage: JsonDict, pytestconfig: pytest.Config
) -> None:
    written = await write_files(home, hass_storage)
    path = FOLDER / f"{manifest_version()}.json"
    if pytestconfig.getoption("--store"):
        path.write_text(json.dumps(written, indent=1) + "\n", "utf-8")
    frozen = json.loads(path.read_text("utf-8"))
    assert shape_of(frozen) == shape_of(written), "run scripts/release stored"


@pytest.mark.begins_at("2026-06-16T00:00:30Z")
@pytest.mark.parametrize("version", sorted(path.stem for path in FOLDER.glob("*.json")))
async def test_the_files_of_a_release_are_read(
    home: Home, hass_storage: JsonDict, version: str
) -> None:
    stored = json.loads((FOLDER / f"{version}.json").read_text("utf-8"))
    frozen = stored["entry"]
    entry = smarty_entry(**{**frozen, "data": {**frozen["data"], "port": home.port.url}})
    entry.add_to_hass(home.hass)
    for name, content in stored["storage"].items():
        key = f"smarty_p1.{entry.entry_id}.{name}"
        hass_storage[key] = {"version": 1, "minor_version": 1, "key": key, "data": content}
    months = MonthFiles(home.hass, entry.entry_id).folder
    prices = months.with_name(f"smarty_p1.{entry.entry_id}.market_prices")
    folders = {months: stored["month_files"]}
    folders |= {prices / source: files for source, files in stored["price_files"].items()}
    for folder, files in folders.items():
        folder.mkdir(parents=True)
        for name, lines in files.items():
            (folder / name).write_text("\n".join(lines) + "\n", "ascii")

    # The first frame is a replay, because the stored counter is 17. Its register must not count.
    replayed = home.port.next_frame(telegram("02:00:20", 9.0, 9.0))
    home.port.counter = 17
    # A lower register than the stored one is not believed.
    home.port.greeting = replayed + home.port.next_frame(telegram("02:00:30", 0.0, 0.16))
    assert await set_up_entry(home.hass, entry)
    await home.wait_until(lambda: home.values()["smarty_energy_imported"] == "1463.3")
    shown = home.values()
    assert shown["smarty_energy_exported"] == "520.16"
    assert shown["smarty_highest_power_this_month"] == "8.0"
    assert shown["smarty_energy_above_reference_power"] == "0.25"
    assert shown["smarty_price_of_exported_energy"] == "0.06"
    assert shown["smarty_verification_of_readings"] == "verified"

    period = {"start": "2026-06-16 00:00:00+02:00", "end": "2026-06-16 02:00:00+02:00"}
    found = await call(home.hass, "get_quarter_hours", **period)
    assert [quarter["imported_kwh"] for quarter in found["quarter_hours"]] == KWH

    [series] = (
        series
        for name, series in entry.runtime_data.records.prices.markets.items()
        if name == "sensor.spot"
    )
    measured = [series.at(MIDNIGHT + number * QUARTER_HOUR) for number in range(8)]
    assert measured == [round(0.1 + number / 100, 2) for number in range(8)]

    progress = LenedaProgress(home.hass, entry.entry_id, POINT)
    await progress.async_load()
    assert progress.state.codes[leneda.IMPORTED].until == MIDNIGHT
