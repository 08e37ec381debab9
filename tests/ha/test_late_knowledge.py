"""What is learnt late counts for all that was measured: contracts, the platform, a clock set right.

The meter is that of `billed_month`; its bills are worked out by hand.
"""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import issue_registry as ir
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smarty_p1.const import DOMAIN
from custom_components.smarty_p1.coordinator import imported_quarter_hours, leneda_history
from tests.lib.leneda.writing import export

from . import billed_month
from .billed_month import telegram
from .conftest import EntryMaker
from .dialogs import enter_contract
from .meter import MeterPort, with_value
from .support import receive, reload, wait_for_telegram
from .test_past_import import Clock

CONTRACT: dict[str, Any] = {"reference_power": "7", "energy_price": 0.15}
FEED_IN = {"feed_in_price": 0.06}


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Let the files of what is imported be in a folder of the test's own."""
    monkeypatch.setattr(imported_quarter_hours, "STORAGE_DIR", str(tmp_path / ".storage"))
    return tmp_path / ".storage"


@pytest.fixture
async def entry(
    hass: HomeAssistant,
    port: MeterPort,
    make_entry: EntryMaker,
    hass_storage: dict[str, Any],
    tmp_path: Path,
) -> MockConfigEntry:
    """Return the entry of a meter with one month and a half behind it."""
    hass.config.allowlist_external_dirs = {str(tmp_path)}
    return await billed_month.set_up(hass, port, make_entry, hass_storage)


async def call(hass: HomeAssistant, action: str, **data: object) -> Any:  # noqa: ANN401 - JSON
    """Return what an action answers."""
    return await hass.services.async_call(DOMAIN, action, data, blocking=True, return_response=True)


async def enter(
    hass: HomeAssistant, port: MeterPort, entry: MockConfigEntry, **typed: object
) -> None:
    """Enter a contract on 16 June in the dialog, and wait until it holds."""
    port.greeting = port.next_frame(telegram("00:00:10", 0.0))
    result = await enter_contract(hass, entry, typed)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    await wait_for_telegram(hass, entry)


def amounts(bill: dict[str, Any]) -> dict[str, float]:
    """Return the amounts of lines by their names."""
    return {line["name"]: line["amount"] for line in bill["lines"]}


async def test_a_night_price_since_the_first_that_is_entered_on_the_16th(
    hass: HomeAssistant, port: MeterPort, entry: MockConfigEntry
) -> None:
    before = await call(hass, "get_bill")
    assert before["total"] == 41.28
    night = {
        "second_energy_price": 0.1,
        "second_price_from": "22:00:00",
        "second_price_to": "06:00:00",
    }

    await enter(
        hass,
        port,
        entry,
        **CONTRACT,
        feed_in=FEED_IN,
        second_price=night,
        surcharge_price_since="2026-06-01",
    )

    bill = await call(hass, "get_bill")
    # Of 144 kWh, a third by night: 96 * 0.15 and 48 * 0.10.
    found = amounts(bill)
    assert (found["energy"], found["energy_second"]) == (14.4, 4.8)
    assert "unsplit_kwh" not in bill
    # 14.40 + 4.80 + 6.42 + 7.34 + 2.86 = 35.82, and 2.87 of VAT
    assert (bill["net"], bill["total"]) == (35.82, 38.69)
    # May keeps its price.
    assert (await call(hass, "get_bill", month="2026-05"))["total"] == 87.78


async def test_an_own_reference_power_since_may_that_is_entered_in_june(
    hass: HomeAssistant, port: MeterPort, entry: MockConfigEntry
) -> None:
    await enter(
        hass,
        port,
        entry,
        reference_power="4.5",
        energy_price=0.15,
        feed_in=FEED_IN,
        network_prices={"network_fixed_price": 10.0},
        surcharge_price_since="2026-05-01",
    )

    bill = await call(hass, "get_bill", month="2026-05")
    # Ten quarter-hours of 2 kWh, 1.125 kWh of which are at 4.5 kW: 8.75 kWh at 0.0765.
    [above] = [line for line in bill["lines"] if line["name"] == "surcharge"]
    assert (above["quantity"], above["amount"]) == (8.75, 0.67)
    # 47.49 + 10 + 16.15 + 5.72 + 0.67 = 80.03; 6.40 of VAT; 1.20 less for what was fed in.
    assert bill["total"] == 85.23


