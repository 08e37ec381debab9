"""The integration in a real Home Assistant, from the config flow to the last log line."""

from collections.abc import AsyncIterator
from itertools import pairwise

import pytest

from dev.demo.client import FlowFailedError
from dev.demo.energy_dashboard import set_up_dashboard
from dev.demo.meter_statistics import DAYS_OF_HISTORY, DOMAIN, TOTALS, fill_history, statistics_of
from dev.simulator import Meter, Server
from dev.testing.real_programs import (
    IN_ONE_LOOP,
    RecordingMeter,
    module_fixture,
    processes_mentioning,
    until,
)
from tests.system.home import Home

pytestmark = IN_ONE_LOOP

KEY = bytes.fromhex("5A3C00F1E2D4C6B8A99788766554433F")
OTHER_KEY = bytes.fromhex("1F2E3D4C5B6A79888897A6B5C4D3E2F1")
# Seconds without a message about a silent meter.
MAX_WAIT = 30.0
# Expected metadata of the statistics: unit, kind of unit, and sum or mean.
STATISTICS = {
    "energy_imported": ("kWh", "energy", "sum"),
    "energy_exported": ("kWh", "energy", "sum"),
    "gas": ("m³", "volume", "sum"),
    "water": ("m³", "volume", "sum"),
    "heat": ("GJ", "energy", "sum"),
    "power_net": ("kW", "power", "mean"),
    "demand_running": ("kW", "power", "mean"),
    "demand_last": ("kW", "power", "mean"),
    "demand_peak": ("kW", "power", "mean"),
    "demand_available": ("kW", "power", "mean"),
    "demand_excess_energy": ("kWh", "energy", "sum"),
    "demand_excess_cost": ("EUR", None, "sum"),
}
# Entities of a meter's first load, an appliance, with the calendar "plan".
OF_LOAD = {
    *("runs_by_plan", "next_start", "limit_price", "planned_power", "missing_at_deadline"),
    *(
        "ready",
        "start_now",
        "skip_today",
        "by_plan",
        "done_by",
        "load_state",
        "plan_saving",
        "plan",
    ),
}


@pytest.fixture(scope="module")
def meter() -> RecordingMeter:
    return RecordingMeter(1, KEY)


@module_fixture
async def line(meter: RecordingMeter) -> AsyncIterator[Server]:
    async with Server([meter, Meter(2, OTHER_KEY)], interval=1) as line:
        yield line


@module_fixture
async def home(
    tmp_path_factory: pytest.TempPathFactory, line: Server, meter: RecordingMeter
) -> AsyncIterator[Home]:
    async with Home(tmp_path_factory.mktemp("home"), meter) as home:
        await home.add_meter(address(line, 1), KEY)
        await home.set_options(reference_power="7", network_prices={"surcharge_price": 0.1139})
        yield home


def address(line: Server, number: int) -> str:
    return f"socket://127.0.0.1:{line.ports[number - 1]}"


async def shows_plan(home: Home) -> bool:
    """Return whether the calendar and the entities of the load show a plan."""
    states = await home.states()
    shown = {states.get(key) for key in ("plan", "runs_by_plan")}
    return available(states) >= OF_LOAD and shown <= {"on", "off"}


def available(states: dict[str, str]) -> set[str]:
    return {key for key, state in states.items() if state != "unavailable"}


async def test_the_config_flow_proves_the_key(home: Home, line: Server) -> None:
    with pytest.raises(FlowFailedError, match="'encryption_key': 'wrong_key'"):
        await home.add_meter(address(line, 2), KEY)
    with pytest.raises(FlowFailedError, match="port_in_use"):
        await home.add_meter(address(line, 1), KEY)
    assert len(await home.client.entries(DOMAIN)) == 1


async def test_the_sensors_show_telegram_after_telegram(home: Home) -> None:
    for _ in range(3):
        await until(home.shows_last_telegram)
        await home.meter.sends_another()
    states = await home.states()
    assert float(states["power_net"]) == pytest.approx(
        float(states["power_imported"]) - float(states["power_exported"])
    )


