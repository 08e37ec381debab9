"""The grid operator's limit arrives, whatever else fails, is lost or is killed.

The house of `test_planned_loads`, with a car by switch and number, and a boiler by switch.
"""

import asyncio
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from types import CodeType

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ConfigEntryNotReady
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

import custom_components.smarty_p1
from custom_components.smarty_p1.coordinator.loads.entered_loads import EnteredLoad
from custom_components.smarty_p1.coordinator.meter_coordinator import MeterCoordinator
from custom_components.smarty_p1.lib.plan.limit_log import LoggedLimit
from smartyp1.json_types import JsonDict
from smartyp1.stored_json import dump

from . import test_load_follower, test_orders, test_planned_loads
from .support import ON_30_NOVEMBER, Home, said
from .test_load_follower import CHEAP
from .test_orders import BOX, POWER, RELAY, WATTS, Box
from .test_planned_loads import add

clock = test_planned_loads.clock
house = test_planned_loads.house
charger = test_load_follower.charger
box = test_orders.box
pytestmark = [*ON_30_NOVEMBER, pytest.mark.timeout(300)]

PROJECT = str(Path(custom_components.smarty_p1.__file__).parent)
BOILER = "switch.boiler"
INSIDE = {"limit_enforcer.py", "limit_guard.py", "order_sender.py"}
"""Modules of the guard and of its sender."""
TICK = timedelta(seconds=15)
TOOL = 4

monitoring = sys.monitoring


@contextmanager
def started_functions() -> Iterator[set[CodeType]]:
    """Collect the functions of the project that start."""
    found = set[CodeType]()

    def on_start(code: CodeType, _offset: int) -> object:
        if code.co_filename.startswith(PROJECT):
            found.add(code)
        return monitoring.DISABLE

    monitoring.use_tool_id(TOOL, "tests")
    monitoring.restart_events()
    monitoring.register_callback(TOOL, monitoring.events.PY_START, on_start)
    monitoring.set_events(TOOL, monitoring.events.PY_START)
    try:
        yield found
    finally:
        monitoring.set_events(TOOL, 0)
        monitoring.free_tool_id(TOOL)


@contextmanager
def failing(function: CodeType) -> Iterator[None]:
    """Let a function raise an exception whenever it starts."""

    def on_start(_code: CodeType, _offset: int) -> None:
        raise ArithmeticError

    monitoring.use_tool_id(TOOL, "tests")
    monitoring.register_callback(TOOL, monitoring.events.PY_START, on_start)
    monitoring.set_local_events(TOOL, function, monitoring.events.PY_START)
    try:
        yield
    finally:
        monitoring.set_local_events(TOOL, function, 0)
        monitoring.free_tool_id(TOOL)


class House:
    """Box of the car, and a boiler at the same relay."""

    def __init__(self, hass: HomeAssistant, box: Box, home: Home) -> None:
        self._hass = hass
        self.box = box
        self.home = home
        self.now = CHEAP

    async def enter(self) -> None:
        self._hass.states.async_set(RELAY, "connected")
        self._hass.states.async_set(BOILER, "off")
        self.box.needs(8.8)
        limited = {"blocked_by": RELAY, "limited_to": "2", "min_kw": "1.4"}
        await self.box.enters(power_set_by=POWER, **limited)
        off = {"blocked_by": RELAY, "limited_to": "0"}
        await add(self._hass, self.box.house, "pausing", switched_by=BOILER, **off)

    async def wait(self, time: timedelta) -> None:
        self.now += time
        await self.box.charger.at(self.now)

    async def run(self) -> None:
        """End the limit, and let both run with full power, whoever has switched them on."""
        self._hass.states.async_set(RELAY, "connected")
        for _ in range(2):
            await self.wait(timedelta(minutes=3))
        self._hass.states.async_set(POWER, "11000", WATTS)
        for name in (BOX, BOILER):
            self._hass.states.async_set(name, "on")
        await self._hass.async_block_till_done()

    async def limit(self) -> int:
        """Let the operator limit both. Return the seconds until they obeyed, 99 if they did not."""
        self._hass.states.async_set(RELAY, "disconnected")
        await self._hass.async_block_till_done()
        for seconds in (0, 15, 30, 45, 60):
            if self.is_limited:
                return seconds
            await self.wait(TICK)
        return 0 if self.is_limited else 99

    @property
    def is_limited(self) -> bool:
        is_low = self.box.watts <= 2000 or not self.box.is_on
        return is_low and self.box.state(BOILER) == "off"

    @property
    def is_told(self) -> bool:
        return bool(self.home.issue("load_not_limited"))


@pytest.fixture
async def limited_house(hass: HomeAssistant, box: Box, home: Home) -> House:
    limited_house = House(hass, box, home)
    await limited_house.enter()
    await limited_house.run()
    return limited_house


