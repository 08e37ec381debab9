"""The step that ends the set-up of a meter: its contract, the sidebar, the Energy dashboard."""

from datetime import UTC, datetime
from hashlib import sha256
from types import SimpleNamespace
from typing import Any

import pytest
from homeassistant.components.energy.data import async_get_manager
from homeassistant.components.frontend import DATA_EXTRA_MODULE_URL, DATA_PANELS
from homeassistant.components.lovelace.const import LOVELACE_DATA
from homeassistant.components.lovelace.dashboard import LovelaceStorage
from homeassistant.config_entries import ConfigEntryDisabler, ConfigFlowResult
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.smarty_p1.flows.meter import contract_and_dashboard_step
from smartyp1.json_types import JsonDict
from tests.ha.dialogs import (
    confirm,
    enter_contract,
    is_created,
    open_options,
    schema_of,
    start,
    submit,
    suggested,
    told,
)
from tests.ha.meter import KEY, OTHER_SERIAL, SERIAL, MeterPort, with_value
from tests.ha.support import (
    OTHER_METER,
    TELEGRAM,
    Home,
    let_pass,
    reload,
    remove_entry,
    set_up_entry,
    smarty_entry,
    tasks,
    wait_until,
)

PRICES = {"reference_power": "7 kW", "energy_price": "14,63 ct/kWh", "feed_in_price": "0,0600 €"}
STATISTICS = f"smarty_p1:{sha256(SERIAL.encode()).hexdigest()[:8]}"
GRID = {
    "type": "grid",
    "stat_energy_from": f"{STATISTICS}_imported",
    "stat_energy_to": f"{STATISTICS}_exported",
    "stat_rate": "sensor.smarty_net_power",
    "stat_cost": f"{STATISTICS}_cost",
    "entity_energy_price": None,
    "number_energy_price": None,
    "stat_compensation": f"{STATISTICS}_compensation",
    "entity_energy_price_export": None,
    "number_energy_price_export": None,
    "cost_adjustment_day": 0.0,
}
GAS, WATER = (
    {
        "type": kind,
        "stat_energy_from": energy,
        "stat_rate": f"sensor.{name}_flow_rate",
        "stat_cost": None,
        "entity_energy_price": None,
        "number_energy_price": None,
    }
    for kind, name, energy in (
        ("gas", "gas_meter_7401", f"{STATISTICS}_gas_volume"),
        ("water", "water_meter_7402", "sensor.water_meter_7402"),
    )
)
SUN = {
    "type": "solar",
    "stat_energy_from": "sensor.sun",
    "config_entry_solar_forecast": ["another entry"],
}
STRATEGY = {"strategy": {"type": "custom:smarty-p1"}}

pytestmark = pytest.mark.usefixtures("recorder_mock", "short_wait")


@pytest.fixture
async def energy(hass: HomeAssistant) -> None:
    assert await async_setup_component(hass, "energy", {})


async def find(hass: HomeAssistant, port: MeterPort, text: str = TELEGRAM) -> ConfigFlowResult:
    port.greeting = port.next_frame(text)
    typed = {"port": port.url, "encryption_key": KEY}
    return await submit(hass, await start(hass), typed)


async def sources(hass: HomeAssistant) -> Any:  # noqa: ANN401 - whatever the user has entered
    await wait_until(hass, lambda: not tasks(hass, " Energy dashboard"))
    data = (await async_get_manager(hass)).data
    return data and data["energy_sources"]


async def enter_sources(hass: HomeAssistant, *entered: Any) -> None:  # noqa: ANN401 - as above
    update: Any = {"energy_sources": list(entered)}
    await (await async_get_manager(hass)).async_update(update)


def panels(hass: HomeAssistant) -> set[str]:
    """Return the paths of the dashboards in the sidebar."""
    return {
        path
        for path, panel in hass.data[DATA_PANELS].items()
        if panel.sidebar_title == "Smarty" and panel.show_in_sidebar
    }


async def add_dashboard(hass: HomeAssistant, path: str, config: JsonDict) -> None:
    dashboard = LovelaceStorage(hass, {"id": path, "url_path": path})
    hass.data[LOVELACE_DATA].dashboards[path] = dashboard
    await dashboard.async_save(config)


