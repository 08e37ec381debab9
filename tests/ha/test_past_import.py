"""The past of a meter by file: imports, states, refusals and removals by actions and dialog."""

import asyncio
import errno
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock, patch

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smarty_p1.coordinator.leneda import file_import
from custom_components.smarty_p1.coordinator.leneda.download import LenedaDownload
from custom_components.smarty_p1.coordinator.leneda.import_refusal import ImportRefusedError
from custom_components.smarty_p1.coordinator.leneda.progress import LenedaProgress
from custom_components.smarty_p1.coordinator.leneda.quarter_hour_files import QuarterHourFiles
from custom_components.smarty_p1.lib.history.quarter_hour import QuarterHour
from dev.leneda.export_file import (
    CONSUMPTION,
    POINT,
    PRODUCTION,
    export,
    file,
    quarters,
    row,
    written,
)
from smartyp1.json_types import JsonDict

from . import billed_month
from .billed_month import telegram
from .clock import CLOCK
from .dialogs import is_created, is_done, open_options
from .measured import measure
from .support import Home, call, refusal, remove_entry, state_of, unload_entry

# The meter was read from 1 May to 16 June 2026, 0.4 kW but for ten quarter-hours.
NOW = "2026-06-16T00:00:10+02:00"
pytestmark = [pytest.mark.begins_at(NOW), pytest.mark.usefixtures("recorder_mock", "fast_rows")]
APRIL = "2026-04-01T00:00:00+02:00"
ENERGY = "sensor.smarty_energy_imported"


type BringIn = Callable[[bytes], Any]


@pytest.fixture
async def entry(home: Home, hass_storage: JsonDict, tmp_path: Path) -> MockConfigEntry:
    """Return the entry of a meter with one month and a half behind it."""
    home.hass.config.allowlist_external_dirs = {str(tmp_path)}
    return await billed_month.set_up(home, hass_storage)


@pytest.fixture
def bring_in(hass: HomeAssistant, tmp_path: Path) -> BringIn:
    async def bring_in(data: bytes) -> Any:  # noqa: ANN401 - JSON
        path = tmp_path / "time-series.csv"
        path.write_bytes(data)
        return await call(hass, "import_quarter_hours", path=str(path))

    return bring_in


def stored(tmp_path: Path) -> list[Path]:
    return list((tmp_path / ".storage").glob("*.imported*"))


def april(kw: str = "2.000") -> bytes:
    """Return a whole month before the meter was read: 2880 quarter-hours."""
    return export(APRIL, [kw] * 2880)


OTHER, THIRD = (f"{POINT[:-1]}{digit}" for digit in "78")


def of_point(data: bytes, point: str) -> bytes:
    """Return a file with another metering point."""
    return data.replace(POINT.encode(), point.encode())


async def test_the_sum_of_the_points_is_compared(
    hass: HomeAssistant, entry: MockConfigEntry, bring_in: BringIn
) -> None:
    # On 10 and 11 May, this meter fed 0.08 kW in.
    may = "2026-05-10T00:00:00+02:00"
    for start in quarters(may, 192):
        measure(entry, [QuarterHour(start, 0.4, 0.02)])
    await hass.async_block_till_done()
    one, two = (export(may, [kw] * 192, PRODUCTION) for kw in ("0.050", "0.030"))

    found = await bring_in(one)
    assert (found["compared_days"], found["differing_days"]) == (2, 2)
    found = await bring_in(of_point(two, OTHER))
    assert (found["compared_days"], found["differing_days"]) == (2, 0)

    # More energy than the meter has counted belongs to another connection.
    assert await refusal(bring_in(of_point(two, THIRD))) == "leneda_other_point"


@pytest.mark.usefixtures("entry")
async def test_the_bill_has_the_shared_energy(hass: HomeAssistant, bring_in: BringIn) -> None:
    layer = "1-65:1.29.4"
    await bring_in(april())
    await bring_in(export(APRIL, ["0.400"] * 2880, layer))
    # May was measured here: its quarter-hours show the measured energy.
    await bring_in(export("2026-05-01T00:00:00+02:00", ["0.400"] * 2976))
    await bring_in(export("2026-05-01T00:00:00+02:00", ["0.100"] * 2976, layer))

    bills = await call(hass, "get_bill", months=12)

    quantities = [
        {line["name"]: line["quantity"] for line in bill["lines"]} for bill in bills["months"]
    ]
    assert [(quantity["energy"], quantity["network_variable"]) for quantity in quantities] == [
        (1152, 1440),
        (242.2, 316.6),
        (144, 144),
    ]
    assert [bill.get("shared_by_layer") for bill in bills["months"]] == [
        {"4": 288.0},
        {"4": 74.4},
        None,
    ]
    await call(hass, "remove_imported_quarter_hours")
    [may, _] = (await call(hass, "get_bill", months=12))["months"]
    assert may["lines"][0]["quantity"] == 316.6
    assert "shared_kwh" not in may


