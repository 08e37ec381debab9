"""Simulated solar panels, home battery and five devices, as entities of Home Assistant.

The meter measures only the exchange with the grid. So Home Assistant needs the production and the
battery to compute the home's consumption. The battery takes a fifth of the panels' energy, and
supplies the house from 18:00 to 23:00.

The simulator has no battery, and the battery must not change the exchange with the grid. So the
energy for the battery is added to the production of the simulated panels. The energy from the
battery is additional consumption of the house.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time, timedelta
from functools import cache

from dev.simulator import Meter
from dev.simulator.heater import Heater
from dev.simulator.household import EPOCH
from smartyp1.history.luxembourg_time import DAY, HOUR, LUXEMBOURG

from .client import Client

ENTITIES = {
    "production": "sensor.simulated_inverter_production",
    "production_power": "sensor.simulated_inverter_power",
    "charged": "sensor.simulated_battery_charged",
    "discharged": "sensor.simulated_battery_discharged",
    "battery_power": "sensor.simulated_battery_power",
    "car": "sensor.simulated_car",
    "boiler": "sensor.simulated_boiler",
    "fridge": "sensor.simulated_fridge",
    "router": "sensor.simulated_router",
}
_HEATER = "switch.simulated_water_heater"
_UPDATE_INTERVAL_S = 10.0
_SWITCH_INTERVAL_S = 0.5
_CHARGED_SHARE = 0.25
_EFFICIENCY = 0.9
_EVENING, _EVENING_LENGTH = time(18), timedelta(hours=5)
_POWER_SPAN = timedelta(minutes=1)

type Read = Callable[[Meter, datetime], float]


def produced_kwh(meter: Meter, at: datetime) -> float:
    """Return the energy that the panels have produced until `at`, in kWh."""
    return _surplus_kwh(meter, at) * (1 + _CHARGED_SHARE)


def charged_kwh(meter: Meter, at: datetime) -> float:
    """Return the energy that the battery has taken until `at`, in kWh."""
    return _surplus_kwh(meter, at) * _CHARGED_SHARE


def discharged_kwh(meter: Meter, at: datetime) -> float:
    """Return the energy that the battery has delivered until `at`, in kWh.

    From 18:00 to 23:00, the battery delivers 90 % of the energy that it has taken in the 24 hours
    until 18:00.
    """
    local = at.astimezone(LUXEMBOURG)
    evening = datetime.combine(local.date(), _EVENING, LUXEMBOURG)
    if local < evening:
        evening -= DAY
    before, today = (
        charged_kwh(meter, start.astimezone(UTC)) for start in (evening - DAY, evening)
    )
    return _EFFICIENCY * (before + (today - before) * min(1.0, (local - evening) / _EVENING_LENGTH))


def battery_kwh(meter: Meter, at: datetime) -> float:
    """Return the discharged energy minus the charged energy until `at`, in kWh."""
    return discharged_kwh(meter, at) - charged_kwh(meter, at)


def _hours(at: datetime) -> float:
    return (at - EPOCH) / HOUR


DEVICES: Mapping[str, Read] = {
    "car": lambda meter, at: meter.registers_at(at).car_kwh,
    "boiler": lambda meter, at: meter.registers_at(at).boiler_kwh,
    # The simulator runs the fridge for 15 of 44 minutes with 95 W.
    "fridge": lambda _, at: 0.095 * 15 / 44 * _hours(at),
    # Router and television box are a fifth of the simulator's standby power.
    "router": lambda meter, at: meter.house.standby / 5000 * _hours(at),
}
"""Functions that return the energy of a device until a time, in kWh."""
_ENERGIES: Mapping[str, Read] = {
    "production": produced_kwh,
    "charged": charged_kwh,
    "discharged": discharged_kwh,
    **DEVICES,
}
POWERS = {"production_power": produced_kwh, "battery_power": battery_kwh}


@cache
def _surplus_kwh(meter: Meter, at: datetime) -> float:
    """Return the production that the simulator has computed for the panels until `at`, in kWh."""
    return meter.registers_at(at).produced_kwh


async def show_inverter(client: Client, meter: Meter) -> None:
    """Write the energies and powers of panels and battery as states of Home Assistant."""
    now = datetime.now(UTC).replace(microsecond=0)
    for key, read in _ENERGIES.items():
        await _show(client, key, read(meter, now), "energy", "total_increasing", "kWh")
    for key, read in POWERS.items():
        await _show(client, key, _mean_kw(read, meter, now), "power", "measurement", "kW")


async def keep_inverter_shown(client: Client, meter: Meter) -> None:
    """Update the states of panels and battery every 10 s, until cancelled."""
    await client.stay()
    while True:
        await show_inverter(client, meter)
        await asyncio.sleep(_UPDATE_INTERVAL_S)


async def keep_heater_shown(client: Client, heater: Heater) -> None:
    """Show the water heater of the meter as a switch, until cancelled."""
    shown: bool | None = None
    while True:
        is_on = heater.is_on(datetime.now(UTC))
        if is_on is not shown:
            attributes = {"friendly_name": "Water heater"}
            state = "on" if is_on else "off"
            await client.post(f"/api/states/{_HEATER}", state=state, attributes=attributes)
            shown = is_on
        await asyncio.sleep(_SWITCH_INTERVAL_S)


def _mean_kw(read: Read, meter: Meter, now: datetime) -> float:
    return (read(meter, now) - read(meter, now - _POWER_SPAN)) / (_POWER_SPAN / HOUR)


async def _show(  # noqa: PLR0913, PLR0917 - the attributes of a sensor
    client: Client, key: str, value: float, device_class: str, state_class: str, unit: str
) -> None:
    entity_id = ENTITIES[key]
    name = entity_id.removeprefix("sensor.simulated_").replace("_", " ")
    await client.post(
        f"/api/states/{entity_id}",
        state=f"{value:.3f}",
        attributes={
            "friendly_name": f"Simulated {name}",
            "device_class": device_class,
            "state_class": state_class,
            "unit_of_measurement": unit,
        },
    )
