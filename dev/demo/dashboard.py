"""The Energy dashboard: what it shows of a meter."""

from typing import Any

from .client import Client, ClientError
from .energy import wait_for_values


async def set_up_dashboard(client: Client, entities: dict[str, str]) -> None:
    """Show the grid in both directions, gas and water; what a user has set up stays."""
    if await _is_set_up(client):
        return
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
    gas = {"type": "gas", "stat_energy_from": entities["gas"]}
    water = {"type": "water", "stat_energy_from": entities["water"]}
    await client.command(
        "energy/save_prefs",
        energy_sources=[
            {name: value for name, value in source.items() if value is not None}
            for source in (grid, sun, gas, water)
            if source["stat_energy_from"]
        ],
        device_consumption=[],
    )


async def add_flow_rates(client: Client, entities: dict[str, str]) -> None:
    """Show also how fast gas and water flow, as soon as that is known: after two captures."""
    rates = {kind: entities[f"{kind}_flow_rate"] for kind in ("gas", "water")}
    await wait_for_values(client, list(rates.values()))
    # A connection on which nobody listens for so long is closed.
    async with Client.logged_in(client.url) as fresh:
        sources = (await fresh.command("energy/get_prefs"))["energy_sources"]
        missing = [
            source
            for source in sources
            if source["type"] in rates
            and source["stat_energy_from"] == entities[source["type"]]
            and not source.get("stat_rate")
        ]
        for source in missing:
            source["stat_rate"] = rates[source["type"]]
        if missing:
            await fresh.command("energy/save_prefs", energy_sources=sources)


async def _is_set_up(client: Client) -> bool:
    try:
        preferences = await client.command("energy/get_prefs")
    except ClientError:
        # There are none yet.
        return False
    return bool(preferences["energy_sources"])
