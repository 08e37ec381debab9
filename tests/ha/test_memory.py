"""Memory without Python's garbage collector: what is no longer used is freed at once.

Home Assistant's full collection is rare, and a household has megabytes.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from . import billed_month
from .support import Home, call
from .websocket.conftest import ask

_LOADS = [
    {"name": "Car", "kwh": 8.8, "max_kw": 11, "by": "07:00"},
    {"name": "Dishes", "kwh": 1.5, "hours": 1.5, "by": "05:00"},
]
_BATTERY = {"kind": "battery", "kwh": 5, "kw": 3}
_ANSWERS: dict[str, dict[str, object]] = {
    "meters": {},
    "bill": {"months": 2},
    "days": {},
    "quarter_hours": {"start": "2026-06-15T21:30:00Z"},
    "classes": {},
    "usual": {},
    "highlights": {},
    "what_if": {"changes": [_BATTERY]},
}


@contextmanager
def garbage() -> Iterator[list[str]]:
    """Yield a list. At the end, it has the classes of objects that only the collector can free."""
    names = list[str]()
    gc.collect()
    gc.disable()
    try:
        yield names
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        types = map(type, gc.garbage)
        names += [of.__name__ for of in types if of.__module__.startswith("custom_components")]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


@pytest.fixture
async def house(home: Home, entry: MockConfigEntry) -> HomeAssistant:
    """Return a Home Assistant with a meter that has been read."""
    assert entry is home.entry
    await home.again(billed_month.telegram("00:00:05", 0.1))
    return home.hass


async def test_telegrams_leave_no_garbage(house: HomeAssistant, home: Home) -> None:
    with garbage() as names:
        for minute in range(1, 40, 8):
            await home.receive(billed_month.telegram(f"00:{minute:02}:05", 0.1))
        await house.async_block_till_done()
    assert names == []


async def test_a_plan_leaves_no_garbage(house: HomeAssistant) -> None:
    with garbage() as names:
        answer = await call(house, "get_plan", loads=_LOADS)
        assert len(answer["loads"]) == len(_LOADS)
    assert names == []


async def test_answers_leave_no_garbage(
    house: HomeAssistant, entry: MockConfigEntry, hass_ws_client: WebSocketGenerator
) -> None:
    client = await hass_ws_client(house)
    for command, fields in _ANSWERS.items():
        of_entry = {} if command == "meters" else {"entry_id": entry.entry_id}
        with garbage() as names:
            assert await ask(client, command, **of_entry, **fields)
        assert names == [], command


async def test_a_reload_leaves_no_household(house: HomeAssistant, home: Home) -> None:
    for _ in range(2):
        with garbage() as names:
            await home.again(billed_month.telegram("00:01:05", 0.1))
            await house.async_block_till_done()
        assert "MeterCoordinator" in names
        assert {"HouseholdState", "Ledger", "MoneyOfReading"}.isdisjoint(names)
