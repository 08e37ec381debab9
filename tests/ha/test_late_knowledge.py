"""What is learnt late counts for all that was measured: contracts, the platform, a clock set right.

The meter is that of `billed_month`; its bills are worked out by hand.
"""

from pathlib import Path
from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import issue_registry as ir
from pytest_homeassistant_custom_component.common import MockConfigEntry

from .billed_month import telegram
from .dialogs import enter_contract
from .meter import MeterPort
from .support import call, receive, reload, wait_for_telegram


@pytest.fixture(autouse=True)
def folder(hass: HomeAssistant, tmp_path: Path) -> Path:
    """Return the folder of what is imported, from where actions may read files."""
    hass.config.allowlist_external_dirs = {str(tmp_path)}
    return tmp_path / ".storage"


async def enter(
    hass: HomeAssistant, port: MeterPort, entry: MockConfigEntry, **typed: object
) -> None:
    """Enter a contract on 16 June in the dialog, and wait until it holds."""
    port.greeting = port.next_frame(telegram("00:00:10", 0.0))
    result = await enter_contract(hass, entry, typed)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    await wait_for_telegram(hass, entry)


async def test_an_own_reference_power_since_may_that_is_entered_in_june(
    hass: HomeAssistant, port: MeterPort, entry: MockConfigEntry
) -> None:
    await enter(
        hass,
        port,
        entry,
        reference_power="4.5",
        energy_price=0.15,
        feed_in={"feed_in_price": 0.06},
        network_prices={"network_fixed_price": 10.0},
        surcharge_price_since="2026-05-01",
    )

    bill = await call(hass, "get_bill", month="2026-05")
    # Ten quarter-hours of 2 kWh, 1.125 kWh of which are at 4.5 kW: 8.75 kWh at 0.0765.
    [above] = [line for line in bill["lines"] if line["name"] == "surcharge"]
    assert (above["quantity"], above["amount"]) == (8.75, 0.67)
    # 47.49 + 10 + 16.15 + 5.72 + 0.67 = 80.03; 6.40 of VAT; 1.20 less for what was fed in.
    assert bill["total"] == 85.23


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
    hass: HomeAssistant, port: MeterPort, entry: MockConfigEntry, hass_storage: dict[str, Any]
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
