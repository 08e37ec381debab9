"""Simulated inverter of the solar panels. Home Assistant shows it as two sensors.

The meter measures only the energy that the house does not use itself. So the Energy dashboard needs
the production of the panels to compute the consumption of the home.
"""

import asyncio
from datetime import UTC, datetime

from dev.simulator import Meter

from .client import Client

ENERGY = "sensor.simulated_inverter_production"
POWER = "sensor.simulated_inverter_power"
_UPDATE_INTERVAL_S = 10.0


async def show_inverter(client: Client, meter: Meter) -> None:
    """Write the produced energy and the current power of the panels as states of two sensors."""
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
    """Write the states of the inverter's sensors every ten seconds, until cancelled."""
    await client.stay()
    while True:
        await show_inverter(client, meter)
        await asyncio.sleep(_UPDATE_INTERVAL_S)
