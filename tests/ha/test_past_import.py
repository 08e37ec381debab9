"""The past of a meter by file: what the actions and the dialog bring in, show, refuse, take back."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder.core import Recorder
from homeassistant.components.recorder.statistics import statistics_during_period
from homeassistant.core import Context, HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import ServiceValidationError, Unauthorized
from homeassistant.helpers.recorder import get_instance
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
    do_adhoc_statistics,
)

from custom_components.smarty_p1.const import DOMAIN
from custom_components.smarty_p1.coordinator import imported_quarter_hours
from tests.lib.leneda.writing import PRODUCTION, export, file, quarters, row, written

from . import billed_month
from .billed_month import telegram
from .conftest import EntryMaker
from .dialogs import open_options
from .meter import MeterPort
from .support import receive, reload, set_up

# The meter was read from 1 May to 16 June 2026, 0.4 kW but for ten quarter-hours.
NOW = "2026-06-16T00:00:10+02:00"
APRIL = "2026-04-01T00:00:00+02:00"
ENERGY = "sensor.smarty_energy_imported"
TOTAL = "sensor.smarty_total_cost_this_month"


@pytest.fixture(autouse=True)
def integration(
    recorder_mock: Recorder,
    enable_custom_integrations: None,
    socket_enabled: None,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Do as in the other tests, with a recorder that starts before everything else."""
    monkeypatch.setattr(imported_quarter_hours, "STORAGE_DIR", str(tmp_path / ".storage"))


@pytest.fixture
async def entry(
    hass: HomeAssistant,
    port: MeterPort,
    make_entry: EntryMaker,
    hass_storage: dict[str, Any],
    freezer: FrozenDateTimeFactory,
    tmp_path: Path,
) -> MockConfigEntry:
    """Return the entry of a meter with one month and a half behind it."""
    freezer.move_to(NOW)
    hass.config.allowlist_external_dirs = {str(tmp_path)}
    return await billed_month.set_up(hass, port, make_entry, hass_storage)


@pytest.fixture
def bring_in(hass: HomeAssistant, tmp_path: Path) -> Callable[[bytes], Any]:
    """Return a function that imports a file by the action."""

    async def bring_in(data: bytes) -> Any:  # noqa: ANN401 - JSON
        path = tmp_path / "time-series.csv"
        path.write_bytes(data)
        return await call(hass, "import_quarter_hours", path=str(path))

    return bring_in


async def call(hass: HomeAssistant, action: str, **data: object) -> Any:  # noqa: ANN401 - JSON
    """Return what an action answers."""
    return await hass.services.async_call(DOMAIN, action, data, blocking=True, return_response=True)


def april(kw: str = "2.000") -> bytes:
    """Return a whole month before the meter was read: 2880 quarter-hours."""
    return export(APRIL, [kw] * 2880)


async def test_months_peaks_and_bill_know_a_file(
    hass: HomeAssistant, entry: MockConfigEntry, bring_in: Callable[[bytes], Any]
) -> None:
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
        "compared_days": 0,
        "differing_days": 0,
        "waits": True,
    }
    bill = await call(hass, "get_bill", month="2026-04")
    assert bill["lines"][0] | {"amount": 0} == {
        "name": "energy",
        "quantity": 1440.0,
        "unit": "kWh",
        "price": 0.15,
        "amount": 0,
    }
    assert (bill["platform_quarter_hours"], bill["quarter_hours"]) == (2880, 2880)
    assert bill["measured_share"] == 1.0
    assert await call(hass, "get_bill", month="2026-05") == before
    months = (await call(hass, "compare_reference_powers"))["months"]
    assert [month["month"] for month in months] == ["2026-04", "2026-05", "2026-06"]
    period = {"start": "2026-04-30 23:45:00+02:00", "end": "2026-05-01 00:15:00+02:00"}
    [quarter] = (await call(hass, "get_quarter_hours", **period))["quarter_hours"]
    assert (quarter["imported_kwh"], quarter["origin"]) == (0.5, "platform")
    answer = await call(hass, "get_quarter_hours", **period, format="csv")
    assert answer["csv"].splitlines()[1] == "2026-04-30T23:45:00+02:00;2;;;;platform"


async def test_it_is_known_after_a_restart(
    hass: HomeAssistant,
    port: MeterPort,
    entry: MockConfigEntry,
    bring_in: Callable[[bytes], Any],
) -> None:
    await bring_in(april())
    port.greeting = port.next_frame(telegram("00:00:20", 0.0))
    await reload(hass, entry)

    assert (await call(hass, "get_bill", month="2026-04"))["platform_quarter_hours"] == 2880

    folder = Path(imported_quarter_hours.STORAGE_DIR)
    assert {path.name for path in folder.glob("*imported*")} != set()
    await hass.config_entries.async_remove(entry.entry_id)
    assert {path.name for path in folder.glob("*imported*")} == set()


