"""Telegrams at certain times, and what happens when."""

import asyncio
from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import pytest
from homeassistant.core import HomeAssistant

from .meter import MeterPort, with_value
from .support import TELEGRAM


class Plan(NamedTuple):
    """When telegrams are sent, and how many of them have a turn with a minimum of one second."""

    at: list[float]
    expected: int


TOO_OFTEN_AND_UNPUNCTUAL = pytest.mark.parametrize(
    "plan",
    [Plan([0.25 * count for count in range(13)], 4), Plan([0.0, 0.9, 2.0, 2.9, 4.0], 5)],
    ids=["too often", "unpunctual"],
)


def with_power(kilowatts: str) -> str:
    """Return a telegram that can be told apart."""
    return with_value(TELEGRAM, "1-0:1.7.0", f"({kilowatts}*kW)")


async def turns(
    hass: HomeAssistant, port: MeterPort, at: list[float], happened: Callable[[], int]
) -> list[float]:
    """Send telegrams at these times, of 1 kW, 2 kW and so on; return when something happened."""
    times: list[float] = []
    start = hass.loop.time()
    before = happened()
    sent = 0
    while (now := hass.loop.time() - start) < at[-1] + 0.6:
        if sent < len(at) and now >= at[sent]:
            sent += 1
            await port.send_telegram(with_power(f"{sent:06.3f}"))
        times += [now] * (happened() - before)
        before = happened()
        await asyncio.sleep(0.005)
    return times


def shortest(times: list[float]) -> float:
    """Return the shortest time between two of them."""
    return min(later - earlier for earlier, later in pairwise(times))
