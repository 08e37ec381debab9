"""The inverter of the simulated panels, as a sensor of Home Assistant that says it is simulated.

The meter sees only what the house does not use itself. Without the production, the Energy dashboard
cannot tell what the home uses.
"""

import asyncio
from datetime import UTC, datetime

from dev.simulator import Meter

from .client import Client

ENERGY = "sensor.simulated_inverter_production"
POWER = "sensor.simulated_inverter_power"
_EVERY = 10.0


async def show_inverter(client: Client, meter: Meter) -> None:
    """Show what the panels have produced, and produce now."""
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
    """Show the inverter again and again, until cancelled."""
    await client.stay()
    while True:
        await show_inverter(client, meter)
        await asyncio.sleep(_EVERY)