async def test_the_energy_dashboard_takes_the_totals(home: Home) -> None:
    # Entities that were enabled are loaded anew half a minute later.
    await home.until_settled()
    entities = await home.entities()
    # A flow is unknown until its meter has been captured twice.
    del entities["water_flow_rate"]
    wanted = {"imported", "exported"}
    statistics = await statistics_of(home.client, home.meter, wanted)
    await set_up_dashboard(home.client, entities, statistics)
    # Heat in gigajoules may be a source of gas.
    heat = {"type": "gas", "stat_energy_from": entities["heat"]}
    sources = (await home.client.command("energy/get_prefs"))["energy_sources"]
    await home.client.command("energy/save_prefs", energy_sources=[*sources, heat])
    hours = await fill_history(home.client, entities, home.meter)
    # A year, and the past days of the month.
    assert 365 * 24 <= hours <= DAYS_OF_HISTORY * 24

    findings = await home.client.command("energy/validate")
    problems = {problem["type"] for source in findings["energy_sources"] for problem in source}
    # Until the first five minutes are over.
    assert problems <= {"statistics_not_defined"}

    async def history_is_there() -> bool:
        return await fill_history(home.client, entities, home.meter) == 0

    await until(history_is_there)
    # The recorder itself adds the hours that end after Home Assistant was started.
    hour = home.made.replace(minute=0, second=0, microsecond=0)
    # The inverter is the demo's alone.
    for total in (each for each in TOTALS if each.key in entities):
        rows = await home.client.statistics(entities[total.key], days=DAYS_OF_HISTORY + 1)
        sums = [row["sum"] for row in rows]
        assert all(later >= earlier for earlier, later in pairwise(sums))
        filled = [row["sum"] for row in rows if row["start"] < hour.timestamp() * 1000]
        assert filled[-1] <= 0


async def test_the_recorder_keeps_statistics(home: Home) -> None:
    keys = {entity_id: key for key, entity_id in (await home.entities()).items()}

    async def are_known() -> bool:
        known = {
            keys[found["statistic_id"]]: (
                found["statistics_unit_of_measurement"],
                found["unit_class"],
                "sum" if found["has_sum"] else "mean",
            )
            for found in await home.client.command("recorder/list_statistic_ids")
            if found["statistic_id"] in keys
        }
        return known.items() >= STATISTICS.items()

    await until(are_known)


async def test_the_first_load_has_entities_and_a_calendar_also_after_a_reload(home: Home) -> None:
    (entry_id,) = await home.client.entries(DOMAIN)
    entities = await home.entities()
    assert OF_LOAD.isdisjoint(entities)
    flows = "/api/config/config_entries/subentries/flow"
    menu = await home.client.post(flows, handler=[entry_id, "load"])
    path = f"{flows}/{menu['flow_id']}"
    await home.client.post(path, next_step_id="appliance")
    more = {"measured_by": entities["heat"]}
    load = {"name": "Dishes", "kwh": "1.1", "hours": "2.5", "more": more}
    done = await home.client.post(path, **load)
    assert done["type"] == "create_entry", done
    await until(lambda: shows_plan(home))
    await home.client.post(f"/api/config/config_entries/entry/{entry_id}/reload")
    await until(lambda: shows_plan(home))


async def test_a_restart_finds_everything_again_and_does_not_wait_for_a_silent_meter(
    home: Home, line: Server
) -> None:
    before = await home.entities()
    preferences = await home.client.command("energy/get_prefs")
    stored = home.directory / "config/.storage/energy"

    async def is_stored() -> bool:
        # A minute after the last change, which may be the moment at which it would be stopped.
        return stored.exists()

    await until(is_stored)
    line.silence(meter=1)
    await home.stop()
    await home.start()
    times = await home.client.command("integration/setup_info")
    assert next(each["seconds"] for each in times if each["domain"] == DOMAIN) < MAX_WAIT
    await until(lambda: shows_plan(home))
    states = await home.states()
    assert available(states) == {"connection", *OF_LOAD}
    # A busy machine may be slow enough for a message about the reason.
    assert states["connection"] in {"waiting", "nothing_received"}
    line.silence(is_silent=False)
    assert await home.entities() == before
    assert await home.client.command("energy/get_prefs") == preferences
    await until(home.shows_last_telegram)


async def test_home_assistant_ends_without_a_trace(home: Home) -> None:
    await home.stop()
    assert home.process.status == 0
    assert not processes_mentioning(home.directory)

    log = home.log.read_text("utf-8")
    assert "Traceback" not in log
    errors = [line for line in log.splitlines() if " ERROR " in line]
    # A meter that was silent at a start for long has a single error.
    assert len(errors) <= 1
    assert all("smarty_p1" in line for line in errors)
