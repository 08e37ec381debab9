"""Configuration of Home Assistant's Energy dashboard for a meter of the demo."""

from smartyp1.json_types import JsonDict

from .client import Client, ClientError
from .inverter import DEVICES


async def set_up_dashboard(
    client: Client, entities: dict[str, str], statistics: dict[str, str]
) -> None:
    """Add grid, solar panels, battery, devices, gas and water to the Energy dashboard.

    `entities` has entity ids by translation key, and `statistics` the ids by kind. If the
    dashboard has sources already, do nothing.
    """
    if await _is_set_up(client):
        return
    grid = {
        "type": "grid",
        "stat_energy_from": statistics["imported"],
        "stat_energy_to": statistics["exported"],
        "stat_rate": entities["power_net"],
        "stat_cost": statistics.get("cost"),
        "stat_compensation": statistics.get("compensation"),
        "cost_adjustment_day": 0,
    }
    sun: JsonDict = {
        "type": "solar",
        "stat_energy_from": entities.get("production"),
        "stat_rate": entities.get("production_power"),
        "config_entry_solar_forecast": [],
    }
    battery: JsonDict = {
        "type": "battery",
        "stat_energy_from": entities.get("discharged"),
        "stat_energy_to": entities.get("charged"),
        "stat_rate": entities.get("battery_power"),
    }
    gas: JsonDict = {
        "type": "gas",
        "stat_energy_from": statistics.get("gas_volume"),
        "stat_rate": entities.get("gas_flow_rate"),
        "stat_cost": statistics.get("gas_cost"),
    }
    water: JsonDict = {
        "type": "water",
        "stat_energy_from": entities["water"],
        "stat_rate": entities.get("water_flow_rate"),
    }
    await client.command(
        "energy/save_prefs",
        energy_sources=[
            {name: value for name, value in source.items() if value is not None}
            for source in (grid, sun, battery, gas, water)
            if source["stat_energy_from"]
        ],
        device_consumption=[
            {"stat_consumption": entities[name], "name": name.capitalize()}
            for name in DEVICES
            if name in entities
        ],
    )


async def _is_set_up(client: Client) -> bool:
    try:
        preferences = await client.command("energy/get_prefs")
    except ClientError:
        # Home Assistant refuses the command if the Energy dashboard has never been set up.
        return False
    return bool(preferences["energy_sources"])
