"""The repair that moves sources of the Energy dashboard to corrected hours, and back."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest
from homeassistant.components.energy.data import async_get_manager
from homeassistant.components.recorder.statistics import async_import_statistics
from homeassistant.components.repairs import repairs_flow_manager
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, flush_store
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.smarty_p1.coordinator.statistics.hourly_statistics import Series, async_write
from tests.ha.meter import SERIAL, with_value
from tests.ha.repairs import choose, open_repair
from tests.ha.support import TELEGRAM, Home, changes_of, metadata_of_sums

pytestmark = pytest.mark.usefixtures("recorder_mock")

KEY = f"smarty_p1:{sha256(SERIAL.encode()).hexdigest()[:8]}"
IMPORTED, EXPORTED = "sensor.smarty_energy_imported", "sensor.smarty_energy_exported"
GAS = "sensor.gas_meter_7401"
GRID = {
    "type": "grid",
    "stat_energy_from": IMPORTED,
    "stat_energy_to": EXPORTED,
    "stat_cost": None,
    "entity_energy_price": "sensor.smarty_price_of_imported_energy",
    "number_energy_price": None,
    "stat_compensation": None,
    "entity_energy_price_export": None,
    "number_energy_price_export": None,
    "stat_rate": "sensor.smarty_net_power",
    "cost_adjustment_day": 0.0,
    "name": "House",
}
MOVED_GRID = GRID | {
    "stat_energy_from": f"{KEY}_imported",
    "stat_energy_to": f"{KEY}_exported",
    "stat_cost": f"{KEY}_cost",
    "entity_energy_price": None,
}
NO_COST = {"stat_cost": None, "entity_energy_price": None, "number_energy_price": None}
GAS_SOURCE = {"type": "gas", "stat_energy_from": GAS, **NO_COST}
MOVED_GAS = GAS_SOURCE | {"stat_energy_from": f"{KEY}_gas_volume"}
THEIRS = GRID | {
    "stat_energy_from": "sensor.theirs",
    "stat_energy_to": "sensor.theirs_too",
    "stat_rate": "sensor.their_power",
}
MARCH = datetime(2025, 3, 2, 11, tzinfo=UTC)
UNITS = {"gas_volume": ("m³", "volume"), "cost": ("EUR", None), "compensation": ("EUR", None)}


@pytest.fixture
async def entry(hass: HomeAssistant, home: Home) -> MockConfigEntry:
    """Set a meter up, whose statistics begin in March."""
    assert await async_setup_component(hass, "energy", {})
    assert await async_setup_component(hass, "repairs", {})
    for kind in ("imported", "exported", "cost", "gas_volume"):
        unit, unit_class = UNITS.get(kind, ("kWh", "energy"))
        hours = {MARCH: 1.0, MARCH + timedelta(hours=1): 2.0}
        await async_write(hass, Series(f"{KEY}_{kind}", "", unit, unit_class, hours, ()))
    entry = await home.set_up(energy_price=0.15, feed_in_price=0.06)
    # The sources are looked at once the statistics are written.
    await home.wait_until(lambda: "smarty_p1_energy_sources" in hass.data)
    return entry


async def save(hass: HomeAssistant, *sources: Any) -> None:  # noqa: ANN401 - JSON
    """Enter sources in the Energy dashboard, as a user does."""
    update: Any = {"energy_sources": [dict(source) for source in sources]}
    await (await async_get_manager(hass)).async_update(update)
    await hass.async_block_till_done()


async def sources(hass: HomeAssistant) -> Any:  # noqa: ANN401 - JSON
    """Return the sources of the Energy dashboard."""
    data = (await async_get_manager(hass)).data
    assert data
    return data["energy_sources"]


def issue(hass: HomeAssistant, entry: MockConfigEntry, problem: str) -> ir.IssueEntry | None:
    return ir.async_get(hass).async_get_issue("smarty_p1", f"{problem}_{entry.entry_id}")


def is_told(hass: HomeAssistant, entry: MockConfigEntry, problem: str) -> bool:
    """Return whether the user sees an issue."""
    found = issue(hass, entry, problem)
    return found is not None and found.active and found.dismissed_version is None


def shown_lines(hass: HomeAssistant, entry: MockConfigEntry) -> str:
    """Return the lines of the offer, or an empty text."""
    found = issue(hass, entry, "energy_sources")
    return (found.translation_placeholders or {})["sources"] if found else ""


def captured(entity_id: str, clock: str, index: str) -> str:
    """Return a telegram of 3 July 2025 with the index of a gas meter."""
    identifier = f"GAS 07900025{entity_id[-4:]}".encode().hex().upper()
    text = with_value(TELEGRAM, "0-1:96.1.0", f"({identifier})")
    return with_value(text, "0-1:24.2.1", f"(250703{clock}00S)({index}*m3)")


async def form(hass: HomeAssistant, entry: MockConfigEntry) -> Any:  # noqa: ANN401 - JSON
    return await open_repair(hass, f"energy_sources_{entry.entry_id}")


def options(shown: Any) -> list[dict[str, str]]:  # noqa: ANN401 - JSON
    """Return what the user can choose."""
    [selector] = shown["data_schema"].schema.values()
    return list(selector.config["options"])


async def submit(hass: HomeAssistant, shown: Any, chosen: list[str] | None = None) -> str:  # noqa: ANN401 - JSON
    """Choose sources, by default those that are selected. Return what is told."""
    repairs = repairs_flow_manager(hass)
    assert repairs
    typed = shown["data_schema"]({} if chosen is None else {"sources": chosen})
    result = await repairs.async_configure(shown["flow_id"], typed)
    await hass.async_block_till_done()
    return str(result["reason"])


async def check_with_home_assistant(hass: HomeAssistant, client: Any) -> None:  # noqa: ANN401 - JSON
    """Save the sources again, as the page of the Energy dashboard does, and validate them."""
    shown = await sources(hass)
    await client.send_json_auto_id({"type": "energy/save_prefs", "energy_sources": shown})
    assert (await client.receive_json())["result"]["energy_sources"] == shown
    await client.send_json_auto_id({"type": "energy/validate"})
    found = (await client.receive_json())["result"]["energy_sources"]
    told_of = {
        name for each in found for complaint in each for name, _ in complaint["affected_entities"]
    }
    assert not {name for name in told_of if name.startswith("smarty_p1:")}


async def test_sources_move_by_the_button_and_come_back(
    hass: HomeAssistant, entry: MockConfigEntry, hass_ws_client: WebSocketGenerator
) -> None:
    await save(hass, THEIRS, GRID, GAS_SOURCE)
    assert await sources(hass) == [THEIRS, GRID, GAS_SOURCE]
    assert is_told(hass, entry, "energy_sources")

    shown = await form(hass, entry)
    assert [option["label"] for option in options(shown)] == [
        (
            "Smarty Energy imported → Smarty 2574 Energy imported (by hour, corrected),"
            " Smarty Energy exported → Smarty 2574 Energy exported (by hour, corrected): 2025-03-02"
        ),
        "Gas meter 7401 → Smarty 2574 Gas volume (by hour, corrected): 2025-03-02",
    ]
    assert await submit(hass, shown) == "energy_moved"
    assert await sources(hass) == [THEIRS, MOVED_GRID, MOVED_GAS]
    client = await hass_ws_client()
    await check_with_home_assistant(hass, client)
    assert not issue(hass, entry, "energy_sources")

    # The offer to undo survives a restart.
    registry = ir.async_get(hass)
    await flush_store(registry._store)
    registry.issues.clear()
    await registry.async_load()
    assert is_told(hass, entry, "energy_moved")
    menu = await open_repair(hass, f"energy_moved_{entry.entry_id}")
    await choose(hass, menu, "undo")
    assert await sources(hass) == [THEIRS, GRID, GAS_SOURCE]
    await check_with_home_assistant(hass, client)
    assert not issue(hass, entry, "energy_moved")
    # It is not offered again, but the user finds it among the ignored messages.
    assert not is_told(hass, entry, "energy_sources")
    assert await submit(hass, await form(hass, entry)) == "energy_moved"
    assert await sources(hass) == [THEIRS, MOVED_GRID, MOVED_GAS]
    await choose(hass, await open_repair(hass, f"energy_moved_{entry.entry_id}"), "keep")
    assert await sources(hass) == [THEIRS, MOVED_GRID, MOVED_GAS]
    assert not issue(hass, entry, "energy_moved")


async def test_sources_that_are_not_chosen_stay(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    # The entity of gas goes further back than the statistic: this source is not selected.
    early = MARCH - timedelta(days=300)
    metadata = metadata_of_sums(GAS, "m³", "volume")
    async_import_statistics(hass, metadata, [{"start": early, "state": 1.0, "sum": 1.0}])
    await save(hass, GRID, GAS_SOURCE)
    assert await submit(hass, await form(hass, entry)) == "energy_moved"
    assert await sources(hass) == [MOVED_GRID, GAS_SOURCE]
    assert not is_told(hass, entry, "energy_sources")

    assert await submit(hass, await form(hass, entry), []) == "energy_kept"
    assert await sources(hass) == [MOVED_GRID, GAS_SOURCE]
    # A later move can be undone together with the first.
    hass.config.language = "fr"
    shown = await form(hass, entry)
    assert options(shown)[0]["label"].endswith(": 02/03/2025")
    assert await submit(hass, shown, ["0"]) == "energy_moved"
    assert await sources(hass) == [MOVED_GRID, MOVED_GAS]
    told = issue(hass, entry, "energy_moved")
    assert told
    lines = (told.translation_placeholders or {})["sources"].splitlines()
    assert [line[:9] + line[-12:] for line in lines] == [
        "- Smarty : 2025-03-02",
        "- Gas met: 2025-03-02",
    ]
    await choose(hass, await open_repair(hass, f"energy_moved_{entry.entry_id}"), "undo")
    assert await sources(hass) == [GRID, GAS_SOURCE]


async def test_a_source_with_an_own_price_stays_and_is_told(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    own = GRID | {"entity_energy_price": None, "number_energy_price": 0.25}
    await save(hass, own)
    assert not issue(hass, entry, "energy_sources")
    found = issue(hass, entry, "energy_own_price")
    assert found
    assert not found.is_fixable
    assert (found.translation_placeholders or {})["sources"] == (
        "- House → Smarty 2574 Energy imported (by hour, corrected),"
        " Smarty 2574 Energy exported (by hour, corrected)"
    )
    # Once it has the meter's price, it can move.
    await save(hass, GRID)
    assert not issue(hass, entry, "energy_own_price")
    assert is_told(hass, entry, "energy_sources")


async def test_the_source_of_an_exchanged_gas_meter_moves_and_comes_back(
    home: Home, entry: MockConfigEntry, hass_ws_client: WebSocketGenerator
) -> None:
    new, rate = f"{GAS[:-4]}9999", "_flow_rate"
    old_source = GAS_SOURCE | {
        "stat_rate": GAS + rate,
        "name": "Heating",
        "stat_cost": "sensor.mine",
    }
    await save(
        home.hass, old_source, {"type": "gas", "stat_energy_from": "sensor.theirs", **NO_COST}
    )
    # The old meter is read at 10:30 (in the fixture), 11:30 and 12:30, the new one from 13:30 on.
    for clock, index in (("1130", "00679.901"), ("1230", "00681.901")):
        await home.receive(captured(GAS, clock, index))
    for clock, index in (("1330", "00003.000"), ("1430", "00003.500"), ("1530", "00007.500")):
        await home.receive(captured(new, clock, index))

    await home.wait_until(lambda: "9999" in shown_lines(home.hass, entry))

    shown = await form(home.hass, entry)
    assert [option["label"] for option in options(shown)] == [
        (
            "Gas meter 7401 → Smarty 2574 Gas volume (by hour, corrected),"
            " Gas meter 7401 Flow rate → Gas meter 9999 Flow rate: 2025-03-02"
        )
    ]
    assert await submit(home.hass, shown) == "energy_moved"
    moved = old_source | {"stat_energy_from": f"{KEY}_gas_volume", "stat_rate": new + rate}
    assert (await sources(home.hass))[0] == moved
    await check_with_home_assistant(home.hass, await hass_ws_client())
    # The new source shows the gas of both meters, and nothing between their last and first reading.
    gas: dict[datetime, float] = {}
    while not gas:
        await home.hass.async_block_till_done()
        gas = await changes_of(home.hass, f"{KEY}_gas_volume")
    july = {hour.hour: value for hour, value in gas.items() if hour.month == 7}
    assert july == pytest.approx({8: 0.5, 9: 1.5, 10: 1.0, 11: 0.25, 12: 2.25}, abs=0.001)

    await choose(home.hass, await open_repair(home.hass, f"energy_moved_{entry.entry_id}"), "undo")
    assert (await sources(home.hass))[0] == old_source

    # The user adds the new meter, too: both sources become one, and two again.
    new_source = GAS_SOURCE | {"stat_energy_from": new, "stat_rate": new + rate}
    await save(home.hass, old_source, new_source)
    assert await submit(home.hass, await form(home.hass, entry)) == "energy_moved"
    assert await sources(home.hass) == [moved]
    await choose(home.hass, await open_repair(home.hass, f"energy_moved_{entry.entry_id}"), "undo")
    assert await sources(home.hass) == [old_source, new_source]


async def test_the_flow_rate_of_an_exchanged_gas_meter_is_offered_at_once(
    home: Home, entry: MockConfigEntry
) -> None:
    new = f"{GAS[:-4]}9999_flow_rate"
    source = MOVED_GAS | {"stat_rate": f"{GAS}_flow_rate"}
    await save(home.hass, source)
    assert not issue(home.hass, entry, "energy_sources")

    await home.receive(captured(GAS, "1130", "00679.901"))
    await home.receive(captured(new[:-10], "1330", "00003.000"))

    await home.wait_until(lambda: "9999" in shown_lines(home.hass, entry))
    shown = await form(home.hass, entry)
    assert [option["label"] for option in options(shown)] == [
        "Gas meter 7401 Flow rate → Gas meter 9999 Flow rate"
    ]
    assert await submit(home.hass, shown) == "energy_moved"
    assert await sources(home.hass) == [source | {"stat_rate": new}]


async def test_nothing_is_told_without_statistics_or_sources(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    await save(hass)
    await save(hass, THEIRS, MOVED_GRID, MOVED_GAS)
    assert not issue(hass, entry, "energy_sources")
    # A compensation without hours: the source would lose it.
    priced = GRID | {"entity_energy_price_export": "sensor.smarty_price_of_exported_energy"}
    await save(hass, priced)
    assert not issue(hass, entry, "energy_sources")
    assert not issue(hass, entry, "energy_own_price")


async def test_the_recorder_is_not_asked_while_home_assistant_stops(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    hass.set_state(CoreState.stopping)
    await save(hass, GRID)
    assert not is_told(hass, entry, "energy_sources")
    hass.set_state(CoreState.running)
    await save(hass, GRID)
    assert is_told(hass, entry, "energy_sources")


async def test_dialogs_of_a_meter_that_does_not_run(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    await save(hass, GRID)
    shown = await form(hass, entry)
    await save(hass, THEIRS)
    # The source has changed while the dialog was open.
    assert await submit(hass, shown) == "energy_kept"
    assert await sources(hass) == [THEIRS]
    assert not issue(hass, entry, "energy_moved")
    await save(hass, GRID, GAS_SOURCE)
    assert await submit(hass, await form(hass, entry), ["0"]) == "energy_moved"
    shown = await form(hass, entry)
    await hass.config_entries.async_unload(entry.entry_id)
    assert await submit(hass, shown) == "entry_removed"
    menu = await open_repair(hass, f"energy_moved_{entry.entry_id}")
    result = await choose(hass, menu, "undo")
    assert result["reason"] == "entry_removed"
    await hass.config_entries.async_remove(entry.entry_id)
    assert not issue(hass, entry, "energy_moved")