async def test_the_day_sums_of_sharing(
    hass: HomeAssistant, home: Home, entry: MockConfigEntry, bring_in: BringIn
) -> None:
    def sensors() -> dict[str, er.RegistryEntry]:
        found = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
        return {each.unique_id.partition("_")[2]: each for each in found}

    period = {"start": "2026-05-31 00:00:00+02:00", "end": "2026-05-31 00:30:00+02:00"}
    asked = [partial(call, hass, "get_quarter_hours", **period, format=f) for f in ("json", "csv")]
    await bring_in(export("2026-05-01T00:00:00+02:00", ["0.400"] * 2976))
    before = [await ask() for ask in asked]
    await home.receive(telegram("00:00:20", 0.0))
    assert not [key for key in sensors() if key.startswith("sharing_")]

    # The last day is not whole.
    await bring_in(export("2026-05-30T00:00:00+02:00", ["0.100"] * 190, "1-65:1.29.3"))
    await home.receive(telegram("00:00:30", 0.0))

    [key] = [key for key in sensors() if key.startswith("sharing_")]
    assert key == "sharing_covered_2"
    assert sensors()[key].disabled
    er.async_get(hass).async_update_entity(sensors()[key].entity_id, disabled_by=None)
    await home.again(telegram("00:00:40", 0.0))
    state = state_of(hass, sensors()[key].entity_id)
    assert state.state == "2.4"
    shown = {name: state.attributes.get(name) for name in ("day", "quarter_hours", "state_class")}
    assert shown == {"day": "2026-05-30", "quarter_hours": 96, "state_class": None}

    answer, text = [await ask() for ask in asked]
    assert [each.pop("covered_2_kwh") for each in answer["quarter_hours"]] == [0.025, 0.025]
    assert answer == before[0]
    lines = zip(text["csv"].splitlines(), before[1]["csv"].splitlines(), strict=True)
    # The own quarter-hours of the answer have no origin, but the platform's have.
    cells = [(set(new.split(";")) - set(old.split(";"))) for new, old in lines]
    assert cells == [{"1-65:1.29.3 (kW)"}, {"0.1"}, {"0.1"}]

    # On a day without shared energy, zeros as the remaining energy are wrong.
    await bring_in(export("2026-05-20T00:00:00+02:00", ["0.000"] * 96, "1-65:1.29.9"))
    period = {"start": "2026-05-20 00:00:00+02:00", "end": "2026-05-20 00:15:00+02:00"}
    [quarter] = (await call(hass, "get_quarter_hours", **period))["quarter_hours"]
    assert "remaining_kwh" not in quarter


@pytest.mark.usefixtures("entry")
async def test_a_removal_that_the_disk_refuses_raises_an_error(
    hass: HomeAssistant, bring_in: BringIn
) -> None:
    await bring_in(april())
    error = OSError(errno.EIO, os.strerror(errno.EIO))
    with patch.object(QuarterHourFiles, "is_empty", side_effect=error):
        assert await refusal(call(hass, "remove_imported_quarter_hours")) == "leneda_not_stored"


@pytest.mark.usefixtures("everything_enabled", "entry")
async def test_a_peak_of_the_platform_is_marked(home: Home, bring_in: BringIn) -> None:
    own, year = "smarty_highest_power_last_month", "smarty_highest_power_in_12_months"
    assert "origin" not in home.state_of(year).attributes
    await bring_in(export(APRIL, ["9.000", "2.000"]))
    await home.receive(telegram("00:00:30", 0.0))

    assert (home.state_of(own).state, home.state_of(year).state) == ("8.0", "9.0")
    assert "origin" not in home.state_of(own).attributes
    assert "origin" not in home.state_of("smarty_highest_power_this_month").attributes
    attributes = home.state_of(year).attributes
    assert (attributes["start"][:10], attributes["origin"]) == ("2026-03-31", "leneda")