async def test_ones_own_quarter_hours_win(
    hass: HomeAssistant,
    port: MeterPort,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    bring_in: Callable[[bytes], Any],
) -> None:
    await receive(hass, port, telegram("00:15:00", 2.0))
    freezer.move_to("2026-06-17T08:00:00+02:00")

    await bring_in(export("2026-06-16T00:00:00+02:00", ["0.400"] * 96))

    answer = await call(hass, "get_quarter_hours", start="2026-06-16 07:00", end="2026-06-16 08:00")
    shown = [(each["imported_kwh"], each.get("origin")) for each in answer["quarter_hours"]]
    assert shown == [(0.1, "platform")] * 4
    answer = await call(
        hass,
        "get_quarter_hours",
        start="2026-06-16 00:00:00+02:00",
        end="2026-06-16 00:30:00+02:00",
    )
    shown = [(each["imported_kwh"], each.get("origin")) for each in answer["quarter_hours"]]
    assert shown == [(2.0, None), (0.1, "platform")]


async def test_it_is_taken_back(
    hass: HomeAssistant, entry: MockConfigEntry, bring_in: Callable[[bytes], Any]
) -> None:
    with pytest.raises(ServiceValidationError) as raised:
        await call(hass, "remove_imported_quarter_hours")
    assert raised.value.translation_key == "leneda_nothing_imported"
    before = await call(hass, "compare_reference_powers")
    await bring_in(april())

    await call(hass, "remove_imported_quarter_hours")

    assert await call(hass, "compare_reference_powers") == before
    assert list(Path(imported_quarter_hours.STORAGE_DIR).glob("*.imported*")) == []


# 0.4 kW a quarter-hour were measured on 16 June, and nothing was fed in but in the morning.
def measured(n: int) -> tuple[float, float]:
    """Return what the meter has counted after some quarter-hours."""
    return sum(1.0 if q % 4 == 0 else 0.05 * (q % 4) for q in range(n)), 0.2 * min(n, 20)


DRAWN = [f"{4 * (1.0 if q % 4 == 0 else 0.05 * (q % 4)):.3f}" for q in range(96)]
FED_IN = ["0.800"] * 20 + ["0.000"] * 76


@pytest.mark.parametrize(
    ("data", "key"),
    [
        (export("2026-06-16T00:00:00+02:00", DRAWN), None),
        (export("2026-06-16T00:00:00+02:00", FED_IN, PRODUCTION), None),
        (export("2026-06-16T00:00:00+02:00", ["3.000"] * 96), "leneda_other_point"),
        (export("2026-06-16T00:00:00+02:00", FED_IN), "leneda_production"),
        (export("2026-06-16T00:00:00+02:00", DRAWN, PRODUCTION), "leneda_consumption"),
        (
            export("2026-06-16T00:00:00+02:00", [f"{float(kw) / 4:.3f}" for kw in DRAWN]),
            "leneda_factor_four",
        ),
        (
            export("2026-06-16T00:00:00+02:00", [*DRAWN[93:], *DRAWN[:93]]),
            None,
        ),
    ],
)
async def test_a_file_that_contradicts_what_was_measured(
    hass: HomeAssistant,
    port: MeterPort,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    bring_in: Callable[[bytes], Any],
    data: bytes,
    key: str | None,
) -> None:
    for n in range(1, 97):
        hours, minutes = divmod(n * 15, 60)
        clock = f"{hours:02}:{minutes:02}:00" if n < 96 else "23:59:59"
        await receive(hass, port, telegram(clock, *measured(n)))
    await receive(
        hass,
        port,
        telegram("00:00:05", *measured(96)).replace("(260616000005S)", "(260617000005S)"),
    )
    freezer.move_to("2026-06-18T08:00:00+02:00")
    if key is None:
        assert (await bring_in(data))["compared_days"] == 1
        return

    with pytest.raises(ServiceValidationError) as raised:
        await bring_in(data)

    assert raised.value.translation_key == key
    assert list(Path(imported_quarter_hours.STORAGE_DIR).glob("*.imported*")) == []


