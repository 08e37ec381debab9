"""Simulated inverter of the solar panels, as a sensor of Home Assistant.

The meter sees only the surplus of the panels. Without the production, the Energy dashboard cannot
compute the home's consumption.
"""

import asyncio
from datetime import UTC, datetime

from dev.simulator import Meter

from .client import Client

ENERGY = "sensor.simulated_inverter_production"
POWER = "sensor.simulated_inverter_power"
_UPDATE_INTERVAL_S = 10.0


async def show_inverter(client: Client, meter: Meter) -> None:
    """Write production and current power of the panels as states."""
    now = datetime.now(UTC)
    await client.post(
        f"/api/states/{ENERGY}",
        state=f"{meter.registers_at(now).produced_kwh:.3f}",
        attributes={
            "friendly_name": "Simulated inverter Production",
            "device_class": "energy",
            "state_class": "total_increasing",
            "unit_of_measurement": "kWh",
            "icon": "mdi:solar-power-variant",
        },
    )
    await client.post(
        f"/api/states/{POWER}",
        state=f"{meter.household.produced_kw_at(now):.3f}",
        attributes={
            "friendly_name": "Simulated inverter Power",
            "device_class": "power",
            "state_class": "measurement",
            "unit_of_measurement": "kW",
        },
    )


async def keep_inverter_shown(client: Client, meter: Meter) -> None:
    """Update the inverter's states until cancelled."""
    await client.stay()
    while True:
        await show_inverter(client, meter)
        await asyncio.sleep(_UPDATE_INTERVAL_S)
