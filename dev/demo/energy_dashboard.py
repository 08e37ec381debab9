"""Configuration of Home Assistant's Energy dashboard for a meter of the demo."""

from typing import Any

from .client import Client, ClientError


async def set_up_dashboard(client: Client, entities: dict[str, str]) -> bool:
    """Add grid, solar panels, battery, gas and water to the Energy dashboard. Return True.

    `entities` has entity ids by translation key. If the dashboard has sources already, do nothing
    and return False.
    """
    if await _is_set_up(client):
        return False
    grid = {
        "type": "grid",
        "stat_energy_from": entities["energy_imported"],
        "stat_energy_to": entities["energy_exported"],
        "stat_rate": entities["power_net"],
        "entity_energy_price": entities.get("price_import"),
        "entity_energy_price_export": entities.get("price_export"),
        "cost_adjustment_day": 0,
    }
    sun: dict[str, Any] = {
        "type": "solar",
        "stat_energy_from": entities.get("production"),
        "stat_rate": entities.get("production_power"),
        "config_entry_solar_forecast": [],
    }
    battery: dict[str, Any] = {
        "type": "battery",
        "stat_energy_from": entities.get("discharged"),
        "stat_energy_to": entities.get("charged"),
        "stat_rate": entities.get("battery_power"),
    }
    gas, water = (
        {
            "type": kind,
            "stat_energy_from": entities[kind],
            "stat_rate": entities.get(f"{kind}_flow_rate"),
        }
        for kind in ("gas", "water")
    )
    await client.command(
        "energy/save_prefs",
        energy_sources=[
            {name: value for name, value in source.items() if value is not None}
            for source in (grid, sun, battery, gas, water)
            if source["stat_energy_from"]
        ],
        device_consumption=[],
    )
    return True


async def _is_set_up(client: Client) -> bool:
    try:
        preferences = await client.command("energy/get_prefs")
    except ClientError:
        # Home Assistant refuses the command if the Energy dashboard has never been set up.
        return False
    return bool(preferences["energy_sources"])
