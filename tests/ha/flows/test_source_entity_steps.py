"""The dialog that adds a meter whose totals another integration reads."""

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import EVENT_DATA_ENTRY_FLOW_PROGRESS_UPDATE
from homeassistant.helpers import device_registry as dr
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from smartyp1.json_types import JsonDict
from tests.ha.dialogs import advance, is_done, reconfigure, schema_of, start, submit, told
from tests.ha.entities import KWH, Smarty, add, listen, register, set_up
from tests.ha.flows.test_leneda_meter import keys, of_now
from tests.ha.meter import KEY, SERIAL, MeterPort
from tests.ha.refusals import Refusals, Row
from tests.ha.support import entered_data, receive, smarty_entry, state_of, wait_until


@pytest.fixture
def smarty(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> Smarty:
    freezer.move_to("2026-11-02 12:00:00+00:00")
    return Smarty(hass, freezer)


async def test_a_trial_shows_the_coming_accuracy(hass: HomeAssistant, smarty: Smarty) -> None:
    smarty.set(tariff_1="1000.001")
    typed = {
        "energy_imported": smarty.chosen("tariff_1", "tariff_2"),
        "energy_exported": smarty.chosen("exported"),
        "power_imported": smarty.chosen("power")[0],
    }
    progress = async_capture_events(hass, EVENT_DATA_ENTRY_FLOW_PROGRESS_UPDATE)
    found = await listen(hass, smarty, typed)
    assert found["step_id"] == "contract_without_cable"
    assert [event.data["progress"] for event in progress][::8] == [5 / 120, 45 / 120, 85 / 120]
    # 120 s of a report each 10 s. 4 x 1 Wh + 1000 W x 10 s / 900 s = 15 W, and 82 W for 7000 W.
    assert told(found)["meter"].startswith(
        "Values received: 12, one every 10\xa0s. The energy rises in steps of 1\xa0Wh. "
        "Quarter-hour power is accurate to about ±15\xa0W at 1\xa0kW and ±82\xa0W at 7\xa0kW.\n\n"
        "The values come from DSMR Smart Meter and cannot be verified."
    )


async def test_a_fast_power_does_not_hide_a_slow_total(hass: HomeAssistant, smarty: Smarty) -> None:
    typed = {
        "energy_imported": smarty.chosen("tariff_1"),
        "power_imported": smarty.chosen("power")[0],
    }
    found = await listen(hass, smarty, typed, totals_every=6, tariff_1="1000.001")
    # 4 x 1 Wh + 1000 W x 30 s / 900 s.
    assert told(found)["meter"].startswith(
        "Values received: 4, one every 30\xa0s. The energy rises in steps of 1\xa0Wh. "
        "Quarter-hour power is accurate to about ±37\xa0W at 1\xa0kW and ±237\xa0W at 7\xa0kW."
    )
    form = await listen(hass, smarty, typed, totals_every=1000)
    assert form["errors"] == {"base": "entities_silent"}


async def test_totals_that_are_reported_only_when_they_change(
    hass: HomeAssistant, smarty: Smarty
) -> None:
    smarty.set(tariff_1="1000.1", power="600", exported="500.2")
    smarty.report()
    typed = {
        "energy_imported": smarty.chosen("tariff_1"),
        "energy_exported": smarty.chosen("exported"),
        "power_imported": smarty.chosen("power")[0],
    }
    # 600 W make 20 Wh in the trial, which are no step of 100 Wh.
    found = await listen(hass, smarty, typed, totals_every=1000)
    outline = told(found)["meter"]
    assert outline.startswith(
        "Values received: 12, one every 10\xa0s. The energy rises in steps of 100"
    )
    assert "did not change during the test" in outline
    # At noon, the house feeds in, and only the exported energy changes.
    smarty.set(power="0")
    smarty.report()
    flow = await start(hass, "entities")
    result = await advance(hass, flow, typed)
    for tick in range(1, 40):
        smarty.set(exported=f"{500.2 + tick / 10:.1f}")
        smarty.report("exported")
        await smarty.wait_in_trial(5)
        result = await advance(hass, flow)
        if "progress" not in result["type"]:
            break
    assert told(result)["meter"].startswith("Values received: 2")
    # Without these entities, a total that cannot change looks like a silent one.
    typed = {"energy_imported": smarty.chosen("tariff_1")}
    form = await listen(hass, smarty, typed, totals_every=1000)
    assert form["errors"] == {"base": "entities_silent"}


async def test_coarse_totals_are_for_days(hass: HomeAssistant, smarty: Smarty) -> None:
    smarty.set(tariff_1="1000.1")
    found = await listen(hass, smarty, {"energy_imported": smarty.chosen("tariff_1")})
    assert "in steps of 100\xa0Wh. Days and months will be accurate" in told(found)["meter"]


async def test_the_entry_keeps_registry_ids(hass: HomeAssistant, smarty: Smarty) -> None:
    typed = {
        "energy_imported": smarty.chosen("tariff_1", "tariff_2"),
        "power_imported": smarty.chosen("power")[0],
    }
    entry = await add(hass, smarty, typed)
    ids = {name: entity.id for name, entity in smarty.ids.items()}
    assert entered_data(entry) == {
        "kind": "entities",
        "energy_imported": [ids["tariff_1"], ids["tariff_2"]],
        "power_imported": [ids["power"]],
    }
    assert (entry.unique_id, entry.title) == (ids["tariff_1"], "Smarty")

    # Entities of another meter are refused.
    flow = await start(hass, "entities")
    form = await advance(hass, flow, {"energy_imported": smarty.chosen("tariff_2")})
    assert form["errors"] == {"energy_imported": "source_in_use"}
    assert told(form)["title"] == "Smarty"


async def test_nothing_and_an_unknown_total_are_refused(
    hass: HomeAssistant, smarty: Smarty
) -> None:
    form = await listen(hass, smarty, {"energy_imported": smarty.chosen("tariff_1")}, every=1000)
    assert (form["step_id"], form["errors"]) == ("entities", {"base": "entities_silent"})
    typed = {"energy_imported": smarty.chosen("tariff_1", "tariff_2")}
    form = await listen(hass, smarty, typed, tariff_2="unknown")
    assert (form["step_id"], form["errors"]) == ("entities", {"base": "entities_silent"})


async def test_slower_than_five_minutes_is_refused(hass: HomeAssistant, smarty: Smarty) -> None:
    # The last report was 200 s before the trial, and the next comes 150 s after its begin.
    await smarty.wait(200)
    form = await listen(hass, smarty, {"energy_imported": smarty.chosen("tariff_1")}, every=30)
    assert form["errors"] == {"base": "entities_slow"}
    assert told(form)["seconds"] == "345"


async def test_four_minutes_are_accepted(hass: HomeAssistant, smarty: Smarty) -> None:
    await smarty.wait(95)
    found = await listen(hass, smarty, {"energy_imported": smarty.chosen("tariff_1")}, every=30)
    assert told(found)["meter"].startswith("Values received: 1, one every 240\xa0s")


def of(**names: str | list[str]) -> JsonDict:
    return {
        field: f"sensor.{name}" if isinstance(name, str) else [f"sensor.{each}" for each in name]
        for field, name in names.items()
    }


TWICE = "energy_imported: entity_twice", "energy_exported: entity_twice"
REFUSED = [
    Row("energy_imported: entities_count", of(energy_imported=[])),
    Row("energy_imported: entities_count", of(energy_imported=["a", "b", "c"])),
    Row(TWICE[0], of(energy_imported=["a", "a"])),
    Row(TWICE[1], of(energy_imported=["a"], energy_exported=["a"])),
    *(
        Row(f"energy_imported: {error}", of(energy_imported=[name]))
        for name, error in (
            ("own", "entity_own"),
            ("nowhere", "entity_not_found"),
            ("stateless", "entity_without_state"),
            ("unavailable", "entity_without_state"),
            ("negative", "entity_not_energy"),
            ("pulses", "source_in_use"),
        )
    ),
    Row("power_exported: entity_not_power", of(energy_imported=["a"], power_exported="b")),
    Row(
        "energy_imported: entity_own, energy_exported: entity_not_energy, "
        "power_exported: entity_not_power",
        of(energy_imported=["own"], energy_exported=["negative"], power_exported="b"),
    ),
]


async def test_refused_entities(hass: HomeAssistant, refuses: Refusals) -> None:
    for name, state in {"a": "1", "b": "2", "c": "3", "negative": "-1", "pulses": "1"}.items():
        hass.states.async_set(f"sensor.{name}", state, KWH)
    hass.states.async_set("sensor.unavailable", "unavailable", KWH)
    register(hass, "stateless")
    hass.states.async_set(register(hass, "own", "smarty_p1").entity_id, "1", KWH)
    pulses = {"kind": "pulse", "entity_id": "sensor.pulses"}
    smarty_entry(data=pulses).add_to_hass(hass)
    await refuses(await start(hass, "entities"), REFUSED)


KWH_NOW = 25_678.901
"""Total in the telegram of the tests."""


async def read_before_cable(hass: HomeAssistant, kwh: float) -> tuple[MockConfigEntry, Smarty]:
    """Set up a meter whose totals add up to `kwh`, and read it once."""
    smarty = Smarty(hass)
    smarty.set(tariff_1=f"{kwh - 2000:.3f}")
    entry = await set_up(hass, smarty)
    await smarty.send()
    await smarty.send()
    return entry, smarty


async def test_a_meter_of_entities_becomes_a_full_meter(
    hass: HomeAssistant, port: MeterPort
) -> None:
    entry, smarty = await read_before_cable(hass, KWH_NOW - 1)
    await smarty.send(tariff_1=f"{KWH_NOW - 2000.75:.3f}")
    before = keys(hass, entry)
    [device] = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    port.greeting = lambda: port.next_frame(of_now())
    form = await reconfigure(hass, entry, "add_cable")
    assert form["step_id"] == "add_cable"
    result = await submit(hass, form, {"port": port.address, "encryption_key": KEY})
    assert is_done(result, "cable_added")
    await wait_until(hass, lambda: entry.runtime_data.latest is not None)
    assert (entry.unique_id, entry.data.get("kind")) == (SERIAL, None)
    after = keys(hass, entry)
    assert after.items() >= before.items()
    assert {"connection", "gas_flow", "voltage_l1"} & after.keys()
    same = dr.async_get(hass).async_get(device.id)
    assert isinstance(same, dr.DeviceEntry)
    assert same.serial_number == SERIAL
    # 0.25 kWh of the entities, and 0.75 kWh until the telegram. The meter's clock has no fractions
    # of a second, so its first telegrams may seem to be from before the last report.
    coordinator = entry.runtime_data
    while coordinator.records.household_state.month.imported_kwh == pytest.approx(0.25):
        await receive(hass, port, of_now())
    assert coordinator.records.household_state.month.imported_kwh == pytest.approx(1)
    state = state_of(hass, after["verification"])
    assert state.state == "verified"


@pytest.mark.parametrize("other", [-2, 20_000])
async def test_the_port_of_another_meter_is_refused(
    hass: HomeAssistant, port: MeterPort, other: float
) -> None:
    entry, _ = await read_before_cable(hass, KWH_NOW - other)
    port.greeting = lambda: port.next_frame(of_now())
    result = await submit(
        hass,
        await reconfigure(hass, entry, "add_cable"),
        {"port": port.address, "encryption_key": KEY},
    )
    assert (result["step_id"], result["errors"]) == ("add_cable", {"port": "other_total"})
    assert entry.data["kind"] == "entities"
    # The same, if the meter is added anew.
    found = await submit(hass, await start(hass), {"port": port.address, "encryption_key": KEY})
    asked = await submit(hass, found, {})
    assert asked["step_id"] == "same_meter"
    refused = await submit(hass, asked, {"same_meter": entry.entry_id})
    assert (refused["step_id"], refused["errors"]) == ("same_meter", {"same_meter": "other_total"})
    contract = await submit(hass, refused, {"same_meter": "another"})
    assert contract["step_id"] == "contract"


async def test_other_entities_are_chosen(hass: HomeAssistant, smarty: Smarty) -> None:
    entry = await add(hass, smarty, {"energy_imported": smarty.chosen("tariff_1")})
    await smarty.send()
    await smarty.send()
    form = await reconfigure(hass, entry, "entities")
    schema = schema_of(form)
    [field, *_] = schema.schema
    assert field.description == {"suggested_value": smarty.chosen("tariff_1")}
    new = {"power_imported": smarty.chosen("power")[0]}
    other = await listen(
        hass, smarty, new | {"energy_imported": smarty.chosen("exported")}, entry=entry
    )
    assert other["errors"] == {"base": "other_total"}
    result = await listen(
        hass, smarty, new | {"energy_imported": smarty.chosen("tariff_1")}, entry=entry
    )
    assert result["reason"] == "board_reconfigured"
    await hass.async_block_till_done()
    assert entry.data["power_imported"] == [smarty.ids["power"].id]
    await smarty.send()
    assert keys(hass, entry).keys() >= {"power_net", "demand_available"}
