"""Late facts count for all measured energy: contracts, the platform, a clock set right.

The meter is that of `billed_month`; its bills are worked out by hand.
"""

from pathlib import Path

import pytest
from homeassistant.config_entries import ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from pytest_homeassistant_custom_component.common import MockConfigEntry

from smartyp1.json_types import JsonDict

from .billed_month import telegram
from .dialogs import add_contract, enter_contract, is_created
from .support import Home, call, said, unload_entry, wait_for_telegram


@pytest.fixture(autouse=True)
def folder(hass: HomeAssistant, tmp_path: Path) -> Path:
    """Return the folder of imported files, from where actions may read files."""
    hass.config.allowlist_external_dirs = {str(tmp_path)}
    return tmp_path / ".storage"


async def enter(home: Home, **typed: object) -> None:
    """Enter a contract on 16 June in the dialog, and wait until it holds."""
    home.port.greeting = home.port.next_frame(telegram("00:00:10", 0.0))
    await _is_stored(home, await enter_contract(home.hass, home.entry, typed))


async def add(home: Home, **typed: object) -> None:
    """Add a contract with a first day."""
    home.port.greeting = home.port.next_frame(telegram("00:00:10", 0.0))
    await _is_stored(home, await add_contract(home.hass, home.entry, typed))


async def _is_stored(home: Home, result: ConfigFlowResult) -> None:
    assert is_created(result)
    await home.hass.async_block_till_done()
    await wait_for_telegram(home.hass, home.entry)


@pytest.mark.usefixtures("entry")
async def test_an_own_reference_power_since_may_that_is_entered_in_june(home: Home) -> None:
    await enter(
        home,
        reference_power="4.5",
        energy_price=0.15,
        feed_in={"feed_in_price": 0.06},
        network_prices={"network_fixed_price": 10.0},
    )

    bill = await call(home.hass, "get_bill", month="2026-05")
    # Ten quarter-hours of 2 kWh. Of each, 1.125 kWh are at 4.5 kW: 8.75 kWh at 0.0765.
    [above] = [line for line in bill["lines"] if line["name"] == "surcharge"]
    assert (above["quantity"], above["amount"]) == (8.75, 0.67)
    # 47.49 + 10 + 16.15 + 5.72 + 0.67 = 80.03; 6.40 of VAT; 1.20 less for the exported energy.
    assert bill["total"] == 85.23


async def test_damaged_lines_are_a_repair_and_the_bill_stays_whole(
    home: Home, entry: MockConfigEntry, folder: Path
) -> None:
    before = await call(home.hass, "get_bill", month="2026-05")
    path = folder / f"smarty_p1.{entry.entry_id}.quarter_hours" / "2026-05.csv"
    whole = path.read_bytes()
    lines = whole.split(b"\n")
    lines[500:520] = [b"\0" * 60] * 20
    path.write_bytes(b"\n".join(lines))

    await home.again(telegram("00:00:20", 0.0))

    bill = await call(home.hass, "get_bill", month="2026-05")
    assert bill["total"] == before["total"]
    # 20 of 2976 are missing.
    assert bill["measured_share"] == 0.9933
    [issue] = _damages(home.hass)
    told = {"months": "2026-05", "folder": str(path.parent)}
    assert told.items() <= said(issue).items()

    path.write_bytes(whole)
    await home.again(telegram("00:00:30", 0.0))
    assert await call(home.hass, "get_bill", month="2026-05") == before
    assert not _damages(home.hass)


async def test_impossible_energy_of_a_month_stops_nothing_and_is_a_repair(
    home: Home, entry: MockConfigEntry, folder: Path
) -> None:
    before = await call(home.hass, "get_bill")
    path = folder / f"smarty_p1.{entry.entry_id}.quarter_hours" / "2026-05.csv"
    whole = path.read_bytes()
    # Typed lines have no checksum. Their 11 quarter-hours of 1 GWh are more than a ledger can add.
    lines = [line.split(b",") for line in whole.split(b"\n")]
    typed = [b",".join([*cells[:2], b"1e9", *cells[3:-1]]) for cells in lines[1:12]]
    path.write_bytes(b"\n".join([b",".join(lines[0]), *typed, *map(b",".join, lines[12:])]))

    await home.again(telegram("00:00:20", 0.0))
    assert (await call(home.hass, "get_bill"))["total"] == before["total"]
    [issue] = _damages(home.hass, "impossible_month")
    assert said(issue)["months"] == "2026-05"

    path.write_bytes(whole)
    await home.again(telegram("00:00:30", 0.0))
    assert not _damages(home.hass, "impossible_month")


def _damages(hass: HomeAssistant, key: str = "damaged_month") -> list[ir.IssueEntry]:
    issues = ir.async_get(hass).issues.values()
    return [issue for issue in issues if issue.translation_key == key]


async def test_a_meters_file_that_is_lost_costs_nothing(
    home: Home, entry: MockConfigEntry, hass_storage: JsonDict
) -> None:
    before = await call(home.hass, "get_bill", month="2026-05")
    assert await unload_entry(home.hass, entry)
    del hass_storage[f"smarty_p1.{entry.entry_id}.meter"]
    # 10 kWh came during the loss.
    await home.again(telegram("00:10:00", 10.0))
    await home.receive(telegram("00:15:00", 10.0))

    assert await call(home.hass, "get_bill", month="2026-05") == before
    june = await call(home.hass, "get_bill")
    assert june["lines"][0]["quantity"] == 154