@pytest.mark.usefixtures("entry")
async def test_months_peaks_and_bill_know_a_file(hass: HomeAssistant, bring_in: BringIn) -> None:
    before = await call(hass, "get_bill", month="2026-05")

    found = await bring_in(april())

    assert found == {
        "code": "1-1:1.29.0",
        "quantity": "imported",
        "start": "2026-04-01T00:00:00+02:00",
        "end": "2026-05-01T00:00:00+02:00",
        "quarter_hours": 2880,
        "estimated": 0,
        "holes": 0,
        "repeated": 0,
        "too_old": 0,
        "compared_days": 0,
        "differing_days": 0,
    }
    bill = await call(hass, "get_bill", month="2026-04")
    assert bill["lines"][0] | {"amount": 0} == {
        "name": "energy",
        "quantity": 1440.0,
        "unit": "kWh",
        "price": 0.15,
        "amount": 0,
    }
    assert (bill["leneda_quarter_hours"], bill["quarter_hours"]) == (2880, 2880)
    assert bill["measured_share"] == 1.0
    assert await call(hass, "get_bill", month="2026-05") == before
    months = (await call(hass, "compare_reference_powers"))["months"]
    assert [month["month"] for month in months] == ["2026-04", "2026-05", "2026-06"]
    period = {"start": "2026-04-30 23:45:00+02:00", "end": "2026-05-01 00:15:00+02:00"}
    [quarter, own] = (await call(hass, "get_quarter_hours", **period))["quarter_hours"]
    assert (own["imported_kwh"], "origin" in own) == (2.0, False)
    assert (quarter["imported_kwh"], quarter["origin"]) == (0.5, "leneda")
    answer = await call(hass, "get_quarter_hours", **period, format="csv")
    assert answer["csv"].splitlines()[1] == "2026-04-30T23:45:00+02:00;2;;;;leneda"


async def test_imported_quarter_hours_are_known_after_a_restart(
    home: Home, tmp_path: Path, entry: MockConfigEntry, bring_in: BringIn
) -> None:
    await bring_in(april())
    await home.again(telegram("00:00:20", 0.0))

    assert (await call(home.hass, "get_bill", month="2026-04"))["leneda_quarter_hours"] == 2880

    # The unload waits for an import, so that the next set-up knows all of it. A later one is
    # refused, because nobody would show it.
    records = entry.runtime_data.records
    data = export("2026-03-01T00:00:00+01:00", ["1.000"] * (31 * 96 - 4))
    await asyncio.gather(
        file_import.async_import(records.leneda, data), home.again(telegram("00:00:30", 0.0))
    )
    with pytest.raises(ImportRefusedError, match="leneda_reloaded"):
        await file_import.async_import(records.leneda, april())
    with pytest.raises(ImportRefusedError, match="leneda_reloaded"):
        await records.leneda.async_remove()
    assert not await records.leneda.async_add({}, {})
    march = await call(home.hass, "get_bill", month="2026-03")
    assert march["leneda_quarter_hours"] == 31 * 96 - 4

    assert stored(tmp_path) != []
    await remove_entry(home.hass, entry)
    assert stored(tmp_path) == []


@pytest.mark.usefixtures("entry")
async def test_an_import_can_be_removed(
    hass: HomeAssistant, tmp_path: Path, bring_in: BringIn
) -> None:
    assert await refusal(call(hass, "remove_imported_quarter_hours")) == "leneda_nothing_imported"
    before = await call(hass, "compare_reference_powers")
    await bring_in(april())

    await call(hass, "remove_imported_quarter_hours")

    assert await call(hass, "compare_reference_powers") == before
    assert stored(tmp_path) == []

    # Reactive energy is in no statistics.
    await bring_in(export(APRIL, ["0.100"] * 96, "1-1:3.29.0").replace(b'"kW"', b'"kvar"'))
    await call(hass, "remove_imported_quarter_hours")
    assert stored(tmp_path) == []