@pytest.mark.usefixtures("frontend", "energy")
async def test_a_meter_is_seen_in_both_dashboards_when_it_is_added(
    home: Home, hass_ws_client: WebSocketGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The index of the gas meter has not been captured yet.
    form = await find(
        home.hass, home.port, with_value(TELEGRAM, "0-1:24.2.1", "(632525252525S)(00000.000)")
    )
    assert told(form)["what_there_is"] == ""
    assert told(form)["sources"] == (
        "- Energy imported (by hour, corrected), Cost of imported energy (by hour, corrected),"
        " Energy exported (by hour, corrected), Feed-in revenue (by hour, corrected), Net power\n"
        "- Gas volume (by hour, corrected), Gas meter 7401 Flow rate\n"
        "- Water meter 7402, Water meter 7402 Flow rate"
    )

    # Two minutes before the hour, the meter is still in time for it.
    now = datetime(2026, 1, 15, 9, 58, tzinfo=UTC)
    monkeypatch.setattr(contract_and_dashboard_step, "dt_util", SimpleNamespace(now=lambda: now))
    result = await confirm(home.hass, form, **PRICES)

    assert result["title"] == "Smarty"
    assert result["description"] == "dashboard_and_energy"
    assert told(result) == {"dashboard": "/smarty-p1", "energy": "/energy", "time": "10:00"}
    shown = await sources(home.hass)
    assert shown == [GRID, GAS, WATER]
    client = await hass_ws_client()
    # Home Assistant saves and shows them without a complaint, although no hour has ended yet.
    await client.send_json_auto_id({"type": "energy/save_prefs", "energy_sources": shown})
    assert (await client.receive_json())["result"]["energy_sources"] == shown
    await client.send_json_auto_id({"type": "energy/validate"})
    [*complaints] = (await client.receive_json())["result"]["energy_sources"]
    ours = {GRID["stat_energy_from"], GRID["stat_cost"], GRID["stat_compensation"]}
    ours |= {GRID["stat_energy_to"], GAS["stat_energy_from"]}
    told_of = {
        name for found in complaints for issue in found for name, _ in issue["affected_entities"]
    }
    assert not ours & told_of
    for path in ("smarty-p1", "smarty-p1-dashboard"):
        await client.send_json_auto_id({"type": "lovelace/config", "url_path": path})
        assert (await client.receive_json())["result"] == STRATEGY
    await client.send_json_auto_id({"type": "lovelace/dashboards/list"})
    [listed] = (await client.receive_json())["result"]
    assert (listed["url_path"], listed["title"], listed["mode"]) == ("smarty-p1", "Smarty", "yaml")
    info = await home.hass.data[LOVELACE_DATA].dashboards["smarty-p1"].async_get_info()
    assert info["mode"] == "yaml"
    # Open pages have not loaded the cards: this page loads them, and goes on to the dashboard.
    panel = home.hass.data[DATA_PANELS]["smarty-p1"].to_response()
    assert panel["component_name"] == "custom"
    assert panel["config"]
    assert panel["config"]["path"] == "/smarty-p1-dashboard"
    module = panel["config"]["_panel_custom"]["module_url"]
    assert module in home.hass.data[DATA_EXTRA_MODULE_URL].urls
    assert home.hass.data[DATA_PANELS]["smarty-p1-dashboard"].component_name == "lovelace"
    assert panels(home.hass) == {"smarty-p1"}


async def test_typed_prices_are_stored_as_the_options_store_them(home: Home) -> None:
    form = await find(home.hass, home.port)
    assert list(suggested(form)) == ["reference_power", "energy_price", "feed_in_price"]
    form = await submit(home.hass, form, {"reference_power": "much", "energy_price": "0,2"})
    assert form["errors"] == {"reference_power": "reference_power_malformed"}
    assert suggested(form)["energy_price"] == "0,2"
    form = await submit(home.hass, form, {"reference_power": "5", "energy_price": "0,2"})
    assert form["errors"] == {"reference_power": "reference_power_without_price"}
    entry = (await submit(home.hass, form, PRICES))["result"]
    await home.hass.async_block_till_done()
    stored = dict(entry.options)
    # A first contract has no day: it holds for all that is recorded.
    contract = {
        "reference_power": 7.0,
        "energy_price": 0.1463,
        "energy_fee_per": "month",
        "feed_in_price": 0.06,
        "vat": True,
        "with_levies": True,
        "consumer_category": "A",
        "meter_ampere": "40",
        "surcharge_replaces_variable": False,
    }
    assert stored == {"contracts": [contract]}
    assert entry.version == 2

    # Options that are sent unchanged change nothing.
    first = {"reference_power": "7", "energy_price": "0.1463", "energy_fee_per": "month"}
    home.port.greeting = home.port.next_frame(TELEGRAM)
    await enter_contract(home.hass, entry, first)
    await home.hass.async_block_till_done()
    assert dict(entry.options) == stored


@pytest.mark.usefixtures("frontend", "energy")
async def test_switches_that_are_off_change_nothing(hass: HomeAssistant, port: MeterPort) -> None:
    result = await confirm(hass, await find(hass, port), sidebar=False, fill_energy=False)

    # An empty form makes no contract.
    assert dict(result["result"].options) == {}
    assert result["description"] is None
    assert await sources(hass) is None
    assert panels(hass) == set()


@pytest.mark.usefixtures("frontend", "energy")
async def test_existing_sources_and_dashboards_stay_and_are_not_offered(home: Home) -> None:
    theirs = {**GRID, "stat_energy_from": "sensor.theirs", "cost_adjustment_day": 3.0}
    await enter_sources(home.hass, SUN, theirs, GAS)
    await add_dashboard(home.hass, "dashboard-ours", STRATEGY)
    await add_dashboard(home.hass, "dashboard-broken", {"strategy": "none"})
    home.hass.data[LOVELACE_DATA].dashboards["dashboard-empty"] = LovelaceStorage(
        home.hass, {"id": "empty", "url_path": "dashboard-empty"}
    )

    form = await find(home.hass, home.port)

    assert "sidebar" not in suggested(form)
    assert told(form)["what_there_is"] == (
        "A dashboard *Smarty* exists already. It also shows this meter.\n\n"
        "The Energy dashboard already has a [grid connection](/config/energy). It stays as it is,"
        " and this meter is not added to it."
    )
    assert told(form)["sources"] == "- Water meter 7402, Water meter 7402 Flow rate"
    result = await confirm(home.hass, form, **PRICES)
    assert await sources(home.hass) == [SUN, theirs, GAS, WATER]
    assert told(result)["dashboard"] == "/dashboard-ours"
    assert panels(home.hass) == set()


@pytest.mark.usefixtures("frontend", "energy")
async def test_sources_that_a_user_enters_during_the_dialog_are_neither_changed_nor_doubled(
    home: Home,
) -> None:
    form = await find(home.hass, home.port)
    theirs = {**GRID, "stat_energy_from": "sensor.theirs"}
    await enter_sources(home.hass, theirs, SUN)
    await confirm(home.hass, form)
    assert await sources(home.hass) == [theirs, SUN, GAS, WATER]


@pytest.mark.usefixtures("energy")
async def test_the_sources_are_entered_once_and_never_again(
    hass: HomeAssistant, port: MeterPort
) -> None:
    form = await find(hass, port)
    assert "sidebar" not in suggested(form)
    entry = (await confirm(hass, form))["result"]
    without_prices = {"stat_cost": None, "stat_compensation": None}
    wanted = [GRID | without_prices, GAS, WATER]
    assert await sources(hass) == wanted

    # The sources are not entered twice when the entry is set up again before they are on the disk.
    await reload_by(hass, port, entry)
    assert await sources(hass) == wanted
    # The sources are entered anew if the disk never got them.
    await enter_sources(hass)
    await reload_by(hass, port, entry)
    assert await sources(hass) == wanted

    await let_pass(hass, 121)
    assert dict(entry.options) == {}
    await enter_sources(hass, SUN)
    await reload_by(hass, port, entry)
    assert await sources(hass) == [SUN]


async def reload_by(hass: HomeAssistant, port: MeterPort, entry: Any) -> None:  # noqa: ANN401
    """Set a meter up again that sends at once."""
    port.greeting = port.next_frame(TELEGRAM)
    await reload(hass, entry)


async def test_the_entry_of_sources_waits_for_an_energy_dashboard(home: Home) -> None:
    entry = await home.set_up(fill_energy=True, sidebar=True)

    await home.let_pass(300)

    assert dict(entry.options) == {"fill_energy": True, "sidebar": True}
    # Without a frontend, there is no sidebar.
    assert DATA_PANELS not in home.hass.data
    await remove_entry(home.hass, entry)
    assert DATA_PANELS not in home.hass.data


@pytest.mark.usefixtures("energy")
async def test_an_entity_that_is_disabled_is_left_out(hass: HomeAssistant, home: Home) -> None:
    entry = await home.set_up()
    for name in ("smarty_net_power", "gas_meter_7401"):
        er.async_get(hass).async_update_entity(
            f"sensor.{name}", disabled_by=er.RegistryEntryDisabler.USER
        )
    hass.config_entries.async_update_entry(entry, options={"fill_energy": True})
    await reload_by(hass, home.port, entry)

    grid, gas, water = await sources(hass)
    assert "stat_rate" not in grid
    # The statistics do not need the entity.
    assert (gas, water) == (GAS, WATER)


@pytest.mark.usefixtures("frontend")
async def test_the_dashboard_goes_with_the_last_meter(home: Home) -> None:
    home.hass.data[LOVELACE_DATA].dashboards["smarty-p1"] = LovelaceStorage(
        home.hass, {"id": "smarty-p1", "url_path": "smarty-p1"}
    )
    form = await find(home.hass, home.port)
    assert "fill_energy" not in suggested(form)
    first = await confirm(home.hass, form)
    assert first["description"] == "dashboard"
    assert told(first)["dashboard"] == "/smarty-p1-2"
    assert panels(home.hass) == {"smarty-p1-2"}

    async with MeterPort() as other_port:
        # No question is asked twice.
        second = await confirm(home.hass, await find(home.hass, other_port, OTHER_METER))
        assert second["title"] == f"Smarty {OTHER_SERIAL[-4:]}"
        assert panels(home.hass) == {"smarty-p1-2"}

        await remove_entry(home.hass, first["result"])
        assert panels(home.hass) == {"smarty-p1-2"}
        assert dict(second["result"].options) == {"sidebar": True}
        await remove_entry(home.hass, second["result"])
        assert panels(home.hass) == set()
        assert list(home.hass.data[LOVELACE_DATA].dashboards) == [None, "smarty-p1"]


@pytest.mark.usefixtures("frontend", "short_setup")
async def test_a_restart_shows_the_dashboard_again_also_before_the_meter_answers(
    hass: HomeAssistant, home: Home
) -> None:
    hass.set_state(CoreState.starting)
    entry = home.make_entry(home.port.url)
    hass.config_entries.async_update_entry(entry, options={"sidebar": True})

    await set_up_entry(hass, entry)
    assert panels(hass) == {"smarty-p1"}
    # Pages are loaded with the cards now.
    assert hass.data[DATA_PANELS]["smarty-p1"].component_name == "lovelace"
    await remove_entry(hass, entry)
    assert not [path for path in hass.data[DATA_PANELS] if path.startswith("smarty")]


@pytest.mark.usefixtures("frontend")
async def test_a_restart_shows_the_dashboard_although_the_meter_that_keeps_it_is_disabled(
    hass: HomeAssistant, home: Home
) -> None:
    disabled_by = ConfigEntryDisabler.USER
    disabled = smarty_entry(options={"sidebar": True}, disabled_by=disabled_by)
    disabled.add_to_hass(hass)
    entry = await home.set_up()
    assert panels(hass) == {"smarty-p1"}

    await remove_entry(hass, disabled)
    assert panels(hass) == {"smarty-p1"}
    assert dict(entry.options) == {"sidebar": True}


@pytest.mark.usefixtures("frontend")
async def test_the_options_of_each_meter_show_and_hide_the_dashboard(home: Home) -> None:
    first = await home.set_up(sidebar=True)
    async with MeterPort() as other_port:
        result = await confirm(home.hass, await find(home.hass, other_port, OTHER_METER))
        second: MockConfigEntry = result["result"]
        for entry, is_shown in ((second, False), (first, False), (second, True)):
            form = await open_options(home.hass, entry, "sidebar")
            assert schema_of(form)({}) == {"sidebar": bool(panels(home.hass))}
            result = await submit(home.hass, form, {"sidebar": is_shown})
            assert is_created(result)
            assert panels(home.hass) == ({"smarty-p1"} if is_shown else set())
        assert (dict(first.options), dict(second.options)) == ({}, {"sidebar": True})
        # The meters were read all the time.
        assert (home.port.connections, other_port.connections) == (1, 2)
