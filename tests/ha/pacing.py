"""Telegrams at certain times."""

import asyncio

from homeassistant.core import HomeAssistant

from .meter import MeterPort, with_value
from .support import TELEGRAM


def with_power(kilowatts: str) -> str:
    """Return a telegram that can be told apart."""
    return with_value(TELEGRAM, "1-0:1.7.0", f"({kilowatts}*kW)")


async def send_at(hass: HomeAssistant, port: MeterPort, times: list[float]) -> None:
    """Send telegrams at these times, of 1 kW, 2 kW and so on, until the turn after a second."""
    start = hass.loop.time()
    for number, at in enumerate(times, start=1):
        await asyncio.sleep(max(0.0, start + at - hass.loop.time()))
        await port.send_telegram(with_power(f"{number:06.3f}"))
    await asyncio.sleep(max(0.0, start + 1.4 - hass.loop.time()))