async def test_an_import_cannot_be_removed_while_an_account_would_bring_it_back(
    home: Home, monkeypatch: pytest.MonkeyPatch, entry: MockConfigEntry, bring_in: BringIn
) -> None:
    async def enter(options: JsonDict) -> None:
        home.hass.config_entries.async_update_entry(entry, options=options)
        await home.again(telegram("00:00:20", 0.0))

    monkeypatch.setattr(LenedaDownload, "async_start", AsyncMock())
    progress = LenedaProgress(home.hass, entry.entry_id, {})
    await progress.async_load()
    progress.state.refused[CONSUMPTION] = datetime.fromisoformat(NOW)
    await progress.async_save()
    await bring_in(april())
    without = {**entry.options}
    account = {"api_key": "key", "energy_id": "id", "consumption_point": POINT}
    await enter({**without, "leneda": account})
    assert await refusal(call(home.hass, "remove_imported_quarter_hours")) == "leneda_account_on"
    # A file of another point would replace the rows of the account.
    for data in (april(), export(APRIL, ["0.100"] * 96, "1-65:1.29.9")):
        assert await refusal(bring_in(of_point(data, OTHER))) == "leneda_point_changed"
        await bring_in(data)

    await enter(without)
    await call(home.hass, "remove_imported_quarter_hours")

    # A key that is entered again begins anew.
    progress = LenedaProgress(home.hass, entry.entry_id, {})
    await progress.async_load()
    assert progress.state.refused == {}
    # An account that brought nothing refuses no file once it is removed.
    await enter({**without, "leneda": account})
    await enter(without)
    await bring_in(of_point(april(), OTHER))


# Energies measured on 16 June in kWh, with exports in the morning only.
MEASURED = [0.1 + (n * 7 % 13) / 10 for n in range(96)]
FED_IN = [0.2] * 20 + [0.0] * 76
DAY = "2026-06-16T00:00:00+02:00"


def of_day(energies: list[float], factor: float = 4, code: str = CONSUMPTION) -> bytes:
    return export(DAY, [f"{kwh * factor:.3f}" for kwh in energies], code)


async def test_a_file_that_contradicts_the_measured_energy(
    hass: HomeAssistant, tmp_path: Path, entry: MockConfigEntry, bring_in: BringIn
) -> None:
    energies = zip(quarters(DAY, 96), MEASURED, FED_IN, strict=True)
    own = [QuarterHour(start, kwh * 4, fed_kwh) for start, kwh, fed_kwh in energies]
    measure(entry, own)
    await hass.async_block_till_done()
    CLOCK.move_to("2026-06-18T08:00:00+02:00")
    for data, key in (
        (of_day(MEASURED, code=PRODUCTION), "leneda_consumption"),
        (of_day(MEASURED, 1), "leneda_factor_four"),
    ):
        assert await refusal(bring_in(data)) == key
        assert stored(tmp_path) == []
    for data in (of_day(MEASURED), of_day(FED_IN, code=PRODUCTION)):
        found = await bring_in(data)
        assert (found["compared_days"], found["differing_days"]) == (1, 0)


async def test_a_refusal_counts_the_days_that_show_its_cause(
    entry: MockConfigEntry, bring_in: BringIn
) -> None:
    start = "2026-05-10T00:00:00+02:00"
    measure(entry, [QuarterHour(quarter, 2.0, 0.0) for quarter in quarters(start, 288)])

    # The first of the three days is right, the others are of another connection.
    with pytest.raises(ServiceValidationError) as raised:
        await bring_in(export(start, ["2.000"] * 96 + ["1.500"] * 192))

    assert raised.value.translation_key == "leneda_other_point"
    assert raised.value.translation_placeholders == {"days": "2"}


NOT_RIGHT = [
    (b"", "leneda_empty"),
    (b"\x00" * 100, "leneda_not_csv"),
    (b"x" * 20_000_001, "leneda_too_large"),
    (april().replace(b",", b";"), "leneda_spreadsheet"),
    (file(row("2026-06-18T00:00:00+02:00")), "leneda_future"),
    (file(row("2026-06-01T00:05:00+02:00")), "leneda_no_quarter_hour"),
    (file(row("2026-06-01T00:00:00+05:00")), "leneda_wrong_offset"),
    (april().replace(b'"kW"', b'"Wh"'), "leneda_wrong_unit"),
    (file(row("2026-06-01T00:00:00+02:00", "1200.000")), "leneda_watt_hours"),
    (file(row("2026-06-01T00:00:00+02:00", "x")), "leneda_wrong_value"),
    (april().replace(b'"15"', b'"60"'), "leneda_wrong_interval"),
    (
        april().replace(b'"1"', b'"7"').replace(b'"15"', b'"1"').replace(b'"7"', b'"15"'),
        "leneda_swapped_columns",
    ),
    (april()[:-30], "leneda_truncated"),
]


@pytest.mark.usefixtures("entry")
async def test_a_file_that_is_not_right(bring_in: BringIn) -> None:
    for data, key in NOT_RIGHT:
        with pytest.raises(ServiceValidationError) as raised:
            await bring_in(data)
        assert raised.value.translation_key == key
        assert "{" not in str(raised.value)


