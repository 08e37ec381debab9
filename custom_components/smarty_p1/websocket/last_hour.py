"""Command that returns the power of the last hour."""

from homeassistant.helpers.json import json_bytes
from homeassistant.util import dt as dt_util

from ..coordinator import LiveCoordinator
from ..coordinator.house_sources import async_device_powers
from ..coordinator.pulse_coordinator import PulseCoordinator
from ..lib.meter.last_hour import STEP_S
from .requests import Request, meter_command


@meter_command("last_hour", has_pulse_readers=True)
async def answer_last_hour(coordinator: LiveCoordinator, _msg: Request) -> bytes:
    """Return the net power and that of the phases in each ten seconds of the last hour.

    `devices` are the power entities of the Energy dashboard's devices.
    """
    devices = await async_device_powers(coordinator.hass, coordinator.config_entry)
    source = coordinator if isinstance(coordinator, PulseCoordinator) else coordinator.books
    start, net, phases = source.last_hour.until(dt_util.utcnow())
    return json_bytes(
        {
            "start": start.isoformat(),
            "step": STEP_S,
            "unit": "W",
            "net": net,
            "phases": phases,
            "devices": devices,
        }
    )
