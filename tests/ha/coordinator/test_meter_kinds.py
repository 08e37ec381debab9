"""What all kinds of meters have in common: at a port, of entities, and of the platform Leneda."""

from collections.abc import Awaitable, Callable

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.ha.entities import Smarty, set_up
from tests.ha.flows import test_leneda_meter
from tests.ha.support import Home, unload_entry, with_power

type Send = Callable[[str], Awaitable[None]]
"""Function that lets the source send a reading with a power in kW."""


async def _at_a_port(home: Home) -> tuple[MockConfigEntry, Send]:
    entry = await home.set_up()
    return entry, lambda power: home.receive(with_power(power))


async def _of_entities(home: Home) -> tuple[MockConfigEntry, Send]:
    smarty = Smarty(home.hass)
    entry = await set_up(home.hass, smarty)
    await smarty.send()
    return entry, lambda power: smarty.send(power=f"{float(power) * 1000:.0f}")


async def _of_the_platform(home: Home) -> tuple[MockConfigEntry, Send]:
    entry = await test_leneda_meter.add(home.hass)

    async def send(_power: str) -> None:
        entry.runtime_data.records.leneda.listeners.call()

    return entry, send


@pytest.mark.usefixtures("short_wait", "platform")
@pytest.mark.parametrize("begin", [_at_a_port, _of_entities, _of_the_platform])
async def test_the_listeners_get_each_reading_that_is_shown(
    home: Home, begin: Callable[[Home], Awaitable[tuple[MockConfigEntry, Send]]]
) -> None:
    entry, send = await begin(home)
    coordinator = entry.runtime_data
    told: list[object] = []
    shown: list[object] = []

    def note_shown() -> None:
        if not shown or shown[-1] is not coordinator.data:
            shown.append(coordinator.data)

    coordinator.reading_listeners.add(told.append)
    coordinator.async_add_listener(note_shown)
    for power in ("01.000", "02.000", "03.000"):
        await send(power)
    assert len(told) >= 3
    assert all(a is b for a, b in zip(told, shown, strict=True))
    assert await unload_entry(home.hass, entry)