@pytest.mark.usefixtures("entry")
async def test_a_file_of_another_metering_point(
    hass: HomeAssistant, tmp_path: Path, bring_in: BringIn
) -> None:
    await bring_in(april())
    other = april("1.000").replace(POINT.encode(), POINT.replace("1", "7").encode())
    # Production has a metering point of its own.
    await bring_in(other.replace(CONSUMPTION.encode(), PRODUCTION.encode()))
    # Shared or billed energy of the point is consumption, too.
    shared = other.replace(CONSUMPTION.encode(), b"1-65:1.29.9")
    for refused in (other, shared, other):
        assert await refusal(bring_in(refused)) == "leneda_point_changed"
        await bring_in(april())
    assert POINT not in "".join(
        path.read_text() for folder in stored(tmp_path) for path in folder.iterdir()
    )

    await call(hass, "remove_imported_quarter_hours")
    await bring_in(other)
    assert (await call(hass, "get_bill", month="2026-04"))["lines"][0]["quantity"] == 720.0


@pytest.mark.usefixtures("entry")
async def test_quarter_hours_of_more_than_25_months_ago(tmp_path: Path, bring_in: BringIn) -> None:
    # Months before May 2024 are not kept.
    assert (
        await refusal(
            bring_in(of_point(export("2024-01-01T00:00:00+01:00", ["0.500"] * 2976), OTHER))
        )
        == "leneda_not_kept"
    )
    assert stored(tmp_path) == []

    found = await bring_in(export("2024-04-30T00:00:00+02:00", ["0.500"] * 288))

    assert found | {"start": "2024-05-01T00:00:00+02:00"} == found
    assert (found["quarter_hours"], found["too_old"]) == (192, 96)


@pytest.mark.usefixtures("entry")
async def test_holes_and_repetitions_of_omitted_quarter_hours_do_not_count(
    bring_in: BringIn,
) -> None:
    times = quarters("2024-04-01T00:00:00+02:00", 96 * 32)
    # In April, which is not kept, ten days are missing and the first quarter-hour is repeated.
    in_april = [times[0], times[0], *times[96 * 10 : 96 * 30]]
    in_may = times[96 * 30 :]
    found = await bring_in(file(*(row(written(time)) for time in in_april + in_may)))
    assert (found["quarter_hours"], found["holes"], found["repeated"]) == (192, 0, 0)

    # The same in May.
    in_may = [in_may[0], in_may[0], *in_may[96:]]
    found = await bring_in(file(*(row(written(time)) for time in in_april + in_may)))
    assert (found["quarter_hours"], found["holes"], found["repeated"]) == (97, 95, 1)


async def test_a_caller_that_does_not_wait_for_the_end(
    hass: HomeAssistant, entry: MockConfigEntry, bring_in: BringIn
) -> None:
    begun, may_go_on = threading.Event(), threading.Event()
    add = QuarterHourFiles.add

    def add_slowly(*args: Any) -> None:  # noqa: ANN401 - those of `add`
        begun.set()
        may_go_on.wait()
        add(*args)

    with patch.object(QuarterHourFiles, "add", add_slowly):
        # Home Assistant does the same if a dialog is closed, or an automation is begun anew.
        caller = hass.async_create_task(
            file_import.async_import(entry.runtime_data.records.leneda, april())
        )
        await asyncio.to_thread(begun.wait)
        caller.cancel()
        await asyncio.wait([caller])
        may_go_on.set()
        await hass.async_block_till_done()

    assert (await call(hass, "get_bill", month="2026-04"))["leneda_quarter_hours"] == 2880
    assert await refusal(bring_in(of_point(april(), OTHER))) == "leneda_point_changed"


async def test_a_crash_while_a_file_is_stored(
    home: Home, entry: MockConfigEntry, bring_in: BringIn
) -> None:
    add = QuarterHourFiles.add

    def add_and_crash(*args: Any) -> None:  # noqa: ANN401 - those of `add`
        add(*args)
        raise ArithmeticError

    records = entry.runtime_data.records
    with patch.object(QuarterHourFiles, "add", add_and_crash), suppress(ArithmeticError):
        await file_import.async_import(records.leneda, april())
    assert await refusal(bring_in(of_point(april(), OTHER))) == "leneda_point_changed"
    # The next start shows its hours.
    await home.again(telegram("00:00:20", 0.0))
    assert (await call(home.hass, "get_bill", month="2026-04"))["leneda_quarter_hours"] == 2880