@pytest.mark.parametrize(
    ("data", "key"),
    [
        (b"", "leneda_empty"),
        (b"\x00" * 100, "leneda_not_csv"),
        (b"x" * 20_000_001, "leneda_too_large"),
        (april().replace(b",", b";"), "leneda_spreadsheet"),
        (file(row("2026-06-18T00:00:00+02:00")), "leneda_future"),
        (file(row("2026-06-01T00:05:00+02:00")), "leneda_no_quarter_hour"),
        (file(row("2026-06-01T00:00:00+05:00")), "leneda_wrong_offset"),
        (april()[:-30], "leneda_truncated"),
    ],
)
@pytest.mark.usefixtures("entry")
async def test_a_file_that_is_not_right(
    bring_in: Callable[[bytes], Any], data: bytes, key: str
) -> None:
    with pytest.raises(ServiceValidationError) as raised:
        await bring_in(data)

    assert raised.value.translation_key == key
    assert "{" not in str(raised.value)


@pytest.mark.usefixtures("entry")
async def test_a_file_that_is_not_there_or_not_allowed(hass: HomeAssistant, tmp_path: Path) -> None:
    for path, key in (
        ("/etc/passwd", "path_not_allowed"),
        (str(tmp_path / "none.csv"), "file_not_found"),
        (str(tmp_path), "file_not_found"),
        ("x" * 5000, "path_not_allowed"),
        (f"{tmp_path}/\0", "path_not_allowed"),
    ):
        with pytest.raises(ServiceValidationError) as raised:
            await call(hass, "import_quarter_hours", path=path)
        assert raised.value.translation_key == key


@pytest.mark.usefixtures("entry")
async def test_only_administrators_change_the_past(
    hass: HomeAssistant, hass_read_only_user: MockUser
) -> None:
    for action, data in (
        ("import_quarter_hours", {"path": "/x"}),
        ("remove_imported_quarter_hours", {}),
    ):
        with pytest.raises(Unauthorized):
            await hass.services.async_call(
                DOMAIN,
                action,
                data,
                blocking=True,
                context=Context(user_id=hass_read_only_user.id),
            )


@contextmanager
def uploaded(data: bytes, tmp_path: Path) -> Iterator[None]:
    """Let a file be the one that the browser has sent."""
    path = tmp_path / "upload"
    path.write_bytes(data)

    @contextmanager
    def process(_hass: HomeAssistant, _file_id: str) -> Iterator[Path]:
        yield path

    with patch("custom_components.smarty_p1.flows.leneda_file.process_uploaded_file", process):
        yield


async def test_the_dialog_takes_a_file_and_another(
    hass: HomeAssistant, entry: MockConfigEntry, tmp_path: Path
) -> None:
    options = hass.config_entries.options
    flow = await open_options(hass, entry, "leneda_file")
    assert flow["type"] is FlowResultType.FORM
    assert flow["errors"] == {}

    async def choose(data: bytes) -> Any:  # noqa: ANN401 - JSON
        with uploaded(data, tmp_path):
            result = await options.async_configure(flow["flow_id"], {"file": "0" * 32})
            assert result["type"] is FlowResultType.SHOW_PROGRESS
            assert result["progress_action"] == "leneda_import"
            while result["type"] is FlowResultType.SHOW_PROGRESS:
                await asyncio.sleep(0.01)
                await hass.async_block_till_done()
                result = await options.async_configure(flow["flow_id"])
        return result

    result = await choose(b"no such file")
    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == {"file": "file_refused"}
    assert "Leneda" in result["description_placeholders"]["why"]

    result = await choose(april())
    assert result["type"] is FlowResultType.MENU
    assert result["menu_options"] == ["leneda_file", "leneda_finish"]
    told = result["description_placeholders"]
    assert told["register"] == "Energy imported (1-1:1.29.0)"
    assert (told["start"], told["end"]) == ("2026-04-01 00:00", "2026-05-01 00:00")
    assert (told["quarter_hours"], told["holes"]) == ("2880", "0")

    result = await options.async_configure(flow["flow_id"], {"next_step_id": "leneda_file"})
    assert result["errors"] == {}
    result = await choose(export(APRIL, ["0.100"] * 96, "1-65:1.29.9"))
    assert result["description_placeholders"]["register"] == "1-65:1.29.9"
    before = dict(entry.options)
    result = await options.async_configure(flow["flow_id"], {"next_step_id": "leneda_finish"})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert dict(entry.options) == before
    assert (await call(hass, "get_bill", month="2026-04"))["platform_quarter_hours"] == 2880


async def test_an_upload_that_has_gone(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    flow = await open_options(hass, entry, "leneda_file")
    result = await hass.config_entries.options.async_configure(flow["flow_id"], {"file": "0" * 32})
    await hass.async_block_till_done()
    result = await hass.config_entries.options.async_configure(flow["flow_id"])

    assert result["errors"] == {"file": "file_refused"}
    assert "once more" in result["description_placeholders"]["why"]


async def test_the_dialog_needs_a_meter(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    await hass.config_entries.async_unload(entry.entry_id)
    result = await open_options(hass, entry, "leneda_file")

    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "meter_not_running")
