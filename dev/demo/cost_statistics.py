"""Import of the simulated year's costs into Home Assistant's statistics.

The statistics belong to the meter's sensor `cost_total` and to the two cost sensors that Home
Assistant creates for the Energy dashboard.
"""

import asyncio
from datetime import datetime
from typing import Any

from .client import Client
from .meter_statistics import BEFORE_ANY_CHART, HOUR, import_rows, wait_for_rows, wait_for_values
from .simulated_year import Costs

_CURRENCY = "EUR"
_MAX_ATTEMPTS = 150


async def fill_costs(client: Client, entities: dict[str, str], costs: Costs) -> None:
    """Import `costs` as statistics. `entities` has entity ids by translation key.

    The prices must already be set in the Energy dashboard.
    """
    energies = entities["energy_imported"], entities["energy_exported"]
    # For the Energy dashboard, Home Assistant creates a sensor of the costs of imported energy, and
    # a sensor of the earnings from exported energy. Wait until both exist.
    for _ in range(_MAX_ATTEMPTS):
        by_energy = (await client.command("energy/info"))["cost_sensors"]
        if by_energy.keys() >= {*energies}:
            break
        await asyncio.sleep(0.2)
    imported, exported = (by_energy[energy] for energy in energies)
    costs_by_entity = {
        entities["cost_total"]: costs.bill,
        imported: costs.imported,
        exported: costs.exported,
    }
    await wait_for_values(client, list(costs_by_entity))
    for entity_id, amounts in costs_by_entity.items():
        rows = _rows(amounts)
        await import_rows(client, entity_id, rows, _CURRENCY, None, has_sum=True)
    await wait_for_rows(client, entity_id, rows)


def _rows(amounts: dict[datetime, float]) -> list[dict[str, Any]]:
    """Return the statistics rows of `amounts`.

    A key of `amounts` is the end of an hour. Its value is the total cost until then, in EUR. The
    sums that Home Assistant records after this import begin at 0. So the imported sums must end at
    0. The sum of each row is its total cost minus the last total cost.
    """
    (first, _), *_, (_, last) = amounts.items()
    rows = {first - BEFORE_ANY_CHART: 0.0} | {end - HOUR: paid for end, paid in amounts.items()}
    return [
        {"start": start.isoformat(), "state": round(paid, 2), "sum": round(paid - last, 2)}
        for start, paid in rows.items()
    ]