@pytest.mark.usefixtures("entry")
async def test_a_file_that_is_not_there_or_not_allowed(hass: HomeAssistant, tmp_path: Path) -> None:
    for path, key in (
        ("/etc/passwd", "path_not_allowed"),
        (str(tmp_path / "none.csv"), "file_not_found"),
        (str(tmp_path), "file_not_found"),
        ("x" * 5000, "path_not_allowed"),
        (f"{tmp_path}/\0", "path_not_allowed"),
    ):
        assert await refusal(call(hass, "import_quarter_hours", path=path)) == key


@contextmanager
def uploaded(data: bytes, tmp_path: Path) -> Iterator[None]:
    """Let the browser's uploaded file have this data."""
    path = tmp_path / "upload"
    path.write_bytes(data)

    @contextmanager
    def process(_hass: HomeAssistant, _file_id: str) -> Iterator[Path]:
        yield path

    with patch(
        "custom_components.smarty_p1.flows.options.leneda_file.process_uploaded_file", process
    ):
        yield


async def settled(hass: HomeAssistant, result: Any) -> Any:  # noqa: ANN401 - a flow's result
    """Wait as long as the dialog shows progress, and return the next step."""
    while result["type"] is FlowResultType.SHOW_PROGRESS:
        assert result["progress_action"] == "leneda_import"
        await asyncio.sleep(0.01)
        result = await hass.config_entries.options.async_configure(result["flow_id"])
    return result


async def test_the_dialog_takes_a_file_and_another(
    hass: HomeAssistant, entry: MockConfigEntry, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    options = hass.config_entries.options
    flow = await open_options(hass, entry, "leneda_file")
    assert flow["type"] is FlowResultType.FORM
    assert flow["errors"] == {}

    async def choose(data: bytes | None) -> Any:  # noqa: ANN401 - JSON
        with uploaded(data, tmp_path) if data is not None else nullcontext():
            result = await options.async_configure(flow["flow_id"], {"file": "0" * 32})
            assert result["type"] is FlowResultType.SHOW_PROGRESS
            return await settled(hass, result)

    # An upload that has gone, and another file.
    for data, why in ((None, "again"), (b"no such file", "Leneda")):
        result = await choose(data)
        assert result["type"] is FlowResultType.FORM
        assert result["errors"] == {"file": "file_refused"}
        assert why in result["description_placeholders"]["why"]
    with patch.object(file_import, "compare_days", side_effect=ArithmeticError):
        result = await choose(april())
    assert result["errors"] == {"file": "file_refused"}
    assert "log" in result["description_placeholders"]["why"]
    assert "Unexpected error while importing a file" in caplog.text
    caplog.clear()

    result = await choose(april())
    assert result["type"] is FlowResultType.MENU
    assert result["menu_options"] == ["leneda_file", "leneda_finish"]
    # No day of April was measured here; a day of May is, below.
    assert result["step_id"] == "leneda_result_alone"
    told = result["description_placeholders"]
    assert told["register"] == "Energy imported (1-1:1.29.0)"
    assert (told["start"], told["end"]) == ("2026-04-01 00:00", "2026-05-01 00:00")
    assert (told["quarter_hours"], told["holes"]) == ("2880", "0")
    # The window shows the same after it was closed and opened again.
    again = await options.async_configure(flow["flow_id"])
    assert again["description_placeholders"] == told

    result = await options.async_configure(flow["flow_id"], {"next_step_id": "leneda_file"})
    assert result["errors"] == {}
    result = await choose(export(APRIL, ["0.100"] * 96, "1-65:1.29.9"))
    assert result["description_placeholders"]["register"] == "1-65:1.29.9"
    await options.async_configure(flow["flow_id"], {"next_step_id": "leneda_file"})
    day = "2026-05-20T00:00:00+02:00"
    measure(entry, [QuarterHour(start, 0.4, 0.0) for start in quarters(day, 96)])
    await hass.async_block_till_done()
    result = await choose(export(day, ["0.400"] * 96))
    assert (result["step_id"], result["menu_options"][-1]) == ("leneda_result", "leneda_finish")
    told = result["description_placeholders"]
    assert (told["compared_days"], told["differing_days"]) == ("1", "0")
    before = dict(entry.options)
    result = await options.async_configure(flow["flow_id"], {"next_step_id": "leneda_finish"})
    assert is_created(result)
    assert dict(entry.options) == before
    assert (await call(hass, "get_bill", month="2026-04"))["leneda_quarter_hours"] == 2880

    await unload_entry(hass, entry)
    result = await open_options(hass, entry, "leneda_file")
    assert is_done(result, "meter_not_running")
