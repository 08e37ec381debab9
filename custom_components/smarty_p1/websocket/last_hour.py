"""Command that returns the power of the last hour."""

from typing import Literal, TypedDict

from homeassistant.helpers.json import json_bytes
from homeassistant.util import dt as dt_util

from ..coordinator import LiveCoordinator
from ..coordinator.pulse_coordinator import PulseCoordinator
from ..energy_dashboard.house_sources import async_device_powers
from ..lib.meter.last_hour import STEP_S
from .requests import Request, meter_command
from .shared_answer_types import Time


class PowerHourAnswer(TypedDict):
    """Power from the grid in W in each ten seconds of an hour, below 0 to the grid.

    There are 360 values, by the time of reception. The last value is the value of the running ten
    seconds. A value is null without a reading, also before a restart. A pulse reader has the power
    between two pulses, which falls while no pulse comes.
    """

    start: Time
    step: Literal[10]
    unit: Literal["W"]
    net: list[int | None]
    phases: list[list[int | None]]
    """The power of L1, L2 and L3; empty if fewer than two are known."""
    devices: list[str]
    """Power entities of at most 20 devices of the Energy dashboard."""


@meter_command("last_hour", has_pulse_readers=True)
async def answer_last_hour(coordinator: LiveCoordinator, _msg: Request) -> bytes:
    """Return the net power and that of the phases in each ten seconds of the last hour.

    `devices` are the power entities of the Energy dashboard's devices.
    """
    devices = await async_device_powers(coordinator.hass, coordinator.config_entry)
    source = coordinator if isinstance(coordinator, PulseCoordinator) else coordinator.records
    start, net, phases = source.last_hour.until(dt_util.utcnow())
    answer: PowerHourAnswer = {
        "start": start,
        "step": STEP_S,
        "unit": "W",
        "net": net,
        "phases": phases,
        "devices": devices,
    }
    return json_bytes(answer)
