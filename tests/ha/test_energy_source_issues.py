"""The repair that moves sources of the Energy dashboard to corrected hours, and back."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest
from homeassistant.components.energy.data import async_get_manager
from homeassistant.components.recorder.statistics import async_import_statistics
from homeassistant.components.repairs import RepairsFlowResult
from homeassistant.core import CoreState
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import flush_store
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.smarty_p1.coordinator.statistics.hourly_statistics import Series, async_write
from tests.ha import kit
from tests.ha.dialogs import choose, fill_in, open_repair
from tests.ha.meter import SERIAL, with_value
from tests.ha.support import (
    TELEGRAM,
    Home,
    changes_of,
    metadata_of_sums,
    remove_entry,
    said,
    unload_entry,
)

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


def options(shown: Any) -> list[dict[str, str]]:  # noqa: ANN401 - JSON
    [selector] = shown["data_schema"].schema.values()
    return list(selector.config["options"])


class House(Home):
    """A home with an Energy dashboard, whose statistics begin in March."""

    async def save(self, *sources: Any) -> None:  # noqa: ANN401 - JSON
        update: Any = {"energy_sources": [dict(source) for source in sources]}
        await (await async_get_manager(self.hass)).async_update(update)
        await self.hass.async_block_till_done()

    async def sources(self) -> Any:  # noqa: ANN401 - JSON
        data = (await async_get_manager(self.hass)).data
        assert data
        return data["energy_sources"]

    def is_told(self, problem: str) -> bool:
        """Return whether the user sees an issue."""
        found = self.issue(problem)
        return found is not None and found.dismissed_version is None

    def is_offered(self, name: str) -> bool:
        """Return whether a source with this name is offered."""
        found = self.issue("energy_sources")
        return found is not None and name in said(found)["sources"]

    async def form(self) -> Any:  # noqa: ANN401 - JSON
        return await open_repair(self.hass, f"energy_sources_{self.entry.entry_id}")

    async def submit(self, shown: Any, chosen: list[str] | None = None) -> str:  # noqa: ANN401 - JSON
        """Choose sources, by default the selected ones. Return the reason of the end."""
        typed = shown["data_schema"]({} if chosen is None else {"sources": chosen})
        return str((await fill_in(self.hass, shown, typed))["reason"])

    async def move(self, chosen: list[str] | None = None) -> str:
        return await self.submit(await self.form(), chosen)

    async def after_move(self, step: str) -> RepairsFlowResult:
        """Open the repair after a move, and choose a way out."""
        menu = await open_repair(self.hass, f"energy_moved_{self.entry.entry_id}")
        return await choose(self.hass, menu, step)

    async def check(self, client: Any) -> None:  # noqa: ANN401 - JSON
        """Save the sources again, as the page of the Energy dashboard does, and validate them."""
        shown = await self.sources()
        await client.send_json_auto_id({"type": "energy/save_prefs", "energy_sources": shown})
        assert (await client.receive_json())["result"]["energy_sources"] == shown
        await client.send_json_auto_id({"type": "energy/validate"})
        found = (await client.receive_json())["result"]["energy_sources"]
        complaints = [complaint["affected_entities"] for each in found for complaint in each]
        assert not [name for told in complaints for name, _ in told if "smarty_p1:" in name]


@pytest.fixture
async def house(home: Home) -> House:
    assert await async_setup_component(home.hass, "energy", {})
    for kind in ("imported", "exported", "cost", "gas_volume"):
        unit, unit_class = UNITS.get(kind, ("kWh", "energy"))
        hours = {MARCH: 1.0, MARCH + timedelta(hours=1): 2.0}
        await async_write(home.hass, [Series(f"{KEY}_{kind}", "", unit, unit_class, hours, ())])
    house = House(home.hass, home.port, home.make_entry)
    await house.set_up(energy_price=0.15, feed_in_price=0.06)
    # The sources are looked at once the statistics are written.
    await house.wait_until(lambda: "smarty_p1_energy_sources" in home.hass.data)
    return house


def captured(entity_id: str, clock: str, index: str) -> str:
    """Return a telegram of 3 July 2025 with the index of a gas meter."""
    identifier = f"GAS 07900025{entity_id[-4:]}".encode().hex().upper()
    text = with_value(TELEGRAM, "0-1:96.1.0", f"({identifier})")
    return with_value(text, "0-1:24.2.1", f"(250703{clock}00S)({index}*m3)")


async def test_sources_move_by_the_button_and_come_back(
    house: House, hass_ws_client: WebSocketGenerator
) -> None:
    await house.save(THEIRS, GRID, GAS_SOURCE)
    assert await house.sources() == [THEIRS, GRID, GAS_SOURCE]
    assert house.is_told("energy_sources")

    shown = await house.form()
    assert [option["label"] for option in options(shown)] == [
        (
            "Smarty Energy imported → Smarty 2574 Energy imported (by hour, corrected),"
            " Smarty Energy exported → Smarty 2574 Energy exported (by hour, corrected)"
            " (2025-03-02)"
        ),
        "Gas meter 7401 → Smarty 2574 Gas volume (by hour, corrected) (2025-03-02)",
    ]
    assert await house.submit(shown) == "energy_moved"
    assert await house.sources() == [THEIRS, MOVED_GRID, MOVED_GAS]
    client = await hass_ws_client()
    await house.check(client)
    assert not house.issue("energy_sources")

    # The offer to undo survives a restart.
    registry = ir.async_get(house.hass)
    await flush_store(kit.issue_store(registry))
    registry.issues.clear()
    await registry.async_load()
    assert house.is_told("energy_moved")
    await house.after_move("undo")
    assert await house.sources() == [THEIRS, GRID, GAS_SOURCE]
    await house.check(client)
    assert not house.issue("energy_moved")
    # The repair is not offered again, but the user finds it among the ignored messages.
    assert not house.is_told("energy_sources")
    assert await house.move() == "energy_moved"
    assert await house.sources() == [THEIRS, MOVED_GRID, MOVED_GAS]
    await house.after_move("keep")
    assert await house.sources() == [THEIRS, MOVED_GRID, MOVED_GAS]
    assert not house.issue("energy_moved")


def begin_gas(house: House, start: datetime) -> None:
    """Let the entity of gas have data from a time on."""
    metadata = metadata_of_sums(GAS, "m³", "volume")
    async_import_statistics(house.hass, metadata, [{"start": start, "state": 1.0, "sum": 1.0}])


async def test_a_statistic_that_begins_less_than_a_day_later_is_selected(house: House) -> None:
    begin_gas(house, MARCH - timedelta(hours=23))
    await house.save(GRID, GAS_SOURCE)
    assert await house.move() == "energy_moved"
    assert await house.sources() == [MOVED_GRID, MOVED_GAS]


async def test_sources_that_are_not_chosen_stay(house: House) -> None:
    # The entity of gas goes further back than the statistic: this source is not selected.
    begin_gas(house, MARCH - timedelta(days=300))
    await house.save(GRID, GAS_SOURCE)
    assert await house.move() == "energy_moved"
    assert await house.sources() == [MOVED_GRID, GAS_SOURCE]
    assert not house.is_told("energy_sources")

    assert await house.move([]) == "energy_kept"
    assert await house.sources() == [MOVED_GRID, GAS_SOURCE]
    # A later move can be undone together with the first.
    house.hass.config.language = "fr"
    shown = await house.form()
    assert options(shown)[0]["label"].endswith("(02/03/2025)")
    assert await house.submit(shown, ["0"]) == "energy_moved"
    assert await house.sources() == [MOVED_GRID, MOVED_GAS]
    lines = said(house.issue("energy_moved"))["sources"].splitlines()
    assert [line[:9] + line[-12:] for line in lines] == [
        "- Smarty (2025-03-02)",
        "- Gas met(2025-03-02)",
    ]
    await house.after_move("undo")
    assert await house.sources() == [GRID, GAS_SOURCE]


async def test_an_entity_that_was_renamed_since_comes_back_under_its_new_id(house: House) -> None:
    await house.save(GRID, GAS_SOURCE)
    assert await house.move() == "energy_moved"
    renamed = "sensor.gas_of_the_house"
    er.async_get(house.hass).async_update_entity(GAS, new_entity_id=renamed)
    await house.after_move("undo")
    assert await house.sources() == [GRID, GAS_SOURCE | {"stat_energy_from": renamed}]


async def test_a_source_with_an_own_price_stays_and_is_a_repair(house: House) -> None:
    own = GRID | {"entity_energy_price": None, "number_energy_price": 0.25}
    await house.save(own)
    assert not house.issue("energy_sources")
    found = house.issue("energy_own_price")
    assert found
    assert not found.is_fixable
    assert said(found)["sources"] == (
        "- House → Smarty 2574 Energy imported (by hour, corrected),"
        " Smarty 2574 Energy exported (by hour, corrected)"
    )
    # A source with the meter's price can move.
    await house.save(GRID)
    assert not house.issue("energy_own_price")
    assert house.is_told("energy_sources")


@pytest.mark.begins_at("2025-07-03T15:30:00+02:00")
async def test_the_source_of_an_exchanged_gas_meter_moves_and_comes_back(
    house: House, hass_ws_client: WebSocketGenerator
) -> None:
    new, rate = f"{GAS[:-4]}9999", "_flow_rate"
    old_source = GAS_SOURCE | {
        "stat_rate": GAS + rate,
        "name": "Heating",
        "stat_cost": "sensor.mine",
    }
    await house.save(old_source, GAS_SOURCE | {"stat_energy_from": "sensor.theirs"})
    # The old meter is read at 10:30 (in the fixture), 11:30 and 12:30, the new one from 13:30 on.
    for clock, index in (("1130", "00679.901"), ("1230", "00681.901")):
        await house.receive(captured(GAS, clock, index))
    for clock, index in (("1330", "00003.000"), ("1430", "00003.500"), ("1530", "00007.500")):
        await house.receive(captured(new, clock, index))

    await house.wait_until(lambda: house.is_offered("9999"))

    shown = await house.form()
    assert [option["label"] for option in options(shown)] == [
        (
            "Gas meter 7401 → Smarty 2574 Gas volume (by hour, corrected),"
            " Gas meter 7401 Flow rate → Gas meter 9999 Flow rate (2025-03-02)"
        )
    ]
    assert await house.submit(shown) == "energy_moved"
    moved = old_source | {"stat_energy_from": f"{KEY}_gas_volume", "stat_rate": new + rate}
    assert (await house.sources())[0] == moved
    await house.check(await hass_ws_client())
    # The new source shows the gas of both meters, and nothing between their last and first reading.
    july: dict[int, float] = {}
    while 12 not in july:
        await house.hass.async_block_till_done()
        gas = await changes_of(house.hass, f"{KEY}_gas_volume")
        july = {hour.hour: value for hour, value in gas.items() if hour.month == 7}
    assert july == pytest.approx({8: 0.5, 9: 1.5, 10: 1.0, 11: 0.25, 12: 2.25}, abs=0.001)

    await house.after_move("undo")
    assert (await house.sources())[0] == old_source

    # The user adds the new meter, too: both sources become one, and two again.
    new_source = GAS_SOURCE | {"stat_energy_from": new, "stat_rate": new + rate}
    await house.save(old_source, new_source)
    assert await house.move() == "energy_moved"
    assert await house.sources() == [moved]
    await house.after_move("undo")
    assert await house.sources() == [old_source, new_source]


async def test_the_flow_rate_of_an_exchanged_gas_meter_is_offered_at_once(house: House) -> None:
    new = f"{GAS[:-4]}9999_flow_rate"
    source = MOVED_GAS | {"stat_rate": f"{GAS}_flow_rate"}
    await house.save(source)
    assert not house.issue("energy_sources")

    await house.receive(captured(GAS, "1130", "00679.901"))
    await house.receive(captured(new[:-10], "1330", "00003.000"))

    await house.wait_until(lambda: house.is_offered("9999"))
    shown = await house.form()
    assert [option["label"] for option in options(shown)] == [
        "Gas meter 7401 Flow rate → Gas meter 9999 Flow rate"
    ]
    assert await house.submit(shown) == "energy_moved"
    assert await house.sources() == [source | {"stat_rate": new}]


async def test_no_repair_without_statistics_or_sources(house: House) -> None:
    await house.save()
    await house.save(THEIRS, MOVED_GRID, MOVED_GAS)
    assert not house.issue("energy_sources")
    # A compensation without hours: the source would lose it.
    priced = GRID | {"entity_energy_price_export": "sensor.smarty_price_of_exported_energy"}
    await house.save(priced)
    assert not house.issue("energy_sources")
    assert not house.issue("energy_own_price")


async def test_the_recorder_is_not_asked_while_home_assistant_stops(house: House) -> None:
    house.hass.set_state(CoreState.stopping)
    await house.save(GRID)
    assert not house.is_told("energy_sources")
    house.hass.set_state(CoreState.running)
    await house.save(GRID)
    assert house.is_told("energy_sources")


async def test_dialogs_of_a_meter_that_does_not_run(house: House) -> None:
    await house.save(GRID)
    shown = await house.form()
    await house.save(THEIRS)
    # The source has changed while the dialog was open.
    assert await house.submit(shown) == "energy_kept"
    assert await house.sources() == [THEIRS]
    assert not house.issue("energy_moved")
    await house.save(GRID, GAS_SOURCE)
    assert await house.move(["0"]) == "energy_moved"
    shown = await house.form()
    await unload_entry(house.hass, house.entry)
    assert await house.submit(shown) == "entry_removed"
    result = await house.after_move("undo")
    assert result["reason"] == "entry_removed"
    await remove_entry(house.hass, house.entry)
    assert not house.issue("energy_moved")
