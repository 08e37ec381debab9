"""The Energy dashboard: what it shows, and a past that the simulated household could have had."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from dev.simulator import Meter

from .client import Client, ClientError

DOMAIN = "smarty_p1"
DAYS_OF_HISTORY = 7
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Total:
    """A register the dashboard shows, and how the simulated meter knows it."""

    key: str
    unit: str
    unit_class: str
    read: Callable[[Meter, datetime], float]


TOTALS = (
    Total("energy_imported", "kWh", "energy", lambda m, at: m.registers_at(at).imported_kwh),
    Total("energy_exported", "kWh", "energy", lambda m, at: m.registers_at(at).exported_kwh),
    Total("gas", "m³", "volume", lambda m, at: m.registers_at(at).gas_m3),
    Total("water", "m³", "volume", lambda m, at: m.registers_at(at).water_m3),
)


async def entities_of(client: Client, entry_id: str) -> dict[str, str]:
    """Return the enabled entities of a config entry: translation key -> entity id."""
    registry = await client.command("config/entity_registry/list")
    return {
        entity["translation_key"]: entity["entity_id"]
        for entity in registry
        if entity["config_entry_id"] == entry_id and not entity["disabled_by"]
    }


async def wait_for_values(client: Client, entity_ids: list[str]) -> dict[str, float]:
    """Return the numbers of some sensors, once they have any."""
    while True:
        states = {state["entity_id"]: state["state"] for state in await client.get("/api/states")}
        try:
            return {entity_id: float(states[entity_id]) for entity_id in entity_ids}
        except KeyError, ValueError:
            await asyncio.sleep(0.2)


async def set_up_dashboard(client: Client, entities: dict[str, str]) -> None:
    """Show the grid in both directions, gas and water; what a user has set up stays."""
    if await _is_set_up(client):
        return
    await client.command(
        "energy/save_prefs",
        energy_sources=[
            {
                "type": "grid",
                "stat_energy_from": entities["energy_imported"],
                "stat_energy_to": entities["energy_exported"],
                "stat_rate": entities["power_net"],
                "cost_adjustment_day": 0,
            },
            {"type": "gas", "stat_energy_from": entities["gas"]},
            {"type": "water", "stat_energy_from": entities["water"]},
        ],
        device_consumption=[],
    )


async def _is_set_up(client: Client) -> bool:
    try:
        preferences = await client.command("energy/get_prefs")
    except ClientError:
        # There are none yet.
        return False
    return bool(preferences["energy_sources"])


async def fill_history(client: Client, entities: dict[str, str], meter: Meter) -> int:
    """Fill the hours nobody was watching, at most a week; return how many hours those were."""
    values = await wait_for_values(client, [entities[total.key] for total in TOTALS])
    filled = 0
    for total in TOTALS:
        entity_id = entities[total.key]
        this_hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        earliest = this_hour - DAYS_OF_HISTORY * DAY
        watched = await client.statistics(entity_id, days=DAYS_OF_HISTORY)
        # Home Assistant's sums begin with 0 at the first value it sees: what lies before is
        # negative. After a pause they go on from the last one.
        since, difference = (
            (_moment(watched[-1]["end"]), watched[-1]["sum"] - watched[-1]["state"])
            if watched
            else (earliest, -values[entity_id])
        )
        rows = list(_rows(total, meter, since, this_hour, difference))
        if rows:
            await client.command(
                "recorder/import_statistics", metadata=_metadata(total, entity_id), stats=rows
            )
        filled = max(filled, len(rows))
    return filled


def _rows(
    total: Total, meter: Meter, since: datetime, until: datetime, difference: float
) -> Iterator[dict[str, Any]]:
    """Yield a row per hour: the value at its end, and the sum that goes with it."""
    start = since
    while start < until:
        value = total.read(meter, start + HOUR)
        yield {
            "start": start.isoformat(),
            "state": round(value, 3),
            "sum": round(value + difference, 3),
        }
        start += HOUR


def _metadata(total: Total, entity_id: str) -> dict[str, Any]:
    return {
        "statistic_id": entity_id,
        "source": "recorder",
        "name": None,
        "has_sum": True,
        "mean_type": 0,
        "unit_class": total.unit_class,
        "unit_of_measurement": total.unit,
    }


def _moment(milliseconds: float) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
