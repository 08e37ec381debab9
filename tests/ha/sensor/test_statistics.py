"""Long-term statistics, compiled by a recorder, and what the Energy dashboard says about them."""

from datetime import timedelta
from typing import Any

import pytest
from homeassistant.components.recorder.history import get_significant_states
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers.recorder import get_instance
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
    do_adhoc_statistics,
)
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from tests.ha.meter import with_value
from tests.ha.support import TELEGRAM, Home, at

pytestmark = pytest.mark.usefixtures("recorder_mock")

GAS = "sensor.gas_meter_7401"
WATER = "sensor.water_meter_7402"
HEAT = "sensor.heat_meter_7403"
IMPORTED = "sensor.smarty_energy_imported"
EXPORTED = "sensor.smarty_energy_exported"
NET_POWER = "sensor.smarty_net_power"
PRICE = "sensor.smarty_price_of_imported_energy"
CHEAPEST = "sensor.smarty_cheapest_reference_power"

# Unit, kind of unit, and whether there is a sum or a mean.
STATISTICS = {
    IMPORTED: ("kWh", "energy", "sum"),
    EXPORTED: ("kWh", "energy", "sum"),
    GAS: ("m³", "volume", "sum"),
    WATER: ("m³", "volume", "sum"),
    HEAT: ("GJ", "energy", "sum"),
    NET_POWER: ("kW", "power", "mean"),
    "sensor.smarty_quarter_hour_power": ("kW", "power", "mean"),
    "sensor.smarty_power_of_last_quarter_hour": ("kW", "power", "mean"),
    "sensor.smarty_highest_power_this_month": ("kW", "power", "mean"),
    "sensor.smarty_available_power": ("kW", "power", "mean"),
    "sensor.smarty_energy_above_reference_power": ("kWh", "energy", "sum"),
    "sensor.smarty_surcharge_this_month": ("EUR", None, "sum"),
    "sensor.smarty_total_cost_this_month": ("EUR", None, "sum"),
    PRICE: ("EUR/kWh", None, "mean"),
}
GRID = {
    "type": "grid",
    "stat_energy_from": IMPORTED,
    "entity_energy_price": PRICE,
    "stat_energy_to": EXPORTED,
    "stat_rate": NET_POWER,
    "cost_adjustment_day": 0,
}


async def compile_statistics(home: Home) -> None:
    """Let the meter send a quarter-hour of 4 kW and later captures, and compile all that."""
    hass = home.hass
    assert await async_setup_component(hass, "sensor", {})
    options = {"reference_power": 3.0, "surcharge_price": 0.2, "energy_price": 0.15}
    options |= {"feed_in_price": 0.06, "vat": False}
    await home.set_up(at("10:30:00", 100.0, 4.0), **options)
    later = at("10:45:00", 101.0, 4.0)
    later = with_value(later, "0-1:24.2.1", "(250703104000S)(00679.901*m3)")
    later = with_value(later, "0-2:24.2.1", "(250703104000S)(00028.203*m3)")
    later = with_value(later, "0-3:24.2.1", "(250703104000S)(00012.445*GJ)")
    await home.receive(later)

    await async_wait_recording_done(hass)
    now = dt_util.utcnow()
    this_period = now.replace(minute=now.minute // 5 * 5, second=0, microsecond=0)
    # The states above may have been written across the border of two periods.
    for start in (this_period - timedelta(minutes=5), this_period):
        do_adhoc_statistics(hass, start=start)
        await async_wait_recording_done(hass)


async def test_statistics_are_compiled(home: Home, hass_ws_client: WebSocketGenerator) -> None:
    assert await async_setup_component(home.hass, "energy", {})
    await compile_statistics(home)
    client = await hass_ws_client()

    await client.send_json_auto_id({"type": "recorder/list_statistic_ids"})
    found = {known["statistic_id"]: known for known in (await client.receive_json())["result"]}
    assert {
        key: (
            known["statistics_unit_of_measurement"],
            known["unit_class"],
            "sum" if known["has_sum"] else "mean",
        )
        for key, known in found.items()
        if key in STATISTICS
    } == STATISTICS

    await client.send_json_auto_id(
        {
            "type": "recorder/statistics_during_period",
            "start_time": (dt_util.utcnow() - timedelta(minutes=15)).isoformat(),
            "statistic_ids": list(STATISTICS),
            "period": "5minute",
        }
    )
    rows: dict[str, Any] = (await client.receive_json())["result"]
    assert rows.keys() == STATISTICS.keys()
    sums = {
        key: round(row[-1]["sum"], 3) for key, row in rows.items() if STATISTICS[key][2] == "sum"
    }
    assert sums == {
        IMPORTED: 1.0,
        EXPORTED: 0.0,
        GAS: 1.0,
        WATER: 0.1,
        HEAT: 0.1,
        "sensor.smarty_energy_above_reference_power": 0.25,
        "sensor.smarty_surcharge_this_month": 0.05,
        # 0.15 for the energy, 0.08 (0.0759) for the grid, 0.05 as above, and a cent for the meter
        # (0.083 to 0.085, since midnight); none for the reference power (0.157 to 0.161).
        "sensor.smarty_total_cost_this_month": 0.29,
    }
    assert rows[PRICE][-1]["mean"] == pytest.approx(0.2259)  # 0.15 and 0.0759
    assert rows["sensor.smarty_power_of_last_quarter_hour"][-1]["max"] == 4.0

    # The Energy dashboard finds nothing wrong.
    sources = [GRID, *({"type": "gas", "stat_energy_from": fuel} for fuel in (GAS, HEAT))]
    sources.append({"type": "water", "stat_energy_from": WATER})
    await client.send_json_auto_id({"type": "energy/save_prefs", "energy_sources": sources})
    assert (await client.receive_json())["success"]
    await client.send_json_auto_id({"type": "energy/validate"})
    findings = (await client.receive_json())["result"]
    assert findings["energy_sources"] == [[]] * len(sources)


@pytest.mark.usefixtures("everything_enabled")
async def test_long_and_double_attributes_are_not_recorded(hass: HomeAssistant, home: Home) -> None:
    await compile_statistics(home)
    text = with_value(TELEGRAM, "0-0:96.13.0", f"({b'Hallo'.hex()})")
    await home.receive(f"{text.partition('!')[0]}9-9:99.99.99(long)\r\n!")
    await async_wait_recording_done(hass)

    def recorded(entity_id: str) -> dict[str, Any]:
        found = get_significant_states(
            hass, dt_util.utcnow() - timedelta(hours=1), None, [entity_id]
        )
        last = found[entity_id][-1]
        assert isinstance(last, State)
        return dict(last.attributes)

    attributes = {
        entity_id: await get_instance(hass).async_add_executor_job(recorded, entity_id)
        for entity_id in (
            *(
                "sensor.smarty_message_text",
                "event.smarty_message",
                "sensor.smarty_other_values_of_the_meter",
            ),
            *("sensor.smarty_quarter_hour_power", "sensor.smarty_energy_above_reference_power"),
            *("binary_sensor.smarty_reference_power_warning", CHEAPEST),
        )
    }
    kept = {
        (entity_id, name)
        for entity_id, found in attributes.items()
        for name in (
            *("text", "measured_since", "9-9:99.99.99", "last_reset", "months", "classes"),
        )
        if name in found
    }
    assert kept == {
        ("event.smarty_message", "text"),
        ("sensor.smarty_energy_above_reference_power", "last_reset"),
    }