async def test_a_clock_that_is_30_days_late_for_two_hours_overwrites_nothing(
    hass: HomeAssistant, port: MeterPort, entry: MockConfigEntry, folder: Path
) -> None:
    path = folder / f"smarty_p1.{entry.entry_id}.quarter_hours" / "2026-05.csv"
    stored = path.read_bytes()
    for n in range(9):
        text = telegram(f"{n // 4:02}:{n % 4 * 15:02}:00", n * 1.76)
        await receive(hass, port, with_value(text, "0-0:1.0.0", _stamp(n)))
    await receive(hass, port, telegram("02:15:00", 16.0))
    await receive(hass, port, telegram("02:15:10", 16.0))
    await hass.async_block_till_done()

    assert path.read_bytes() == stored
    period = {"start": "2026-05-17 00:00:00+02:00", "end": "2026-05-18 00:00:00+02:00"}
    found = (await call(hass, "get_quarter_hours", **period))["quarter_hours"]
    assert sum(each["imported_kwh"] for each in found) == pytest.approx(9.6)
    assert (await call(hass, "get_bill", month="2026-05"))["total"] == 87.78


def _stamp(n: int) -> str:
    """Return the time of a quarter-hour of 17 May, 30 days before 16 June."""
    return f"(260517{n // 4:02}{n % 4 * 15:02}00S)"


async def test_an_outage_over_a_months_end_of_which_a_file_knows_june(
    hass: HomeAssistant,
    port: MeterPort,
    entry: MockConfigEntry,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Nobody reads from 16 June to 16 July: 30 days, 288 kWh, 9.6 a day.
    port.greeting = port.next_frame(_in_july("16000000", 360.0))
    await reload(hass, entry)
    await receive(hass, port, _in_july("16001500", 360.1))
    await receive(hass, port, _in_july("16003000", 360.2))
    june = await call(hass, "get_bill", month="2026-06")
    # By time: 15 of 30 days, 180 kWh of 360
    assert amounts(june)["energy"] == pytest.approx((144 + 180) * 0.15)

    clock = Clock()
    clock.now = datetime.fromisoformat("2026-07-17T08:00:00+02:00")
    for module in (leneda_history, imported_quarter_hours):
        monkeypatch.setattr(module, "dt_util", clock)
    path = tmp_path / "time-series.csv"
    # June had 0.8 kW: 19.2 kWh a day, 288 of the 360.
    path.write_bytes(export("2026-06-16T00:00:00+02:00", ["0.800"] * 15 * 96))
    await call(hass, "import_quarter_hours", path=str(path))

    june, july = (await call(hass, "get_bill", months=2))["months"]
    assert amounts(june)["energy"] == pytest.approx((144 + 288) * 0.15)
    # The rest, and two quarter-hours of 0.1 kWh.
    assert amounts(july)["energy"] == pytest.approx(round(72.2 * 0.15, 2))


def _in_july(stamp: str, kwh: float) -> str:
    return with_value(telegram("00:00:00", kwh), "0-0:1.0.0", f"(2607{stamp}S)")


async def test_damaged_lines_are_told_and_the_bill_stays_whole(
    hass: HomeAssistant, port: MeterPort, entry: MockConfigEntry, folder: Path
) -> None:
    before = await call(hass, "get_bill", month="2026-05")
    path = folder / f"smarty_p1.{entry.entry_id}.quarter_hours" / "2026-05.csv"
    whole = path.read_bytes()
    lines = whole.split(b"\n")
    lines[500:520] = [b"\0" * 60] * 20
    path.write_bytes(b"\n".join(lines))
    port.greeting = port.next_frame(telegram("00:00:20", 0.0))

    await reload(hass, entry)

    bill = await call(hass, "get_bill", month="2026-05")
    assert bill["total"] == before["total"]
    # 20 of 2976 are missing.
    assert bill["measured_share"] == 0.9933
    [issue] = _damages(hass)
    assert issue.translation_placeholders is not None
    assert issue.translation_placeholders["months"] == "2026-05"
    assert issue.translation_placeholders["folder"] == str(path.parent)

    path.write_bytes(whole)
    port.greeting = port.next_frame(telegram("00:00:30", 0.0))
    await reload(hass, entry)
    assert await call(hass, "get_bill", month="2026-05") == before
    assert not _damages(hass)


def _damages(hass: HomeAssistant) -> list[ir.IssueEntry]:
    issues = ir.async_get(hass).issues.values()
    return [issue for issue in issues if issue.translation_key == "damaged_month"]


async def test_a_meters_file_that_is_lost_costs_nothing_but_its_contracts(
    hass: HomeAssistant,
    port: MeterPort,
    entry: MockConfigEntry,
    hass_storage: dict[str, Any],
) -> None:
    before = await call(hass, "get_bill", month="2026-05")
    assert await hass.config_entries.async_unload(entry.entry_id)
    del hass_storage[f"smarty_p1.{entry.entry_id}.meter"]
    # 10 kWh came meanwhile.
    port.greeting = port.next_frame(telegram("00:10:00", 10.0))
    assert await hass.config_entries.async_setup(entry.entry_id)
    await wait_for_telegram(hass, entry)
    await receive(hass, port, telegram("00:15:00", 10.0))

    assert await call(hass, "get_bill", month="2026-05") == before
    june = await call(hass, "get_bill")
    assert june["lines"][0]["quantity"] == 154