async def test_a_limit_arrives_whichever_function_outside_the_guard_fails(
    limited_house: House,
) -> None:
    with started_functions() as functions:
        assert await limited_house.limit() == 0
        await limited_house.wait(TICK)
    assert len(functions) > 100
    # What fails in a timer is no fault of this test.
    asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)
    late = dict[str, int]()
    for function in sorted(functions, key=lambda code: (code.co_filename, code.co_firstlineno)):
        is_inside = Path(function.co_filename).name in INSIDE
        await limited_house.run()
        with failing(function):
            seconds = await limited_house.limit()
            if is_inside and seconds > 60:
                for _ in range(5):
                    await limited_house.wait(TICK)
        if seconds > 60 and not (is_inside and limited_house.is_told):
            late[f"{Path(function.co_filename).name}: {function.co_qualname}"] = seconds
    assert not late


async def test_a_limit_at_the_start_does_not_wait_for_the_meter(
    hass: HomeAssistant, limited_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = limited_house.box.house
    assert await hass.config_entries.async_unload(entry.entry_id)
    hass.states.async_set(RELAY, "disconnected")

    async def fail(_: MeterCoordinator) -> None:
        raise ConfigEntryNotReady

    monkeypatch.setattr(MeterCoordinator, "async_start", fail)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert limited_house.is_limited


async def test_a_load_that_cannot_be_looked_at_is_off_after_five_minutes_and_costs_others_nothing(
    hass: HomeAssistant, box: Box, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    hass.states.async_set(BOILER, "off")
    box.needs(8.8)
    await box.enters()
    await add(hass, box.house, "pausing", switched_by=BOILER)
    await box.at(0)
    await box.charger.until(lambda: box.is_on and box.state(BOILER) == "on")
    is_there = EnteredLoad.is_there

    def fail(entered: EnteredLoad, hass: HomeAssistant) -> bool | None:
        if entered.name == "Car":
            raise ArithmeticError
        return is_there(entered, hass)

    monkeypatch.setattr(EnteredLoad, "is_there", fail)
    house = House(hass, box, home)
    for _ in range(19):
        await house.wait(TICK)
    assert box.is_on
    for _ in range(3):
        await house.wait(TICK)
    assert not box.is_on
    assert said(home.issue("load_not_followed"))["entities"] == "Car"
    assert box.state(BOILER) == "on"
    # Somebody wants to charge all the same.
    await box.by_hand("turn_on")
    for _ in range(8):
        await house.wait(TICK)
    assert box.is_on
    monkeypatch.undo()
    await house.wait(TICK)
    await house.wait(TICK)
    assert not home.issue("load_not_followed")


async def test_a_hand_stays_while_its_load_cannot_be_looked_at(
    hass: HomeAssistant, box: Box, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    await box.charges()
    for service in ("turn_off", "turn_on"):
        await box.by_hand(service)

    def fail(_entered: EnteredLoad, _hass: HomeAssistant) -> bool | None:
        raise ArithmeticError

    monkeypatch.setattr(EnteredLoad, "is_there", fail)
    house = House(hass, box, home)
    house.now += timedelta(minutes=16)
    for _ in range(25):
        await house.wait(TICK)
    assert home.issue("load_not_followed")
    assert box.is_on


async def test_the_log_has_a_line_for_each_event_and_that_of_an_earlier_version_goes_over(
    hass: HomeAssistant, limited_house: House, hass_ws_client: WebSocketGenerator
) -> None:
    entry = limited_house.box.house
    assert await hass.config_entries.async_unload(entry.entry_id)
    log, loads = (
        Path(hass.config.path(".storage", f"smarty_p1.{entry.entry_id}.{name}"))
        for name in ("limits.jsonl", "loads")
    )
    log.unlink(missing_ok=True)
    earlier = LoggedLimit("1", "Pump", 4.2, CHEAP - timedelta(days=3000), 11.0, CHEAP, 4.0, 12.5)
    stored: JsonDict = {"loads": {}, "batteries": {}, "limits": {}, "limit_log": [dump(earlier)]}
    loads.parent.mkdir(exist_ok=True)
    loads.write_text(json.dumps({"version": 1, "data": stored}), encoding="utf-8")
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    limited_house.now += timedelta(minutes=1)
    assert await limited_house.limit() == 0
    begin = limited_house.now
    await limited_house.wait(TICK)
    client = await hass_ws_client()
    await client.send_json_auto_id({"type": "smarty_p1/events", "entry_id": entry.entry_id})
    limits = (await client.receive_json())["result"]["limits"]
    assert limits[0] == dump(earlier)
    assert [limit["load"] for limit in limits] == ["Pump", "Car", "Water"]
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    assert [line[0] for line in lines[:3]] == ["begin", "obeyed", "end"]
    events = {(line[0], line[5]): line for line in lines[3:]}
    assert events["begin", "Car"][3] == RELAY
    assert events["begin", "Car"][1] <= begin.isoformat()
    assert events["obeyed", "Water"][7] == 0.0
    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done()
    assert not log.exists()
